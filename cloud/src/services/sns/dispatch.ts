/** Messages on their way to subscribers: durable deliveries, one policy for each kind of endpoint. */
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Delivery, DeliveryPolicy } from "../../kernel/delivery.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Span } from "../../kernel/trace.ts";
import { sendToDeadLetterQueue } from "./dead-letter.ts";
import { delaySeconds, effectivePolicy, MAIL_ENDPOINT, MANAGED_ENDPOINT, type RetryPolicy } from "./delivery-policy.ts";
import { filterOf } from "./filter-policy.ts";
import { postToServer } from "./http-endpoint.ts";
import { sendToFunction } from "./lambda-endpoint.ts";
import { sendMail } from "./mail-endpoint.ts";
import type { Message } from "./message.ts";
import { sendToQueue } from "./sqs-endpoint.ts";
import type { Dispatch, Handshake, KeptHandshake, Kind, Lanes, Parcel } from "./parcel.ts";
import type { Protocol, SubscriptionRecord } from "./records.ts";
import type { Context, SnsState } from "./state.ts";
import { findSubscription, subscriptionArn, subscriptionsOf } from "./subscription.ts";
import { scopeOf } from "./subscription-attributes.ts";
import { signatureVersionOf } from "./topic-attributes.ts";
import { type Cx, findTopic, topicArn } from "./topic.ts";

const KIND_OF: Readonly<Record<Protocol, Kind>> = {
  sqs: "sqs",
  lambda: "lambda",
  http: "http",
  https: "http",
  email: "mail",
  "email-json": "mail",
};

type Send = (cx: Context, parcel: Parcel, span: Span) => Promise<void>;

const SENDERS: Readonly<Record<Kind, Send>> = {
  sqs: sendToQueue,
  lambda: sendToFunction,
  http: postToServer,
  mail: sendMail,
};

/** Registers the deliveries. */
export function openLanes(cx: Context): Lanes {
  const register = (kind: Kind) => cx.kernel.deliveries.register(policyOf(cx, kind));
  return { sqs: register("sqs"), lambda: register("lambda"), http: register("http"), mail: register("mail") };
}

/** Hands a message to the delivery of every subscription whose filter takes it. */
export function dispatch(cx: Cx, message: Message): void {
  const chosen: SubscriptionRecord[] = [];
  for (const subscription of subscriptionsOf(cx.state, message.topic)) {
    if (subscription.confirmation === "pending") continue;
    const { FilterPolicy: filter } = subscription.attributes;
    if (!filter || filterOf(filter, scopeOf(subscription.attributes))(message)) chosen.push(subscription);
    else noteFiltered(cx, subscription, message);
  }
  const topicRecord = findTopic(cx.state, message.topic);
  const nowMs = cx.kernel.clock.now();
  const isShared = chosen.length > 1;
  if (isShared) cx.state.messages.put([message.id], message);
  for (const subscription of chosen) {
    const { topic, id, protocol } = subscription;
    if (isShared) cx.state.outstanding.put([message.id, id], 0);
    const group = message.sequenceNumber === undefined ? {} : { group: `${topicArn(topic)}:${id}:${message.groupId}` };
    cx.state.lanes[KIND_OF[protocol]](
      { type: "Notification", subscription: { topic, id }, message: isShared ? message.id : message },
      { ...group, delayMs: cx.state.throttle.delayMs(topicRecord, subscription, nowMs), parent: cx.span },
    );
  }
}

export function sendHandshake(cx: Cx, handshake: Handshake): void {
  const { kernel, state, span } = cx;
  const kept: KeptHandshake = {
    ...handshake,
    messageId: kernel.random.uuid(),
    publishedMs: kernel.clock.now(),
    signatureVersion: signatureVersionOf(findTopic(state, handshake.subscription.topic)),
  };
  state.lanes[KIND_OF[handshake.subscription.protocol]](kept, { parent: span });
}

