import { describe, expect, test } from "vitest";
import { checkFilterPolicy, filterOf } from "./filter-policy.ts";
import type { MessageAttribute } from "./message.ts";

const text = (value: string) => ({ type: "String", value });
const number = (value: string) => ({ type: "Number", value });
const array = (...items: unknown[]) => ({ type: "String.Array", value: JSON.stringify(items) });

const byAttributes = (policy: object, attributes?: Record<string, MessageAttribute>) =>
  filterOf(JSON.stringify(policy), "MessageAttributes")(attributes, "x");
const byBody = (policy: object, body: unknown) =>
  filterOf(JSON.stringify(policy), "MessageBody")(undefined, typeof body === "string" ? body : JSON.stringify(body));

describe("by attributes", () => {
  test.each<[object, Record<string, MessageAttribute> | undefined, boolean]>([
    [{ a: ["x", "y"] }, { a: text("y") }, true],
    [{ a: ["x", "y"] }, { a: text("z") }, false],
    [{ a: ["x"] }, undefined, false],
    [{ a: ["x"], b: ["y"] }, { a: text("x") }, false],
    [{ a: ["x"], b: ["y"] }, { a: text("x"), b: text("y") }, true],
    [{ a: ["X"] }, { a: text("x") }, false],
    [{ a: [{ "equals-ignore-case": "TeNNis" }] }, { a: text("tEnnIS") }, true],
    [{ a: [{ prefix: "bas" }] }, { a: text("baseball") }, true],
    [{ a: [{ prefix: "bas" }] }, { a: text("rugby") }, false],
    [{ a: [{ suffix: "ball" }] }, { a: text("baseball") }, true],
    [{ a: [{ "anything-but": ["rugby", "tennis"] }] }, { a: text("football") }, true],
    [{ a: [{ "anything-but": ["rugby", "tennis"] }] }, { a: text("rugby") }, false],
    [{ a: [{ "anything-but": ["rugby"] }] }, undefined, false],
    [{ a: [{ "anything-but": { prefix: "order-" } }] }, { a: text("order-1") }, false],
    [{ a: [{ "anything-but": { prefix: "order-" } }] }, { a: text("data-1") }, true],
    [{ a: [{ "anything-but": { suffix: "ball" } }] }, { a: text("football") }, false],
    [{ a: [{ "anything-but": [100, 500] }] }, { a: number("101") }, true],
    [{ a: [{ "anything-but": [100, 500] }] }, { a: number("100.0") }, false],
    [{ a: [{ numeric: [">", 0, "<=", 150] }] }, { a: number("150") }, true],
    [{ a: [{ numeric: [">", 0, "<", 150] }] }, { a: number("150") }, false],
    [{ a: [{ numeric: ["=", 301.5] }] }, { a: number("3.015e2") }, true],
    [{ a: [{ numeric: ["=", 1] }] }, { a: text("1") }, false],
    [{ a: [{ exists: true }] }, { a: { type: "Binary", value: Uint8Array.of(1) } }, true],
    [{ a: [{ exists: false }] }, { b: text("x") }, true],
    [{ a: [{ exists: false }] }, { a: text("x") }, false],
    [{ a: [null, { "anything-but": "x" }] }, undefined, true],
    [{ a: ["x"] }, { a: array("w", "x") }, true],
    [{ a: ["x"] }, { a: array("w") }, false],
    [{ a: [7, true, null] }, { a: array("w", 7) }, true],
    [{ a: ["x"] }, { a: { type: "String.Array", value: "[" } }, false],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("10.0.0.255") }, true],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("10.0.1.255") }, false],
    [{ a: ["x"], $or: [{ b: ["1"] }, { c: ["2"] }] }, { a: text("x"), c: text("2") }, true],
    [{ a: ["x"], $or: [{ b: ["1"] }, { c: ["2"] }] }, { a: text("x"), b: text("2") }, false],
  ])("%j and %j: %j", (policy, attributes, taken) => {
    expect(byAttributes(policy, attributes)).toBe(taken);
  });
});

