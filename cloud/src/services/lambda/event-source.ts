import type { Scope } from "../../aws/scope.ts";
import type { ServiceContext } from "../../service.ts";
import { Pollers } from "../../sources/pollers.ts";
import { pollQueue } from "./event-source-queue.ts";
import { pollStream } from "./event-source-stream.ts";
import type { EventSourceRecord, LambdaState } from "./state.ts";

/** Runs the pollers of the enabled mappings. */
export class EventSources {
  readonly #pollers: Pollers;
  readonly #results = new Map<string, string>();

  constructor(private readonly cx: ServiceContext<LambdaState>) {
    this.#pollers = new Pollers(cx.kernel.activity);
  }

  startAll(): void {
    for (const [key, record] of this.cx.state.eventSources.entries())
      this.apply({ account: String(key[0]), region: String(key[1]) }, record);
  }

  /** Polls as the mapping says from now on; batches that run are let run. */
  apply(scope: Scope, record: EventSourceRecord): void {
    const { uuid, stream } = record;
    if (!record.enabled) {
      void this.#pollers.stop(uuid);
      return;
    }
    const note = (result: string) => this.#results.set(uuid, result);
    this.#pollers.replace(
      uuid,
      stream === undefined
        ? pollQueue(this.cx, scope, record)
        : pollStream(this.cx, scope, { ...record, stream }, note),
    );
  }

  /** Ends polling for good, and forgets how far it came. */
  remove(uuid: string): void {
    this.#results.delete(uuid);
    this.#pollers.remove(uuid, () => this.cx.state.checkpoints.clear({ prefix: [uuid] }));
  }

  /** AWS: `LastProcessingResult`, of streams. */
  resultOf(uuid: string): string {
    return this.#results.get(uuid) ?? "No records processed";
  }

  close(): void {
    this.#pollers.close();
  }
}
