import { askBucket } from "./access.ts";
import { ownedBucket, type BucketInput } from "./bucket.ts";
import { wholeSeconds } from "./conditions.ts";
import { methodNotAllowedOnMarker, noSuchKey, noSuchVersion } from "./errors.ts";
import type { Bucket, DeleteMarker, S3Context, StoredObject } from "./state.ts";
import { checkVersionId, findVersion } from "./versions.ts";

export interface ObjectInput extends BucketInput {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/** How an operation speaks of what it does not find. */
export interface Finding {
  /** HTTP method, for what a delete marker does not allow. */
  readonly method: string;
  /** A current delete marker is told as a method that is not allowed, not as a missing key. */
  readonly markerIsNotAllowed?: boolean;
  /** The key as the error names it, where it is told otherwise. */
  readonly keyInError?: string;
}

/**
 * The object that a request means, for reading it or what is set on it.
 * AWS: whoever may not list the bucket is not told that a key is missing.
 * @throws AwsError NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied
 */
export function getObject(
  cx: S3Context,
  input: ObjectInput,
  finding: Finding,
): { bucket: Bucket; object: StoredObject } {
  const bucket = ownedBucket(cx, input);
  const key = input.Key ?? "";
  checkVersionId(input.VersionId);
  const found = findVersion(cx.state, bucket.name, key, input.VersionId);
  if (found && !found.isMarker) return { bucket, object: found };
  if (found) {
    const named = input.VersionId !== undefined;
    if (named || finding.markerIsNotAllowed)
      throw methodNotAllowedOnMarker(finding.method, { ...markerHeaders(found), allow: "DELETE" });
  }
  cx.authorize(askBucket(cx, bucket.name, "s3:ListBucket"));
  if (input.VersionId !== undefined) throw noSuchVersion(key, input.VersionId);
  throw noSuchKey(finding.keyInError ?? key, found ? markerHeaders(found) : {});
}

function markerHeaders(marker: DeleteMarker): Record<string, string> {
  return {
    "x-amz-delete-marker": "true",
    "x-amz-version-id": marker.versionId,
    "last-modified": new Date(wholeSeconds(marker.modifiedMs)).toUTCString(),
  };
}

/** When an object was written, as S3 tells it. */
export function lastModified(version: { readonly modifiedMs: number }): Date {
  return new Date(wholeSeconds(version.modifiedMs));
}
