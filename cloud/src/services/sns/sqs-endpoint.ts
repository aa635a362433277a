import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import type { Principal } from "../../iam/principal.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import { handshakeText } from "./handshake.ts";
import type { Message } from "./message.ts";
import { notificationText } from "./notification.ts";
import { isRaw } from "./subscription-attributes.ts";
import { topicArn } from "./topic.ts";
import type { Parcel } from "./parcel.ts";
import type { TopicKey } from "./records.ts";
import type { Context } from "./state.ts";

/** SNS as it acts for a topic. */
export function snsFor(topic: TopicKey): Principal {
  return {
    kind: "service",
    service: "sns.amazonaws.com",
    sourceArn: topicArn(topic),
    sourceAccount: topic.account,
  };
}

export function sendToQueue(cx: Context, parcel: Parcel, span: Span): Promise<void> {
  return putIntoQueue(cx, parcel, parcel.subscription.endpoint, span);
}

/**
 * Sends what a subscription gets to a queue: its own, or its dead-letter queue.
 * @throws AwsError of SQS; Undeliverable
 */
export async function putIntoQueue(cx: Context, parcel: Parcel, queueArn: string, parent: Span): Promise<void> {
  const { subscription, message, handshake } = parcel;
  const queue = findArn(queueArn);
  if (!queue) throw new Undeliverable(`Not an ARN: ${queueArn}`);
  const sending = { signing: cx.state.signing, endpoint: cx.endpoint() };
  const raw = message !== undefined && isRaw(subscription);
  const body = !message
    ? await handshakeText(sending, handshake!)
    : raw
      ? (message.texts?.[subscription.protocol] ?? message.text)
      : await notificationText(sending, message, subscription);
  const isFifoQueue = queue.resource.endsWith(".fifo");
  await cx.call(
    "sqs",
    "SendMessage",
    {
      QueueUrl: queueAddress(cx.endpoint(), queue, queue.resource),
      MessageBody: body,
      ...(raw && message.attributes ? { MessageAttributes: attributesOf(message.attributes) } : {}),
      ...(message?.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
      ...(isFifoQueue && message?.deduplicationId ? { MessageDeduplicationId: message.deduplicationId } : {}),
      ...(message?.traceHeader === undefined
        ? {}
        : { MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: message.traceHeader } } }),
    },
    { as: snsFor(subscription.topic), scope: { account: queue.account, region: queue.region }, parent },
  );
}

function attributesOf(attributes: NonNullable<Message["attributes"]>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      typeof value === "string" ? { DataType: type, StringValue: value } : { DataType: type, BinaryValue: value },
    ]),
  );
}
