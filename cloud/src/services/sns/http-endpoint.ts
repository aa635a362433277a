import { dialAddress } from "../../aws/addresses.ts";
import { afterRealMs } from "../../kernel/real-time.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import { effectivePolicy } from "./delivery-policy.ts";
import { handshakeText } from "./handshake.ts";
import { textFor } from "./message.ts";
import { notificationText } from "./notification.ts";
import type { Parcel } from "./parcel.ts";
import type { Context } from "./state.ts";
import { subscriptionArn } from "./subscription.ts";
import { isRaw } from "./subscription-attributes.ts";
import { findTopic, topicArn } from "./topic.ts";

/** AWS: "the endpoint must respond within 15 seconds". Real time: it is somebody's server that is waited for. */
const TIMEOUT_MS = 15_000;

/**
 * Posts what a subscription gets to its web server.
 * AWS: server-side errors (5xx, 429, no answer) are tried again, client-side errors are not.
 * @throws Error where it may be tried again; Undeliverable
 */
export async function postToServer(cx: Context, parcel: Parcel, span: Span): Promise<void> {
  const { subscription } = parcel;
  const url = new URL(dialAddress(subscription.endpoint, cx.endpoint()));
  const headers = headersOf(cx, parcel);
  // AWS: "https://user:password@domain.com": basic authentication.
  if (url.username !== "") {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers["Authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
    url.username = "";
    url.password = "";
  }
  const status = await post(url, headers, await bodyOf(cx, parcel));
  span.attributes["status"] = status;
  if (status >= 200 && status < 300) return;
  const told = `${url.origin} answered ${status}`;
  throw status >= 500 || status === 429 ? new Error(told) : new Undeliverable(told);
}

async function bodyOf(cx: Context, { subscription, message, handshake }: Parcel): Promise<string> {
  const sending = { signing: cx.state.signing, endpoint: cx.endpoint() };
  if (!message) return handshakeText(sending, handshake!);
  // AWS: the attributes of a message are not part of its raw form.
  return isRaw(subscription)
    ? textFor(message, subscription.protocol)
    : notificationText(sending, message, subscription);
}

/** AWS: "HTTP/HTTPS headers". */
function headersOf({ state }: Context, { subscription, message, handshake }: Parcel): Record<string, string> {
  const policy = effectivePolicy(findTopic(state, subscription.topic), subscription);
  const type = handshake?.type ?? "Notification";
  return {
    "x-amz-sns-message-type": type,
    "x-amz-sns-message-id": (message?.id ?? handshake?.messageId)!,
    "x-amz-sns-topic-arn": topicArn(subscription.topic),
    // AWS (observed): there is no subscription to name until it is confirmed.
    ...(type === "SubscriptionConfirmation" ? {} : { "x-amz-sns-subscription-arn": subscriptionArn(subscription) }),
    ...(message && isRaw(subscription) ? { "x-amz-sns-rawdelivery": "true" } : {}),
    "Content-Type": message ? policy.requestPolicy.headerContentType : "text/plain; charset=UTF-8",
    "User-Agent": "Amazon Simple Notification Service Agent",
    "Accept-Encoding": "gzip,deflate",
  };
}

async function post(url: URL, headers: Record<string, string>, body: string): Promise<number> {
  const controller = new AbortController();
  const cancel = afterRealMs(TIMEOUT_MS, () => controller.abort(new Error(`No answer of ${url.origin} in 15 seconds`)));
  try {
    const options = { method: "POST", headers, body, redirect: "manual", signal: controller.signal } as const;
    const response = await fetch(url, options);
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    // Node tells why in the cause only.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  } finally {
    cancel();
  }
}
