import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import type { AlarmState } from "../alarm.ts";
import {
  invalidCombination,
  invalidNextToken,
  invalidParameterValue,
  missingParameter,
  validationError,
} from "../errors.ts";
import { merged, type MetricId, MINUTE_MS, single, type StatisticSet } from "../metric.ts";
import { checkQueries, dimensionsFrom, MetricQueries } from "../metric-query.ts";
import { pageOf } from "../page.ts";
import { isPlainStatistic, isStatistic, statisticOf } from "../statistic.ts";

type Context = CallContext<AlarmState>;
type Datum = NonNullable<Input<"cloudwatch", "PutMetricData">["MetricData"]>[number];

const DATA_MAX = 1000;
const VALUES_MAX = 150;
const TWO_WEEKS_MS = 14 * 86_400_000;
const TWO_HOURS_MS = 2 * 3_600_000;

/** AWS: API reference, PutMetricData. */
export function putMetricData(
  cx: Context,
  input: Input<"cloudwatch", "PutMetricData">,
): Output<"cloudwatch", "PutMetricData"> {
  for (const name of ["EntityMetricData", "StrictEntityValidation"] as const)
    if (input[name]) throw new NotEmulatedError(`the parameter ${name} of cloudwatch:PutMetricData`);
  const data = input.MetricData ?? [];
  if (input.Namespace?.startsWith("AWS/"))
    throw invalidParameterValue("The value AWS/ for parameter Namespace is invalid.");
  if (data.length > DATA_MAX)
    throw validationError(`The collection MetricData must not have a size greater than ${DATA_MAX}.`);
  const nowMs = cx.kernel.clock.now();
  for (const [index, datum] of data.entries()) check(datum, index + 1, nowMs);
  for (const datum of data) {
    const id = { namespace: input.Namespace!, name: datum.MetricName!, dimensions: dimensionsFrom(datum.Dimensions) };
    const timeMs = datum.Timestamp?.getTime() ?? nowMs;
    cx.state.metrics.record(cx.scope, { id, timeMs, highResolution: datum.StorageResolution === 1, ...setOf(datum) });
    cx.state.wake(cx.scope, id.namespace, id.name);
  }
  return {};
}

