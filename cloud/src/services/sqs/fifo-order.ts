import type { Collection, Store } from "../../kernel/store.ts";
import { integerAttribute } from "./attributes.ts";
import type { Counts, MessageKey, MessageRecord, Order, Stored } from "./messages.ts";
import type { QueueRecord } from "./state.ts";

interface InFlight extends MessageKey {
  readonly untilMs: number;
}

/** A message group that has messages. It stands in `ready` or in `blocked`, never in both. */
interface Group {
  /** At most ten: while one is in flight, no more are handed out. */
  readonly inFlight: readonly InFlight[];
  /** Where it stands in `ready`: its first message. */
  readonly head?: MessageKey;
  /** Where it stands in `blocked`. */
  readonly blockedMs?: number;
}

/**
 * Message groups in order. AWS: "While messages with a particular MessageGroupId are invisible, no more messages
 * belonging to the same MessageGroupId are returned until the visibility timeout expires."
 */
export class FifoOrder implements Order {
  /** bin, group, number → enqueued: the messages of a group */
  readonly #members: Collection<number>;
  /** bin, group */
  readonly #groups: Collection<Group>;
  /** bin, key of the first message → group: may be received, once the queue's delay is over */
  readonly #ready: Collection<string>;
  /** bin, time when the last message in flight becomes visible again, group */
  readonly #blocked: Collection<number>;
  readonly #messages: Collection<MessageRecord>;

  constructor(store: Store) {
    this.#members = store.collection("sqs.fifo.members");
    this.#groups = store.collection("sqs.fifo.groups");
    this.#ready = store.collection("sqs.fifo.ready");
    this.#blocked = store.collection("sqs.fifo.blocked");
    this.#messages = store.collection("sqs.messages");
  }

  added(queue: QueueRecord, key: MessageKey, message: MessageRecord): void {
    const group = message.groupId!;
    this.#members.put([queue.bin, group, key.number], key.enqueuedMs);
    if (!this.#groups.has([queue.bin, group])) this.#settle(queue.bin, group, { inFlight: [] });
  }

  available(queue: QueueRecord, nowMs: number, max: number): MessageKey[] {
    this.#unblock(queue.bin, nowMs);
    const dueMs = nowMs - delayMs(queue);
    const keys: MessageKey[] = [];
    for (const group of this.#ready.values({ prefix: [queue.bin], to: [queue.bin, dueMs + 1], limit: max })) {
      const members = this.#members.entries({ prefix: [queue.bin, group], limit: max - keys.length });
      for (const [key, enqueuedMs] of members) {
        if (enqueuedMs > dueMs) break;
        keys.push({ enqueuedMs, number: key[2] as number });
      }
      if (keys.length === max) break;
    }
    return keys;
  }

  hidden(queue: QueueRecord, { key, message }: Stored, untilMs: number, nowMs: number): void {
    const name = message.groupId!;
    const group = this.#groups.get([queue.bin, name])!;
    const others = group.inFlight.filter(({ number }) => number !== key.number);
    this.#settle(queue.bin, name, group, stillHidden([...others, { ...key, untilMs }], nowMs));
  }

  removed(queue: QueueRecord, { key, message }: Stored, nowMs: number): void {
    const name = message.groupId!;
    const group = this.#groups.get([queue.bin, name])!;
    this.#members.remove([queue.bin, name, key.number]);
    const others = group.inFlight.filter(({ number }) => number !== key.number);
    this.#settle(queue.bin, name, group, stillHidden(others, nowMs));
  }

  counts(queue: QueueRecord, nowMs: number): Counts {
    const dueMs = nowMs - delayMs(queue);
    let inFlight = 0;
    for (const key of this.#blocked.keys({ prefix: [queue.bin], from: [queue.bin, nowMs + 1] }))
      inFlight += stillHidden(this.#groups.get([queue.bin, key[2] as string])!.inFlight, nowMs).length;
    const delayed = this.#messages.count({ prefix: [queue.bin], from: [queue.bin, dueMs + 1] });
    const all = this.#messages.count({ prefix: [queue.bin] });
    return { visible: Math.max(0, all - inFlight - delayed), inFlight, delayed };
  }

  nextMs(queue: QueueRecord, nowMs: number): number | undefined {
    const freed = this.#blocked.first({ prefix: [queue.bin], from: [queue.bin, nowMs + 1] })?.[0][1] as
      | number
      | undefined;
    const delay = delayMs(queue);
    const due = this.#ready.first({ prefix: [queue.bin], from: [queue.bin, nowMs - delay + 1] })?.[0][1] as
      | number
      | undefined;
    const times = [freed, due === undefined ? undefined : due + delay].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  clear(bin: number, max: number): boolean {
    let more = false;
    for (const collection of [this.#members, this.#groups, this.#ready, this.#blocked]) {
      const keys = [...collection.keys({ prefix: [bin], limit: max })];
      for (const key of keys) collection.remove(key);
      more ||= keys.length === max;
    }
    return more;
  }

  #unblock(bin: number, nowMs: number): void {
    const due = [...this.#blocked.keys({ prefix: [bin], to: [bin, nowMs + 1] })];
    for (const [, , name] of due as [number, number, string][]) {
      const group = this.#groups.get([bin, name])!;
      this.#settle(bin, name, group, stillHidden(group.inFlight, nowMs));
    }
  }

  /** Puts a group where it belongs now. */
  #settle(bin: number, name: string, before: Group, inFlight: readonly InFlight[] = before.inFlight): void {
    if (before.head) this.#ready.remove([bin, before.head.enqueuedMs, before.head.number]);
    if (before.blockedMs !== undefined) this.#blocked.remove([bin, before.blockedMs, name]);
    const first = this.#members.first({ prefix: [bin, name] });
    if (!first) {
      this.#groups.remove([bin, name]);
      return;
    }
    if (inFlight.length > 0) {
      const blockedMs = Math.max(...inFlight.map(({ untilMs }) => untilMs));
      this.#blocked.put([bin, blockedMs, name], 0);
      this.#groups.put([bin, name], { inFlight, blockedMs });
      return;
    }
    const head = { enqueuedMs: first[1], number: first[0][2] as number };
    this.#ready.put([bin, head.enqueuedMs, head.number], name);
    this.#groups.put([bin, name], { inFlight, head });
  }
}

function stillHidden(inFlight: readonly InFlight[], nowMs: number): InFlight[] {
  return inFlight.filter(({ untilMs }) => untilMs > nowMs);
}

/** AWS: a FIFO queue has one delay for all messages, and a change of it counts for those that are there already. */
function delayMs(queue: QueueRecord): number {
  return integerAttribute(queue, "DelaySeconds") * 1000;
}
