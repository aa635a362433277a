/**
 * SNS → SQS → Lambda: how long a message takes from the publisher to the function when nothing else is going on, and a
 * backlog of 100,000 messages that is published, delivered and worked off, with the server's memory watched.
 *
 * The floors, in the same run: a bare node:http server that passes each message on to a process of its own, which is as
 * far as a message can be carried here; one RSA signature, which every message in an envelope needs; a bare server that
 * answers batches; and batches of ten between two processes.
 */
import { fork, spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ZipFile } from "yazl";

const BACKLOG = Number(process.env["BACKLOG"] ?? 100_000);
const IDLE_MESSAGES = Number(process.env["IDLE_MESSAGES"] ?? 300);
const CONNECTIONS = 16;
const BATCH = 10;
const TARGETS = { p50Ms: 5, growth: 1.5 };
const BODY = "x".repeat(256);
/** What the queue gets, and the attribute RawMessageDelivery. */
const FORMS = /** @type {const} */ ([
  ["raw", "true"],
  ["signed", "false"],
]);

const now = () => performance.timeOrigin + performance.now();
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const quantile = (/** @type {number[]} */ values, /** @type {number} */ part) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;

/** The function: tells when it got which message. */
const HANDLER = `
const { request, Agent } = require("node:http");
const agent = new Agent({ keepAlive: true });
exports.handler = async ({ Records }) => {
  const atMs = performance.timeOrigin + performance.now();
  const ids = Records.map(({ body }) => (body.startsWith("{") ? JSON.parse(body).Message : body)).filter((id) => id.startsWith("at-"));
  if (ids.length === 0) return;
  await new Promise((resolve) => {
    const told = request({ port: process.env.REPORT_PORT, method: "POST", agent }, (answer) => answer.resume().on("end", resolve));
    told.end(JSON.stringify({ ids, atMs }));
  });
};`;

