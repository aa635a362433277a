import { describe, expect, it } from "vitest";
import { wholeMatch } from "./java-regex.ts";
import { patched, values, text, items, type PatchRules } from "./patch.ts";
import { periodStart } from "./usage.ts";

describe("the period of a quota", () => {
  it.each([
    ["DAY", 0, "2026-11-24T23:59:59Z", "2026-11-24"],
    ["WEEK", 0, "2026-11-24T12:00:00Z", "2026-11-22"],
    ["WEEK", 2, "2026-11-24T12:00:00Z", "2026-11-24"],
    ["WEEK", 3, "2026-11-24T12:00:00Z", "2026-11-18"],
    ["MONTH", 0, "2026-11-24T12:00:00Z", "2026-11-01"],
    ["MONTH", 23, "2026-11-24T12:00:00Z", "2026-11-24"],
    ["MONTH", 24, "2026-11-24T12:00:00Z", "2026-10-25"],
  ])("%s, %d days later, at %s begins on %s", (period, offset, at, day) => {
    expect(periodStart(Date.parse(at), period, offset)).toBe(day);
  });
});

describe("patches", () => {
  const RULES: PatchRules = { "/name": text, "/list/*": items, "/scopes": values, "/map/*/inner": text };

  it("change a copy", () => {
    const record = { name: "a", list: ["x/y", "z"], scopes: ["s"], map: {} as Record<string, { inner: string }> };
    const changed = patched(
      record,
      [
        { op: "replace", path: "/name", value: "b" },
        { op: "remove", path: "/list/x~1y" },
        { op: "replace", path: "/list/z", value: "w" },
        { op: "add", path: "/scopes", value: "t" },
        { op: "replace", path: "/map/k~0k/inner", value: "v" },
      ],
      RULES,
    );
    expect(changed).toEqual({ name: "b", list: ["w"], scopes: ["s", "t"], map: { "k~k": { inner: "v" } } });
    expect(record).toEqual({ name: "a", list: ["x/y", "z"], scopes: ["s"], map: {} });
  });
});

describe("Java's patterns", () => {
  it.each([
    [".*error.*", "an error", true],
    ["error", "an error", false],
    [".*", "two\nlines", false],
    ["(?s).*", "two\nlines", true],
    ["(\\n|.)+", "two\nlines", true],
    ["(?i)ERROR", "error", true],
    ["4\\d{2}", "404", true],
  ])("%s on %j: %s", (pattern, against, matches) => {
    expect(wholeMatch(pattern).test(against)).toBe(matches);
  });
});
