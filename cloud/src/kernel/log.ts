import type { Collection, Store } from "./store.ts";

/** A record of a log with the position it was given: 1, 2, 3 … without gaps in one log. */
export interface LogEntry<R> {
  readonly position: number;
  readonly record: R;
}

/** Append-only sequences with positions: change streams, log streams, data streams. Many logs, each with its name. */
export class AppendLog<R> {
  readonly #records: Collection<R>;
  readonly #ends: Collection<number>;
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(
    private readonly store: Store,
    name: string,
  ) {
    this.#records = store.collection(`${name}.log`);
    this.#ends = store.collection(`${name}.ends`);
  }

  /** Appends and returns the record's position. */
  append(log: string, record: R): number {
    const position = this.end(log) + 1;
    this.store.transaction(() => {
      this.#records.put([log, position], record);
      this.#ends.put([log], position);
    });
    const listeners = this.#listeners.get(log);
    if (listeners) for (const wake of listeners) queueMicrotask(wake);
    return position;
  }

  /** The position of the newest record ever appended; 0 for none. */
  end(log: string): number {
    return this.#ends.get([log]) ?? 0;
  }

  /** Up to `limit` records at and behind a position, oldest first. */
  read(log: string, from: number, limit: number): LogEntry<R>[] {
    const entries: LogEntry<R>[] = [];
    for (const [key, record] of this.#records.entries({ from: [log, from], to: [log, Infinity], limit }))
      entries.push({ position: key[1] as number, record });
    return entries;
  }

  /** The position of the oldest record still kept; `end + 1` where none is. */
  begin(log: string): number {
    const first = this.#records.first({ prefix: [log] });
    return first ? (first[0][1] as number) : this.end(log) + 1;
  }

  /** Drops every record before a position. */
  trim(log: string, before: number): void {
    this.#records.clear({ from: [log, 0], to: [log, before] });
  }

  remove(log: string): void {
    this.store.transaction(() => {
      this.#records.clear({ prefix: [log] });
      this.#ends.remove([log]);
    });
  }

  /** Told after each append to a log; returns a function that ends it. */
  onAppend(log: string, wake: () => void): () => void {
    const listeners = this.#listeners.get(log) ?? new Set();
    this.#listeners.set(log, listeners.add(wake));
    return () => listeners.delete(wake);
  }
}
