/** The questions that SNS asks endpoints. AWS: "HTTP/HTTPS subscription confirmation JSON format", "… unsubscribe confirmation …". */
import { documentText, lines, type Sending, timeText } from "./notification.ts";
import { subscriptionArn } from "./subscription.ts";
import { topicArn } from "./topic.ts";
import type { Handshake, KeptHandshake } from "./parcel.ts";

export function subscribeUrl(endpoint: string, { subscription, token }: Handshake): string {
  return `${endpoint}/?Action=ConfirmSubscription&TopicArn=${topicArn(subscription.topic)}&Token=${token}`;
}

/** The document with the token, its members in AWS's order. */
export async function handshakeText({ signing, endpoint }: Sending, handshake: KeptHandshake): Promise<string> {
  const { type, subscription, token, messageId, publishedMs, signatureVersion } = handshake;
  const arn = topicArn(subscription.topic);
  const message =
    type === "SubscriptionConfirmation"
      ? `You have chosen to subscribe to the topic ${arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
      : `You have chosen to deactivate subscription ${subscriptionArn(subscription)}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`;
  const url = subscribeUrl(endpoint, handshake);
  const timestamp = timeText(publishedMs);
  const signed = lines([
    ["Message", message],
    ["MessageId", messageId],
    ["SubscribeURL", url],
    ["Timestamp", timestamp],
    ["Token", token],
    ["TopicArn", arn],
    ["Type", type],
  ]);
  return documentText([
    ["Type", type],
    ["MessageId", messageId],
    ["Token", token],
    ["TopicArn", arn],
    ["Message", message],
    ["SubscribeURL", url],
    ["Timestamp", timestamp],
    ["SignatureVersion", signatureVersion],
    ["Signature", await signing.sign(signed, signatureVersion)],
    ["SigningCertURL", endpoint + (await signing.certificatePath())],
  ]);
}
