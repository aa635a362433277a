/** How subscriptions begin and end. */
import { findArn } from "../../aws/arn.ts";
import { nameOf, type Principal } from "../../iam/principal.ts";
import { putSubscription } from "./subscription.ts";
import { type Cx, findTopic, putTopic } from "./topic.ts";
import { sendHandshake } from "./dispatch.ts";
import { type SubscriptionRecord, type TopicKey, type TopicRecord, topicKey } from "./records.ts";

/** AWS: "Confirmation tokens are valid for two days." */
const TOKEN_MS = 2 * 86_400_000;
/** AWS: tokens are 288 hexadecimal digits. */
const TOKEN_LENGTH = 288;
/** AWS: unconfirmed subscriptions are deleted after 48 hours. */
export const PENDING_TIMER = "sns.pending";

export function accountOf(principal: Principal): string | undefined {
  return "account" in principal ? principal.account : undefined;
}

/** ARN of who subscribes, as `SubscriptionPrincipal` tells it. */
export function principalOf(principal: Principal): string {
  return principal.kind === "role" ? principal.roleArn : nameOf(principal);
}

/**
 * AWS: who subscribes a queue or function of its own account need not confirm it; a web server and a mailbox must, and
 * so must the owner of an endpoint in another account.
 */
export function needsConfirmation(cx: Cx, { protocol, endpoint }: Pick<SubscriptionRecord, "protocol" | "endpoint">) {
  if (protocol !== "sqs" && protocol !== "lambda") return true;
  return findArn(endpoint)?.account !== accountOf(cx.principal);
}

/** Asks the endpoint whether it wants the subscription; without an answer it is deleted after two days. */
export function askForConfirmation(cx: Cx, subscription: SubscriptionRecord): void {
  const token = newToken(cx, subscription);
  cx.kernel.timers.set(PENDING_TIMER, token, cx.kernel.clock.now() + TOKEN_MS, token);
  sendHandshake(cx, { type: "SubscriptionConfirmation", subscription, token });
}

function newToken(cx: Cx, subscription: SubscriptionRecord): string {
  const token = cx.kernel.random.hex(TOKEN_LENGTH);
  cx.state.tokens.put([token], { subscription, expiresMs: cx.kernel.clock.now() + TOKEN_MS });
  return token;
}

/** Ends a subscription. Where somebody else than its owner did that, its endpoint is told how to take it up again. */
export function endSubscription(cx: Cx, subscription: SubscriptionRecord, tellEndpoint: boolean): void {
  removeSubscription(cx, subscription);
  const topic = findTopic(cx.state, subscription.topic);
  if (topic) putTopic(cx.state, { ...topic, deletedSubscriptions: topic.deletedSubscriptions + 1 });
  if (!tellEndpoint || subscription.confirmation === "pending") return;
  sendHandshake(cx, { type: "UnsubscribeConfirmation", subscription, token: newToken(cx, subscription) });
}

export function removeSubscription({ state }: Pick<Cx, "state">, { topic, id }: SubscriptionRecord): void {
  state.subscriptions.remove([...topicKey(topic), id]);
}

/** Ends all subscriptions of a topic that goes. */
export function endSubscriptions(cx: Cx, topic: TopicKey): void {
  cx.state.subscriptions.clear({ prefix: topicKey(topic) });
}

/** Confirms, or takes up again, the subscription that a token was made for. */
export function confirm(
  cx: Cx,
  topic: TopicRecord,
  { subscription }: { subscription: SubscriptionRecord },
  authenticateOnUnsubscribe: boolean,
): SubscriptionRecord {
  const current = cx.state.subscriptions.get([...topicKey(topic), subscription.id]) ?? subscription;
  const isSigned = cx.principal.kind !== "anonymous";
  const confirmed: SubscriptionRecord = {
    ...current,
    confirmation: isSigned && authenticateOnUnsubscribe ? "authenticated" : "unauthenticated",
    authenticateOnUnsubscribe: isSigned && authenticateOnUnsubscribe,
  };
  putSubscription(cx.state, confirmed);
  return confirmed;
}
