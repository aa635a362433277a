import { request } from "node:http";
import { text } from "node:stream/consumers";
import {
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  type WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();

interface Visit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

interface Page {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Asks for a path exactly as it is written, and follows no redirect. */
function ask(path: string, { method = "GET", headers = {} }: Visit = {}): Promise<Page> {
  const { hostname, port } = new URL(test.cloud.endpoint);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, headers: response.headers, body }), reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

const visit = (Bucket: string, path = "/", more: Visit = {}) => ask(`/_aws/s3-website/${Bucket}${path}`, more);

/** A bucket that everybody may read, as a website. */
async function site(
  WebsiteConfiguration: WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" } },
  isListed = true,
): Promise<string> {
  const Bucket = await test.bucket();
  await test.s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  const Statement = [
    { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` },
    ...(isListed
      ? [{ Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}` }]
      : []),
  ];
  await test.s3.send(
    new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
  );
  await test.s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
  return Bucket;
}

describe("a website", () => {
  it("serves objects, and index documents for folders", async () => {
    const Bucket = await site();
    await test.put(Bucket, "index.html", "home", { ContentType: "text/html", CacheControl: "max-age=5" });
    await test.put(Bucket, "docs/index.html", "docs");
    await test.put(Bucket, "a b/ö.txt", "text");
    expect(await visit(Bucket)).toMatchObject({
      status: 200,
      body: "home",
      headers: { "content-type": "text/html", "cache-control": "max-age=5", etag: expect.any(String) },
    });
    expect((await visit(Bucket, "")).body).toBe("home");
    expect((await visit(Bucket, "/docs/")).body).toBe("docs");
    expect((await visit(Bucket, "/a%20b/%C3%B6.txt")).body).toBe("text");
    expect((await visit(Bucket, "/index.html?x=1")).body).toBe("home");
    const head = await visit(Bucket, "/", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: "", headers: { "content-length": "4" } });
  });

  it("has hosts of its own", async () => {
    const Bucket = await site();
    await test.put(Bucket, "index.html", "home");
    await test.put(Bucket, "docs/index.html", "docs");
    for (const host of [
      `${Bucket}.s3-website-us-east-1.amazonaws.com`,
      `${Bucket}.s3-website.eu-central-1.amazonaws.com:4566`,
      `${Bucket}.s3-website-us-east-1.localhost`,
    ]) {
      expect((await ask("/", { headers: { host } })).body).toBe("home");
      expect(await ask("/docs", { headers: { host } })).toMatchObject({ status: 302, headers: { location: "/docs/" } });
    }
  });

  it("sends folders without their slash there", async () => {
    const Bucket = await site();
    await test.put(Bucket, "docs/index.html", "docs");
    expect(await visit(Bucket, "/docs")).toMatchObject({
      status: 302,
      headers: { location: `/_aws/s3-website/${Bucket}/docs/` },
    });
  });

  it("answers conditions and ranges", async () => {
    const Bucket = await site();
    await test.put(Bucket, "index.html", "0123456789");
    const { headers } = await visit(Bucket);
    const fresh = await visit(Bucket, "/", { headers: { "if-none-match": headers["etag"] as string } });
    expect(fresh).toMatchObject({ status: 304, body: "" });
    expect(await visit(Bucket, "/", { headers: { range: "bytes=2-4" } })).toMatchObject({
      status: 206,
      body: "234",
      headers: { "content-range": "bytes 2-4/10" },
    });
    expect((await visit(Bucket, "/", { headers: { range: "bytes=20-" } })).status).toBe(416);
  });

  it("tells errors in a page of its own", async () => {
    const Bucket = await site();
    const missing = await visit(Bucket, "/none<script>");
    expect(missing).toMatchObject({
      status: 404,
      headers: { "content-type": "text/html; charset=utf-8", "x-amz-error-code": "NoSuchKey" },
    });
    expect(missing.body).toContain("<h1>404 Not Found</h1>");
    expect(missing.body).toContain("<li>Key: none&lt;script&gt;</li>");
    expect((await visit("no-such-bucket")).headers["x-amz-error-code"]).toBe("NoSuchBucket");
    const plain = await test.bucket();
    expect((await visit(plain)).headers["x-amz-error-code"]).toBe("NoSuchWebsiteConfiguration");
    expect(await visit(Bucket, "/", { method: "POST" })).toMatchObject({
      status: 405,
      headers: { "x-amz-error-code": "MethodNotAllowed" },
    });
    expect((await visit(Bucket, "/%ff")).status).toBe(400);
  });

  it("says 403 to those who may not know what is missing", async () => {
    const Bucket = await site(undefined, false);
    expect((await visit(Bucket, "/none")).headers["x-amz-error-code"]).toBe("AccessDenied");
  });

  it("serves its error document under the status of the error", async () => {
    const Bucket = await site({ IndexDocument: { Suffix: "index.html" }, ErrorDocument: { Key: "oops.html" } });
    const without = await visit(Bucket, "/none");
    expect(without.status).toBe(404);
    expect(without.body).toContain("An Error Occurred While Attempting to Retrieve a Custom Error Document");
    await test.put(Bucket, "oops.html", "oops", { ContentType: "text/html" });
    expect(await visit(Bucket, "/none")).toMatchObject({ status: 404, body: "oops" });
  });

  it("redirects where an object says so", async () => {
    const Bucket = await site();
    await test.put(Bucket, "moved", "", { WebsiteRedirectLocation: "/there" });
    await test.put(Bucket, "away", "", { WebsiteRedirectLocation: "https://example.com/x" });
    expect(await visit(Bucket, "/moved")).toMatchObject({
      status: 301,
      headers: { location: `/_aws/s3-website/${Bucket}/there` },
    });
    expect(await visit(Bucket, "/away")).toMatchObject({ status: 301, headers: { location: "https://example.com/x" } });
  });

  it("redirects by rules, before and after looking", async () => {
    const Bucket = await site({
      IndexDocument: { Suffix: "index.html" },
      RoutingRules: [
        { Condition: { KeyPrefixEquals: "old/" }, Redirect: { ReplaceKeyPrefixWith: "new/" } },
        {
          Condition: { HttpErrorCodeReturnedEquals: "404", KeyPrefixEquals: "app/" },
          Redirect: { ReplaceKeyWith: "app.html", HttpRedirectCode: "302" },
        },
        {
          Condition: { HttpErrorCodeReturnedEquals: "404" },
          Redirect: { HostName: "example.com", Protocol: "https" },
        },
      ],
    });
    await test.put(Bucket, "app/there", "here");
    expect(await visit(Bucket, "/old/page")).toMatchObject({
      status: 301,
      headers: { location: `/_aws/s3-website/${Bucket}/new/page` },
    });
    expect((await visit(Bucket, "/app/there")).body).toBe("here");
    expect(await visit(Bucket, "/app/deep/link")).toMatchObject({
      status: 302,
      headers: { location: `/_aws/s3-website/${Bucket}/app.html` },
    });
    expect((await visit(Bucket, "/none")).headers["location"]).toBe("https://example.com/none");
  });

  it("may send all requests elsewhere", async () => {
    const Bucket = await site({ RedirectAllRequestsTo: { HostName: "example.com", Protocol: "https" } });
    expect(await visit(Bucket, "/a%20b")).toMatchObject({
      status: 301,
      headers: { location: "https://example.com/a%20b" },
    });
  });
});

describe("a website configuration", () => {
  it("is refused where it is wrong", async () => {
    const Bucket = await test.bucket();
    const refused = (WebsiteConfiguration: WebsiteConfiguration) =>
      code(test.s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration })));
    expect(await refused({})).toMatch(/^InvalidArgument 400|^MalformedXML 400/);
    expect(await refused({ IndexDocument: { Suffix: "" } })).toBe("InvalidArgument 400");
    expect(await refused({ IndexDocument: { Suffix: "a/b" } })).toBe("InvalidArgument 400");
    expect(await refused({ IndexDocument: { Suffix: "i" }, RedirectAllRequestsTo: { HostName: "example.com" } })).toBe(
      "InvalidArgument 400",
    );
    const both = { Redirect: { ReplaceKeyWith: "a", ReplaceKeyPrefixWith: "b" } };
    expect(
      await failure(
        test.s3.send(
          new PutBucketWebsiteCommand({
            Bucket,
            WebsiteConfiguration: { IndexDocument: { Suffix: "i" }, RoutingRules: [both] },
          }),
        ),
      ),
    ).toMatchObject({ code: "InvalidRequest", status: 400 });
  });
});
