import { DeleteBucketCorsCommand, PutBucketCorsCommand, type CORSRule } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const SITE = "https://www.example.com";

const allow = (Bucket: string, ...CORSRules: CORSRule[]) =>
  test.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
const send = (Bucket: string, init: RequestInit, path = "/k") => fetch(`${test.cloud.endpoint}/${Bucket}${path}`, init);
const preflight = (Bucket: string, origin: string | undefined, method: string, headers?: string) =>
  send(Bucket, {
    method: "OPTIONS",
    headers: {
      ...(origin === undefined ? {} : { origin }),
      "access-control-request-method": method,
      ...(headers === undefined ? {} : { "access-control-request-headers": headers }),
    },
  });

describe("a preflight", () => {
  it("is answered by the rule that fits", async () => {
    const Bucket = await test.bucket();
    await allow(
      Bucket,
      { AllowedOrigins: ["https://other.example"], AllowedMethods: ["GET"] },
      {
        AllowedOrigins: ["https://*.example.com"],
        AllowedMethods: ["GET", "PUT"],
        AllowedHeaders: ["x-amz-*", "content-type"],
        ExposeHeaders: ["ETag"],
        MaxAgeSeconds: 60,
      },
    );
    const answer = await preflight(Bucket, SITE, "PUT", "X-Amz-Meta-A,Content-Type");
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": SITE,
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "x-amz-meta-a, content-type",
      "access-control-expose-headers": "ETag",
      "access-control-max-age": "60",
      "access-control-allow-credentials": "true",
      vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    });
    expect((await preflight(Bucket, SITE, "DELETE")).status).toBe(403);
    expect((await preflight(Bucket, SITE, "PUT", "authorization")).status).toBe(403);
    expect((await preflight(Bucket, "https://example.com", "PUT")).status).toBe(403);
  });

  it("is refused in words where no rule fits, there is none, or it is no preflight", async () => {
    const Bucket = await test.bucket();
    const none = await preflight(Bucket, SITE, "GET");
    expect(none.status).toBe(403);
    expect(await none.text()).toContain("<Message>CORSResponse: CORS is not enabled for this bucket.</Message>");
    await allow(Bucket, { AllowedOrigins: ["*"], AllowedMethods: ["GET"] });
    expect(await (await preflight(Bucket, SITE, "PUT")).text()).toMatch(
      /<Code>AccessForbidden<\/Code>.*This CORS request is not allowed.*<Method>PUT<\/Method><ResourceType>OBJECT</,
    );
    const bare = await preflight(Bucket, undefined, "GET");
    expect(bare.status).toBe(400);
    expect(await bare.text()).toContain("Insufficient information. Origin request header needed.");
  });

  it("names no origin where all are allowed", async () => {
    const Bucket = await test.bucket();
    await allow(Bucket, { AllowedOrigins: ["*"], AllowedMethods: ["GET"], AllowedHeaders: ["*"] });
    const answer = await preflight(Bucket, SITE, "GET", "authorization");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("an answer to a page", () => {
  it("carries the bucket's headers, and none where no rule fits", async () => {
    const Bucket = await test.bucket();
    const local = { headers: { origin: "http://localhost:3000" } };
    expect((await send(Bucket, local)).headers.get("access-control-allow-origin")).toBeNull();
    await allow(Bucket, {
      AllowedOrigins: ["http://localhost:3000", SITE],
      AllowedMethods: ["GET"],
      ExposeHeaders: ["x-amz-request-id"],
    });
    // Refused for want of a signature, and the page may read that.
    const answer = await send(Bucket, local);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect(answer.headers.get("access-control-expose-headers")).toBe("x-amz-request-id");
    expect(
      (await send(Bucket, { ...local, method: "PUT", body: "x" })).headers.get("access-control-allow-origin"),
    ).toBeNull();
    expect(await (await send(Bucket, { headers: { origin: SITE } })).text()).toContain("<Code>AccessDenied</Code>");
    await test.s3.send(new DeleteBucketCorsCommand({ Bucket }));
    expect((await send(Bucket, local)).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("keeps pages from elsewhere out where no rule lets them in", async () => {
    const Bucket = await test.bucket();
    const foreign = { headers: { origin: "https://evil.example" }, method: "PUT", body: "x" };
    const answer = await send(Bucket, foreign);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("may not call this local cloud");
  });
});

describe("a CORS configuration", () => {
  it("is refused where it is wrong", async () => {
    const Bucket = await test.bucket();
    const refused = async (rule: object) => {
      const { code, message } = await failure(
        allow(Bucket, { AllowedMethods: ["GET"], AllowedOrigins: ["*"], ...rule } as CORSRule),
      );
      return `${code}: ${message}`;
    };
    expect(await refused({ AllowedMethods: ["PATCH"] })).toBe(
      "InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
    );
    expect(await refused({ AllowedOrigins: ["http://*.*"] })).toBe(
      'InvalidRequest: AllowedOrigin "http://*.*" can not have more than one wildcard.',
    );
    expect(await refused({ ExposeHeaders: ["x-*"] })).toContain("wildcard for ExposeHeader");
    expect(await refused({ AllowedOrigins: [] })).toMatch(/^MalformedXML: /);
    const many = Array.from({ length: 101 }, () => ({ AllowedMethods: ["GET"], AllowedOrigins: ["*"] }));
    expect((await failure(allow(Bucket, ...many))).message).toContain("allowed limit of 100 rules");
  });
});
