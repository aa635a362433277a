/** What alarms tell others: subscribers of topics, functions, EventBridge. */
import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Scope } from "../../aws/scope.ts";
import {
  alarmArn,
  type AlarmRecord,
  awsTime,
  type CompositeAlarmRecord,
  type MetricAlarmRecord,
  type PreviousState,
  type SingleMetric,
} from "./alarm.ts";
import { regionName } from "./region-name.ts";
import { isPlainStatistic } from "./statistic.ts";

/** A state change as it was, whatever the alarm has become since. */
export interface Announcement {
  readonly scope: Scope;
  readonly alarm: AlarmRecord;
  readonly previous: PreviousState;
}

/** AWS: at most 100 characters. */
export function subjectOf({ alarm, scope }: Announcement): string {
  return `${alarm.StateValue}: "${alarm.AlarmName}" in ${regionName(scope.region)}`.slice(0, 100);
}

/** The message to a topic. Observed at AWS (2023). */
export function messageOf({ alarm, scope, previous }: Announcement) {
  const common = {
    AlarmName: alarm.AlarmName,
    AlarmDescription: alarm.AlarmDescription ?? null,
    AWSAccountId: scope.account,
    AlarmConfigurationUpdatedTimestamp: awsTime(alarm.configuredMs),
    NewStateValue: alarm.StateValue,
    NewStateReason: alarm.StateReason,
    StateChangeTime: awsTime(alarm.stateUpdatedMs),
    Region: regionName(scope.region),
    AlarmArn: alarmArn(scope, alarm.AlarmName),
    OldStateValue: previous.value,
    OKActions: alarm.OKActions,
    AlarmActions: alarm.AlarmActions,
    InsufficientDataActions: alarm.InsufficientDataActions,
  };
  if (alarm.kind === "composite")
    return { ...common, AlarmRule: alarm.AlarmRule, TriggeringChildren: triggeringChildren(alarm) };
  return { ...common, Trigger: triggerOf(alarm) };
}

function triggeringChildren({ StateReasonData = "{}" }: CompositeAlarmRecord) {
  const { triggeringAlarms = [] } = JSON.parse(StateReasonData) as {
    triggeringAlarms?: { arn: string; state: { value: string; timestamp: string } }[];
  };
  return triggeringAlarms.map(({ arn, state }) => ({
    Arn: arn,
    State: { Value: state.value, Timestamp: state.timestamp },
  }));
}

function triggerOf(alarm: MetricAlarmRecord) {
  const rule = {
    EvaluationPeriods: alarm.EvaluationPeriods,
    ...(alarm.DatapointsToAlarm === undefined ? {} : { DatapointsToAlarm: alarm.DatapointsToAlarm }),
    ComparisonOperator: alarm.ComparisonOperator,
    Threshold: alarm.Threshold,
    TreatMissingData: alarm.TreatMissingData ?? "missing",
    EvaluateLowSampleCountPercentile: alarm.EvaluateLowSampleCountPercentile ?? "",
  };
  if (alarm.watched.kind === "queries") return { ...rule, Metrics: alarm.watched.queries.map(queryOf) };
  const { MetricName, Namespace, statistic, Unit, Dimensions, Period } = alarm.watched.metric;
  return {
    MetricName,
    Namespace,
    ...(isPlainStatistic(statistic)
      ? { StatisticType: "Statistic", Statistic: STATISTICS[statistic] }
      : { StatisticType: "ExtendedStatistic", ExtendedStatistic: statistic }),
    Unit: Unit ?? null,
    Dimensions: Dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
    Period,
    ...rule,
  };
}

const STATISTICS: Readonly<Record<string, string>> = {
  Average: "AVERAGE",
  Sum: "SUM",
  Minimum: "MINIMUM",
  Maximum: "MAXIMUM",
  SampleCount: "SAMPLE_COUNT",
};

function queryOf(query: MetricDataQuery) {
  const { Id, Expression, Label, MetricStat, Period, ReturnData } = query;
  return {
    Id,
    ...(Expression === undefined ? {} : { Expression }),
    ...(Label === undefined ? {} : { Label }),
    ...(MetricStat ? { MetricStat } : {}),
    ...(Period === undefined ? {} : { Period }),
    ReturnData: ReturnData ?? true,
  };
}

/** What a function is invoked with. AWS: CloudWatch User Guide, "Invoke a Lambda function from an alarm". */
export function functionEventOf({ alarm, scope, previous }: Announcement) {
  return {
    source: "aws.cloudwatch",
    alarmArn: alarmArn(scope, alarm.AlarmName),
    accountId: scope.account,
    time: awsTime(alarm.stateUpdatedMs),
    region: scope.region,
    alarmData: {
      alarmName: alarm.AlarmName,
      state: stateOf(alarm),
      previousState: previousOf(previous),
      configuration: configurationOf(alarm),
    },
  };
}

/** The entry of an EventBridge event. AWS: CloudWatch User Guide, "Alarm events and EventBridge". */
export function stateChangeEvent({ alarm, scope, previous }: Announcement) {
  return {
    Source: "aws.cloudwatch",
    DetailType: "CloudWatch Alarm State Change",
    Resources: [alarmArn(scope, alarm.AlarmName)],
    Time: new Date(alarm.stateUpdatedMs),
    Detail: JSON.stringify({
      alarmName: alarm.AlarmName,
      configuration: configurationOf(alarm),
      previousState: previousOf(previous),
      state: stateOf(alarm),
    }),
  };
}

function stateOf(alarm: AlarmRecord) {
  return {
    value: alarm.StateValue,
    reason: alarm.StateReason,
    ...(alarm.StateReasonData === undefined ? {} : { reasonData: alarm.StateReasonData }),
    timestamp: awsTime(alarm.stateUpdatedMs),
  };
}

function previousOf({ value, reason, reasonData, updatedMs }: PreviousState) {
  return { value, reason, ...(reasonData === undefined ? {} : { reasonData }), timestamp: awsTime(updatedMs) };
}

function configurationOf(alarm: AlarmRecord) {
  const description = alarm.AlarmDescription === undefined ? {} : { description: alarm.AlarmDescription };
  if (alarm.kind === "composite") return { ...description, alarmRule: alarm.AlarmRule };
  const { watched } = alarm;
  const metrics =
    watched.kind === "metric" ? [singleMetric(watched.metric)] : watched.queries.map((query) => eventQuery(query));
  return { ...description, metrics };
}

function singleMetric({ Namespace, MetricName, Dimensions, Period, statistic, Unit }: SingleMetric) {
  return {
    id: "m1",
    metricStat: {
      metric: {
        namespace: Namespace,
        name: MetricName,
        dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      },
      period: Period,
      stat: statistic,
      ...(Unit === undefined ? {} : { unit: Unit }),
    },
    returnData: true,
  };
}

function eventQuery({ Id, Expression, Label, MetricStat: stat, ReturnData }: MetricDataQuery) {
  return {
    id: Id,
    ...(Expression === undefined ? {} : { expression: Expression }),
    ...(Label === undefined ? {} : { label: Label }),
    ...(stat
      ? {
          metricStat: {
            metric: {
              namespace: stat.Metric?.Namespace,
              name: stat.Metric?.MetricName,
              dimensions: Object.fromEntries((stat.Metric?.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
            },
            period: stat.Period,
            stat: stat.Stat,
          },
        }
      : {}),
    returnData: ReturnData ?? true,
  };
}
