import {
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  type LifecycleRule,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();

async function bucketWith(rules: LifecycleRule[], versioned = false): Promise<string> {
  const Bucket = await test.bucket();
  if (versioned)
    await test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  await test.s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: rules } }));
  return Bucket;
}
const all = { Status: "Enabled", Filter: { Prefix: "" } } as const;
const keys = async (Bucket: string) =>
  ((await test.s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
const versions = async (Bucket: string) => {
  const listed = await test.s3.send(new ListObjectVersionsCommand({ Bucket }));
  return { versions: listed.Versions?.length ?? 0, markers: listed.DeleteMarkers?.length ?? 0 };
};
const midnightAfter = (days: number) => {
  const day = 86_400_000;
  return new Date((Math.floor(test.cloud.clock.now() / day) + days + 1) * day);
};

describe("expiry by lifecycle", () => {
  it("removes objects at midnight after their days, and says so before", async () => {
    const Bucket = await bucketWith([
      { ...all, ID: "logs of old", Filter: { Prefix: "logs/" }, Expiration: { Days: 2 } },
    ]);
    const put = await test.s3.send(new PutObjectCommand({ Bucket, Key: "logs/a", Body: "x" }));
    await test.put(Bucket, "kept");
    const expected = `expiry-date="${midnightAfter(2).toUTCString()}", rule-id="logs%20of%20old"`;
    expect(put.Expiration).toBe(expected);
    expect((await test.s3.send(new HeadObjectCommand({ Bucket, Key: "logs/a" }))).Expiration).toBe(expected);
    expect((await test.s3.send(new HeadObjectCommand({ Bucket, Key: "kept" }))).Expiration).toBeUndefined();
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual(["kept", "logs/a"]);
    await test.put(Bucket, "logs/later");
    await test.cloud.clock.advance("1 day");
    expect(await keys(Bucket)).toEqual(["kept", "logs/later"]);
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual(["kept"]);
  });

  it("works on what was there before the rule, and by size and tag", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "small", "x");
    await test.put(Bucket, "large", "x".repeat(100));
    await test.put(Bucket, "tagged", "x", { Tagging: "temp=yes" });
    const Rules: LifecycleRule[] = [
      { Status: "Enabled", Filter: { ObjectSizeGreaterThan: 50 }, Expiration: { Days: 1 } },
      { Status: "Enabled", Filter: { Tag: { Key: "temp", Value: "yes" } }, Expiration: { Days: 3 } },
    ];
    await test.s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual(["small", "tagged"]);
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual(["small"]);
  });

  it("by date removes everything from then on", async () => {
    const Bucket = await bucketWith([{ ...all, Expiration: { Date: midnightAfter(1) } }]);
    await test.put(Bucket, "a");
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual([]);
    await test.put(Bucket, "b");
    await test.cloud.clock.advance("1 day");
    expect(await keys(Bucket)).toEqual([]);
  });

  it("of more keys than are looked at in one go", async () => {
    const Bucket = await bucketWith([{ ...all, Filter: { Prefix: "k" }, Expiration: { Days: 1 } }]);
    for (let index = 0; index < 2100; index += 100)
      await Promise.all(Array.from({ length: 100 }, (_, more) => test.put(Bucket, `k${index + more}`, "x")));
    await test.put(Bucket, "other");
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual(["other"]);
  });

  it("stops when the rules are deleted", async () => {
    const Bucket = await bucketWith([{ ...all, Expiration: { Days: 1 } }]);
    await test.put(Bucket, "k");
    await test.s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    await test.cloud.clock.advance("5 days");
    expect(await keys(Bucket)).toEqual(["k"]);
  });
});

describe("lifecycle of versions", () => {
  it("hides the current one, removes older ones, and in the end the marker", async () => {
    const Bucket = await bucketWith(
      [
        {
          ...all,
          Expiration: { Days: 1 },
          NoncurrentVersionExpiration: { NoncurrentDays: 2 },
        },
      ],
      true,
    );
    await test.put(Bucket, "k", "1");
    await test.put(Bucket, "k", "2");
    await test.cloud.clock.advance("2 days");
    expect(await keys(Bucket)).toEqual([]);
    expect(await versions(Bucket)).toEqual({ versions: 2, markers: 1 });
    await test.cloud.clock.advance("1 day");
    expect(await versions(Bucket)).toEqual({ versions: 1, markers: 1 });
    await test.cloud.clock.advance("4 days");
    expect(await versions(Bucket)).toEqual({ versions: 0, markers: 0 });
  });

  it("keeps so many newer ones", async () => {
    const Bucket = await bucketWith(
      [{ ...all, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } }],
      true,
    );
    for (let index = 0; index < 5; index++) await test.put(Bucket, "k", String(index));
    await test.cloud.clock.advance("3 days");
    expect(await versions(Bucket)).toEqual({ versions: 3, markers: 0 });
  });

  it("removes delete markers that hide nothing", async () => {
    const Bucket = await bucketWith([{ ...all, Expiration: { ExpiredObjectDeleteMarker: true } }], true);
    const version = await test.put(Bucket, "k");
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    await test.cloud.clock.advance("2 days");
    expect(await versions(Bucket)).toEqual({ versions: 1, markers: 1 });
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId: version }));
    await test.cloud.clock.advance("2 days");
    expect(await versions(Bucket)).toEqual({ versions: 0, markers: 0 });
  });
});

describe("lifecycle of uploads and storage classes", () => {
  it("aborts uploads that were never completed", async () => {
    const Bucket = await bucketWith([{ ...all, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }]);
    await test.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
    await test.cloud.clock.advance("3 days");
    expect((await test.s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });

  it("archives objects, which must then be restored", async () => {
    const Bucket = await bucketWith([
      { Status: "Enabled", Filter: { ObjectSizeGreaterThan: 0 }, Transitions: [{ Days: 1, StorageClass: "GLACIER" }] },
    ]);
    await test.put(Bucket, "k", "cold");
    await test.cloud.clock.advance("2 days");
    const get = () => test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    const head = () => test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
    expect((await head()).StorageClass).toBe("GLACIER");
    expect(await failure(get())).toMatchObject({
      code: "InvalidObjectState",
      status: 403,
      message: "The operation is not valid for the object's storage class",
      members: { StorageClass: "GLACIER" },
    });
    const restore = (RestoreRequest: object) =>
      test.s3.send(new RestoreObjectCommand({ Bucket, Key: "k", RestoreRequest }));
    await restore({ Days: 2, GlacierJobParameters: { Tier: "Standard" } });
    expect((await head()).Restore).toBe('ongoing-request="true"');
    expect(await code(restore({ Days: 2 }))).toBe("RestoreAlreadyInProgress 409");
    await test.cloud.clock.advance("5 hours");
    expect((await head()).Restore).toMatch(/^ongoing-request="false", expiry-date="/);
    expect(await (await get()).Body!.transformToString()).toBe("cold");
    await test.cloud.clock.advance("4 days");
    expect(await code(get())).toBe("InvalidObjectState 403");
  });
});
