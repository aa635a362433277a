import { describe, expect, test } from "vitest";
import {
  evaluateExpression,
  isSql,
  itemsOf,
  MetricMathError,
  namesIn,
  parseExpression,
  UnknownFunctionError,
  type Value,
} from "./expression.ts";

const MINUTE = 60_000;
const START = Date.UTC(2025, 5, 1, 10);
const FRAME = { startMs: START, endMs: START + 5 * MINUTE, periodMs: MINUTE };

function metric(label: string, ...values: (number | undefined)[]): Value {
  const entries = values.flatMap((value, i) => (value === undefined ? [] : [[START + i * MINUTE, value] as const]));
  return { kind: "series", label, series: new Map(entries) };
}

const METRICS: Record<string, Value> = {
  m1: metric("m1", 1, 2, 3, 4, 5),
  m2: metric("m2", 10, undefined, 30, 0, 50),
  gaps: metric("gaps", undefined, 4, undefined, 8, undefined),
  none: metric("none"),
};

function evaluate(text: string): Value {
  return evaluateExpression(
    parseExpression(text),
    {
      get(id) {
        const found = METRICS[id];
        if (!found) throw new MetricMathError(`No metric ${id}`);
        return found;
      },
      metrics: () => Object.entries(METRICS).map(([id, value]) => ({ id, value })),
    },
    FRAME,
  );
}

/** Values by minute; undefined where there is none. */
function values(text: string): (number | undefined)[] {
  const value = evaluate(text);
  if (value.kind !== "series") throw new Error(`${text} is ${value.kind}`);
  return Array.from({ length: 5 }, (_, i) => value.series.get(START + i * MINUTE));
}

const none = undefined;

describe("operators", () => {
  test.each<[string, (number | undefined)[]]>([
    ["m1 + 1", [2, 3, 4, 5, 6]],
    ["10 - m1 * 2", [8, 6, 4, 2, 0]],
    ["(m1 + m1) / 2", [1, 2, 3, 4, 5]],
    ["m1 ^ 2", [1, 4, 9, 16, 25]],
    ["-m1", [-1, -2, -3, -4, -5]],
    ["m1 + m2", [11, none, 33, 4, 55]],
    // What cannot be computed has no value.
    ["m1 / m2", [0.1, none, 0.1, none, 0.1]],
    ["m1 > 2", [0, 0, 1, 1, 1]],
    ["m1 >= 2 AND m1 <= 4", [0, 1, 1, 1, 0]],
    ["m1 == 1 || m1 == 5", [1, 0, 0, 0, 1]],
    ["m1 != 1 && m2", [0, none, 1, 0, 1]],
  ])("%s", (text, expected) => {
    expect(values(text)).toEqual(expected);
  });
});

describe("functions", () => {
  test.each<[string, (number | undefined)[]]>([
    ["ABS(-m1)", [1, 2, 3, 4, 5]],
    ["CEIL(m1 / 2)", [1, 1, 2, 2, 3]],
    ["FLOOR(m1 / 2)", [0, 1, 1, 2, 2]],
    ["LOG10(m1 * 0 + 100)", [2, 2, 2, 2, 2]],
    ["SUM([m1, m2])", [11, 2, 33, 4, 55]],
    ["AVG([m1, m2])", [5.5, 2, 16.5, 2, 27.5]],
    ["MAX([m1, m2])", [10, 2, 30, 4, 50]],
    ["MIN([m1, m2])", [1, 2, 3, 0, 5]],
    ["STDDEV([m1, m1])", [0, 0, 0, 0, 0]],
    ['SUM(METRICS("m"))', [11, 2, 33, 4, 55]],
    ["m1 / SUM(m1) * 15", [1, 2, 3, 4, 5]],
    ["DIFF(m1)", [none, 1, 1, 1, 1]],
    ["DIFF_TIME(gaps)", [none, none, none, 120, none]],
    ["RATE(m1 * 60)", [none, 1, 1, 1, 1]],
    ["RUNNING_SUM(m1)", [1, 3, 6, 10, 15]],
    ["FILL(gaps, 0)", [0, 4, 0, 8, 0]],
    ["FILL(gaps, REPEAT)", [none, 4, 4, 8, 8]],
    ["FILL(gaps, LINEAR)", [none, 4, 6, 8, none]],
    ["FILL(gaps, m1)", [1, 4, 3, 8, 5]],
    ["IF(m1 > 2, m1, 0)", [0, 0, 3, 4, 5]],
    ["IF(m1 > 2, m1)", [none, none, 3, 4, 5]],
    ["IF(1, m1, m2)", [1, 2, 3, 4, 5]],
    ["m1 * PERIOD(m1)", [60, 120, 180, 240, 300]],
    ["TIME_SERIES(7)", [7, 7, 7, 7, 7]],
    ["MINUTE(m1)", [0, 1, 2, 3, 4]],
    ["HOUR(m1)", [10, 10, 10, 10, 10]],
    ["DAY(m1)", [7, 7, 7, 7, 7]],
    ["DATE(m1) + MONTH(m1) + YEAR(m1)", [2032, 2032, 2032, 2032, 2032]],
    ["FIRST(SORT([m1, m2], AVG, DESC))", [10, none, 30, 0, 50]],
    ["LAST(SORT([m1, m2], SUM, DESC, 2))", [1, 2, 3, 4, 5]],
    ["FIRST(SLICE([m1, m2], 1))", [10, none, 30, 0, 50]],
    ["m1 * 0 + METRIC_COUNT(REMOVE_EMPTY([m1, none]))", [1, 1, 1, 1, 1]],
    ["m1 * 0 + DATAPOINT_COUNT(gaps)", [2, 2, 2, 2, 2]],
  ])("%s", (text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test("of one series a number, of several a series", () => {
    expect(evaluate("MAX(m1)")).toEqual({ kind: "number", value: 5 });
    expect(itemsOf(evaluate("[m1, m2] * 2"))).toHaveLength(2);
    expect(itemsOf(evaluate("METRICS()"))).toHaveLength(4);
  });
});

test("what is wrong is refused", () => {
  for (const wrong of [
    "",
    "m1 +",
    "m1 m2",
    "(m1",
    "NOPE(m1)",
    "unknown",
    "m1 + 'text'",
    "FILL(m1, SIDEWAYS)",
    "m1 $ 2",
  ])
    expect(() => evaluate(wrong), wrong).toThrow(MetricMathError);
  expect(() => evaluate('SEARCH("{AWS/Lambda}", "Sum")')).toThrow(UnknownFunctionError);
});

test("names and languages", () => {
  expect(namesIn("SUM([m1, m2]) / FILL(m3, REPEAT)")).toEqual(["m1", "m2", "m3"]);
  expect(isSql("SELECT AVG(x) FROM y")).toBe(true);
  expect(isSql("m1")).toBe(false);
});
