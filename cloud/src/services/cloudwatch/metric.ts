import type { Scope } from "../../aws/scope.ts";
import type { Collection, Store } from "../../kernel/store.ts";

export interface MetricDimension {
  readonly Name: string;
  readonly Value: string;
}

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly MetricDimension[];
}

/** The values of one metric in one minute. */
export interface StatisticSet {
  sum: number;
  count: number;
  min: number;
  max: number;
  unit: string;
  /** Value → how often, for percentiles; undefined once there are too many different ones or only sums were given. */
  values: [value: number, count: number][] | undefined;
}

export interface MetricDatum extends StatisticSet {
  readonly id: MetricId;
  readonly timeMs: number;
}

export const MINUTE_MS = 60_000;
/** AWS keeps minutes for 15 days. */
const KEPT_MS = 15 * 86_400_000;
/** Up to so many different values are kept one by one, for percentiles. */
export const DISTINCT_VALUES_MAX = 150;

/** One value, as a statistic set. */
export function single(value: number, count = 1, unit = "None"): StatisticSet {
  return { sum: value * count, count, min: value, max: value, unit, values: [[value, count]] };
}

/** Both together. */
export function merged(a: StatisticSet, b: StatisticSet): StatisticSet {
  return {
    sum: a.sum + b.sum,
    count: a.count + b.count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    unit: a.unit,
    values: a.values && b.values && mergedValues(a.values, b.values),
  };
}

function mergedValues(a: [number, number][], b: [number, number][]): [number, number][] | undefined {
  const counts = new Map(a);
  for (const [value, count] of b) counts.set(value, (counts.get(value) ?? 0) + count);
  return counts.size > DISTINCT_VALUES_MAX ? undefined : [...counts];
}

/** Dimensions identify a metric whatever their order. */
export function dimensionsKey(dimensions: readonly MetricDimension[]): string {
  return [...dimensions]
    .sort((a, b) => (a.Name < b.Name ? -1 : 1))
    .map(({ Name, Value }) => `${Name}\u0001${Value}`)
    .join("\u0002");
}

export function dimensionsOf(key: string): MetricDimension[] {
  if (key === "") return [];
  return key.split("\u0002").map((pair) => {
    const [Name = "", Value = ""] = pair.split("\u0001");
    return { Name, Value };
  });
}

/** The metrics of all scopes, by minute. */
export class Metrics {
  readonly #points: Collection<StatisticSet>;
  /** When each metric last got a value. */
  readonly #names: Collection<number>;

  constructor(private readonly store: Store) {
    this.#points = store.collection("cloudwatch.points");
    this.#names = store.collection("cloudwatch.metrics");
  }

  record(scope: Scope, datum: MetricDatum): void {
    const { id, timeMs, ...set } = datum;
    const key = keyOf(scope, id);
    const minuteMs = Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
    this.store.transaction(() => {
      const known = this.#points.get([...key, minuteMs]);
      this.#points.put([...key, minuteMs], known ? merged(known, set) : set);
      const last = this.#names.get(key);
      if (last === undefined || last < minuteMs) this.#names.put(key, minuteMs);
      if (last !== undefined && last < minuteMs) this.#points.clear({ prefix: key, to: [...key, minuteMs - KEPT_MS] });
    });
  }

  /** The sets of a metric from a time up to, not including, another, by the start of their period. */
  read(scope: Scope, id: MetricId, fromMs: number, toMs: number, periodMs: number): Map<number, StatisticSet> {
    const key = keyOf(scope, id);
    const periods = new Map<number, StatisticSet>();
    for (const [at, set] of this.#points.entries({ from: [...key, fromMs], to: [...key, toMs] })) {
      const minuteMs = at[at.length - 1] as number;
      const startMs = fromMs + Math.floor((minuteMs - fromMs) / periodMs) * periodMs;
      const known = periods.get(startMs);
      periods.set(startMs, known ? merged(known, set) : set);
    }
    return periods;
  }

  /** Every metric of a scope with the time of its newest value, in order of namespace, name and dimensions. */
  *list(scope: Scope): Iterable<{ id: MetricId; lastMs: number }> {
    for (const [key, lastMs] of this.#names.entries({ prefix: [scope.account, scope.region] })) {
      const [, , namespace, name, dimensions] = key as string[];
      yield { id: { namespace: namespace!, name: name!, dimensions: dimensionsOf(dimensions!) }, lastMs };
    }
  }
}

function keyOf({ account, region }: Scope, { namespace, name, dimensions }: MetricId): string[] {
  return [account, region, namespace, name, dimensionsKey(dimensions)];
}
