import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  type CopyObjectCommandInput,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const copy = (Bucket: string, Key: string, CopySource: string, more: Partial<CopyObjectCommandInput> = {}) =>
  test.s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));
const head = (Bucket: string, Key: string) =>
  test.s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));

async function source() {
  const Bucket = await test.bucket();
  await test.put(Bucket, "a b+c", "content", {
    ContentType: "text/plain",
    Metadata: { m: "1" },
    Tagging: "t=1",
    StorageClass: "STANDARD_IA",
    ChecksumAlgorithm: "SHA256",
    WebsiteRedirectLocation: "/x",
  });
  return { Bucket, CopySource: `${Bucket}/a%20b%2Bc` };
}

describe("CopyObject", () => {
  it("takes headers, metadata and tags along, and nothing else", async () => {
    const { Bucket, CopySource } = await source();
    const done = await copy(Bucket, "copy", CopySource);
    expect(done.CopyObjectResult).toMatchObject({
      ETag: '"9a0364b9e99bb480dd25e1f0284c8555"',
      ChecksumType: "FULL_OBJECT",
      LastModified: new Date("2026-01-15T10:30:00Z"),
    });
    const copied = await head(Bucket, "copy");
    expect(copied).toMatchObject({ ContentType: "text/plain", Metadata: { m: "1" }, ContentLength: 7 });
    expect(copied.ChecksumSHA256).toBe((await head(Bucket, "a b+c")).ChecksumSHA256);
    expect([copied.StorageClass, copied.WebsiteRedirectLocation]).toEqual([undefined, undefined]);
    const tags = await test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "copy" }));
    expect(tags.TagSet).toEqual([{ Key: "t", Value: "1" }]);
  });

  it("replaces what the directives say", async () => {
    const { Bucket, CopySource } = await source();
    await copy(Bucket, "copy", CopySource, {
      MetadataDirective: "REPLACE",
      TaggingDirective: "REPLACE",
      Metadata: { n: "2" },
      ContentType: "image/png",
      Tagging: "u=2",
      StorageClass: "GLACIER_IR",
      ChecksumAlgorithm: "CRC32",
    });
    const copied = await head(Bucket, "copy");
    expect(copied).toMatchObject({ ContentType: "image/png", Metadata: { n: "2" }, StorageClass: "GLACIER_IR" });
    expect(copied.ChecksumCRC32).toBeDefined();
    const tags = await test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "copy" }));
    expect(tags.TagSet).toEqual([{ Key: "u", Value: "2" }]);
    expect(await code(copy(Bucket, "x", CopySource, { MetadataDirective: "OTHER" as "COPY" }))).toBe(
      "InvalidArgument 400",
    );
  });

  it("onto itself must change something", async () => {
    const { Bucket } = await source();
    await test.put(Bucket, "k", "x");
    expect(await failure(copy(Bucket, "k", `${Bucket}/k`))).toMatchObject({
      code: "InvalidRequest",
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        "metadata, storage class, website redirect location or encryption attributes.",
    });
    await copy(Bucket, "k", `${Bucket}/k`, { MetadataDirective: "REPLACE", Metadata: { a: "b" } });
    expect((await head(Bucket, "k")).Metadata).toEqual({ a: "b" });
    await copy(Bucket, "k", `${Bucket}/k`, { StorageClass: "STANDARD_IA" });
  });

  it("takes a version, and names it", async () => {
    const Bucket = await test.bucket();
    await test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const first = await test.put(Bucket, "k", "one");
    await test.put(Bucket, "k", "two");
    const done = await copy(Bucket, "k", `${Bucket}/k?versionId=${first}`);
    expect(done.CopySourceVersionId).toBe(first);
    expect(done.VersionId).toBeDefined();
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(await got.Body!.transformToString()).toBe("one");
  });

  it("has conditions on its source", async () => {
    const { Bucket, CopySource } = await source();
    const { ETag } = await head(Bucket, "a b+c");
    const day = 86_400_000;
    const at = (offset: number) => new Date(Date.parse("2026-01-15T10:30:00Z") + offset);
    for (const [conditions, condition] of [
      [{ CopySourceIfMatch: "x" }, "x-amz-copy-source-If-Match"],
      [{ CopySourceIfNoneMatch: ETag }, "x-amz-copy-source-If-None-Match"],
      [{ CopySourceIfUnmodifiedSince: at(-day) }, "x-amz-copy-source-If-Unmodified-Since"],
      [{ CopySourceIfModifiedSince: at(0) }, "x-amz-copy-source-If-Modified-Since"],
    ] as const)
      expect(await failure(copy(Bucket, "c", CopySource, conditions))).toMatchObject({
        code: "PreconditionFailed",
        status: 412,
        members: { Condition: condition },
      });
    await copy(Bucket, "c", CopySource, { CopySourceIfMatch: ETag, CopySourceIfModifiedSince: at(-day) });
    expect(await code(copy(Bucket, "c", CopySource, { IfNoneMatch: "*" }))).toBe("PreconditionFailed 412");
  });

  it("reaches into other Regions", async () => {
    const west = test.client({ region: "us-west-2" });
    await west.send(
      new CreateBucketCommand({
        Bucket: "far-away",
        CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
      }),
    );
    const { Bucket, CopySource } = await source();
    await west.send(new CopyObjectCommand({ Bucket: "far-away", Key: "k", CopySource }));
    expect((await west.send(new HeadObjectCommand({ Bucket: "far-away", Key: "k" }))).ContentLength).toBe(7);
    expect(await failure(test.s3.send(new HeadObjectCommand({ Bucket: "far-away", Key: "k" })))).toMatchObject({
      status: 301,
    });
    await copy(Bucket, "back", "far-away/k");
  });

  it("checks its source", async () => {
    const { Bucket } = await source();
    expect(await code(copy(Bucket, "k", `${Bucket}/none`))).toBe("NoSuchKey 404");
    expect(await code(copy(Bucket, "k", "no-such-bucket/k"))).toBe("NoSuchBucket 404");
    expect(await code(copy(Bucket, "k", "nothing"))).toBe("InvalidArgument 400");
    expect(await code(copy(Bucket, "k", `${Bucket}/a%zz`))).toBe("InvalidArgument 400");
  });
});