/** Where functions report to. */
class Reports {
  /** @type {Map<string, (atMs: number) => void>} */
  #waiting = new Map();
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk) => (text += chunk));
    incoming.on("end", () => {
      outgoing.end();
      const { ids, atMs } = JSON.parse(text);
      for (const id of ids) this.#waiting.get(id)?.(atMs);
    });
  });

  /** @param {string} id @returns {Promise<number>} */
  arrival(id) {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

/** @param {import("node:http").Server} server @returns {Promise<number>} */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`;

/** @param {import("node:http").Agent | undefined} agent @param {number} port @param {string} body */
function post(agent, port, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
      "x-amz-date": "20260101T000000Z",
      authorization: AUTHORIZATION,
    };
    const options = { port, host: "127.0.0.1", method: "POST", headers, ...(agent ? { agent } : {}) };
    const outgoing = request(options, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const publishText = (/** @type {string} */ TopicArn, /** @type {string} */ Message) =>
  new URLSearchParams({ Action: "Publish", Version: "2010-03-31", TopicArn, Message }).toString();

function batchText(/** @type {string} */ TopicArn) {
  const form = new URLSearchParams({ Action: "PublishBatch", Version: "2010-03-31", TopicArn });
  for (let n = 1; n <= BATCH; n++) {
    form.set(`PublishBatchRequestEntries.member.${n}.Id`, String(n));
    form.set(`PublishBatchRequestEntries.member.${n}.Message`, BODY);
  }
  return form.toString();
}

/** In the client's process: posts a body over and over. @param {{ port: number, body: string, count: number }} plan */
async function run({ port, body, count }) {
  const { Agent } = await import("node:http");
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const startedAt = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await post(agent, port, body);
    }),
  );
  agent.destroy();
  return (count / (performance.now() - startedAt)) * 1000;
}

/** @param {Parameters<typeof run>[0]} plan @returns {Promise<number>} requests a second */
function inClient(plan) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["--client"]);
    child.once("message", (/** @type {number} */ rate) => resolve(rate));
    child.once("exit", (code) => (code === 0 ? undefined : reject(new Error(`client ended with ${code}`))));
    child.send(plan);
  });
}

/** What is under any such chain: a web server that hands each message to another process. */
async function floors() {
  const worker = fork(fileURLToPath(import.meta.url), ["--worker"]);
  /** @type {Map<string, (atMs: number) => void>} */
  const waiting = new Map();
  worker.on("message", (/** @type {{ id: string, atMs: number }} */ { id, atMs }) => waiting.get(id)?.(atMs));
  const hop = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk) => (text += chunk));
    incoming.on("end", () => {
      worker.send({ id: text });
      outgoing.end("{}");
    });
  });
  const hopPort = await listen(hop);
  const { Agent } = await import("node:http");
  const agent = new Agent({ keepAlive: true });
  const latencies = [];
  for (let n = 0; n < IDLE_MESSAGES; n++) {
    const id = `m${n}`;
    const arrived = new Promise((resolve) => waiting.set(id, resolve));
    const sentAt = now();
    await post(agent, hopPort, id);
    latencies.push(/** @type {number} */ (await arrived) - sentAt);
    await pause(2);
  }
  const batches = 5000;
  const startedAt = performance.now();
  const done = new Promise((resolve) => waiting.set(`b${batches - 1}`, resolve));
  for (let n = 0; n < batches; n++) worker.send({ id: `b${n}`, records: Array.from({ length: BATCH }, () => BODY) });
  await done;
  const ipcRate = ((batches * BATCH) / (performance.now() - startedAt)) * 1000;
  agent.destroy();
  hop.close();
  worker.kill();

  const bare = createServer((incoming, outgoing) => incoming.resume().on("end", () => outgoing.end("<a/>")));
  const barePort = await listen(bare);
  const bareRate = (await inClient({ port: barePort, body: batchText("arn:x"), count: 10_000 })) * BATCH;
  bare.close();

  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signatures = Array.from({ length: 200 }, () => {
    const from = performance.now();
    sign("sha1", Buffer.from(BODY), privateKey);
    return performance.now() - from;
  });
  return { hopMs: quantile(latencies, 0.5), ipcRate, bareRate, signMs: quantile(signatures, 0.5) };
}

/** Its own memory: not what it has mapped of the store's file. @param {number | undefined} pid */
function residentMb(pid) {
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}

/** @param {number} port @param {number} reportPort */
async function prepare(port, reportPort) {
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const iam = new IAMClient(settings);
  const lambda = new LambdaClient(settings);
  const sns = new SNSClient(settings);
  const sqs = new SQSClient(settings);
  const allow = (/** @type {object} */ statement) =>
    JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
  const trust = allow({ Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
  const role = await iam.send(new CreateRoleCommand({ RoleName: "bench", AssumeRolePolicyDocument: trust }));
  const PolicyDocument = allow({ Action: ["sqs:*", "logs:*"], Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName: "bench", PolicyName: "p", PolicyDocument }));
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(HANDLER), "index.js");
  zip.end();
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of zip.outputStream) chunks.push(/** @type {Buffer} */ (chunk));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "bench",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: role.Role?.Arn,
      Environment: { Variables: { REPORT_PORT: String(reportPort) } },
      Code: { ZipFile: Buffer.concat(chunks) },
    }),
  );
  const Policy = allow({ Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*" });

  /** A topic, a queue behind it, and a function behind that. @param {string} name @param {string} raw */
  const chain = async (name, raw) => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
    const Endpoint = `arn:aws:sqs:us-east-1:000000000000:${name}`;
    const Attributes = { RawMessageDelivery: raw };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes }));
    return { TopicArn: TopicArn ?? "", QueueUrl: QueueUrl ?? "", Endpoint };
  };
  const work = async (/** @type {string} */ EventSourceArn, /** @type {number} */ BatchSize) =>
    (await lambda.send(new CreateEventSourceMappingCommand({ FunctionName: "bench", EventSourceArn, BatchSize }))).UUID;
  const stopWork = (/** @type {string | undefined} */ UUID) =>
    lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
  const waiting = async (/** @type {string} */ QueueUrl) => {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    return {
      visible: Number(Attributes["ApproximateNumberOfMessages"]),
      inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
    };
  };
  return { chain, work, stopWork, waiting };
}

/** @param {number} port @param {Reports} reports @param {string} TopicArn */
async function idle(port, reports, TopicArn) {
  const { Agent } = await import("node:http");
  const agent = new Agent({ keepAlive: true });
  const latencies = [];
  for (let n = 0; n < IDLE_MESSAGES + 20; n++) {
    const id = `at-${TopicArn}-${n}`;
    const arrived = reports.arrival(id);
    const sentAt = now();
    await post(agent, port, publishText(TopicArn, id));
    const latency = (await arrived) - sentAt;
    // The first ones start the function and the signing key.
    if (n >= 20) latencies.push(latency);
    await pause(10);
  }
  agent.destroy();
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

async function main() {
  const floor = await floors();
  const reports = new Reports();
  const reportPort = await listen(reports.server);
  const katachi = fileURLToPath(new URL("../cli/bin/katachi.mjs", import.meta.url));
  const server = spawn(process.execPath, [katachi, "start", "--ephemeral", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let port = 0;
    for await (const line of createInterface({ input: server.stdout })) {
      port = Number(/^ready http:\/\/[^:]+:(\d+)/.exec(line)?.[1]);
      if (port) break;
    }
    const { chain, work, stopWork, waiting } = await prepare(port, reportPort);
    const line = (/** @type {string} */ name, /** @type {string} */ text) => console.log(`${name.padEnd(34)} ${text}`);
    const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`;
    line("floor: http → process", `p50 ${ms(floor.hopMs)}; one RSA signature ${ms(floor.signMs)}`);
    for (const [name, raw] of FORMS) {
      const { TopicArn, Endpoint } = await chain(`idle-${name}`, raw);
      const mapping = await work(Endpoint, 1);
      const { p50, p99 } = await idle(port, reports, TopicArn);
      await stopWork(mapping);
      line(
        `idle, ${name}: SNS → SQS → Lambda`,
        `p50 ${ms(p50)}, p99 ${ms(p99)}   ${(p50 / floor.hopMs).toFixed(1)} × floor   (target ${TARGETS.p50Ms} ms: ${p50 <= TARGETS.p50Ms ? "met" : "MISSED"})`,
      );
    }
    const rate = (/** @type {number} */ value, /** @type {number} */ of, /** @type {string} */ what) =>
      `${Math.round(value)} messages/s   ${(value / of).toFixed(2)} × ${what}`;
    for (const [name, raw] of FORMS) {
      const { TopicArn, QueueUrl, Endpoint } = await chain(`backlog-${name}`, raw);
      const memory = [residentMb(server.pid)];
      let startedAt = performance.now();
      const published = (await inClient({ port, body: batchText(TopicArn), count: BACKLOG / BATCH })) * BATCH;
      memory.push(residentMb(server.pid));
      while ((await waiting(QueueUrl)).visible < BACKLOG) await pause(50);
      const delivered = (BACKLOG / (performance.now() - startedAt)) * 1000;
      memory.push(residentMb(server.pid));
      startedAt = performance.now();
      const mapping = await work(Endpoint, BATCH);
      /** @type {number[]} */
      const drain = [];
      for (;;) {
        const { visible, inFlight } = await waiting(QueueUrl);
        drain.push(residentMb(server.pid));
        if (visible + inFlight === 0) break;
        await pause(200);
      }
      const drained = (BACKLOG / (performance.now() - startedAt)) * 1000;
      await stopWork(mapping);
      line(`${BACKLOG} ${name}: published`, rate(published, floor.bareRate, "bare http"));
      line(`${BACKLOG} ${name}: in the queue`, rate(delivered, floor.bareRate, "bare http"));
      line(`${BACKLOG} ${name}: worked off`, rate(drained, floor.ipcRate, "two processes"));
      const quarters = [0, 1, 2, 3].map((n) =>
        quantile(drain.slice((drain.length * n) / 4, (drain.length * (n + 1)) / 4 + 1), 0.5),
      );
      // The first quarter fills the trace's ring of spans; from then on nothing may grow.
      const growth = (quarters[3] ?? 0) / (quarters[1] ?? 1);
      line(
        `${BACKLOG} ${name}: memory`,
        `before ${memory[0]} MB, published ${memory[1]}, delivered ${memory[2]}, drained by quarters ${quarters.join(" ")} MB   (${growth.toFixed(2)} ×, target ${TARGETS.growth}: ${growth <= TARGETS.growth ? "met" : "MISSED"})`,
      );
    }
  } finally {
    server.kill("SIGTERM");
    reports.server.closeAllConnections();
    reports.server.close();
  }
}

if (process.argv[2] === "--client")
  process.once("message", async (plan) => {
    process.send?.(await run(/** @type {any} */ (plan)));
    process.disconnect();
  });
else if (process.argv[2] === "--worker")
  process.on("message", (/** @type {{ id: string }} */ { id }) => process.send?.({ id, atMs: now() }));
else await main();