/** Observed at AWS: these texts, in this order. */
function check(datum: Datum, position: number, nowMs: number): void {
  const at = `MetricData.member.${position}`;
  const { Value, Values, StatisticValues, Counts, StorageResolution: resolution } = datum;
  const exclusive = (a: string, b: string) =>
    invalidCombination(`The parameters ${at}.${a} and ${at}.${b} are mutually exclusive and you have specified both.`);
  if (Value !== undefined && Values !== undefined) throw exclusive("Value", "Values");
  if (Value !== undefined && StatisticValues !== undefined) throw exclusive("Value", "StatisticValues");
  if (Values !== undefined && StatisticValues !== undefined) throw exclusive("Values", "StatisticValues");
  if (Value === undefined && Values === undefined && StatisticValues === undefined)
    throw missingParameter(
      `At least one of the parameters ${at}.Value, ${at}.Values, ${at}.StatisticValues must be specified.`,
    );
  if ((Values?.length ?? 0) > VALUES_MAX)
    throw validationError(`The collection ${at}.Values must not have a size greater than ${VALUES_MAX}.`);
  if (Counts && Counts.length !== Values?.length)
    throw invalidParameterValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
  if (resolution !== undefined && resolution !== 1 && resolution !== 60)
    throw invalidParameterValue(`The value ${resolution} for parameter ${at}.StorageResolution is invalid.`);
  for (const value of [Value, ...(Values ?? [])])
    if (value !== undefined && !Number.isFinite(value))
      throw invalidParameterValue(`The value ${value} for parameter ${at}.Value is invalid.`);
  const timeMs = datum.Timestamp?.getTime() ?? nowMs;
  if (timeMs < nowMs - TWO_WEEKS_MS || timeMs > nowMs + TWO_HOURS_MS)
    throw invalidParameterValue(
      `The parameter ${at}.Timestamp must specify a time within the past two weeks and no more than two hours in the future.`,
    );
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

const QUERIES_MAX = 500;
const DATAPOINTS_MAX = 100_800;

/** AWS: API reference, GetMetricData. */
export function getMetricData(
  cx: Context,
  input: Input<"cloudwatch", "GetMetricData">,
): Output<"cloudwatch", "GetMetricData"> {
  cx.state.flush();
  const queries = input.MetricDataQueries ?? [];
  const endMs = input.EndTime!.getTime();
  if (input.StartTime!.getTime() >= endMs)
    throw validationError("The parameter StartTime must be less than the parameter EndTime.");
  if (queries.length > QUERIES_MAX)
    throw validationError(`The collection MetricDataQueries must not have a size greater than ${QUERIES_MAX}.`);
  checkQueries(queries);
  for (const { MetricStat } of queries) if (MetricStat) checkPeriod(MetricStat.Period!);
  const ascending = input.ScanBy === "TimestampAscending";
  const computed = new MetricQueries(queries, {
    metrics: cx.state.metrics,
    scope: cx.scope,
    startMs: startOf(input.StartTime!.getTime(), queries),
    endMs,
    nowMs: cx.kernel.clock.now(),
  });
  const points: Point[] = [];
  for (const query of queries) {
    if (query.ReturnData === false) continue;
    const several = computed.seriesOf(query);
    for (const { label, series } of several) {
      const result = {
        Id: query.Id,
        Label: labelOf(query, label, several.length),
        points: ascending ? [...series] : [...series].reverse(),
      };
      points.push(result);
    }
  }
  return { ...paged(points, input), Messages: [] };
}

interface Point {
  Id: string | undefined;
  Label: string;
  points: (readonly [timeMs: number, value: number])[];
}

function labelOf(query: MetricDataQuery, label: string, count: number): string {
  if (query.Label !== undefined) return count > 1 && label !== "" ? `${query.Label} ${label}` : query.Label;
  return query.MetricStat || count > 1 ? label : query.Id!;
}

/** AWS: start times are rounded down to the minute, for periods below it to the period. */
function startOf(startMs: number, queries: readonly MetricDataQuery[]): number {
  const smallestMs = Math.min(...queries.map(({ MetricStat }) => (MetricStat?.Period ?? 60) * 1000), MINUTE_MS);
  return Math.floor(startMs / smallestMs) * smallestMs;
}

/** AWS: "the maximum number of data points the request should return before paginating". */
function paged(results: readonly Point[], { NextToken, MaxDatapoints }: Input<"cloudwatch", "GetMetricData">) {
  const skip = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, "base64url").toString("utf8"));
  if (!Number.isInteger(skip) || skip < 0) throw invalidNextToken();
  const max = MaxDatapoints ?? DATAPOINTS_MAX;
  const total = results.reduce((sum, { points }) => sum + points.length, 0);
  let before = 0;
  const MetricDataResults = results.map(({ Id, Label, points }) => {
    const shown = points.slice(Math.max(0, skip - before), Math.max(0, skip + max - before));
    before += points.length;
    const rest = before > skip + max;
    return {
      Id,
      Label,
      Timestamps: shown.map(([timeMs]) => new Date(timeMs)),
      Values: shown.map(([, value]) => value),
      StatusCode: rest ? ("PartialData" as const) : ("Complete" as const),
    };
  });
  const more = skip + max < total;
  return { MetricDataResults, ...(more ? { NextToken: Buffer.from(String(skip + max)).toString("base64url") } : {}) };
}

function checkPeriod(seconds: number): void {
  if (![1, 5, 10, 20, 30].includes(seconds) && seconds % 60 !== 0)
    throw validationError(`The period ${seconds} is not valid: it must be 1, 5, 10, 20, 30 or a multiple of 60.`);
}

const STATISTICS_DATAPOINTS_MAX = 1440;

