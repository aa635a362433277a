import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  DeleteObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, START_MS, testCloud } from "./test-cloud.ts";

const test = testCloud();
const text = async (Bucket: string, Key: string, more: object = {}) =>
  (await test.s3.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString();

describe("an object", () => {
  it("is kept with all that is said about it", async () => {
    const Bucket = await test.bucket();
    const put = await test.s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "k",
        Body: "hello",
        ContentType: "text/plain",
        CacheControl: "no-cache",
        ContentDisposition: 'attachment; filename="a.txt"',
        ContentEncoding: "identity",
        ContentLanguage: "de",
        Expires: new Date("2030-01-01T00:00:00Z"),
        Metadata: { Colour: "blue" },
        StorageClass: "STANDARD_IA",
        WebsiteRedirectLocation: "/elsewhere",
        Tagging: "a=1&b=2",
      }),
    );
    const etag = `"${createHash("md5").update("hello").digest("hex")}"`;
    expect(put).toMatchObject({ ETag: etag, ServerSideEncryption: "AES256", ChecksumType: "FULL_OBJECT" });
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(await got.Body!.transformToString()).toBe("hello");
    expect(got).toMatchObject({
      $metadata: { httpStatusCode: 200 },
      AcceptRanges: "bytes",
      ETag: etag,
      ContentLength: 5,
      ContentType: "text/plain",
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: "identity",
      ContentLanguage: "de",
      Expires: new Date("2030-01-01T00:00:00Z"),
      LastModified: new Date(Math.floor(START_MS / 1000) * 1000),
      Metadata: { colour: "blue" },
      StorageClass: "STANDARD_IA",
      WebsiteRedirectLocation: "/elsewhere",
      ServerSideEncryption: "AES256",
      TagCount: 2,
    });
    expect(got.VersionId).toBeUndefined();
    const head = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    expect(head).toMatchObject({ ETag: etag, ContentLength: 5, Metadata: { colour: "blue" } });
  });

  it("without a type is binary/octet-stream", async () => {
    const Bucket = await test.bucket();
    const response = await fetch(`${test.cloud.endpoint}/${Bucket}/k`, {
      method: "PUT",
      body: Buffer.from("x"),
      headers: { authorization: await signedNothing() },
    });
    expect(response.status).toBe(200);
    expect((await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).ContentType).toBe("binary/octet-stream");
  });

  it("may be empty, and may be large and stream both ways", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "empty", "");
    expect(await text(Bucket, "empty")).toBe("");
    const large = Buffer.alloc(3_000_000, "0123456789");
    await test.put(Bucket, "large", large);
    await test.s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "streamed",
        Body: Readable.from(chunks(large), { objectMode: false }),
        ContentLength: large.length,
      }),
    );
    for (const key of ["large", "streamed"]) {
      const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: key }));
      expect(got.ETag).toBe(`"${createHash("md5").update(large).digest("hex")}"`);
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(large)).toBe(true);
    }
    expect(await text(Bucket, "large", { Range: "bytes=2999990-" })).toBe("0123456789");
  });

  it("is overwritten whole, and its reader goes on reading the old bytes", async () => {
    const Bucket = await test.bucket();
    const old = Buffer.alloc(2_000_000, "old");
    await test.put(Bucket, "k", old, { Metadata: { a: "1" }, Tagging: "t=1" });
    const reading = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    await test.put(Bucket, "k", Buffer.alloc(2_000_000, "new"));
    expect(Buffer.from(await reading.Body!.transformToByteArray()).equals(old)).toBe(true);
    const head = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    expect(head.Metadata).toEqual({});
    expect(await text(Bucket, "k", { Range: "bytes=0-2" })).toBe("new");
  });

  it("that is not there is told as S3 tells it", async () => {
    const Bucket = await test.bucket();
    expect(await failure(test.s3.send(new GetObjectCommand({ Bucket, Key: "none" })))).toMatchObject({
      code: "NoSuchKey",
      status: 404,
      message: "The specified key does not exist.",
      members: { Key: "none" },
    });
    expect((await failure(test.s3.send(new HeadObjectCommand({ Bucket, Key: "none" })))).status).toBe(404);
    expect(await failure(test.s3.send(new GetObjectCommand({ Bucket: "no-such-bucket", Key: "k" })))).toMatchObject({
      code: "NoSuchBucket",
      message: "The specified bucket does not exist",
      members: { BucketName: "no-such-bucket" },
    });
  });
});

