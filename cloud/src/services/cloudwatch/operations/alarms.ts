import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import { type AlarmRecord, alarmArn, type AlarmState, awsTime, COMPARISONS } from "../alarm.ts";
import {
  alarmNotFound,
  invalidCombination,
  invalidParameterValue,
  missingParameter,
  validationError,
} from "../errors.ts";
import { isStatistic } from "../statistic.ts";
import { changeState, historyLog, note } from "../transition.ts";
import { isSameMetric } from "./metrics.ts";

type Context = CallContext<AlarmState>;
type PutInput = Input<"cloudwatch", "PutMetricAlarm">;

const DAY_SECONDS = 86_400;

/** AWS: API reference, PutMetricAlarm. */
export function putMetricAlarm(cx: Context, input: PutInput): Output<"cloudwatch", "PutMetricAlarm"> {
  const wanted = metricOf(input);
  check(wanted);
  const { state, scope, kernel } = cx;
  const nowMs = kernel.clock.now();
  const key = [scope.account, scope.region, input.AlarmName!];
  const before = state.alarms.get(key);
  const alarm: AlarmRecord = {
    ...wanted,
    StateValue: before?.StateValue ?? "INSUFFICIENT_DATA",
    StateReason: before?.StateReason ?? "Unchecked: Initial alarm creation",
    ...(before?.StateReasonData === undefined ? {} : { StateReasonData: before.StateReasonData }),
    stateUpdatedMs: before?.stateUpdatedMs ?? nowMs,
    stateTransitionedMs: before?.stateTransitionedMs ?? nowMs,
    configuredMs: nowMs,
  };
  state.alarms.put(key, alarm);
  const resource = alarmArn(scope, alarm.AlarmName);
  if (!before && input.Tags?.length)
    state.tags.put([resource], Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key!, Value!])));
  const summary = `Alarm "${alarm.AlarmName}" ${before ? "updated" : "created"}`;
  note(state, scope, {
    AlarmName: alarm.AlarmName,
    timeMs: nowMs,
    HistoryItemType: "ConfigurationUpdate",
    HistorySummary: summary,
    HistoryData: JSON.stringify({ version: "1.0", type: before ? "Update" : "Create", time: awsTime(nowMs) }),
  });
  state.evaluateSoon(scope, alarm.AlarmName);
  return {};
}

type Wanted = Omit<
  AlarmRecord,
  "StateValue" | "StateReason" | "stateUpdatedMs" | "stateTransitionedMs" | "configuredMs"
>;

/** One metric, given directly or as the single MetricStat of `Metrics`. */
function metricOf(input: PutInput): Wanted {
  if (input.ThresholdMetricId !== undefined)
    throw new NotEmulatedError("PutMetricAlarm with ThresholdMetricId (anomaly detection)");
  const query = input.Metrics?.[0];
  if (input.Metrics && (input.Metrics.length !== 1 || !query?.MetricStat))
    throw new NotEmulatedError("PutMetricAlarm with an Expression (metric math)");
  if (query && input.MetricName !== undefined)
    throw invalidCombination("MetricName, Namespace, Statistic and Period may not be given together with Metrics.");
  const stat = query?.MetricStat;
  const statistic = stat?.Stat ?? input.Statistic ?? input.ExtendedStatistic;
  if (input.Statistic !== undefined && input.ExtendedStatistic !== undefined)
    throw invalidCombination("Statistic and ExtendedStatistic are mutually exclusive; specify one of them.");
  if (statistic === undefined)
    throw missingParameter("At least one of the parameters Statistic, ExtendedStatistic must be specified.");
  const required = {
    Namespace: stat?.Metric?.Namespace ?? input.Namespace,
    MetricName: stat?.Metric?.MetricName ?? input.MetricName,
  };
  for (const [name, value] of Object.entries(required))
    if (value === undefined) throw missingParameter(`The parameter ${name} is required.`);
  if (input.Threshold === undefined) throw missingParameter("The parameter Threshold is required.");
  const Unit = stat?.Unit ?? input.Unit;
  return {
    AlarmName: input.AlarmName!,
    ...(input.AlarmDescription === undefined ? {} : { AlarmDescription: input.AlarmDescription }),
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    Namespace: required.Namespace!,
    MetricName: required.MetricName!,
    Dimensions: (stat?.Metric?.Dimensions ?? input.Dimensions ?? []).map(({ Name = "", Value = "" }) => ({
      Name,
      Value,
    })),
    statistic,
    Period: stat?.Period ?? input.Period ?? 60,
    ...(Unit === undefined ? {} : { Unit }),
    EvaluationPeriods: input.EvaluationPeriods!,
    ...(input.DatapointsToAlarm === undefined ? {} : { DatapointsToAlarm: input.DatapointsToAlarm }),
    Threshold: input.Threshold,
    ComparisonOperator: input.ComparisonOperator!,
    ...(input.TreatMissingData === undefined ? {} : { TreatMissingData: input.TreatMissingData }),
    ...(input.EvaluateLowSampleCountPercentile === undefined
      ? {}
      : { EvaluateLowSampleCountPercentile: input.EvaluateLowSampleCountPercentile }),
  };
}

