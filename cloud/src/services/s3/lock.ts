import type { ObjectLockRule } from "@aws-sdk/client-s3";
import { askObject } from "./access.ts";
import type { Bucket, Retention, S3Context, StoredObject } from "./state.ts";
import { accessDenied, invalidArgument, invalidRequest, malformedXml, missingLockConfiguration } from "./errors.ts";

/** Object lock. AWS: "Locking objects with Object Lock". */

const DAY_MS = 86_400_000;
const RETAIN_YEARS_MAX = 100;

/** @throws AwsError InvalidRequest where the bucket has no object lock */
export function checkLockable(bucket: Bucket): void {
  if (!bucket.objectLock) throw missingLockConfiguration();
}

/** The object lock headers of a request that writes an object. */
export interface LockInput {
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}

/**
 * Retention and legal hold of a new object: the request's, else the bucket's default.
 * @throws AwsError InvalidRequest, InvalidArgument
 */
export function readLock(
  bucket: Bucket,
  input: LockInput,
  nowMs: number,
): Pick<StoredObject, "retention" | "legalHold"> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input;
  const asked = mode !== undefined || until !== undefined || hold !== undefined;
  if (!bucket.objectLock) {
    if (asked) throw missingLockConfiguration();
    return {};
  }
  if ((mode === undefined) !== (until === undefined))
    throw invalidArgument(
      "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
      mode === undefined ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date",
    );
  if (hold !== undefined && hold !== "ON" && hold !== "OFF")
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", hold);
  const retention = mode === undefined ? defaultRetention(bucket, nowMs) : readRetention(mode, until!, nowMs);
  return { ...(retention ? { retention } : {}), ...(hold === undefined ? {} : { legalHold: hold }) };
}

function readRetention(mode: string, until: Date, nowMs: number): Retention {
  if (mode !== "GOVERNANCE" && mode !== "COMPLIANCE")
    throw invalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode);
  checkUntil(until, nowMs, "x-amz-object-lock-retain-until-date");
  return { mode, untilMs: until.getTime() };
}

function checkUntil(until: Date, nowMs: number, name: string): void {
  if (until.getTime() <= nowMs)
    throw invalidArgument("The retain until date must be in the future!", name, until.toISOString());
  if (until.getTime() > nowMs + RETAIN_YEARS_MAX * 366 * DAY_MS)
    throw invalidArgument("The retain until date must be within 100 years", name, until.toISOString());
}

function defaultRetention(bucket: Bucket, nowMs: number): Retention | undefined {
  const rule = bucket.objectLock?.rule?.DefaultRetention;
  if (!rule?.Mode) return undefined;
  if (rule.Days !== undefined) return { mode: rule.Mode, untilMs: nowMs + rule.Days * DAY_MS };
  const until = new Date(nowMs);
  until.setUTCFullYear(until.getUTCFullYear() + (rule.Years ?? 0));
  return { mode: rule.Mode, untilMs: until.getTime() };
}

/** Checks what PutObjectLockConfiguration is given. @throws AwsError MalformedXML, InvalidArgument */
export function checkLockRule(rule: ObjectLockRule | undefined): void {
  if (rule === undefined) return;
  const retention = rule.DefaultRetention;
  if (!retention?.Mode || (retention.Days === undefined) === (retention.Years === undefined)) throw malformedXml();
  const length = retention.Days ?? retention.Years ?? 0;
  if (length <= 0) throw invalidArgument("Default retention period must be a positive integer value.");
  if (length > (retention.Days === undefined ? RETAIN_YEARS_MAX : RETAIN_YEARS_MAX * 365))
    throw invalidArgument("Default retention period too large");
}

/** @throws AwsError AccessDenied where a version is protected from being deleted */
export function checkDeletable(cx: S3Context, bucket: Bucket, object: StoredObject, bypass: boolean): void {
  if (object.legalHold === "ON") throw protectedByLock();
  const { retention } = object;
  if (!retention || retention.untilMs <= cx.kernel.clock.now()) return;
  if (retention.mode === "COMPLIANCE" || !bypass) throw protectedByLock();
  authorizeBypass(cx, bucket, object);
}

function protectedByLock() {
  return accessDenied("Access Denied because object protected by object lock.");
}

function authorizeBypass(cx: S3Context, bucket: Bucket, object: StoredObject): void {
  cx.authorize(askObject(cx, { Bucket: bucket.name, Key: object.key }, "s3:BypassGovernanceRetention"));
}

/**
 * Whether an object's retention may become another one. Lengthening is always allowed; shortening, loosening and
 * removing only in governance mode and with the permission to bypass it.
 * @throws AwsError AccessDenied
 */
export function checkRetentionChange(
  cx: S3Context,
  bucket: Bucket,
  object: StoredObject,
  next: Retention | undefined,
  bypass: boolean,
): void {
  const { retention } = object;
  if (!retention || retention.untilMs <= cx.kernel.clock.now()) return;
  const stricter =
    next !== undefined &&
    next.untilMs >= retention.untilMs &&
    (next.mode === retention.mode || next.mode === "COMPLIANCE");
  if (stricter) return;
  if (retention.mode === "COMPLIANCE" || !bypass) throw protectedByLock();
  authorizeBypass(cx, bucket, object);
}

/** What PutObjectRetention is given; undefined takes the retention away. @throws AwsError MalformedXML, InvalidArgument */
export function readRetentionDocument(
  retention: { Mode?: string | undefined; RetainUntilDate?: Date | undefined } | undefined,
  nowMs: number,
): Retention | undefined {
  if (!retention) throw malformedXml();
  const { Mode: mode, RetainUntilDate: until } = retention;
  if (mode === undefined && until === undefined) return undefined;
  if (mode === undefined || until === undefined || (mode !== "GOVERNANCE" && mode !== "COMPLIANCE"))
    throw malformedXml();
  checkUntil(until, nowMs, "RetainUntilDate");
  return { mode, untilMs: until.getTime() };
}

/** AWS: such an upload must carry its own proof of having arrived whole. @throws AwsError InvalidRequest */
export function checkLockedUpload(input: LockInput, hasDigest: boolean): void {
  const asked = input.ObjectLockMode !== undefined || input.ObjectLockLegalHoldStatus !== undefined;
  if (asked && !hasDigest)
    throw invalidRequest(
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    );
}

/** The response members that tell of an object's lock. */
export function lockMembers(object: StoredObject) {
  const { retention, legalHold } = object;
  return {
    ...(retention ? { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.untilMs) } : {}),
    ...(legalHold ? { ObjectLockLegalHoldStatus: legalHold } : {}),
  };
}