describe("keys", () => {
  it.each([
    "a b+c&d=e?f#g",
    "写真/é/𝒳",
    "../../etc/passwd",
    "a/../../b",
    "./x",
    "/leading",
    "trailing/",
    "a//b",
    "%2F%20",
    "q'\"<>&",
    "tab\there",
    "new\nline",
    "\u0001",
    "\0nul",
    "x".repeat(1024),
  ])("such as %j come back as they were", async (Key) => {
    const Bucket = await test.bucket();
    await test.put(Bucket, Key, "content");
    expect(await text(Bucket, Key)).toBe("content");
    const listed = await test.s3.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
    expect(decodeURIComponent(listed.Contents![0]!.Key!.replaceAll("+", " "))).toBe(Key);
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await test.s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  });

  it("above 1,024 bytes are too long", async () => {
    const Bucket = await test.bucket();
    expect(await code(test.put(Bucket, "é".repeat(513), "x"))).toBe("KeyTooLongError 400");
  });
});

describe("byte ranges", () => {
  it("answer a part with 206", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "0123456789");
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k", Range: "bytes=2-4" }));
    expect(got).toMatchObject({
      $metadata: { httpStatusCode: 206 },
      ContentRange: "bytes 2-4/10",
      ContentLength: 3,
    });
    expect(await got.Body!.transformToString()).toBe("234");
    expect(await failure(test.s3.send(new GetObjectCommand({ Bucket, Key: "k", Range: "bytes=10-" })))).toMatchObject({
      code: "InvalidRange",
      status: 416,
      members: { RangeRequested: "bytes=10-", ActualObjectSize: "10" },
    });
  });
});

describe("conditions", () => {
  it("on reading answer 304 and 412", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "x");
    const { ETag } = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    const get = (conditions: object) => test.s3.send(new GetObjectCommand({ Bucket, Key: "k", ...conditions }));
    const head = (conditions: object) => test.s3.send(new HeadObjectCommand({ Bucket, Key: "k", ...conditions }));
    expect((await failure(get({ IfNoneMatch: ETag }))).status).toBe(304);
    expect((await failure(head({ IfNoneMatch: ETag }))).status).toBe(304);
    expect((await failure(get({ IfModifiedSince: new Date(START_MS) }))).status).toBe(304);
    expect(await failure(get({ IfMatch: '"x"' }))).toMatchObject({
      code: "PreconditionFailed",
      status: 412,
      members: { Condition: "If-Match" },
    });
    expect((await failure(head({ IfMatch: '"x"' }))).status).toBe(412);
    expect((await get({ IfMatch: ETag })).$metadata.httpStatusCode).toBe(200);
    const raw = await fetch(`${test.cloud.endpoint}/${Bucket}/k`, {
      headers: { "if-none-match": ETag!, authorization: await signedNothing() },
    });
    expect([raw.status, raw.headers.get("etag"), await raw.text()]).toEqual([304, ETag, ""]);
  });

  it("on writing keep what is there", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "first", { IfNoneMatch: "*" });
    expect(await code(test.put(Bucket, "k", "second", { IfNoneMatch: "*" }))).toBe("PreconditionFailed 412");
    const { ETag } = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    await test.put(Bucket, "k", "third", { IfMatch: ETag });
    expect(await code(test.put(Bucket, "k", "fourth", { IfMatch: ETag }))).toBe("PreconditionFailed 412");
    expect(await code(test.put(Bucket, "none", "x", { IfMatch: ETag }))).toBe("NoSuchKey 404");
    expect(await code(test.put(Bucket, "k", "x", { IfNoneMatch: "abc" }))).toBe("NotImplemented 501");
    expect(await text(Bucket, "k")).toBe("third");
  });

  it("on writing hold against each other: one of many wins", async () => {
    const Bucket = await test.bucket();
    const writes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => test.put(Bucket, "k", `writer ${index}`, { IfNoneMatch: "*" })),
    );
    expect(writes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("on deleting keep what is there", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "x");
    const remove = (IfMatch: string) => test.s3.send(new DeleteObjectCommand({ Bucket, Key: "k", IfMatch }));
    expect(await code(remove('"y"'))).toBe("PreconditionFailed 412");
    const { ETag } = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    await remove(ETag!);
    expect(await code(remove(ETag!))).toBe("NoSuchKey 404");
  });
});

