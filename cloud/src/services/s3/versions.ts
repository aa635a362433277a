import { crc32 } from "node:zlib";
import {
  nextSequence,
  type Bucket,
  type DeleteMarker,
  type ObjectVersion,
  type S3State,
  type StoredObject,
} from "./state.ts";
import { invalidVersionId } from "./errors.ts";
import type { Here } from "./events.ts";
import { noteDeletion } from "./upload-parts.ts";

/**
 * The versions of a key. `current` holds the newest of each key, be it an object or a delete marker, `older` the others,
 * newest first; so a key that has older versions always has a current one.
 */

export const NULL_VERSION = "null";
const ID_LENGTH = 32;
const SEQUENCE_DIGITS = 12;
const PROOF_DIGITS = 7;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * A version id as AWS's look, 32 characters. Its first ones are the sequence, so that the version is found directly; its
 * last ones follow from the others, since S3 tells an id that it never made from one that is gone.
 */
function versionIdOf(here: Here, sequence: number): string {
  const digits = Math.round(sequence).toString(36).padStart(SEQUENCE_DIGITS, "0");
  const id = digits + here.kernel.random.text(ID_LENGTH - SEQUENCE_DIGITS - PROOF_DIGITS, ALPHABET);
  return id + proofOf(id);
}

function proofOf(id: string): string {
  return crc32(id).toString(36).padStart(PROOF_DIGITS, "0");
}

function sequenceOf(versionId: string): number {
  return parseInt(versionId.slice(0, SEQUENCE_DIGITS), 36);
}

/** @throws AwsError InvalidArgument for what cannot be a version id */
export function checkVersionId(versionId: string | undefined): void {
  if (versionId !== undefined && !isVersionId(versionId)) throw invalidVersionId(versionId);
}

/** Whether S3 made such an id, for whatever version. */
function isVersionId(versionId: string): boolean {
  if (versionId === NULL_VERSION) return true;
  const id = versionId.slice(0, -PROOF_DIGITS);
  return versionId.length === ID_LENGTH && versionId.slice(-PROOF_DIGITS) === proofOf(id);
}

/** A version of a key; without an id the current one. */
export function findVersion(
  state: S3State,
  bucket: string,
  key: string,
  versionId?: string,
): ObjectVersion | undefined {
  const current = state.current.get([bucket, key]);
  if (versionId === undefined || !current || current.versionId === versionId) return current;
  if (versionId === NULL_VERSION) return findOlderNull(state, bucket, key);
  if (!isVersionId(versionId)) return undefined;
  const older = state.older.get([bucket, key, -sequenceOf(versionId)]);
  return older?.versionId === versionId ? older : undefined;
}

function findOlderNull(state: S3State, bucket: string, key: string): ObjectVersion | undefined {
  for (const version of state.older.values({ prefix: [bucket, key] }))
    if (version.versionId === NULL_VERSION) return version;
  return undefined;
}

/** What a change freed and made; the freed bodies are discarded by then. */
export interface Written<V extends ObjectVersion> {
  readonly version: V;
  /** What it took the place of, if that is gone now. */
  readonly replaced: ObjectVersion | undefined;
}

type NewVersion<V extends ObjectVersion> = Omit<V, "versionId" | "sequence" | "modifiedMs" | "noncurrentMs">;

/** Writes a new current version, keeping the former ones as the bucket's versioning says. Inside a transaction. */
export function putVersion<V extends ObjectVersion>(here: Here, bucket: Bucket, made: NewVersion<V>): Written<V> {
  const { state } = here;
  const nowMs = here.kernel.clock.now();
  const former = state.current.get([bucket.name, made.key]);
  const sequence = nextSequence(state, nowMs, former?.sequence);
  const versionId = bucket.versioning === "Enabled" ? versionIdOf(here, sequence) : NULL_VERSION;
  const version = { ...made, versionId, sequence, modifiedMs: nowMs } as unknown as V;
  const replaced = versionId === NULL_VERSION ? replaceNull(state, bucket, made.key, former) : undefined;
  if (former && former !== replaced)
    state.older.put([bucket.name, made.key, -former.sequence], { ...former, noncurrentMs: nowMs });
  state.current.put([bucket.name, made.key], version);
  return { version, replaced };
}

/** There is one null version at most: removes it, wherever it stands. */
function replaceNull(state: S3State, bucket: Bucket, key: string, former: ObjectVersion | undefined) {
  if (former?.versionId === NULL_VERSION) {
    discardBody(state, former);
    return former;
  }
  if (!bucket.versioning) return undefined;
  const older = findOlderNull(state, bucket.name, key);
  if (older) removeOlder(state, bucket.name, older);
  return older;
}

/** Deletes without naming a version: removes the object, or hides it behind a delete marker. Inside a transaction. */
export function hideObject(here: Here, bucket: Bucket, key: string, owner: string): DeleteMarker | undefined {
  noteDeletion(here.state, bucket.name, key);
  if (bucket.versioning) return putVersion<DeleteMarker>(here, bucket, { key, owner, isMarker: true }).version;
  const current = here.state.current.get([bucket.name, key]);
  if (current) removeVersion(here.state, bucket.name, current);
  return undefined;
}

/** Removes a version for good; the next older one takes its place. Inside a transaction. */
export function removeVersion(state: S3State, bucket: string, version: ObjectVersion): void {
  const { key } = version;
  if (state.current.get([bucket, key])?.sequence !== version.sequence) return removeOlder(state, bucket, version);
  discardBody(state, version);
  const heir = state.older.first({ prefix: [bucket, key] });
  if (!heir) {
    state.current.remove([bucket, key]);
    return;
  }
  state.older.remove(heir[0]);
  state.current.put([bucket, key], { ...heir[1], noncurrentMs: undefined });
}

function removeOlder(state: S3State, bucket: string, version: ObjectVersion): void {
  state.older.remove([bucket, version.key, -version.sequence]);
  discardBody(state, version);
}

function discardBody(state: S3State, version: ObjectVersion): void {
  if (!version.isMarker) state.bodies.discard(version.body);
}

/** Changes what may change of a version: tags, ACL, lock, storage class. */
export function changeObject(
  state: S3State,
  bucket: string,
  object: StoredObject,
  change: Partial<StoredObject>,
): StoredObject {
  const changed = { ...object, ...change };
  const isCurrent = state.current.get([bucket, object.key])?.sequence === object.sequence;
  if (isCurrent) state.current.put([bucket, object.key], changed);
  else state.older.put([bucket, object.key, -object.sequence], changed);
  return changed;
}

/** The version id as responses carry it: none while the bucket was never versioned. */
export function versionIdMember(bucket: Bucket, version: { readonly versionId: string }) {
  return bucket.versioning ? { VersionId: version.versionId } : {};
}
