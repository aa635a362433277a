import type { Scope } from "../../aws/scope.ts";
import { type AlarmRecord, type AlarmState, awsTime, type Evaluation, type HistoryItem } from "./alarm.ts";

/** Notes a state, and where it is another one: history and actions. */
export function changeState(
  state: AlarmState,
  scope: Scope,
  alarm: AlarmRecord,
  to: Evaluation & { readonly nowMs: number },
): void {
  const key = [scope.account, scope.region, alarm.AlarmName];
  if (to.state === alarm.StateValue) return;
  const previous = alarm.StateValue;
  const changed: AlarmRecord = {
    ...alarm,
    StateValue: to.state,
    StateReason: to.reason,
    StateReasonData: to.data,
    stateUpdatedMs: to.nowMs,
    stateTransitionedMs: to.nowMs,
  };
  state.alarms.put(key, changed);
  note(state, scope, {
    AlarmName: alarm.AlarmName,
    timeMs: to.nowMs,
    HistoryItemType: "StateUpdate",
    HistorySummary: `Alarm updated from ${previous} to ${to.state}`,
    HistoryData: JSON.stringify({
      version: "1.0",
      oldState: { stateValue: previous, stateReason: alarm.StateReason },
      newState: { stateValue: to.state, stateReason: to.reason },
      time: awsTime(to.nowMs),
    }),
  });
  if (alarm.ActionsEnabled) state.act(scope, changed, previous);
}

export function note(state: AlarmState, scope: Scope, item: HistoryItem): void {
  state.history.append(historyLog(scope), item);
}

export function historyLog({ account, region }: Scope): string {
  return `${account}/${region}`;
}
