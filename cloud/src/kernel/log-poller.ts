import type { Kernel } from "./kernel.ts";
import type { Collection } from "./store.ts";

/** A record of a log. */
export interface Positioned<R> {
  /** Where it stands, in words of the source's own. */
  readonly position: string;
  /** When it was written (ms since 1970). */
  readonly writtenMs: number;
  readonly record: R;
}

/** Something that is read in order and keeps its records whether or not they were handled. */
export interface LogSource<R> {
  readonly name: string;
  /** What tells news when there may be more to read. */
  readonly topic: string;
  /** Up to `max` records behind a position (undefined: from the first that is kept), oldest first. */
  read(after: string | undefined, max: number): Promise<readonly Positioned<R>[]>;
}

export type DiscardReason = "retriesExhausted" | "tooOld";

/** A stretch of time whose batches hand on what they have found so far. */
export interface Tumbling {
  readonly startMs: number;
  readonly endMs: number;
  /** What the last batch handed on, JSON. */
  readonly state: string;
  /** It holds too much to go on until its end. */
  readonly isFull: boolean;
}

export interface Batch<R> {
  /** Empty only in a window's last batch. */
  readonly records: readonly Positioned<R>[];
  readonly tumbling?: Tumbling;
  /** The window is over. */
  readonly isFinal: boolean;
}

/** What became of a batch. */
export interface Outcome {
  /** The index of the first record that failed; it and all behind it are tried again. Undefined: none failed. */
  readonly failedAt?: number;
  /** It could not even be tried: counts as no retry. */
  readonly isUntried?: boolean;
  /** For the window's next batch, JSON. */
  readonly state?: string;
  readonly isFull?: boolean;
}

export interface LogPolicy<R> {
  /** Records in one batch at most. */
  readonly sizeMax: number;
  readonly bytesMax: number;
  bytesOf(record: R): number;
  /** What one `read` may ask for. */
  readonly readMax: number;
  /** How long a batch waits to become full. 0: it goes as it was read. */
  readonly windowMs: number;
  /** Length of the windows of time, by when records were written. 0: none. */
  readonly tumblingMs: number;
  /** How often a batch is tried again; Infinity: until it is too old. */
  readonly retriesMax: number;
  /** Older records are discarded. Infinity: none. */
  readonly ageMsMax: number;
  /** Whether a batch that failed is halved, or split where it failed; that counts as no retry. */
  readonly bisects: boolean;
  accepts(record: R): boolean;
  /** A rejection: all of them failed. */
  handle(batch: Batch<R>): Promise<Outcome>;
  /** Told of records that are given up, in the transaction that passes over them. @param attempts how often they were tried */
  discard(records: readonly Positioned<R>[], reason: DiscardReason, attempts: number): void;
}

/** How far a log was handled; survives a restart. */
export interface Checkpoint {
  /** All up to here is done. Undefined: nothing is. */
  readonly after?: string;
  /** Failures of the batch that is next. */
  readonly failures: number;
  /** Sizes of the next batches, where a failed one is tried again as it was or in parts. */
  readonly sizes: readonly number[];
  readonly tumbling?: Tumbling;
}

/** Where a log is begun that was never handled. */
export const LOG_BEGIN: Checkpoint = { failures: 0, sizes: [] };

const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;

type Parts = Pick<Kernel, "clock" | "activity" | "news" | "store">;

/** A record that was read and not handled yet. */
interface Waiting<R> extends Positioned<R> {
  readonly bytes: number;
  /** The last position before the next that waits: what lies between is not accepted. */
  through: string;
}

/** Reads one log in order, one batch at a time, and keeps a checkpoint. Waiting is no activity. */
export class LogPoller<R> {
  #stopped = true;
  #polling: Promise<void> | undefined;
  #again = false;
  #cancelTimer: (() => void) | undefined;
  #windowEndMs: number | undefined;
  #retryAtMs = 0;
  #readFailures = 0;
  #untried = 0;
  #unlisten: (() => void) | undefined;
  readonly #waiting: Waiting<R>[] = [];
  #waitingBytes = 0;
  /** How far was read, once something was. */
  #readTo: string | undefined;

  /** @param checkpoints where the checkpoint is kept, under the key; undefined there: from the log's begin */
  constructor(
    private readonly parts: Parts,
    private readonly source: LogSource<R>,
    private readonly policy: LogPolicy<R>,
    private readonly checkpoints: Collection<Checkpoint>,
    private readonly key: readonly (string | number)[],
  ) {}