/** CloudWatch counts what filters keep back; it reads that in the trace. */
function noteFiltered({ span }: Cx, { attributes }: SubscriptionRecord, message: Message): void {
  const counts = (span.attributes["filteredOut"] ??= {}) as Record<string, number>;
  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1);
  count("all");
  if (scopeOf(attributes) === "MessageBody") count(isJson(message.text) ? "body" : "invalidBody");
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

function policyOf(cx: Context, kind: Kind): DeliveryPolicy<Dispatch> {
  return {
    name: `sns.${kind}`,
    async attempt(delivery, span) {
      const parcel = parcelOf(cx.state, delivery.payload);
      // Unsubscribed meanwhile, or done before a crash.
      if (!parcel) return release(cx.state, cx.kernel, delivery.payload);
      describe(span, parcel);
      await SENDERS[kind](cx, parcel, span);
      release(cx.state, cx.kernel, delivery.payload);
    },
    retryAfterMs: (error, delivery) => retryAfterMs(cx, kind, error, delivery),
    async exhausted({ payload }, _error, span) {
      const parcel = parcelOf(cx.state, payload);
      span.attributes["exhausted"] = true;
      if (parcel) await sendToDeadLetterQueue(cx, parcel, span);
      release(cx.state, cx.kernel, payload);
    },
  };
}

/** The trace tells of which topic and subscription a delivery is. */
function describe(span: Span, { subscription }: Parcel): void {
  const { account, region } = subscription.topic;
  Object.assign(span, { account, region, resource: topicArn(subscription.topic) });
  span.attributes["subscription"] = subscriptionArn(subscription);
  span.attributes["endpoint"] = subscription.endpoint;
}

function parcelOf(state: SnsState, dispatch: Dispatch): Parcel | undefined {
  if (dispatch.type !== "Notification") return { subscription: dispatch.subscription, handshake: dispatch };
  const subscription = findSubscription(state, dispatch.subscription);
  const message = typeof dispatch.message === "string" ? state.messages.get([dispatch.message]) : dispatch.message;
  return subscription && message ? { subscription, message } : undefined;
}

/** A message that is kept once goes with the last of its deliveries. */
function release(state: SnsState, { store }: Kernel, dispatch: Dispatch): void {
  if (dispatch.type !== "Notification" || typeof dispatch.message !== "string") return;
  const id = dispatch.message;
  store.transaction(() => {
    state.outstanding.remove([id, dispatch.subscription.id]);
    if (!state.outstanding.first({ prefix: [id] })) state.messages.remove([id]);
  });
}

const THROTTLING = /Thrott|TooManyRequests|LimitExceeded|OverLimit|SlowDown/i;
const JITTER = 0.1;

/** AWS: "Amazon SNS dead-letter queues": client-side errors (no permission, no such endpoint) are not tried again. */
function isRetriable(error: unknown): boolean {
  if (error instanceof Undeliverable || error instanceof NotEmulatedError) return false;
  return !(error instanceof AwsError) || (error.status ?? 400) >= 500 || THROTTLING.test(error.code);
}

function retryAfterMs(cx: Context, kind: Kind, error: unknown, delivery: Delivery<Dispatch>): number | undefined {
  if (!isRetriable(error)) return undefined;
  const seconds = delaySeconds(retryPolicyOf(cx.state, kind, delivery.payload), delivery.failures);
  if (seconds === undefined) return undefined;
  return Math.round(seconds * 1000 * (1 + JITTER * (cx.kernel.random.fraction() - 0.5)));
}

function retryPolicyOf(state: SnsState, kind: Kind, payload: Dispatch): RetryPolicy {
  if (kind === "mail") return MAIL_ENDPOINT;
  if (kind !== "http") return MANAGED_ENDPOINT;
  const subscription = parcelOf(state, payload)?.subscription;
  return subscription
    ? effectivePolicy(findTopic(state, subscription.topic), subscription).healthyRetryPolicy
    : MANAGED_ENDPOINT;
}