describe("response headers", () => {
  it("are overridden by signed requests", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "x");
    const got = await test.s3.send(
      new GetObjectCommand({
        Bucket,
        Key: "k",
        ResponseCacheControl: "max-age=74",
        ResponseContentDisposition: "attachment",
        ResponseContentType: "image/jpeg",
        ResponseContentLanguage: "de-DE",
        ResponseContentEncoding: "identity",
        ResponseExpires: new Date("2030-01-01T00:00:00Z"),
      }),
    );
    expect(got).toMatchObject({
      CacheControl: "max-age=74",
      ContentDisposition: "attachment",
      ContentType: "image/jpeg",
      ContentLanguage: "de-DE",
      ContentEncoding: "identity",
      Expires: new Date("2030-01-01T00:00:00Z"),
    });
  });
});

describe("checksums", () => {
  it.each(["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"] as const)(
    "%s is computed, checked and told",
    async (A) => {
      const Bucket = await test.bucket();
      const put = await test.s3.send(
        new PutObjectCommand({ Bucket, Key: "k", Body: "test data..", ChecksumAlgorithm: A }),
      );
      const value = put[`Checksum${A}`]!;
      expect(value).toBe(
        {
          CRC32: "cZWHwQ==",
          CRC32C: "Pf4upw==",
          SHA1: "B++3uSfJMSHWToQMQ1g6lIJY5Eo=",
          SHA256: "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=",
          CRC64NVME: value,
        }[A],
      );
      const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }));
      expect(got[`Checksum${A}`]).toBe(value);
      expect(got.ChecksumType).toBe("FULL_OBJECT");
      await got.Body!.transformToString();
      const part = await test.s3.send(
        new GetObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED", Range: "bytes=0-1" }),
      );
      expect(part[`Checksum${A}`]).toBeUndefined();
      const wrong = Buffer.from(value, "base64");
      wrong[0]! ^= 1;
      const retry = { [`Checksum${A}`]: wrong.toString("base64") };
      expect(await failure(test.put(Bucket, "other", "test data..", retry))).toMatchObject({
        code: "BadDigest",
        status: 400,
        message: `The ${A} you specified did not match the calculated checksum.`,
      });
      expect(await failure(test.put(Bucket, "other", "x", { [`Checksum${A}`]: "bad" }))).toMatchObject({
        code: "InvalidRequest",
        message: `Value for x-amz-checksum-${A.toLowerCase()} header is invalid.`,
      });
      expect(await code(test.s3.send(new GetObjectCommand({ Bucket, Key: "other" })))).toBe("NoSuchKey 404");
      const attributes = await test.s3.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: "k",
          ObjectAttributes: ["Checksum", "ETag", "ObjectSize", "StorageClass"],
        }),
      );
      expect(attributes).toMatchObject({
        Checksum: { [`Checksum${A}`]: value, ChecksumType: "FULL_OBJECT" },
        ETag: "e6d9226c2a86b7232933663c13467527",
        ObjectSize: 11,
        StorageClass: "STANDARD",
      });
    },
  );

  it("of a stream come in the trailer", async () => {
    const Bucket = await test.bucket();
    const body = Buffer.alloc(500_000, "x");
    const put = await test.s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "k",
        Body: Readable.from(chunks(body), { objectMode: false }),
        ContentLength: body.length,
        ChecksumAlgorithm: "SHA256",
      }),
    );
    expect(put.ChecksumSHA256).toBe(createHash("sha256").update(body).digest("base64"));
  });

  it("that are not asked for are CRC64NVME", async () => {
    const Bucket = await test.bucket();
    const put = await raw(`${Bucket}/k`, { method: "PUT", body: "123456789" });
    expect(put.headers.get("x-amz-checksum-crc64nvme")).toBe(Buffer.from("ae8b14860a799888", "hex").toString("base64"));
    expect(put.headers.get("x-amz-checksum-type")).toBe("FULL_OBJECT");
  });

  it("in MD5 are checked too", async () => {
    const Bucket = await test.bucket();
    const ContentMD5 = createHash("md5").update("x").digest("base64");
    await test.put(Bucket, "k", "x", { ContentMD5 });
    expect(await code(test.put(Bucket, "k", "y", { ContentMD5 }))).toBe("BadDigest 400");
    for (const bad of ["__invalid__", "000", "not base64 encoded checksum", "MTIz"])
      expect(await failure(test.put(Bucket, "k", "y", { ContentMD5: bad }))).toMatchObject({
        code: "InvalidDigest",
        members: { "Content-MD5": bad },
      });
    expect(await text(Bucket, "k")).toBe("x");
  });

  it("must be of one algorithm, and be sent where they are announced", async () => {
    const Bucket = await test.bucket();
    const two = await raw(`${Bucket}/k`, {
      method: "PUT",
      body: "x",
      headers: { "x-amz-checksum-crc32": "jNw1Kg==", "x-amz-checksum-sha1": "Ef5urRU2mFtRBe7nlMfb6fKJE+k=" },
    });
    expect(await two.text()).toContain("Expecting a single x-amz-checksum- header");
    const none = await raw(`${Bucket}/k`, {
      method: "PUT",
      body: "x",
      headers: { "x-amz-sdk-checksum-algorithm": "CRC32" },
    });
    expect(none.status).toBe(400);
    expect(await none.text()).toContain("no corresponding x-amz-checksum-* or x-amz-trailer headers were found");
    const later = await raw(`${Bucket}/k`, { method: "PUT", body: "x", headers: { "x-amz-checksum-sha512": "eA==" } });
    expect(later.status).toBe(501);
  });
});

