import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { invalidParameter } from "../errors.ts";
import { pageOf } from "../page.ts";
import { subscriptionsOf } from "../subscription.ts";
import { endSubscriptions } from "../subscribing.ts";
import { checkTags } from "../tags.ts";
import { type Cx, findTopic, getTopic, putTopic, readTopicArn, topicArn } from "../topic.ts";
import {
  checkLargeMessages,
  checkTopicAttribute,
  describeTopic,
  keptValue,
  MESSAGE_BYTES_DEFAULT,
} from "../topic-attributes.ts";
import { type Attributes, type TopicRecord, topicKey } from "../records.ts";

const NAME = /^[A-Za-z0-9_-]{1,256}$/;
const FIFO_NAME = /^[A-Za-z0-9_-]{1,251}\.fifo$/;

/** AWS: naming a topic that is there answers its ARN, unless attributes or tags differ. */
export function createTopic(cx: Cx, input: Input<"sns", "CreateTopic">): Output<"sns", "CreateTopic"> {
  const { Name: name = "", Tags: tags = [], DataProtectionPolicy: protection } = input;
  const { FifoTopic: fifoText, ...given } = input.Attributes ?? {};
  if (protection !== undefined)
    throw new NotEmulatedError("message data protection of SNS topics (DataProtectionPolicy)");
  const fifo = readFifo(fifoText);
  checkName(name, fifo);
  const attributes: Attributes = {};
  for (const [attribute, value] of Object.entries(given)) {
    if (value === undefined) continue;
    checkTopicAttribute(attribute, value, { fifo }, "Attributes Reason: ");
    if (value !== "") attributes[attribute] = keptValue(attribute, value);
  }
  checkTags(tags);
  const tagMap = Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!]));
  const known = findTopic(cx.state, { ...cx.scope, name });
  if (known) checkSame(cx, known, attributes, tagMap);
  else putTopic(cx.state, { ...cx.scope, name, fifo, attributes, tags: tagMap, deletedSubscriptions: 0, sequence: 0 });
  return { TopicArn: topicArn({ ...cx.scope, name }) };
}

function readFifo(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (!/^(true|false)$/i.test(text))
    throw invalidParameter(`Attributes Reason: FifoTopic: Invalid value [${text}]. Must be true or false.`);
  return text.toLowerCase() === "true";
}

function checkName(name: string, fifo: boolean): void {
  if (fifo && !FIFO_NAME.test(name))
    throw invalidParameter(
      "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    );
  if (!fifo && !NAME.test(name)) throw invalidParameter("Topic Name");
}

function checkSame(cx: Cx, known: TopicRecord, attributes: Attributes, tags: Record<string, string>): void {
  const now = describeTopic(cx.state, known);
  if (Object.entries(attributes).some(([name, value]) => now[name] !== value))
    throw invalidParameter("Attributes Reason: Topic already exists with different attributes");
  if (Object.entries(tags).some(([key, value]) => known.tags[key] !== value))
    throw invalidParameter("Tags Reason: Topic already exists with different tags");
}

/** AWS: deleting what is not there is no error. "Deletes a topic and all its subscriptions." */
export function deleteTopic(cx: Cx, input: Input<"sns", "DeleteTopic">): object {
  const key = readTopicArn(cx, input.TopicArn);
  endSubscriptions(cx, key);
  cx.state.topics.remove(topicKey(key));
  return {};
}

export function listTopics(cx: Cx, input: Input<"sns", "ListTopics">): Output<"sns", "ListTopics"> {
  const topics = [...cx.state.topics.values({ prefix: [cx.scope.account, cx.scope.region] })];
  const { page, ...next } = pageOf(topics, input.NextToken);
  return { Topics: page.map((topic) => ({ TopicArn: topicArn(topic) })), ...next };
}

export function getTopicAttributes(
  cx: Cx,
  input: Input<"sns", "GetTopicAttributes">,
): Output<"sns", "GetTopicAttributes"> {
  return { Attributes: describeTopic(cx.state, getTopic(cx, input.TopicArn)) };
}

export function setTopicAttributes(cx: Cx, input: Input<"sns", "SetTopicAttributes">): object {
  const topic = getTopic(cx, input.TopicArn);
  const { AttributeName: name = "", AttributeValue: value = "" } = input;
  if (name === "FifoTopic") throw invalidParameter("AttributeName");
  checkTopicAttribute(name, value, topic, "");
  if (name === "MaximumMessageSize" && Number(value) > MESSAGE_BYTES_DEFAULT)
    checkLargeMessages([...subscriptionsOf(cx.state, topic)]);
  const { [name]: _, ...others } = topic.attributes;
  // An empty policy or number goes back to the default; a display name may be empty.
  putTopic(cx.state, { ...topic, attributes: value === "" ? others : { ...others, [name]: keptValue(name, value) } });
  return {};
}
