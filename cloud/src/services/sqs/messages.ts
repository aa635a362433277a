import type { Collection, Store } from "../../kernel/store.ts";
import { FifoOrder } from "./fifo-order.ts";
import { StandardOrder } from "./standard-order.ts";
import type { QueueRecord } from "./state.ts";

/** Where a message stands in its bin: by the time its retention counts from, then by number. */
export interface MessageKey {
  readonly enqueuedMs: number;
  /** Rises with each message of the cloud. */
  readonly number: number;
}

export interface MessageAttribute {
  readonly type: string;
  /** Text, or bytes of a binary attribute. */
  readonly value: string | Uint8Array;
}

/** What does not change of a message. */
export interface MessageRecord {
  readonly id: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes?: Record<string, MessageAttribute>;
  readonly traceHeader?: string;
  readonly senderId: string;
  readonly sentMs: number;
  /** From when on it may be received. FIFO queues take their queue's present delay instead. */
  readonly availableMs: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** Of a message in a dead-letter queue. */
  readonly sourceArn?: string;
  /** How often it was received in other queues before, and when first. */
  readonly earlierReceives?: number;
  readonly earlierFirstReceivedMs?: number;
}

/** What a receive writes down. */
export interface ReceiveRecord {
  /** In this queue. */
  readonly receives: number;
  readonly firstReceivedMs: number;
  readonly receivedMs: number;
  readonly visibleMs: number;
}

export interface Stored {
  readonly key: MessageKey;
  readonly message: MessageRecord;
  /** Undefined where it was never received. */
  readonly received: ReceiveRecord | undefined;
}

export interface Counts {
  visible: number;
  inFlight: number;
  delayed: number;
}

/** In which order the messages of a queue become available, and what hides them. One for each kind of queue. */
export interface Order {
  added(queue: QueueRecord, key: MessageKey, message: MessageRecord): void;
  /** The first messages that may be received now. */
  available(queue: QueueRecord, nowMs: number, max: number): MessageKey[];
  /** A message was received, or its visibility changed: hidden until `untilMs`. */
  hidden(queue: QueueRecord, stored: Stored, untilMs: number, nowMs: number): void;
  removed(queue: QueueRecord, stored: Stored, nowMs: number): void;
  counts(queue: QueueRecord, nowMs: number): Counts;
  /** When the next message that is not available now will be; undefined for never. */
  nextMs(queue: QueueRecord, nowMs: number): number | undefined;
  /** Drops what it keeps of a bin, some at a time; true where there is more. */
  clear(bin: number, max: number): boolean;
}

const NUMBERS_AT_A_TIME = 100_000;
/** AWS: "there can be a maximum of approximately 120,000 in flight messages". */
const IN_FLIGHT_MAX = 120_000;

/** The messages of all queues. */
export class Messages {
  readonly #messages: Collection<MessageRecord>;
  readonly #received: Collection<ReceiveRecord>;
  readonly #standard: StandardOrder;
  readonly #fifo: FifoOrder;
  /** How many messages of a bin were received at least once and are still there: counted once, then kept up. */
  readonly #receivedCounts = new Map<number, number>();
  /** No message of a bin was enqueued before this, so that looking for expired ones mostly costs nothing. */
  readonly #oldestMs = new Map<number, number>();
  #nextNumber = 0;
  #numbersEnd = 0;

  constructor(
    store: Store,
    private readonly reserveNumbers: (count: number) => number,
  ) {
    this.#messages = store.collection("sqs.messages");
    this.#received = store.collection("sqs.received");
    this.#standard = new StandardOrder(store);
    this.#fifo = new FifoOrder(store);
  }

