import type { Ask } from "../../service.ts";
import { aclStatements } from "./acl.ts";
import { aclsDisabled, bucketArn, getBucket, objectArn } from "./bucket.ts";
import type { Bucket, S3Context, StoredObject, Tag } from "./state.ts";
import { findVersion } from "./versions.ts";

/**
 * What S3 asks IAM: action, resource, condition keys and the resource's side of the decision, in which bucket policy,
 * ACLs and Block Public Access are made one policy.
 */

type Context = Record<string, string | readonly string[]>;
/** Condition keys of a request; those that the request does not carry are undefined. */
export type Keys = Record<string, string | number | readonly string[] | undefined>;

/** Asks for an action on a bucket. @throws AwsError NoSuchBucket, PermanentRedirect */
export function askBucket(cx: S3Context, name: string | undefined, action: string, keys: Keys = {}): Ask {
  const bucket = getBucket(cx, name);
  // AWS: the root of the owning account can always repair a policy that locks everybody out.
  const repairs = cx.principal.kind === "root" && cx.principal.account === bucket.account && POLICY_ACTION.test(action);
  return {
    action,
    resource: bucketArn(bucket.name),
    resourceAccount: bucket.account,
    denial: denialFor(cx, bucket),
    resourcePolicy: repairs ? undefined : resourcePolicy(cx, bucket, undefined),
    context: contextOf(cx, keys),
  };
}

const POLICY_ACTION = /^s3:(?:Get|Put|Delete)BucketPolicy$/;

/** AWS: the actions that have a form of their own where the request names a version. */
const OF_VERSION: Record<string, string> = {
  "s3:GetObject": "s3:GetObjectVersion",
  "s3:GetObjectAcl": "s3:GetObjectVersionAcl",
  "s3:GetObjectAttributes": "s3:GetObjectVersionAttributes",
  "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
  "s3:PutObjectAcl": "s3:PutObjectVersionAcl",
  "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
  "s3:DeleteObject": "s3:DeleteObjectVersion",
  "s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
};

export interface ObjectAsk {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/**
 * Asks for an action on an object. Where the request names a version, the action's version form is asked for instead,
 * e.g. `s3:GetObjectVersion` for `s3:GetObject`.
 */
export function askObject(cx: S3Context, input: ObjectAsk, action: string, keys: Keys = {}): Ask {
  const bucket = getBucket(cx, input.Bucket);
  const key = input.Key ?? "";
  const found = findVersion(cx.state, bucket.name, key, input.VersionId);
  const object = found && !found.isMarker ? found : undefined;
  return {
    action: input.VersionId === undefined ? action : (OF_VERSION[action] ?? action),
    resource: objectArn(bucket.name, key),
    resourceAccount: bucket.account,
    denial: denialFor(cx, bucket),
    resourcePolicy: resourcePolicy(cx, bucket, object),
    context: contextOf(cx, {
      ...keys,
      "s3:VersionId": input.VersionId,
      ...tagKeys("s3:ExistingObjectTag", object?.tags),
    }),
  };
}

/** The condition keys `PREFIX/KEY` of tags. */
export function tagKeys(prefix: string, tags: readonly Tag[] | undefined): Keys {
  return tags ? Object.fromEntries(tags.map((tag) => [`${prefix}/${tag.Key}`, tag.Value])) : {};
}

/** Condition keys of the tags that a request sets. */
export function requestTagKeys(tags: readonly Tag[] | undefined): Keys {
  return tags
    ? { ...tagKeys("s3:RequestObjectTag", tags), "s3:RequestObjectTagKeys": tags.map((tag) => tag.Key!) }
    : {};
}

/** AWS: "Condition keys for Amazon S3": how the request was signed, and what the operation adds. */
export function contextOf(cx: S3Context, keys: Keys): Context {
  const context: Context = {};
  const { headers } = cx.source;
  if (headers && cx.principal.kind !== "anonymous") {
    const { authorization, policy } = headers;
    context["s3:authType"] = authorization ? "REST-HEADER" : policy === undefined ? "REST-QUERY-STRING" : "POST";
    context["s3:signatureversion"] = authorization?.startsWith("AWS ") ? "AWS" : "AWS4-HMAC-SHA256";
    const sha256 = headers["x-amz-content-sha256"];
    if (sha256 !== undefined) context["s3:x-amz-content-sha256"] = sha256;
  }
  for (const [name, value] of Object.entries(keys))
    if (value !== undefined) context[name] = typeof value === "number" ? String(value) : value;
  return context;
}

/**
 * The resource's side as one policy, in JSON.
 * Block Public Access: public ACLs are ignored where it says so; and while a public policy restricts its bucket, only
 * the owner's account and AWS services have any use of it, so its allows are left out for everybody else.
 */
function resourcePolicy(cx: S3Context, bucket: Bucket, object: StoredObject | undefined): string | undefined {
  const { policy, publicAccess } = bucket;
  const restricted = policy?.isPublic && publicAccess?.RestrictPublicBuckets && isOutsider(cx, bucket);
  const grants = grantsOf(bucket, object);
  if (!restricted && grants.length === 0) return policy?.text;
  const document = policy ? (JSON.parse(policy.text) as { Statement: object | object[] }) : { Statement: [] };
  const own = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const kept = restricted ? own.filter((statement) => (statement as { Effect: string }).Effect === "Deny") : own;
  const statements = [...kept, ...grants];
  return statements.length === 0
    ? undefined
    : JSON.stringify({ Version: "2012-10-17", ...document, Statement: statements });
}

/** AWS: "Access denied error messages": only callers of the owner's account are told why. */
function denialFor(cx: S3Context, bucket: Bucket): string | undefined {
  return isOutsider(cx, bucket) ? "Access Denied" : undefined;
}

function isOutsider({ principal }: S3Context, bucket: Bucket): boolean {
  return principal.kind === "anonymous" || ("account" in principal && principal.account !== bucket.account);
}

function grantsOf(bucket: Bucket, object: StoredObject | undefined): object[] {
  if (aclsDisabled(bucket)) return [];
  const options = { owner: bucket.account, ignorePublic: bucket.publicAccess?.IgnorePublicAcls ?? false };
  const ofBucket = aclStatements(bucket.acl, { kind: "bucket", arn: bucketArn(bucket.name) }, options);
  if (!object?.acl) return ofBucket;
  const arn = objectArn(bucket.name, object.key);
  return [...ofBucket, ...aclStatements(object.acl, { kind: "object", arn }, options)];
}
