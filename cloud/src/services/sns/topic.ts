import { arn, findArn } from "../../aws/arn.ts";
import type { Ask, CallContext } from "../../service.ts";
import { invalidParameter, malformedArn, topicNotFound } from "./errors.ts";
import { policyOf } from "./topic-policy.ts";
import { type TopicKey, type TopicRecord, topicKey } from "./records.ts";
import type { SnsState } from "./state.ts";

export type Cx = CallContext<SnsState>;

export function topicArn(topic: TopicKey): string {
  return arn("sns", topic, topic.name);
}

/** Where the topic of an ARN is kept; undefined where the text is no topic's ARN. */
export function findTopicKey(text: string): TopicKey | undefined {
  const parts = findArn(text);
  if (parts?.service !== "sns") return undefined;
  return { account: parts.account, region: parts.region, name: parts.resource };
}

/**
 * Takes a topic's ARN apart.
 * @throws AwsError InvalidParameter for what is none, or one of another Region
 */
export function readTopicArn(cx: Cx, text: string | undefined, parameter = "TopicArn"): TopicKey {
  const given = text ?? "";
  if (given.split(":").length < 6) throw malformedArn(parameter, given);
  const key = findTopicKey(given);
  if (!key || key.name.includes(":") || key.region !== cx.scope.region) throw invalidParameter(parameter);
  return key;
}

export function findTopic(state: SnsState, key: TopicKey): TopicRecord | undefined {
  return state.topics.get(topicKey(key));
}

/** @throws AwsError InvalidParameter, NotFound */
export function getTopic(cx: Cx, text: string | undefined, parameter?: string): TopicRecord {
  const topic = findTopic(cx.state, readTopicArn(cx, text, parameter));
  if (!topic) throw topicNotFound();
  return topic;
}

export function putTopic(state: SnsState, topic: TopicRecord): void {
  state.topics.put(topicKey(topic), topic);
}

/** AWS: services that still speak for a topic's owner by `aws:SourceOwner`; the default policy lets them in. */
const OWNERS_SPEAKERS = new Set(["cloudwatch.amazonaws.com"]);

/** What a caller must be allowed to do to a topic. */
export function askOf(action: string, text: string | undefined, cx: Cx): Ask {
  const key = findTopicKey(text ?? "");
  if (!key) return { action: `sns:${action}`, resource: text === undefined || text === "" ? "*" : text };
  const topic = findTopic(cx.state, key);
  const { principal } = cx;
  const isSpeaker = principal.kind === "service" && OWNERS_SPEAKERS.has(principal.service);
  return {
    action: `sns:${action}`,
    resource: topicArn(key),
    ...(topic ? { resourcePolicy: policyOf(topic) } : {}),
    ...(isSpeaker && principal.sourceAccount ? { context: { "aws:SourceOwner": principal.sourceAccount } } : {}),
  };
}
