import { describe, expect, test } from "vitest";
import { type Datapoint, evaluate, type Rule } from "./evaluation.ts";

/** `0` is a value that does not breach, `X` one that does, `-` missing; oldest first, as in AWS's tables. */
function range(text: string): Datapoint[] {
  const value = { "0": 0, X: 9, "-": undefined };
  return text.split(" ").map((mark, i) => ({ timeMs: i * 60_000, value: value[mark as keyof typeof value] }));
}

function state(text: string, m: number, n: number, treatMissingData: Rule["treatMissingData"]) {
  const rule: Rule = {
    comparisonOperator: "GreaterThanThreshold",
    threshold: 5,
    evaluationPeriods: n,
    datapointsToAlarm: m,
    treatMissingData,
  };
  return evaluate(rule, range(text)).state;
}

const KEEP = undefined;

// The tables of "Configuring how CloudWatch alarms treat missing data": missing, ignore, breaching, notBreaching.
describe("AWS's table for 3 out of 3", () => {
  test.each([
    ["0 - X - X", "OK", "OK", "OK", "OK"],
    ["0 - - - -", "OK", "OK", "OK", "OK"],
    ["- - - - -", "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"],
    ["0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"],
    ["- - X - -", "ALARM", KEEP, "ALARM", "OK"],
  ] as const)("%s", (text, missing, ignore, breaching, notBreaching) => {
    expect(state(text, 3, 3, "missing")).toBe(missing);
    expect(state(text, 3, 3, "ignore")).toBe(ignore);
    expect(state(text, 3, 3, "breaching")).toBe(breaching);
    expect(state(text, 3, 3, "notBreaching")).toBe(notBreaching);
  });
});

describe("AWS's table for 2 out of 3", () => {
  test.each([
    ["0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"],
    ["0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"],
    ["0 - X - -", "OK", "OK", "ALARM", "OK"],
    ["- - - - 0", "OK", "OK", "ALARM", "OK"],
    ["- - - X -", "ALARM", KEEP, "ALARM", "OK"],
  ] as const)("%s", (text, missing, ignore, breaching, notBreaching) => {
    expect(state(text, 2, 3, "missing")).toBe(missing);
    expect(state(text, 2, 3, "ignore")).toBe(ignore);
    expect(state(text, 2, 3, "breaching")).toBe(breaching);
    expect(state(text, 2, 3, "notBreaching")).toBe(notBreaching);
  });
});

test("one breaching value alone is too early for two", () => {
  expect(state("- - - - X", 2, 3, "missing")).toBe(KEEP);
});

test("what was evaluated, newest first, filled up to N", () => {
  const rule: Rule = {
    comparisonOperator: "LessThanThreshold",
    threshold: 5,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    treatMissingData: "missing",
  };
  const { state: found, evaluated } = evaluate(rule, range("0 - - 0 -"));
  expect(found).toBe("ALARM");
  expect(evaluated.map(({ timeMs, value }) => [timeMs / 60_000, value])).toEqual([
    [4, undefined],
    [3, 0],
    [0, 0],
  ]);
});
