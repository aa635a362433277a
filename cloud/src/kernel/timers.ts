import type { Clock } from "./clock.ts";
import type { Collection, Store } from "./store.ts";

interface TimerRecord {
  atMs: number;
  payload: unknown;
}

/**
 * Timers that survive a restart: a time, a kind, a name and plain data. Kept in order of time in the store, so a million
 * of them cost one timer of the clock. What fell due while the cloud was down runs when it starts.
 */
export class DurableTimers {
  readonly #due: Collection<TimerRecord>;
  readonly #times: Collection<number>;
  readonly #handlers = new Map<string, (payload: never, name: string) => void>();
  #armedAtMs: number | undefined;
  #disarm: (() => void) | undefined;
  #started = false;

  constructor(
    private readonly clock: Clock,
    private readonly store: Store,
  ) {
    this.#due = store.collection("kernel.timers");
    this.#times = store.collection("kernel.timers.byName");
  }

  /** Says what runs when a timer of this kind falls due. It runs inside a transaction, together with the timer's removal. */
  handle<P>(kind: string, run: (payload: P, name: string) => void): void {
    this.#handlers.set(kind, run as (payload: never, name: string) => void);
  }

  /** Sets the timer of this kind and name, replacing the one that stands. */
  set(kind: string, name: string, atMs: number, payload: unknown = null): void {
    this.store.transaction(() => {
      this.cancel(kind, name);
      this.#due.put([atMs, kind, name], { atMs, payload });
      this.#times.put([kind, name], atMs);
    });
    this.#arm();
  }

  cancel(kind: string, name: string): void {
    const atMs = this.#times.get([kind, name]);
    if (atMs === undefined) return;
    this.store.transaction(() => {
      this.#due.remove([atMs, kind, name]);
      this.#times.remove([kind, name]);
    });
  }

  /** When the timer falls due, or undefined where none is set. */
  find(kind: string, name: string): number | undefined {
    return this.#times.get([kind, name]);
  }

  /** The timers that fall due next, in order. */
  next(limit: number): { atMs: number; kind: string; name: string }[] {
    return [...this.#due.entries({ limit })].map(([key, { atMs }]) => {
      const [, kind, name] = key as [number, string, string];
      return { atMs, kind, name };
    });
  }

  /** Begins to run timers; called once every handler is known. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  #arm(): void {
    if (!this.#started) return;
    const next = this.#due.first();
    const atMs = next?.[1].atMs;
    if (atMs === this.#armedAtMs) return;
    this.#disarm?.();
    this.#armedAtMs = atMs;
    this.#disarm = atMs === undefined ? undefined : this.clock.at(atMs, () => this.#runNext());
  }

  #runNext(): void {
    this.#armedAtMs = undefined;
    const next = this.#due.first();
    if (next && next[1].atMs <= this.clock.now()) {
      const [key, record] = next;
      const [, kind, name] = key as [number, string, string];
      const run = this.#handlers.get(kind);
      if (!run) throw new Error(`No handler for durable timers of kind ${kind}`);
      this.store.transaction(() => {
        this.cancel(kind, name);
        run(record.payload as never, name);
      });
    }
    this.#arm();
  }
}