function check(alarm: Wanted): void {
  if (!isStatistic(alarm.statistic)) throw new NotEmulatedError(`the alarm statistic ${alarm.statistic}`);
  if (!COMPARISONS.includes(alarm.ComparisonOperator))
    throw new NotEmulatedError(`the comparison operator ${alarm.ComparisonOperator} (anomaly detection)`);
  const { Period, EvaluationPeriods, DatapointsToAlarm } = alarm;
  if (![10, 20, 30].includes(Period) && Period % 60 !== 0)
    throw validationError("Period must be 10, 20, 30 or a multiple of 60");
  if (Period * EvaluationPeriods > DAY_SECONDS * 7)
    throw validationError(
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
    );
  if (Period < 3600 && Period * EvaluationPeriods > DAY_SECONDS)
    throw validationError(
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
    );
  if (DatapointsToAlarm !== undefined && DatapointsToAlarm > EvaluationPeriods)
    throw validationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  const treatments = ["breaching", "notBreaching", "ignore", "missing"];
  if (alarm.TreatMissingData !== undefined && !treatments.includes(alarm.TreatMissingData))
    throw validationError(
      `Unsupported TreatMissingData value [${alarm.TreatMissingData}]; allowed: ${treatments.join(", ")}`,
    );
}

function shown(cx: Context, alarm: AlarmRecord) {
  const { statistic, stateUpdatedMs, stateTransitionedMs, configuredMs, ...rest } = alarm;
  const isPercentile = statistic.startsWith("p");
  return {
    ...rest,
    AlarmArn: alarmArn(cx.scope, alarm.AlarmName),
    ...(isPercentile ? { ExtendedStatistic: statistic } : { Statistic: statistic }),
    StateUpdatedTimestamp: new Date(stateUpdatedMs),
    StateTransitionedTimestamp: new Date(stateTransitionedMs),
    AlarmConfigurationUpdatedTimestamp: new Date(configuredMs),
  };
}

const RECORDS_DEFAULT = 50;

/** AWS: API reference, DescribeAlarms. There are no composite alarms here, so none is ever described. */
export function describeAlarms(
  cx: Context,
  input: Input<"cloudwatch", "DescribeAlarms">,
): Output<"cloudwatch", "DescribeAlarms"> {
  if (input.AlarmNames && input.AlarmNamePrefix !== undefined)
    throw invalidCombination("AlarmNames and AlarmNamePrefix are mutually exclusive; specify one of them.");
  for (const name of ["ChildrenOfAlarmName", "ParentsOfAlarmName"] as const)
    if (input[name] !== undefined) throw new NotEmulatedError(`DescribeAlarms with ${name} (composite alarms)`);
  const wanted = [...cx.state.alarms.values({ prefix: [cx.scope.account, cx.scope.region] })].filter(
    (alarm) =>
      (!input.AlarmNames || input.AlarmNames.includes(alarm.AlarmName)) &&
      alarm.AlarmName.startsWith(input.AlarmNamePrefix ?? "") &&
      (input.StateValue === undefined || alarm.StateValue === input.StateValue) &&
      (input.ActionPrefix === undefined || allActions(alarm).some((action) => action.startsWith(input.ActionPrefix!))),
  );
  const onlyComposite = input.AlarmTypes && !input.AlarmTypes.includes("MetricAlarm");
  const alarms = onlyComposite ? [] : wanted;
  const start = input.NextToken === undefined ? 0 : alarms.findIndex((alarm) => alarm.AlarmName === input.NextToken);
  if (start < 0) throw new NotEmulatedError("DescribeAlarms from a NextToken whose alarm is gone");
  const end = start + (input.MaxRecords ?? RECORDS_DEFAULT);
  return {
    MetricAlarms: alarms.slice(start, end).map((alarm) => shown(cx, alarm) as never),
    CompositeAlarms: [],
    ...(alarms[end] ? { NextToken: alarms[end].AlarmName } : {}),
  };
}

function allActions(alarm: AlarmRecord): string[] {
  return [...alarm.AlarmActions, ...alarm.OKActions, ...alarm.InsufficientDataActions];
}

