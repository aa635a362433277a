import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { afterPrefix, decodeKey, encodeKey, type Key, type KeyPart } from "./key.ts";

/**
 * What may be read of a collection, in key order. Bounds are key prefixes: `{ prefix: ["a"] }` is every key that begins
 * with "a"; `{ after: ["a", 7] }` starts behind that key and everything below it; `from` includes it; `to` ends before.
 */
export interface Range {
  prefix?: Key;
  from?: Key;
  after?: Key;
  to?: Key;
  reverse?: boolean;
  limit?: number;
}

/** An ordered map of records. Values are plain data: objects, arrays, strings, numbers, booleans, null, Uint8Array. */
export interface Collection<V> {
  get(key: Key): V | undefined;
  has(key: Key): boolean;
  put(key: Key, value: V): void;
  /** True where there was such a record. */
  remove(key: Key): boolean;
  /** Removes every record of a range and returns how many there were. */
  clear(range?: Range): number;
  /** The records of a range, read as they are when asked for. Do not write to the collection while iterating: collect first. */
  entries(range?: Range): Iterable<[key: KeyPart[], value: V]>;
  values(range?: Range): Iterable<V>;
  keys(range?: Range): Iterable<KeyPart[]>;
  first(range?: Range): [key: KeyPart[], value: V] | undefined;
  count(range?: Range): number;
}

/**
 * The one place where state is kept. Synchronous: a handler reads and writes without suspending, so there are no locks
 * and no races. A transaction is committed to the operating system before it returns, so that what was acknowledged
 * survives `kill -9`; a power cut may cost the last second (see docs/architecture.md, "Durability").
 */
export interface Store {
  readonly directory: string;
  collection<V>(name: string): Collection<V>;
  /** Runs `work` as one: all its writes or, where it throws, none. Transactions nest. */
  transaction<T>(work: () => T): T;
  close(): Promise<void>;
}

export class StoreError extends Error {
  override name = "StoreError";
}

const FORMAT = 1;
const MARKER = "katachi.json";
const EPHEMERAL_PREFIX = "katachi-ephemeral-";

/**
 * Opens the store in a directory (made when missing), or in a temporary one that goes with `close()`.
 * @throws StoreError where the directory holds something else, another version's data, or is open in another process.
 */
export function openStore(options: { directory?: string | undefined }): Store {
  if (options.directory === undefined) sweepAbandoned();
  const ephemeral = options.directory === undefined;
  const directory = options.directory
    ? resolve(options.directory)
    : mkdtempSync(join(tmpdir(), `${EPHEMERAL_PREFIX}${process.pid}-`));
  claim(directory);
  const root = open<unknown, Buffer>({
    path: join(directory, "state"),
    pageSize: 8192,
    keyEncoding: "binary",
    noSync: true,
    // A commit is then stores into shared memory: a third of the time, and what is stored there outlives the process.
    useWritemap: process.platform !== "win32",
  });
  return new LmdbStore(directory, root, ephemeral);
}

class LmdbStore implements Store {
  readonly #collections = new Map<string, LmdbCollection<unknown>>();
  readonly #names: LmdbCollection<number>;

  constructor(
    readonly directory: string,
    private readonly root: RootDatabase<unknown, Buffer>,
    private readonly ephemeral: boolean,
  ) {
    this.#names = new LmdbCollection<number>(root, 0);
  }

  collection<V>(name: string): Collection<V> {
    let found = this.#collections.get(name);
    if (!found) {
      found = new LmdbCollection<unknown>(this.root, this.#prefixOf(name));
      this.#collections.set(name, found);
    }
    return found as unknown as Collection<V>;
  }

  transaction<T>(work: () => T): T {
    return this.root.transactionSync(work);
  }

  async close(): Promise<void> {
    await this.root.close();
    held.delete(this.directory);
    rmSync(join(this.directory, "lock"), { force: true });
    if (this.ephemeral) rmSync(this.directory, { recursive: true, force: true });
  }

  /** Collections are told apart by two bytes, given out once and kept. */
  #prefixOf(name: string): number {
    const known = this.#names.get([name]);
    if (known !== undefined) return known;
    return this.transaction(() => {
      const next = this.#names.count() + 1;
      this.#names.put([name], next);
      return next;
    });
  }
}