/** AWS: API reference, GetMetricStatistics. */
export function getMetricStatistics(
  cx: Context,
  input: Input<"cloudwatch", "GetMetricStatistics">,
): Output<"cloudwatch", "GetMetricStatistics"> {
  cx.state.flush();
  const { Statistics = [], ExtendedStatistics = [] } = input;
  if (Statistics.length + ExtendedStatistics.length === 0)
    throw missingParameter("Must specify either Statistics or ExtendedStatistics");
  for (const name of ExtendedStatistics)
    if (isPlainStatistic(name) || !isStatistic(name))
      throw invalidParameterValue(`The value ${name} for parameter ExtendedStatistics is not supported.`);
  checkPeriod(input.Period!);
  const periodMs = input.Period! * 1000;
  const roundMs = Math.min(periodMs, MINUTE_MS);
  const fromMs = Math.floor(input.StartTime!.getTime() / roundMs) * roundMs;
  const toMs = input.EndTime!.getTime();
  if (fromMs >= toMs) throw invalidParameterValue("The parameter StartTime must be less than the parameter EndTime.");
  const requested = Math.ceil((toMs - fromMs) / periodMs);
  if (requested > STATISTICS_DATAPOINTS_MAX)
    throw invalidCombination(
      `You have requested up to ${requested.toLocaleString("en-US")} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  const id = { namespace: input.Namespace!, name: input.MetricName!, dimensions: dimensionsFrom(input.Dimensions) };
  const window = { fromMs, toMs, periodMs, nowMs: cx.kernel.clock.now(), unit: input.Unit };
  const Datapoints = cx.state.metrics.read(cx.scope, id, window).flatMap((periods) =>
    [...periods].map(([timeMs, set]) => ({
      Timestamp: new Date(timeMs),
      Unit: set.unit as "None",
      ...valuesOf(set, Statistics),
      ...(ExtendedStatistics.length > 0 ? { ExtendedStatistics: valuesOf(set, ExtendedStatistics) } : {}),
    })),
  );
  return { Label: input.MetricName, Datapoints };
}

function valuesOf(set: StatisticSet, names: readonly string[]): Record<string, number> {
  const values = names.map((name) => [name, statisticOf(set, name)] as const);
  return Object.fromEntries(values.filter((entry): entry is readonly [string, number] => entry[1] !== undefined));
}

const PAGE = 500;
const THREE_HOURS_MS = 3 * 3_600_000;

/** AWS: API reference, ListMetrics: metrics that had values in the past two weeks. */
export function listMetrics(
  cx: Context,
  input: Input<"cloudwatch", "ListMetrics">,
): Output<"cloudwatch", "ListMetrics"> {
  for (const name of ["IncludeLinkedAccounts", "OwningAccount"] as const)
    if (input[name]) throw new NotEmulatedError(`the parameter ${name} of cloudwatch:ListMetrics`);
  cx.state.flush();
  const sinceMs = cx.kernel.clock.now() - (input.RecentlyActive === undefined ? TWO_WEEKS_MS : THREE_HOURS_MS);
  const found = [...cx.state.metrics.list(cx.scope)].filter(
    ({ id, lastMs }) => lastMs >= sinceMs - MINUTE_MS && matches(id, input),
  );
  const { page, NextToken } = pageOf(found, input.NextToken, PAGE);
  return {
    Metrics: page.map(({ id }) => ({ Namespace: id.namespace, MetricName: id.name, Dimensions: [...id.dimensions] })),
    NextToken,
  };
}

function matches(id: MetricId, input: Input<"cloudwatch", "ListMetrics">): boolean {
  if (input.Namespace !== undefined && input.Namespace !== id.namespace) return false;
  if (input.MetricName !== undefined && input.MetricName !== id.name) return false;
  return (input.Dimensions ?? []).every(({ Name, Value }) =>
    id.dimensions.some((dimension) => dimension.Name === Name && (Value === undefined || Value === dimension.Value)),
  );
}
