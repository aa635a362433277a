import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeAlarmsCommand, CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { EventIntegration } from "./construct.ts";
import { type DemoInput, doneBy, ORDERS, place, runDemo } from "./demo.ts";
import type { Order } from "./handlers/order.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-event-integration-"));
const billing = packagePath("event-integration/handlers/billing.ts");
let cloud: Cloud;
let sqs: SQSClient;
let lambda: LambdaClient;
let standard: Deployed;

interface Deployed extends DemoInput {
  readonly output: (key: string) => string;
}

async function deploy(app: App): Promise<Deployed> {
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map((stack) => stack.status)).toEqual(["CREATE_COMPLETE"]);
  const output = (key: string) => stacks[0]!.outputs.find((each) => each.key === key)!.value;
  return {
    output,
    lambda,
    dynamodb: cloud.client(DynamoDBClient),
    placeOrderFunction: output("PlaceOrderFunction"),
    ledgerTable: output("LedgerTable"),
    settled: () => cloud.settled(),
  };
}

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  sqs = cloud.client(SQSClient);
  lambda = cloud.client(LambdaClient, { maxAttempts: 12 });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app);
  standard = await deploy(app);
}, 60_000);

afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

const [PARCEL] = ORDERS as [Order, ...Order[]];
const orders = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n): Order => ({ ...PARCEL, id: `${prefix}-${n}` }));
const idsOf = (done: Map<string, unknown>, prefix: string) =>
  [...done.keys()].filter((id) => id.startsWith(`${prefix}-`)).length;

async function attributes(QueueUrl: string): Promise<Record<string, string>> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  return Attributes!;
}
const waiting = async (url: string) => Number((await attributes(url))["ApproximateNumberOfMessages"]);

/** Moves what was given up back to where it came from. */
async function redrive(deadLetters: string): Promise<void> {
  const { QueueArn } = await attributes(deadLetters);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: QueueArn }));
  await cloud.clock.advance("1 minute");
  await cloud.settled();
}

describe("the demo", () => {
  test("orders fan out to billing and shipping, each filtered", async () => {
    const done = await runDemo(standard);
    expect([...done.billing.keys()].toSorted()).toEqual(["2026-0001", "2026-0002", "2026-0003"]);
    expect(done.billing.get("2026-0001")).toMatchObject({ yen: 6200, customer: "山田 花子" });
    expect(done.billing.get("2026-0002")).toMatchObject({ yen: 4280 });
    expect([...done.shipping.keys()].toSorted()).toEqual(["2026-0001", "2026-0002"]);
    expect(done.shipping.get("2026-0002")!.label).toBe("LETTER Zoë Müller\nHauptstraße 5, 10115 Berlin");
  });
});

