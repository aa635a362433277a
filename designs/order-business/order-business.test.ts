import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-order-business-"));
let cloud: Cloud;
let outputs: Record<string, string>;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app);
  const { stacks } = await cloud.deploy(app.synth().directory);
  outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}, 60_000);

afterAll(async () => {
  await cloud?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function settle(): Promise<void> {
  await cloud.settled();
  await cloud.clock.advance("10 seconds");
  await cloud.settled();
}

async function order(unitPrice: number): Promise<string> {
  const response = await fetch(`${outputs["OrdersUrl"]}orders`, {
    method: "POST",
    body: JSON.stringify({
      customer: "山田 花子",
      email: "hanako@example.jp",
      lines: [{ sku: "tea-01", quantity: 1, unitPrice }],
    }),
  });
  expect(response.status).toBe(201);
  await settle();
  return ((await response.json()) as { id: string }).id;
}

const get = (url: string) => fetch(url).then(async (response) => [response.status, await response.json()] as const);
const statusOf = async (id: string) =>
  ((await get(`${outputs["OrdersUrl"]}orders/${id}`))[1] as { status: string }).status;
const invoiceOf = (id: string) => get(`${outputs["InvoicesUrl"]}invoices/${id}`);

async function mailsTo(address: string): Promise<{ subject: string; text: string }[]> {
  const entries = cloud.inbox.list().filter(({ to }) => to.includes(address));
  return Promise.all(
    entries.map(async ({ id, subject }) => ({ subject, text: (await cloud.inbox.message(id))!.text ?? "" })),
  );
}

async function decide(word: "Approve" | "Reject"): Promise<void> {
  const mail = (await mailsTo("manager@example.jp")).at(-1);
  const link = new RegExp(`${word}: (\\S+)`).exec(mail!.text)![1]!;
  expect((await fetch(link)).status).toBe(200);
  await settle();
}

describe("the application", () => {
  test("a small order is approved by itself, billed and shipped, and the customer told", async () => {
    const id = await order(4800);
    expect(await mailsTo("manager@example.jp")).toEqual([]);
    expect(await statusOf(id)).toBe("shipped");
    expect(await invoiceOf(id)).toEqual([200, expect.objectContaining({ customer: "山田 花子", total: 4800 })]);
    expect((await mailsTo("hanako@example.jp")).map(({ subject }) => subject)).toContain("Your order is on its way");
  });

  test("a large one waits for the manager: nothing is billed or shipped before", async () => {
    const id = await order(250_000);
    expect([await statusOf(id), (await invoiceOf(id))[0]]).toEqual(["received", 404]);
    await decide("Approve");
    expect([await statusOf(id), (await invoiceOf(id))[0]]).toEqual(["shipped", 200]);
  });

  test("a rejected one goes no further, and the customer is told", async () => {
    const id = await order(300_000);
    await decide("Reject");
    expect([await statusOf(id), (await invoiceOf(id))[0]]).toEqual(["received", 404]);
    const newest = (await mailsTo("hanako@example.jp")).at(-1);
    expect(newest!.text).toContain("was rejected");
  });

  test("each night there is a report: a week passes", async () => {
    await cloud.clock.advance("7 days");
    await settle();
    const reports = await mailsTo("owner@example.jp");
    expect(reports).toHaveLength(7);
    expect(reports[0]!.text).toContain("shipped: 2 orders, 254,800 yen");
  });

  test("billing does not find an order: tried, then in its dead-letter queue, told by nobody else", async () => {
    const { Topics: [topic] = [] } = await cloud.call("sns", "ListTopics", {});
    const decision = JSON.stringify({ id: "nowhere", outcome: "approved" });
    await cloud.call("sns", "Publish", { TopicArn: topic!.TopicArn!, Message: JSON.stringify({ decision }) });
    await settle();
    await cloud.clock.advance("30 minutes");
    await cloud.settled();
    const { QueueUrls: urls = [] } = await cloud.call("sqs", "ListQueues", {});
    const letters = await Promise.all(
      urls.map(async (QueueUrl) => {
        const { Attributes = {} } = await cloud
          .client(SQSClient)
          .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }));
        return [QueueUrl, Attributes["ApproximateNumberOfMessages"]] as const;
      }),
    );
    const holding = letters.filter(([, count]) => count !== "0");
    expect(holding).toEqual([[expect.stringMatching(/billing/i), "1"]]);
  });
});

test("cdk-nag's AwsSolutions pack passes", () => {
  const app = new App({ outdir: join(directory, "nag") });
  buildSample(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
}, 60_000);
