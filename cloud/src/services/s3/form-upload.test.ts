import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { createPresignedPost, type PresignedPostOptions } from "@aws-sdk/s3-presigned-post";
import { describe, expect, it } from "vitest";
import { code, START_MS, testCloud } from "./test-cloud.ts";

const test = testCloud();

interface Upload {
  readonly fields?: Record<string, string>;
  readonly content?: string | Blob | undefined;
  readonly filename?: string;
  readonly headers?: Record<string, string>;
}

/** Sends a form as a browser does. */
async function send(url: string, { fields = {}, content = "content", filename = "file.txt", headers = {} }: Upload) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (content !== undefined) form.append("file", typeof content === "string" ? new Blob([content]) : content, filename);
  return fetch(url, { method: "POST", body: form, redirect: "manual", headers });
}

async function signed(Bucket: string, options: Partial<PresignedPostOptions> = {}, upload: Upload = {}) {
  const { url, fields } = await createPresignedPost(test.s3, { Bucket, Key: "k", ...options });
  return send(url, { ...upload, fields: { ...fields, ...upload.fields } });
}

/** What a form was refused with, as `CODE STATUS message`. */
async function refusal(response: Response): Promise<string> {
  const xml = await response.text();
  const text = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1]?.replaceAll("&quot;", '"');
  return `${text("Code")} ${response.status} ${text("Message")}`;
}

async function read(Bucket: string, Key: string): Promise<string> {
  return (await test.s3.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
}

const address = (Bucket: string) => `${test.cloud.endpoint}/${Bucket}`;

function policy(document: object): string {
  return Buffer.from(JSON.stringify(document)).toString("base64");
}

/** A form signed by hand, for policies that the client does not make. */
function handSigned(document: object, key = "k"): Record<string, string> {
  return {
    key,
    policy: policy(document),
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": "made-up/20260115/us-east-1/s3/aws4_request",
    "x-amz-date": "20260115T103000Z",
    "x-amz-signature": "0".repeat(64),
  };
}

const SIGNING = [
  ["starts-with", "$x-amz-algorithm", ""],
  ["starts-with", "$x-amz-credential", ""],
  ["starts-with", "$x-amz-date", ""],
  { bucket: "ignored" },
];
const LATER = new Date(START_MS + 60_000).toISOString();

describe("a form upload", () => {
  it("writes the file under the key", async () => {
    const Bucket = await test.bucket();
    const response = await signed(Bucket, {}, { content: "hello" });
    expect(response.status).toBe(204);
    expect(response.headers.get("etag")).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(response.headers.get("location")).toBe(`${address(Bucket)}/k`);
    expect(await read(Bucket, "k")).toBe("hello");
  });

  it("takes headers, metadata, storage class and tags out of fields", async () => {
    const Bucket = await test.bucket();
    const Fields = {
      "Content-Type": "text/plain",
      "Cache-Control": "no-store",
      "x-amz-meta-Colour": "blue",
      "x-amz-storage-class": "STANDARD_IA",
      tagging: "<Tagging><TagSet><Tag><Key>a</Key><Value>1 + 1</Value></Tag></TagSet></Tagging>",
    };
    expect((await signed(Bucket, { Fields })).status).toBe(204);
    expect(await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).toMatchObject({
      ContentType: "text/plain",
      CacheControl: "no-store",
      Metadata: { colour: "blue" },
      StorageClass: "STANDARD_IA",
    });
    expect((await test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "k" }))).TagSet).toEqual([
      { Key: "a", Value: "1 + 1" },
    ]);
  });

  it("puts the file's name for ${filename}, without its folders", async () => {
    const Bucket = await test.bucket();
    const upload = { filename: "C:\\photos\\Köln.jpg", fields: { key: "up/${filename}" } };
    const response = await signed(Bucket, { Key: "up/${filename}" }, upload);
    expect(response.status).toBe(204);
    expect(await read(Bucket, "up/Köln.jpg")).toBe("content");
    expect(response.headers.get("location")).toBe(`${address(Bucket)}/up%2FK%C3%B6ln.jpg`);
  });

  it("answers as the form asks", async () => {
    const Bucket = await test.bucket();
    const created = await signed(Bucket, { Key: "a&b", Fields: { success_action_status: "201" } });
    expect(created.status).toBe(201);
    expect(created.headers.get("content-type")).toBe("application/xml");
    expect(await created.text()).toContain(
      `<PostResponse><Location>${address(Bucket)}/a%26b</Location><Bucket>${Bucket}</Bucket><Key>a&amp;b</Key>` +
        `<ETag>&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;</ETag></PostResponse>`,
    );
    expect((await signed(Bucket, { Fields: { success_action_status: "200" } })).status).toBe(200);
    expect((await signed(Bucket, { Fields: { success_action_status: "404" } })).status).toBe(204);
    const redirected = await signed(Bucket, { Fields: { success_action_redirect: "http://localhost:3000/done?x=1" } });
    expect(redirected.status).toBe(303);
    expect(redirected.headers.get("location")).toBe(
      `http://localhost:3000/done?x=1&bucket=${Bucket}&key=k&etag=%229a0364b9e99bb480dd25e1f0284c8555%22`,
    );
    expect((await signed(Bucket, { Fields: { success_action_redirect: "nowhere" } })).status).toBe(204);
  });

  it("makes a version where the bucket has them, and streams large files", async () => {
    const Bucket = await test.bucket();
    await test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const response = await signed(Bucket, {}, { content: new Blob([Buffer.alloc(20_000_000, "x")]) });
    expect(response.status).toBe(204);
    expect(response.headers.get("x-amz-version-id")).toMatch(/^.{32}$/);
    expect((await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).ContentLength).toBe(20_000_000);
  });

  it("takes a version 2 signature", async () => {
    const Bucket = await test.bucket();
    const fields = {
      key: "k",
      AWSAccessKeyId: "AKIDV2",
      signature: "x",
      policy: policy({ expiration: LATER, conditions: [{ key: "k" }] }),
    };
    expect((await send(address(Bucket), { fields })).status).toBe(204);
  });
});

