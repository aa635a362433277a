import { canonicalId } from "./acl.ts";
import { invalidArgument } from "./errors.ts";
import { encodeKeyForUrl } from "./key.ts";
import { lastModified } from "./reading.ts";
import type { ObjectVersion, StoredObject } from "./state.ts";

/** What all listings have in common: parameters, and how their entries look. */

const KEYS_MAX = 1000;

/** Writes a key as the request wants it. */
export type Encode = (text: string) => string;

/** @throws AwsError InvalidArgument */
export function readEncoding(type: string | undefined): Encode {
  if (type === undefined) return (text) => text;
  if (type !== "url")
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", type === "" ? null : type);
  return encodeKeyForUrl;
}

/** Most entries of a page: as asked, and 1,000 at most. @throws AwsError InvalidArgument */
export function readLimit(value: number | undefined, name: string): number {
  if (value === undefined) return KEYS_MAX;
  if (!Number.isInteger(value))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, String(value));
  if (value < 0)
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(value));
  return Math.min(value, KEYS_MAX);
}

export function listed(object: StoredObject, encode: Encode, withRestore: boolean) {
  const { restore } = object;
  return {
    Key: encode(object.key),
    LastModified: lastModified(object),
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: [object.checksum.algorithm],
    ChecksumType: object.checksum.type,
    Size: object.bytes,
    StorageClass: object.storageClass as "STANDARD",
    ...(withRestore && restore
      ? {
          RestoreStatus: {
            IsRestoreInProgress: restore.expiryMs === undefined,
            ...(restore.expiryMs === undefined ? {} : { RestoreExpiryDate: new Date(restore.expiryMs) }),
          },
        }
      : {}),
  };
}

export function owner(version: ObjectVersion) {
  return { Owner: { ID: canonicalId(version.owner) } };
}

export function prefixes(commonPrefixes: readonly string[], encode: Encode) {
  if (commonPrefixes.length === 0) return {};
  return { CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })) };
}
