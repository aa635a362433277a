import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import { suspends } from "../../../service.ts";
import { askObject } from "../access.ts";
import { ownedBucket } from "../bucket.ts";
import { unquoted } from "../conditions.ts";
import {
  headerNotImplemented,
  invalidArgument,
  invalidRequest,
  malformedXml,
  noSuchKey,
  noSuchVersion,
  preconditionFailed,
} from "../errors.ts";
import { announce } from "../events.ts";
import { planExpiry } from "../lifecycle.ts";
import { checkDeletable } from "../lock.ts";
import { nextSequence, type Bucket, type ObjectVersion, type S3Context, type S3State } from "../state.ts";
import { commit } from "../upload.ts";
import { checkVersionId, findVersion, hideObject, removeVersion } from "../versions.ts";

const KEYS_MAX = 1000;

/** What a deletion did: the marker that it made, or the version that is gone. */
interface Deletion {
  readonly marker?: ObjectVersion | undefined;
  readonly removed?: ObjectVersion | undefined;
}

export const DeleteObject = suspends<S3State, Input<"s3", "DeleteObject">, Output<"s3", "DeleteObject">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    const { Key: key = "", VersionId: versionId, BypassGovernanceRetention: bypass } = input;
    checkBypass(bucket, bypass);
    checkVersionId(versionId);
    for (const name of ["IfMatchSize", "IfMatchLastModifiedTime"] as const)
      if (input[name] !== undefined)
        throw headerNotImplemented(
          name === "IfMatchSize" ? "x-amz-if-match-size" : "x-amz-if-match-last-modified-time",
          "This header is only supported by directory buckets",
        );
    return commit(cx, [], () => {
      checkCondition(cx, bucket, { key, versionId, ifMatch: input.IfMatch });
      const { marker, removed } = remove(cx, bucket, { key, versionId, bypass: bypass ?? false });
      if (marker) return { DeleteMarker: true, VersionId: marker.versionId };
      if (versionId === undefined) return {};
      return { ...(removed?.isMarker ? { DeleteMarker: true } : {}), VersionId: versionId };
    });
  },
);

export const DeleteObjects = suspends<S3State, Input<"s3", "DeleteObjects">, Output<"s3", "DeleteObjects">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    const bypass = input.BypassGovernanceRetention;
    checkBypass(bucket, bypass);
    requireDigest(cx);
    const entries = input.Delete?.Objects ?? [];
    if (entries.length === 0 || entries.length > KEYS_MAX) throw malformedXml();
    const deleted: NonNullable<Output<"s3", "DeleteObjects">["Deleted"]> = [];
    const errors: NonNullable<Output<"s3", "DeleteObjects">["Errors"]> = [];
    commit(cx, [], () => {
      for (const entry of entries) {
        const { Key: key = "", VersionId: versionId } = entry;
        try {
          cx.authorize(askObject(cx, { Bucket: bucket.name, Key: key, VersionId: versionId }, "s3:DeleteObject"));
          checkCondition(cx, bucket, { key, versionId, ifMatch: entry.ETag });
          const { marker, removed } = remove(cx, bucket, { key, versionId, bypass: bypass ?? false });
          if (versionId !== undefined && !removed) throw noSuchVersion(key, versionId);
          const markerId = marker?.versionId ?? (removed?.isMarker ? removed.versionId : undefined);
          deleted.push({
            Key: key,
            ...(versionId === undefined ? {} : { VersionId: versionId }),
            ...(markerId === undefined ? {} : { DeleteMarker: true, DeleteMarkerVersionId: markerId }),
          });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          errors.push({
            Key: key,
            Code: error.code,
            Message: error.message,
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          });
        }
      }
    });
    return {
      ...(input.Delete?.Quiet || deleted.length === 0 ? {} : { Deleted: deleted }),
      ...(errors.length === 0 ? {} : { Errors: errors }),
    };
  },
);

function checkBypass(bucket: Bucket, bypass: boolean | undefined): void {
  if (bypass !== undefined && !bucket.objectLock)
    throw invalidArgument(
      "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
      "x-amz-bypass-governance-retention",
    );
}

/** AWS: a batch must prove that it arrived whole. */
function requireDigest(cx: S3Context): void {
  const { headers } = cx.source;
  if (!headers || headers["content-md5"] !== undefined) return;
  const names = Object.keys(headers);
  if (!names.some((name) => name.startsWith("x-amz-checksum-") || name === "x-amz-trailer"))
    throw invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
}

function checkCondition(
  cx: S3Context,
  bucket: Bucket,
  { key, versionId, ifMatch }: { key: string; versionId: string | undefined; ifMatch: string | undefined },
): void {
  if (ifMatch === undefined) return;
  const found = findVersion(cx.state, bucket.name, key, versionId);
  if (!found || found.isMarker) throw noSuchKey(key);
  if (ifMatch !== "*" && unquoted(ifMatch) !== found.etag) throw preconditionFailed("If-Match");
}

function remove(
  cx: S3Context,
  bucket: Bucket,
  { key, versionId, bypass }: { key: string; versionId: string | undefined; bypass: boolean },
): Deletion {
  const found = findVersion(cx.state, bucket.name, key, versionId);
  if (versionId === undefined) {
    const marker = hideObject(cx, bucket, key, bucket.account);
    if (marker) announce(cx, bucket, "ObjectRemoved:DeleteMarkerCreated", marker);
    else if (found) announceRemoval(cx, bucket, found);
    planExpiry(cx, bucket);
    return marker ? { marker } : { removed: found };
  }
  if (!found) return {};
  if (!found.isMarker) checkDeletable(cx, bucket, found, bypass);
  removeVersion(cx.state, bucket.name, found);
  announceRemoval(cx, bucket, found);
  // A delete marker may now hide nothing.
  planExpiry(cx, bucket);
  return { removed: found };
}

function announceRemoval(cx: S3Context, bucket: Bucket, version: ObjectVersion): void {
  const sequence = nextSequence(cx.state, cx.kernel.clock.now(), version.sequence);
  announce(cx, bucket, "ObjectRemoved:Delete", { ...version, sequence });
}
