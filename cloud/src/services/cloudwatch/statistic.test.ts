import { expect, test } from "vitest";
import { addValue, DISTINCT_VALUES_MAX, merged, single } from "./metric.ts";
import { hasEnoughSamples, isStatistic, statisticOf } from "./statistic.ts";

/** 1 to 10, each once. */
const ten = Array.from({ length: 10 }, (_, i) => single(i + 1)).reduce(merged);

test.each([
  ["Average", 5.5],
  ["Sum", 55],
  ["Minimum", 1],
  ["Maximum", 10],
  ["SampleCount", 10],
  ["p50", 5],
  ["p90", 9],
  ["p99.9", 10],
  ["p0", 1],
  ["p100", 10],
  ["tm90", 5],
  ["TM(10%:90%)", 5.5],
  ["TM(:8)", 4.5],
  ["TC(2:5)", 3],
  ["tc50", 5],
  ["TS(80%:)", 19],
  ["ts20", 3],
  ["wm80", 5.2],
  ["WM(20%:80%)", 5.5],
  ["PR(:3)", 30],
  ["PR(3:7)", 40],
  ["IQM", 5.5],
])("%s", (name, expected) => {
  expect(isStatistic(name)).toBe(true);
  expect(statisticOf(ten, name)).toBeCloseTo(expected);
});

test.each(["average", "p101", "p", "TM()", "TM(:)", "PR(10%:20%)", "TM(10%:5)", "median"])("%s is none", (name) => {
  expect(isStatistic(name)).toBe(false);
});

test("of sums alone percentiles are not known, unless all values are one", () => {
  const sums = { sum: 30, count: 3, min: 5, max: 15, unit: "None", values: undefined };
  expect(statisticOf(sums, "p50")).toBeUndefined();
  expect(statisticOf({ ...sums, min: 10, max: 10 }, "p50")).toBe(10);
});

test("many different values are rounded, and none is lost", () => {
  const counts = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) addValue(counts, i + 0.123, 1);
  expect(counts.size).toBeLessThan(DISTINCT_VALUES_MAX + 400);
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(10_000);
});

test("few samples say little about a high percentile", () => {
  expect(hasEnoughSamples("p99", 999)).toBe(false);
  expect(hasEnoughSamples("p99", 1000)).toBe(true);
  expect(hasEnoughSamples("p10", 100)).toBe(true);
  expect(hasEnoughSamples("Average", 1)).toBe(true);
});
