import type { Scope } from "../../aws/scope.ts";
import { type AlarmRecord, type AlarmState, alarmTypeOf, awsTime, type HistoryItem } from "./alarm.ts";
import type { NewState } from "./watching.ts";

/** Notes a state, and where it is another one: history, actions, and the composite alarms that rest on it. */
export function changeState(
  state: AlarmState,
  scope: Scope,
  alarm: AlarmRecord,
  to: NewState & { readonly nowMs: number },
): AlarmRecord {
  const { StateValue: value, StateReason: reason, StateReasonData: reasonData, stateUpdatedMs: updatedMs } = alarm;
  if (to.state === value) return alarm;
  const changed: AlarmRecord = {
    ...alarm,
    StateValue: to.state,
    StateReason: to.reason,
    StateReasonData: to.data,
    stateUpdatedMs: to.nowMs,
    stateTransitionedMs: to.nowMs,
  };
  state.alarms.put([scope.account, scope.region, alarm.AlarmName], changed);
  noteFor(state, scope, alarm, {
    timeMs: to.nowMs,
    HistoryItemType: "StateUpdate",
    HistorySummary: `Alarm updated from ${value} to ${to.state}`,
    HistoryData: JSON.stringify({
      version: "1.0",
      oldState: { stateValue: value, stateReason: reason, ...parsed(reasonData) },
      newState: { stateValue: to.state, stateReason: to.reason, ...parsed(to.data) },
    }),
  });
  state.announce(scope, changed, { value, reason, reasonData, updatedMs });
  return changed;
}

function parsed(data: string | undefined): { stateReasonData?: unknown } {
  return data === undefined || data === "" ? {} : { stateReasonData: JSON.parse(data) as unknown };
}

type Entry = Omit<HistoryItem, "AlarmName" | "AlarmType">;

export function noteFor(state: AlarmState, scope: Scope, alarm: AlarmRecord, entry: Entry): void {
  state.history.append(historyLog(scope), { AlarmName: alarm.AlarmName, AlarmType: alarmTypeOf(alarm), ...entry });
}

/** An alarm was made, changed or deleted. */
export function noteConfiguration(
  state: AlarmState,
  scope: Scope,
  alarm: AlarmRecord,
  what: "Create" | "Update" | "Delete",
  nowMs: number,
): void {
  const words = { Create: "created", Update: "updated", Delete: "deleted" };
  noteFor(state, scope, alarm, {
    timeMs: nowMs,
    HistoryItemType: "ConfigurationUpdate",
    HistorySummary: `Alarm "${alarm.AlarmName}" ${words[what]}`,
    HistoryData: JSON.stringify({ version: "1.0", type: what, time: awsTime(nowMs) }),
  });
}

export function historyLog({ account, region }: Scope): string {
  return `${account}/${region}`;
}
