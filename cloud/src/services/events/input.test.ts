import { expect, test } from "vitest";
import type { BridgeEvent } from "./event.ts";
import { fill, inputFault, inputOf } from "./input.ts";
import { parsePath } from "../../outbound/json-path.ts";

const EVENT: BridgeEvent = {
  version: "0",
  id: "e-1",
  "detail-type": "Order",
  source: "shop",
  account: "000000000000",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: ["arn:1", "arn:2"],
  detail: {
    name: 'O"Neill',
    count: 3,
    ok: true,
    none: null,
    tags: ["a", "b"],
    "a-b": { c_d: 1 },
    items: [{ id: 1 }, { id: 2 }],
  },
};
const ORIGIN = { ruleArn: "arn:rule", ruleName: "orders", ingestionTime: "2026-01-01T00:00:01Z" };
const { detail: _, ...HEAD } = EVENT;

const PATHS: [path: string, value: unknown][] = [
  ["$", EVENT],
  ["$.detail-type", "Order"],
  ["$.detail.a-b.c_d", 1],
  ["$.detail.tags[1]", "b"],
  ["$.detail.tags[7]", undefined],
  ["$.detail.items[*].id", [1, 2]],
  ["$.detail.items[0]", { id: 1 }],
  ["$.detail.none", null],
  ["$.nothing.at.all", undefined],
];
test.each(PATHS)("the path %s", (path, value) => {
  expect(parsePath(path)!(EVENT)).toEqual(value);
});

test("what is no path", () => {
  for (const text of ["", "detail", "$detail", "$.", "$.a[", "$.a[x]", "$..a"])
    expect(parsePath(text), text).toBe(undefined);
});

const VARIABLES = {
  name: "$.detail.name",
  count: "$.detail.count",
  ok: "$.detail.ok",
  none: "$.detail.none",
  tags: "$.detail.tags",
  part: "$.detail.a-b",
  gone: "$.detail.gone",
  type: "$.detail-type",
};
const TEMPLATES: [template: string, text: string][] = [
  // A value stands as JSON where there are no quotes around it …
  ['{"name": <name>, "n": <count>, "ok": <ok>}', '{"name": "O\\"Neill", "n": 3, "ok": true}'],
  ['{"tags": <tags>, "part": <part>}', '{"tags": ["a","b"], "part": {"c_d":1}}'],
  // … and as text inside of a string, also an escaped one.
  ['{"text": "<type> of <count>, ok: <ok>"}', '{"text": "Order of 3, ok: true"}'],
  ['{"text": "by <name>"}', '{"text": "by O\\"Neill"}'],
  ['{"text": "a \\"<type>\\" one"}', '{"text": "a \\"Order\\" one"}'],
  // Objects and lists inside a string lose their quotes.
  ['{"text": "got <part> and <tags>"}', '{"text": "got {c_d:1} and [a,b]"}'],
  // What the event does not have is empty.
  ['{"a": <gone>, "b": "<gone>"}', '{"a": "", "b": ""}'],
  // Templates that are a string.
  ['"<type> no. <count> of <name>"', '"Order no. 3 of O\\"Neill"'],
  ["<type> no. <count>", "Order no. 3"],
  ['"<type>"\n"<count>"', '"Order"\n"3"'],
  // Predefined variables.
  ['{"rule": <aws.events.rule-arn>, "name": "<aws.events.rule-name>"}', '{"rule": "arn:rule", "name": "orders"}'],
  ['{"at": <aws.events.event.ingestion-time>}', '{"at": "2026-01-01T00:00:01Z"}'],
  ['{"event": <aws.events.event.json>}', `{"event": ${JSON.stringify(EVENT)}}`],
  ['{"event": <aws.events.event>}', `{"event": ${JSON.stringify(HEAD)}}`],
];
test.each(TEMPLATES)("the template %s", (InputTemplate, text) => {
  expect(fill({ InputPathsMap: VARIABLES, InputTemplate }, EVENT, ORIGIN)).toBe(text);
});

test("a constant, a part, the whole event", () => {
  const of = (target: object) => inputOf({ Id: "1", Arn: "a", ...target }, EVENT, JSON.stringify(EVENT), ORIGIN);
  expect(of({})).toBe(JSON.stringify(EVENT));
  expect(of({ Input: '{"constant":1}' })).toBe('{"constant":1}');
  expect(of({ InputPath: "$.detail.tags" })).toBe('["a","b"]');
  expect(of({ InputPath: "$.detail.name" })).toBe('"O\\"Neill"');
  expect(of({ InputPath: "$.gone" })).toBe("{}");
});

const FAULTS: [target: object, fault: RegExp | undefined][] = [
  [{ Input: "{" }, /^JSON syntax error in input for target 1\.$/],
  [{ Input: '"text"' }, undefined],
  [{ InputPath: "detail" }, /^Invalid InputPath for target 1\.$/],
  [
    { Input: "1", InputPath: "$" },
    /^Only one of Input, InputPath, or InputTransformer must be provided for target 1\.$/,
  ],
  [{ InputTransformer: { InputTemplate: "<what>" } }, /invalid placeholder what/],
  [{ InputTransformer: { InputPathsMap: { "AWS.x": "$.a" }, InputTemplate: "1" } }, /reserved/],
  [{ InputTransformer: { InputPathsMap: { a: "a" }, InputTemplate: "<a>" } }, /is no JSON path/],
  [
    { InputTransformer: { InputPathsMap: { a: "$.a" }, InputTemplate: '{"a": <a>' } },
    /^Invalid InputTemplate for target 1 : /,
  ],
  [{ InputTransformer: { InputPathsMap: { a: "$.a" }, InputTemplate: '{"a": <a>, "b": "<a>"}' } }, undefined],
];
test.each(FAULTS)("what is wrong with %j", (target, fault) => {
  const found = inputFault({ Id: "1", Arn: "a", ...target });
  if (fault) expect(found).toMatch(fault);
  else expect(found).toBe(undefined);
});
