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

/** The values of one metric, with one unit, in one minute (of a high-resolution metric: second), or in a period. */
export interface StatisticSet {
  sum: number;
  count: number;
  min: number;
  max: number;
  unit: string;
  /** Value → how often, for percentiles; undefined where only sums were given. */
  values: [value: number, count: number][] | undefined;
}

export interface MetricDatum extends StatisticSet {
  readonly id: MetricId;
  readonly timeMs: number;
  /** Kept by the second. */
  readonly highResolution?: boolean;
}

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** AWS: "Metrics retention": until when values are there, and for which periods. */
const RETENTION: readonly { readonly keptMs: number; readonly periodMs: number }[] = [
  { keptMs: 3 * 3_600_000, periodMs: 1000 },
  { keptMs: 15 * DAY_MS, periodMs: MINUTE_MS },
  { keptMs: 63 * DAY_MS, periodMs: 5 * MINUTE_MS },
  { keptMs: 455 * DAY_MS, periodMs: 60 * MINUTE_MS },
];
const KEPT_MS = RETENTION.at(-1)!.keptMs;
/** Up to so many different values are kept one by one; more are rounded to two digits. AWS too keeps a distribution. */
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

function mergedValues(a: [number, number][], b: [number, number][]): [number, number][] {
  const counts = new Map(a);
  for (const [value, count] of b) addValue(counts, value, count);
  return [...counts];
}

/** Counts a value; where there are many different ones already, rounded. */
export function addValue(counts: Map<number, number>, value: number, count: number): void {
  const known = counts.get(value);
  if (known !== undefined) counts.set(value, known + count);
  else if (counts.size < DISTINCT_VALUES_MAX) counts.set(value, count);
  else {
    const rounded = Number(value.toPrecision(2));
    counts.set(rounded, (counts.get(rounded) ?? 0) + count);
  }
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

/** The same metric, whatever the order of its dimensions. */
export function isSameMetric(a: MetricId, b: MetricId): boolean {
  return (
    a.namespace === b.namespace && a.name === b.name && dimensionsKey(a.dimensions) === dimensionsKey(b.dimensions)
  );
}

export interface Window {
  /** The first period begins here. */
  readonly fromMs: number;
  /** Up to, not including. */
  readonly toMs: number;
  readonly periodMs: number;
  readonly nowMs: number;
  /** Only values with this unit. */
  readonly unit?: string | undefined;
}

/** The metrics of all scopes. */
export class Metrics {
  /** account, Region, namespace, name, dimensions, start, unit */
  readonly #points: Collection<StatisticSet>;
  /** When each metric last got a value. */
  readonly #names: Collection<number>;

  constructor(private readonly store: Store) {
    this.#points = store.collection("cloudwatch.points");
    this.#names = store.collection("cloudwatch.metrics");
  }

  record(scope: Scope, datum: MetricDatum): void {
    const { id, timeMs, highResolution, ...set } = datum;
    const key = keyOf(scope, id);
    const stepMs = highResolution ? 1000 : MINUTE_MS;
    const startMs = Math.floor(timeMs / stepMs) * stepMs;
    this.store.transaction(() => {
      const known = this.#points.get([...key, startMs, set.unit]);
      this.#points.put([...key, startMs, set.unit], known ? merged(known, set) : set);
      const last = this.#names.get(key);
      if (last !== undefined && last >= startMs) return;
      this.#names.put(key, startMs);
      if (last !== undefined) this.#points.clear({ prefix: key, to: [...key, startMs - KEPT_MS] });
    });
  }

  /** The sets of a metric by the start of their period, in order of time; each unit for itself. */
  read(scope: Scope, id: MetricId, window: Window): Map<number, StatisticSet>[] {
    const { toMs, periodMs, unit } = window;
    const fromMs = window.fromMs + Math.max(0, Math.ceil((keptFrom(window) - window.fromMs) / periodMs)) * periodMs;
    const key = keyOf(scope, id);
    const byUnit = new Map<string, Map<number, StatisticSet>>();
    for (const [at, set] of this.#points.entries({ from: [...key, fromMs], to: [...key, toMs] })) {
      if (unit !== undefined && set.unit !== unit) continue;
      const startMs = fromMs + Math.floor(((at.at(-2) as number) - fromMs) / periodMs) * periodMs;
      const periods = byUnit.get(set.unit) ?? new Map<number, StatisticSet>();
      byUnit.set(set.unit, periods);
      const known = periods.get(startMs);
      periods.set(startMs, known ? merged(known, set) : set);
    }
    return [...byUnit.values()];
  }

  /** Whether a metric has any value in a time. */
  has(scope: Scope, id: MetricId, fromMs: number, toMs: number): boolean {
    const key = keyOf(scope, id);
    return this.#points.first({ from: [...key, fromMs], to: [...key, toMs] }) !== undefined;
  }

  /** Every metric of a scope with the time of its newest value, in order of namespace, name and dimensions. */
  *list(scope: Scope): Iterable<{ id: MetricId; lastMs: number }> {
    for (const [key, lastMs] of this.#names.entries({ prefix: [scope.account, scope.region] })) {
      const [, , namespace, name, dimensions] = key as string[];
      yield { id: { namespace: namespace!, name: name!, dimensions: dimensionsOf(dimensions!) }, lastMs };
    }
  }
}

/** AWS: small periods are there for a short time only. */
function keptFrom({ periodMs, nowMs }: Window): number {
  const kept = RETENTION.findLast((step) => periodMs % step.periodMs === 0);
  return nowMs - (kept?.keptMs ?? 0);
}

function keyOf({ account, region }: Scope, { namespace, name, dimensions }: MetricId): string[] {
  return [account, region, namespace, name, dimensionsKey(dimensions)];
}
