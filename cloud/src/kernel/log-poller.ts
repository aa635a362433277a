import type { Kernel } from "./kernel.ts";
import type { Collection } from "./store.ts";

/** A record of a log; positions rise. */
export interface Positioned<R> {
  readonly position: number;
  /** When it was written (ms since 1970). */
  readonly writtenMs: number;
  readonly record: R;
}

/** Something that is read in order and keeps its records whether or not they were handled. */
export interface LogSource<R> {
  readonly name: string;
  /** What tells news when there may be more to read. */
  readonly topic: string;
  /** Up to `max` records behind a position, oldest first. */
  read(after: number, max: number): Promise<readonly Positioned<R>[]>;
}

export type DiscardReason = "retriesExhausted" | "tooOld";

export interface LogPolicy<R> {
  readonly sizeMax: number;
  /** How long a batch waits to become full. 0: it goes as it was read. */
  readonly windowMs: number;
  /** How often a batch is tried again; Infinity: until it is too old. */
  readonly retriesMax: number;
  /** Older records are discarded. Infinity: none. */
  readonly ageMsMax: number;
  /** Whether a batch that failed is halved; halving counts as no retry. */
  readonly bisects: boolean;
  accepts(record: R): boolean;
  /** Answers the first record that failed; it and all behind it are tried again. A rejection: all of them failed. */
  handle(records: readonly R[]): Promise<R | undefined>;
  /** Told of records that are given up, before they are passed over. */
  discard(records: readonly R[], reason: DiscardReason): Promise<void>;
}

/** How far a log was handled; survives a restart. */
export interface Checkpoint {
  /** All up to here is done. */
  readonly after: number;
  /** Failures of the batch that is next. */
  readonly failures: number;
  /** Sizes of the next batches, where a failed one was halved. */
  readonly sizes: readonly number[];
}

const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;

type Parts = Pick<Kernel, "clock" | "activity" | "news">;

/** Reads one log in order, one batch at a time, and keeps a checkpoint. Waiting is no activity. */
export class LogPoller<R> {
  #stopped = true;
  #polling = false;
  #again = false;
  #cancelTimer: (() => void) | undefined;
  #windowEndMs: number | undefined;
  #retryAtMs = 0;
  #readFailures = 0;
  #unlisten: (() => void) | undefined;

  /** @param checkpoints where the checkpoint is kept, under the key; undefined there: from the log's begin */
  constructor(
    private readonly parts: Parts,
    private readonly source: LogSource<R>,
    private readonly policy: LogPolicy<R>,
    private readonly checkpoints: Collection<Checkpoint>,
    private readonly key: readonly string[],
  ) {}

  start(): void {
    this.#stopped = false;
    this.#unlisten = this.parts.news.listen(this.source.topic, () => this.#poll());
    this.#poll();
  }

  /** A batch that runs is let run. */
  stop(): void {
    this.#stopped = true;
    this.#unlisten?.();
    this.#cancelTimer?.();
  }

  #poll(): void {
    if (this.#stopped || this.parts.clock.now() < this.#retryAtMs) return;
    this.#again = true;
    if (this.#polling) return;
    this.#polling = true;
    void this.parts.activity.during(`poll:${this.source.name}`, async () => {
      try {
        while (this.#again && !this.#stopped) {
          this.#again = false;
          while (!this.#stopped && (await this.#step()));
        }
        this.#readFailures = 0;
      } catch {
        this.#later(this.#readFailures++);
      } finally {
        this.#polling = false;
      }
    });
  }

  /** Handles one batch. False: nothing to do now. */
  async #step(): Promise<boolean> {
    const checkpoint = this.checkpoints.get([...this.key]) ?? { after: 0, failures: 0, sizes: [] };
    const max = checkpoint.sizes[0] ?? this.policy.sizeMax;
    const entries = await this.source.read(checkpoint.after, max);
    if (entries.length === 0 || this.#stopped) return false;
    const now = this.parts.clock.now();
    const old = entries.findLastIndex(({ writtenMs }) => now - writtenMs > this.policy.ageMsMax);
    if (old >= 0) {
      await this.policy.discard(this.#wanted(entries.slice(0, old + 1)), "tooOld");
      return this.#keep({ after: entries[old]!.position, failures: 0, sizes: [] });
    }
    if (checkpoint.failures === 0 && entries.length < max && this.#waitsToFill()) return false;
    this.#windowEndMs = undefined;
    return this.#handle(checkpoint, entries);
  }

  async #handle(checkpoint: Checkpoint, entries: readonly Positioned<R>[]): Promise<boolean> {
    const { handle, retriesMax, bisects, discard } = this.policy;
    const wanted = this.#wanted(entries);
    const done = { after: entries.at(-1)!.position, failures: 0, sizes: checkpoint.sizes.slice(1) };
    if (wanted.length === 0) return this.#keep(done);
    const failed = await handle(wanted).catch(() => wanted[0]);
    if (failed === undefined) return this.#keep(done);
    const at = entries.findIndex(({ record }) => record === failed);
    const after = at > 0 ? entries[at - 1]!.position : checkpoint.after;
    const left = entries.length - Math.max(at, 0);
    if (bisects && left > 1) {
      const half = Math.ceil(left / 2);
      this.#keep({ after, failures: checkpoint.failures, sizes: [half, left - half, ...done.sizes] });
    } else if (checkpoint.failures >= retriesMax) {
      await discard(this.#wanted(entries.slice(Math.max(at, 0))), "retriesExhausted");
      return this.#keep(done);
    } else this.#keep({ after, failures: checkpoint.failures + 1, sizes: [left, ...done.sizes] });
    this.#later(checkpoint.failures);
    return false;
  }

  #wanted(entries: readonly Positioned<R>[]): R[] {
    return entries.map(({ record }) => record).filter((record) => this.policy.accepts(record));
  }

  #keep(checkpoint: Checkpoint): true {
    this.checkpoints.put([...this.key], checkpoint);
    return true;
  }

  #waitsToFill(): boolean {
    const { clock } = this.parts;
    this.#windowEndMs ??= clock.now() + this.policy.windowMs;
    if (clock.now() >= this.#windowEndMs) return false;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.at(this.#windowEndMs, () => this.#poll());
    return true;
  }

  #later(failures: number): void {
    const { clock } = this.parts;
    this.#again = false;
    this.#retryAtMs = clock.now() + Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MS_MAX);
    this.#cancelTimer?.();
    if (!this.#stopped) this.#cancelTimer = clock.at(this.#retryAtMs, () => this.#poll());
  }
}