class LmdbCollection<V> implements Collection<V> {
  constructor(
    private readonly root: RootDatabase<unknown, Buffer>,
    private readonly prefix: number,
  ) {}

  get(key: Key): V | undefined {
    return this.root.get(encodeKey(this.prefix, key)) as V | undefined;
  }

  has(key: Key): boolean {
    return this.root.doesExist(encodeKey(this.prefix, key));
  }

  put(key: Key, value: V): void {
    this.root.putSync(encodeKey(this.prefix, key), value);
  }

  remove(key: Key): boolean {
    return this.root.removeSync(encodeKey(this.prefix, key));
  }

  clear(range: Range = {}): number {
    return this.root.transactionSync(() => {
      const keys = Array.from(this.root.getKeys(this.#bounds(range)), (key) => Buffer.from(key));
      for (const key of keys) this.root.removeSync(key);
      return keys.length;
    });
  }

  *entries(range: Range = {}): Iterable<[KeyPart[], V]> {
    for (const { key, value } of this.root.getRange(this.#bounds(range))) yield [decodeKey(key), value as V];
  }

  *values(range: Range = {}): Iterable<V> {
    for (const { value } of this.root.getRange(this.#bounds(range))) yield value as V;
  }

  *keys(range: Range = {}): Iterable<KeyPart[]> {
    for (const key of this.root.getKeys(this.#bounds(range))) yield decodeKey(key);
  }

  first(range: Range = {}): [KeyPart[], V] | undefined {
    for (const entry of this.entries({ ...range, limit: 1 })) return entry;
    return undefined;
  }

  count(range: Range = {}): number {
    return this.root.getKeysCount(this.#bounds(range));
  }

  #bounds(range: Range) {
    const prefix = encodeKey(this.prefix, range.prefix ?? []);
    const low = range.after
      ? afterPrefix(encodeKey(this.prefix, range.after))
      : range.from
        ? encodeKey(this.prefix, range.from)
        : prefix;
    const high = range.to ? encodeKey(this.prefix, range.to) : this.#endOf(range.prefix, prefix);
    const limit = range.limit === undefined ? {} : { limit: range.limit };
    // LMDB reads a reversed range from its start downwards, both bounds turned round.
    return range.reverse
      ? { start: high, end: low, reverse: true, exclusiveStart: true, inclusiveEnd: true, ...limit }
      : { start: low, end: high, ...limit };
  }

  #endOf(prefixKey: Key | undefined, prefix: Buffer): Buffer {
    return prefixKey && prefixKey.length > 0 ? afterPrefix(prefix) : encodeKey(this.prefix + 1, []);
  }
}

/** Marks a directory as ours and held by this process. */
function claim(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const marker = join(directory, MARKER);
  if (existsSync(marker)) checkFormat(directory, readFileSync(marker, "utf8"));
  else {
    const strangers = readdirSync(directory);
    if (strangers.length > 0)
      throw new StoreError(
        `${directory} is not a Katachi data directory: it holds ${strangers.slice(0, 3).join(", ")} and no ${MARKER}. ` +
          `Name an empty or a new directory.`,
      );
    writeFileSync(marker, `${JSON.stringify({ format: FORMAT })}\n`);
  }
  lock(directory);
}

function checkFormat(directory: string, text: string): void {
  let format: unknown;
  try {
    format = (JSON.parse(text) as { format?: unknown }).format;
  } catch {
    format = undefined;
  }
  if (format !== FORMAT)
    throw new StoreError(
      `${directory} was written in format ${String(format)}; this version reads format ${FORMAT}. Name another directory.`,
    );
}

/** The directories that this process has open. */
const held = new Set<string>();

function lock(directory: string): void {
  const path = join(directory, "lock");
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      held.add(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(readFileSync(path, "utf8"));
    // In a container the process before us may have had our very number.
    const stale = holder === process.pid ? !held.has(directory) : !isAlive(holder);
    if (!stale)
      throw new StoreError(
        `${directory} is in use by process ${holder}. Stop it (katachi stop), or name another directory with --data.`,
      );
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes what ephemeral clouds left that were killed. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(EPHEMERAL_PREFIX)) continue;
    const pid = Number(name.slice(EPHEMERAL_PREFIX.length).split("-")[0]);
    if (!isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
