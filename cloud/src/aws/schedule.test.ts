import { describe, expect, test } from "vitest";
import { findSchedule, isTimeZone, nextTimeMs } from "./schedule.ts";

/** The next `count` times, as ISO texts without milliseconds. */
function times(expression: string, after: string, count = 3, timeZone?: string): string[] {
  const schedule = findSchedule(expression)!;
  const found: string[] = [];
  let afterMs = Date.parse(after);
  const anchorMs = afterMs;
  for (let index = 0; index < count; index++) {
    const next = nextTimeMs(schedule, afterMs, { timeZone, anchorMs });
    if (next === undefined) break;
    found.push(new Date(next).toISOString().replace(":00.000Z", "Z"));
    afterMs = next;
  }
  return found;
}

describe("what is valid", () => {
  test.each([
    "rate(5 minutes)",
    "rate(1 hour)",
    "rate(1 hours)",
    "rate(10 days)",
    "at(2026-11-20T13:00:00)",
    "cron(0 10 * * ? *)",
    "cron(15 10 ? * 6L 2026-2028)",
    "cron(0/15 9-17 ? * MON-FRI *)",
    "cron(0 9 ? * 2#1 *)",
    "cron(0 9 3W * ? *)",
    "cron(0 18 LW * ? *)",
    "cron(*/10 * ? jan,JUL fri *)",
  ])("%s", (expression) => expect(findSchedule(expression)).toBeDefined());

  test.each([
    "rate(0 minutes)",
    "rate(1.5 hours)",
    "rate(5 seconds)",
    "rate(5 weeks)",
    "rate(minutes)",
    "at(2026-02-30T13:00:00)",
    "at(2026-11-20T25:00:00)",
    "at(2026-11-20 13:00:00)",
    "cron(0 10 * * * *)",
    "cron(0 10 ? * ? *)",
    "cron(0 10 * * ?)",
    "cron(0 0 10 * * ? *)",
    "cron(60 10 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 10 32 * ? *)",
    "cron(0 10 ? * 0 *)",
    "cron(0 10 ? * 8 *)",
    "cron(0 10 ? * 3#6 *)",
    "cron(0 10 ? * 3#1,6#3 *)",
    "cron(0 10 * 13 ? *)",
    "cron(0 10 * * ? 1969)",
    "cron(0 10 * * ? 2200)",
    "cron(0/0 10 * * ? *)",
    "cron(? 10 * * ? *)",
    "0 10 * * ? *",
    "every day",
  ])("%s is not", (expression) => expect(findSchedule(expression)).toBeUndefined());

  test("says whether the unit of a rate agrees with its number", () => {
    expect(findSchedule("rate(1 minutes)")).toMatchObject({ agrees: false });
    expect(findSchedule("rate(5 minute)")).toMatchObject({ agrees: false });
    expect(findSchedule("rate(1 minute)")).toMatchObject({ agrees: true, periodMs: 60_000 });
  });

  test("knows time zones by their IANA names", () => {
    expect(["Asia/Tokyo", "UTC", "America/New_York", "Mars/Olympus", "+09:00"].map(isTimeZone)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("when it falls due", () => {
  test.each([
    ["rate(90 minutes)", ["2026-01-01T01:30Z", "2026-01-01T03:00Z", "2026-01-01T04:30Z"]],
    ["cron(0 10 * * ? *)", ["2026-01-01T10:00Z", "2026-01-02T10:00Z", "2026-01-03T10:00Z"]],
    ["cron(5/20 0 * * ? *)", ["2026-01-01T00:05Z", "2026-01-01T00:25Z", "2026-01-01T00:45Z"]],
    ["cron(0 18 ? * MON-FRI *)", ["2026-01-01T18:00Z", "2026-01-02T18:00Z", "2026-01-05T18:00Z"]],
    ["cron(0 0 ? * FRI-SUN *)", ["2026-01-02T00:00Z", "2026-01-03T00:00Z", "2026-01-04T00:00Z"]],
    ["cron(0 0 ? * 1 *)", ["2026-01-04T00:00Z", "2026-01-11T00:00Z", "2026-01-18T00:00Z"]],
    ["cron(0 8 1 * ? *)", ["2026-01-01T08:00Z", "2026-02-01T08:00Z", "2026-03-01T08:00Z"]],
    ["cron(0 8 L * ? *)", ["2026-01-31T08:00Z", "2026-02-28T08:00Z", "2026-03-31T08:00Z"]],
    ["cron(0 8 LW * ? *)", ["2026-01-30T08:00Z", "2026-02-27T08:00Z", "2026-03-31T08:00Z"]],
    ["cron(0 8 3W * ? *)", ["2026-01-02T08:00Z", "2026-02-03T08:00Z", "2026-03-03T08:00Z"]],
    ["cron(0 8 ? * 6L *)", ["2026-01-30T08:00Z", "2026-02-27T08:00Z", "2026-03-27T08:00Z"]],
    ["cron(0 8 ? * L *)", ["2026-01-03T08:00Z", "2026-01-10T08:00Z", "2026-01-17T08:00Z"]],
    ["cron(0 8 ? * 3#2 *)", ["2026-01-13T08:00Z", "2026-02-10T08:00Z", "2026-03-10T08:00Z"]],
    ["cron(0 0 29 FEB ? *)", ["2028-02-29T00:00Z", "2032-02-29T00:00Z", "2036-02-29T00:00Z"]],
    ["cron(0 0 1 1 ? 2027-2028)", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
    ["cron(0 0 1 1 ? 2020)", []],
    ["at(2026-01-01T12:00:00)", ["2026-01-01T12:00Z"]],
    ["at(2025-12-31T12:00:00)", []],
  ])("%s", (expression, expected) => expect(times(expression, "2026-01-01T00:00:00Z")).toEqual(expected));

  test("in the time zone", () => {
    expect(times("cron(0 9 * * ? *)", "2026-01-01T00:00:00Z", 2, "Asia/Tokyo")).toEqual([
      "2026-01-02T00:00Z",
      "2026-01-03T00:00Z",
    ]);
    expect(times("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", 1, "America/New_York")).toEqual([
      "2026-07-01T13:00Z",
    ]);
  });

  test("a time that spring skips does not run", () => {
    // New York, 8 March 2026: 02:00 becomes 03:00.
    expect(times("cron(30 2 * * ? *)", "2026-03-07T00:00:00Z", 2, "America/New_York")).toEqual([
      "2026-03-07T07:30Z",
      "2026-03-09T06:30Z",
    ]);
  });

  test("a time that autumn repeats runs once", () => {
    // New York, 1 November 2026: 02:00 becomes 01:00.
    expect(times("cron(30 1 * * ? *)", "2026-10-31T12:00:00Z", 2, "America/New_York")).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ]);
    expect(times("cron(30 1 * * ? *)", "2026-11-01T06:00:00Z", 1, "America/New_York")).toEqual(["2026-11-02T06:30Z"]);
  });

  test("a day of a rate is 24 hours", () => {
    expect(times("rate(1 day)", "2026-03-07T17:00:00Z", 2, "America/New_York")).toEqual([
      "2026-03-08T17:00Z",
      "2026-03-09T17:00Z",
    ]);
  });
});
