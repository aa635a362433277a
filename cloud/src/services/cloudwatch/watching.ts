import type { Scope } from "../../aws/scope.ts";
import { type AlarmState, type MetricAlarmRecord, returnedQuery, type StateValue } from "./alarm.ts";
import { type Datapoint, evaluate, EXTRA_PERIODS, type Rule } from "./evaluation.ts";
import { type MetricId, MINUTE_MS } from "./metric.ts";
import { metricIdOf, MetricQueries } from "./metric-query.ts";
import { reasonData, reasonOf } from "./reason.ts";
import { hasEnoughSamples, statisticOf } from "./statistic.ts";

/** A state that an alarm should be in now, in words and data. */
export interface NewState {
  readonly state: StateValue;
  readonly reason: string;
  readonly data: string;
}

const TEN_SECONDS_MS = 10_000;

/** How often an alarm is looked at. AWS: alarms on periods under a minute every ten seconds, all others every minute. */
export function stepMsOf(alarm: MetricAlarmRecord): number {
  return periodMsOf(alarm) < MINUTE_MS ? TEN_SECONDS_MS : MINUTE_MS;
}

function periodMsOf({ watched }: MetricAlarmRecord): number {
  if (watched.kind === "metric") return watched.metric.Period * 1000;
  const periods = watched.queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []);
  return Math.max(...periods, 1) * 1000;
}

/** The metrics that an alarm looks at. */
export function metricsOf({ watched }: MetricAlarmRecord): MetricId[] {
  if (watched.kind === "queries") return watched.queries.flatMap((query) => metricIdOf(query) ?? []);
  const { Namespace, MetricName, Dimensions } = watched.metric;
  return [{ namespace: Namespace, name: MetricName, dimensions: Dimensions }];
}

interface Times {
  readonly startMs: number;
  readonly endMs: number;
  readonly periodMs: number;
  readonly nowMs: number;
}

function timesOf(alarm: MetricAlarmRecord, nowMs: number): Times {
  const periodMs = periodMsOf(alarm);
  const stepMs = stepMsOf(alarm);
  const endMs = Math.floor(nowMs / stepMs) * stepMs;
  return { startMs: endMs - (alarm.EvaluationPeriods + EXTRA_PERIODS) * periodMs, endMs, periodMs, nowMs };
}

/** The state that an alarm should be in; undefined where it stays as it is. */
export function stateNow(
  state: AlarmState,
  scope: Scope,
  alarm: MetricAlarmRecord,
  nowMs: number,
): NewState | undefined {
  const points = datapoints(state, scope, alarm, timesOf(alarm, nowMs));
  const { state: found, evaluated } = evaluate(ruleOf(alarm), points);
  if (found === undefined || (hasTooFew(alarm, evaluated) && alarm.EvaluateLowSampleCountPercentile === "ignore"))
    return undefined;
  return { state: found, reason: reasonOf(alarm, found, evaluated), data: reasonData(alarm, evaluated, nowMs) };
}

function ruleOf(alarm: MetricAlarmRecord): Rule {
  return {
    comparisonOperator: alarm.ComparisonOperator,
    threshold: alarm.Threshold,
    evaluationPeriods: alarm.EvaluationPeriods,
    datapointsToAlarm: alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods,
    // AWS: "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data".
    treatMissingData: metricsOf(alarm).some(({ namespace }) => namespace === "AWS/DynamoDB")
      ? "ignore"
      : ((alarm.TreatMissingData ?? "missing") as Rule["treatMissingData"]),
  };
}

function hasTooFew({ watched }: MetricAlarmRecord, evaluated: readonly Datapoint[]): boolean {
  if (watched.kind !== "metric") return false;
  const { statistic } = watched.metric;
  return evaluated.some(
    ({ value, sampleCount = 0 }) => value !== undefined && !hasEnoughSamples(statistic, sampleCount),
  );
}

function datapoints(state: AlarmState, scope: Scope, alarm: MetricAlarmRecord, times: Times): Datapoint[] {
  const at =
    alarm.watched.kind === "metric" ? ofMetric(state, scope, alarm, times) : ofQueries(state, scope, alarm, times);
  const points: Datapoint[] = [];
  for (let timeMs = times.startMs; timeMs < times.endMs; timeMs += times.periodMs)
    points.push(at.get(timeMs) ?? { timeMs, value: undefined });
  return points;
}

function ofMetric(state: AlarmState, scope: Scope, alarm: MetricAlarmRecord, times: Times): Map<number, Datapoint> {
  const [id] = metricsOf(alarm);
  const { metric } = alarm.watched as { metric: { statistic: string; Unit?: string } };
  const window = { fromMs: times.startMs, toMs: times.endMs, periodMs: times.periodMs, nowMs: times.nowMs };
  const points = new Map<number, Datapoint>();
  for (const sets of state.metrics.read(scope, id!, { ...window, unit: metric.Unit }))
    for (const [timeMs, set] of sets)
      points.set(timeMs, { timeMs, value: statisticOf(set, metric.statistic), sampleCount: set.count });
  return points;
}

function ofQueries(state: AlarmState, scope: Scope, alarm: MetricAlarmRecord, times: Times): Map<number, Datapoint> {
  const { queries } = alarm.watched as { queries: Parameters<typeof returnedQuery>[0] };
  const { startMs, endMs, nowMs } = times;
  const computed = new MetricQueries(queries, { metrics: state.metrics, scope, startMs, endMs, nowMs });
  const [first] = computed.seriesOf(returnedQuery(queries));
  return new Map([...(first?.series ?? [])].map(([timeMs, value]) => [timeMs, { timeMs, value }]));
}

/** Whether time alone may change the state: values are still in the range, or on their way into it. */
export function mayChange(state: AlarmState, scope: Scope, alarm: MetricAlarmRecord, nowMs: number): boolean {
  const { startMs, endMs, periodMs } = timesOf(alarm, nowMs);
  return metricsOf(alarm).some((id) => state.metrics.has(scope, id, startMs - periodMs, endMs + periodMs + 7_200_000));
}
