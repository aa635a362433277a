import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { invalid } from "../errors.ts";
import { getPipe, pipeKey } from "../pipe.ts";
import type { Cx, PipeRecord } from "../state.ts";

const TAGS_MAX = 50;

export function tagResource(cx: Cx, input: Input<"pipes", "TagResource">): Output<"pipes", "TagResource"> {
  put(cx, input.resourceArn, (tags) => ({ ...tags, ...input.tags }));
  return {};
}

export function untagResource(cx: Cx, input: Input<"pipes", "UntagResource">): Output<"pipes", "UntagResource"> {
  const gone = new Set(input.tagKeys);
  put(cx, input.resourceArn, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))));
  return {};
}

export function listTagsForResource(
  cx: Cx,
  input: Input<"pipes", "ListTagsForResource">,
): Output<"pipes", "ListTagsForResource"> {
  return { tags: get(cx, input.resourceArn).tags };
}

function get(cx: Cx, resourceArn: string | undefined): PipeRecord {
  return getPipe(cx.state, cx.scope, findArn(resourceArn ?? "")?.resource.replace(/^pipe\//, "") ?? "");
}

type Tags = Record<string, string>;

function put(cx: Cx, resourceArn: string | undefined, change: (tags: Tags) => Tags): void {
  const record = get(cx, resourceArn);
  const tags = change(record.tags);
  if (Object.keys(tags).length > TAGS_MAX) throw invalid(`A pipe can have at most ${TAGS_MAX} tags.`);
  cx.state.pipes.put(pipeKey(cx.scope, record.name), { ...record, tags });
}
