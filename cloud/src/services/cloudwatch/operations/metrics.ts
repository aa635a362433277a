import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import type { AlarmState } from "../alarm.ts";
import { invalidCombination, invalidParameterValue, missingParameter, validationError } from "../errors.ts";
import {
  dimensionsKey,
  merged,
  type MetricDimension,
  type MetricId,
  MINUTE_MS,
  single,
  type StatisticSet,
} from "../metric.ts";
import { wake } from "../state.ts";
import { isStatistic, statisticOf } from "../statistic.ts";

type Context = CallContext<AlarmState>;
type Datum = NonNullable<Input<"cloudwatch", "PutMetricData">["MetricData"]>[number];

const DATA_MAX = 1000;
const VALUES_MAX = 150;
const DIMENSIONS_MAX = 30;
const TWO_WEEKS_MS = 14 * 86_400_000;
const TWO_HOURS_MS = 2 * 3_600_000;

/** AWS: API reference, PutMetricData. */
export function putMetricData(
  cx: Context,
  input: Input<"cloudwatch", "PutMetricData">,
): Output<"cloudwatch", "PutMetricData"> {
  if (input.EntityMetricData) throw new NotEmulatedError("PutMetricData with EntityMetricData");
  const data = input.MetricData ?? [];
  if (input.Namespace?.startsWith("AWS/"))
    throw invalidParameterValue("The value AWS/ for parameter Namespace is invalid. Reserved for AWS services.");
  if (data.length > DATA_MAX)
    throw validationError(`The collection MetricData must not have a size greater than ${DATA_MAX}.`);
  const nowMs = cx.kernel.clock.now();
  for (const [index, datum] of data.entries()) check(datum, index + 1, nowMs);
  for (const datum of data) {
    const id = { namespace: input.Namespace!, name: datum.MetricName!, dimensions: dimensionsFrom(datum.Dimensions) };
    cx.state.metrics.record(cx.scope, { id, timeMs: datum.Timestamp?.getTime() ?? nowMs, ...setOf(datum) });
    wake(cx.state, cx.scope, id.namespace, id.name);
  }
  return {};
}

function check(datum: Datum, position: number, nowMs: number): void {
  const at = `MetricData.member.${position}`;
  const given = [datum.Value, datum.StatisticValues, datum.Values].filter((value) => value !== undefined);
  if (given.length === 0)
    throw missingParameter(
      `At least one of the parameters ${at}.Value, ${at}.Values or ${at}.StatisticValues must be specified.`,
    );
  if (given.length > 1)
    throw invalidCombination(
      `The parameters ${at}.Value, ${at}.Values and ${at}.StatisticValues are mutually exclusive and you have specified more than one.`,
    );
  if ((datum.Values?.length ?? 0) > VALUES_MAX)
    throw validationError(`The collection ${at}.Values must not have a size greater than ${VALUES_MAX}.`);
  if (datum.Counts && datum.Counts.length !== datum.Values?.length)
    throw invalidParameterValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
  if ((datum.Dimensions?.length ?? 0) > DIMENSIONS_MAX)
    throw validationError(`The collection ${at}.Dimensions must not have a size greater than ${DIMENSIONS_MAX}.`);
  const timeMs = datum.Timestamp?.getTime() ?? nowMs;
  if (timeMs < nowMs - TWO_WEEKS_MS || timeMs > nowMs + TWO_HOURS_MS)
    throw invalidParameterValue(
      `The parameter ${at}.Timestamp must specify a time within the past two weeks and no more than two hours in the future.`,
    );
  for (const value of [datum.Value, ...(datum.Values ?? [])])
    if (value !== undefined && !Number.isFinite(value))
      throw invalidParameterValue(`The value ${value} for parameter ${at}.Value is invalid.`);
}

function setOf(datum: Datum): StatisticSet {
  const unit = datum.Unit ?? "None";
  const { StatisticValues: given } = datum;
  if (given)
    return {
      sum: given.Sum!,
      count: given.SampleCount!,
      min: given.Minimum!,
      max: given.Maximum!,
      unit,
      values: undefined,
    };
  if (datum.Value !== undefined) return single(datum.Value, 1, unit);
  const sets = datum.Values!.map((value, index) => single(value, datum.Counts?.[index] ?? 1, unit));
  return sets.reduce(merged);
}

function dimensionsFrom(
  given: { Name?: string | undefined; Value?: string | undefined }[] | undefined,
): MetricDimension[] {
  return (given ?? []).map(({ Name = "", Value = "" }) => ({ Name, Value }));
}

