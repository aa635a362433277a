import type { Input, Output } from "../../../aws/api-types.ts";
import { parseAlarmRule } from "../../../engines/alarm-rule/alarm-rule.ts";
import type { CallContext } from "../../../service.ts";
import {
  alarmArn,
  type AlarmRecord,
  type AlarmState,
  type CompositeAlarmRecord,
  type MetricAlarmRecord,
} from "../alarm.ts";
import { childNames, parentsOf } from "../composite.ts";
import { alarmNotFound, invalidCombination } from "../errors.ts";
import { isSameMetric } from "../metric.ts";
import { dimensionsFrom } from "../metric-query.ts";
import { pageOf } from "../page.ts";
import { isPlainStatistic } from "../statistic.ts";
import { historyLog } from "../transition.ts";

type Context = CallContext<AlarmState>;
type DescribeInput = Input<"cloudwatch", "DescribeAlarms">;

const RECORDS_DEFAULT = 50;
const HISTORY_DEFAULT = 100;

/** AWS: API reference, DescribeAlarms. Composite alarms are described where they are asked for. */
export function describeAlarms(cx: Context, input: DescribeInput): Output<"cloudwatch", "DescribeAlarms"> {
  if (input.AlarmNames && input.AlarmNamePrefix !== undefined)
    throw invalidCombination(
      "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.",
    );
  const types = input.AlarmTypes ?? ["MetricAlarm"];
  const wanted = candidates(cx, input).filter(
    (alarm) =>
      (input.AlarmTypes === undefined && isRelated(input)
        ? true
        : types.includes(alarm.kind === "metric" ? "MetricAlarm" : "CompositeAlarm")) &&
      (!input.AlarmNames || input.AlarmNames.includes(alarm.AlarmName)) &&
      alarm.AlarmName.startsWith(input.AlarmNamePrefix ?? "") &&
      (input.StateValue === undefined || alarm.StateValue === input.StateValue) &&
      (input.ActionPrefix === undefined || allActions(alarm).some((action) => action.startsWith(input.ActionPrefix!))),
  );
  const { page, NextToken } = pageOf(wanted, input.NextToken, input.MaxRecords ?? RECORDS_DEFAULT);
  return {
    MetricAlarms: page.flatMap((alarm) => (alarm.kind === "metric" ? [describeMetricAlarm(cx, alarm)] : [])),
    CompositeAlarms: page.flatMap((alarm) => (alarm.kind === "composite" ? [describeCompositeAlarm(cx, alarm)] : [])),
    NextToken,
  };
}

function isRelated(input: DescribeInput): boolean {
  return input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined;
}

function candidates({ state, scope }: Context, input: DescribeInput): AlarmRecord[] {
  const { account, region } = scope;
  const find = (name: string): AlarmRecord => {
    const alarm = state.alarms.get([account, region, name]);
    if (!alarm) throw alarmNotFound(name);
    return alarm;
  };
  if (input.ParentsOfAlarmName !== undefined) return parentsOf(state, scope, find(input.ParentsOfAlarmName).AlarmName);
  if (input.ChildrenOfAlarmName === undefined) return [...state.alarms.values({ prefix: [account, region] })];
  const parent = find(input.ChildrenOfAlarmName);
  if (parent.kind === "metric") return [];
  return childNames(parseAlarmRule(parent.AlarmRule)).flatMap(
    (name) => state.alarms.get([account, region, name]) ?? [],
  );
}

function allActions(alarm: AlarmRecord): string[] {
  return [...alarm.AlarmActions, ...alarm.OKActions, ...alarm.InsufficientDataActions];
}

function describeCommon(cx: Context, alarm: AlarmRecord) {
  return {
    AlarmName: alarm.AlarmName,
    AlarmArn: alarmArn(cx.scope, alarm.AlarmName),
    AlarmDescription: alarm.AlarmDescription,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredMs),
    ActionsEnabled: alarm.ActionsEnabled,
    OKActions: alarm.OKActions,
    AlarmActions: alarm.AlarmActions,
    InsufficientDataActions: alarm.InsufficientDataActions,
    StateValue: alarm.StateValue,
    StateReason: alarm.StateReason,
    StateReasonData: alarm.StateReasonData,
    StateUpdatedTimestamp: new Date(alarm.stateUpdatedMs),
    StateTransitionedTimestamp: new Date(alarm.stateTransitionedMs),
  };
}

