import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../cloud.ts";
import { type ControlServer, serveControl } from "./server.ts";

let cloud: Cloud;
let control: ControlServer;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  control = await serveControl({ cloud, version: "0" }, { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await control?.close();
  await cloud?.close();
});

/** As no browser would let a page do it: with headers of one's choice. */
function ask(headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(control.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: "/api/status", headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, body }));
    });
    sent.on("error", reject).end();
  });
}

async function get(path: string): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(control.url + path);
  return [response.status, (await response.json()) as Record<string, unknown>];
}

async function post(path: string, body: unknown): Promise<[number, Record<string, unknown>]> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(control.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return [response.status, (await response.json()) as Record<string, unknown>];
}

describe("who may ask", () => {
  const port = () => new URL(control.url).port;

  test("this machine by its names, and pages of this very origin", async () => {
    for (const host of ["127.0.0.1", "localhost"])
      expect((await ask({ host: `${host}:${port()}`, origin: `http://${host}:${port()}` })).status).toBe(200);
  });

  test("nobody else: a foreign Host, a foreign Origin, another port of this machine, a sandboxed page", async () => {
    expect(await ask({ host: "rebound.example" })).toEqual({
      status: 403,
      body: JSON.stringify({ error: 'Host "rebound.example" is refused: this API serves this machine only.' }),
    });
    for (const origin of ["https://evil.example", `http://evil.example:${port()}`, "http://127.0.0.1:1", "null"])
      expect((await ask({ host: `127.0.0.1:${port()}`, origin })).status).toBe(403);
  });

  test("no form of a foreign page: only JSON is taken", async () => {
    const response = await fetch(`${control.url}/api/faults/clear`, { method: "POST", body: "{}" });
    expect(response.status).toBe(415);
  });
});

describe("what the console may see", () => {
  test("the messages of a queue, whose receive counts stay as they are", async () => {
    const { QueueUrl } = await cloud.call("sqs", "CreateQueue", { QueueName: "seen" });
    await cloud.call("sqs", "SendMessage", { QueueUrl: QueueUrl!, MessageBody: "first" });
    await cloud.call("sqs", "SendMessage", { QueueUrl: QueueUrl!, MessageBody: "later", DelaySeconds: 60 });
    await cloud.call("sqs", "ReceiveMessage", { QueueUrl: QueueUrl!, VisibilityTimeout: 10 });
    const path = "/api/view?service=sqs&name=messages&arn=arn:aws:sqs:us-east-1:000000000000:seen";
    const nowMs = cloud.clock.now();
    const hidden = [
      200,
      {
        messages: [
          expect.objectContaining({ body: "first", status: "inFlight", receives: 1, visibleMs: nowMs + 10_000 }),
          expect.objectContaining({ body: "later", status: "delayed", receives: 0, visibleMs: nowMs + 60_000 }),
        ],
      },
    ];
    expect([await get(path), await get(path)]).toEqual([hidden, hidden]);
    await cloud.clock.advance("1 minute");
    const [, { messages }] = await get(path);
    expect((messages as { status: string; receives: number }[]).map((each) => [each.status, each.receives])).toEqual([
      ["visible", 1],
      ["visible", 0],
    ]);
    await cloud.clock.advance("4 days");
    expect(await get(path)).toEqual([200, { messages: [] }]);
  });

  test("those of a FIFO queue, with their groups and the queue's delay", async () => {
    const Attributes = { FifoQueue: "true", DelaySeconds: "5", ContentBasedDeduplication: "true" };
    const { QueueUrl } = await cloud.call("sqs", "CreateQueue", { QueueName: "seen.fifo", Attributes });
    await cloud.call("sqs", "SendMessage", { QueueUrl: QueueUrl!, MessageBody: "a", MessageGroupId: "g" });
    const path = "/api/view?service=sqs&name=messages&arn=arn:aws:sqs:us-east-1:000000000000:seen.fifo";
    expect((await get(path))[1]).toMatchObject({ messages: [{ body: "a", groupId: "g", status: "delayed" }] });
    await cloud.clock.advance("5 seconds");
    expect((await get(path))[1]).toMatchObject({ messages: [{ body: "a", status: "visible" }] });
  });

  test("when a rule runs next, until it is disabled", async () => {
    const { RuleArn } = await cloud.call("events", "PutRule", {
      Name: "hourly",
      ScheduleExpression: "cron(0 * * * ? *)",
    });
    const path = `/api/view?service=events&name=nextRun&arn=${RuleArn}`;
    const hourMs = 3_600_000;
    expect(await get(path)).toEqual([200, { atMs: Math.floor(cloud.clock.now() / hourMs) * hourMs + hourMs }]);
    await cloud.call("events", "DisableRule", { Name: "hourly" });
    expect(await get(path)).toEqual([200, {}]);
  });

  test("nothing that is not there, told by name", async () => {
    expect(await get("/api/view?service=sqs&name=messages&arn=none")).toEqual([
      404,
      { error: 'There is no sqs messages of "none".' },
    ]);
    expect((await get("/api/view?service=sqs&name=secrets&arn=none"))[0]).toBe(404);
  });
});

describe("a request to try an API out", () => {
  test("goes to this cloud and comes back whole", async () => {
    await cloud.call("s3", "CreateBucket", { Bucket: "tried" });
    const url = `${cloud.endpoint}/tried?list-type=2`;
    const [status, answer] = await post("/api/http", { method: "GET", url });
    expect([status, answer["status"], answer["durationMs"]]).toEqual([200, 403, expect.any(Number)]);
    expect(answer["body"]).toContain("AccessDenied");
    expect(answer["headers"]).toContainEqual(["content-type", "application/xml"]);
  });

  test("goes nowhere else", async () => {
    const [status, { error }] = await post("/api/http", { method: "GET", url: "http://169.254.169.254/latest" });
    expect([status, error]).toEqual([
      400,
      expect.stringContaining("allowed: addresses that begin with http://127.0.0.1"),
    ]);
    const [refused] = await post("/api/http", { method: "G ET", url: cloud.endpoint });
    expect(refused).toBe(400);
  });
});

test("times go into operations as times", async () => {
  const [status, { error }] = await post("/api/call", {
    service: "events",
    operation: "StartReplay",
    input: {
      ReplayName: "r",
      EventSourceArn: "arn:aws:events:us-east-1:000000000000:archive/none",
      EventStartTime: { $date: 0 },
      EventEndTime: { $date: 1000 },
      Destination: { Arn: "arn:aws:events:us-east-1:000000000000:event-bus/default" },
    },
  });
  expect([status, error]).toEqual([400, expect.stringContaining("none does not exist")]);
});