  start(): void {
    this.#stopped = false;
    this.#unlisten = this.parts.news.listen(this.source.topic, () => this.#poll());
    this.#poll();
  }

  /** A batch that runs is let run. Resolves when it is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten?.();
    this.#cancelTimer?.();
    await this.#polling;
  }

  #poll(): void {
    if (this.#stopped || this.parts.clock.now() < this.#retryAtMs) return;
    this.#again = true;
    this.#polling ??= this.parts.activity.during(`poll:${this.source.name}`, async () => {
      try {
        while (this.#again && !this.#stopped) {
          this.#again = false;
          while (!this.#stopped && (await this.#step()));
        }
        this.#readFailures = 0;
      } catch {
        // The call's own span says what went wrong.
        this.#later(this.#readFailures++);
      } finally {
        this.#polling = undefined;
      }
    });
  }

  /** Handles one batch. False: nothing to do now. */
  async #step(): Promise<boolean> {
    await this.#fill(this.#checkpoint().sizes[0] ?? this.policy.sizeMax);
    if (this.#stopped) return false;
    // What was not accepted may have moved it on.
    const checkpoint = this.#checkpoint();
    return this.#passOld(checkpoint) || this.#handleNext(checkpoint);
  }

  /** Reads until a batch is full or nothing more is there. */
  async #fill(size: number): Promise<void> {
    const { readMax, windowMs, bytesMax } = this.policy;
    while (!this.#stopped && this.#waiting.length < size && this.#waitingBytes <= bytesMax) {
      const entries = await this.source.read(this.#readTo ?? this.#checkpoint().after, readMax);
      if (entries.length === 0) return;
      for (const entry of entries) this.#add(entry);
      this.#readTo = entries.at(-1)!.position;
      if (this.#waiting.length === 0) this.#keep({ ...this.#checkpoint(), after: this.#readTo });
      else if (entries.length < readMax && windowMs === 0) return;
    }
  }

  #add(entry: Positioned<R>): void {
    const last = this.#waiting.at(-1);
    if (this.policy.accepts(entry.record)) {
      const bytes = this.policy.bytesOf(entry.record);
      this.#waitingBytes += bytes;
      this.#waiting.push({ ...entry, bytes, through: entry.position });
    } else if (last) last.through = entry.position;
  }

