/** What subscribers get of a message. AWS: "Parsing Amazon SNS message formats". */
import type { Signing } from "./signing.ts";
import { type Message, type MessageAttribute, textFor } from "./message.ts";
import { subscriptionArn } from "./subscription.ts";
import { topicArn } from "./topic.ts";
import type { SubscriptionRecord } from "./records.ts";

export interface Sending {
  readonly signing: Signing;
  /** The cloud's base address. */
  readonly endpoint: string;
}

type Fields = [name: string, value: string][];

/** The document that SQS queues, HTTP endpoints and JSON mail get, its members in AWS's order. */
export async function notificationText(
  { signing, endpoint }: Sending,
  message: Message,
  subscription: SubscriptionRecord,
): Promise<string> {
  const { sequenceNumber, subject, signatureVersion } = message;
  const text = textFor(message, subscription.protocol);
  const fields: Fields = [
    ["Type", "Notification"],
    ["MessageId", message.id],
    ...optional("SequenceNumber", sequenceNumber),
    ["TopicArn", topicArn(message.topic)],
    ...optional("Subject", subject),
    ["Message", text],
    ["Timestamp", timeText(message.publishedMs)],
  ];
  // AWS (observed): what FIFO topics send is not signed.
  if (sequenceNumber === undefined)
    fields.push(
      ["SignatureVersion", signatureVersion],
      ["Signature", await signing.sign(signedText(message, text), signatureVersion)],
      ["SigningCertURL", endpoint + (await signing.certificatePath())],
    );
  fields.push(["UnsubscribeURL", unsubscribeUrl(endpoint, subscription)]);
  return documentText(fields, message.attributes);
}

/** What a Lambda function is invoked with. AWS: "Using Lambda with Amazon SNS". */
export async function functionEvent(
  { signing, endpoint }: Sending,
  message: Message,
  subscription: SubscriptionRecord,
): Promise<string> {
  const { signatureVersion } = message;
  const text = textFor(message, "lambda");
  const attributes = Object.entries(message.attributes ?? {}).map(([name, attribute]) => [
    name,
    attributeOf(attribute),
  ]);
  return JSON.stringify({
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscriptionArn(subscription),
        Sns: {
          Type: "Notification",
          MessageId: message.id,
          TopicArn: topicArn(message.topic),
          Subject: message.subject ?? null,
          Message: text,
          Timestamp: timeText(message.publishedMs),
          SignatureVersion: signatureVersion,
          Signature: await signing.sign(signedText(message, text), signatureVersion),
          SigningCertUrl: endpoint + (await signing.certificatePath()),
          UnsubscribeUrl: unsubscribeUrl(endpoint, subscription),
          MessageAttributes: Object.fromEntries(attributes) as object,
        },
      },
    ],
  });
}

/** AWS: "Verifying the signatures of Amazon SNS messages": names and values, a line each, sorted by name. */
function signedText(message: Message, text: string): string {
  return lines([
    ["Message", text],
    ["MessageId", message.id],
    ...optional("Subject", message.subject),
    ["Timestamp", timeText(message.publishedMs)],
    ["TopicArn", topicArn(message.topic)],
    ["Type", "Notification"],
  ]);
}

export function lines(fields: Fields): string {
  return fields.map(([name, value]) => `${name}\n${value}\n`).join("");
}

export function unsubscribeUrl(endpoint: string, subscription: SubscriptionRecord): string {
  return `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn(subscription)}`;
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** AWS writes its JSON so: two spaces, and one on either side of the colon; an attribute on one line. */
export function documentText(fields: Fields, attributes?: Message["attributes"]): string {
  const members = fields.map(([name, value]) => `  "${name}" : ${JSON.stringify(value)}`);
  if (attributes) {
    const own = Object.entries(attributes).map(
      ([name, attribute]) => `    ${JSON.stringify(name)} : ${JSON.stringify(attributeOf(attribute))}`,
    );
    members.push(`  "MessageAttributes" : {\n${own.join(",\n")}\n  }`);
  }
  return `{\n${members.join(",\n")}\n}`;
}

function attributeOf({ type, value }: MessageAttribute): { Type: string; Value: string } {
  return { Type: type, Value: typeof value === "string" ? value : Buffer.from(value).toString("base64") };
}

function optional(name: string, value: string | undefined): Fields {
  return value === undefined ? [] : [[name, value]];
}
