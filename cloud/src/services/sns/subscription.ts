import { findArn } from "../../aws/arn.ts";
import { malformedArn, invalidParameter, subscriptionNotFound } from "./errors.ts";
import { type Cx, topicArn } from "./topic.ts";
import { type SubscriptionRecord, type TopicKey, topicKey } from "./records.ts";
import type { SnsState } from "./state.ts";

export function subscriptionArn({ topic, id }: Pick<SubscriptionRecord, "topic" | "id">): string {
  return `${topicArn(topic)}:${id}`;
}

export interface SubscriptionKey {
  readonly topic: TopicKey;
  readonly id: string;
}

export function findSubscriptionKey(text: string): SubscriptionKey | undefined {
  const parts = findArn(text);
  if (parts?.service !== "sns") return undefined;
  const [name = "", id, ...rest] = parts.resource.split(":");
  if (id === undefined || rest.length > 0) return undefined;
  return { topic: { account: parts.account, region: parts.region, name }, id };
}

/** @throws AwsError InvalidParameter for what is no subscription's ARN */
export function readSubscriptionArn(text: string | undefined): SubscriptionKey {
  const given = text ?? "";
  if (given.split(":").length < 6) throw malformedArn("SubscriptionArn", given);
  const key = findSubscriptionKey(given);
  if (!key) throw invalidParameter("SubscriptionId");
  return key;
}

export function findSubscription(state: SnsState, { topic, id }: SubscriptionKey): SubscriptionRecord | undefined {
  return state.subscriptions.get([...topicKey(topic), id]);
}

/** @throws AwsError InvalidParameter, NotFound */
export function getSubscription(cx: Cx, text: string | undefined): SubscriptionRecord {
  const subscription = findSubscription(cx.state, readSubscriptionArn(text));
  if (!subscription) throw subscriptionNotFound();
  return subscription;
}

export function putSubscription(state: SnsState, subscription: SubscriptionRecord): void {
  state.subscriptions.put([...topicKey(subscription.topic), subscription.id], subscription);
}

export function subscriptionsOf(state: SnsState, topic: TopicKey): Iterable<SubscriptionRecord> {
  return state.subscriptions.values({ prefix: topicKey(topic) });
}