function describeMetricAlarm(cx: Context, alarm: MetricAlarmRecord) {
  const { watched } = alarm;
  return {
    ...describeCommon(cx, alarm),
    ...(watched.kind === "metric" ? describeMetric(watched.metric) : { Metrics: watched.queries, Dimensions: [] }),
    EvaluationPeriods: alarm.EvaluationPeriods,
    DatapointsToAlarm: alarm.DatapointsToAlarm,
    Threshold: alarm.Threshold,
    ComparisonOperator: alarm.ComparisonOperator as "GreaterThanThreshold",
    TreatMissingData: alarm.TreatMissingData,
    EvaluateLowSampleCountPercentile: alarm.EvaluateLowSampleCountPercentile,
  };
}

function describeMetric({
  statistic,
  Unit,
  ...metric
}: Extract<MetricAlarmRecord["watched"], { kind: "metric" }>["metric"]) {
  return {
    ...metric,
    Unit: Unit as "None" | undefined,
    ...(isPlainStatistic(statistic) ? { Statistic: statistic as "Sum" } : { ExtendedStatistic: statistic }),
  };
}

function describeCompositeAlarm(cx: Context, alarm: CompositeAlarmRecord) {
  return { ...describeCommon(cx, alarm), AlarmRule: alarm.AlarmRule };
}

/** AWS: API reference, DescribeAlarmsForMetric: alarms on expressions are not found by it. */
export function describeAlarmsForMetric(
  cx: Context,
  input: Input<"cloudwatch", "DescribeAlarmsForMetric">,
): Output<"cloudwatch", "DescribeAlarmsForMetric"> {
  const id = { namespace: input.Namespace!, name: input.MetricName!, dimensions: dimensionsFrom(input.Dimensions) };
  const statistic = input.Statistic ?? input.ExtendedStatistic;
  const found = [...cx.state.alarms.values({ prefix: [cx.scope.account, cx.scope.region] })].filter(
    (alarm): alarm is MetricAlarmRecord => {
      if (alarm.kind !== "metric" || alarm.watched.kind !== "metric") return false;
      const { Namespace, MetricName, Dimensions, Period, Unit, statistic: watched } = alarm.watched.metric;
      return (
        isSameMetric(id, { namespace: Namespace, name: MetricName, dimensions: Dimensions }) &&
        (statistic === undefined || statistic === watched) &&
        (input.Period === undefined || input.Period === Period) &&
        (input.Unit === undefined || input.Unit === Unit)
      );
    },
  );
  return { MetricAlarms: found.map((alarm) => describeMetricAlarm(cx, alarm)) };
}

/** AWS: API reference, DescribeAlarmHistory: newest first unless asked otherwise. */
export function describeAlarmHistory(
  cx: Context,
  input: Input<"cloudwatch", "DescribeAlarmHistory">,
): Output<"cloudwatch", "DescribeAlarmHistory"> {
  const log = historyLog(cx.scope);
  const types = input.AlarmTypes ?? ["MetricAlarm"];
  const all = cx.state.history
    .read(log, 1, cx.state.history.end(log))
    .filter(
      ({ record }) =>
        (input.AlarmName === undefined ? types.includes(record.AlarmType) : record.AlarmName === input.AlarmName) &&
        (input.HistoryItemType === undefined || record.HistoryItemType === input.HistoryItemType) &&
        (!input.StartDate || record.timeMs >= input.StartDate.getTime()) &&
        (!input.EndDate || record.timeMs <= input.EndDate.getTime()),
    );
  if (input.ScanBy !== "TimestampAscending") all.reverse();
  const { page, NextToken } = pageOf(all, input.NextToken, input.MaxRecords ?? HISTORY_DEFAULT);
  return {
    AlarmHistoryItems: page.map(({ record: { timeMs, ...item } }) => ({ ...item, Timestamp: new Date(timeMs) })),
    NextToken,
  };
}
