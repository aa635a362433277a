import type { Input, Output } from "../../../aws/api-types.ts";
import { invalid } from "../errors.ts";
import type { Cx } from "../request.ts";
import { getResource } from "../resource-arn.ts";
import { checkTagCount, checkTags } from "../table-tags.ts";

const PAGE = 10;

export function tagResource(cx: Cx, input: Input<"dynamodb", "TagResource">): Output<"dynamodb", "TagResource"> {
  if (input.Tags!.length === 0) throw invalid("Atleast one Tag needs to be provided as Input.");
  checkTags(input.Tags);
  const { table } = getResource(cx, input.ResourceArn!);
  const tags = { ...table.record.tags };
  for (const { Key, Value } of input.Tags!) tags[Key!] = Value!;
  checkTagCount(Object.keys(tags).length);
  cx.state.putTable(table.scope, { ...table.record, tags });
  return {};
}

export function untagResource(cx: Cx, input: Input<"dynamodb", "UntagResource">): Output<"dynamodb", "UntagResource"> {
  const keys = input.TagKeys!;
  if (keys.length === 0) throw invalid("Atleast one Tag Key needs to be provided as Input.");
  const { table } = getResource(cx, input.ResourceArn!);
  const tags = Object.fromEntries(Object.entries(table.record.tags).filter(([key]) => !keys.includes(key)));
  cx.state.putTable(table.scope, { ...table.record, tags });
  return {};
}

export function listTagsOfResource(
  cx: Cx,
  input: Input<"dynamodb", "ListTagsOfResource">,
): Output<"dynamodb", "ListTagsOfResource"> {
  const { table } = getResource(cx, input.ResourceArn!);
  const start = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(start) || start < 0) throw invalid("Invalid NextToken");
  const tags = Object.entries(table.record.tags).map(([Key, Value]) => ({ Key, Value }));
  const end = start + PAGE;
  return { Tags: tags.slice(start, end), ...(end < tags.length ? { NextToken: String(end) } : {}) };
}
