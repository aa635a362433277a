import { NotEmulatedError } from "../../aws/error.ts";
import { invalidObjectState, invalidStorageClass } from "./errors.ts";
import type { StoredObject } from "./state.ts";

const STORAGE_CLASSES = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
];
const ARCHIVED = ["GLACIER", "DEEP_ARCHIVE"];

/** @throws AwsError InvalidStorageClass; NotEmulatedError for the class of directory buckets */
export function checkStorageClass(requested: string | undefined): string {
  if (requested === undefined) return "STANDARD";
  if (requested === "EXPRESS_ONEZONE") throw new NotEmulatedError("the storage class EXPRESS_ONEZONE of S3");
  if (!STORAGE_CLASSES.includes(requested)) throw invalidStorageClass(requested);
  return requested;
}

export function isArchived(storageClass: string): boolean {
  return ARCHIVED.includes(storageClass);
}

/** @throws AwsError InvalidObjectState for an archived object without a restored copy */
export function checkNotArchived(object: StoredObject): void {
  if (isArchived(object.storageClass) && object.restore?.expiryMs === undefined)
    throw invalidObjectState(object.storageClass);
}

/** AWS: STANDARD is told in listings and nowhere else. */
export function storageClassMember(storageClass: string) {
  return storageClass === "STANDARD" ? {} : { StorageClass: storageClass as "STANDARD_IA" };
}

/** The `x-amz-restore` header of an archived object. */
export function restoreMember(object: StoredObject) {
  const { restore } = object;
  if (!restore) return {};
  if (restore.expiryMs === undefined) return { Restore: 'ongoing-request="true"' };
  return { Restore: `ongoing-request="false", expiry-date="${new Date(restore.expiryMs).toUTCString()}"` };
}
