import { AwsError } from "../aws/error.ts";
import type { LogSource, Positioned } from "../kernel/log-poller.ts";
import type { Reader } from "./reader.ts";
import type { ShardStart, StreamKind, StreamPage, StreamRecord } from "./stream-kind.ts";

/** Pages kept for lanes that are behind. */
const PAGES_MAX = 4;

type Page = readonly Positioned<StreamRecord>[];

/**
 * One shard of a stream as a log. Goes on with the iterator that the last read gave, as long as that is good.
 * Where several lanes read it, each page is fetched once for those that keep up with each other.
 */
export class Shard implements LogSource<StreamRecord> {
  readonly topic: string;
  /** By the position before them, oldest first. */
  readonly #pages = new Map<string, Promise<Page>>();
  #next: { readonly after: string | undefined; readonly iterator: string } | undefined;

  constructor(
    readonly name: string,
    private readonly kind: StreamKind,
    private readonly reader: Reader,
    private readonly shardId: string,
    private readonly lanes = 1,
  ) {
    this.topic = reader.sourceArn;
  }

  async read(after: string | undefined, max: number): Promise<Page> {
    if (this.lanes === 1) return this.#read(after, max);
    const key = after ?? "";
    const known = this.#pages.get(key);
    if (known) return known;
    const page = this.#read(after, max);
    this.#pages.set(key, page);
    const records = await page.catch((error: unknown) => {
      this.#pages.delete(key);
      throw error;
    });
    if (records.length === 0) this.#pages.delete(key);
    else if (this.#pages.size > PAGES_MAX) this.#pages.delete(this.#pages.keys().next().value!);
    return records;
  }

  async #read(after: string | undefined, max: number): Promise<Page> {
    const known = this.#next?.after === after ? this.#next : undefined;
    this.#next = undefined;
    const start = after === undefined ? "TRIM_HORIZON" : { after };
    const reading = known ? this.#readOn(known.iterator, after, max) : this.#readFrom(start, max);
    const page = await reading.catch((error: unknown): StreamPage => {
      if (isStreamGone(error)) return { records: [], next: undefined };
      throw error;
    });
    if (page.next !== undefined) this.#next = { after: page.records.at(-1)?.position ?? after, iterator: page.next };
    return page.records;
  }

  async #readOn(iterator: string, after: string | undefined, max: number) {
    try {
      return await this.kind.read(this.reader, iterator, max);
    } catch (error) {
      if (isNamed(error, "TrimmedDataAccessException")) return this.#readFrom("TRIM_HORIZON", max);
      if (!isNamed(error, "ExpiredIteratorException")) throw error;
      return this.#readFrom(after === undefined ? "TRIM_HORIZON" : { after }, max);
    }
  }

  /** What is kept no more is passed over. */
  async #readFrom(start: ShardStart, max: number) {
    const { kind, reader, shardId } = this;
    try {
      return await kind.read(reader, await kind.iterator(reader, shardId, start), max);
    } catch (error) {
      if (start === "TRIM_HORIZON" || !isNamed(error, "TrimmedDataAccessException")) throw error;
      return kind.read(reader, await kind.iterator(reader, shardId, "TRIM_HORIZON"), max);
    }
  }
}

/**
 * The position of the newest record of each shard: where LATEST begins. An iterator tells it to nobody and ends after
 * some minutes, so the stream is read to its end, once.
 */
export async function findEnds(kind: StreamKind, reader: Reader): Promise<Map<string, string | undefined>> {
  const ends = new Map<string, string | undefined>();
  for (const shardId of await kind.shards(reader)) {
    const shard = new Shard("end", kind, reader, shardId);
    let after: string | undefined;
    for (;;) {
      const records = await shard.read(after, kind.readMax);
      if (records.length === 0) break;
      after = records.at(-1)!.position;
    }
    ends.set(shardId, after);
  }
  return ends;
}

/** The stream is no more: there is nothing to read in it, now or later. */
export function isStreamGone(error: unknown): boolean {
  return isNamed(error, "ResourceNotFoundException");
}

function isNamed(error: unknown, code: string): boolean {
  return error instanceof AwsError && error.code === code;
}
