import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import type { CallContext } from "../../../service.ts";
import { groupExists, invalid } from "../errors.ts";
import { ensureDefaultGroup, getGroup, groupArn } from "../group.ts";
import { disarm } from "../occurrence.ts";
import { page } from "../page.ts";
import { DEFAULT_GROUP } from "../schedule.ts";
import { type GroupRecord, type SchedulerState, scopeKey } from "../state.ts";

type Cx = CallContext<SchedulerState>;

const TAGS_MAX = 200;

export function createScheduleGroup(
  cx: Cx,
  input: Input<"scheduler", "CreateScheduleGroup">,
): Output<"scheduler", "CreateScheduleGroup"> {
  const { state, scope, kernel } = cx;
  const { Name: name = "", ClientToken: token } = input;
  ensureDefaultGroup(cx);
  const key = [...scopeKey(scope), name];
  const known = state.groups.get(key);
  const request = token === undefined ? undefined : { token, input: JSON.stringify(input) };
  if (known) {
    if (request && known.request?.token === token && known.request?.input === request.input)
      return { ScheduleGroupArn: groupArn(scope, name) };
    throw groupExists(name);
  }
  const nowMs = kernel.clock.now();
  const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
  state.groups.put(key, { name, createdMs: nowMs, modifiedMs: nowMs, tags, ...(request ? { request } : {}) });
  return { ScheduleGroupArn: groupArn(scope, name) };
}

export function getScheduleGroup(
  cx: Cx,
  input: Input<"scheduler", "GetScheduleGroup">,
): Output<"scheduler", "GetScheduleGroup"> {
  return descriptionOf(cx, getGroup(cx, input.Name ?? ""));
}

/** AWS: deletes the group's schedules too; there over some minutes, here at once. */
export function deleteScheduleGroup(
  cx: Cx,
  input: Input<"scheduler", "DeleteScheduleGroup">,
): Output<"scheduler", "DeleteScheduleGroup"> {
  const { state, scope, kernel } = cx;
  const { name } = getGroup(cx, input.Name ?? "");
  if (name === DEFAULT_GROUP) throw invalid("The default schedule group cannot be deleted.");
  const prefix = [...scopeKey(scope), name];
  for (const record of state.schedules.values({ prefix })) disarm(kernel, scope, record);
  state.schedules.clear({ prefix });
  state.groups.remove(prefix);
  return {};
}

export function listScheduleGroups(
  cx: Cx,
  input: Input<"scheduler", "ListScheduleGroups">,
): Output<"scheduler", "ListScheduleGroups"> {
  ensureDefaultGroup(cx);
  const { NamePrefix: prefix = "" } = input;
  const { records, NextToken } = page(cx.state.groups, scopeKey(cx.scope), input, ({ name }) =>
    name.startsWith(prefix),
  );
  return { ScheduleGroups: records.map((record) => descriptionOf(cx, record)), NextToken };
}

export function tagResource(cx: Cx, input: Input<"scheduler", "TagResource">): Output<"scheduler", "TagResource"> {
  const added = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
  changeTags(cx, input.ResourceArn, (tags) => ({ ...tags, ...added }));
  return {};
}

export function untagResource(
  cx: Cx,
  input: Input<"scheduler", "UntagResource">,
): Output<"scheduler", "UntagResource"> {
  const gone = new Set(input.TagKeys);
  changeTags(cx, input.ResourceArn, (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
  );
  return {};
}

export function listTagsForResource(
  cx: Cx,
  input: Input<"scheduler", "ListTagsForResource">,
): Output<"scheduler", "ListTagsForResource"> {
  const { tags } = getGroup(cx, nameOf(input.ResourceArn));
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

type Tags = Record<string, string>;

function changeTags(cx: Cx, resourceArn: string | undefined, change: (tags: Tags) => Tags): void {
  const record = getGroup(cx, nameOf(resourceArn));
  const tags = change(record.tags);
  if (Object.keys(tags).length > TAGS_MAX) throw invalid(`A schedule group can have at most ${TAGS_MAX} tags.`);
  cx.state.groups.put([...scopeKey(cx.scope), record.name], { ...record, tags, modifiedMs: cx.kernel.clock.now() });
}

function nameOf(resourceArn: string | undefined): string {
  return findArn(resourceArn ?? "")?.resource.replace(/^schedule-group\//, "") ?? "";
}

function descriptionOf({ scope }: Cx, { name, createdMs, modifiedMs }: GroupRecord) {
  return {
    Arn: groupArn(scope, name),
    Name: name,
    State: "ACTIVE" as const,
    CreationDate: new Date(createdMs),
    LastModificationDate: new Date(modifiedMs),
  };
}
