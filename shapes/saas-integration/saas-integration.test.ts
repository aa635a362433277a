import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  ListArchivesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
} from "@aws-sdk/client-eventbridge";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SaasIntegration, type SaasIntegrationProps } from "./construct.ts";
import { type DemoInput, runDemo, send, signed, type Webhook, WEBHOOKS } from "./demo.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-saas-integration-"));
const [github, stripe, shopify] = WEBHOOKS as [Webhook, Webhook, Webhook];
let cloud: Cloud;
let outputs: Record<string, string>;
let demo: DemoInput;
let seenQueue: string;

/** The accounting service: gives tokens, takes entries. */
let accounting: Server;
let entries: { authorization: string; body: unknown }[] = [];
let tokens = 0;
/** How entries are answered; undefined: not at all. */
let answer: (authorization: string) => number | undefined;

beforeAll(async () => {
  accounting = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      if (request.url === "/token") {
        response.setHeader("content-type", "application/json");
        return response.end(
          JSON.stringify({ access_token: `token-${++tokens}`, token_type: "Bearer", expires_in: 3600 }),
        );
      }
      const { authorization = "" } = request.headers;
      const status = answer(authorization);
      if (status === undefined) return;
      if (status === 200) entries.push({ authorization, body: JSON.parse(body) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((listening) => accounting.listen(0, "127.0.0.1", listening));
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const app = new App({ outdir: join(directory, "out") });
  buildSample(app, { address: `http://127.0.0.1:${(accounting.address() as AddressInfo).port}` });
  const { stacks } = await cloud.deploy(app.synth().directory);
  outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
  const secretOf = async (provider: string) => {
    const SecretId = outputs[`${provider}Secret`]!;
    return (await cloud.client(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId }))).SecretString!;
  };
  const secrets = Object.fromEntries(
    await Promise.all(["github", "stripe", "shopify"].map(async (name) => [name, await secretOf(name)] as const)),
  );
  demo = { url: outputs["Url"]!, secrets, now: () => cloud.clock.now() };
  seenQueue = await watchBus();
}, 60_000);

afterAll(async () => {
  await cloud?.close();
  accounting.close();
  accounting.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  entries = [];
  answer = () => 200;
});

/** A queue that is given every event of the bus. */
async function watchBus(): Promise<string> {
  const sqs = cloud.client(SQSClient);
  const events = cloud.client(EventBridgeClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "seen" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const QueueArn = Attributes!["QueueArn"]!;
  const Statement = [
    { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage", Resource: QueueArn },
  ];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const EventBusName = outputs["BusName"]!;
  const EventPattern = JSON.stringify({ source: [{ prefix: "webhook." }] });
  await events.send(new PutRuleCommand({ Name: "seen", EventBusName, EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: "seen", EventBusName, Targets: [{ Id: "q", Arn: QueueArn }] }));
  return QueueUrl!;
}

/** What came on the bus since the last look, as text. */
async function onBus(): Promise<string[]> {
  await cloud.settled();
  const sqs = cloud.client(SQSClient);
  const texts: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: seenQueue, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return texts;
    texts.push(...Messages.map(({ Body }) => Body!));
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: seenQueue,
        Entries: Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })),
      }),
    );
  }
}

