import type { Activity } from "../kernel/activity.ts";

/** What reads a source for one mapping or pipe. */
export interface Poller {
  start(): void;
  /** Batches that run are let run. Resolves when they are done. */
  stop(): Promise<void> | void;
}

/** The pollers of a service, by the id of the mapping or pipe: of each id one at a time. */
export class Pollers {
  readonly #pollers = new Map<string, Poller>();
  /** What the last poller of an id still has to end, before the next one begins. */
  readonly #ending = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(private readonly activity: Activity) {}

  /** Has this one poll from now on, as soon as the one before has ended. */
  replace(id: string, poller: Poller): void {
    const ended = this.stop(id);
    this.#pollers.set(id, poller);
    if (ended === undefined) {
      poller.start();
      return;
    }
    void this.activity.during("poller", async () => {
      await ended;
      if (this.#pollers.get(id) === poller && !this.#closed) poller.start();
    });
  }

  /** Resolves when what runs has ended; undefined where nothing does. */
  stop(id: string): Promise<unknown> | undefined {
    const stopping = this.#pollers.get(id)?.stop();
    this.#pollers.delete(id);
    if (stopping) {
      const all = Promise.all([stopping, this.#ending.get(id)]).finally(() => {
        if (this.#ending.get(id) === all) this.#ending.delete(id);
      });
      this.#ending.set(id, all);
    }
    return this.#ending.get(id);
  }

  /** Stops for good, and runs `forget`: at once, and again when a batch that ran has noted how far it came. */
  remove(id: string, forget: () => void): void {
    const ended = this.stop(id);
    forget();
    if (ended) void ended.then(() => (this.#closed ? undefined : forget()));
  }

  close(): void {
    this.#closed = true;
    for (const poller of this.#pollers.values()) void poller.stop();
    this.#pollers.clear();
  }
}
