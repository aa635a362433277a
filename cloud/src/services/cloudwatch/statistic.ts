import type { StatisticSet } from "./metric.ts";

const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

/** Whether it is a statistic that `statisticOf` computes. */
export function isStatistic(name: string): boolean {
  return ["Average", "Sum", "Minimum", "Maximum", "SampleCount"].includes(name) || PERCENTILE.test(name);
}

/**
 * A statistic of a set.
 * @param name `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or a percentile `p99.9`
 * @returns undefined where it cannot be known: a percentile of values that were not kept one by one
 */
export function statisticOf(set: StatisticSet, name: string): number | undefined {
  switch (name) {
    case "Average":
      return set.sum / set.count;
    case "Sum":
      return set.sum;
    case "Minimum":
      return set.min;
    case "Maximum":
      return set.max;
    case "SampleCount":
      return set.count;
    default:
      return percentileOf(set, Number(PERCENTILE.exec(name)?.[1]));
  }
}

function percentileOf(set: StatisticSet, percent: number): number | undefined {
  if (!set.values) return undefined;
  const sorted = [...set.values].sort((a, b) => a[0] - b[0]);
  const wanted = (percent / 100) * set.count;
  let seen = 0;
  for (const [value, count] of sorted) {
    seen += count;
    if (seen >= wanted) return value;
  }
  return set.max;
}