export function describeAlarmsForMetric(
  cx: Context,
  input: Input<"cloudwatch", "DescribeAlarmsForMetric">,
): Output<"cloudwatch", "DescribeAlarmsForMetric"> {
  const dimensions = (input.Dimensions ?? []).map(({ Name = "", Value = "" }) => ({ Name, Value }));
  const id = { namespace: input.Namespace!, name: input.MetricName!, dimensions };
  const statistic = input.Statistic ?? input.ExtendedStatistic;
  const found = [...cx.state.alarms.values({ prefix: [cx.scope.account, cx.scope.region] })].filter(
    (alarm) =>
      isSameMetric(id, { namespace: alarm.Namespace, name: alarm.MetricName, dimensions: alarm.Dimensions }) &&
      (statistic === undefined || statistic === alarm.statistic) &&
      (input.Period === undefined || input.Period === alarm.Period) &&
      (input.Unit === undefined || input.Unit === alarm.Unit),
  );
  return { MetricAlarms: found.map((alarm) => shown(cx, alarm) as never) };
}

const HISTORY_DEFAULT = 100;

/** AWS: API reference, DescribeAlarmHistory: newest first unless asked otherwise. */
export function describeAlarmHistory(
  cx: Context,
  input: Input<"cloudwatch", "DescribeAlarmHistory">,
): Output<"cloudwatch", "DescribeAlarmHistory"> {
  const log = historyLog(cx.scope);
  const all = cx.state.history
    .read(log, 1, cx.state.history.end(log))
    .filter(
      ({ record }) =>
        (input.AlarmName === undefined || record.AlarmName === input.AlarmName) &&
        (input.HistoryItemType === undefined || record.HistoryItemType === input.HistoryItemType) &&
        (!input.StartDate || record.timeMs >= input.StartDate.getTime()) &&
        (!input.EndDate || record.timeMs <= input.EndDate.getTime()),
    );
  if (input.ScanBy !== "TimestampAscending") all.reverse();
  const start = Number(input.NextToken ?? 0);
  if (!Number.isInteger(start)) throw invalidParameterValue("Invalid NextToken");
  const end = start + (input.MaxRecords ?? HISTORY_DEFAULT);
  return {
    AlarmHistoryItems: all.slice(start, end).map(({ record: { timeMs, ...item } }) => ({
      ...item,
      AlarmType: "MetricAlarm" as const,
      Timestamp: new Date(timeMs),
    })),
    ...(end < all.length ? { NextToken: String(end) } : {}),
  };
}

export function deleteAlarms(
  cx: Context,
  input: Input<"cloudwatch", "DeleteAlarms">,
): Output<"cloudwatch", "DeleteAlarms"> {
  const { account, region } = cx.scope;
  const unknown = input.AlarmNames!.filter((name) => !cx.state.alarms.has([account, region, name]));
  if (unknown.length > 0 && input.AlarmNames!.length > 1) throw alarmNotFound(unknown.join(", "));
  for (const name of input.AlarmNames!) {
    cx.state.alarms.remove([account, region, name]);
    cx.state.tags.remove([alarmArn(cx.scope, name)]);
  }
  return {};
}

/** Holds until the next evaluation. AWS: API reference, SetAlarmState. */
export function setAlarmState(
  cx: Context,
  input: Input<"cloudwatch", "SetAlarmState">,
): Output<"cloudwatch", "SetAlarmState"> {
  const alarm = cx.state.alarms.get([cx.scope.account, cx.scope.region, input.AlarmName!]);
  if (!alarm) throw alarmNotFound(input.AlarmName!);
  const data = input.StateReasonData ?? "{}";
  const to = { state: input.StateValue!, reason: input.StateReason!, data, nowMs: cx.kernel.clock.now() };
  changeState(cx.state, cx.scope, alarm, to);
  cx.state.evaluateSoon(cx.scope, alarm.AlarmName);
  return {};
}

function setActionsEnabled(cx: Context, names: readonly string[], ActionsEnabled: boolean): void {
  for (const name of names) {
    const key = [cx.scope.account, cx.scope.region, name];
    const alarm = cx.state.alarms.get(key);
    if (alarm) cx.state.alarms.put(key, { ...alarm, ActionsEnabled });
  }
}

export function enableAlarmActions(
  cx: Context,
  input: Input<"cloudwatch", "EnableAlarmActions">,
): Output<"cloudwatch", "EnableAlarmActions"> {
  setActionsEnabled(cx, input.AlarmNames!, true);
  return {};
}

export function disableAlarmActions(
  cx: Context,
  input: Input<"cloudwatch", "DisableAlarmActions">,
): Output<"cloudwatch", "DisableAlarmActions"> {
  setActionsEnabled(cx, input.AlarmNames!, false);
  return {};
}
