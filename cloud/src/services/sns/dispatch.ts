/** Hands what is published to the deliveries of its subscribers. */
import { filterOf } from "./filter-policy.ts";
import { type Message, textFor } from "./message.ts";
import type { Handshake, KeptHandshake, Kind } from "./parcel.ts";
import type { Protocol, SubscriptionRecord, TopicRecord } from "./records.ts";
import { subscriptionsOf } from "./subscription.ts";
import { scopeOf } from "./subscription-attributes.ts";
import { type Cx, findTopic, topicArn } from "./topic.ts";
import { signatureVersionOf } from "./topic-attributes.ts";

const KIND_OF: Readonly<Record<Protocol, Kind>> = {
  sqs: "sqs",
  lambda: "lambda",
  http: "http",
  https: "http",
  email: "mail",
  "email-json": "mail",
};

/** Hands a message to the delivery of every subscription whose filter takes it. */
export function dispatch(cx: Cx, topic: TopicRecord, message: Message): void {
  const { state, span } = cx;
  const chosen = choose(cx, message);
  const isShared = chosen.length > 1;
  if (isShared)
    state.shared.keep(
      message,
      chosen.map(({ id }) => id),
    );
  const nowMs = cx.kernel.clock.now();
  for (const subscription of chosen) {
    const { id, protocol } = subscription;
    const { topic: place } = message;
    // Of a FIFO topic each message group goes its own way to each subscriber.
    const order = message.sequenceNumber === undefined ? {} : { group: `${topicArn(place)}:${id}:${message.groupId}` };
    state.lanes[KIND_OF[protocol]](
      { type: "Notification", subscription: { topic: place, id }, message: isShared ? message.id : message },
      { ...order, delayMs: state.throttle.delayMs(topic, subscription, nowMs), parent: span },
    );
  }
}

function choose(cx: Cx, message: Message): SubscriptionRecord[] {
  const chosen: SubscriptionRecord[] = [];
  for (const subscription of subscriptionsOf(cx.state, message.topic)) {
    const { confirmation, attributes, protocol } = subscription;
    if (confirmation === "pending") continue;
    const { FilterPolicy: filter } = attributes;
    const text = textFor(message, protocol);
    if (!filter || filterOf(filter, scopeOf(attributes))(message.attributes, text)) chosen.push(subscription);
    else noteFiltered(cx, subscription, message, text);
  }
  return chosen;
}

/** CloudWatch counts what filters keep back; it reads that in the trace. */
function noteFiltered({ span }: Cx, { attributes }: SubscriptionRecord, message: Message, text: string): void {
  const counts = (span.attributes["filteredOut"] ??= {}) as Record<string, number>;
  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1);
  count("all");
  if (scopeOf(attributes) === "MessageBody") count(isJson(text) ? "body" : "invalidBody");
  else count(message.attributes ? "attributes" : "noAttributes");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Asks an endpoint something. */
export function sendHandshake(cx: Cx, handshake: Handshake): void {
  const { kernel, state, span } = cx;
  const { protocol, topic } = handshake.subscription;
  const kept: KeptHandshake = {
    ...handshake,
    messageId: kernel.random.uuid(),
    publishedMs: kernel.clock.now(),
    signatureVersion: signatureVersionOf(findTopic(state, topic)),
  };
  state.lanes[KIND_OF[protocol]](kept, { parent: span });
}
