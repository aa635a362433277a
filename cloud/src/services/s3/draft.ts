import { NotEmulatedError } from "../../aws/error.ts";
import type { HttpHead } from "../../http.ts";
import { canonicalId, isPublicAcl, readAcl, type Acl, type AclInput } from "./acl.ts";
import { aclsDisabled, objectArn } from "./bucket.ts";
import { chooseEncryption, type EncryptionInput } from "./encryption.ts";
import { accessDenied, aclsNotSupported, invalidRedirectLocation, metadataTooLarge } from "./errors.ts";
import { checkKey } from "./key.ts";
import { readLock, type LockInput } from "./lock.ts";
import type { Bucket, ObjectDraft, ObjectHeaders, S3Context } from "./state.ts";
import { checkStorageClass } from "./storage-class.ts";
import { readTagHeader } from "./tags.ts";
import { nameOf } from "../../iam/principal.ts";

const METADATA_BYTES_MAX = 2048;

export interface DraftInput extends EncryptionInput, LockInput, AclInput {
  readonly Key?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
  readonly Tagging?: string | undefined;
  readonly StorageClass?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly ObjectLockEventHold?: string | undefined;
  readonly WriteOffsetBytes?: number | undefined;
}

/** AWS: what is answered for an object whose type was never said. */
export const DEFAULT_CONTENT_TYPE = "binary/octet-stream";

/**
 * All that a request says about an object beside its bytes, checked.
 * @throws AwsError in S3's words; NotEmulatedError for parameters that are not emulated
 */
export function readDraft(cx: S3Context, bucket: Bucket, input: DraftInput): ObjectDraft {
  refuseUnknown(input);
  checkKey(input.Key ?? "");
  const owner = ownerOf(cx, bucket, input);
  const acl = readObjectAcl(cx, bucket, input.Key ?? "", input, owner);
  const tags = readTagHeader(input.Tagging);
  return {
    headers: readHeaders(input, cx.source.headers),
    metadata: readMetadata(input.Metadata),
    ...(tags ? { tags } : {}),
    storageClass: checkStorageClass(input.StorageClass),
    ...(input.WebsiteRedirectLocation === undefined
      ? {}
      : { websiteRedirect: checkRedirect(input.WebsiteRedirectLocation) }),
    ...(acl ? { acl } : {}),
    ...readLock(bucket, input, cx.kernel.clock.now()),
    encryption: chooseEncryption(cx, bucket, input),
    owner,
  };
}

function refuseUnknown(input: DraftInput): void {
  if (input.ObjectLockEventHold !== undefined) throw new NotEmulatedError("ObjectLockEventHold of S3");
  if (input.WriteOffsetBytes !== undefined) throw new NotEmulatedError("WriteOffsetBytes of S3 (directory buckets)");
}

/** AWS: "Controlling ownership of objects": the bucket's owner, or with ACLs enabled whoever wrote the object. */
function ownerOf(cx: S3Context, bucket: Bucket, input: AclInput): string {
  const writer = "account" in cx.principal ? cx.principal.account : bucket.account;
  if (aclsDisabled(bucket) || writer === bucket.account) return bucket.account;
  if (bucket.ownership === "BucketOwnerPreferred" && input.ACL === "bucket-owner-full-control") return bucket.account;
  return writer;
}

/**
 * The ACL that a request sets on an object.
 * @throws AwsError AccessControlListNotSupported, AccessDenied (Block Public Access)
 */
export function readObjectAcl(
  cx: S3Context,
  bucket: Bucket,
  key: string,
  input: AclInput,
  owner: string,
): Acl | undefined {
  const acl = readAcl(input, { owner, bucketOwner: bucket.account });
  if (!acl) return undefined;
  if (aclsDisabled(bucket)) {
    // AWS: with ACLs disabled only those are taken that give the bucket's owner full control and nobody else anything.
    if (input.ACL !== "bucket-owner-full-control" && (input.ACL !== undefined || !isOwnerOnly(acl, owner)))
      throw aclsNotSupported();
    return undefined;
  }
  if (bucket.publicAccess?.BlockPublicAcls && isPublicAcl(acl))
    throw blockedAcl(cx, "s3:PutObject", objectArn(bucket.name, key));
  return acl;
}

function isOwnerOnly(acl: Acl, owner: string): boolean {
  return acl.grants.every(
    ({ grantee, permission }) => permission === "FULL_CONTROL" && "id" in grantee && grantee.id === canonicalId(owner),
  );
}

export function blockedAcl(cx: S3Context, action: string, resource: string) {
  return accessDenied(
    `User: ${nameOf(cx.principal)} is not authorized to perform: ${action} on resource: "${resource}" ` +
      "because public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting.",
  );
}

function readHeaders(input: DraftInput, raw: HttpHead["headers"] | undefined): ObjectHeaders {
  const encoding = withoutAwsChunked(input.ContentEncoding);
  // AWS: the Expires header is kept as it was sent, be it a date or not.
  const expires = raw?.["expires"] ?? input.Expires?.toUTCString();
  return {
    ...(input.CacheControl === undefined ? {} : { CacheControl: input.CacheControl }),
    ...(input.ContentDisposition === undefined ? {} : { ContentDisposition: input.ContentDisposition }),
    ...(encoding === undefined ? {} : { ContentEncoding: encoding }),
    ...(input.ContentLanguage === undefined ? {} : { ContentLanguage: input.ContentLanguage }),
    ...(input.ContentType === undefined || input.ContentType === "" ? {} : { ContentType: input.ContentType }),
    ...(expires === undefined ? {} : { Expires: expires }),
  };
}

/** How the body was sent is no property of the object. */
function withoutAwsChunked(encoding: string | undefined): string | undefined {
  if (!encoding?.includes("aws-chunked")) return encoding;
  const kept = encoding
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "aws-chunked" && one !== "");
  return kept.length > 0 ? kept.join(",") : undefined;
}

/** @throws AwsError MetadataTooLarge, above 2 KB of names and values together */
export function readMetadata(metadata: Record<string, string> | undefined): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata ?? {})) {
    kept[name.toLowerCase()] = value;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > METADATA_BYTES_MAX) throw metadataTooLarge(bytes);
  return kept;
}

/** AWS: "Setting an Object Redirect". @throws AwsError InvalidRedirectLocation */
function checkRedirect(location: string): string {
  if (!/^(?:\/|https?:\/\/)/.test(location)) throw invalidRedirectLocation();
  return location;
}