  add(queue: QueueRecord, message: MessageRecord, enqueuedMs: number): MessageKey {
    const key = { enqueuedMs, number: this.#newNumber() };
    this.#messages.put([queue.bin, enqueuedMs, key.number], message);
    const oldestMs = this.#oldestMs.get(queue.bin);
    if (oldestMs !== undefined && enqueuedMs < oldestMs) this.#oldestMs.set(queue.bin, enqueuedMs);
    this.#orderOf(queue).added(queue, key, message);
    return key;
  }

  find(queue: QueueRecord, key: MessageKey): Stored | undefined {
    const message = this.#messages.get([queue.bin, key.enqueuedMs, key.number]);
    if (!message) return undefined;
    return { key, message, received: this.#received.get([queue.bin, key.enqueuedMs, key.number]) };
  }

  /** What is there, whether it may be received or not, oldest first. */
  list(queue: QueueRecord, enqueuedFromMs: number, max: number): Stored[] {
    const keys = this.#messages.keys({ prefix: [queue.bin], from: [queue.bin, enqueuedFromMs], limit: max });
    return [...keys].map(([, enqueuedMs, number]) =>
      this.find(queue, { enqueuedMs: enqueuedMs as number, number: number as number })!,
    );
  }

  available(queue: QueueRecord, nowMs: number, max: number): Stored[] {
    return this.#orderOf(queue)
      .available(queue, nowMs, max)
      .map((key) => this.find(queue, key)!);
  }

  /** Hides a message that is handed out, and notes the receive. */
  receive(queue: QueueRecord, stored: Stored, visibleMs: number, nowMs: number): ReceiveRecord {
    const received: ReceiveRecord = {
      receives: (stored.received?.receives ?? 0) + 1,
      firstReceivedMs: stored.received?.firstReceivedMs ?? nowMs,
      receivedMs: nowMs,
      visibleMs,
    };
    if (!stored.received) this.#countReceived(queue.bin, 1);
    this.#hide(queue, stored, received, nowMs);
    return received;
  }

  changeVisibility(
    queue: QueueRecord,
    stored: Stored & { received: ReceiveRecord },
    visibleMs: number,
    nowMs: number,
  ): void {
    this.#hide(queue, stored, { ...stored.received, visibleMs }, nowMs);
  }

  remove(queue: QueueRecord, stored: Stored, nowMs: number): void {
    const { enqueuedMs, number } = stored.key;
    this.#messages.remove([queue.bin, enqueuedMs, number]);
    if (stored.received) {
      this.#received.remove([queue.bin, enqueuedMs, number]);
      this.#countReceived(queue.bin, -1);
    }
    this.#orderOf(queue).removed(queue, stored, nowMs);
  }

  /** Removes what is older than the queue's retention period. */
  expire(queue: QueueRecord, beforeMs: number, nowMs: number): void {
    while ((this.#oldestMs.get(queue.bin) ?? 0) < beforeMs) {
      const [key] = this.#messages.keys({ prefix: [queue.bin], limit: 1 }) as Iterable<[number, number, number]>;
      this.#oldestMs.set(queue.bin, key?.[1] ?? nowMs);
      if (!key || key[1] >= beforeMs) return;
      this.remove(queue, this.find(queue, { enqueuedMs: key[1], number: key[2] })!, nowMs);
    }
  }

  /** When the oldest message was enqueued; undefined for an empty queue. */
  oldestMs(queue: QueueRecord): number | undefined {
    const [key] = this.#messages.keys({ prefix: [queue.bin], limit: 1 });
    return key?.[1] as number | undefined;
  }

  counts(queue: QueueRecord, nowMs: number): Counts {
    return this.#orderOf(queue).counts(queue, nowMs);
  }

  nextMs(queue: QueueRecord, nowMs: number): number | undefined {
    return this.#orderOf(queue).nextMs(queue, nowMs);
  }

  /** Whether as many messages are in flight as may be. The exact count is asked only where it could be. */
  isFull(queue: QueueRecord, nowMs: number): boolean {
    return this.#receivedCount(queue.bin) >= IN_FLIGHT_MAX && this.counts(queue, nowMs).inFlight >= IN_FLIGHT_MAX;
  }

  /** Removes what was kept under a bin that no queue has any more, some at a time; true where there is more. */
  clear(bin: number, max: number): boolean {
    this.#receivedCounts.delete(bin);
    this.#oldestMs.delete(bin);
    let more = false;
    for (const collection of [this.#messages, this.#received]) {
      const keys = [...collection.keys({ prefix: [bin], limit: max })];
      for (const key of keys) collection.remove(key);
      more ||= keys.length === max;
    }
    for (const order of [this.#standard, this.#fifo]) if (order.clear(bin, max)) more = true;
    return more;
  }

  #hide(queue: QueueRecord, stored: Stored, received: ReceiveRecord, nowMs: number): void {
    this.#received.put([queue.bin, stored.key.enqueuedMs, stored.key.number], received);
    this.#orderOf(queue).hidden(queue, stored, received.visibleMs, nowMs);
  }

  #orderOf(queue: QueueRecord): Order {
    return queue.fifo ? this.#fifo : this.#standard;
  }

  #receivedCount(bin: number): number {
    let count = this.#receivedCounts.get(bin);
    if (count === undefined) {
      count = this.#received.count({ prefix: [bin] });
      this.#receivedCounts.set(bin, count);
    }
    return count;
  }

  #countReceived(bin: number, change: number): void {
    const count = this.#receivedCounts.get(bin);
    if (count !== undefined) this.#receivedCounts.set(bin, count + change);
  }

  #newNumber(): number {
    if (this.#nextNumber === this.#numbersEnd) {
      this.#nextNumber = this.reserveNumbers(NUMBERS_AT_A_TIME);
      this.#numbersEnd = this.#nextNumber + NUMBERS_AT_A_TIME;
    }
    return this.#nextNumber++;
  }
}
