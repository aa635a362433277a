import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import {
  evaluateExpression,
  type Frame,
  isSql,
  itemsOf,
  type LabelledSeries,
  MetricMathError,
  namesIn,
  parseExpression,
  UnknownFunctionError,
  type Value,
} from "../../engines/metric-math/expression.ts";
import { validationError } from "./errors.ts";
import type { MetricDimension, MetricId, Metrics, Window } from "./metric.ts";
import { isStatistic, statisticOf } from "./statistic.ts";

/** What a query reads, for whom and when. */
export interface Reading {
  readonly metrics: Metrics;
  readonly scope: Scope;
  readonly startMs: number;
  readonly endMs: number;
  readonly nowMs: number;
}

export function dimensionsFrom(
  given: readonly { Name?: string | undefined; Value?: string | undefined }[] | undefined,
): MetricDimension[] {
  return (given ?? []).map(({ Name = "", Value = "" }) => ({ Name, Value }));
}

export function metricIdOf(query: MetricDataQuery): MetricId | undefined {
  const metric = query.MetricStat?.Metric;
  if (!metric) return undefined;
  return {
    namespace: metric.Namespace ?? "",
    name: metric.MetricName ?? "",
    dimensions: dimensionsFrom(metric.Dimensions),
  };
}

/**
 * Checks queries that belong together, of GetMetricData or of an alarm.
 * @throws AwsError ValidationError; NotEmulatedError for functions and languages that are not emulated
 */
export function checkQueries(queries: readonly MetricDataQuery[]): void {
  const ids = new Set<string>();
  for (const query of queries) {
    const id = query.Id ?? "";
    if (!/^[a-z][A-Za-z0-9_]*$/.test(id))
      throw validationError(
        `The value ${id} in field Id must start with a lowercase letter and contain only letters, numbers and underscores.`,
      );
    if (ids.has(id)) throw validationError("The values for parameter id in MetricDataQueries are not unique.");
    ids.add(id);
    if ((query.Expression === undefined) === (query.MetricStat === undefined))
      throw validationError(`Exactly one of MetricStat and Expression must be specified for the query ${id}.`);
    if (query.AccountId !== undefined)
      throw new NotEmulatedError("AccountId in a MetricDataQuery (cross-account metrics)");
    const statistic = query.MetricStat?.Stat;
    if (statistic !== undefined && !isStatistic(statistic))
      throw validationError(`The value ${statistic} for parameter MetricStat.Stat is not supported.`);
  }
  for (const query of queries) if (query.Expression !== undefined) checkExpression(query.Expression, ids);
}

function checkExpression(expression: string, ids: ReadonlySet<string>): void {
  if (isSql(expression)) throw new NotEmulatedError("Metrics Insights queries (SQL)");
  try {
    const stranger = namesIn(expression).find((id) => !ids.has(id));
    if (stranger !== undefined) throw new MetricMathError(`${stranger} is not the id of a query`);
  } catch (error) {
    throw mathError(expression, error);
  }
}

function mathError(expression: string, error: unknown): unknown {
  if (error instanceof UnknownFunctionError)
    return new NotEmulatedError(`the metric math function ${error.functionName}`);
  if (!(error instanceof MetricMathError)) return error;
  return validationError(`Error in expression '${expression}': ${error.message}`);
}

/** Computes queries by their ids, each once. */
export class MetricQueries {
  readonly #values = new Map<string, Value>();
  readonly #running = new Set<string>();

  constructor(
    private readonly queries: readonly MetricDataQuery[],
    private readonly reading: Reading,
  ) {}

  /**
   * The series that a query gives: one, or several of an expression that gives several.
   * @throws AwsError ValidationError where it gives no series
   */
  seriesOf(query: MetricDataQuery): readonly LabelledSeries[] {
    const value = this.#value(query.Id!);
    try {
      return itemsOf(value);
    } catch (error) {
      if (!(error instanceof MetricMathError)) throw error;
      throw validationError(
        `Error in expression '${query.Expression}': the result is a scalar value. Return a time series instead.`,
      );
    }
  }

  /** The period of a query in ms: its metric's, or the longest of those that its expression names. */
  periodMsOf(query: MetricDataQuery): number {
    if (query.MetricStat) return query.MetricStat.Period! * 1000;
    if (query.Period !== undefined) return query.Period * 1000;
    const named = new Set(namesIn(query.Expression!));
    const others = this.queries.filter(({ Id }) => Id !== query.Id);
    const relevant = others.filter(({ Id }) => named.has(Id!));
    const periods = (relevant.length > 0 ? relevant : others).map((other) =>
      other.MetricStat ? other.MetricStat.Period! * 1000 : 0,
    );
    return Math.max(60_000, ...periods);
  }

  #value(id: string): Value {
    const known = this.#values.get(id);
    if (known) return known;
    const query = this.queries.find((one) => one.Id === id);
    if (!query || this.#running.has(id))
      throw new MetricMathError(`${id} is not the id of a query, or rests on itself`);
    this.#running.add(id);
    const value = query.MetricStat ? this.#metric(query) : this.#expression(query);
    this.#running.delete(id);
    this.#values.set(id, value);
    return value;
  }

  #metric(query: MetricDataQuery): Value {
    const { MetricStat: stat } = query;
    const id = metricIdOf(query)!;
    const window = windowOf(this.reading, stat!.Period! * 1000, stat!.Unit);
    const points = new Map<number, number>();
    for (const sets of this.reading.metrics.read(this.reading.scope, id, window))
      for (const [timeMs, set] of sets) {
        const value = statisticOf(set, stat!.Stat!);
        if (value !== undefined) points.set(timeMs, value);
      }
    const sorted = [...points].sort((a, b) => a[0] - b[0]);
    return { kind: "series", label: query.Label ?? id.name, series: new Map(sorted) };
  }

  #expression(query: MetricDataQuery): Value {
    const { startMs, endMs } = this.reading;
    const frame: Frame = { startMs, endMs, periodMs: this.periodMsOf(query) };
    const names = {
      get: (id: string) => this.#value(id),
      metrics: () =>
        this.queries.filter((one) => one.MetricStat).map(({ Id }) => ({ id: Id!, value: this.#value(Id!) })),
    };
    try {
      return evaluateExpression(parseExpression(query.Expression!), names, frame);
    } catch (error) {
      throw mathError(query.Expression!, error);
    }
  }
}

function windowOf({ startMs, endMs, nowMs }: Reading, periodMs: number, unit: string | undefined): Window {
  return { fromMs: startMs, toMs: endMs, periodMs, nowMs, unit };
}
