import { effectivePolicy } from "./delivery-policy.ts";
import type { SubscriptionRecord, TopicRecord } from "./records.ts";

/** AWS: "maxReceivesPerSecond": the average rate at which a web server gets messages. Retries come on top. */
export class Throttle {
  /** When the next message of a subscription may go, in milliseconds. */
  readonly #nextMs = new Map<string, number>();

  /** How long a message has to wait, in milliseconds; takes its place in the row. */
  delayMs(topic: TopicRecord, subscription: SubscriptionRecord, nowMs: number): number {
    if (subscription.protocol !== "http" && subscription.protocol !== "https") return 0;
    const rate = effectivePolicy(topic, subscription).throttlePolicy?.maxReceivesPerSecond;
    if (rate === undefined) return 0;
    const slotMs = Math.max(nowMs, this.#nextMs.get(subscription.id) ?? 0);
    this.#nextMs.set(subscription.id, slotMs + 1000 / rate);
    return slotMs - nowMs;
  }
}
