import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Duration, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlowApi, type FlowApiProps } from "./construct.ts";
import { fillShop, runDemo } from "./demo.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-flow-api-"));
let cloud: Cloud;
let url: string;
let ProductsTable: string;
let OrdersTable: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app);
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map((stack) => stack.status)).toEqual(["CREATE_COMPLETE"]);
  const output = (key: string) => stacks[0]!.outputs.find((each) => each.key === key)!.value;
  url = output("Url").replace(/\/$/, "");
  ProductsTable = output("ProductsTable");
  OrdersTable = output("OrdersTable");
  await fillShop(cloud.client(DynamoDBClient), ProductsTable);
}, 60_000);

afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

async function stockOf(id: string): Promise<string | undefined> {
  const { Item } = await cloud
    .client(DynamoDBClient)
    .send(new GetItemCommand({ TableName: ProductsTable, Key: { id: { S: id } } }));
  return Item?.["stock"]?.N;
}

async function orders(): Promise<(string | undefined)[]> {
  const { Items = [] } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: OrdersTable }));
  return Items.map((item) => item["status"]?.S);
}

/** The states that were entered since a moment, in order. */
async function statesSince(startTime: number): Promise<string[]> {
  await cloud.settled();
  const logs = cloud.client(CloudWatchLogsClient);
  const { logGroups = [] } = await logs.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/vendedlogs/states/flow-api" }),
  );
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: logGroups[0]!.logGroupName!, startTime }),
  );
  return events
    .map(({ message }) => JSON.parse(message!) as { id: string; type: string; details: { name?: string } })
    .filter(({ type }) => type.endsWith("StateEntered"))
    .map(({ details }) => details.name!);
}

const post = (path: string, body: unknown) =>
  fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("the demo", () => {
  test("a page from four sources in one call, an order, and one that is undone", async () => {
    const steps = await runDemo(url);
    expect(steps.map((step) => step.status)).toEqual([200, 200, 200, 402, 400]);
    expect(steps[0]!.body).toEqual({
      id: "tea-01",
      name: "煎茶",
      price: 1200,
      recommendations: ["cup-02", "pot-03"],
      reviews: [{ stars: 5, text: "良い tea-01" }],
      shipping: { days: 2, price: 500 },
      missing: [],
    });
    expect(steps[2]!.body).toMatchObject({ status: "confirmed", paymentId: expect.stringMatching(/^p-/) });
    expect(await stockOf("tea-01")).toBe("3");
    expect((await orders()).sort()).toEqual(["cancelled", "confirmed"]);
  }, 30_000);
});

describe("what fails", () => {
  test("a slow API, a slow function: 200 after the timeout, the part marked missing", async () => {
    const reviews = await fetch(`${url}/products/slow-reviews`);
    expect([reviews.status, await reviews.json()]).toEqual([
      200,
      expect.objectContaining({ reviews: null, missing: ["reviews"], shipping: { days: 2, price: 500 } }),
    ]);
    const recommend = await fetch(`${url}/products/slow`);
    expect([recommend.status, await recommend.json()]).toEqual([
      200,
      expect.objectContaining({ recommendations: null, missing: ["recommendations"] }),
    ]);
  }, 30_000);

  test("a failed payment: the steps before are undone, the last first", async () => {
    const before = await stockOf("tea-01");
    const startTime = cloud.clock.now();
    const response = await post("/orders", { productId: "tea-01", quantity: 1, card: "declined" });
    expect([response.status, await response.json()]).toEqual([
      402,
      { title: "PaymentDeclined", status: 402, detail: "The payment was declined; nothing was ordered." },
    ]);
    expect(await stockOf("tea-01")).toBe(before);
    expect(await statesSince(startTime)).toEqual([
      "Note the order",
      "Reserve the goods",
      "Take the money",
      "Give the goods back",
      "Cancel the order",
      "What failed",
      "Payment declined",
    ]);
  });

  test("sold out: 409, only what was done is undone", async () => {
    const startTime = cloud.clock.now();
    const response = await post("/orders", { productId: "tea-01", quantity: 100, card: "4242" });
    expect([response.status, await response.json()]).toEqual([
      409,
      expect.objectContaining({ title: "SoldOut", detail: "There are not enough of tea-01" }),
    ]);
    expect(await statesSince(startTime)).not.toContain("Give the goods back");
  });

  test("bad input: 400 that says what is wrong, and no flow begins", async () => {
    const startTime = cloud.clock.now();
    const count = (await orders()).length;
    for (const body of [{ productId: "tea-01" }, { productId: "", quantity: 0, card: "x" }]) {
      const response = await post("/orders", body);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ title: "Invalid request", status: 400, detail: "Invalid request body" });
      expect(response.headers.get("x-validation-error")).toContain("quantity");
    }
    expect(await statesSince(startTime)).toEqual([]);
    expect(await orders()).toHaveLength(count);
  });

  test("no such product: 404 with a problem document", async () => {
    const response = await fetch(`${url}/products/no%22thing`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json()).toEqual({ title: "NotFound", status: 404, detail: 'There is no product no"thing' });
  });
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  }, 60_000);

  test("wrong props are refused at synth", () => {
    const build = (props: FlowApiProps) => new FlowApi(new Stack(), "Shop", props);
    expect(() => build({ routes: {} })).toThrow(/Shop: routes is empty/);
    expect(() => build({ routes: { "FETCH /x": { definition: {} } }, timeout: Duration.seconds(60) })).toThrow(
      /routes has the key "FETCH \/x"; .*timeout is 60 s; allowed: 1 to 29 s/,
    );
  });
});
