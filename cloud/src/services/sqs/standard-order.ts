import type { Collection, Store } from "../../kernel/store.ts";
import type { Counts, MessageKey, MessageRecord, Order, Stored } from "./messages.ts";
import type { QueueRecord } from "./state.ts";

/** What hides a message that is not visible yet. */
const DELAYED = 1;
const RECEIVED = 2;

/**
 * Messages by the time from which they are visible: bin, time, key. So a receive reads from the front up to now and
 * never meets a hidden message, however many there are.
 */
export class StandardOrder implements Order {
  readonly #visible: Collection<number>;

  constructor(store: Store) {
    this.#visible = store.collection("sqs.visible");
  }

  added(queue: QueueRecord, { enqueuedMs, number }: MessageKey, message: MessageRecord): void {
    this.#visible.put([queue.bin, message.availableMs, enqueuedMs, number], DELAYED);
  }

  available(queue: QueueRecord, nowMs: number, max: number): MessageKey[] {
    const keys: MessageKey[] = [];
    for (const key of this.#visible.keys({ prefix: [queue.bin], to: [queue.bin, nowMs + 1], limit: max }))
      keys.push({ enqueuedMs: key[2] as number, number: key[3] as number });
    return keys;
  }

  hidden(queue: QueueRecord, stored: Stored, untilMs: number): void {
    const { enqueuedMs, number } = stored.key;
    this.#visible.remove([queue.bin, visibleFrom(stored), enqueuedMs, number]);
    this.#visible.put([queue.bin, untilMs, enqueuedMs, number], RECEIVED);
  }

  removed(queue: QueueRecord, stored: Stored): void {
    const { enqueuedMs, number } = stored.key;
    this.#visible.remove([queue.bin, visibleFrom(stored), enqueuedMs, number]);
  }

  counts(queue: QueueRecord, nowMs: number): Counts {
    const counts = {
      visible: this.#visible.count({ prefix: [queue.bin], to: [queue.bin, nowMs + 1] }),
      inFlight: 0,
      delayed: 0,
    };
    for (const why of this.#visible.values({ prefix: [queue.bin], from: [queue.bin, nowMs + 1] }))
      if (why === RECEIVED) counts.inFlight++;
      else counts.delayed++;
    return counts;
  }

  nextMs(queue: QueueRecord, nowMs: number): number | undefined {
    return this.#visible.first({ prefix: [queue.bin], from: [queue.bin, nowMs + 1] })?.[0][1] as number | undefined;
  }

  clear(bin: number, max: number): boolean {
    const keys = [...this.#visible.keys({ prefix: [bin], limit: max })];
    for (const key of keys) this.#visible.remove(key);
    return keys.length === max;
  }
}

function visibleFrom({ message, received }: Stored): number {
  return received?.visibleMs ?? message.availableMs;
}
