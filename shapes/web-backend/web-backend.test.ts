import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmHistoryCommand, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { FilterLogEventsCommand, CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, CfnOutput, Duration, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { WebBackend, type WebBackendProps } from "./construct.ts";
import { ORDER_FORM, runDemo } from "./demo.ts";
import { buildSample } from "./sample.ts";

const handler = (name: string) => packagePath(`web-backend/handlers/${name}.ts`);
const fixture = (name: string) => packagePath(`web-backend/fixtures/${name}.ts`);
const directory = mkdtempSync(join(tmpdir(), "katachi-web-backend-"));
let cloud: Cloud;
let issuer: Issuer;
/** By stack. */
const urls: Record<string, string> = {};
let tableName: string;

beforeAll(async () => {
  issuer = await startIssuer();
  cloud = await startCloud({ ephemeral: true });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app);
  buildSlow(app);
  buildGuarded(app, issuer.url);
  const { stacks } = await cloud.deploy(app.synth().directory);
  for (const stack of stacks) {
    expect(stack.status).toBe("CREATE_COMPLETE");
    for (const { key, value } of stack.outputs) {
      if (key.endsWith("Url")) urls[stack.name] = value.replace(/\/$/, "");
      if (key === "TableName") tableName = value;
    }
  }
}, 60_000);

afterAll(async () => {
  await cloud.close();
  issuer.server.close();
  rmSync(directory, { recursive: true, force: true });
});

function buildSlow(app: App): void {
  const stack = new Stack(app, "slow");
  const backend = new WebBackend(stack, "Slow", {
    routes: {
      "GET /forever": { entry: fixture("forever"), access: "none", timeout: Duration.seconds(1) },
      "GET /throws": { entry: fixture("throws"), access: "none" },
      "GET /forbidden": { entry: fixture("forbidden"), access: "read" },
    },
  });
  new CfnOutput(stack, "Url", { value: backend.url });
}

function buildGuarded(app: App, url: string): void {
  const stack = new Stack(app, "guarded");
  const backend = new WebBackend(stack, "Guarded", {
    routes: { "GET /orders": handler("list-orders") },
    indexes: [{ name: "byStatus", partitionKey: "status", sortKey: "createdAt" }],
    jwt: { issuer: url, audience: ["shop"] },
  });
  new CfnOutput(stack, "Url", { value: backend.url });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${urls["web-backend"]}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("the demo", () => {
  test("an order form: created, read, listed by page, retried once, shipped, and the late clerk refused", async () => {
    const steps = await runDemo(urls["web-backend"]!);
    expect(steps.map((step) => step.status)).toEqual([201, 201, 200, 201, 201, 201, 200, 200, 200, 409]);
    const [created, again, read] = steps;
    expect(created!.body).toMatchObject({ ...ORDER_FORM, total: 5900, status: "received", version: 1 });
    expect(again!.body).toEqual(created!.body);
    expect(read!.body).toEqual(created!.body);
    const first = steps[6]!.body as { orders: { customer: string }[]; next: string };
    expect(first.orders.map((order) => order.customer)).toEqual(["Customer 4", "Customer 3"]);
    const second = steps[7]!.body as { orders: { customer: string }[] };
    expect(second.orders.map((order) => order.customer)).toEqual(["Customer 2", ORDER_FORM.customer]);
    const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: tableName }));
    expect(Items).toHaveLength(4);
  });
});

