import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { AppendLog } from "../../kernel/log.ts";
import type { Collection } from "../../kernel/store.ts";
import type { MetricDimension, Metrics } from "./metric.ts";

export type StateValue = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** What all alarms have; member names in capitals are the API's. */
interface CommonRecord {
  AlarmName: string;
  AlarmDescription?: string;
  ActionsEnabled: boolean;
  OKActions: string[];
  AlarmActions: string[];
  InsufficientDataActions: string[];
  StateValue: StateValue;
  StateReason: string;
  StateReasonData?: string;
  stateUpdatedMs: number;
  stateTransitionedMs: number;
  configuredMs: number;
}

/** One metric's statistic. */
export interface SingleMetric {
  Namespace: string;
  MetricName: string;
  Dimensions: MetricDimension[];
  /** `Average` … or an extended one such as `p99`. */
  statistic: string;
  /** Seconds. */
  Period: number;
  Unit?: string;
}

/** The watched value: one metric's statistic, or the one query of several whose data is returned. */
export type Watched =
  | { readonly kind: "metric"; readonly metric: SingleMetric }
  | { readonly kind: "queries"; readonly queries: MetricDataQuery[] };

export interface MetricAlarmRecord extends CommonRecord {
  readonly kind: "metric";
  watched: Watched;
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData?: string;
  EvaluateLowSampleCountPercentile?: string;
}

export interface CompositeAlarmRecord extends CommonRecord {
  readonly kind: "composite";
  AlarmRule: string;
}

export type AlarmRecord = MetricAlarmRecord | CompositeAlarmRecord;

export interface HistoryItem {
  AlarmName: string;
  AlarmType: "MetricAlarm" | "CompositeAlarm";
  timeMs: number;
  HistoryItemType: "ConfigurationUpdate" | "StateUpdate" | "Action";
  HistorySummary: string;
  HistoryData: string;
}

export interface DashboardRecord {
  name: string;
  body: string;
  modifiedMs: number;
}

/** What a state was before it changed. */
export interface PreviousState {
  readonly value: StateValue;
  readonly reason: string;
  readonly reasonData?: string | undefined;
  readonly updatedMs: number;
}

/** What the service keeps. */
export interface AlarmState {
  readonly metrics: Metrics;
  readonly alarms: Collection<AlarmRecord>;
  readonly history: AppendLog<HistoryItem>;
  readonly tags: Collection<Record<string, string>>;
  /** account, name: dashboards have no Region */
  readonly dashboards: Collection<DashboardRecord>;
  /** Stores what services reported and is still in memory. */
  flush(): void;
  /** Looks at an alarm again at its next time, as CloudWatch does. */
  evaluateSoon(scope: Scope, alarmName: string): void;
  /** New values set off a look at the alarms on that metric. */
  wake(scope: Scope, namespace: string, metricName: string): void;
  /** To be called when alarms came, went or watch something else. */
  alarmsChanged(): void;
  /** Runs an alarm's actions for the state that it is in, and tells EventBridge. */
  announce(scope: Scope, alarm: AlarmRecord, previous: PreviousState): void;
}

export function alarmArn(scope: Scope, name: string): string {
  return arn("cloudwatch", scope, `alarm:${name}`);
}

export function alarmTypeOf(alarm: AlarmRecord): HistoryItem["AlarmType"] {
  return alarm.kind === "metric" ? "MetricAlarm" : "CompositeAlarm";
}

/** The query whose data is watched, of an alarm on several. */
export function returnedQuery(queries: readonly MetricDataQuery[]): MetricDataQuery {
  return queries.find(({ ReturnData }) => ReturnData !== false)!;
}

/** As CloudWatch writes times in its texts: `2026-01-31T09:00:00.000+0000`. */
export function awsTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}
