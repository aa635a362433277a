import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();

async function bucketWith(...keys: string[]): Promise<string> {
  const Bucket = await test.bucket();
  for (const key of keys) await test.put(Bucket, key, "x");
  return Bucket;
}

describe("ListObjectsV2", () => {
  const list = (Bucket: string, more: object = {}) => test.s3.send(new ListObjectsV2Command({ Bucket, ...more }));

  it("tells what S3 tells of each object", async () => {
    const Bucket = await bucketWith("k");
    const page = await list(Bucket);
    expect(page).toMatchObject({ Name: Bucket, Prefix: "", KeyCount: 1, MaxKeys: 1000, IsTruncated: false });
    expect(page.Contents).toEqual([
      {
        Key: "k",
        LastModified: new Date("2026-01-15T10:30:00Z"),
        ETag: '"9dd4e461268c8034f5c8564e155c67a6"',
        ChecksumAlgorithm: ["CRC32"],
        ChecksumType: "FULL_OBJECT",
        Size: 1,
        StorageClass: "STANDARD",
      },
    ]);
    const owned = await list(Bucket, { FetchOwner: true });
    expect(owned.Contents![0]!.Owner!.ID).toMatch(/^[0-9a-f]{52}\d{12}$/);
  });

  it("sorts by UTF-8 and pages by token", async () => {
    const keys = ["B", "a", "b/1", "b/2", "c", "é", "\uFF61", "𝒳"];
    const Bucket = await bucketWith(...keys.toReversed());
    const seen: string[] = [];
    for await (const page of paginateListObjectsV2({ client: test.s3, pageSize: 3 }, { Bucket }))
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    expect(seen).toEqual(keys);
    const first = await list(Bucket, { MaxKeys: 2, StartAfter: "B" });
    expect(first.Contents!.map(({ Key }) => Key)).toEqual(["a", "b/1"]);
    expect(first.StartAfter).toBe("B");
    const second = await list(Bucket, { MaxKeys: 2, StartAfter: "B", ContinuationToken: first.NextContinuationToken });
    expect(second.Contents!.map(({ Key }) => Key)).toEqual(["b/2", "c"]);
    expect(second.StartAfter).toBeUndefined();
    expect(await code(list(Bucket, { ContinuationToken: "nonsense" }))).toBe("InvalidArgument 400");
  });

  it("rolls up common prefixes, which count as keys", async () => {
    const Bucket = await bucketWith("a", "b/1", "b/2", "c/d/1", "e");
    const page = await list(Bucket, { Delimiter: "/", MaxKeys: 2 });
    expect(page.Contents!.map(({ Key }) => Key)).toEqual(["a"]);
    expect(page.CommonPrefixes).toEqual([{ Prefix: "b/" }]);
    expect([page.KeyCount, page.IsTruncated]).toEqual([2, true]);
    const rest = await list(Bucket, { Delimiter: "/", ContinuationToken: page.NextContinuationToken });
    expect(rest.CommonPrefixes).toEqual([{ Prefix: "c/" }]);
    expect(rest.Contents!.map(({ Key }) => Key)).toEqual(["e"]);
    const below = await list(Bucket, { Delimiter: "/", Prefix: "c/" });
    expect(below.CommonPrefixes).toEqual([{ Prefix: "c/d/" }]);
  });

  it("encodes keys where asked", async () => {
    const Bucket = await bucketWith("a b/ü+&.txt");
    const page = await list(Bucket, { EncodingType: "url", Prefix: "a b", Delimiter: "/" });
    expect(page).toMatchObject({ EncodingType: "url", Prefix: "a+b", CommonPrefixes: [{ Prefix: "a+b/" }] });
    expect((await list(Bucket, { EncodingType: "url" })).Contents![0]!.Key).toBe("a+b/%C3%BC%2B%26.txt");
    expect(await failure(list(Bucket, { EncodingType: "value" }))).toMatchObject({
      code: "InvalidArgument",
      message: "Invalid Encoding Method specified in Request",
      members: { ArgumentName: "encoding-type", ArgumentValue: "value" },
    });
  });

  it("checks how much is asked for", async () => {
    const Bucket = await bucketWith("a", "b");
    expect(await code(list(Bucket, { MaxKeys: -1 }))).toBe("InvalidArgument 400");
    const none = await list(Bucket, { MaxKeys: 0 });
    expect([none.KeyCount, none.IsTruncated]).toEqual([0, false]);
    expect((await list(Bucket, { MaxKeys: 5000 })).MaxKeys).toBe(1000);
  });
});

describe("ListObjects", () => {
  const list = (Bucket: string, more: object = {}) => test.s3.send(new ListObjectsCommand({ Bucket, ...more }));

  it("names the next marker only with a delimiter", async () => {
    const Bucket = await bucketWith("folder/sub/1", "folder/sub/2", "folder/x", "folder/y");
    const page = await list(Bucket, { MaxKeys: 1, Delimiter: "/", Prefix: "folder/" });
    expect(page).toMatchObject({ IsTruncated: true, NextMarker: "folder/sub/", Marker: "" });
    const next = await list(Bucket, { MaxKeys: 1, Delimiter: "/", Prefix: "folder/", Marker: page.NextMarker });
    expect(next.Contents!.map(({ Key }) => Key)).toEqual(["folder/x"]);
    expect(next.Contents![0]!.Owner!.ID).toBeDefined();
    const plain = await list(Bucket, { MaxKeys: 1 });
    expect([plain.IsTruncated, plain.NextMarker]).toEqual([true, undefined]);
    const inside = await list(Bucket, { Delimiter: "/", Prefix: "folder/", Marker: "folder/sub/1" });
    expect(inside.CommonPrefixes).toBeUndefined();
  });
});

describe("ListMultipartUploads", () => {
  it("sorts by key, then by beginning, and pages by both", async () => {
    const Bucket = await test.bucket();
    const begin = async (Key: string) =>
      (await test.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!;
    const b1 = await begin("b");
    const a = await begin("a");
    const b2 = await begin("b");
    await begin("c/1");
    const list = (more: object = {}) => test.s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    const all = await list({ Delimiter: "/" });
    expect(all.Uploads!.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
      ["a", a],
      ["b", b1],
      ["b", b2],
    ]);
    expect(all.CommonPrefixes).toEqual([{ Prefix: "c/" }]);
    const page = await list({ MaxUploads: 2 });
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: "b", NextUploadIdMarker: b1 });
    const rest = await list({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
    expect(rest.Uploads!.map(({ UploadId }) => UploadId)).toEqual([b2, expect.any(String)]);
  });
});
