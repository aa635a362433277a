import type { Kernel } from "./kernel.ts";

/** Something that is read in batches and acknowledges each record by itself; what is not acknowledged comes back. */
export interface QueueSource<R> {
  /** For people who wonder what is in flight. */
  readonly name: string;
  /** What tells news when there may be something to receive. */
  readonly topic: string;
  /** Answers at once; nothing where nothing is there. */
  receive(max: number): Promise<readonly R[]>;
  /** Takes records off the source for good. */
  acknowledge(records: readonly R[]): Promise<void>;
}

/** What becomes of the records. */
export interface BatchPolicy<R> {
  /** Records in one batch at most. */
  readonly sizeMax: number;
  /** What one `receive` may ask for. */
  readonly receiveMax: number;
  /** How long a batch waits to become full, from its first record on. 0: it goes as it was received. */
  readonly windowMs: number;
  /** Batches handled at a time. */
  readonly concurrency: number;
  readonly bytesMax: number;
  bytesOf(record: R): number;
  /** Records that it does not accept are acknowledged without being handled. */
  accepts(record: R): boolean;
  /** Answers the records that failed: they are not acknowledged. A rejection: all of them failed. */
  handle(records: readonly R[]): Promise<readonly R[]>;
}

/** After a source that cannot be read: from a second up to a minute. */
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;
const ACKNOWLEDGE_TRIES = 5;

type Parts = Pick<Kernel, "clock" | "activity" | "news">;

/**
 * Reads a queue-like source in batches: on news, when a batch is done, and when it begins. Waiting for news or for a
 * batch to fill is no activity, so `settled()` and the moving clock do not wait for it.
 */
export class QueuePoller<R> {
  #running = 0;
  /** Complete batches that wait for their turn. */
  readonly #ready: R[][] = [];
  #gathered: R[] = [];
  #gatheredBytes = 0;
  #closeWindow: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #failures = 0;
  #polling = false;
  #again = false;
  #stopped = true;
  #unlisten: (() => void) | undefined;

  constructor(
    private readonly parts: Parts,
    private readonly source: QueueSource<R>,
    private readonly policy: BatchPolicy<R>,
  ) {}

  start(): void {
    this.#stopped = false;
    this.#unlisten = this.parts.news.listen(this.source.topic, () => this.#poll());
    this.#poll();
  }

  /** Receives no more. Batches that run are let run; what was only gathered comes back by the source's own rules. */
  stop(): void {
    this.#stopped = true;
    this.#unlisten?.();
    this.#closeWindow?.();
    this.#cancelRetry?.();
    this.#gathered = [];
    this.#ready.length = 0;
  }

  /** Begins to look, unless it is looking: then it looks once more. */
  #poll(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#polling) return;
    this.#polling = true;
    void this.parts.activity.during(`poll:${this.source.name}`, async () => {
      try {
        while (this.#again && !this.#stopped) {
          this.#again = false;
          await this.#receive();
        }
        this.#failures = 0;
      } catch {
        // The call's own span says what went wrong.
        this.#retryLater();
      } finally {
        this.#polling = false;
      }
    });
  }

  #retryLater(): void {
    const waitMs = Math.min(BACKOFF_MS * 2 ** this.#failures++, BACKOFF_MS_MAX);
    this.#cancelRetry?.();
    if (!this.#stopped) this.#cancelRetry = this.parts.clock.after(waitMs, () => this.#poll());
  }

  /** Receives until nothing is there or nothing more can be handled now. */
  async #receive(): Promise<void> {
    const { sizeMax, receiveMax, windowMs } = this.policy;
    while (!this.#stopped && this.#ready.length === 0 && this.#running < this.policy.concurrency) {
      const received = await this.source.receive(Math.min(receiveMax, sizeMax - this.#gathered.length));
      if (received.length === 0 || this.#stopped) return;
      await this.#gather(received);
      if (this.#gathered.length > 0 && windowMs === 0) this.#close();
      this.#startReady();
    }
  }

  async #gather(received: readonly R[]): Promise<void> {
    const { accepts, bytesOf, bytesMax, sizeMax, windowMs } = this.policy;
    const unwanted = received.filter((record) => !accepts(record));
    if (unwanted.length > 0) await this.#acknowledge(unwanted);
    for (const record of received) {
      if (unwanted.includes(record)) continue;
      const bytes = bytesOf(record);
      if (this.#gathered.length > 0 && this.#gatheredBytes + bytes > bytesMax) this.#close();
      this.#gathered.push(record);
      this.#gatheredBytes += bytes;
      if (this.#gathered.length >= sizeMax) this.#close();
      else if (windowMs > 0 && !this.#closeWindow) this.#openWindow();
    }
  }

  #openWindow(): void {
    this.#closeWindow = this.parts.clock.after(this.policy.windowMs, () => {
      this.#close();
      this.#startReady();
    });
  }

  #close(): void {
    this.#closeWindow?.();
    this.#closeWindow = undefined;
    this.#ready.push(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  #startReady(): void {
    while (this.#running < this.policy.concurrency) {
      const batch = this.#ready.shift();
      if (!batch) return;
      this.#running++;
      void this.parts.activity.during(`batch:${this.source.name}`, () => this.#run(batch));
    }
  }

  async #run(batch: readonly R[]): Promise<void> {
    try {
      const failed = new Set(await this.policy.handle(batch));
      const done = batch.filter((record) => !failed.has(record));
      if (done.length > 0) await this.#acknowledge(done);
    } catch {
      // All of it comes back.
    } finally {
      this.#running--;
      this.#startReady();
      this.#poll();
    }
  }

  /** Tried again at once: what is not acknowledged would be handled twice. */
  async #acknowledge(records: readonly R[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.source.acknowledge(records);
        return;
      } catch (error) {
        if (tries === ACKNOWLEDGE_TRIES) throw error;
      }
    }
  }
}
