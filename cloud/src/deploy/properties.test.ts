import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { UNKNOWN } from "./intrinsics.ts";
import { physicalName } from "./physical-name.ts";
import { coerceProperties, compareProperties, findNotHonoured } from "./properties.ts";
import { findSpecification, isPublishedType, specifiedTypes, type ValueType } from "./specification.ts";

const queue = findSpecification("AWS::SQS::Queue")!;
const table = findSpecification("AWS::DynamoDB::Table")!;
const coerce = (properties: Record<string, unknown>, specification = queue) => {
  const problems: string[] = [];
  return { properties: coerceProperties(properties, specification, problems), problems };
};

test("the table is what the installed specification gives", () => {
  const script = fileURLToPath(new URL("../../../scripts/generate-resource-types.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

test("every type in the table can be read, to its depth", () => {
  expect(specifiedTypes().length).toBeGreaterThan(300);
  const kinds = new Set(["string", "number", "integer", "boolean", "json", "list", "map", "structure", "union"]);
  const visit = (type: ValueType, path: string): void => {
    expect(kinds, path).toContain(type.kind);
    if (type.kind === "list" || type.kind === "map") visit(type.element, path);
    if (type.kind === "union") for (const one of type.types) visit(one, path);
    if (type.kind !== "structure" || path.split(".").length > 4) return;
    for (const [name, property] of type.properties()) visit(property.type, `${path}.${name}`);
  };
  for (const type of specifiedTypes())
    for (const [name, property] of findSpecification(type)!.properties) visit(property.type, `${type}.${name}`);
  expect([isPublishedType("AWS::EKS::Cluster"), isPublishedType("AWS::Foo::Bar")]).toEqual([true, false]);
  const keySchema = table.properties.get("KeySchema")!;
  expect([keySchema.required, keySchema.replaces, keySchema.type.kind]).toEqual([true, "always", "union"]);
});

test("values are turned into the specification's types", () => {
  expect(
    coerce({
      DelaySeconds: "30",
      FifoQueue: "true",
      QueueName: 7,
      Tags: [{ Key: "a", Value: 1 }],
      RedrivePolicy: { a: 1 },
    }),
  ).toEqual({
    properties: {
      DelaySeconds: 30,
      FifoQueue: true,
      QueueName: "7",
      Tags: [{ Key: "a", Value: "1" }],
      RedrivePolicy: { a: 1 },
    },
    problems: [],
  });
  expect(coerce({ DelaySeconds: UNKNOWN }).problems).toEqual([]);
});

test("what does not fit is told in the schema check's words, all of it", () => {
  expect(coerce({ DelaySeconds: "soon", FifoQueue: "maybe", Tags: "x", Colour: 1, QueueName: {} }).problems).toEqual([
    "#/DelaySeconds: expected type: Integer, found: String",
    "#/FifoQueue: expected type: Boolean, found: String",
    "#/Tags: expected type: JSONArray, found: String",
    "#: extraneous key [Colour] is not permitted",
    "#/QueueName: expected type: String, found: JSONObject",
  ]);
  expect(coerce({ SSESpecification: {} }, table).problems).toEqual([
    "#: required key [KeySchema] not found",
    "#/SSESpecification: required key [SSEEnabled] not found",
  ]);
});

test("what is not honoured is named, as deep as the tree says", () => {
  const honours = {
    TableName: true,
    KeySchema: true,
    StreamSpecification: { StreamViewType: true },
    TableClass: { harmless: "there is one class here" },
  } as const;
  const given = {
    TableName: "t",
    KeySchema: [],
    StreamSpecification: { StreamViewType: "KEYS_ONLY", ResourcePolicy: {} },
    TableClass: "STANDARD",
    VectorIndexes: [],
  };
  expect(findNotHonoured(given, honours, table)).toEqual({
    refused: ["StreamSpecification.ResourcePolicy", "VectorIndexes"],
    harmless: [{ property: "TableClass", reason: "there is one class here" }],
  });
});

test("changes are found as deep as the specification goes, with what they mean", () => {
  const before = {
    TableName: "a",
    BillingMode: "PROVISIONED",
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
  };
  const after = {
    TableName: "b",
    BillingMode: UNKNOWN,
    ProvisionedThroughput: { ReadCapacityUnits: 2, WriteCapacityUnits: 1 },
  };
  expect(
    compareProperties(before, after, table).map(({ path, requiresRecreation, certain }) => [
      path,
      requiresRecreation,
      certain,
    ]),
  ).toEqual([
    ["TableName", "Always", true],
    ["BillingMode", "Never", false],
    ["ProvisionedThroughput.ReadCapacityUnits", "Never", true],
  ]);
  expect(
    compareProperties(
      before,
      { ...before, ProvisionedThroughput: { WriteCapacityUnits: 1, ReadCapacityUnits: 1 } },
      table,
    ),
  ).toEqual([]);
});

test("generated names are CloudFormation's, cut evenly, the same for the same seed", () => {
  expect(physicalName("stack", "Queue", "seed")).toMatch(/^stack-Queue-[A-Za-z0-9]{12}$/);
  expect(physicalName("stack", "Queue", "seed")).toBe(physicalName("stack", "Queue", "seed"));
  expect(physicalName("Stack", "Bucket", "s", 63, { lowercase: true })).toMatch(/^stack-bucket-[a-z0-9]{12}$/);
  const long = physicalName("a".repeat(100), "b".repeat(100), "s", 64, { suffix: ".fifo" });
  expect([long.length, long.endsWith(".fifo"), long.startsWith("a".repeat(22) + "-" + "b".repeat(23))]).toEqual([
    64,
    true,
    true,
  ]);
  expect(physicalName("s", "b".repeat(100), "s", 64)).toHaveLength(64);
});