describe("a form's policy", () => {
  const conditions = (...more: unknown[]) => [{ key: "k" }, ...SIGNING.slice(0, 3), ...more];

  it("holds every field to what it says", async () => {
    const Bucket = await test.bucket();
    const post = (document: object, more: Record<string, string> = {}, content?: string) =>
      send(address(Bucket), { fields: { ...handSigned(document), ...more }, content: content ?? "content" }).then(
        refusal,
      );
    expect(await post({ expiration: new Date(START_MS - 1).toISOString(), conditions: conditions() })).toBe(
      "AccessDenied 403 Invalid according to Policy: Policy expired.",
    );
    expect(await post({ expiration: LATER, conditions: conditions({ acl: "public-read" }) })).toBe(
      'AccessDenied 403 Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "public-read"]',
    );
    expect(await post({ expiration: LATER, conditions: conditions({ bucket: "other" }) })).toContain(
      'Policy Condition failed: ["eq", "$bucket", "other"]',
    );
    expect(
      await post(
        { expiration: LATER, conditions: conditions(["starts-with", "$x-amz-meta-a", "b"]) },
        { "x-amz-meta-a": "a" },
      ),
    ).toContain('Policy Condition failed: ["starts-with", "$x-amz-meta-a", "b"]');
    expect(await post({ expiration: LATER, conditions: conditions() }, { "x-amz-meta-a": "a" })).toBe(
      "AccessDenied 403 Invalid according to Policy: Extra input fields: x-amz-meta-a",
    );
    expect(await post({ expiration: LATER, conditions: conditions(["content-length-range", 1, 3]) })).toBe(
      "EntityTooLarge 400 Your proposed upload exceeds the maximum allowed size",
    );
    expect(await post({ expiration: LATER, conditions: conditions(["content-length-range", 8, 100]) })).toBe(
      "EntityTooSmall 400 Your proposed upload is smaller than the minimum allowed size",
    );
    expect(await code(test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" })))).toBe("NotFound 404");
    expect(
      (
        await send(address(Bucket), {
          fields: handSigned({ expiration: LATER, conditions: conditions(["content-length-range", 7, 7]) }),
        })
      ).status,
    ).toBe(204);
  });

  it("must be one", async () => {
    const Bucket = await test.bucket();
    const post = (encoded: string) =>
      send(address(Bucket), { fields: { ...handSigned({}), policy: encoded } }).then(refusal);
    expect(await post("%%%")).toBe("InvalidPolicyDocument 400 Invalid Policy: Invalid JSON.");
    expect(await post(policy({ conditions: [] }))).toBe(
      "InvalidPolicyDocument 400 Invalid Policy: Policy missing expiration.",
    );
    expect(await post(policy({ expiration: "soon", conditions: [] }))).toContain("Invalid 'expiration' value: 'soon'");
    expect(await post(policy({ expiration: LATER }))).toContain("Policy missing conditions.");
    expect(await post(policy({ expiration: LATER, conditions: [{ a: "1", b: "2" }] }))).toContain(
      "exactly one property",
    );
    expect(await post(policy({ expiration: LATER, conditions: [["like", "$key", "k"]] }))).toContain(
      "Invalid condition",
    );
  });

  it("must be signed, and whole", async () => {
    const Bucket = await test.bucket();
    const fields = handSigned({ expiration: LATER, conditions: conditions() });
    const without = (...names: string[]) => {
      const left = Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
      return send(address(Bucket), { fields: left }).then(refusal);
    };
    expect(await without("key")).toBe(
      "InvalidArgument 400 Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
    );
    expect(await without("x-amz-signature")).toContain("a field named 'X-Amz-Signature'");
    expect(await without("policy")).toContain("a field named 'Policy'");
    expect(await without("x-amz-signature", "x-amz-algorithm", "x-amz-credential", "x-amz-date")).toBe(
      "AccessDenied 403 Access Denied",
    );
    // Without any of it the form is anonymous, and the bucket private.
    expect(await send(address(Bucket), { fields: { key: "k" } }).then(refusal)).toBe("AccessDenied 403 Access Denied");
  });

  it("is checked against the secret of a key that we gave out", async () => {
    const Bucket = await test.bucket();
    const { IAMClient, CreateUserCommand, CreateAccessKeyCommand, PutUserPolicyCommand } =
      await import("@aws-sdk/client-iam");
    const iam = test.cloud.client(IAMClient);
    await iam.send(new CreateUserCommand({ UserName: "uploader" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "uploader" }));
    const { AccessKeyId, SecretAccessKey } = AccessKey!;
    const scope = "20260115/us-east-1/s3/aws4_request";
    const encoded = policy({ expiration: LATER, conditions: [...conditions(), { bucket: Bucket }] });
    const signature = ["20260115", "us-east-1", "s3", "aws4_request", encoded].reduce<string | Buffer>(
      (key, text) => createHmac("sha256", key).update(text).digest(),
      `AWS4${SecretAccessKey}`,
    ) as Buffer;
    const fields = {
      ...handSigned({}),
      policy: encoded,
      "x-amz-credential": `${AccessKeyId}/${scope}`,
      "x-amz-signature": signature.toString("hex"),
    };
    const wrong = { ...fields, "x-amz-signature": "0".repeat(64) };
    expect(await send(address(Bucket), { fields: wrong }).then(refusal)).toMatch(/^SignatureDoesNotMatch 403 /);
    expect(await send(address(Bucket), { fields }).then(refusal)).toMatch(
      /^AccessDenied 403 User: arn:aws:iam::000000000000:user\/uploader is not authorized to perform: s3:PutObject/,
    );
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/k` },
    });
    await iam.send(new PutUserPolicyCommand({ UserName: "uploader", PolicyName: "put", PolicyDocument }));
    expect((await send(address(Bucket), { fields })).status).toBe(204);
    const v2 = {
      key: "k",
      AWSAccessKeyId: AccessKeyId!,
      policy: encoded,
      signature: createHmac("sha1", SecretAccessKey!).update(encoded).digest("base64"),
    };
    // The policy names fields that a version 2 form has not.
    expect(await send(address(Bucket), { fields: v2 }).then(refusal)).toBe("undefined 204 undefined");
  });
});

describe("a form that is none", () => {
  it("is told so", async () => {
    const Bucket = await test.bucket();
    const raw = (body: string, type = "multipart/form-data; boundary=b") =>
      fetch(address(Bucket), { method: "POST", body, headers: { "content-type": type } }).then(refusal);
    const MALFORMED = "MalformedPOSTRequest 400 The body of your POST request is not well-formed multipart/form-data.";
    expect(await raw("nothing of the kind")).toBe(MALFORMED);
    expect(await raw("x", "multipart/form-data")).toBe(MALFORMED);
    const part = (name: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const file = `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent`;
    expect(await raw(`${part("key", "k")}--b--\r\n`)).toBe(
      "InvalidArgument 400 POST requires exactly one file upload per request.",
    );
    expect(await raw(part("key", "") + file + "\r\n--b--\r\n")).toBe(
      "InvalidArgument 400 User key must have a length greater than 0.",
    );
    expect(await raw(part("key", "k") + part("x", "y".repeat(30_000)) + file + "\r\n--b--\r\n")).toBe(
      "MaxPostPreDataLengthExceeded 400 Your POST request fields preceeding the upload file was too large.",
    );
    expect(await raw("a=b", "text/plain")).toBe(
      "PreconditionFailed 412 At least one of the pre-conditions you specified did not hold",
    );
    expect(await fetch(`${address("no-such-bucket")}`, { method: "POST", body: new FormData() }).then(refusal)).toBe(
      "NoSuchBucket 404 The specified bucket does not exist",
    );
  });

  it("writes nothing where it ends too early or has two files", async () => {
    const Bucket = await test.bucket();
    const fields = handSigned({ expiration: LATER, conditions: [{ key: "k" }, ...SIGNING.slice(0, 3)] });
    const parts = Object.entries(fields).map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const file = `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${"x".repeat(100_000)}`;
    const raw = (body: string) =>
      fetch(address(Bucket), {
        method: "POST",
        body,
        headers: { "content-type": "multipart/form-data; boundary=b" },
      }).then(refusal);
    expect(await raw(parts.join("") + file)).toMatch(/^MalformedPOSTRequest 400/);
    expect(await raw(`${parts.join("") + file}\r\n${file}\r\n--b--\r\n`)).toMatch(/^InvalidArgument 400 POST requires/);
    expect(await code(test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" })))).toBe("NotFound 404");
    expect(await raw(`${parts.join("") + file}\r\n--b--\r\n`)).toBe("undefined 204 undefined");
  });

  it("writes nothing where the client goes away", async () => {
    const Bucket = await test.bucket();
    const fields = handSigned({ expiration: LATER, conditions: [{ key: "k" }, ...SIGNING.slice(0, 3)] });
    const parts = Object.entries(fields).map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const { hostname, port } = new URL(test.cloud.endpoint);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `POST /${Bucket} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n` +
        `${parts.join("")}--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${"x".repeat(200_000)}`,
    );
    await test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    socket.destroy();
    await once(socket, "close");
    expect(await code(test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" })))).toBe("NotFound 404");
  });
});

describe("pages from elsewhere", () => {
  it("may not upload with made-up credentials", async () => {
    const Bucket = await test.bucket();
    const upload = { headers: { origin: "https://evil.example" } };
    expect(await signed(Bucket, {}, upload).then(refusal)).toMatch(/^AccessDenied 403 Pages of https:\/\/evil.example/);
    expect((await signed(Bucket, {}, { headers: { origin: "http://localhost:3000" } })).status).toBe(204);
  });

  it("are told the bucket's CORS headers", async () => {
    const Bucket = await test.bucket();
    const headers = { origin: "http://localhost:3000" };
    expect((await signed(Bucket, {}, { headers })).headers.get("access-control-allow-origin")).toBeNull();
    await test.s3.send(
      new PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: { CORSRules: [{ AllowedMethods: ["POST"], AllowedOrigins: ["http://localhost:*"] }] },
      }),
    );
    expect((await signed(Bucket, {}, { headers })).headers.get("access-control-allow-origin")).toBe(headers.origin);
  });
});
