import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ServerSideEncryptionRule } from "@aws-sdk/client-s3";
import { arn } from "../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Bucket, S3Context } from "./state.ts";
import { accessDenied, invalidArgument, invalidRequest, malformedXml } from "./errors.ts";

/**
 * What S3 says about how an object is encrypted. Gap: bytes are not encrypted on disk; the settings, headers, ETags and
 * refusals are AWS's.
 */
export type Encryption =
  | { readonly kind: "AES256" }
  | { readonly kind: "aws:kms" | "aws:kms:dsse"; readonly keyArn: string; readonly bucketKey: boolean }
  /** SSE-C: the key is not kept, only what tells it again. */
  | { readonly kind: "customer"; readonly keyMd5: string; readonly salt: string; readonly proof: string };

/** Default encryption of a bucket. */
export interface BucketEncryption {
  readonly kind: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** As given; undefined for the key that AWS manages. */
  readonly keyId?: string | undefined;
  readonly bucketKey: boolean;
  readonly blocksCustomerKeys: boolean;
}

/** AWS: since April 2026 new buckets refuse SSE-C ("Blocking or unblocking SSE-C for a general purpose bucket"). */
export const DEFAULT_ENCRYPTION: BucketEncryption = { kind: "AES256", bucketKey: false, blocksCustomerKeys: true };

/** The encryption parameters of a request. */
export interface EncryptionInput {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/**
 * How a new object is encrypted: as the request says, else as the bucket's default.
 * @throws AwsError InvalidArgument, AccessDenied; NotEmulatedError for customer managed KMS keys
 */
export function chooseEncryption(cx: S3Context, bucket: Bucket, input: EncryptionInput): Encryption {
  const key = readCustomerKey(input);
  if (key) {
    if (input.ServerSideEncryption !== undefined)
      throw invalidArgument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        "x-amz-server-side-encryption",
        input.ServerSideEncryption,
      );
    if (bucket.encryption.blocksCustomerKeys) throw accessDenied();
    const salt = cx.kernel.random.hex(32);
    return { kind: "customer", keyMd5: key.md5, salt, proof: proofOf(key.bytes, salt) };
  }
  const asked = input.ServerSideEncryption;
  if (asked === undefined && input.SSEKMSKeyId === undefined) return defaultOf(cx, bucket, input);
  if (asked !== "AES256" && asked !== "aws:kms" && asked !== "aws:kms:dsse" && asked !== undefined)
    throw invalidArgument("The encryption method specified is not supported", "x-amz-server-side-encryption", asked);
  if (asked === undefined || asked === "AES256") {
    if (input.SSEKMSKeyId !== undefined)
      throw invalidArgument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        "x-amz-server-side-encryption",
      );
    return { kind: "AES256" };
  }
  const inherits = bucket.encryption.kind === asked && input.SSEKMSKeyId === undefined;
  return kmsEncryption(cx, bucket, {
    kind: asked,
    keyId: inherits ? bucket.encryption.keyId : input.SSEKMSKeyId,
    bucketKey: input.BucketKeyEnabled ?? (bucket.encryption.kind !== "AES256" && bucket.encryption.bucketKey),
    context: input.SSEKMSEncryptionContext,
  });
}

function defaultOf(cx: S3Context, bucket: Bucket, input: EncryptionInput): Encryption {
  const { kind, keyId, bucketKey } = bucket.encryption;
  if (kind === "AES256") return { kind };
  return kmsEncryption(cx, bucket, { kind, keyId, bucketKey: input.BucketKeyEnabled ?? bucketKey, context: undefined });
}

function kmsEncryption(
  cx: S3Context,
  bucket: Bucket,
  asked: {
    kind: "aws:kms" | "aws:kms:dsse";
    keyId: string | undefined;
    bucketKey: boolean;
    context: string | undefined;
  },
): Encryption {
  if (asked.context !== undefined) throw new NotEmulatedError("SSEKMSEncryptionContext of S3");
  if (!isManagedKey(asked.keyId)) throw customerKeyRefused(asked.keyId!);
  const keyArn = managedKeyArn(bucket);
  checkManagedKey(cx, bucket, "kms:GenerateDataKey", keyArn);
  return { kind: asked.kind, keyArn, bucketKey: asked.kind === "aws:kms" && asked.bucketKey };
}

/** The key `aws/s3`, which every account has in every Region. */
function isManagedKey(keyId: string | undefined): boolean {
  return keyId === undefined || keyId === "alias/aws/s3" || keyId.endsWith(":alias/aws/s3");
}

function managedKeyArn(bucket: Bucket): string {
  const digest = createHash("sha256").update(`aws/s3:${bucket.account}:${bucket.region}`).digest("hex");
  const id = [8, 4, 4, 4, 12].map((length, index) => digest.slice(index * 12, index * 12 + length)).join("-");
  return arn("kms", bucket, `key/${id}`);
}

function customerKeyRefused(keyId: string): NotEmulatedError {
  return new NotEmulatedError(`SSE-KMS with the customer managed key ${keyId}`);
}