describe("by the body", () => {
  const nested = {
    object: { key: [{ prefix: "auto-" }, "exact"], other: [{ exists: false }] },
    test: [{ exists: false }],
  };
  test.each<[object, unknown, boolean]>([
    [nested, { object: { key: "auto-1" } }, true],
    [nested, { object: { key: "exact" } }, true],
    [nested, { object: { key: "1-auto" } }, false],
    [nested, { object: { key: "auto-1" }, test: "there" }, false],
    [nested, { object: { key: "auto-1", other: "there" } }, false],
    [nested, { object: { test: "auto-1" } }, false],
    [nested, "no JSON", false],
    [nested, '"text"', false],
    [{ "a.b": ["x"] }, { a: { b: "x" } }, true],
    [{ a: { b: ["x"] } }, { "a.b": "x" }, true],
    [{ a: ["x"] }, { a: ["w", "x"] }, true],
    [{ a: { b: ["x"] } }, { a: [{ b: "w" }, { b: "x" }] }, true],
    [{ a: [null] }, { a: null }, true],
    [{ a: [null] }, {}, false],
    [{ a: [1, true] }, { a: true }, true],
    [{ a: [{ numeric: ["<", 5] }] }, { a: 4 }, true],
    [{ a: [{ numeric: ["<", 5] }] }, { a: "4" }, false],
    [{ $or: [{ a: ["x"] }, { b: { c: [{ exists: true }] } }] }, { b: { c: 1 } }, true],
  ])("%j and %j: %j", (policy, body, taken) => {
    expect(byBody(policy, body)).toBe(taken);
  });
});

test.each<[unknown, "MessageAttributes" | "MessageBody", string]>([
  ["{", "MessageAttributes", "failed to parse JSON."],
  [{ a: 1 }, "MessageAttributes", '"a" must be an object or an array'],
  [{ a: [] }, "MessageAttributes", "Empty arrays are not allowed"],
  [
    Object.fromEntries("abcdef".split("").map((key) => [key, ["x"]])),
    "MessageAttributes",
    "Filter policy can not have more than 5 keys",
  ],
  [{ a: Array.from({ length: 151 }, (_, n) => n) }, "MessageAttributes", "Filter policy is too complex"],
  [
    { a: { b: { c: [1, 2, 3, 4] } }, d: { e: [1, 2, 3] }, f: ["x", "y", "z"] },
    "MessageBody",
    "Filter policy is too complex",
  ],
  [{ a: [{ prefix: "x", suffix: "y" }] }, "MessageAttributes", "Only one key allowed in match expression"],
  [{ a: [{ wildcard: "x*" }] }, "MessageAttributes", "Unrecognized match type wildcard"],
  [{ a: [{ prefix: 1 }] }, "MessageAttributes", "prefix match pattern must be a string"],
  [{ a: [{ exists: "yes" }] }, "MessageAttributes", "exists match pattern must be either true or false."],
  [{ a: [["x"]] }, "MessageAttributes", "Match value must be String, number, true, false, or null"],
  [{ a: [{ numeric: [] }] }, "MessageAttributes", "Invalid member in numeric match: ]"],
  [{ a: [{ numeric: ["~", 1] }] }, "MessageAttributes", "Unrecognized numeric range operator: ~"],
  [{ a: [{ numeric: ["=", "1"] }] }, "MessageAttributes", "Value of equals must be numeric"],
  [{ a: [{ numeric: [">", 5, "<", 5] }] }, "MessageAttributes", "Bottom must be less than top"],
  [{ a: [{ numeric: ["<", 5, ">", 1] }] }, "MessageAttributes", "Too many elements in numeric expression"],
  [{ a: [{ cidr: "10.0.0.0" }] }, "MessageAttributes", "Malformed CIDR, one '/' required"],
  [{ a: [{ cidr: "10.0.0/24" }] }, "MessageAttributes", "Nonstandard IP address: 10.0.0"],
  [
    { a: [{ "anything-but": { numeric: ["=", 1] } }] },
    "MessageAttributes",
    "Unsupported anything-but pattern: numeric",
  ],
])("%j is refused", (policy, scope, reason) => {
  const fault = checkFilterPolicy(typeof policy === "string" ? policy : JSON.stringify(policy), scope);
  expect(fault?.startsWith(`FilterPolicy: ${reason}`), fault).toBe(true);
});

test("attributes have nothing inside", () => {
  expect(checkFilterPolicy('{"a":{"b":["x"]}}', "MessageAttributes")).toBe(
    "Filter policy scope MessageAttributes does not support nested filter policy",
  );
});

test("the most that AWS takes is taken", () => {
  const policy = { a: { b: { c: [1, 2, 3, 4] } }, d: { e: [1, 2, 3] } };
  expect(checkFilterPolicy(JSON.stringify(policy), "MessageBody")).toBeUndefined();
  const wide = { a: Array.from({ length: 10 }, (_, n) => n), b: Array.from({ length: 15 }, (_, n) => n) };
  expect(checkFilterPolicy(JSON.stringify(wide), "MessageAttributes")).toBeUndefined();
});