describe("what fails", () => {
  test("one bad message in ten: nine are done, it is retried to its maximum, kept, and redriven after the fix", async () => {
    const batch = orders("ten", 10).map((order, n) => (n === 4 ? { ...order, currency: "USD" } : order));
    for (const order of batch) await place(standard, order);
    await cloud.settled();
    expect(idsOf(await doneBy(standard, "billing"), "ten")).toBe(9);
    await cloud.clock.advance("10 minutes");
    await cloud.settled();
    const deadLetters = standard.output("billingDeadLetters");
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: deadLetters, MessageSystemAttributeNames: ["All"], VisibilityTimeout: 0 }),
    );
    expect(Messages.map(({ Body }) => (JSON.parse(Body!) as Order).id)).toEqual(["ten-4"]);
    expect(Number(Messages[0]!.Attributes!["ApproximateReceiveCount"])).toBeGreaterThan(5);
    const { MetricAlarms = [] } = await cloud
      .client(CloudWatchClient)
      .send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
    expect(MetricAlarms.map(({ AlarmDescription }) => AlarmDescription)).toEqual([
      "event-integration/Orders: billing gave a message up",
    ]);

    const RATES = JSON.stringify({ JPY: 1, EUR: 171.2, USD: 148.5 });
    const Variables = { RATES, LEDGER_TABLE: standard.ledgerTable, CONSUMER: "billing" };
    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: standard.output("billingFunction"),
        Environment: { Variables },
      }),
    );
    await redrive(deadLetters);
    expect((await doneBy(standard, "billing")).get("ten-4")).toMatchObject({ yen: 920_700 });
    expect(await waiting(deadLetters)).toBe(0);
  });

  test("a consumer that is down for an hour loses nothing; its backlog is drained", async () => {
    const { EventSourceMappings = [] } = await lambda.send(
      new ListEventSourceMappingsCommand({ FunctionName: standard.output("billingFunction") }),
    );
    const { UUID } = EventSourceMappings[0]!;
    const enable = (Enabled: boolean) => lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    await enable(false);
    await cloud.settled();
    for (const order of orders("down", 60)) await place(standard, order);
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    expect(idsOf(await doneBy(standard, "billing"), "down")).toBe(0);
    expect(idsOf(await doneBy(standard, "shipping"), "down")).toBe(60);
    expect(await waiting(standard.output("billingQueue"))).toBe(60);
    await enable(true);
    await cloud.settled();
    expect(idsOf(await doneBy(standard, "billing"), "down")).toBe(60);
    expect(await waiting(standard.output("billingQueue"))).toBe(0);
  });

  test("what comes twice has one effect", async () => {
    const [order] = orders("twice", 1) as [Order];
    await place(standard, order);
    await cloud.settled();
    const first = (await doneBy(standard, "billing")).get(order.id)!;
    await cloud.clock.advance("1 minute");
    await place(standard, order);
    const QueueUrl = standard.output("billingQueue");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(order) }));
    await cloud.settled();
    expect((await doneBy(standard, "billing")).get(order.id)).toEqual(first);
    expect(await waiting(QueueUrl)).toBe(0);
  });

  test("10 % throttled and 5 % failing calls lose nothing", async () => {
    cloud.faults.add({ match: "*", error: "ThrottlingException", rate: 0.1 });
    cloud.faults.add({ match: "*", error: "InternalError", rate: 0.05 });
    const placed = orders("faulty", 40);
    for (const order of placed)
      while (
        !(await place(standard, order).then(
          () => true,
          () => false,
        ))
      );
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    cloud.faults.clear();
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    for (const consumer of ["billing", "shipping"]) {
      await redrive(standard.output(`${consumer}DeadLetters`));
      expect(idsOf(await doneBy(standard, consumer), "faulty"), consumer).toBe(placed.length);
    }
  }, 60_000);
});

test("FIFO: the messages of a group come in their order, each once", async () => {
  const app = new App({ outdir: join(directory, "fifo.out") });
  const environment = { RATES: JSON.stringify({ JPY: 1 }) };
  buildSample(app, { fifo: true, consumers: { billing: { handler: billing, environment }, audit: {} } }, "fifo");
  const fifo = await deploy(app);
  const placed = Array.from({ length: 10 }, (_, n): Order => ({ ...PARCEL, id: `n${n}`, customer: `c${n % 2}` }));
  for (const order of placed) await place(fifo, order);
  await place(fifo, placed[0]!);
  await cloud.settled();
  expect([...(await doneBy(fifo, "billing")).keys()].toSorted()).toEqual(placed.map(({ id }) => id));
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: fifo.output("auditQueue"), MaxNumberOfMessages: 10 }),
  );
  const seen = Messages.map(({ Body }) => JSON.parse(Body!) as Order);
  const of = (customer: string) => seen.filter((order) => order.customer === customer).map(({ id }) => id);
  expect(of("c0")).toEqual(["n0", "n2", "n4", "n6", "n8"]);
  expect(of("c1")).toEqual(["n1", "n3", "n5", "n7", "n9"]);
  await cloud.clock.advance("2 minutes");
  expect(await waiting(fifo.output("auditQueue"))).toBe(10);
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag.out") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  test("props out of range are refused, all at once; a consumer that is not there is named", () => {
    const make = (consumers: ConstructorParameters<typeof EventIntegration>[2]["consumers"]) =>
      new EventIntegration(new Stack(new App(), "s"), "E", { consumers });
    expect(() => make({})).toThrow("consumers is empty: name at least one");
    expect(() => make({ "Bill-ing": { handler: billing, batchSize: 11, maxAttempts: 0, maxConcurrency: 1 } })).toThrow(
      /consumer "Bill-ing"; allowed: .*; batchSize of Bill-ing is 11; allowed: 1 to 10; maxAttempts .*0; .*maxConcurrency of Bill-ing is 1; allowed: 2 to 1000/,
    );
    expect(() => make({ audit: {} }).messages("billing")).toThrow('has no consumer "billing"; there are: audit');
  });
});
