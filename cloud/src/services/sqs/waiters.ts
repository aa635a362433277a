import type { Clock } from "../../kernel/clock.ts";

/**
 * Long polls that wait for messages, by queue, first come first served. Waiting is no activity: `settled()` and the
 * moving clock do not wait for it.
 */
export class Waiters {
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  /** How many polls wait now. */
  get size(): number {
    let size = 0;
    for (const waiting of this.#waiting.values()) size += waiting.size;
    return size;
  }

  /** Resolves when the queue may have something, at the latest at `untilMs` or when the signal aborts. */
  async wait(queueId: number, untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    const waiting = this.#waiting.get(queueId) ?? new Set();
    this.#waiting.set(queueId, waiting);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        waiting.delete(end);
        if (waiting.size === 0) this.#waiting.delete(queueId);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.clock.at(untilMs, end);
      waiting.add(end);
      signal?.addEventListener("abort", end);
    });
  }

  /** Wakes as many polls as there may be messages for, once the running transaction is through. */
  wake(queueId: number, count = 1): void {
    if (!this.#waiting.has(queueId)) return;
    queueMicrotask(() => {
      for (const end of [...(this.#waiting.get(queueId) ?? [])].slice(0, count)) end();
    });
  }

  wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const end of Array.from(waiting)) end();
  }
}
