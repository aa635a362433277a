import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();

async function versionedBucket(Status: "Enabled" | "Suspended" = "Enabled"): Promise<string> {
  const Bucket = await test.bucket();
  await setVersioning(Bucket, Status);
  return Bucket;
}
const setVersioning = (Bucket: string, Status: "Enabled" | "Suspended") =>
  test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const get = (Bucket: string, Key: string, VersionId?: string) =>
  test.s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
const text = async (Bucket: string, Key: string, VersionId?: string) =>
  (await get(Bucket, Key, VersionId)).Body!.transformToString();
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  test.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
const list = (Bucket: string, more: object = {}) => test.s3.send(new ListObjectVersionsCommand({ Bucket, ...more }));

describe("a versioned bucket", () => {
  it("keeps every version, newest first", async () => {
    const Bucket = await versionedBucket();
    const first = await test.put(Bucket, "k", "one");
    const second = await test.put(Bucket, "k", "two");
    expect(first).toMatch(/^\S{32}$/);
    expect(first).not.toBe(second);
    expect(await text(Bucket, "k")).toBe("two");
    expect(await text(Bucket, "k", first)).toBe("one");
    expect((await get(Bucket, "k")).VersionId).toBe(second);
    const versions = (await list(Bucket)).Versions!;
    expect(versions.map(({ VersionId, IsLatest, Size }) => [VersionId, IsLatest, Size])).toEqual([
      [second, true, 3],
      [first, false, 3],
    ]);
  });

  it("hides an object behind a delete marker, and shows it again without it", async () => {
    const Bucket = await versionedBucket();
    const version = await test.put(Bucket, "k", "content");
    const deleted = await remove(Bucket, "k");
    expect(deleted.DeleteMarker).toBe(true);
    const marker = deleted.VersionId!;
    expect((await test.s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    expect(await code(get(Bucket, "k"))).toBe("NoSuchKey 404");
    expect(await failure(get(Bucket, "k", marker))).toMatchObject({
      code: "MethodNotAllowed",
      status: 405,
      members: { Method: "GET", ResourceType: "DeleteMarker" },
    });
    expect((await failure(test.s3.send(new HeadObjectCommand({ Bucket, Key: "k", VersionId: marker })))).status).toBe(
      405,
    );
    const raw = await fetch(`${test.cloud.endpoint}/${Bucket}/k`, {
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=t/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
      },
    });
    expect(raw.headers.get("x-amz-delete-marker")).toBe("true");
    expect(raw.headers.get("x-amz-version-id")).toBe(marker);
    await raw.text();
    expect(await text(Bucket, "k", version)).toBe("content");
    const again = await remove(Bucket, "k");
    const listed = await list(Bucket);
    expect(listed.DeleteMarkers!.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [again.VersionId, true],
      [marker, false],
    ]);
    expect(await remove(Bucket, "k", again.VersionId)).toMatchObject({ DeleteMarker: true });
    await remove(Bucket, "k", marker);
    expect(await text(Bucket, "k")).toBe("content");
  });

  it("removes a version for good, and the one before takes its place", async () => {
    const Bucket = await versionedBucket();
    const [a, b, c] = [
      await test.put(Bucket, "k", "a"),
      await test.put(Bucket, "k", "b"),
      await test.put(Bucket, "k", "c"),
    ];
    const removed = await remove(Bucket, "k", c);
    expect([removed.VersionId, removed.DeleteMarker]).toEqual([c, undefined]);
    expect(await text(Bucket, "k")).toBe("b");
    await remove(Bucket, "k", a);
    expect(await text(Bucket, "k")).toBe("b");
    await remove(Bucket, "k", b);
    expect((await list(Bucket)).Versions).toBeUndefined();
    expect((await remove(Bucket, "k", b)).VersionId).toBe(b);
    expect(await failure(get(Bucket, "k", b))).toMatchObject({
      code: "NoSuchVersion",
      members: { Key: "k", VersionId: b },
    });
  });

  it("knows an id that S3 never made", async () => {
    const Bucket = await versionedBucket();
    await test.put(Bucket, "k");
    for (const VersionId of ["x", "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"]) {
      expect(await failure(get(Bucket, "k", VersionId))).toMatchObject({
        code: "InvalidArgument",
        message: "Invalid version id specified",
        members: { ArgumentName: "versionId", ArgumentValue: VersionId },
      });
      expect(await code(remove(Bucket, "k", VersionId))).toBe("InvalidArgument 400");
    }
  });

  it("keeps tags by version", async () => {
    const Bucket = await versionedBucket();
    const first = await test.put(Bucket, "k", "1", { Tagging: "v=1" });
    const second = await test.put(Bucket, "k", "2");
    const TagSet = [{ Key: "n", Value: "m" }];
    await test.s3.send(new PutObjectTaggingCommand({ Bucket, Key: "k", VersionId: first, Tagging: { TagSet } }));
    const tags = (VersionId?: string) => test.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "k", VersionId }));
    expect(await tags(first)).toMatchObject({ TagSet, VersionId: first });
    expect(await tags()).toMatchObject({ TagSet: [], VersionId: second });
    await remove(Bucket, "k");
    expect(await code(tags())).toBe("MethodNotAllowed 405");
  });

  it("deletes in batches, versions and markers alike", async () => {
    const Bucket = await versionedBucket();
    const version = await test.put(Bucket, "k");
    const batch = (Objects: { Key: string; VersionId?: string }[]) =>
      test.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    const marked = (await batch([{ Key: "k" }])).Deleted![0]!;
    expect(marked).toMatchObject({ Key: "k", DeleteMarker: true });
    const marker = marked.DeleteMarkerVersionId!;
    const gone = await batch([
      { Key: "k", VersionId: marker },
      { Key: "k", VersionId: version! },
    ]);
    expect(gone.Deleted).toEqual([
      { Key: "k", VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
      { Key: "k", VersionId: version },
    ]);
    expect((await batch([{ Key: "k", VersionId: marker }])).Errors![0]).toMatchObject({ Code: "NoSuchVersion" });
  });

  it("pages through versions without losing or repeating any", async () => {
    const Bucket = await versionedBucket();
    for (const key of ["a", "b/1", "b/2", "c"])
      for (let version = 0; version < 3; version++) await test.put(Bucket, key, `${key} ${version}`);
    await remove(Bucket, "c");
    const whole = await list(Bucket);
    const ids = (page: typeof whole) =>
      [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => `${Key} ${VersionId}`);
    for (const MaxKeys of [1, 2, 5]) {
      const seen: string[] = [];
      let page = await list(Bucket, { MaxKeys });
      for (;;) {
        expect(ids(page).length).toBeLessThanOrEqual(MaxKeys);
        seen.push(...ids(page));
        if (!page.IsTruncated) break;
        page = await list(Bucket, {
          MaxKeys,
          KeyMarker: page.NextKeyMarker,
          VersionIdMarker: page.NextVersionIdMarker,
        });
      }
      expect(seen.sort()).toEqual(ids(whole).sort());
    }
    const rolled = await list(Bucket, { Delimiter: "/" });
    expect(rolled.CommonPrefixes).toEqual([{ Prefix: "b/" }]);
    expect(rolled.Versions!.map(({ Key }) => Key)).toEqual(["a", "a", "a", "c", "c", "c"]);
    expect((await list(Bucket, { KeyMarker: "b/2" })).Versions!.map(({ Key }) => Key)).toEqual(["c", "c", "c"]);
    expect(await code(list(Bucket, { VersionIdMarker: "null" }))).toBe("InvalidArgument 400");
  });

  it("cannot be deleted before its versions and markers are", async () => {
    const Bucket = await versionedBucket();
    await test.put(Bucket, "k");
    const marker = await remove(Bucket, "k");
    expect(await failure(test.s3.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      code: "BucketNotEmpty",
      status: 409,
      message: "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
    });
    for (const { Key, VersionId } of (await list(Bucket)).Versions!) await remove(Bucket, Key!, VersionId);
    await remove(Bucket, "k", marker.VersionId);
    await test.s3.send(new DeleteBucketCommand({ Bucket }));
  });
});

