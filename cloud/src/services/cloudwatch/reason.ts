import { awsTime, type MetricAlarmRecord, returnedQuery, type StateValue } from "./alarm.ts";
import type { Datapoint } from "./evaluation.ts";

const PHRASES: Readonly<Record<string, string>> = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

/** The text of a new state. Observed at AWS (2023): it lists values with their times, and says what was filled. */
export function reasonOf(alarm: MetricAlarmRecord, state: StateValue, evaluated: readonly Datapoint[]): string {
  const known = evaluated.filter(({ value }) => value !== undefined);
  const missing = evaluated.length - known.length;
  if (state === "INSUFFICIENT_DATA")
    return `Insufficient Data: ${count(missing, "datapoint was", "datapoints were")} unknown.`;
  if (known.length === 0)
    return `Threshold Crossed: no datapoints were received for ${count(missing, "period", "periods")} and ${filled(alarm, missing)}.`;
  const listed = known.map((point) => `${decimal(point.value!)} (${shortTime(point.timeMs)})`).join(", ");
  const compared = `${known.length === 1 ? "was" : "were"}${state === "ALARM" ? "" : " not"} ${PHRASES[alarm.ComparisonOperator]} the threshold (${decimal(alarm.Threshold)})`;
  return `Threshold Crossed: ${counted(alarm, known.length, listed)} ${compared}${minimum(alarm, state)}${missing > 0 && isFilled(alarm) ? ` and ${filled(alarm, missing)}` : ""}.`;
}

function counted(alarm: MetricAlarmRecord, known: number, listed: string): string {
  if (alarm.DatapointsToAlarm === undefined) return `${count(known, "datapoint", "datapoints")} [${listed}]`;
  return `${known} out of the last ${count(alarm.EvaluationPeriods, "datapoint", "datapoints")} [${listed}]`;
}

/** Of "M out of N" it says how many are needed to go the other way. */
function minimum(alarm: MetricAlarmRecord, state: StateValue): string {
  const m = alarm.DatapointsToAlarm;
  if (m === undefined) return "";
  const needed = state === "ALARM" ? m : alarm.EvaluationPeriods - m + 1;
  const way = state === "ALARM" ? "OK -> ALARM" : "ALARM -> OK";
  return ` (minimum ${count(needed, "datapoint", "datapoints")} for ${way} transition)`;
}

function isFilled({ TreatMissingData }: MetricAlarmRecord): boolean {
  return TreatMissingData === "breaching" || TreatMissingData === "notBreaching";
}

function filled({ TreatMissingData }: MetricAlarmRecord, missing: number): string {
  const treated = TreatMissingData === "breaching" ? "Breaching" : "NonBreaching";
  return `${count(missing, "missing datapoint was", "missing datapoints were")} treated as [${treated}]`;
}

function count(n: number, one: string, several: string): string {
  return `${n} ${n === 1 ? one : several}`;
}

function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** `26/10/23 16:42:00` */
function shortTime(ms: number): string {
  const [date = "", time = ""] = new Date(ms).toISOString().split("T");
  const [year = "", month, day] = date.split("-");
  return `${day}/${month}/${year.slice(2)} ${time.slice(0, 8)}`;
}

/** What stands in StateReasonData. */
export function reasonData(alarm: MetricAlarmRecord, evaluated: readonly Datapoint[], nowMs: number): string {
  const known = evaluated.filter(({ value }) => value !== undefined);
  const { watched } = alarm;
  const metric = watched.kind === "metric" ? watched.metric : undefined;
  const query = watched.kind === "queries" ? returnedQuery(watched.queries) : undefined;
  return JSON.stringify({
    version: "1.0",
    queryDate: awsTime(nowMs),
    ...(known.length > 0 ? { startDate: awsTime(known.at(-1)!.timeMs) } : {}),
    unit: metric?.Unit,
    statistic: metric?.statistic ?? query?.MetricStat?.Stat,
    period: metric?.Period ?? query?.MetricStat?.Period ?? query?.Period ?? 60,
    recentDatapoints: known.map(({ value }) => value).toReversed(),
    threshold: alarm.Threshold,
    evaluatedDatapoints: evaluated.map(({ timeMs, sampleCount, value }) => ({
      timestamp: awsTime(timeMs),
      sampleCount: value === undefined ? undefined : sampleCount,
      value,
    })),
  });
}
