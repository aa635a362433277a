import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Scope } from "../../../aws/scope.ts";
import { AlarmRuleError, parseAlarmRule, type AlarmRule } from "../../../engines/alarm-rule/alarm-rule.ts";
import type { CallContext } from "../../../service.ts";
import { alarmArn, type AlarmRecord, type AlarmState, type CompositeAlarmRecord } from "../alarm.ts";
import { childNames, ruleState, triggeringAlarms } from "../composite.ts";
import { validationError } from "../errors.ts";
import { changeState, noteConfiguration } from "../transition.ts";
import { keepTags } from "./tags.ts";

type Context = CallContext<AlarmState>;
type PutInput = Input<"cloudwatch", "PutCompositeAlarm">;

const REFUSED = [
  "ActionsSuppressor",
  "ActionsSuppressorWaitPeriod",
  "ActionsSuppressorExtensionPeriod",
  "ActionConfiguration",
] as const;

/** AWS: API reference, PutCompositeAlarm. The alarm is evaluated at once, and whenever an alarm of its rule changes. */
export function putCompositeAlarm(cx: Context, input: PutInput): Output<"cloudwatch", "PutCompositeAlarm"> {
  for (const name of REFUSED)
    if (input[name] !== undefined) throw new NotEmulatedError(`the parameter ${name} of cloudwatch:PutCompositeAlarm`);
  const { state, scope, kernel } = cx;
  const rule = parse(input.AlarmRule!);
  const children = childrenOf(state, scope, rule);
  checkCycle(state, scope, input.AlarmName!, children);
  const nowMs = kernel.clock.now();
  const key = [scope.account, scope.region, input.AlarmName!];
  const before = state.alarms.get(key);
  if (before?.kind === "metric")
    throw validationError(`The alarm ${input.AlarmName} exists as a metric alarm and cannot become a composite alarm.`);
  const alarm: CompositeAlarmRecord = {
    kind: "composite",
    AlarmName: input.AlarmName!,
    ...(input.AlarmDescription === undefined ? {} : { AlarmDescription: input.AlarmDescription }),
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    AlarmRule: input.AlarmRule!,
    StateValue: before?.StateValue ?? "INSUFFICIENT_DATA",
    StateReason: before?.StateReason ?? "Unchecked: Initial alarm creation",
    ...(before?.StateReasonData === undefined ? {} : { StateReasonData: before.StateReasonData }),
    stateUpdatedMs: before?.stateUpdatedMs ?? nowMs,
    stateTransitionedMs: before?.stateTransitionedMs ?? nowMs,
    configuredMs: nowMs,
  };
  state.alarms.put(key, alarm);
  if (!before) keepTags(state, alarmArn(scope, alarm.AlarmName), input.Tags);
  noteConfiguration(state, scope, alarm, before ? "Update" : "Create", nowMs);
  const value = ruleState(state, scope, rule);
  changeState(state, scope, alarm, {
    state: value,
    reason: `${alarmArn(scope, alarm.AlarmName)} was ${before ? "updated" : "created"} and its alarm rule evaluates to ${value}`,
    data: triggeringAlarms(
      scope,
      children.filter((child) => child.StateValue === "ALARM"),
    ),
    nowMs,
  });
  return {};
}

function parse(text: string): AlarmRule {
  if (text !== text.trim())
    throw validationError("Error in AlarmRule: it must not contain leading or trailing whitespace or be null");
  try {
    return parseAlarmRule(text);
  } catch (error) {
    if (error instanceof AlarmRuleError) throw validationError(error.message);
    throw error;
  }
}

function childrenOf(state: AlarmState, { account, region }: Scope, rule: AlarmRule): AlarmRecord[] {
  const found = childNames(rule).map((name) => ({ name, alarm: state.alarms.get([account, region, name]) }));
  const unknown = found.filter(({ alarm }) => !alarm).map(({ name }) => name);
  if (unknown.length > 0)
    throw validationError(
      `Could not save the composite alarm as alarms [${unknown.join(", ")}] in the alarm rule do not exist`,
    );
  return found.map(({ alarm }) => alarm!);
}

/** A rule that rests on itself would never come to rest. */
function checkCycle(state: AlarmState, scope: Scope, name: string, children: readonly AlarmRecord[]): void {
  for (const child of children) {
    if (child.AlarmName === name)
      throw validationError(`Could not save the composite alarm as its alarm rule rests on the alarm ${name} itself`);
    if (child.kind === "composite")
      checkCycle(state, scope, name, childrenOf(state, scope, parseAlarmRule(child.AlarmRule)));
  }
}
