import type { Input, Output } from "../../../aws/api-types.ts";
import { validation } from "../errors.ts";
import type { Cx } from "../state.ts";
import { checkTagged, listOf, mapOf } from "../tags.ts";

const TAGS_MAX = 50;

export function tagResource(cx: Cx, { ResourceARN = "", Tags = [] }: Input<"events", "TagResource">): object {
  checkTagged(cx.state, ResourceARN);
  const tags = { ...cx.state.tags.get([ResourceARN]), ...mapOf(Tags) };
  if (Object.keys(tags).length > TAGS_MAX) throw validation("Tag quota exceeded for resource.");
  cx.state.tags.put([ResourceARN], tags);
  return {};
}

export function untagResource(cx: Cx, { ResourceARN = "", TagKeys = [] }: Input<"events", "UntagResource">): object {
  checkTagged(cx.state, ResourceARN);
  const tags = Object.entries(cx.state.tags.get([ResourceARN]) ?? {}).filter(([key]) => !TagKeys.includes(key));
  cx.state.tags.put([ResourceARN], Object.fromEntries(tags));
  return {};
}

export function listTagsForResource(
  cx: Cx,
  { ResourceARN = "" }: Input<"events", "ListTagsForResource">,
): Output<"events", "ListTagsForResource"> {
  checkTagged(cx.state, ResourceARN);
  return { Tags: listOf(cx.state.tags.get([ResourceARN]) ?? {}) };
}
