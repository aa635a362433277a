/** The attributes of a topic: what may be set, and what is told of them. */
import { NotEmulatedError } from "../../aws/error.ts";
import { checkDeliveryPolicy, effectiveTopicPolicy, normalTopicPolicy } from "./delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { subscriptionsOf } from "./subscription.ts";
import { topicArn } from "./topic.ts";
import { policyFault, policyOf } from "./topic-policy.ts";
import type { Attributes, SubscriptionRecord, TopicRecord } from "./records.ts";
import type { SnsState } from "./state.ts";

export const MESSAGE_BYTES_DEFAULT = 262_144;
const MESSAGE_BYTES_MIN = 1024;
const MESSAGE_BYTES_MAX = 1_048_576;

const BOOLEAN = (value: string) =>
  /^(true|false)$/i.test(value) ? undefined : `Invalid value [${value}]. Must be true or false.`;
const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value) ? undefined : `Invalid value [${value}]. Must be one of [${values.join(", ")}].`;

/** What is wrong with a value, where something is. */
const RULES: Readonly<Record<string, (value: string, topic: { readonly fifo: boolean }) => string | undefined>> = {
  DisplayName: (value) => (value.length > 100 ? "Must be less than or equal to 100 characters long" : undefined),
  Policy: (value) => (value === "" ? undefined : policyFault(value)),
  KmsMasterKeyId: () => undefined,
  DeliveryPolicy: (value) => (value === "" ? undefined : checkDeliveryPolicy(value, "topic")),
  SignatureVersion: oneOf("1", "2"),
  TracingConfig: oneOf("PassThrough", "Active"),
  MaximumMessageSize: (value) => {
    const bytes = Number(value);
    return Number.isInteger(bytes) && bytes >= MESSAGE_BYTES_MIN && bytes <= MESSAGE_BYTES_MAX
      ? undefined
      : `Value must be between ${MESSAGE_BYTES_MIN} and ${MESSAGE_BYTES_MAX}`;
  },
  ContentBasedDeduplication: (value, { fifo }) =>
    fifo ? BOOLEAN(value) : "Content-based deduplication can only be set for FIFO topics",
  FifoThroughputScope: (value, { fifo }) =>
    fifo ? oneOf("Topic", "MessageGroup")(value) : "FifoThroughputScope can only be set for FIFO topics",
};

/** AWS has these, and they would change what happens to messages. */
const REFUSED: Readonly<Record<string, string>> = {
  ArchivePolicy: "message archiving of SNS topics (ArchivePolicy)",
  DataProtectionPolicy: "message data protection of SNS topics (DataProtectionPolicy)",
};
/** AWS: "Amazon SNS message delivery status": logs of deliveries. */
const FEEDBACK = /^(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback(RoleArn|SampleRate)$/;

/**
 * Checks an attribute that is to be set.
 * @param prefix what stands before the reason in AWS's message: `Attributes Reason: ` in CreateTopic
 * @throws AwsError InvalidParameter; NotEmulatedError
 */
export function checkTopicAttribute(name: string, value: string, topic: { fifo: boolean }, prefix: string): void {
  const refused = REFUSED[name] ?? (FEEDBACK.test(name) ? `delivery status logging of SNS (${name})` : undefined);
  if (refused !== undefined && value !== "") throw new NotEmulatedError(refused);
  if (name === "TracingConfig" && value === "Active")
    throw new NotEmulatedError("active tracing of SNS topics (TracingConfig Active)");
  if (refused !== undefined) return;
  if (name === "KmsMasterKeyId" && value !== "" && !isManagedKey(value))
    throw new NotEmulatedError(`encryption of SNS topics with keys of one's own (KmsMasterKeyId ${value})`);
  const rule = RULES[name];
  if (!rule) throw invalidParameter(`${prefix}AttributeName`);
  const fault = rule(value, topic);
  if (fault !== undefined) throw invalidParameter(name === "Policy" ? fault : `${prefix}${name}: ${fault}`);
}

/** Whether it names the key that AWS keeps for SNS. */
export function isManagedKey(keyId: string): boolean {
  return keyId === "alias/aws/sns" || keyId.endsWith(":alias/aws/sns");
}

/** An attribute as it is kept. */
export function keptValue(name: string, value: string): string {
  if (name === "DeliveryPolicy") return normalTopicPolicy(value);
  return name === "ContentBasedDeduplication" ? value.toLowerCase() : value;
}

/** All attributes, as GetTopicAttributes tells them. */
export function describeTopic(state: SnsState, topic: TopicRecord): Attributes {
  const all = [...subscriptionsOf(state, topic)];
  const pending = all.filter(({ confirmation }) => confirmation === "pending").length;
  return {
    DisplayName: "",
    ...topic.attributes,
    ...(topic.fifo
      ? { FifoTopic: "true", ContentBasedDeduplication: topic.attributes["ContentBasedDeduplication"] ?? "false" }
      : {}),
    TopicArn: topicArn(topic),
    Owner: topic.account,
    Policy: policyOf(topic),
    EffectiveDeliveryPolicy: JSON.stringify(effectiveTopicPolicy(topic)),
    SubscriptionsConfirmed: String(all.length - pending),
    SubscriptionsPending: String(pending),
    SubscriptionsDeleted: String(topic.deletedSubscriptions),
  };
}

/** AWS: the subscriptions that a topic with messages above 256 KiB may have. */
const LARGE_SUBSCRIPTIONS_MAX = 100;

/**
 * AWS: "A topic with a MaximumMessageSize above 256 KiB must have 100 or fewer subscriptions, and each subscription must
 * be an Amazon SQS, Amazon Data Firehose, or Lambda subscription."
 * @throws AwsError InvalidParameter; Gap: in words of our own
 */
export function checkLargeMessages(subscriptions: readonly Pick<SubscriptionRecord, "protocol">[]): void {
  const isFit = subscriptions.every(({ protocol }) => protocol === "sqs" || protocol === "lambda");
  if (!isFit || subscriptions.length > LARGE_SUBSCRIPTIONS_MAX)
    throw invalidParameter(
      "MaximumMessageSize: A topic with messages above 262144 bytes must have 100 or fewer subscriptions, of the protocols sqs, lambda and firehose only",
    );
}

/** The most bytes of a message, with its attributes. */
export function messageBytesMax(topic: TopicRecord): number {
  return Number(topic.attributes["MaximumMessageSize"] ?? MESSAGE_BYTES_DEFAULT);
}

export function signatureVersionOf(topic: TopicRecord | undefined): "1" | "2" {
  return topic?.attributes["SignatureVersion"] === "2" ? "2" : "1";
}
