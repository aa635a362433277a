import type { Input, Output } from "../../../aws/api-types.ts";
import { passRole } from "../../../iam/pass-role.ts";
import type { CallContext, ServiceContext } from "../../../service.ts";
import { scheduleExists } from "../errors.ts";
import { getGroup } from "../group.ts";
import { arm, armAnew, disarm } from "../occurrence.ts";
import { page } from "../page.ts";
import { assumeRole } from "../role.ts";
import { DEFAULT_GROUP, getSchedule, readSettings, scheduleArn } from "../schedule.ts";
import { type ScheduleRecord, type SchedulerState, type ScheduleSettings, scopeKey } from "../state.ts";

type Cx = CallContext<SchedulerState>;

export async function createSchedule(
  cx: Cx,
  input: Input<"scheduler", "CreateSchedule">,
): Promise<Output<"scheduler", "CreateSchedule">> {
  const settings = await checked(cx, input);
  return cx.kernel.store.transaction(() => create(cx, input, settings));
}

function create(
  cx: Cx,
  input: Input<"scheduler", "CreateSchedule">,
  settings: ScheduleSettings,
): Output<"scheduler", "CreateSchedule"> {
  const { state, scope, kernel } = cx;
  const { Name: name = "", GroupName: group = DEFAULT_GROUP, ClientToken: token } = input;
  getGroup(cx, group);
  const key = [...scopeKey(scope), group, name];
  const known = state.schedules.get(key);
  const request = token === undefined ? undefined : { token, input: JSON.stringify(input) };
  if (known) {
    if (request && known.request?.token === token && known.request?.input === request.input)
      return { ScheduleArn: scheduleArn(scope, group, name) };
    throw scheduleExists(name);
  }
  const nowMs = kernel.clock.now();
  const record: ScheduleRecord = {
    ...settings,
    id: kernel.random.uuid(),
    group,
    name,
    createdMs: nowMs,
    modifiedMs: nowMs,
    anchorMs: nowMs,
    ...(request ? { request } : {}),
  };
  state.schedules.put(key, record);
  armAnew(kernel, scope, record);
  return { ScheduleArn: scheduleArn(scope, group, name) };
}

/** AWS: "UpdateSchedule uses all values, including empty values": what is left out goes back to its default. */
export async function updateSchedule(
  cx: Cx,
  input: Input<"scheduler", "UpdateSchedule">,
): Promise<Output<"scheduler", "UpdateSchedule">> {
  const { Name: name = "", GroupName: group = DEFAULT_GROUP } = input;
  getSchedule(cx.state, cx.scope, group, name);
  const settings = await checked(cx, input);
  return cx.kernel.store.transaction(() => update(cx, group, name, settings));
}

function update(
  cx: Cx,
  group: string,
  name: string,
  settings: ScheduleSettings,
): Output<"scheduler", "UpdateSchedule"> {
  const { state, scope, kernel } = cx;
  const { id, createdMs, anchorMs, request, ...former } = getSchedule(state, scope, group, name);
  const nowMs = kernel.clock.now();
  // A rate that stays as it was goes on in its own rhythm.
  const goesOn =
    former.expression === settings.expression && former.startMs === settings.startMs && former.state === settings.state;
  const record: ScheduleRecord = {
    ...settings,
    id,
    group,
    name,
    createdMs,
    modifiedMs: nowMs,
    anchorMs: goesOn ? anchorMs : nowMs,
    ...(request ? { request } : {}),
  };
  state.schedules.put([...scopeKey(scope), group, name], record);
  if (goesOn) arm(kernel, scope, record, nowMs);
  else armAnew(kernel, scope, record);
  return { ScheduleArn: scheduleArn(scope, group, name) };
}

/** What both check before they write: the settings, that the caller may pass the role, that the role may be assumed. */
async function checked(cx: Cx, input: Input<"scheduler", "CreateSchedule">): Promise<ScheduleSettings> {
  const settings = readSettings(input, cx.kernel.clock.now());
  const roleArn = settings.target.RoleArn!;
  cx.authorize(passRole(roleArn, "scheduler.amazonaws.com"));
  const { Name: name = "", GroupName: group = DEFAULT_GROUP } = input;
  await assumeRole(cx.call as ServiceContext["call"], { scope: cx.scope, group, name, roleArn });
  return settings;
}

export function getScheduleDescription(
  { state, scope }: Cx,
  input: Input<"scheduler", "GetSchedule">,
): Output<"scheduler", "GetSchedule"> {
  const record = getSchedule(state, scope, input.GroupName ?? DEFAULT_GROUP, input.Name ?? "");
  return {
    Arn: scheduleArn(scope, record.group, record.name),
    GroupName: record.group,
    Name: record.name,
    ScheduleExpression: record.expression,
    ScheduleExpressionTimezone: record.timeZone,
    StartDate: record.startMs === undefined ? undefined : new Date(record.startMs),
    EndDate: record.endMs === undefined ? undefined : new Date(record.endMs),
    Description: record.description,
    State: record.state,
    CreationDate: new Date(record.createdMs),
    LastModificationDate: new Date(record.modifiedMs),
    Target: record.target,
    FlexibleTimeWindow: record.window,
    ActionAfterCompletion: record.actionAfterCompletion,
  };
}

export function deleteSchedule(
  { state, scope, kernel }: Cx,
  input: Input<"scheduler", "DeleteSchedule">,
): Output<"scheduler", "DeleteSchedule"> {
  const record = getSchedule(state, scope, input.GroupName ?? DEFAULT_GROUP, input.Name ?? "");
  disarm(kernel, scope, record);
  state.schedules.remove([...scopeKey(scope), record.group, record.name]);
  return {};
}

export function listSchedules(
  cx: Cx,
  input: Input<"scheduler", "ListSchedules">,
): Output<"scheduler", "ListSchedules"> {
  const { state, scope } = cx;
  const { GroupName: group, NamePrefix: prefix = "", State: wanted } = input;
  if (group !== undefined) getGroup(cx, group);
  const within = [...scopeKey(scope), ...(group === undefined ? [] : [group])];
  const wants = ({ name, state: is }: ScheduleRecord) =>
    name.startsWith(prefix) && (wanted === undefined || is === wanted);
  const { records, NextToken } = page(state.schedules, within, input, wants);
  return {
    Schedules: records.map((record) => ({
      Arn: scheduleArn(scope, record.group, record.name),
      GroupName: record.group,
      Name: record.name,
      State: record.state,
      CreationDate: new Date(record.createdMs),
      LastModificationDate: new Date(record.modifiedMs),
      Target: { Arn: record.target.Arn! },
    })),
    NextToken,
  };
}
