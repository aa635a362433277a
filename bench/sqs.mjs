/**
 * SQS: send → receive → delete, one message and ten at a time, on a queue that holds 100,000 messages already.
 * Beside it, from the same client in the same run: a bare node:http server that answers the same bytes.
 */
import { fork, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { awsHeaders, rawRequest } from "./load.mjs";

const BACKLOG = Number(process.env["BACKLOG"] ?? 100_000);
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const CONNECTIONS = 16;
const BATCH = 10;
const BODY = "x".repeat(256);
const TARGETS = { single: 1500, batched: 5000 };

/** A keep-alive connection: one request at a time, answered with the body's text. */
class Connection {
  /** @type {Buffer} */
  #pending = Buffer.alloc(0);
  /** @type {(text: string) => void} */
  #answer = () => undefined;

  constructor(/** @type {number} */ port) {
    this.port = port;
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (chunk) => this.#read(chunk));
  }

  /** @param {string} operation @param {object} input @returns {Promise<any>} */
  async call(operation, input) {
    const text = await new Promise((resolve) => {
      this.#answer = resolve;
      const headers = awsHeaders("sqs", `AmazonSQS.${operation}`);
      this.socket.write(rawRequest({ path: "/", port: this.port, headers, body: JSON.stringify(input) }));
    });
    return text === "" ? {} : JSON.parse(text);
  }

  #read(/** @type {Buffer} */ chunk) {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#pending.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#pending.length < end + 4 + length) return;
    const body = this.#pending.toString("utf8", end + 4, end + 4 + length);
    this.#pending = this.#pending.subarray(end + 4 + length);
    if (!head.startsWith("HTTP/1.1 2")) throw new Error(`${head}\n${body}`);
    this.#answer(body);
  }
}

/** @param {Connection} connection @param {string} QueueUrl @returns {Promise<number>} messages that went through */
async function single(connection, QueueUrl) {
  await connection.call("SendMessage", { QueueUrl, MessageBody: BODY });
  const { Messages = [] } = await connection.call("ReceiveMessage", { QueueUrl });
  for (const { ReceiptHandle } of Messages) await connection.call("DeleteMessage", { QueueUrl, ReceiptHandle });
  return Messages.length;
}

/** @param {Connection} connection @param {string} QueueUrl */
async function batched(connection, QueueUrl) {
  const Entries = Array.from({ length: BATCH }, (_, i) => ({ Id: String(i), MessageBody: BODY }));
  await connection.call("SendMessageBatch", { QueueUrl, Entries });
  const { Messages = [] } = await connection.call("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: BATCH });
  if (Messages.length === 0) return 0;
  const handles = Messages.map((/** @type {any} */ message, /** @type {number} */ i) => ({
    Id: String(i),
    ReceiptHandle: message.ReceiptHandle,
  }));
  await connection.call("DeleteMessageBatch", { QueueUrl, Entries: handles });
  return Messages.length;
}

/** @param {Connection} connection @param {string} QueueUrl */
async function fill(connection, QueueUrl) {
  const Entries = Array.from({ length: BATCH }, (_, i) => ({ Id: String(i), MessageBody: BODY }));
  await connection.call("SendMessageBatch", { QueueUrl, Entries });
  return BATCH;
}

/** The floor: as many requests as `single` makes for a message, to a server that does nothing. */
async function floor(/** @type {Connection} */ connection) {
  for (let i = 0; i < 3; i++) await connection.call("Nothing", { MessageBody: BODY });
  return 1;
}

const WORK = { single, batched, fill, floor };

/**
 * In the client's process: repeats the work on all connections for a time or up to a number of messages.
 * @param {{ port: number, work: keyof typeof WORK, url: string, seconds?: number, messages?: number }} plan
 */
async function run({ port, work, url, seconds, messages = Infinity }) {
  const startedAt = performance.now();
  const endsAt = seconds === undefined ? Infinity : startedAt + seconds * 1000;
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = new Connection(port);
      while (performance.now() < endsAt && done < messages) {
        const count = await WORK[work](connection, url);
        done += count;
      }
      connection.socket.end();
    }),
  );
  return (done / (performance.now() - startedAt)) * 1000;
}

/** @param {Parameters<typeof run>[0]} plan @returns {Promise<number>} messages a second */
function inClient(plan) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["--client"]);
    child.once("message", (/** @type {number} */ rate) => resolve(rate));
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? undefined : reject(new Error(`client ended with ${code}`))));
    child.send(plan);
  });
}

/** @param {number | undefined} pid */
function residentMb(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}

async function main() {
  const bare = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(JSON.stringify({ MessageId: "x" })));
  });
  await new Promise((resolve) => bare.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port: barePort } = /** @type {import("node:net").AddressInfo} */ (bare.address());
  const bareRate = await inClient({ port: barePort, work: "floor", url: "", seconds: SECONDS });
  bare.close();

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
    const admin = new Connection(port);
    const { QueueUrl: url } = await admin.call("CreateQueue", { QueueName: "bench" });
    const idleMb = residentMb(server.pid);
    const fillRate = await inClient({ port, work: "fill", url, messages: BACKLOG });
    const filledMb = residentMb(server.pid);
    const singleRate = await inClient({ port, work: "single", url, seconds: SECONDS });
    const batchedRate = await inClient({ port, work: "batched", url, seconds: SECONDS });
    const endMb = residentMb(server.pid);
    admin.socket.end();
    const line = (/** @type {string} */ name, /** @type {number} */ rate, /** @type {number} */ target) =>
      console.log(
        `${name.padEnd(26)} ${String(Math.round(rate)).padStart(7)} messages/s   ${(rate / bareRate).toFixed(2)} × bare http   (target ${target}: ${rate >= target ? "met" : "MISSED"})`,
      );
    console.log(`bare node:http, 3 requests ${String(Math.round(bareRate)).padStart(7)} rounds/s`);
    console.log(`fill, ten at a time        ${String(Math.round(fillRate)).padStart(7)} messages/s`);
    line(`single, backlog ${BACKLOG}`, singleRate, TARGETS.single);
    line(`batched, backlog ${BACKLOG}`, batchedRate, TARGETS.batched);
    console.log(
      `memory                     idle ${idleMb} MB, ${BACKLOG} messages ${filledMb} MB, after the run ${endMb} MB`,
    );
  } finally {
    server.kill("SIGTERM");
  }
}

if (process.argv[2] === "--client")
  process.once("message", async (plan) => {
    process.send?.(await run(/** @type {any} */ (plan)));
    process.disconnect();
  });
else await main();