/** AWS: API reference, GetMetricData. Metric math is refused. */
export function getMetricData(
  cx: Context,
  input: Input<"cloudwatch", "GetMetricData">,
): Output<"cloudwatch", "GetMetricData"> {
  cx.state.flush();
  const fromMs = input.StartTime!.getTime();
  const toMs = input.EndTime!.getTime();
  if (fromMs >= toMs) throw validationError("The parameter StartTime must be less than the parameter EndTime.");
  const ascending = input.ScanBy === "TimestampAscending";
  const results = (input.MetricDataQueries ?? []).map((query) => {
    const { MetricStat: stat } = query;
    if (!stat) throw new NotEmulatedError("GetMetricData with an Expression (metric math)");
    const id: MetricId = {
      namespace: stat.Metric!.Namespace ?? "",
      name: stat.Metric!.MetricName ?? "",
      dimensions: dimensionsFrom(stat.Metric!.Dimensions),
    };
    if (!isStatistic(stat.Stat!)) throw new NotEmulatedError(`the statistic ${stat.Stat}`);
    const points = readPoints(cx, id, { fromMs, toMs, periodSeconds: stat.Period!, unit: stat.Unit }, stat.Stat!);
    if (!ascending) points.reverse();
    return {
      Id: query.Id,
      Label: query.Label ?? id.name,
      Timestamps: points.map(([timeMs]) => new Date(timeMs)),
      Values: points.map(([, value]) => value),
      StatusCode: "Complete" as const,
    };
  });
  return {
    MetricDataResults: results.filter((_result, index) => input.MetricDataQueries![index]!.ReturnData !== false),
    Messages: [],
  };
}

interface Window {
  fromMs: number;
  toMs: number;
  periodSeconds: number;
  unit: string | undefined;
}

function readPoints(cx: Context, id: MetricId, window: Window, statistic: string): [timeMs: number, value: number][] {
  const points: [number, number][] = [];
  for (const [timeMs, set] of readSets(cx, id, window)) {
    const value = statisticOf(set, statistic);
    if (value !== undefined) points.push([timeMs, value]);
  }
  return points;
}

/** Start times are rounded down to the period, as CloudWatch does. */
function readSets(cx: Context, id: MetricId, { fromMs, toMs, periodSeconds, unit }: Window): [number, StatisticSet][] {
  const periodMs = Math.max(periodSeconds * 1000, MINUTE_MS);
  const alignedMs = Math.floor(fromMs / periodMs) * periodMs;
  const sets = cx.state.metrics.read(cx.scope, id, alignedMs, toMs, periodMs);
  return [...sets].filter(([, set]) => unit === undefined || set.unit === unit);
}

/** AWS: API reference, GetMetricStatistics. */
export function getMetricStatistics(
  cx: Context,
  input: Input<"cloudwatch", "GetMetricStatistics">,
): Output<"cloudwatch", "GetMetricStatistics"> {
  cx.state.flush();
  const statistics = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
  if (statistics.length === 0)
    throw missingParameter("At least one of Statistics and ExtendedStatistics must be specified.");
  for (const name of statistics) if (!isStatistic(name)) throw new NotEmulatedError(`the statistic ${name}`);
  const window = {
    fromMs: input.StartTime!.getTime(),
    toMs: input.EndTime!.getTime(),
    periodSeconds: input.Period!,
    unit: input.Unit,
  };
  if (window.fromMs >= window.toMs)
    throw invalidParameterValue("The parameter StartTime must be less than the parameter EndTime.");
  const id = { namespace: input.Namespace!, name: input.MetricName!, dimensions: dimensionsFrom(input.Dimensions) };
  const Datapoints = readSets(cx, id, window).map(([timeMs, set]) => {
    const extended = (input.ExtendedStatistics ?? []).map((name) => [name, statisticOf(set, name)]);
    return {
      Timestamp: new Date(timeMs),
      Unit: set.unit as never,
      ...Object.fromEntries((input.Statistics ?? []).map((name) => [name, statisticOf(set, name)])),
      ...(extended.length > 0 ? { ExtendedStatistics: Object.fromEntries(extended) as Record<string, number> } : {}),
    };
  });
  return { Label: input.MetricName, Datapoints };
}

const PAGE = 500;
const THREE_HOURS_MS = 3 * 3_600_000;

/** AWS: API reference, ListMetrics. */
export function listMetrics(
  cx: Context,
  input: Input<"cloudwatch", "ListMetrics">,
): Output<"cloudwatch", "ListMetrics"> {
  cx.state.flush();
  const recentMs = input.RecentlyActive === undefined ? -Infinity : cx.kernel.clock.now() - THREE_HOURS_MS;
  const found = [...cx.state.metrics.list(cx.scope)].filter(
    ({ id, lastMs }) => lastMs >= recentMs && matches(id, input),
  );
  const start = Number(input.NextToken ?? 0);
  if (!Number.isInteger(start)) throw invalidParameterValue("Invalid NextToken");
  const page = found.slice(start, start + PAGE);
  return {
    Metrics: page.map(({ id }) => ({ Namespace: id.namespace, MetricName: id.name, Dimensions: [...id.dimensions] })),
    ...(start + PAGE < found.length ? { NextToken: String(start + PAGE) } : {}),
  };
}

function matches(id: MetricId, input: Input<"cloudwatch", "ListMetrics">): boolean {
  if (input.Namespace !== undefined && input.Namespace !== id.namespace) return false;
  if (input.MetricName !== undefined && input.MetricName !== id.name) return false;
  return (input.Dimensions ?? []).every(({ Name, Value }) =>
    id.dimensions.some((dimension) => dimension.Name === Name && (Value === undefined || Value === dimension.Value)),
  );
}

/** The same metric, whatever the order of its dimensions. */
export function isSameMetric(a: MetricId, b: MetricId): boolean {
  return (
    a.namespace === b.namespace && a.name === b.name && dimensionsKey(a.dimensions) === dimensionsKey(b.dimensions)
  );
}
