/** How messages reach subscribers: durable deliveries, one policy for each kind of endpoint. */
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { type Delivery, type DeliveryPolicy, Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import { sendToDeadLetterQueue } from "./dead-letter.ts";
import { delaySeconds, effectivePolicy, MAIL_ENDPOINT, MANAGED_ENDPOINT, type RetryPolicy } from "./delivery-policy.ts";
import { postToServer } from "./http-endpoint.ts";
import { sendToFunction } from "./lambda-endpoint.ts";
import { sendMail } from "./mail-endpoint.ts";
import type { Dispatch, Kind, Lanes, Parcel } from "./parcel.ts";
import { sendToQueue } from "./sqs-endpoint.ts";
import type { Context, SnsState } from "./state.ts";
import { findSubscription, subscriptionArn } from "./subscription.ts";
import { deadLetterQueueOf } from "./subscription-attributes.ts";
import { findTopic, topicArn } from "./topic.ts";

type Send = (cx: Context, parcel: Parcel, span: Span) => Promise<void>;

const SENDERS: Readonly<Record<Kind, Send>> = {
  sqs: sendToQueue,
  lambda: sendToFunction,
  http: postToServer,
  mail: sendMail,
  "dead-letter": sendToDeadLetterQueue,
};

/** Registers the deliveries. */
export function openLanes(cx: Context): Lanes {
  const lanes = Object.keys(SENDERS).map((kind) => [
    kind,
    cx.kernel.deliveries.register(policyOf(cx, kind as Kind)),
  ]) as [Kind, Lanes[Kind]][];
  return Object.fromEntries(lanes) as Lanes;
}

function policyOf(cx: Context, kind: Kind): DeliveryPolicy<Dispatch> {
  return {
    name: `sns.${kind}`,
    async attempt({ payload }, span) {
      const parcel = parcelOf(cx.state, payload);
      // Unsubscribed meanwhile, or done before a crash.
      if (!parcel) return release(cx.state, payload);
      describe(span, parcel);
      await SENDERS[kind](cx, parcel, span);
      release(cx.state, payload);
    },
    retryAfterMs: (error, delivery) => retryAfterMs(cx, kind, error, delivery),
    async exhausted({ payload, group }, _error, span) {
      span.attributes["exhausted"] = true;
      if (kind !== "dead-letter" && hasDeadLetterQueue(cx.state, payload))
        cx.state.lanes["dead-letter"](payload, { ...(group === undefined ? {} : { group }), parent: span });
      else release(cx.state, payload);
    },
  };
}

/** AWS: "Amazon SNS dead-letter queues": messages go there; questions to endpoints do not. */
function hasDeadLetterQueue(state: SnsState, dispatch: Dispatch): boolean {
  const parcel = parcelOf(state, dispatch);
  return parcel?.message !== undefined && deadLetterQueueOf(parcel.subscription) !== undefined;
}

/** The trace tells of which topic and subscription a delivery is; CloudWatch counts notifications there. */
function describe(span: Span, { subscription, message }: Parcel): void {
  const { account, region } = subscription.topic;
  Object.assign(span, { account, region, resource: topicArn(subscription.topic) });
  span.attributes["subscription"] = subscriptionArn(subscription);
  span.attributes["endpoint"] = subscription.endpoint;
  span.attributes["isNotification"] = message !== undefined;
}

function parcelOf(state: SnsState, dispatch: Dispatch): Parcel | undefined {
  if (dispatch.type !== "Notification") return { subscription: dispatch.subscription, handshake: dispatch };
  const subscription = findSubscription(state, dispatch.subscription);
  const { message: kept } = dispatch;
  const message = typeof kept === "string" ? state.shared.find(kept, dispatch.subscription.id) : kept;
  return subscription && message ? { subscription, message } : undefined;
}

function release(state: SnsState, dispatch: Dispatch): void {
  if (dispatch.type !== "Notification" || typeof dispatch.message !== "string") return;
  state.shared.release(dispatch.message, dispatch.subscription.id);
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
  const subscription = kind === "http" ? parcelOf(state, payload)?.subscription : undefined;
  if (!subscription) return MANAGED_ENDPOINT;
  return effectivePolicy(findTopic(state, subscription.topic), subscription).healthyRetryPolicy;
}
