import { readFileSync, writeFileSync } from "node:fs";
import { App, Stack } from "aws-cdk-lib";
import { describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { buildDesign } from "./build.ts";
import { DesignError, type DesignDocument } from "./document.ts";
import { designSchema } from "./schema.ts";
import { validateDesign } from "./validate.ts";

const SMALL: DesignDocument = {
  name: "small",
  shapes: {
    orders: { shape: "web-backend", options: { routes: { "GET /orders": "web-backend/handlers/list-orders.ts" } } },
    told: { shape: "event-integration", options: { consumers: { billing: {} } } },
    clock: { shape: "schedule", options: { expression: "rate(1 day)" } },
  },
  joins: [{ from: "orders.tableChanges", to: "told.publisher", transform: { id: "$.dynamodb.Keys.id.S" } }],
};

const changed = (change: (document: Record<string, unknown> & DesignDocument) => object) =>
  validateDesign({ ...SMALL, ...change(structuredClone(SMALL) as never) });

test("the schema for editors says what the code says", () => {
  const path = packagePath("design.schema.json");
  const text = `${JSON.stringify(designSchema(), null, 2)}\n`;
  if (process.env["KATACHI_WRITE_SCHEMA"]) writeFileSync(path, text);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(text));
});

describe("a document", () => {
  test("is built: shapes, joins, outputs", () => {
    const stack = new Stack(new App(), "small");
    const design = buildDesign(stack, SMALL, { root: packagePath(".") });
    expect(validateDesign(SMALL)).toEqual([]);
    expect(Object.keys(design.shapes)).toEqual(["orders", "told", "clock"]);
    expect(design.joins.map(({ glue }) => glue)).toEqual(["EventBridge pipe"]);
  });

  test.each<[string, (document: DesignDocument) => object, string, RegExp]>([
    ["no name", () => ({ name: undefined }), "$", /^name is missing; add it/],
    ["a word too many", () => ({ shaeps: {} }), "$.shaeps", /^is not known here; allowed: .*shapes/],
    [
      "an unknown shape",
      () => ({ shapes: { a: { shape: "web" } } }),
      "$.shapes.a.shape",
      /^is "web"; allowed: web-backend/,
    ],
    [
      "an unknown option",
      () => ({
        shapes: { ...SMALL.shapes, clock: { shape: "schedule", options: { expression: "rate(1 day)", zone: "UTC" } } },
      }),
      "$.shapes.clock.options.zone",
      /^is not known here; allowed: expression, timeZone, flexibleWindowMinutes/,
    ],
    [
      "a wrong option",
      () => ({ shapes: { ...SMALL.shapes, clock: { shape: "schedule", options: { expression: "daily" } } } }),
      "$.shapes.clock.options.expression",
      /^is "daily"; it must match pattern/,
    ],
    [
      "a missing shape",
      () => ({ joins: [{ from: "order.tableChanges", to: "told.publisher" }] }),
      "$.joins[0].from",
      /there is no shape "order"; there are: orders, told, clock/,
    ],
    [
      "a missing sink",
      () => ({ joins: [{ from: "orders.tableChanges", to: "told.queue" }] }),
      "$.joins[0].to",
      /has no sink "queue"; allowed: told.publisher/,
    ],
    [
      "a pair without glue",
      () => ({ joins: [{ from: "told.notifications", to: "told.publisher" }] }),
      "$.joins[0]",
      /a topic cannot subscribe to a topic. What works: /,
    ],
    [
      "a filter where there is none",
      () => ({ joins: [{ from: "clock.ticks", to: "told.publisher", filter: { a: [1] } }] }),
      "$.joins[0].filter",
      /has no filter; take it out/,
    ],
  ])("%s", (_name, change, path, message) => {
    expect(changed(change)).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  test.each<[object, RegExp]>([
    [
      { function: "told.shipping", resource: "orders.table", access: "read", as: "T" },
      /\$\.grants\[0\]\.function: is "told.shipping"; allowed: none, told has none/,
    ],
    [
      { function: "orders.GET /orders", resource: "orders.bucket", access: "read", as: "T" },
      /\.resource: is "orders.bucket"; allowed: orders.table/,
    ],
    [
      { function: "orders.GET /orders", resource: "told.topic", access: "read", as: "T" },
      /\.access: is "read"; allowed: publish/,
    ],
  ])("a grant of what is not there: %o", (grant, message) => {
    const build = () =>
      buildDesign(new Stack(new App(), "small"), { ...SMALL, grants: [grant as never] }, { root: packagePath(".") });
    expect(build).toThrow(DesignError);
    expect(build).toThrow(message);
  });
});
