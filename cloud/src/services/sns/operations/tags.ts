import type { Input, Output } from "../../../aws/api-types.ts";
import { resourceNotFound } from "../errors.ts";
import { checkTags } from "../tags.ts";
import { type Cx, findTopic, putTopic, readTopicArn } from "../topic.ts";
import type { TopicRecord } from "../records.ts";

export function tagResource(cx: Cx, input: Input<"sns", "TagResource">): object {
  const topic = getResource(cx, input.ResourceArn);
  const given = input.Tags ?? [];
  const others = Object.keys(topic.tags).filter((key) => !given.some(({ Key }) => Key === key));
  checkTags(given, others.length);
  const tags = { ...topic.tags, ...Object.fromEntries(given.map(({ Key, Value }) => [Key!, Value!])) };
  putTopic(cx.state, { ...topic, tags });
  return {};
}

export function untagResource(cx: Cx, input: Input<"sns", "UntagResource">): object {
  const topic = getResource(cx, input.ResourceArn);
  const kept = Object.entries(topic.tags).filter(([key]) => !input.TagKeys!.includes(key));
  putTopic(cx.state, { ...topic, tags: Object.fromEntries(kept) });
  return {};
}

export function listTagsForResource(
  cx: Cx,
  input: Input<"sns", "ListTagsForResource">,
): Output<"sns", "ListTagsForResource"> {
  const { tags } = getResource(cx, input.ResourceArn);
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function getResource(cx: Cx, arn: string | undefined): TopicRecord {
  const topic = findTopic(cx.state, readTopicArn(cx, arn, "ResourceArn"));
  if (!topic) throw resourceNotFound();
  return topic;
}
