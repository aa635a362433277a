import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { AppendLog } from "../../kernel/log.ts";
import type { Collection } from "../../kernel/store.ts";
import { type MetricDimension, type Metrics, MINUTE_MS } from "./metric.ts";
import { statisticOf } from "./statistic.ts";

export type StateValue = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** A metric alarm as it is kept; member names are the API's. */
export interface AlarmRecord {
  AlarmName: string;
  AlarmDescription?: string;
  ActionsEnabled: boolean;
  OKActions: string[];
  AlarmActions: string[];
  InsufficientDataActions: string[];
  Namespace: string;
  MetricName: string;
  Dimensions: MetricDimension[];
  /** `Average` … or a percentile such as `p99`. */
  statistic: string;
  /** Seconds. */
  Period: number;
  Unit?: string;
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData?: string;
  EvaluateLowSampleCountPercentile?: string;
  StateValue: StateValue;
  StateReason: string;
  StateReasonData?: string;
  stateUpdatedMs: number;
  stateTransitionedMs: number;
  configuredMs: number;
}

export interface HistoryItem {
  AlarmName: string;
  timeMs: number;
  HistoryItemType: "ConfigurationUpdate" | "StateUpdate" | "Action";
  HistorySummary: string;
  HistoryData: string;
}

/** What the service keeps. */
export interface AlarmState {
  readonly metrics: Metrics;
  readonly alarms: Collection<AlarmRecord>;
  readonly history: AppendLog<HistoryItem>;
  readonly tags: Collection<Record<string, string>>;
  /** Stores what services reported and is still in memory. */
  flush(): void;
  /** Looks at an alarm again at the next minute, as CloudWatch does. */
  evaluateSoon(scope: Scope, alarmName: string): void;
  /** Runs an alarm's actions for the state that it is in. */
  act(scope: Scope, alarm: AlarmRecord, previous: StateValue): void;
}

export function alarmArn(scope: Scope, name: string): string {
  return arn("cloudwatch", scope, `alarm:${name}`);
}

export interface Evaluation {
  readonly state: StateValue;
  readonly reason: string;
  readonly data: string;
}

const COMPARE: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export const COMPARISONS = Object.keys(COMPARE);

const PHRASES: Record<string, string> = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

/**
 * Decides an alarm's state at a time, by "M out of N" over its latest whole periods.
 * Source: CloudWatch User Guide, "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data".
 */
export function evaluate(alarm: AlarmRecord, metrics: Metrics, scope: Scope, nowMs: number): Evaluation {
  const periodMs = Math.max(alarm.Period * 1000, MINUTE_MS);
  const endMs = Math.floor(nowMs / periodMs) * periodMs;
  const startMs = endMs - alarm.EvaluationPeriods * periodMs;
  const id = { namespace: alarm.Namespace, name: alarm.MetricName, dimensions: alarm.Dimensions };
  const sets = metrics.read(scope, id, startMs, endMs, periodMs);
  const points: (number | undefined)[] = [];
  for (let at = startMs; at < endMs; at += periodMs) {
    const set = sets.get(at);
    points.push(set && statisticOf(set, alarm.statistic));
  }
  return decide(alarm, points, { startMs, periodMs, nowMs });
}

interface Window {
  readonly startMs: number;
  readonly periodMs: number;
  readonly nowMs: number;
}

function decide(alarm: AlarmRecord, points: readonly (number | undefined)[], window: Window): Evaluation {
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  const breaches = COMPARE[alarm.ComparisonOperator]!;
  const missing = alarm.TreatMissingData ?? "missing";
  const known = points.filter((point): point is number => point !== undefined);
  const breaching = known.filter((point) => breaches(point, alarm.Threshold)).length;
  const filled = breaching + (missing === "breaching" ? points.length - known.length : 0);
  const data = reasonData(alarm, known, window);
  if (known.length === 0 && missing === "ignore") return { state: alarm.StateValue, reason: alarm.StateReason, data };
  if (known.length === 0 && missing === "missing")
    return { state: "INSUFFICIENT_DATA", reason: insufficient(points.length), data };
  const state: StateValue = filled >= needed ? "ALARM" : "OK";
  return { state, reason: reasonOf(alarm, state, points, needed), data };
}

function insufficient(count: number): string {
  return `Insufficient Data: ${count} ${count === 1 ? "datapoint was" : "datapoints were"} unknown.`;
}

function reasonOf(
  alarm: AlarmRecord,
  state: StateValue,
  points: readonly (number | undefined)[],
  needed: number,
): string {
  const known = points.filter((point): point is number => point !== undefined);
  const unknown = points.length - known.length;
  const phrase = `${PHRASES[alarm.ComparisonOperator]} the threshold (${decimal(alarm.Threshold)})`;
  if (known.length === 0) {
    const treated = alarm.TreatMissingData === "breaching" ? "Breaching" : "NonBreaching";
    const noun = unknown === 1 ? "datapoint was" : "datapoints were";
    return `Threshold Crossed: no datapoints were received for ${unknown} period${unknown === 1 ? "" : "s"} and ${unknown} missing ${noun} treated as [${treated}].`;
  }
  const listed = known.map(decimal).join(", ");
  const was = known.length === 1 ? "datapoint" : "datapoints";
  const verb = known.length === 1 ? "was" : "were";
  const not = state === "ALARM" ? "" : " not";
  const minimum =
    state === "ALARM" ? `minimum ${needed} datapoint${needed === 1 ? "" : "s"} for OK -> ALARM transition` : "";
  return `Threshold Crossed: ${known.length} out of the last ${points.length} ${was} [${listed}] ${verb}${not} ${phrase}${minimum === "" ? "" : ` (${minimum})`}.`;
}

function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function reasonData(alarm: AlarmRecord, known: readonly number[], { startMs, nowMs }: Window): string {
  return JSON.stringify({
    version: "1.0",
    queryDate: awsTime(nowMs),
    startDate: awsTime(startMs),
    statistic: alarm.statistic,
    period: alarm.Period,
    recentDatapoints: known,
    threshold: alarm.Threshold,
  });
}

/** As CloudWatch writes times in its texts: `2026-01-31T09:00:00.000+0000`. */
export function awsTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}