describe("tags of objects", () => {
  it("are put, got and deleted", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "x", { Tagging: "b=2&a=1" });
    const tags = async () => (await test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "k" }))).TagSet;
    expect(await tags()).toEqual([
      { Key: "a", Value: "1" },
      { Key: "b", Value: "2" },
    ]);
    await test.s3.send(
      new PutObjectTaggingCommand({ Bucket, Key: "k", Tagging: { TagSet: [{ Key: "c", Value: "" }] } }),
    );
    expect(await tags()).toEqual([{ Key: "c", Value: "" }]);
    await test.s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "k" }));
    expect(await tags()).toEqual([]);
    expect(await failure(test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "none" })))).toMatchObject({
      code: "NoSuchKey",
      members: { Key: `${Bucket}/none` },
    });
    const twice = {
      TagSet: [
        { Key: "a", Value: "1" },
        { Key: "a", Value: "2" },
      ],
    };
    expect(await code(test.s3.send(new PutObjectTaggingCommand({ Bucket, Key: "k", Tagging: twice })))).toBe(
      "InvalidTag 400",
    );
  });
});

describe("deleting many", () => {
  it("answers for each key, and says nothing where it is to be quiet", async () => {
    const Bucket = await test.bucket();
    for (const key of ["a", "b", "c"]) await test.put(Bucket, key);
    const remove = (Objects: { Key: string; VersionId?: string }[], Quiet = false) =>
      test.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet } }));
    const first = await remove([{ Key: "a" }, { Key: "none" }, { Key: "b", VersionId: "x" }]);
    expect(first.Deleted).toEqual([{ Key: "a" }, { Key: "none" }]);
    expect(first.Errors).toEqual([
      { Key: "b", VersionId: "x", Code: "NoSuchVersion", Message: "The specified version does not exist." },
    ]);
    const quiet = await remove([{ Key: "b" }], true);
    expect([quiet.Deleted, quiet.Errors]).toEqual([undefined, undefined]);
    expect((await test.s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key)).toEqual(["c"]);
    const many = Array.from({ length: 1001 }, (_, index) => ({ Key: `k${index}` }));
    expect(await code(remove(many))).toBe("MalformedXML 400");
    expect(await code(remove([]))).toBe("MalformedXML 400");
    expect((await remove(many.slice(0, 1000))).Deleted).toHaveLength(1000);
  });
});

