import type { Input } from "../../aws/api-types.ts";
import type { Ask } from "../../service.ts";
import { askBucket, askObject, contextOf, requestTagKeys, type Keys, type ObjectAsk } from "./access.ts";
import { findBucket } from "./bucket.ts";
import type { AclInput } from "./acl.ts";
import type { DraftInput } from "./draft.ts";
import { readCopySource } from "./operations/copy-object.ts";
import type { S3Context, Tag } from "./state.ts";
import { readTagHeader } from "./tags.ts";

/** The permissions of every operation. AWS: "Required permissions for Amazon S3 API operations". */

type BucketOf = { readonly Bucket?: string | undefined };

/** An action on the bucket. */
const bucket =
  (action: string) =>
  (input: BucketOf, cx: S3Context): Ask =>
    askBucket(cx, input.Bucket, `s3:${action}`);

/** An action on the object, or on the version that the request names. */
const object =
  (action: string) =>
  (input: ObjectAsk, cx: S3Context): Ask =>
    askObject(cx, input, `s3:${action}`);

interface ListInput extends BucketOf {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys?: number | undefined;
}

const list =
  (action: string) =>
  (input: ListInput, cx: S3Context): Ask =>
    askBucket(cx, input.Bucket, `s3:${action}`, {
      // AWS: without the parameter the prefix is empty, and conditions see it so.
      "s3:prefix": input.Prefix ?? "",
      "s3:delimiter": input.Delimiter,
      "s3:max-keys": input.MaxKeys,
    });

const aclKeys = (input: AclInput): Keys => ({
  "s3:x-amz-acl": input.ACL,
  "s3:x-amz-grant-full-control": input.GrantFullControl,
  "s3:x-amz-grant-read": input.GrantRead,
  "s3:x-amz-grant-write": input.GrantWrite,
  "s3:x-amz-grant-read-acp": input.GrantReadACP,
  "s3:x-amz-grant-write-acp": input.GrantWriteACP,
});

/** The condition keys of a request that writes an object. */
const writeKeys = (input: DraftInput & { IfMatch?: string | undefined; IfNoneMatch?: string | undefined }): Keys => ({
  ...aclKeys(input),
  ...requestTagKeys(readTagHeader(input.Tagging)),
  "s3:x-amz-server-side-encryption": input.ServerSideEncryption,
  "s3:x-amz-server-side-encryption-aws-kms-key-id": input.SSEKMSKeyId,
  "s3:x-amz-server-side-encryption-customer-algorithm": input.SSECustomerAlgorithm,
  "s3:x-amz-storage-class": input.StorageClass,
  "s3:x-amz-website-redirect-location": input.WebsiteRedirectLocation,
  "s3:object-lock-mode": input.ObjectLockMode,
  "s3:object-lock-legal-hold": input.ObjectLockLegalHoldStatus,
  "s3:object-lock-retain-until-date": input.ObjectLockRetainUntilDate?.toISOString(),
  "s3:if-match": input.IfMatch,
  "s3:if-none-match": input.IfNoneMatch,
});

const hasAcl = (input: AclInput) =>
  [input.ACL, input.GrantFullControl, input.GrantRead, input.GrantWrite, input.GrantReadACP, input.GrantWriteACP].some(
    (value) => value !== undefined,
  );

