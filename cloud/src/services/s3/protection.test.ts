import { createHash } from "node:crypto";
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  UploadPartCommand,
  CompleteMultipartUploadCommand,
  type ObjectLockRetention,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, START_MS, testCloud } from "./test-cloud.ts";

const test = testCloud();
const DAY_MS = 86_400_000;
const head = (Bucket: string, Key: string, VersionId?: string) =>
  test.s3.send(new HeadObjectCommand({ Bucket, Key, VersionId }));

describe("server-side encryption", () => {
  const KEY = Buffer.alloc(32, 7);
  const customer = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: KEY.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(KEY).digest("base64"),
  };
  const allowCustomerKeys = (Bucket: string) =>
    test.s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } }],
        },
      }),
    );

  it("with the key that AWS manages changes the ETag and is told", async () => {
    const Bucket = await test.bucket();
    const put = await test.s3.send(
      new PutObjectCommand({ Bucket, Key: "k", Body: "x", ServerSideEncryption: "aws:kms", BucketKeyEnabled: true }),
    );
    expect(put.SSEKMSKeyId).toMatch(
      /^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(put.ETag).not.toBe(`"${createHash("md5").update("x").digest("hex")}"`);
    expect(await head(Bucket, "k")).toMatchObject({
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: put.SSEKMSKeyId,
      BucketKeyEnabled: true,
      ETag: put.ETag,
    });
  });

  it("is the bucket's default unless the request says otherwise", async () => {
    const Bucket = await test.bucket();
    await test.s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" }, BucketKeyEnabled: true }],
        },
      }),
    );
    await test.put(Bucket, "default");
    await test.put(Bucket, "plain", "x", { ServerSideEncryption: "AES256" });
    expect(await head(Bucket, "default")).toMatchObject({ ServerSideEncryption: "aws:kms", BucketKeyEnabled: true });
    expect((await head(Bucket, "plain")).ServerSideEncryption).toBe("AES256");
  });

  it("with customer managed keys is refused by name", async () => {
    const Bucket = await test.bucket();
    const refused = await failure(
      test.put(Bucket, "k", "x", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "my-key" }),
    );
    expect([refused.status, refused.message]).toEqual([501, expect.stringContaining("customer managed key my-key")]);
    const Rules = [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID: "my-key" } },
    ];
    const byDefault = test.s3.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
    );
    expect((await failure(byDefault)).status).toBe(501);
  });

  it("with the client's key is blocked on new buckets", async () => {
    const Bucket = await test.bucket();
    expect(await code(test.put(Bucket, "k", "x", customer))).toBe("AccessDenied 403");
  });

  it("with the client's key needs that key again", async () => {
    const Bucket = await test.bucket();
    await allowCustomerKeys(Bucket);
    await test.put(Bucket, "k", "secret", customer);
    await test.put(Bucket, "plain", "x");
    const get = (more: object, Key = "k") => test.s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
    const got = await get(customer);
    expect(await got.Body!.transformToString()).toBe("secret");
    expect(got).toMatchObject({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: customer.SSECustomerKeyMD5 });
    expect(got.ServerSideEncryption).toBeUndefined();
    expect(await code(get({}))).toBe("InvalidRequest 400");
    expect(await code(get(customer, "plain"))).toBe("InvalidRequest 400");
    const other = Buffer.alloc(32, 8);
    expect(
      await code(
        get({
          ...customer,
          SSECustomerKey: other.toString("base64"),
          SSECustomerKeyMD5: createHash("md5").update(other).digest("base64"),
        }),
      ),
    ).toBe("AccessDenied 403");
    const copy = new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k` });
    expect(await code(test.s3.send(copy))).toBe("InvalidRequest 400");
    await test.s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: "copy",
        CopySource: `${Bucket}/k`,
        CopySourceSSECustomerAlgorithm: "AES256",
        CopySourceSSECustomerKey: customer.SSECustomerKey,
        CopySourceSSECustomerKeyMD5: customer.SSECustomerKeyMD5,
      }),
    );
    expect(await (await get({}, "copy")).Body!.transformToString()).toBe("secret");
  });

  it("with the client's key holds for every part of an upload", async () => {
    const Bucket = await test.bucket();
    await allowCustomerKeys(Bucket);
    const { UploadId } = await test.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k", ...customer }));
    const part = (more: object) =>
      test.s3.send(new UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1, Body: "x", ...more }));
    expect(await code(part({}))).toBe("InvalidRequest 400");
    const { ETag } = await part(customer);
    const Parts = [{ PartNumber: 1, ETag }];
    await test.s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload: { Parts } }));
    expect((await failure(head(Bucket, "k"))).status).toBe(400);
  });

  it.each([
    [{ SSECustomerKeyMD5: "AAAAAAAAAAAAAAAAAAAAAA==" }, "InvalidArgument"],
    [{ SSECustomerAlgorithm: "AES128" }, "InvalidEncryptionAlgorithmError"],
    [{ SSECustomerKey: Buffer.alloc(16).toString("base64") }, "InvalidArgument"],
    [{ ServerSideEncryption: "AES256" as const }, "InvalidArgument"],
  ])("checks what the client says of its key: %j", async (more, expected) => {
    const Bucket = await test.bucket();
    await allowCustomerKeys(Bucket);
    const headers = {
      authorization:
        "AWS4-HMAC-SHA256 Credential=t/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-server-side-encryption-customer-algorithm": customer.SSECustomerAlgorithm,
      "x-amz-server-side-encryption-customer-key": customer.SSECustomerKey,
      "x-amz-server-side-encryption-customer-key-md5": customer.SSECustomerKeyMD5,
    } as Record<string, string>;
    for (const [name, value] of Object.entries(more))
      headers[
        {
          SSECustomerKeyMD5: "x-amz-server-side-encryption-customer-key-md5",
          SSECustomerAlgorithm: "x-amz-server-side-encryption-customer-algorithm",
          SSECustomerKey: "x-amz-server-side-encryption-customer-key",
          ServerSideEncryption: "x-amz-server-side-encryption",
        }[name]!
      ] = value;
    const response = await fetch(`${test.cloud.endpoint}/${Bucket}/k`, { method: "PUT", body: "x", headers });
    expect(await response.text()).toContain(`<Code>${expected}</Code>`);
  });
});

describe("object lock", () => {
  const lockBucket = (more: object = {}) => test.bucket({ ObjectLockEnabledForBucket: true, ...more });
  const remove = (Bucket: string, VersionId?: string, BypassGovernanceRetention?: boolean) =>
    test.s3.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId, BypassGovernanceRetention }));
  const retain = (Bucket: string, Retention: ObjectLockRetention, BypassGovernanceRetention?: boolean) =>
    test.s3.send(new PutObjectRetentionCommand({ Bucket, Key: "k", Retention, BypassGovernanceRetention }));
  const inDays = (days: number) => new Date(test.cloud.clock.now() + days * DAY_MS);

  it("turns versioning on for good", async () => {
    const Bucket = await lockBucket();
    const suspend = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } });
    expect(await failure(test.s3.send(suspend))).toMatchObject({
      code: "InvalidBucketState",
      status: 409,
      message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
    });
    const plain = await test.bucket();
    const enable = (Bucket: string, ObjectLockConfiguration: object) =>
      test.s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect(await code(enable(plain, { ObjectLockEnabled: "Enabled" }))).toBe("InvalidBucketState 409");
    for (const Rule of [
      {},
      { DefaultRetention: {} },
      { DefaultRetention: { Mode: "GOVERNANCE" } },
      { DefaultRetention: { Mode: "GOVERNANCE", Days: 1, Years: 1 } },
    ])
      expect(await code(enable(Bucket, { ObjectLockEnabled: "Enabled", Rule }))).toBe("MalformedXML 400");
    const Rule = { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } };
    await enable(Bucket, { ObjectLockEnabled: "Enabled", Rule });
    const got = await test.s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(got.ObjectLockConfiguration).toEqual({ ObjectLockEnabled: "Enabled", Rule });
    await test.put(Bucket, "k");
    expect(await head(Bucket, "k")).toMatchObject({
      ObjectLockMode: "GOVERNANCE",
      ObjectLockRetainUntilDate: new Date(START_MS + DAY_MS),
    });
  });

  it("keeps a version until its time, in governance mode unless bypassed", async () => {
    const Bucket = await lockBucket();
    const version = await test.put(Bucket, "k");
    await retain(Bucket, { Mode: "GOVERNANCE", RetainUntilDate: inDays(2) });
    expect((await remove(Bucket)).DeleteMarker).toBe(true);
    expect(await failure(remove(Bucket, version))).toMatchObject({
      code: "AccessDenied",
      status: 403,
      message: "Access Denied because object protected by object lock.",
    });
    const batch = await test.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "k", VersionId: version }] } }),
    );
    expect(batch.Errors![0]).toMatchObject({ Code: "AccessDenied", Key: "k", VersionId: version });
    await remove(Bucket, version, true);
  });

  it("in compliance mode is bypassed by nobody, and ends by the clock", async () => {
    const Bucket = await lockBucket();
    const version = await test.put(Bucket, "k", "x", {
      ObjectLockMode: "COMPLIANCE",
      ObjectLockRetainUntilDate: inDays(2),
    });
    expect(await code(remove(Bucket, version, true))).toBe("AccessDenied 403");
    expect(await code(retain(Bucket, { Mode: "COMPLIANCE", RetainUntilDate: inDays(1) }, true))).toBe(
      "AccessDenied 403",
    );
    await retain(Bucket, { Mode: "COMPLIANCE", RetainUntilDate: inDays(3) });
    await test.cloud.clock.advance("3 days");
    await remove(Bucket, version);
  });

  it("is shortened only by bypassing, and lengthened freely", async () => {
    const Bucket = await lockBucket();
    await test.put(Bucket, "k");
    await retain(Bucket, { Mode: "GOVERNANCE", RetainUntilDate: inDays(2) });
    await retain(Bucket, { Mode: "GOVERNANCE", RetainUntilDate: inDays(5) });
    const shorter = { Mode: "GOVERNANCE" as const, RetainUntilDate: inDays(1) };
    expect(await code(retain(Bucket, shorter))).toBe("AccessDenied 403");
    expect(await code(retain(Bucket, {}))).toBe("AccessDenied 403");
    await retain(Bucket, shorter, true);
    const got = await test.s3.send(new GetObjectRetentionCommand({ Bucket, Key: "k" }));
    expect(got.Retention).toEqual(shorter);
    await retain(Bucket, {}, true);
    expect(await code(test.s3.send(new GetObjectRetentionCommand({ Bucket, Key: "k" })))).toBe(
      "NoSuchObjectLockConfiguration 404",
    );
    expect(await code(retain(Bucket, { Mode: "GOVERNANCE" }))).toBe("MalformedXML 400");
    expect(await code(retain(Bucket, { Mode: "GOVERNANCE", RetainUntilDate: inDays(-1) }))).toBe("InvalidArgument 400");
  });

  it("holds a version as long as a legal hold is on", async () => {
    const Bucket = await lockBucket();
    const version = await test.put(Bucket, "k", "x", { ObjectLockLegalHoldStatus: "ON" });
    const hold = (Status?: "ON" | "OFF") =>
      test.s3.send(new PutObjectLegalHoldCommand({ Bucket, Key: "k", LegalHold: { Status } }));
    expect(await code(remove(Bucket, version, true))).toBe("AccessDenied 403");
    expect(await code(hold())).toBe("MalformedXML 400");
    await hold("OFF");
    const got = await test.s3.send(new GetObjectLegalHoldCommand({ Bucket, Key: "k" }));
    expect(got.LegalHold).toEqual({ Status: "OFF" });
    await remove(Bucket, version);
  });

  it("needs a bucket that has it", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k");
    for (const refused of [
      () => test.put(Bucket, "k", "x", { ObjectLockLegalHoldStatus: "ON" }),
      () => test.put(Bucket, "k", "x", { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(1) }),
      () => retain(Bucket, { Mode: "GOVERNANCE", RetainUntilDate: inDays(1) }),
      () => test.s3.send(new GetObjectLegalHoldCommand({ Bucket, Key: "k" })),
    ])
      expect(await failure(refused())).toMatchObject({
        code: "InvalidRequest",
        message: "Bucket is missing Object Lock Configuration",
      });
    expect(await failure(remove(Bucket, undefined, true))).toMatchObject({
      code: "InvalidArgument",
      message: "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    });
  });
});
