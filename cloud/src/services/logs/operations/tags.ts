import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, resourceNotFound, tooManyTags } from "../errors.ts";
import { getGroup, groupArn, nameOfIdentifier, putGroup } from "../group.ts";
import { scopeKey, type GroupRecord, type LogsState } from "../state.ts";

type Cx = CallContext<LogsState>;

const TAGS_MAX = 50;

/** The group of an ARN that a tag operation is given. */
function groupOfArn(cx: Cx, arn: string): GroupRecord {
  if (!arn.includes(":log-group:")) throw invalidParameter(`The specified resource is not supported: ${arn}`);
  const group = cx.state.groups.get([...scopeKey(cx.scope), nameOfIdentifier(arn)]);
  if (!group) throw resourceNotFound();
  return group;
}

function add(cx: Cx, group: GroupRecord, tags: Record<string, string>): void {
  const merged = { ...group.tags, ...tags };
  if (Object.keys(merged).length > TAGS_MAX) throw tooManyTags(groupArn(cx.scope, group.name));
  putGroup(cx.state, cx.scope, { ...group, tags: merged });
}

function take(cx: Cx, group: GroupRecord, keys: readonly string[]): void {
  const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key)));
  putGroup(cx.state, cx.scope, { ...group, tags });
}

export function tagResource(cx: Cx, input: Input<"logs", "TagResource">): object {
  add(cx, groupOfArn(cx, input.resourceArn!), input.tags!);
  return {};
}

export function untagResource(cx: Cx, input: Input<"logs", "UntagResource">): object {
  take(cx, groupOfArn(cx, input.resourceArn!), input.tagKeys!);
  return {};
}

export function listTagsForResource(
  cx: Cx,
  input: Input<"logs", "ListTagsForResource">,
): Output<"logs", "ListTagsForResource"> {
  return { tags: groupOfArn(cx, input.resourceArn!).tags };
}

export function tagLogGroup(cx: Cx, input: Input<"logs", "TagLogGroup">): object {
  add(cx, getGroup(cx.state, cx.scope, input.logGroupName!), input.tags!);
  return {};
}

export function untagLogGroup(cx: Cx, input: Input<"logs", "UntagLogGroup">): object {
  take(cx, getGroup(cx.state, cx.scope, input.logGroupName!), input.tags!);
  return {};
}

export function listTagsLogGroup(cx: Cx, input: Input<"logs", "ListTagsLogGroup">): Output<"logs", "ListTagsLogGroup"> {
  return { tags: getGroup(cx.state, cx.scope, input.logGroupName!).tags };
}
