import type { Input, Output } from "../../../aws/api-types.ts";
import { aclMembers, privateAcl } from "../acl.ts";
import { readObjectAcl } from "../draft.ts";
import { malformedXml, noObjectLock } from "../errors.ts";
import { announce } from "../events.ts";
import { checkLockable, checkRetentionChange, readRetentionDocument } from "../lock.ts";
import { getObject, type ObjectInput } from "../reading.ts";
import type { S3Context } from "../state.ts";
import { planExpiry } from "../lifecycle.ts";
import { checkTags, sortTags } from "../tags.ts";
import { changeObject, versionIdMember } from "../versions.ts";

/** What is set on an object after it is written: tags, ACL, retention, legal hold. */

// Tags

export function PutObjectTagging(
  cx: S3Context,
  input: Input<"s3", "PutObjectTagging">,
): Output<"s3", "PutObjectTagging"> {
  const { bucket, object } = getObject(cx, input, { method: "PUT", markerIsNotAllowed: true });
  const tags = sortTags(checkTags(input.Tagging?.TagSet ?? (input.Tagging ? [] : undefined), "object"));
  const changed = changeObject(cx.state, bucket.name, object, { tags: tags.length > 0 ? tags : undefined });
  announce(cx, bucket, "ObjectTagging:Put", changed);
  planExpiry(cx, bucket);
  return versionIdMember(bucket, object);
}

export function GetObjectTagging(
  cx: S3Context,
  input: Input<"s3", "GetObjectTagging">,
): Output<"s3", "GetObjectTagging"> {
  // Quirk: here, and nowhere else, S3 names a missing key with its bucket.
  const keyInError = `${input.Bucket}/${input.Key}`;
  const { bucket, object } = getObject(cx, input, { method: "GET", markerIsNotAllowed: true, keyInError });
  return { TagSet: [...(object.tags ?? [])], ...versionIdMember(bucket, object) };
}

export function DeleteObjectTagging(
  cx: S3Context,
  input: Input<"s3", "DeleteObjectTagging">,
): Output<"s3", "DeleteObjectTagging"> {
  const { bucket, object } = getObject(cx, input, { method: "DELETE", markerIsNotAllowed: true });
  const changed = changeObject(cx.state, bucket.name, object, { tags: undefined });
  announce(cx, bucket, "ObjectTagging:Delete", changed);
  return versionIdMember(bucket, object);
}

// ACL

export function PutObjectAcl(cx: S3Context, input: Input<"s3", "PutObjectAcl">): Output<"s3", "PutObjectAcl"> {
  const { bucket, object } = getObject(cx, input, { method: "PUT", markerIsNotAllowed: true });
  const acl = readObjectAcl(cx, bucket, object.key, input, object.owner);
  if (!acl) return {};
  const changed = changeObject(cx.state, bucket.name, object, { acl });
  announce(cx, bucket, "ObjectAcl:Put", changed);
  return {};
}

export function GetObjectAcl(cx: S3Context, input: Input<"s3", "GetObjectAcl">): Output<"s3", "GetObjectAcl"> {
  const { object } = getObject(cx, input, { method: "GET" });
  return aclMembers(object.acl ?? privateAcl(object.owner), object.owner);
}

// Object lock

function getLockable(cx: S3Context, input: ObjectInput, method: string) {
  const found = getObject(cx, input, { method, markerIsNotAllowed: true });
  checkLockable(found.bucket);
  return found;
}

export function PutObjectRetention(
  cx: S3Context,
  input: Input<"s3", "PutObjectRetention">,
): Output<"s3", "PutObjectRetention"> {
  const { bucket, object } = getLockable(cx, input, "PUT");
  const retention = readRetentionDocument(input.Retention, cx.kernel.clock.now());
  checkRetentionChange(cx, bucket, object, retention, input.BypassGovernanceRetention ?? false);
  const changed = changeObject(cx.state, bucket.name, object, { retention });
  announce(cx, bucket, "ObjectRetention:Put", changed);
  return {};
}

export function GetObjectRetention(
  cx: S3Context,
  input: Input<"s3", "GetObjectRetention">,
): Output<"s3", "GetObjectRetention"> {
  const { retention } = getLockable(cx, input, "GET").object;
  if (!retention) throw noObjectLock();
  return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.untilMs) } };
}

export function PutObjectLegalHold(
  cx: S3Context,
  input: Input<"s3", "PutObjectLegalHold">,
): Output<"s3", "PutObjectLegalHold"> {
  const { bucket, object } = getLockable(cx, input, "PUT");
  const status = input.LegalHold?.Status;
  if (status !== "ON" && status !== "OFF") throw malformedXml();
  changeObject(cx.state, bucket.name, object, { legalHold: status });
  return {};
}

export function GetObjectLegalHold(
  cx: S3Context,
  input: Input<"s3", "GetObjectLegalHold">,
): Output<"s3", "GetObjectLegalHold"> {
  const { legalHold } = getLockable(cx, input, "GET").object;
  if (!legalHold) throw noObjectLock();
  return { LegalHold: { Status: legalHold } };
}
