import type { Collection, Range, Store } from "../../kernel/store.ts";
import { Heap } from "./heap.ts";

/** Where an event stands: by time, then by stream, then by arrival in it. */
export interface Position {
  readonly timestamp: number;
  readonly streamId: number;
  /** The chunk's number in its stream. */
  readonly chunk: number;
  /** The event's number in its chunk. */
  readonly index: number;
}

export interface LogEvent extends Position {
  readonly message: string;
  readonly ingestedMs: number;
}

/** What is appended: times rise. */
export interface NewEvent {
  readonly timestamp: number;
  readonly message: string;
}

/** Events that arrived together, in order of time. */
interface Chunk {
  readonly ingestedMs: number;
  readonly timestamps: readonly number[];
  readonly messages: readonly string[];
}

export interface ReadOptions {
  /** From this time on, in ms since 1970. */
  fromMs: number;
  /** Up to, not including, this time. */
  toMs: number;
  /** Only behind this position (before it when reversed). */
  after?: Position;
  /** Newest first. */
  reverse?: boolean;
  /** Only these streams. */
  streams?: ReadonlySet<number>;
}

const CHUNK_EVENTS_MAX = 256;
const CHUNK_BYTES_MAX = 128 * 1024;
/** No chunk covers more time: so a reader need look no further back than this for events that it may have to merge. */
const CHUNK_SPAN_MAX_MS = 5000;
/** What AWS adds to the size of each event ("plus 26 bytes for each log event"). */
export const EVENT_OVERHEAD_BYTES = 26;

/**
 * The events of all log streams, in chunks: writing a batch costs two records however many events it has, and a reader
 * merges the chunks that overlap in time. `chunks` has them by stream, `index` by group (its value is the chunk's bytes).
 */
export class EventLog {
  readonly #chunks: Collection<Chunk>;
  readonly #index: Collection<number>;

  constructor(store: Store) {
    this.#chunks = store.collection("logs.chunks");
    this.#index = store.collection("logs.chunksByGroup");
  }

  /**
   * Appends events to a stream.
   * @param nextChunk the number that the stream's next chunk gets
   * @returns where each event stands, how many chunks were written, and how many bytes AWS counts for them
   */
  append(groupId: number, streamId: number, nextChunk: number, events: readonly NewEvent[], ingestedMs: number) {
    const positions: Position[] = [];
    let chunks = 0;
    let bytes = 0;
    for (let start = 0; start < events.length;) {
      const firstMs = events[start]!.timestamp;
      const chunk = nextChunk + chunks++;
      const timestamps: number[] = [];
      const messages: string[] = [];
      let chunkBytes = 0;
      let at = start;
      for (; at < events.length && fits(at - start, chunkBytes, events[at]!.timestamp - firstMs); at++) {
        const { timestamp, message } = events[at]!;
        positions.push({ timestamp, streamId, chunk, index: at - start });
        timestamps.push(timestamp);
        messages.push(message);
        chunkBytes += Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
      }
      this.#chunks.put([streamId, firstMs, chunk], { ingestedMs, timestamps, messages });
      this.#index.put([groupId, firstMs, streamId, chunk], chunkBytes);
      bytes += chunkBytes;
      start = at;
    }
    return { positions, chunks, bytes };
  }

  /** The events of a stream or a group, merged in order of time. Nothing may be written while it is read. */
  *read(of: { streamId: number } | { groupId: number }, options: ReadOptions): Iterable<LogEvent> {
    const { fromMs, toMs, after, reverse = false } = options;
    const inRange = (position: Position): boolean =>
      position.timestamp >= fromMs &&
      position.timestamp < toMs &&
      (!after || (reverse ? isBefore(position, after) : isBefore(after, position)));
    const open = new Heap<Cursor>((a, b) =>
      reverse ? isBefore(b.position, a.position) : isBefore(a.position, b.position),
    );
    const waiting = this.#cursors(of, options);
    const next = { cursor: waiting.next().value as Cursor | undefined };
    try {
      for (;;) {
        while (next.cursor && mayComeNext(next.cursor, open.first, reverse)) {
          if (next.cursor.seek(inRange)) open.push(next.cursor);
          next.cursor = waiting.next().value as Cursor | undefined;
        }
        const first = open.first;
        if (!first) return;
        yield first.event();
        if (first.advance() && inRange(first.position)) open.settleFirst();
        else open.pop();
      }
    } finally {
      waiting.return(undefined);
    }
  }

