import { AsyncLocalStorage } from "node:async_hooks";

/** Something in flight that may have to wait for time in between. Pausing it twice, or after its end, does nothing. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * Counts what is in flight: deliveries, invocations, stack operations, polls that found something.
 * `settled()` and the moving clock wait for it to be empty. What merely waits for time or for news (a long poll,
 * a timer) is not in flight.
 */
export class Activity {
  readonly #running = new Map<number, string>();
  readonly #scope = new AsyncLocalStorage<Pausable>();
  #next = 0;
  #waiters: (() => void)[] = [];

  /** Notes that something began; call the result once when it ended. */
  begin(label: string): () => void {
    const id = this.#next++;
    this.#running.set(id, label);
    return () => {
      if (!this.#running.delete(id) || this.#running.size > 0) return;
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    };
  }

  /** Runs `work` as something in flight. */
  async during<T>(label: string, work: () => Promise<T>): Promise<T> {
    let end: (() => void) | undefined = this.begin(label);
    let isOver = false;
    const pausable: Pausable = {
      pause: () => {
        end?.();
        end = undefined;
      },
      resume: () => {
        if (!isOver) end ??= this.begin(label);
      },
    };
    try {
      return await this.#scope.run(pausable, work);
    } finally {
      isOver = true;
      end?.();
    }
  }

  /**
   * The work that the caller is part of: whoever makes it wait for time pauses it, or the clock would wait for the work
   * and the work for the clock.
   */
  enclosing(): Pausable | undefined {
    return this.#scope.getStore();
  }

  /** What is in flight now, for people who wonder why `settled()` waits. */
  labels(): string[] {
    return [...this.#running.values()];
  }

  /** Resolves when nothing is in flight and nothing more starts in the same turn of the event loop. */
  async idle(): Promise<void> {
    for (;;) {
      while (this.#running.size > 0) await new Promise<void>((wake) => this.#waiters.push(wake));
      await new Promise<void>((wake) => setImmediate(wake));
      if (this.#running.size === 0) return;
    }
  }
}