describe("the null version", () => {
  it("is what stood there before versioning, and stays", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "before");
    expect((await list(Bucket)).Versions![0]!.VersionId).toBe("null");
    await setVersioning(Bucket, "Enabled");
    expect((await get(Bucket, "k")).VersionId).toBe("null");
    await test.put(Bucket, "k", "after");
    expect(await text(Bucket, "k", "null")).toBe("before");
    await remove(Bucket, "k", "null");
    expect(await code(get(Bucket, "k", "null"))).toBe("NoSuchVersion 404");
  });

  it("is the one that a suspended bucket overwrites", async () => {
    const Bucket = await versionedBucket();
    const kept = await test.put(Bucket, "k", "kept");
    await setVersioning(Bucket, "Suspended");
    const put = await test.s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "null one" }));
    expect(put.VersionId).toBeUndefined();
    await test.put(Bucket, "k", "null two");
    expect((await list(Bucket)).Versions!.map(({ VersionId }) => VersionId)).toEqual(["null", kept]);
    expect(await text(Bucket, "k")).toBe("null two");
    expect((await get(Bucket, "k")).VersionId).toBe("null");
    expect(await remove(Bucket, "k")).toMatchObject({ DeleteMarker: true, VersionId: "null" });
    const listed = await list(Bucket);
    expect(listed.Versions!.map(({ VersionId }) => VersionId)).toEqual([kept]);
    expect(listed.DeleteMarkers!.map(({ VersionId }) => VersionId)).toEqual(["null"]);
    await test.put(Bucket, "k", "null three");
    expect((await list(Bucket)).DeleteMarkers).toBeUndefined();
  });

  it("is replaced even where a newer version stands before it", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "null");
    await setVersioning(Bucket, "Enabled");
    const middle = await test.put(Bucket, "k", "middle");
    await setVersioning(Bucket, "Suspended");
    await test.put(Bucket, "k", "new null");
    expect((await list(Bucket)).Versions!.map(({ VersionId }) => VersionId)).toEqual(["null", middle]);
  });
});
