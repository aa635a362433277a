import type { ObjectVersion, StoredObject } from "./state.ts";
import {
  conditionalRequestConflict,
  headerNotImplemented,
  noSuchKey,
  notModified,
  preconditionFailed,
} from "./errors.ts";

/** AWS: dates of HTTP are whole seconds, and so objects' are compared. */
export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

export interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

type ConditionName = keyof ReadConditions;

/** Which condition of a read does not hold. AWS: "GetObject", on combining them: an ETag outweighs a date. */
function failedCondition(object: StoredObject, conditions: ReadConditions, nowMs: number): ConditionName | undefined {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  const modifiedMs = wholeSeconds(object.modifiedMs);
  if (IfMatch !== undefined) {
    if (!matches(IfMatch, object.etag)) return "IfMatch";
  } else if (IfUnmodifiedSince && modifiedMs > IfUnmodifiedSince.getTime()) return "IfUnmodifiedSince";
  if (IfNoneMatch !== undefined) {
    if (matches(IfNoneMatch, object.etag)) return "IfNoneMatch";
  } else if (IfModifiedSince && modifiedMs <= IfModifiedSince.getTime() && IfModifiedSince.getTime() <= nowMs)
    // AWS: a date in the future is ignored.
    return "IfModifiedSince";
  return undefined;
}

const HEADER: Record<ConditionName, string> = {
  IfMatch: "If-Match",
  IfNoneMatch: "If-None-Match",
  IfModifiedSince: "If-Modified-Since",
  IfUnmodifiedSince: "If-Unmodified-Since",
};

/** @throws AwsError PreconditionFailed (412) or NotModified (304) */
export function checkReadConditions(object: StoredObject, conditions: ReadConditions, nowMs: number): void {
  const failed = failedCondition(object, conditions, nowMs);
  if (failed === undefined) return;
  if (failed === "IfNoneMatch" || failed === "IfModifiedSince")
    throw notModified({
      etag: `"${object.etag}"`,
      "last-modified": new Date(wholeSeconds(object.modifiedMs)).toUTCString(),
    });
  throw preconditionFailed(HEADER[failed]);
}

/** The conditions on the source of a copy. @throws AwsError PreconditionFailed, for each of them */
export function checkCopyConditions(
  object: StoredObject,
  input: {
    readonly CopySourceIfMatch?: string | undefined;
    readonly CopySourceIfNoneMatch?: string | undefined;
    readonly CopySourceIfModifiedSince?: Date | undefined;
    readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  },
  nowMs: number,
): void {
  const failed = failedCondition(
    object,
    {
      IfMatch: input.CopySourceIfMatch,
      IfNoneMatch: input.CopySourceIfNoneMatch,
      IfModifiedSince: input.CopySourceIfModifiedSince,
      IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    nowMs,
  );
  if (failed) throw preconditionFailed(`x-amz-copy-source-${HEADER[failed]}`);
}

function matches(condition: string, etag: string): boolean {
  return condition.split(",").some((one) => {
    const wanted = one.trim().replace(/^W\//, "");
    return wanted === "*" || unquoted(wanted) === etag;
  });
}

export function unquoted(etag: string): string {
  return etag.startsWith('"') && etag.endsWith('"') && etag.length > 1 ? etag.slice(1, -1) : etag;
}

export interface WriteConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/** Refuses what AWS itself does not take. @throws AwsError NotImplemented (501) */
export function checkWriteHeaders({ IfMatch, IfNoneMatch }: WriteConditions): void {
  if (IfMatch !== undefined && IfNoneMatch !== undefined)
    throw headerNotImplemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  const refused = "We don't accept the provided value of";
  if (IfNoneMatch !== undefined && IfNoneMatch !== "*")
    throw headerNotImplemented("If-None-Match", `${refused} If-None-Match header for this API`);
  if (IfMatch === "*") throw headerNotImplemented("If-Match", `${refused} If-Match header for this API`);
}

/**
 * Checks the conditions of a write against what stands there now.
 * @param since when the write began, for an upload in parts: what was changed meanwhile is a conflict
 * @throws AwsError PreconditionFailed, NoSuchKey, ConditionalRequestConflict
 */
export function checkWriteConditions(
  key: string,
  current: ObjectVersion | undefined,
  { IfMatch, IfNoneMatch }: WriteConditions,
  since?: { readonly sequence: number; readonly deleted: boolean },
): void {
  const object = current?.isMarker ? undefined : current;
  if (IfNoneMatch !== undefined) {
    if (object) throw preconditionFailed("If-None-Match");
    if (since?.deleted) throw conditionalRequestConflict("If-None-Match", key);
  }
  if (IfMatch !== undefined) {
    if (!object) throw noSuchKey(key);
    if (unquoted(IfMatch) !== object.etag) throw preconditionFailed("If-Match");
    if (since && object.sequence > since.sequence) throw conditionalRequestConflict("If-Match", key);
  }
}