describe("bad input", () => {
  it("above the limits is refused", async () => {
    const Bucket = await test.bucket();
    expect(await code(test.put(Bucket, "k", "x", { Metadata: { a: "x".repeat(2048) } }))).toBe("MetadataTooLarge 400");
    await test.put(Bucket, "k", "x", { Metadata: { a: "x".repeat(2047) } });
    expect(await code(test.put(Bucket, "k", "x", { StorageClass: "OUTPOSTS" }))).toBe("InvalidStorageClass 400");
    expect(await code(test.put(Bucket, "k", "x", { WebsiteRedirectLocation: "elsewhere" }))).toBe(
      "InvalidRedirectLocation 400",
    );
    const tooLarge = await announce(`/${Bucket}/k`, 5 * 1024 ** 3 + 1);
    expect(tooLarge).toMatch(/EntityTooLarge.*<ProposedSize>5368709121<.*<MaxSizeAllowed>5368709120</);
  });

  it("that is no XML is malformed", async () => {
    const Bucket = await test.bucket();
    for (const body of ["<Delete><Object>", "not xml", "<a/>", '<?xml version="1.0"?><Delete></Delete>']) {
      const response = await raw(`${Bucket}?delete`, {
        method: "POST",
        body,
        headers: { "content-md5": createHash("md5").update(body).digest("base64") },
      });
      expect([response.status, (await response.text()).includes("<Code>MalformedXML</Code>")]).toEqual([400, true]);
    }
  });

  it("without a digest is refused where S3 wants one", async () => {
    const Bucket = await test.bucket();
    const response = await raw(`${Bucket}?delete`, {
      method: "POST",
      body: "<Delete><Object><Key>a</Key></Object></Delete>",
    });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("Content-MD5")]);
  });

  it("that is not a UTF-8 address is refused", async () => {
    const Bucket = await test.bucket();
    const response = await raw(`${Bucket}/%ff%fe`);
    expect(response.status).toBe(400);
  });

  it("of operations that are not emulated is refused by name", async () => {
    const Bucket = await test.bucket();
    const response = await raw(`${Bucket}/k?torrent`);
    expect([response.status, await response.text()]).toEqual([501, expect.stringContaining("s3:GetObjectTorrent")]);
  });
});

/** An Authorization header that is well-formed, which is all that the default mode asks for. */
async function signedNothing(): Promise<string> {
  return "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
}

async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${test.cloud.endpoint}/${path}`, {
    ...init,
    headers: { authorization: await signedNothing(), ...(init.headers as Record<string, string>) },
  });
}

/** Says how much will be sent, sends nothing of it, and reads the answer. */
async function announce(path: string, bytes: number): Promise<string> {
  const outgoing = request(test.cloud.endpoint + path, {
    method: "PUT",
    headers: { "content-length": bytes, authorization: await signedNothing() },
  });
  outgoing.on("error", () => undefined);
  outgoing.flushHeaders();
  const [response] = (await once(outgoing, "response")) as [AsyncIterable<Buffer>];
  let body = "";
  for await (const chunk of response) body += chunk.toString();
  outgoing.destroy();
  return body;
}

function* chunks(whole: Buffer): Iterable<Buffer> {
  for (let at = 0; at < whole.length; at += 50_000) yield whole.subarray(at, at + 50_000);
}
