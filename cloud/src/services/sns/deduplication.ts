import type { Collection, Store } from "../../kernel/store.ts";
import { topicKey, type TopicKey } from "./records.ts";

interface Published {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly expiresMs: number;
}

/** AWS: "the 5-minute deduplication interval". */
const INTERVAL_MS = 300_000;
const FORGOTTEN_AT_A_TIME = 20;

/** What was published to FIFO topics within the last five minutes. */
export class Deduplication {
  /** …, topic name, scope, deduplication id */
  readonly #published: Collection<Published>;
  /** time, …, topic name, scope, deduplication id */
  readonly #expiry: Collection<0>;

  constructor(store: Store) {
    this.#published = store.collection("sns.dedup");
    this.#expiry = store.collection("sns.dedupExpiry");
  }

  find(topic: TopicKey, scope: string, id: string, nowMs: number): Published | undefined {
    this.#forget(nowMs);
    const found = this.#published.get([...topicKey(topic), scope, id]);
    return found && found.expiresMs > nowMs ? found : undefined;
  }

  note(topic: TopicKey, scope: string, id: string, published: Omit<Published, "expiresMs">, nowMs: number): void {
    const expiresMs = nowMs + INTERVAL_MS;
    this.#published.put([...topicKey(topic), scope, id], { ...published, expiresMs });
    this.#expiry.put([expiresMs, ...topicKey(topic), scope, id], 0);
  }

  /** Each message takes away a few that are over, so that they never pile up. */
  #forget(nowMs: number): void {
    const over = [...this.#expiry.keys({ to: [nowMs + 1], limit: FORGOTTEN_AT_A_TIME })];
    for (const key of over) {
      const [expiresMs, ...rest] = key;
      this.#expiry.remove(key);
      if (this.#published.get(rest)?.expiresMs === expiresMs) this.#published.remove(rest);
    }
  }
}
