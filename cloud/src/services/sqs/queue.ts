import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Ask, CallContext } from "../../service.ts";
import { integerAttribute } from "./attributes.ts";
import { invalidAddress, missingParameter, queueDoesNotExist } from "./errors.ts";
import type { Messages } from "./messages.ts";
import { scopeKey, type QueueRecord, type SqsState } from "./state.ts";

export function queueArn(queue: Pick<QueueRecord, "account" | "region" | "name">): string {
  return arn("sqs", queue, queue.name);
}

/** `http://127.0.0.1:PORT/ACCOUNT/NAME` */
export function queueUrl(endpoint: string, queue: Pick<QueueRecord, "account" | "name">): string {
  return `${endpoint}/${queue.account}/${queue.name}`;
}

/**
 * The account and name in a queue URL, of whatever host: ours or `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
 * Undefined where the text has not that form.
 */
export function findAddress(url: string): { account: string; name: string } | undefined {
  const match = /^https?:\/\/[^/]+\/(?:.*\/)?(\d{12})\/([^/]+)\/?$/.exec(url);
  return match ? { account: match[1]!, name: match[2]! } : undefined;
}

export function findQueue(state: SqsState, scope: Scope, name: string): QueueRecord | undefined {
  return state.queues.get([...scopeKey(scope), name]);
}

export function findQueueByArn(state: SqsState, queueArnText: string): QueueRecord | undefined {
  const parts = findArn(queueArnText);
  return parts?.service === "sqs" ? findQueue(state, parts, parts.resource) : undefined;
}

type Cx = CallContext<SqsState>;

/** @throws AwsError MissingParameter, InvalidAddress, QueueDoesNotExist */
export function getQueue(cx: Cx, url: string | undefined): QueueRecord {
  if (url === undefined || url === "") throw missingParameter("QueueUrl");
  const address = findAddress(url);
  if (!address) throw invalidAddress(url);
  const queue = findQueue(cx.state, { account: address.account, region: cx.scope.region }, address.name);
  if (!queue) throw noSuchQueue(cx);
  return queue;
}

/** AWS words it by the protocol: only the JSON one names its operation in a header. */
export function noSuchQueue(cx: Cx) {
  const { headers } = cx.source;
  return queueDoesNotExist(headers && headers["x-amz-target"] === undefined ? "query" : "json");
}

export function putQueue(state: SqsState, queue: QueueRecord): void {
  state.queues.put([...scopeKey(queue), queue.name], queue);
}

/** What a caller must be allowed to do to a queue; AWS knows no actions of their own for batches. */
export function askOf(action: string, url: string | undefined, cx: Cx): Ask {
  const address = findAddress(url ?? "");
  if (!address) return { action: `sqs:${action}`, resource: "*" };
  const owner = { account: address.account, region: cx.scope.region, name: address.name };
  const queue = findQueue(cx.state, owner, address.name);
  return { action: `sqs:${action}`, resource: queueArn(owner), resourcePolicy: queue?.attributes["Policy"] };
}

/** Removes the messages whose retention period is over. To be done before any look at a queue's messages. */
export function expire(messages: Messages, queue: QueueRecord, nowMs: number): void {
  messages.expire(queue, nowMs - integerAttribute(queue, "MessageRetentionPeriod") * 1000, nowMs);
}
