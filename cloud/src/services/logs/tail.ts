import type { Scope } from "../../aws/scope.ts";
import type { FilterPattern } from "../../engines/log-filter/pattern.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { NewEvent } from "./event-log.ts";
import { groupArn } from "./group.ts";

export interface TailedEvent {
  logStreamName: string;
  logGroupIdentifier: string;
  message: string;
  timestamp: number;
  ingestionTime: number;
}

export interface TailOptions {
  readonly scope: Scope;
  readonly groups: ReadonlySet<string>;
  /** Empty for all. */
  readonly streams: readonly string[];
  readonly streamPrefixes: readonly string[];
  readonly pattern: FilterPattern | undefined;
}

/** AWS: "The array can include as many as 500 log events"; more in a second are sampled. */
const UPDATE_EVENTS_MAX = 500;
/** AWS: "buffers up to 10 LiveTailSessionUpdate events or 5000 log events, after which it starts dropping the oldest". */
const BUFFER_EVENTS_MAX = 5000;
const UPDATE_EVERY_MS = 1000;

/** One Live Tail session: what came in since the client last took an update. */
export class TailSession {
  #buffer: TailedEvent[] = [];
  #wake: (() => void) | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly options: TailOptions,
  ) {}

  /** Shows events to the session, which takes those that it is meant to see. */
  offer(scope: Scope, group: string, stream: string, events: readonly NewEvent[]): void {
    const { groups, streams, streamPrefixes, pattern } = this.options;
    if (scope.account !== this.options.scope.account || scope.region !== this.options.scope.region) return;
    if (!groups.has(group)) return;
    if (streams.length > 0 && !streams.includes(stream)) return;
    if (streamPrefixes.length > 0 && !streamPrefixes.some((prefix) => stream.startsWith(prefix))) return;
    for (const { message, timestamp } of events) {
      if (pattern && !pattern.match(message)) continue;
      this.#buffer.push({
        logStreamName: stream,
        logGroupIdentifier: groupArn(scope, group),
        message,
        timestamp,
        ingestionTime: this.kernel.clock.now(),
      });
    }
    if (this.#buffer.length > BUFFER_EVENTS_MAX) this.#buffer = this.#buffer.slice(-BUFFER_EVENTS_MAX);
    if (this.#buffer.length > 0) this.#wake?.();
  }

  /**
   * The next update: at once where events wait, else when some come, else after a second without any.
   * @returns undefined where the session was ended by the signal
   */
  async next(signal: AbortSignal): Promise<{ sampled: boolean; events: TailedEvent[] } | undefined> {
    if (this.#buffer.length === 0 && !signal.aborted) await this.#wait(signal);
    if (signal.aborted) return undefined;
    const sampled = this.#buffer.length > UPDATE_EVENTS_MAX;
    const events = sampled ? sample(this.#buffer, UPDATE_EVENTS_MAX) : this.#buffer;
    this.#buffer = [];
    return { sampled, events };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#wake = wake;
    signal.addEventListener("abort", wake);
    await this.kernel.clock.wait(UPDATE_EVERY_MS, woken.signal);
    signal.removeEventListener("abort", wake);
    this.#wake = undefined;
  }
}

/** Every n-th, so that the whole second is seen. */
function sample<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}
