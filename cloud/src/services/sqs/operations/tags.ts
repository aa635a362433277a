import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter } from "../errors.ts";
import { getQueue, putQueue } from "../queue.ts";
import type { SqsState } from "../state.ts";

type Cx = CallContext<SqsState>;

const TAGS_MAX = 50;

export function tagQueue(cx: Cx, input: Input<"sqs", "TagQueue">): object {
  const queue = getQueue(cx, input.QueueUrl);
  const tags = { ...queue.tags, ...input.Tags };
  if (Object.keys(tags).length > TAGS_MAX) throw invalidParameter(`Too many tags added for queue ${queue.name}.`);
  putQueue(cx.state, { ...queue, tags });
  return {};
}

export function untagQueue(cx: Cx, input: Input<"sqs", "UntagQueue">): object {
  const queue = getQueue(cx, input.QueueUrl);
  const tags = Object.fromEntries(Object.entries(queue.tags).filter(([key]) => !input.TagKeys!.includes(key)));
  putQueue(cx.state, { ...queue, tags });
  return {};
}

export function listQueueTags(cx: Cx, input: Input<"sqs", "ListQueueTags">): Output<"sqs", "ListQueueTags"> {
  const { tags } = getQueue(cx, input.QueueUrl);
  return Object.keys(tags).length > 0 ? { Tags: tags } : {};
}
