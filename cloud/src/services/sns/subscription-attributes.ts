/** The attributes of a subscription: what may be set, and what is told of them. */
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { checkDeliveryPolicy, describePolicy, effectivePolicy, normalSubscriptionPolicy } from "./delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { checkFilterPolicy, type FilterScope } from "./filter-policy.ts";
import { subscriptionArn } from "./subscription.ts";
import { findTopic, topicArn } from "./topic.ts";
import type { Attributes, SubscriptionRecord } from "./records.ts";
import type { SnsState } from "./state.ts";

const NAMES = new Set(["DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"]);
const REFUSED: Readonly<Record<string, string>> = {
  ReplayPolicy: "message replay of SNS subscriptions (ReplayPolicy)",
  SubscriptionRoleArn: "SNS subscriptions of Firehose (SubscriptionRoleArn)",
};

type Subscriber = Pick<SubscriptionRecord, "protocol" | "endpoint" | "topic">;

/**
 * Checks attributes that are to be set.
 * @param given only what changes
 * @param all with what stands already
 * @param prefix what stands before the reason in AWS's message: `Attributes Reason: ` in Subscribe
 * @throws AwsError InvalidParameter; NotEmulatedError
 */
export function checkAttributes(given: Attributes, all: Attributes, subscriber: Subscriber, prefix: string): void {
  for (const [name, value] of Object.entries(given)) {
    const refused = REFUSED[name];
    if (refused !== undefined) throw new NotEmulatedError(refused);
    if (!NAMES.has(name)) throw invalidParameter(`${prefix}AttributeName`);
    const fault = faultOf(name, value, all, subscriber);
    if (fault !== undefined) throw invalidParameter(`${prefix}${fault}`);
  }
}

function faultOf(name: string, value: string, all: Attributes, subscriber: Subscriber): string | undefined {
  switch (name) {
    case "RawMessageDelivery":
      if (!/^(true|false)$/i.test(value)) return `RawMessageDelivery: Invalid value [${value}]. Must be true or false.`;
      // AWS: "raw message delivery to Amazon SQS or HTTP/S endpoints".
      return /^true$/i.test(value) && !["sqs", "http", "https"].includes(subscriber.protocol)
        ? `Delivery protocol [${subscriber.protocol}] does not support raw message delivery.`
        : undefined;
    case "FilterPolicyScope":
      if (value !== "MessageAttributes" && value !== "MessageBody")
        return `FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`;
      return all["FilterPolicy"] ? checkFilterPolicy(all["FilterPolicy"], value) : undefined;
    case "FilterPolicy":
      return value === "" ? undefined : checkFilterPolicy(value, scopeOf(all));
    case "RedrivePolicy":
      return value === "" ? undefined : redriveFault(value, subscriber);
    default:
      return value === "" ? undefined : deliveryFault(value, subscriber);
  }
}

function deliveryFault(value: string, { protocol }: Subscriber): string | undefined {
  if (protocol !== "http" && protocol !== "https")
    return `DeliveryPolicy: Delivery protocol [${protocol}] does not support delivery policies.`;
  const fault = checkDeliveryPolicy(value, "subscription");
  return fault === undefined ? undefined : `DeliveryPolicy: ${fault}`;
}

function redriveFault(value: string, { endpoint, topic }: Subscriber): string | undefined {
  let policy: unknown;
  try {
    policy = JSON.parse(value);
  } catch {
    return "RedrivePolicy: failed to parse JSON.";
  }
  const target = (policy as { deadLetterTargetArn?: unknown } | null)?.deadLetterTargetArn;
  const queue = typeof target === "string" ? findArn(target) : undefined;
  if (queue?.service !== "sqs") return "RedrivePolicy: deadLetterTargetArn is an invalid arn";
  if (topic.name.endsWith(".fifo") && endpoint.endsWith(".fifo") && !queue.resource.endsWith(".fifo"))
    return "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.";
  // AWS: "The dead-letter queue must be in the same account and Region as the subscription."
  if (queue.region !== topic.region) return "RedrivePolicy: deadLetterTargetArn is an invalid arn";
  return undefined;
}

/** An attribute as it is kept. */
export function keptValue(name: string, value: string): string {
  if (name === "DeliveryPolicy" && value !== "") return normalSubscriptionPolicy(value);
  return name === "RawMessageDelivery" ? value.toLowerCase() : value;
}

export function scopeOf(attributes: Attributes): FilterScope {
  return attributes["FilterPolicyScope"] === "MessageBody" ? "MessageBody" : "MessageAttributes";
}

export function isRaw({ attributes }: SubscriptionRecord): boolean {
  return attributes["RawMessageDelivery"] === "true";
}

/** The ARN of the dead-letter queue, where there is one. */
export function deadLetterQueueOf({ attributes }: SubscriptionRecord): string | undefined {
  const policy = attributes["RedrivePolicy"];
  return policy ? (JSON.parse(policy) as { deadLetterTargetArn: string }).deadLetterTargetArn : undefined;
}

/** All attributes, as GetSubscriptionAttributes tells them. */
export function describeSubscription(state: SnsState, subscription: SubscriptionRecord): Attributes {
  const { attributes, protocol, confirmation } = subscription;
  const { FilterPolicyScope: _, ...others } = attributes;
  return {
    RawMessageDelivery: "false",
    ...others,
    ...(attributes["FilterPolicy"] ? { FilterPolicyScope: scopeOf(attributes) } : {}),
    ...(protocol === "http" || protocol === "https"
      ? { EffectiveDeliveryPolicy: describePolicy(effectivePolicy(findTopic(state, subscription.topic), subscription)) }
      : {}),
    Endpoint: subscription.endpoint,
    Protocol: protocol,
    Owner: subscription.owner,
    SubscriptionPrincipal: subscription.principal,
    SubscriptionArn: subscriptionArn(subscription),
    TopicArn: topicArn(subscription.topic),
    PendingConfirmation: String(confirmation === "pending"),
    ConfirmationWasAuthenticated: String(confirmation === "authenticated"),
  };
}
