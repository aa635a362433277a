import type { Scope } from "../../aws/scope.ts";

export type Attributes = Record<string, string>;

export type Protocol = "http" | "https" | "email" | "email-json" | "sqs" | "lambda";

export interface TopicRecord extends Scope {
  readonly name: string;
  readonly fifo: boolean;
  /** What was set; what was not has its default. */
  attributes: Attributes;
  tags: Record<string, string>;
  /** How many of its subscriptions were deleted. */
  deletedSubscriptions: number;
  /** Of a FIFO topic: the number of its last message. */
  sequence: number;
}

export interface SubscriptionRecord {
  /** The UUID at the end of its ARN. */
  readonly id: string;
  /** Where its topic is. */
  readonly topic: TopicKey;
  readonly protocol: Protocol;
  readonly endpoint: string;
  /** The account that subscribed. */
  readonly owner: string;
  /** ARN of who subscribed. */
  readonly principal: string;
  /** What was set: RawMessageDelivery, FilterPolicy, FilterPolicyScope, RedrivePolicy, DeliveryPolicy. */
  attributes: Attributes;
  confirmation: "pending" | "authenticated" | "unauthenticated";
  /** Only its owner or the topic's may end it, with a signature. */
  authenticateOnUnsubscribe?: boolean;
}

/** What somebody may confirm by its token, once or again. */
export interface TokenRecord {
  /** As it will be; also the subscription that was ended and may be taken up again. */
  readonly subscription: SubscriptionRecord;
  readonly expiresMs: number;
}

export interface TopicKey extends Scope {
  readonly name: string;
}

export function topicKey({ account, region, name }: TopicKey): [account: string, region: string, name: string] {
  return [account, region, name];
}
