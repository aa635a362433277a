import { describe, expect, test } from "vitest";
import { compilePattern, PatternError } from "./event-pattern.ts";

const matches = (pattern: unknown, event: unknown) => compilePattern(JSON.stringify(pattern))(event);

describe("event patterns", () => {
  test.each<[name: string, rule: unknown, yes: unknown[], no: unknown[]]>([
    ["text", "a", ["a", ["b", "a"]], ["A", 1, null, ["b"]]],
    ["number", 1, [1, 1.0, [2, 1]], ["1", 2]],
    ["null", null, [null], ["", 0]],
    ["boolean", true, [true], [false, "true"]],
    ["prefix", { prefix: "ab" }, ["ab", "abc"], ["Abc", "a", 5]],
    ["prefix ignoring case", { prefix: { "equals-ignore-case": "aB" } }, ["ABc"], ["bAB"]],
    ["suffix", { suffix: ".png" }, ["a.png"], ["a.PNG", "png"]],
    ["suffix ignoring case", { suffix: { "equals-ignore-case": ".png" } }, ["a.PNG"], ["a.jpg"]],
    ["equals-ignore-case", { "equals-ignore-case": "Alice" }, ["ALICE", "alice"], ["alic"]],
    ["wildcard", { wildcard: "a*b*c" }, ["abc", "a-b-b-c"], ["acb", "ab", "xabc"]],
    ["wildcard at the end", { wildcard: "dir/*" }, ["dir/", "dir/x/y"], ["dir"]],
    ["escaped wildcard", { wildcard: "a\\*\\\\*" }, ["a*\\", "a*\\b"], ["ab\\"]],
    ["overlap", { wildcard: "ab*ba" }, ["abba", "ab-ba"], ["aba"]],
    ["numeric", { numeric: ["=", 5] }, [5], ["5", 6]],
    ["numeric range", { numeric: [">", 0, "<=", 5] }, [1, 5], [0, 6]],
    ["cidr", { cidr: "10.0.0.0/24" }, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x"]],
    ["cidr 6", { cidr: "2001:db8::/32" }, ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]],
    ["exists", { exists: true }, ["", null, 0], [undefined]],
    ["anything-but", { "anything-but": "a" }, ["b", 1], ["a", undefined]],
    ["anything-but list", { "anything-but": ["a", "b"] }, ["c"], ["a", "b"]],
    ["anything-but numbers", { "anything-but": [1, 2] }, [3], [1]],
    ["anything-but prefix", { "anything-but": { prefix: "in" } }, ["out"], ["init"]],
    ["anything-but prefixes", { "anything-but": { prefix: ["in", "un"] } }, ["out"], ["init", "until"]],
    ["anything-but suffix", { "anything-but": { suffix: [".a", ".b"] } }, ["x.c"], ["x.a", "x.b"]],
    ["anything-but ignoring case", { "anything-but": { "equals-ignore-case": ["a"] } }, ["b"], ["A"]],
    ["anything-but wildcard", { "anything-but": { wildcard: "*/lib/*" } }, ["/usr/bin"], ["/usr/lib/x"]],
  ])("%s", (_name, rule, yes, no) => {
    for (const value of yes) expect([value, matches({ field: [rule] }, { field: value })]).toEqual([value, true]);
    for (const value of no) expect([value, matches({ field: [rule] }, { field: value })]).toEqual([value, false]);
  });

  test("all fields have to match, one of a field's rules is enough", () => {
    const pattern = { source: ["a", "b"], detail: { state: ["on"], size: [{ numeric: ["<", 5] }] } };
    expect(matches(pattern, { source: "b", detail: { state: "on", size: 1 } })).toBe(true);
    expect(matches(pattern, { source: "b", detail: { state: "on", size: 9 } })).toBe(false);
    expect(matches(pattern, { source: "b", detail: "on" })).toBe(false);
  });

  test("what is absent matches exists false, also where its parent is absent", () => {
    expect(matches({ a: { b: [{ exists: false }] } }, {})).toBe(true);
    expect(matches({ a: { b: [{ exists: false }] } }, { a: { b: 1 } })).toBe(false);
    expect(matches({ a: [{ exists: false }, "x"] }, { a: "x" })).toBe(true);
  });

  test("fields of objects in an array match within one of them", () => {
    const pattern = { items: { kind: ["x"], size: [1] } };
    expect(
      matches(pattern, {
        items: [
          { kind: "y", size: 1 },
          { kind: "x", size: 1 },
        ],
      }),
    ).toBe(true);
    expect(
      matches(pattern, {
        items: [
          { kind: "y", size: 1 },
          { kind: "x", size: 2 },
        ],
      }),
    ).toBe(false);
  });

  test("$or, beside other fields and inside", () => {
    const pattern = { source: ["s"], detail: { $or: [{ a: [1] }, { b: [2], c: [3] }] } };
    expect(matches(pattern, { source: "s", detail: { a: 1 } })).toBe(true);
    expect(matches(pattern, { source: "s", detail: { b: 2, c: 3 } })).toBe(true);
    expect(matches(pattern, { source: "s", detail: { b: 2 } })).toBe(false);
    expect(matches(pattern, { source: "t", detail: { a: 1 } })).toBe(false);
  });

  test.each([
    "not json",
    "[]",
    `{"a": "b"}`,
    `{"a": []}`,
    `{"a": {}}`,
    `{"a": [["b"]]}`,
    `{"a": [{"unknown": 1}]}`,
    `{"a": [{"prefix": 1}]}`,
    `{"a": [{"prefix": "a", "suffix": "b"}]}`,
    `{"a": [{"numeric": ["<"]}]}`,
    `{"a": [{"numeric": ["<", 5, ">", 1]}]}`,
    `{"a": [{"numeric": ["=", 6000000000]}]}`,
    `{"a": [{"cidr": "10.0.0.0/33"}]}`,
    `{"a": [{"wildcard": "a**b"}]}`,
    `{"a": [{"exists": "yes"}]}`,
    `{"a": [{"anything-but": []}]}`,
    `{"$or": [{"a": [1]}]}`,
  ])("%s is refused", (text) => {
    expect(() => compilePattern(text)).toThrow(PatternError);
  });
});