/** AWS: the policy of an AWS managed key names its own account alone, and S3 asks KMS only for signed requests. */
function checkManagedKey(cx: S3Context, bucket: Bucket, action: string, keyArn: string): void {
  const { principal } = cx;
  if (principal.kind === "anonymous")
    throw invalidArgument(
      "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
      "Authorization",
      null,
    );
  if (principal.kind !== "service" && principal.account !== bucket.account)
    throw accessDenied(
      `User: ${"arn" in principal ? principal.arn : `arn:aws:iam::${principal.account}:root`} is not authorized to perform: ` +
        `${action} on resource: ${keyArn} because no resource-based policy allows the ${action} action`,
    );
}

/**
 * Checks that a reader may have the bytes: the right customer key, or the right to use the KMS key.
 * @throws AwsError InvalidRequest, InvalidArgument, AccessDenied
 */
export function checkReadable(cx: S3Context, bucket: Bucket, encryption: Encryption, input: EncryptionInput): void {
  const key = readCustomerKey(input);
  if (encryption.kind === "customer") {
    if (!key)
      throw invalidRequest(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
      );
    const proof = Buffer.from(proofOf(key.bytes, encryption.salt));
    if (!timingSafeEqual(proof, Buffer.from(encryption.proof)))
      throw accessDenied(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
      );
    return;
  }
  if (key) throw invalidRequest("The encryption parameters are not applicable to this object.");
  if (encryption.kind !== "AES256") checkManagedKey(cx, bucket, "kms:Decrypt", encryption.keyArn);
}

/** The response members that tell of an object's encryption. */
export function encryptionMembers(encryption: Encryption) {
  switch (encryption.kind) {
    case "AES256":
      return { ServerSideEncryption: "AES256" as const };
    case "customer":
      return { SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: encryption.keyMd5 };
    default:
      return {
        ServerSideEncryption: encryption.kind,
        SSEKMSKeyId: encryption.keyArn,
        ...(encryption.bucketKey ? { BucketKeyEnabled: true } : {}),
      };
  }
}

/** AWS: only with AES256 is the ETag the MD5 of the bytes. */
export function hasMd5Etag(encryption: Encryption): boolean {
  return encryption.kind === "AES256";
}

function proofOf(key: Buffer, salt: string): string {
  return createHmac("sha256", key).update(salt).digest("hex");
}

/**
 * Reads the SSE-C headers.
 * @throws AwsError InvalidArgument where they are incomplete or do not fit together
 */
function readCustomerKey(input: EncryptionInput): { bytes: Buffer; md5: string } | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: keyMd5 } = input;
  if (algorithm === undefined && key === undefined && keyMd5 === undefined) return undefined;
  const wants = "Requests specifying Server Side Encryption with Customer provided keys must provide";
  const header = "x-amz-server-side-encryption-customer";
  if (algorithm === undefined)
    throw invalidArgument(`${wants} a valid encryption algorithm.`, `${header}-algorithm`, null);
  if (algorithm !== "AES256")
    throw new AwsError(
      "InvalidEncryptionAlgorithmError",
      "The Encryption request you specified is not valid. Supported value: AES256.",
      { status: 400, members: { ArgumentName: `${header}-algorithm`, ArgumentValue: algorithm } },
    );
  if (key === undefined) throw invalidArgument(`${wants} an appropriate secret key.`, `${header}-key`, null);
  if (keyMd5 === undefined)
    throw invalidArgument(`${wants} the client calculated MD5 of the secret key.`, `${header}-key-MD5`, null);
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32)
    throw invalidArgument("The secret key was invalid for the specified algorithm.", `${header}-key`, null);
  if (createHash("md5").update(bytes).digest("base64") !== keyMd5)
    throw invalidArgument(
      "The calculated MD5 hash of the key did not match the hash that was provided.",
      `${header}-key-MD5`,
      null,
    );
  return { bytes, md5: keyMd5 };
}

/**
 * Reads what PutBucketEncryption is given.
 * @throws AwsError MalformedXML, InvalidArgument; NotEmulatedError for customer managed KMS keys
 */
export function readBucketEncryption(rules: readonly ServerSideEncryptionRule[] | undefined): BucketEncryption {
  const rule = rules?.[0];
  if (!rules || rules.length !== 1 || !rule) throw malformedXml();
  const { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled, BlockedEncryptionTypes } = rule;
  const kind = byDefault?.SSEAlgorithm ?? "AES256";
  if (kind !== "AES256" && kind !== "aws:kms" && kind !== "aws:kms:dsse") throw malformedXml();
  const keyId = byDefault?.KMSMasterKeyID;
  if (keyId !== undefined && kind === "AES256")
    throw invalidArgument(
      "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      "ApplyServerSideEncryptionByDefault",
    );
  if (!isManagedKey(keyId)) throw customerKeyRefused(keyId!);
  const types: readonly string[] | undefined = BlockedEncryptionTypes?.EncryptionType;
  const blocksCustomerKeys = types === undefined ? DEFAULT_ENCRYPTION.blocksCustomerKeys : types.includes("SSE-C");
  return { kind, keyId, bucketKey: BucketKeyEnabled ?? false, blocksCustomerKeys };
}

/** As GetBucketEncryption answers. */
export function bucketEncryptionRule(encryption: BucketEncryption): ServerSideEncryptionRule {
  return {
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm: encryption.kind,
      ...(encryption.keyId === undefined ? {} : { KMSMasterKeyID: encryption.keyId }),
    },
    BucketKeyEnabled: encryption.bucketKey,
    ...(encryption.blocksCustomerKeys ? { BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] } } : {}),
  };
}