async function deadLetters(): Promise<number> {
  const { Attributes = {} } = await cloud.client(SQSClient).send(
    new GetQueueAttributesCommand({
      QueueUrl: outputs["DeadLetters"]!,
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Number(Attributes["ApproximateNumberOfMessages"]);
}

const another = (webhook: Webhook, id: string): Webhook => ({
  ...webhook,
  id,
  ...(webhook.provider === "stripe" ? { body: { ...(webhook.body as object), id } } : {}),
});

describe("the demo", () => {
  test("webhooks of three services become events of one form; the accounting service is told with OAuth", async () => {
    expect(await runDemo(demo)).toEqual([202, 202, 202]);
    const seen = (await onBus()).map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(seen.toSorted((a, b) => String(a["source"]).localeCompare(String(b["source"])))).toMatchObject([
      {
        source: "webhook.github",
        "detail-type": "issues.opened",
        detail: { subject: "octo-org/注文管理#7", at: "2026-05-15T15:20:18.000Z", body: { action: "opened" } },
      },
      { source: "webhook.shopify", "detail-type": "orders/create", detail: { amount: 12350, currency: "EUR" } },
      { source: "webhook.stripe", "detail-type": "invoice.paid", detail: { amount: 6600, currency: "JPY" } },
    ]);
    expect(entries.map(({ body }) => body)).toEqual(
      expect.arrayContaining([
        {
          reference: stripe.id,
          what: "invoice.paid",
          of: "in_1MtHbELkdIwHu7ixl4OzzPMv",
          amount: 6600,
          currency: "JPY",
        },
        {
          reference: shopify.id,
          what: "orders/create",
          of: "gid://shopify/Order/820982911946154508",
          amount: 12350,
          currency: "EUR",
        },
      ]),
    );
    expect(entries).toHaveLength(2);
    expect(entries.every(({ authorization }) => /^Bearer token-\d+$/.test(authorization))).toBe(true);
  }, 60_000);
});

describe("what fails", () => {
  test("a forged, missing or stale signature: 401, and nothing on the bus", async () => {
    const url = `${demo.url.replace(/\/$/, "")}/webhooks`;
    const forged = { ...demo, secrets: { github: "x", stripe: "x", shopify: "x" } };
    for (const webhook of WEBHOOKS) {
      const fresh = another(webhook, `forged-${webhook.provider}`);
      expect((await send(forged, fresh)).status).toBe(401);
      expect((await fetch(`${url}/${webhook.provider}`, { method: "POST", body: "{}" })).status).toBe(401);
    }
    const early = Math.floor(cloud.clock.now() / 1000) - 301;
    const stale = signed(another(stripe, "evt_stale"), demo.secrets["stripe"]!, early);
    expect((await fetch(`${url}/stripe`, { method: "POST", ...stale })).status).toBe(401);
    const changed = signed(another(github, "changed"), demo.secrets["github"]!, 0);
    changed.body = changed.body.replace("opened", "closed");
    expect((await fetch(`${url}/github`, { method: "POST", ...changed })).status).toBe(401);
    expect((await fetch(`${url}/unknown`, { method: "POST", body: "{}" })).status).toBe(404);
    expect(await onBus()).toEqual([]);
  });

  test("a signed body that is no such webhook: 400; one that is too large: 413", async () => {
    expect(
      (await send(demo, { ...github, id: "no-repository", body: { zen: "Anything added dilutes." } })).status,
    ).toBe(400);
    const body = { ...(github.body as object), filler: "x".repeat(300_000) };
    expect((await send(demo, { ...github, id: "large", body })).status).toBe(413);
    expect(await onBus()).toEqual([]);
  });

  test("the same delivery sent again, also at the same time: one event", async () => {
    const webhook = another(github, "again");
    const statuses = await Promise.all([1, 2, 3].map(async () => (await send(demo, webhook)).status));
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.every((status) => [200, 202, 503].includes(status))).toBe(true);
    expect((await send(demo, webhook)).status).toBe(200);
    expect(await onBus()).toHaveLength(1);
  });

  test.each<[string, number]>([
    ["answers 500", 500],
    ["answers 429", 429],
    ["hangs", 0],
  ])(
    "the other side %s: tried again with backoff, then kept in the dead-letter queue, with an alarm",
    async (_what, status) => {
      // Each time that it hangs takes five seconds of everybody's time: AWS's limit for an answer.
      let hanging = 1;
      answer = () => (status === 0 ? (hanging-- > 0 ? undefined : 500) : status);
      const before = await deadLetters();
      expect((await send(demo, another(stripe, `evt_${status}`))).status).toBe(202);
      for (let hour = 0; hour < 4; hour++) await cloud.clock.advance("1 hour");
      await cloud.settled();
      expect(await deadLetters()).toBe(before + 1);
      const { MetricAlarms = [] } = await cloud
        .client(CloudWatchClient)
        .send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
      expect(MetricAlarms.length).toBeGreaterThan(0);
      await onBus();
    },
    60_000,
  );

  test("a failure that passes is passed over: the entry is made once", async () => {
    let calls = 0;
    answer = () => (++calls < 3 ? 503 : 200);
    expect((await send(demo, another(stripe, "evt_passes"))).status).toBe(202);
    await cloud.settled();
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    expect([calls, entries.length]).toEqual([3, 1]);
    await onBus();
  });

  test("a token that the other side no longer takes is renewed", async () => {
    const old = new Set(Array.from({ length: tokens }, (_, n) => `Bearer token-${n + 1}`));
    answer = (authorization) => (old.has(authorization) ? 401 : 200);
    expect((await send(demo, another(stripe, "evt_token"))).status).toBe(202);
    await cloud.settled();
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    expect(entries).toHaveLength(1);
    expect(old.has(entries[0]!.authorization)).toBe(false);
    await onBus();
  });

  test("10 % throttled and 5 % failing calls: what the provider sends until it is taken is there once", async () => {
    cloud.faults.add({ match: "*", error: "ThrottlingException", rate: 0.1 });
    cloud.faults.add({ match: "*", error: "InternalError", rate: 0.05 });
    for (let n = 0; n < 20; n++)
      for (let tries = 0; tries < 20; tries++) {
        const { status } = await send(demo, another(stripe, `evt_fault_${n}`));
        if (status === 202 || status === 200) break;
        await cloud.clock.advance("1 minute");
      }
    await cloud.settled();
    await cloud.clock.advance("3 hours");
    cloud.faults.clear();
    await cloud.clock.advance("3 hours");
    await cloud.settled();
    const references = entries.map(({ body }) => (body as { reference: string }).reference);
    expect(new Set(references).size).toBe(20);
  }, 60_000);
});

describe("the archive", () => {
  test("replayed, each event comes once to a rule", async () => {
    const events = cloud.client(EventBridgeClient);
    await onBus();
    const from = cloud.clock.date();
    await cloud.clock.advance("1 minute");
    for (const n of [1, 2, 3]) await send(demo, another(github, `archived-${n}`));
    expect(await onBus()).toHaveLength(3);
    await cloud.clock.advance("15 minutes");
    const { Archives = [] } = await events.send(new ListArchivesCommand({}));
    const { Arn } = await events.send(new DescribeEventBusCommand({ Name: outputs["BusName"]! }));
    await events.send(
      new StartReplayCommand({
        ReplayName: "once-more",
        EventSourceArn: `arn:aws:events:us-east-1:000000000000:archive/${Archives[0]!.ArchiveName!}`,
        EventStartTime: from,
        EventEndTime: cloud.clock.date(),
        Destination: { Arn: Arn! },
      }),
    );
    await cloud.clock.advance("10 minutes");
    const again = (await onBus()).map((text) => JSON.parse(text) as { "replay-name": string; detail: { id: string } });
    expect(again.map(({ detail }) => detail.id).toSorted()).toEqual(["archived-1", "archived-2", "archived-3"]);
    expect(again.every((event) => event["replay-name"] === "once-more")).toBe(true);
  });
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  test.each<[Partial<SaasIntegrationProps>, string]>([
    [{ providers: [] }, "providers is empty; allowed: github, stripe, shopify"],
    [{ providers: ["gitlab" as never] }, 'provider "gitlab"; allowed: github, stripe, shopify'],
    [
      { services: { Books: { endpoint: "https://x", authorization: undefined as never } } },
      'service "Books"; allowed:',
    ],
    [
      { services: { books: { endpoint: "https://x", authorization: undefined as never, rateLimitPerSecond: 301 } } },
      "rateLimitPerSecond of books is 301; allowed: 1 to 300",
    ],
  ])("refuses %o", (props, message) => {
    expect(() => new SaasIntegration(new Stack(new App(), "s"), "S", { providers: ["github"], ...props })).toThrow(
      message,
    );
  });

  test("a service that is not there is told with those that are", () => {
    const saas = new SaasIntegration(new Stack(new App(), "s"), "S", { providers: ["github"] });
    expect(() => saas.service("erp")).toThrow('s/S has no service "erp"; there are: none');
  });
});