  /** How many bytes a group holds, as AWS counts them. */
  bytesOf(groupId: number): number {
    let bytes = 0;
    for (const chunkBytes of this.#index.values({ prefix: [groupId] })) bytes += chunkBytes;
    return bytes;
  }

  /**
   * Removes events of a group that end before a time (or all those of a stream), some at a time.
   * @returns whether there are more
   */
  remove(groupId: number, what: { beforeMs: number; streamId?: number }, chunksMax: number): boolean {
    const { beforeMs, streamId } = what;
    const range: Range =
      streamId === undefined ? { prefix: [groupId], to: [groupId, beforeMs - CHUNK_SPAN_MAX_MS] } : {};
    const keys: [firstMs: number, streamId: number, chunk: number][] = [];
    if (streamId === undefined)
      for (const key of this.#index.keys({ ...range, limit: chunksMax + 1 }))
        keys.push(key.slice(1) as (typeof keys)[number]);
    else
      for (const key of this.#chunks.keys({ prefix: [streamId], limit: chunksMax + 1 }))
        keys.push([key[1] as number, streamId, key[2] as number]);
    for (const [firstMs, stream, chunk] of keys.slice(0, chunksMax)) {
      this.#chunks.remove([stream, firstMs, chunk]);
      this.#index.remove([groupId, firstMs, stream, chunk]);
    }
    return keys.length > chunksMax;
  }

  /** The chunks that can hold events in range, in order of their first event. */
  *#cursors(of: { streamId: number } | { groupId: number }, options: ReadOptions): Generator<Cursor> {
    const { fromMs, toMs, after, reverse = false, streams } = options;
    const lowMs = (reverse || !after ? fromMs : Math.max(fromMs, after.timestamp)) - CHUNK_SPAN_MAX_MS;
    // A key ends the range before everything that begins with it, so times are taken up to the next millisecond.
    const highMs = reverse && after ? Math.min(toMs, after.timestamp + 1) : toMs;
    const id = "streamId" in of ? of.streamId : of.groupId;
    const range = { from: [id, lowMs], to: [id, highMs], reverse };
    if ("streamId" in of) {
      for (const [key, chunk] of this.#chunks.entries(range))
        yield new Cursor(of.streamId, key[2] as number, key[1] as number, () => chunk, reverse);
      return;
    }
    for (const [, firstMs, streamId, number] of this.#index.keys(range) as Iterable<[number, number, number, number]>) {
      if (streams && !streams.has(streamId)) continue;
      yield new Cursor(streamId, number, firstMs, () => this.#chunks.get([streamId, firstMs, number]), reverse);
    }
  }
}

function fits(count: number, bytes: number, spanMs: number): boolean {
  return count === 0 || (count < CHUNK_EVENTS_MAX && bytes < CHUNK_BYTES_MAX && spanMs < CHUNK_SPAN_MAX_MS);
}

/** Whether a chunk not yet opened could hold the event that comes next. */
function mayComeNext(waiting: Cursor, first: Cursor | undefined, reverse: boolean): boolean {
  if (!first) return true;
  const { timestamp } = first.position;
  return reverse ? waiting.firstMs + CHUNK_SPAN_MAX_MS >= timestamp : waiting.firstMs <= timestamp;
}

export function isBefore(a: Position, b: Position): boolean {
  return (a.timestamp - b.timestamp || a.streamId - b.streamId || a.chunk - b.chunk || a.index - b.index) < 0;
}

/** A place in a chunk that moves on with reading. */
class Cursor {
  #chunk: Chunk | undefined;
  #index = 0;
  position!: Position;

  constructor(
    private readonly streamId: number,
    private readonly number: number,
    readonly firstMs: number,
    private readonly load: () => Chunk | undefined,
    private readonly reverse: boolean,
  ) {}

  /** Opens the chunk at its first event in range; false where it has none. */
  seek(inRange: (position: Position) => boolean): boolean {
    this.#chunk = this.load();
    if (!this.#chunk) return false;
    this.#index = this.reverse ? this.#chunk.timestamps.length - 1 : 0;
    this.#settle();
    while (!inRange(this.position)) if (!this.advance()) return false;
    return true;
  }

  /** False where the chunk is at its end. */
  advance(): boolean {
    this.#index += this.reverse ? -1 : 1;
    if (this.#index < 0 || this.#index >= this.#chunk!.timestamps.length) return false;
    this.#settle();
    return true;
  }

  event(): LogEvent {
    return { ...this.position, message: this.#chunk!.messages[this.#index]!, ingestedMs: this.#chunk!.ingestedMs };
  }

  #settle(): void {
    this.position = {
      timestamp: this.#chunk!.timestamps[this.#index]!,
      streamId: this.streamId,
      chunk: this.number,
      index: this.#index,
    };
  }
}

const INDEX_BITS = 16n;
const CHUNK_BITS = 64n;
const STREAM_BITS = 144n;
const ID_DIGITS = 56;

/**
 * The id of an event: 56 digits that sort by time.
 * AWS: the time stands above 144 bits of the service's own (observed: 3.7e55 for times of 2023).
 */
export function eventId({ timestamp, streamId, chunk, index }: Position): string {
  const id =
    (BigInt(timestamp) << STREAM_BITS) |
    (BigInt(streamId) << CHUNK_BITS) |
    (BigInt(chunk) << INDEX_BITS) |
    BigInt(index);
  return id.toString().padStart(ID_DIGITS, "0");
}

/** Reads an id back; undefined for what is none. */
export function findPosition(id: string): Position | undefined {
  if (!/^\d{56}$/.test(id)) return undefined;
  const value = BigInt(id);
  const part = (low: bigint, high: bigint) => Number((value >> low) & ((1n << (high - low)) - 1n));
  return {
    timestamp: Number(value >> STREAM_BITS),
    streamId: part(CHUNK_BITS, STREAM_BITS),
    chunk: part(INDEX_BITS, CHUNK_BITS),
    index: part(0n, INDEX_BITS),
  };
}
