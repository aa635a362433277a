import type { StatisticSet } from "./metric.ts";

/** Source: "CloudWatch statistics definitions". */
const PLAIN: Readonly<Record<string, (set: StatisticSet) => number>> = {
  Average: (set) => set.sum / set.count,
  Sum: (set) => set.sum,
  Minimum: (set) => set.min,
  Maximum: (set) => set.max,
  SampleCount: (set) => set.count,
};
const SHORT = /^(p|tm|tc|ts|wm)(\d{1,2}(?:\.\d{1,10})?|100)$/i;
const RANGE = /^(TM|TC|TS|WM|PR)\((-?\d+(?:\.\d+)?%?)?:(-?\d+(?:\.\d+)?%?)?\)$/;

/** Whether it is one of the five that are no extended statistics. */
export function isPlainStatistic(name: string): boolean {
  return Object.hasOwn(PLAIN, name);
}

/** Whether it is a statistic that `statisticOf` computes. */
export function isStatistic(name: string): boolean {
  return isPlainStatistic(name) || SHORT.test(name) || name === "IQM" || rangeOf(name) !== undefined;
}

/**
 * A statistic of a set.
 * @param name e.g. `Average`, `p99.9`, `tm90`, `TC(10%:90%)`, `PR(:300)`, `IQM`
 * @returns undefined where it cannot be known: an extended statistic of values that were not kept one by one
 */
export function statisticOf(set: StatisticSet, name: string): number | undefined {
  const plain = PLAIN[name];
  if (plain) return plain(set);
  const values = valuesOf(set);
  if (!values) return undefined;
  const [, kind, percent] = SHORT.exec(name) ?? [];
  if (kind?.toLowerCase() === "p") return percentileOf(values, set.count, Number(percent));
  return trimmed(name, values, set.count);
}

/** AWS: of a statistic set percentiles are known only where all its values are one and the same. */
function valuesOf(set: StatisticSet): [number, number][] | undefined {
  if (set.values) return [...set.values].sort((a, b) => a[0] - b[0]);
  return set.min === set.max ? [[set.min, set.count]] : undefined;
}

function percentileOf(sorted: readonly [number, number][], count: number, percent: number): number {
  const wanted = (percent / 100) * count;
  let seen = 0;
  for (const [value, often] of sorted) {
    seen += often;
    if (seen >= wanted) return value;
  }
  return sorted.at(-1)![0];
}

interface Range {
  readonly kind: string;
  /** Bounds in percent of the values, or as values. */
  readonly inPercent: boolean;
  readonly low: number;
  readonly high: number;
}

function rangeOf(name: string): Range | undefined {
  const [, short, percent] = SHORT.exec(name) ?? [];
  if (short) return { kind: short.toUpperCase(), inPercent: true, low: 0, high: Number(percent) };
  if (name === "IQM") return { kind: "TM", inPercent: true, low: 25, high: 75 };
  const [, kind, low = "", high = ""] = RANGE.exec(name) ?? [];
  if (!kind || (low === "" && high === "")) return undefined;
  const inPercent = low.endsWith("%") || high.endsWith("%");
  if (inPercent && (kind === "PR" || [low, high].some((bound) => bound !== "" && !bound.endsWith("%"))))
    return undefined;
  const [least, most] = inPercent ? [0, 100] : [-Infinity, Infinity];
  return {
    kind,
    inPercent,
    low: low === "" ? least : Number.parseFloat(low),
    high: high === "" ? most : Number.parseFloat(high),
  };
}

/** Trimmed mean, count and sum, winsorized mean, percentile rank: of the values between two bounds. */
function trimmed(name: string, sorted: readonly [number, number][], count: number): number | undefined {
  const range = rangeOf(name);
  if (!range) return undefined;
  const inside = range.inPercent ? byPercent(sorted, count, range) : byValue(sorted, range);
  const insideCount = inside.reduce((total, [, often]) => total + often, 0);
  const insideSum = inside.reduce((total, [value, often]) => total + value * often, 0);
  switch (range.kind) {
    case "TC":
      return insideCount;
    case "TS":
      return insideSum;
    case "PR":
      return (insideCount / count) * 100;
    case "WM":
      return insideCount === 0 ? undefined : winsorized(sorted, inside, count);
    default:
      return insideCount === 0 ? undefined : insideSum / insideCount;
  }
}

function byValue(sorted: readonly [number, number][], { low, high }: Range): [number, number][] {
  return sorted.filter(([value]) => value > low && value <= high);
}

/** The part of each value that lies between two shares of all of them. */
function byPercent(sorted: readonly [number, number][], count: number, { low, high }: Range): [number, number][] {
  const from = (low / 100) * count;
  const to = (high / 100) * count;
  let seen = 0;
  const inside: [number, number][] = [];
  for (const [value, often] of sorted) {
    const part = Math.min(seen + often, to) - Math.max(seen, from);
    if (part > 0) inside.push([value, part]);
    seen += often;
  }
  return inside;
}

/** What lies outside counts as the nearest value inside. */
function winsorized(sorted: readonly [number, number][], inside: readonly [number, number][], count: number): number {
  const least = inside[0]![0];
  const most = inside.at(-1)![0];
  const total = sorted.reduce((sum, [value, often]) => sum + Math.min(Math.max(value, least), most) * often, 0);
  return total / count;
}

/**
 * Whether a percentile says something for so few values.
 * AWS ("Percentile-based CloudWatch alarms and low data samples"): 10/(1-p) values from p50 on, 10/p below.
 */
export function hasEnoughSamples(name: string, count: number): boolean {
  const [, kind, percent] = SHORT.exec(name) ?? [];
  if (kind?.toLowerCase() !== "p") return true;
  const share = Number(percent) / 100;
  return count >= 10 / (share >= 0.5 ? 1 - share : share);
}
