import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { alarmArn, type AlarmState } from "../alarm.ts";
import { parentsOf } from "../composite.ts";
import { alarmNotFound, invalidFormat, validationError } from "../errors.ts";
import { changeState, noteConfiguration } from "../transition.ts";

type Context = CallContext<AlarmState>;

/** AWS: API reference, DeleteAlarms: none is deleted where one cannot be; unknown names do no harm alone. */
export function deleteAlarms(
  cx: Context,
  input: Input<"cloudwatch", "DeleteAlarms">,
): Output<"cloudwatch", "DeleteAlarms"> {
  const { state, scope, kernel } = cx;
  const { account, region } = scope;
  const names = input.AlarmNames!;
  for (const name of names) {
    const parents = parentsOf(state, scope, name).filter((parent) => !names.includes(parent.AlarmName));
    if (parents.length > 0)
      throw validationError(
        `Cannot delete ${name} as there are composite alarm(s) depending on it: ${parents.map(({ AlarmName }) => AlarmName).join(", ")}`,
      );
  }
  for (const name of names) {
    const alarm = state.alarms.get([account, region, name]);
    if (!alarm) continue;
    state.alarms.remove([account, region, name]);
    state.tags.remove([alarmArn(scope, name)]);
    noteConfiguration(state, scope, alarm, "Delete", kernel.clock.now());
  }
  state.alarmsChanged();
  return {};
}

/** Holds until the next evaluation. AWS: API reference, SetAlarmState. */
export function setAlarmState(
  cx: Context,
  input: Input<"cloudwatch", "SetAlarmState">,
): Output<"cloudwatch", "SetAlarmState"> {
  const alarm = cx.state.alarms.get([cx.scope.account, cx.scope.region, input.AlarmName!]);
  if (!alarm) throw alarmNotFound(input.AlarmName!);
  const data = input.StateReasonData ?? "";
  if (data !== "" && !isJson(data))
    throw invalidFormat("Data was not correctly formatted. Ensure that the JSON is valid.");
  const to = { state: input.StateValue!, reason: input.StateReason!, data, nowMs: cx.kernel.clock.now() };
  changeState(cx.state, cx.scope, alarm, to);
  cx.state.evaluateSoon(cx.scope, alarm.AlarmName);
  return {};
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function setActionsEnabled(cx: Context, names: readonly string[], ActionsEnabled: boolean): object {
  for (const name of names) {
    const key = [cx.scope.account, cx.scope.region, name];
    const alarm = cx.state.alarms.get(key);
    if (!alarm || alarm.ActionsEnabled === ActionsEnabled) continue;
    cx.state.alarms.put(key, { ...alarm, ActionsEnabled });
    noteConfiguration(cx.state, cx.scope, alarm, "Update", cx.kernel.clock.now());
  }
  return {};
}

export function enableAlarmActions(cx: Context, input: Input<"cloudwatch", "EnableAlarmActions">): object {
  return setActionsEnabled(cx, input.AlarmNames!, true);
}

export function disableAlarmActions(cx: Context, input: Input<"cloudwatch", "DisableAlarmActions">): object {
  return setActionsEnabled(cx, input.AlarmNames!, false);
}
