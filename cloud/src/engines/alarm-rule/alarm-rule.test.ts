import { expect, test } from "vitest";
import { AlarmRuleError, type AlarmStateName, childrenOf, holdsRule, parseAlarmRule } from "./alarm-rule.ts";

const STATES: Record<string, AlarmStateName> = { a: "ALARM", b: "OK", c: "INSUFFICIENT_DATA", "two words": "ALARM" };
const holds = (text: string) => holdsRule(parseAlarmRule(text), (alarm) => STATES[alarm]);

test.each([
  ["ALARM(a)", true],
  ['ALARM("a")', true],
  ["ALARM( a )", true],
  ['ALARM("two words")', true],
  ["ALARM(two words)", true],
  ["OK(a)", false],
  ["OK(b) AND INSUFFICIENT_DATA(c)", true],
  ["ALARM(a) AND NOT ALARM(b)", true],
  ["NOT ALARM(a) OR OK(b)", true],
  ["(ALARM(a) OR ALARM(b)) AND OK(c)", false],
  ["ALARM(b) AND ALARM(b) OR ALARM(a)", true],
  ["ALARM(b) AND (ALARM(b) OR ALARM(a))", false],
  ["TRUE", true],
  ["FALSE OR TRUE", true],
  ["NOT NOT TRUE", true],
  ["ALARM(nobody)", false],
])("%s: %s", (text, expected) => {
  expect(holds(text)).toBe(expected);
});

test.each([
  "",
  "ALARM",
  "ALARM()",
  'ALARM("")',
  "ALARM(a",
  "a",
  "ALARM(a) ALARM(b)",
  "ALARM(a) AND",
  "(ALARM(a)",
  "alarm(a)",
  "NOT",
])("%j is refused", (text) => {
  expect(() => parseAlarmRule(text)).toThrow(AlarmRuleError);
});

test("children, each once", () => {
  const arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:x";
  expect(childrenOf(parseAlarmRule(`ALARM(a) OR (OK(a) AND NOT ALARM("${arn}"))`))).toEqual(["a", arn]);
  const many = Array.from({ length: 101 }, (_, i) => `ALARM(a${i})`).join(" OR ");
  expect(() => parseAlarmRule(many)).toThrow(AlarmRuleError);
});