/** Writing an object needs a further permission for each thing that is set along with it. */
function write(
  input: DraftInput & ObjectAsk & { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
  cx: S3Context,
  more: Keys = {},
): Ask[] {
  const keys = { ...writeKeys(input), ...more };
  const of = { Bucket: input.Bucket, Key: input.Key };
  const asks = [askObject(cx, of, "s3:PutObject", keys)];
  if (hasAcl(input)) asks.push(askObject(cx, of, "s3:PutObjectAcl", keys));
  if (input.Tagging) asks.push(askObject(cx, of, "s3:PutObjectTagging", keys));
  if (input.ObjectLockMode !== undefined) asks.push(askObject(cx, of, "s3:PutObjectRetention", keys));
  if (input.ObjectLockLegalHoldStatus !== undefined) asks.push(askObject(cx, of, "s3:PutObjectLegalHold", keys));
  // AWS: whoever writes under the condition of an ETag learns of it.
  if (input.IfMatch !== undefined) asks.push(askObject(cx, of, "s3:GetObject", keys));
  return asks;
}

/** Reading the source of a copy, in whatever Region it lies. */
function source(cx: S3Context, copySource: string | undefined, actions: readonly string[]): Ask[] {
  const from = readCopySource(copySource);
  const known = findBucket(cx.state, from.Bucket);
  const there = known ? { ...cx, scope: { ...cx.scope, region: known.region } } : cx;
  return actions.map((action) => askObject(there, from, action));
}

const copyKeys = (input: { CopySource?: string | undefined; MetadataDirective?: string | undefined }): Keys => {
  const from = readCopySource(input.CopySource);
  return {
    "s3:x-amz-copy-source": `${from.Bucket}/${from.Key}`,
    "s3:x-amz-metadata-directive": input.MetadataDirective,
  };
};

const taggingKeys = (tagging: { TagSet?: Tag[] | undefined } | undefined): Keys => requestTagKeys(tagging?.TagSet);

export const authorize = {
  AbortMultipartUpload: object("AbortMultipartUpload"),
  CompleteMultipartUpload: (input: Input<"s3", "CompleteMultipartUpload">, cx: S3Context) =>
    write({ Bucket: input.Bucket, Key: input.Key, IfMatch: input.IfMatch, IfNoneMatch: input.IfNoneMatch }, cx),
  CopyObject: (input: Input<"s3", "CopyObject">, cx: S3Context) => [
    ...source(cx, input.CopySource, ["s3:GetObject"]),
    ...write(input, cx, copyKeys(input)),
  ],
  CreateBucket: (input: Input<"s3", "CreateBucket">, cx: S3Context): Ask[] => {
    const resource = `arn:aws:s3:::${input.Bucket}`;
    const keys: Keys = {
      ...aclKeys(input),
      "s3:LocationConstraint": input.CreateBucketConfiguration?.LocationConstraint,
      "s3:x-amz-object-ownership": input.ObjectOwnership,
    };
    const context = contextOf(cx, keys);
    const ask = (action: string): Ask => ({ action, resource, context, resourceAccount: cx.scope.account });
    return [
      ask("s3:CreateBucket"),
      ...(hasAcl(input) ? [ask("s3:PutBucketAcl")] : []),
      ...(input.ObjectOwnership === undefined ? [] : [ask("s3:PutBucketOwnershipControls")]),
      ...(input.ObjectLockEnabledForBucket
        ? [ask("s3:PutBucketObjectLockConfiguration"), ask("s3:PutBucketVersioning")]
        : []),
      ...(input.CreateBucketConfiguration?.Tags?.length ? [ask("s3:TagResource")] : []),
    ];
  },
  CreateMultipartUpload: (input: Input<"s3", "CreateMultipartUpload">, cx: S3Context) => write(input, cx),
  DeleteBucket: bucket("DeleteBucket"),
  DeleteBucketCors: bucket("PutBucketCORS"),
  DeleteBucketEncryption: bucket("PutEncryptionConfiguration"),
  DeleteBucketLifecycle: bucket("PutLifecycleConfiguration"),
  DeleteBucketOwnershipControls: bucket("PutBucketOwnershipControls"),
  DeleteBucketPolicy: bucket("DeleteBucketPolicy"),
  DeleteBucketTagging: bucket("PutBucketTagging"),
  DeleteBucketWebsite: bucket("DeleteBucketWebsite"),
  DeleteObject: (input: Input<"s3", "DeleteObject">, cx: S3Context) =>
    askObject(cx, input, "s3:DeleteObject", { "s3:if-match": input.IfMatch }),
  DeleteObjectTagging: object("DeleteObjectTagging"),
  /** Each key is asked for by itself, and told by itself in the answer. */
  DeleteObjects: (input: Input<"s3", "DeleteObjects">, cx: S3Context): Ask[] => {
    askBucket(cx, input.Bucket, "s3:DeleteObject");
    return [];
  },
  DeletePublicAccessBlock: bucket("PutBucketPublicAccessBlock"),
  GetBucketAccelerateConfiguration: bucket("GetAccelerateConfiguration"),
  GetBucketAcl: bucket("GetBucketAcl"),
  GetBucketCors: bucket("GetBucketCORS"),
  GetBucketEncryption: bucket("GetEncryptionConfiguration"),
  GetBucketLifecycleConfiguration: bucket("GetLifecycleConfiguration"),
  GetBucketLocation: (input: BucketOf, cx: S3Context): Ask => {
    const known = findBucket(cx.state, input.Bucket);
    const there = known ? { ...cx, scope: { ...cx.scope, region: known.region } } : cx;
    return askBucket(there, input.Bucket, "s3:GetBucketLocation");
  },
  GetBucketLogging: bucket("GetBucketLogging"),
  GetBucketNotificationConfiguration: bucket("GetBucketNotification"),
  GetBucketOwnershipControls: bucket("GetBucketOwnershipControls"),
  GetBucketPolicy: bucket("GetBucketPolicy"),
  GetBucketPolicyStatus: bucket("GetBucketPolicyStatus"),
  GetBucketReplication: bucket("GetReplicationConfiguration"),
  GetBucketRequestPayment: bucket("GetBucketRequestPayment"),
  GetBucketTagging: bucket("GetBucketTagging"),
  GetBucketVersioning: bucket("GetBucketVersioning"),
  GetBucketWebsite: bucket("GetBucketWebsite"),
  GetObject: object("GetObject"),
  GetObjectAcl: object("GetObjectAcl"),
  GetObjectAttributes: (input: Input<"s3", "GetObjectAttributes">, cx: S3Context) => [
    askObject(cx, input, "s3:GetObject"),
    askObject(cx, input, "s3:GetObjectAttributes"),
  ],
  GetObjectLegalHold: object("GetObjectLegalHold"),
  GetObjectLockConfiguration: bucket("GetBucketObjectLockConfiguration"),
  GetObjectRetention: object("GetObjectRetention"),
  GetObjectTagging: object("GetObjectTagging"),
  GetPublicAccessBlock: bucket("GetBucketPublicAccessBlock"),
  HeadBucket: bucket("ListBucket"),
  HeadObject: object("GetObject"),
  ListBuckets: (): Ask => ({ action: "s3:ListAllMyBuckets", resource: "*" }),
  ListMultipartUploads: list("ListBucketMultipartUploads"),
  ListObjectVersions: list("ListBucketVersions"),
  ListObjects: list("ListBucket"),
  ListObjectsV2: list("ListBucket"),
  ListParts: object("ListMultipartUploadParts"),
  PutBucketAcl: (input: Input<"s3", "PutBucketAcl">, cx: S3Context) =>
    askBucket(cx, input.Bucket, "s3:PutBucketAcl", aclKeys(input)),
  PutBucketCors: bucket("PutBucketCORS"),
  PutBucketEncryption: bucket("PutEncryptionConfiguration"),
  PutBucketLifecycleConfiguration: bucket("PutLifecycleConfiguration"),
  PutBucketNotificationConfiguration: bucket("PutBucketNotification"),
  PutBucketOwnershipControls: bucket("PutBucketOwnershipControls"),
  PutBucketPolicy: bucket("PutBucketPolicy"),
  PutBucketRequestPayment: bucket("PutBucketRequestPayment"),
  PutBucketTagging: bucket("PutBucketTagging"),
  PutBucketVersioning: bucket("PutBucketVersioning"),
  PutBucketWebsite: bucket("PutBucketWebsite"),
  PutObject: (input: Input<"s3", "PutObject">, cx: S3Context) => write(input, cx),
  PutObjectAcl: (input: Input<"s3", "PutObjectAcl">, cx: S3Context) =>
    askObject(cx, input, "s3:PutObjectAcl", aclKeys(input)),
  PutObjectLegalHold: (input: Input<"s3", "PutObjectLegalHold">, cx: S3Context) =>
    askObject(cx, input, "s3:PutObjectLegalHold", { "s3:object-lock-legal-hold": input.LegalHold?.Status }),
  PutObjectLockConfiguration: bucket("PutBucketObjectLockConfiguration"),
  PutObjectRetention: (input: Input<"s3", "PutObjectRetention">, cx: S3Context) => {
    const until = input.Retention?.RetainUntilDate;
    return askObject(cx, input, "s3:PutObjectRetention", {
      "s3:object-lock-mode": input.Retention?.Mode,
      "s3:object-lock-retain-until-date": until?.toISOString(),
      "s3:object-lock-remaining-retention-days": until
        ? Math.ceil((until.getTime() - cx.kernel.clock.now()) / 86_400_000)
        : undefined,
    });
  },
  PutObjectTagging: (input: Input<"s3", "PutObjectTagging">, cx: S3Context) =>
    askObject(cx, input, "s3:PutObjectTagging", taggingKeys(input.Tagging)),
  PutPublicAccessBlock: bucket("PutBucketPublicAccessBlock"),
  RestoreObject: object("RestoreObject"),
  UploadPart: (input: Input<"s3", "UploadPart">, cx: S3Context) => askObject(cx, input, "s3:PutObject"),
  UploadPartCopy: (input: Input<"s3", "UploadPartCopy">, cx: S3Context) => [
    ...source(cx, input.CopySource, ["s3:GetObject"]),
    askObject(cx, { Bucket: input.Bucket, Key: input.Key }, "s3:PutObject", copyKeys(input)),
  ],
};
