import { expect, test } from "vitest";
import { cidrSubnets } from "./cidr.ts";
import { containsUnknown, evaluate, evaluateCondition, UNKNOWN, type Environment } from "./intrinsics.ts";

const VALUES: Record<string, unknown> = {
  Name: "orders",
  List: ["a", "b"],
  "AWS::Region": "eu-west-1",
  Later: UNKNOWN,
};
const env: Environment = {
  mappings: { Sizes: { prod: { count: 3, names: ["x", "y"] } } },
  region: "eu-west-1",
  languageExtensions: true,
  ref: (name) => {
    if (!(name in VALUES)) throw new Error(`no ${name}`);
    return VALUES[name];
  },
  getAtt: (id, attribute) => (id === "Later" ? UNKNOWN : `${id}/${attribute}`),
  condition: (name) => name === "Yes",
  importValue: (name) => `imported ${name}`,
};
const plain: Environment = { ...env, languageExtensions: false };

test.each<[unknown, unknown]>([
  [{ Ref: "Name" }, "orders"],
  [{ "Fn::GetAtt": ["A", "Endpoint.Address"] }, "A/Endpoint.Address"],
  [{ "Fn::GetAtt": "A.Endpoint.Address" }, "A/Endpoint.Address"],
  [{ "Fn::GetAtt": ["A", { Ref: "Name" }] }, "A/orders"],
  [{ "Fn::Sub": "${Name}-${AWS::Region}-${A.Arn}-${!Name}-$x" }, "orders-eu-west-1-A/Arn-${Name}-$x"],
  [{ "Fn::Sub": ["${x}${Name}", { x: { Ref: "Name" } }] }, "ordersorders"],
  [{ "Fn::Sub": "${List}" }, "a,b"],
  [{ "Fn::Join": ["-", ["a", 1, { Ref: "Name" }]] }, "a-1-orders"],
  [{ "Fn::Join": [",", { Ref: "List" }] }, "a,b"],
  [{ "Fn::Select": ["1", { Ref: "List" }] }, "b"],
  [{ "Fn::Split": ["|", "a||b"] }, ["a", "", "b"]],
  [{ "Fn::If": ["Yes", 1, 2] }, 1],
  [
    { a: 1, b: { Ref: "AWS::NoValue" }, c: [{ Ref: "AWS::NoValue" }, 2] },
    { a: 1, c: [2] },
  ],
  [{ "Fn::If": ["No", 1, { Ref: "Name" }] }, "orders"],
  [{ "Fn::FindInMap": ["Sizes", "prod", "count"] }, 3],
  [{ "Fn::FindInMap": ["Sizes", "prod", "names"] }, ["x", "y"]],
  [{ "Fn::FindInMap": ["Sizes", "test", "count", { DefaultValue: 7 }] }, 7],
  [{ "Fn::Base64": "héllo" }, "aMOpbGxv"],
  [{ "Fn::GetAZs": "" }, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]],
  [{ "Fn::ImportValue": { "Fn::Sub": "${Name}-arn" } }, "imported orders-arn"],
  [{ "Fn::Cidr": ["10.0.0.0/16", 3, 8] }, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]],
  [{ "Fn::Length": { Ref: "List" } }, 2],
  [{ "Fn::ToJsonString": { a: [1, { Ref: "Name" }] } }, '{"a":[1,"orders"]}'],
  // A policy's own Condition is no function.
  [
    { Effect: "Allow", Condition: { StringEquals: { a: { Ref: "Name" } } } },
    { Effect: "Allow", Condition: { StringEquals: { a: "orders" } } },
  ],
])("%j", (expression, expected) => {
  expect(evaluate(expression, env)).toEqual(expected);
});

test.each<[unknown, string]>([
  [{ "Fn::Nonsense": 1 }, "Template error: function Fn::Nonsense is not a valid template function"],
  [{ "Fn::Select": [5, ["a"]] }, "Template error: Fn::Select  cannot select nonexistent value at index 5"],
  [
    { "Fn::Select": ["x", ["a"]] },
    "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
  ],
  [
    { "Fn::Join": ["a"] },
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
  ],
  [
    { "Fn::Split": ["", "a"] },
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.",
  ],
  [{ "Fn::FindInMap": ["Sizes", "test", "count"] }, "Template error: Unable to get mapping for Sizes::test::count"],
  [
    { "Fn::FindInMap": ["None", "a", "b"] },
    "Template error: Mapping named 'None' is not present in the 'Mappings' section of template.",
  ],
  [
    { "Fn::GetAtt": ["A", ""] },
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
  ],
  [
    { "Fn::Sub": "${a-b}" },
    "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
  ],
  [
    { "Fn::Sub": ["x"] },
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
  ],
  [{ "Fn::Transform": { Name: "Mine" } }, "Katachi does not emulate the transform Mine"],
  [{ "Fn::Length": [1] }, "Template error: Fn::Length requires the transform AWS::LanguageExtensions"],
])("refused: %j", (expression, expected) => {
  expect(() => evaluate(expression, plain)).toThrow(expected);
});

test("what is unknown yet spreads, and nothing else does", () => {
  const value = evaluate(
    {
      a: { "Fn::Join": ["", ["x", { Ref: "Later" }]] },
      b: { "Fn::Sub": "${Later.Arn}" },
      c: { "Fn::Select": [0, { "Fn::Split": [":", { Ref: "Later" }] }] },
      d: "known",
    },
    env,
  ) as Record<string, unknown>;
  expect(value).toEqual({ a: UNKNOWN, b: UNKNOWN, c: UNKNOWN, d: "known" });
  expect([containsUnknown(value), containsUnknown({ d: ["known"] })]).toEqual([true, false]);
});

test("conditions compare texts, and know each other", () => {
  const holds = (expression: unknown) => evaluateCondition(expression, env);
  expect(holds({ "Fn::Equals": [true, "true"] })).toBe(true);
  expect(holds({ "Fn::Equals": [{ Ref: "Name" }, "Orders"] })).toBe(false);
  expect(holds({ "Fn::And": [{ Condition: "Yes" }, { "Fn::Not": [{ Condition: "No" }] }] })).toBe(true);
  expect(holds({ "Fn::Or": [{ Condition: "No" }, { "Fn::Equals": [1, 2] }] })).toBe(false);
  expect(() => holds({ "Fn::And": [{ Condition: "Yes" }] })).toThrow(
    "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
  );
});

test.each<[string, number, number | undefined, string[] | undefined]>([
  [
    "192.168.0.0/24",
    6,
    5,
    ["192.168.0.0/27", "192.168.0.32/27", "192.168.0.64/27", "192.168.0.96/27", "192.168.0.128/27", "192.168.0.160/27"],
  ],
  ["10.1.2.3/16", 1, undefined, ["10.1.0.0/24"]],
  ["2001:db8::/56", 2, undefined, ["2001:db8::/64", "2001:db8:0:1::/64"]],
  ["10.0.0.0/24", 2, 8, undefined],
  ["10.0.0.0/16", 257, 2, undefined],
  ["nonsense", 1, 8, undefined],
])("Fn::Cidr %s %d %s", (block, count, bits, expected) => {
  expect(cidrSubnets(block, count, bits)).toEqual(expected);
});
