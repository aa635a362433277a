import { arn } from "../../aws/arn.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { News } from "../../kernel/news.ts";
import type { QueueRecord } from "./state.ts";

/**
 * Long polls that wait for messages, by queue, first come first served. Waiting is no activity: `settled()` and the
 * moving clock do not wait for it.
 */
export class Waiters {
  readonly #waiting = new Map<number, Set<() => void>>();

  /** When pollers of other services are told to look again, by queue. */
  readonly #telling = new Map<number, { atMs: number; cancel: () => void }>();

  constructor(
    private readonly clock: Clock,
    private readonly news: News,
  ) {}

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
  wake(queue: QueueRecord, count = 1): void {
    const queueId = queue.id;
    this.news.tell(topicOf(queue));
    if (!this.#waiting.has(queueId)) return;
    queueMicrotask(() => {
      for (const end of [...(this.#waiting.get(queueId) ?? [])].slice(0, count)) end();
    });
  }

  /** Tells pollers of other services to look again at a time: what is hidden now is visible then. */
  tellAt(queue: QueueRecord, atMs: number): void {
    const topic = topicOf(queue);
    const set = this.#telling.get(queue.id);
    if (!this.news.isHeard(topic) || (set && set.atMs <= atMs)) return;
    set?.cancel();
    const cancel = this.clock.at(atMs, () => {
      this.#telling.delete(queue.id);
      this.news.tell(topic);
    });
    this.#telling.set(queue.id, { atMs, cancel });
  }

  wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const end of Array.from(waiting)) end();
  }
}

/** The queue's ARN. */
function topicOf(queue: QueueRecord): string {
  return arn("sqs", queue, queue.name);
}
