import type { KeyRange } from "./listing.ts";
import type { ObjectVersion, S3State, StoredObject, Upload } from "./state.ts";

/** What stands in a bucket, read in the order of keys. */

/** The objects of a bucket, without the keys whose newest version is a delete marker. */
export function* objectsIn(state: S3State, bucket: string, range: KeyRange): Iterable<[string, StoredObject]> {
  for (const version of state.current.values(rangeOf(bucket, range)))
    if (!version.isMarker) yield [version.key, version];
}

function rangeOf(bucket: string, { from, exclusive, to }: KeyRange) {
  return {
    prefix: [bucket],
    ...(exclusive ? { after: [bucket, from] } : { from: [bucket, from] }),
    ...(to === undefined ? {} : { to: [bucket, to] }),
  };
}

export interface ListedVersion {
  readonly version: ObjectVersion;
  readonly isLatest: boolean;
}

/**
 * All versions of the keys of a range, newest first within a key.
 * @param behind a version after which its key's go on, where a page ended there
 */
export function* versionsIn(
  state: S3State,
  bucket: string,
  range: KeyRange,
  behind: { key: string; id: string } | undefined,
): Iterable<[string, ListedVersion]> {
  if (behind && range.exclusive && range.from === behind.key) yield* restOfKey(state, bucket, behind);
  const older = new Cursor(state.older.values(rangeOf(bucket, range)));
  for (const current of state.current.values(rangeOf(bucket, range))) {
    yield [current.key, { version: current, isLatest: true }];
    for (const version of older.takeOf(current.key)) yield [version.key, { version, isLatest: false }];
  }
}

/** AWS: a version id marker that is gone meanwhile serves all the same: what is older than it follows. */
function* restOfKey(
  state: S3State,
  bucket: string,
  { key, id }: { key: string; id: string },
): Iterable<[string, ListedVersion]> {
  const current = state.current.get([bucket, key]);
  if (!current) return;
  const all = [current, ...state.older.values({ prefix: [bucket, key] })];
  const at = all.findIndex((version) => version.versionId === id);
  const sequence = at < 0 ? parseInt(id.slice(0, 12), 36) : all[at]!.sequence;
  for (const version of all) if (version.sequence < sequence) yield [key, { version, isLatest: version === current }];
}

/** Walks through older versions beside the current ones, both in order of keys. */
class Cursor {
  readonly #versions: Iterator<ObjectVersion>;
  #next: ObjectVersion | undefined;

  constructor(versions: Iterable<ObjectVersion>) {
    this.#versions = versions[Symbol.iterator]();
    this.#advance();
  }

  *takeOf(key: string): Iterable<ObjectVersion> {
    while (this.#next?.key === key) {
      yield this.#next;
      this.#advance();
    }
  }

  #advance(): void {
    const { done, value } = this.#versions.next();
    this.#next = done ? undefined : value;
  }
}

/** Uploads in order of keys, then of their beginning; those of the marker's key only behind the marked upload. */
export function* uploadsIn(
  state: S3State,
  bucket: string,
  range: KeyRange,
  marker: string,
  idMarker: string,
): Iterable<[string, Upload]> {
  if (range.exclusive && range.from === marker && marker !== "" && idMarker !== "")
    for (const upload of state.uploads.values({ prefix: [bucket, marker], after: [bucket, marker, idMarker] }))
      yield [upload.key, upload];
  for (const upload of state.uploads.values(rangeOf(bucket, range))) yield [upload.key, upload];
}
