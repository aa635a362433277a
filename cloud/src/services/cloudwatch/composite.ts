import { findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { type AlarmRule, childrenOf, holdsRule, parseAlarmRule } from "../../engines/alarm-rule/alarm-rule.ts";
import {
  alarmArn,
  type AlarmRecord,
  type AlarmState,
  awsTime,
  type CompositeAlarmRecord,
  type StateValue,
} from "./alarm.ts";
import { changeState } from "./transition.ts";

/** The name of an alarm that a rule names by its name or ARN. */
export function alarmNameOf(nameOrArn: string): string {
  const parts = findArn(nameOrArn);
  return parts?.service === "cloudwatch" ? parts.resource.replace(/^alarm:/, "") : nameOrArn;
}

export function childNames(rule: AlarmRule): string[] {
  return childrenOf(rule).map(alarmNameOf);
}

/** The composite alarms whose rules name an alarm. */
export function parentsOf(state: AlarmState, { account, region }: Scope, name: string): CompositeAlarmRecord[] {
  return [...state.alarms.values({ prefix: [account, region] })].filter(
    (alarm): alarm is CompositeAlarmRecord =>
      alarm.kind === "composite" && childNames(parseAlarmRule(alarm.AlarmRule)).includes(name),
  );
}

/** The state that a rule gives: ALARM where it holds, else OK. */
export function ruleState(state: AlarmState, { account, region }: Scope, rule: AlarmRule): StateValue {
  const stateOf = (name: string) => state.alarms.get([account, region, alarmNameOf(name)])?.StateValue;
  return holdsRule(rule, stateOf) ? "ALARM" : "OK";
}

/** A child changed: its parents are looked at, and theirs as they change. */
export function updateParents(state: AlarmState, scope: Scope, child: AlarmRecord, nowMs: number): void {
  const arn = alarmArn(scope, child.AlarmName);
  for (const parent of parentsOf(state, scope, child.AlarmName))
    changeState(state, scope, parent, {
      state: ruleState(state, scope, parseAlarmRule(parent.AlarmRule)),
      reason: `${arn} transitioned to ${child.StateValue} at ${longTime(nowMs)}`,
      data: triggeringAlarms(scope, [child]),
      nowMs,
    });
}

export function triggeringAlarms(scope: Scope, alarms: readonly AlarmRecord[]): string {
  return JSON.stringify({
    triggeringAlarms: alarms.map((alarm) => ({
      arn: alarmArn(scope, alarm.AlarmName),
      state: { value: alarm.StateValue, timestamp: awsTime(alarm.stateUpdatedMs) },
    })),
  });
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `Friday 02 August, 2019 15:20:05 UTC` */
export function longTime(ms: number): string {
  const at = new Date(ms);
  const day = String(at.getUTCDate()).padStart(2, "0");
  return `${DAYS[at.getUTCDay()]} ${day} ${MONTHS[at.getUTCMonth()]}, ${at.getUTCFullYear()} ${at.toISOString().slice(11, 19)} UTC`;
}
