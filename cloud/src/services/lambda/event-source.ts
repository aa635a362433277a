import type { Scope } from "../../aws/scope.ts";
import type { ServiceContext } from "../../service.ts";
import { pollQueue } from "./event-source-queue.ts";
import { pollStream } from "./event-source-stream.ts";
import type { EventSourceRecord, LambdaState } from "./state.ts";

type Cx = ServiceContext<LambdaState>;

/** What reads for one mapping. */
export interface Poller {
  start(): void;
  /** Batches that run are let run. Resolves when they are done. */
  stop(): Promise<void> | void;
}

/** Runs the pollers of the enabled mappings. */
export class EventSources {
  readonly #pollers = new Map<string, Poller>();
  /** What the mappings' last pollers still have to end, before the next one begins. */
  readonly #ending = new Map<string, Promise<unknown>>();
  readonly #results = new Map<string, string>();
  #closed = false;

  constructor(private readonly cx: Cx) {}

  startAll(): void {
    for (const [key, record] of this.cx.state.eventSources.entries())
      this.apply({ account: String(key[0]), region: String(key[1]) }, record);
  }

  /** Polls as the mapping says from now on; batches that run are let run. */
  apply(scope: Scope, record: EventSourceRecord): void {
    const { uuid } = record;
    const ended = this.#end(uuid);
    if (!record.enabled) return;
    const note = (result: string) => this.#results.set(uuid, result);
    const poller =
      record.stream === undefined
        ? pollQueue(this.cx, scope, record)
        : pollStream(this.cx, scope, { ...record, stream: record.stream }, note);
    this.#pollers.set(uuid, poller);
    if (ended === undefined) {
      poller.start();
      return;
    }
    void this.cx.kernel.activity.during("event source", async () => {
      await ended;
      if (this.#pollers.get(uuid) === poller && !this.#closed) poller.start();
    });
  }

  /** Ends polling for good, and forgets how far it came. */
  remove(uuid: string): void {
    const ended = this.#end(uuid);
    this.#results.delete(uuid);
    const forget = () => this.cx.state.checkpoints.clear({ prefix: [uuid] });
    forget();
    // A batch that runs still notes that it is done.
    if (ended) void ended.then(() => (this.#closed ? 0 : forget()));
  }

  /** AWS: `LastProcessingResult`, of streams. */
  resultOf(uuid: string): string {
    return this.#results.get(uuid) ?? "No records processed";
  }

  close(): void {
    this.#closed = true;
    for (const poller of this.#pollers.values()) void poller.stop();
    this.#pollers.clear();
  }

  #end(uuid: string): Promise<unknown> | undefined {
    const stopping = this.#pollers.get(uuid)?.stop();
    this.#pollers.delete(uuid);
    if (stopping) {
      const all = Promise.all([stopping, this.#ending.get(uuid)]).finally(() => {
        if (this.#ending.get(uuid) === all) this.#ending.delete(uuid);
      });
      this.#ending.set(uuid, all);
    }
    return this.#ending.get(uuid);
  }
}