  #checkpoint(): Checkpoint {
    return this.checkpoints.get([...this.key]) ?? LOG_BEGIN;
  }

  /** Gives up what has become too old. */
  #passOld(checkpoint: Checkpoint): boolean {
    const now = this.parts.clock.now();
    const old = this.#waiting.findIndex(({ writtenMs }) => now - writtenMs <= this.policy.ageMsMax);
    const count = old < 0 ? this.#waiting.length : old;
    if (count === 0) return false;
    const batch = this.#waiting.slice(0, Math.min(count, checkpoint.sizes[0] ?? this.policy.sizeMax));
    this.#giveUp(checkpoint, batch, "tooOld", checkpoint.failures);
    return true;
  }

  async #handleNext(checkpoint: Checkpoint): Promise<boolean> {
    const tumbling = this.#tumbling(checkpoint);
    if (tumbling && this.#isOver(tumbling)) return this.#handle(checkpoint, [], tumbling, true);
    const batch = this.#nextBatch(checkpoint, tumbling);
    if (batch.length === 0) {
      if (tumbling) this.#wakeAt(tumbling.endMs);
      return false;
    }
    const isWhole = checkpoint.sizes.length > 0 || batch.length < this.#waiting.length;
    if (!isWhole && batch.length < this.policy.sizeMax && this.#waitsToFill()) return false;
    this.#windowEndMs = undefined;
    return this.#handle(checkpoint, batch, tumbling, false);
  }

  #nextBatch(checkpoint: Checkpoint, tumbling: Tumbling | undefined): Waiting<R>[] {
    const { bytesMax, sizeMax } = this.policy;
    const size = checkpoint.sizes[0] ?? sizeMax;
    let bytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      bytes += one.bytes;
      if (count === size || (count > 0 && bytes > bytesMax)) break;
      if (tumbling && one.writtenMs >= tumbling.endMs) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  /** The window that the next batch belongs to. */
  #tumbling({ tumbling }: Checkpoint): Tumbling | undefined {
    const { tumblingMs } = this.policy;
    const first = this.#waiting[0];
    if (tumblingMs === 0) return undefined;
    if (tumbling || !first) return tumbling;
    const startMs = Math.floor(first.writtenMs / tumblingMs) * tumblingMs;
    return { startMs, endMs: startMs + tumblingMs, state: "{}", isFull: false };
  }

  #isOver({ endMs, isFull }: Tumbling): boolean {
    const first = this.#waiting[0];
    return isFull || (first ? first.writtenMs >= endMs : this.parts.clock.now() >= endMs);
  }

  async #handle(
    checkpoint: Checkpoint,
    batch: readonly Waiting<R>[],
    tumbling: Tumbling | undefined,
    isFinal: boolean,
  ): Promise<boolean> {
    const { retriesMax, bisects } = this.policy;
    const outcome = await this.policy
      .handle({ records: batch, ...(tumbling ? { tumbling } : {}), isFinal })
      .catch((): Outcome => ({ failedAt: 0 }));
    const { failedAt, isUntried = false, state, isFull = false } = outcome;
    const next = tumbling && { ...tumbling, state: state ?? tumbling.state, isFull };
    if (failedAt === undefined) {
      this.#untried = 0;
      this.#pass(checkpoint, batch, batch.length, isFinal ? undefined : next);
      return true;
    }
    const at = Math.max(failedAt, 0);
    const left = batch.length - at;
    const { failures, sizes } = checkpoint;
    const retry = (count: number, ...parts: number[]) => {
      const kept = { failures: count, sizes: [...parts, ...sizes.slice(1)].filter((size) => size > 0) };
      this.#keep({ ...this.#advanced(checkpoint, batch, at, at > 0 ? next : tumbling), ...kept });
    };
    if (isUntried) retry(failures, left);
    else if (bisects && at > 0) retry(failures, left);
    else if (bisects && left > 1) retry(failures, Math.ceil(left / 2), Math.floor(left / 2));
    else if (failures >= retriesMax || this.#isStale(tumbling, isFinal)) {
      this.#giveUp(
        this.#advanced(checkpoint, batch, at, isFinal ? undefined : tumbling),
        batch.slice(at),
        "retriesExhausted",
        failures + 1,
      );
      return true;
    } else retry(failures + 1, left);
    this.#later(isUntried ? this.#untried++ : failures);
    return false;
  }

  /** A window's last batch holds no record that could grow too old. */
  #isStale(tumbling: Tumbling | undefined, isFinal: boolean): boolean {
    return isFinal && tumbling !== undefined && this.parts.clock.now() - tumbling.endMs > this.policy.ageMsMax;
  }

  /** Takes the first `count` records of a batch off what waits, and answers the checkpoint behind them. */
  #advanced(checkpoint: Checkpoint, batch: readonly Waiting<R>[], count: number, tumbling?: Tumbling): Checkpoint {
    const { tumbling: _, ...rest } = checkpoint;
    for (const { bytes } of this.#waiting.splice(0, count)) this.#waitingBytes -= bytes;
    const after = count > 0 ? { after: batch[count - 1]!.through } : {};
    return { ...rest, ...after, ...(tumbling ? { tumbling } : {}) };
  }

  #pass(checkpoint: Checkpoint, batch: readonly Waiting<R>[], count: number, tumbling?: Tumbling): void {
    const sizes = batch.length > 0 ? checkpoint.sizes.slice(1) : checkpoint.sizes;
    this.#keep({ ...this.#advanced(checkpoint, batch, count, tumbling), failures: 0, sizes });
  }

  #giveUp(checkpoint: Checkpoint, batch: readonly Waiting<R>[], reason: DiscardReason, attempts: number): void {
    this.parts.store.transaction(() => {
      if (batch.length > 0) this.policy.discard(batch, reason, attempts);
      this.#pass(checkpoint, batch, batch.length, checkpoint.tumbling);
    });
  }

  #keep(checkpoint: Checkpoint): void {
    this.checkpoints.put([...this.key], checkpoint);
  }

  #waitsToFill(): boolean {
    const { clock } = this.parts;
    this.#windowEndMs ??= clock.now() + this.policy.windowMs;
    if (clock.now() >= this.#windowEndMs) return false;
    this.#wakeAt(this.#windowEndMs);
    return true;
  }

  #wakeAt(timeMs: number): void {
    this.#cancelTimer?.();
    if (!this.#stopped) this.#cancelTimer = this.parts.clock.at(timeMs, () => this.#poll());
  }

  #later(failures: number): void {
    this.#again = false;
    this.#retryAtMs = this.parts.clock.now() + Math.min(BACKOFF_MS * 2 ** Math.min(failures, 10), BACKOFF_MS_MAX);
    this.#wakeAt(this.#retryAtMs);
  }
}