describe("what fails", () => {
  test("malformed JSON: 400 with a problem document", async () => {
    const response = await post("/orders", '{"customer": "Hana');
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ title: "Malformed JSON", status: 400 });
  });

  test("wrong fields: 400, each named", async () => {
    const response = await post("/orders", {
      customer: "",
      email: "nobody",
      lines: [{ sku: "", quantity: 0, unitPrice: 1.5 }],
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect(errors.map((error) => error.field)).toEqual([
      "customer",
      "email",
      "lines[0].sku",
      "lines[0].quantity",
      "lines[0].unitPrice",
    ]);
  });

  test("unknown id: 404; unknown route: 404 from the gateway itself", async () => {
    const unknown = await fetch(`${urls["web-backend"]}/orders/nowhere`);
    expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ title: "Not found" })]);
    const noRoute = await fetch(`${urls["web-backend"]}/nothing/here`);
    expect([noRoute.status, await noRoute.json()]).toEqual([404, { message: "Not Found" }]);
  });

  test("two clerks change the same version: one wins, the other gets 409", async () => {
    const order = (await (await post("/orders", ORDER_FORM)).json()) as { id: string };
    const change = (status: string) =>
      fetch(`${urls["web-backend"]}/orders/${order.id}`, {
        method: "PATCH",
        body: JSON.stringify({ status, version: 1 }),
      });
    const statuses = (await Promise.all([change("preparing"), change("cancelled")])).map((response) => response.status);
    expect(statuses.sort()).toEqual([200, 409]);
  });

  test("the same key with another form: 409", async () => {
    const key = { "idempotency-key": "one-key" };
    expect((await post("/orders", ORDER_FORM, key)).status).toBe(201);
    expect((await post("/orders", { ...ORDER_FORM, customer: "Somebody else" }, key)).status).toBe(409);
  });

  test("a page key of somebody's own making: 400, nothing read", async () => {
    const next = Buffer.from('{"id":{"$ne":1}}').toString("base64url");
    expect((await fetch(`${urls["web-backend"]}/orders?next=${next}`)).status).toBe(400);
  });

  test("a handler that runs into its timeout: 503 as the gateway words it, and Task timed out in its log", async () => {
    const response = await fetch(`${urls["slow"]}/forever`);
    expect([response.status, await response.json()]).toEqual([503, { message: "Service Unavailable" }]);
    await cloud.settled();
    expect(await logLines("GetForever")).toContainEqual(expect.stringMatching(/Task timed out after 1\.00 seconds/));
  });

  test("a handler that throws: 500 without the cause, the cause in its log, and the alarm goes off", async () => {
    const response = await fetch(`${urls["slow"]}/throws`);
    expect([response.status, await response.json()]).toEqual([500, { message: "Internal Server Error" }]);
    await cloud.settled();
    expect(await logLines("GetThrows")).toContainEqual(expect.stringMatching(/the kettle is empty/));
    await cloud.clock.advance("6 min");
    const cloudwatch = cloud.client(CloudWatchClient);
    const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: "slow-" }));
    const { AlarmName } = MetricAlarms!.find((alarm) => alarm.MetricName === "5xx")!;
    const { AlarmHistoryItems } = await cloudwatch.send(new DescribeAlarmHistoryCommand({ AlarmName }));
    expect(AlarmHistoryItems!.map((item) => item.HistorySummary)).toContainEqual(expect.stringMatching(/to ALARM$/));
  });

  test("what the role may not do fails with the action and the resource named", async () => {
    const response = await fetch(`${urls["slow"]}/forbidden`);
    const body = (await response.json()) as { name: string; message: string };
    expect(body.name).toBe("AccessDeniedException");
    expect(body.message).toMatch(
      /^User: arn:aws:sts::\d{12}:assumed-role\/.+ is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:.+ because no identity-based policy allows the dynamodb:PutItem action$/,
    );
  });

  test("a missing, wrong, or expired token: 401, the function is not called; a right one: 200", async () => {
    const call = (token?: string) =>
      fetch(`${urls["guarded"]}/orders`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
    const hour = 3600;
    expect((await call(issuer.token({ aud: "shop" }, hour))).status).toBe(200);
    const refused = await call();
    expect([refused.status, await refused.json()]).toEqual([401, { message: "Unauthorized" }]);
    const right = issuer.token({ aud: "shop" }, hour);
    for (const token of [
      issuer.token({ aud: "shop" }, -hour),
      issuer.token({ aud: "another" }, hour),
      `${right.slice(0, -6)}AAAAAA`,
      "not-a-token",
    ])
      expect((await call(token)).status).toBe(401);
  });
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes, every acknowledgement with its reason", () => {
    const app = new App({ outdir: join(directory, "nag") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    // The pack's findings fail the synthesis.
    expect(() => app.synth()).not.toThrow();
  }, 60_000);

  test("wrong props are refused at synth: what is wrong, what was given, what is allowed", () => {
    const build = (props: WebBackendProps) => new WebBackend(new Stack(), "Shop", props);
    expect(() => build({ routes: {} })).toThrow(/Shop: routes is empty/);
    expect(() => build({ routes: { "FETCH /x": "x.ts", "GET x": "x.ts" } })).toThrow(
      /routes has the key "FETCH \/x"; allowed: .*routes has the key "GET x"/,
    );
    expect(() => build({ routes: { $default: "x.ts" }, rateLimit: 0 })).toThrow("rateLimit is 0; allowed: above 0");
  });
});

async function logLines(part: string): Promise<string[]> {
  const { logGroups } = await cloud.call("logs", "DescribeLogGroups", { logGroupNamePattern: part });
  const { events } = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: logGroups![0]!.logGroupName! }));
  return events!.map((event) => event.message!);
}

interface Issuer {
  readonly server: Server;
  readonly url: string;
  /** A token signed by this issuer that expires so many seconds from now. */
  token(claims: Record<string, unknown>, expiresInSeconds: number): string;
}

/** An OpenID provider: discovery document, key set, RS256 tokens. */
async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" }] };
  const server = createServer((request, response) => {
    const isDiscovery = request.url === "/.well-known/openid-configuration";
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/jwks` } : keys));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    server,
    url,
    token(claims, expiresInSeconds) {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const payload = { iss: url, sub: "u1", iat: nowSeconds - 7200, exp: nowSeconds + expiresInSeconds, ...claims };
      const signed = `${part({ alg: "RS256", kid: "k1", typ: "JWT" })}.${part(payload)}`;
      return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
    },
  };
}
