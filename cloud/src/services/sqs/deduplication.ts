import type { Collection, Store } from "../../kernel/store.ts";
import { fifoAttribute } from "./attributes.ts";
import type { QueueRecord } from "./state.ts";

interface Sent {
  readonly expiresMs: number;
  readonly messageId: string;
  readonly number: number;
}

/** AWS: "the 5-minute deduplication interval". */
const INTERVAL_MS = 300_000;
const FORGOTTEN_AT_A_TIME = 20;

/** What was sent to FIFO queues within the last five minutes, whether it is still there or not. */
export class Deduplication {
  /** bin, group or nothing, deduplication id */
  readonly #sent: Collection<Sent>;
  /** bin, time, group or nothing, deduplication id */
  readonly #expiry: Collection<number>;

  constructor(store: Store) {
    this.#sent = store.collection("sqs.dedup");
    this.#expiry = store.collection("sqs.dedupExpiry");
  }

  find(queue: QueueRecord, groupId: string, deduplicationId: string, nowMs: number): Sent | undefined {
    this.#forget(queue.bin, nowMs);
    const sent = this.#sent.get([queue.bin, scopeOf(queue, groupId), deduplicationId]);
    return sent && sent.expiresMs > nowMs ? sent : undefined;
  }

  note(
    queue: QueueRecord,
    groupId: string,
    deduplicationId: string,
    sent: Omit<Sent, "expiresMs">,
    nowMs: number,
  ): void {
    const expiresMs = nowMs + INTERVAL_MS;
    const scope = scopeOf(queue, groupId);
    this.#sent.put([queue.bin, scope, deduplicationId], { ...sent, expiresMs });
    this.#expiry.put([queue.bin, expiresMs, scope, deduplicationId], 0);
  }

  clear(bin: number, max: number): boolean {
    let more = false;
    for (const collection of [this.#sent, this.#expiry]) {
      const keys = [...collection.keys({ prefix: [bin], limit: max })];
      for (const key of keys) collection.remove(key);
      more ||= keys.length === max;
    }
    return more;
  }

  /** Each send takes away a few that are over, so that they never pile up. */
  #forget(bin: number, nowMs: number): void {
    const over = [...this.#expiry.keys({ prefix: [bin], to: [bin, nowMs + 1], limit: FORGOTTEN_AT_A_TIME })];
    for (const key of over) {
      const [, expiresMs, scope, id] = key as [number, number, string, string];
      this.#expiry.remove(key);
      if (this.#sent.get([bin, scope, id])?.expiresMs === expiresMs) this.#sent.remove([bin, scope, id]);
    }
  }
}

/** AWS: "DeduplicationScope: whether message deduplication occurs at the message group or queue level." */
function scopeOf(queue: QueueRecord, groupId: string): string {
  return fifoAttribute(queue, "DeduplicationScope") === "messageGroup" ? groupId : "";
}
