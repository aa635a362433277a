/**
 * DynamoDB: puts, gets and queries of ten items over 32 connections, IAM, tracing and durability on.
 * Peer, from the same client in the same run: dynalite on disk.
 *
 * Run with `node bench/dynamodb.mjs` after `npm run build`. `SECONDS=8` measures longer.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { awsHeaders, load, rawRequest } from "./load.mjs";

const SECONDS = Number(process.env["SECONDS"] ?? 4);
const CONNECTIONS = 32;
const CUSTOMERS = 500;
const ORDERS_EACH = 10;
const TableName = "orders";
/** How many times the peer's throughput is to be reached. */
const TARGETS = { put: 2, get: 2, query: 4 };

const KEY = [
  { AttributeName: "customer", KeyType: "HASH" },
  { AttributeName: "order", KeyType: "RANGE" },
];
const TABLE = {
  TableName,
  KeySchema: KEY,
  AttributeDefinitions: KEY.map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" })),
  BillingMode: "PAY_PER_REQUEST",
};

/** @param {number} n */
const keyOf = (n) => ({
  customer: { S: `customer-${n % CUSTOMERS}` },
  order: { S: `2026-01-${String((n % ORDERS_EACH) + 1).padStart(2, "0")}` },
});

/** @param {number} n */
const itemOf = (n) => ({
  ...keyOf(n),
  status: { S: n % 3 === 0 ? "PAID" : "NEW" },
  total: { N: String(1980 + n) },
  lines: {
    L: [{ M: { sku: { S: `sku-${n % 97}` }, count: { N: "2" } } }, { M: { sku: { S: "gift" }, count: { N: "1" } } }],
  },
  note: { S: "Please leave it with the neighbours, the bell does not work. ".repeat(4) },
});

/** @type {Record<keyof typeof TARGETS, [operation: string, (n: number) => object]>} */
const WORK = {
  put: ["PutItem", (n) => ({ TableName, Item: itemOf(n) })],
  get: ["GetItem", (n) => ({ TableName, Key: keyOf(n) })],
  query: [
    "Query",
    (n) => ({
      TableName,
      KeyConditionExpression: "customer = :c",
      ExpressionAttributeValues: { ":c": keyOf(n).customer },
    }),
  ],
};

/** Starts a server that says where it is ready. @param {string[]} args */
async function start(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = Number(/^ready http:\/\/[^:]+:(\d+)/.exec(line)?.[1]);
    if (port) {
      child.stdout.resume();
      return { port, stop: () => child.kill("SIGKILL") };
    }
  }
  throw new Error(`${args[0]} did not start`);
}

/** @param {number} port @param {string} operation @param {object} input */
function request(port, operation, input) {
  const headers = awsHeaders("dynamodb", `DynamoDB_20120810.${operation}`);
  return { port, path: "/", headers, body: JSON.stringify(input) };
}

/** @param {number} port @param {string} operation @param {object} input */
async function call(port, operation, input) {
  const { headers, body } = request(port, operation, input);
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
}

/** @param {string[]} args */
async function measure(args) {
  const server = await start(args);
  try {
    await call(server.port, "CreateTable", TABLE);
    for (let n = 0; n < CUSTOMERS * ORDERS_EACH; n++)
      await call(server.port, "PutItem", { TableName, Item: { ...itemOf(n), ...allKeys(n) } });
    /** @type {Record<string, import("./load.mjs").Result>} */
    const results = {};
    for (const [name, [operation, input]] of Object.entries(WORK)) {
      const requests = Array.from({ length: 2000 }, (_, n) => rawRequest(request(server.port, operation, input(n))));
      results[name] = await load({ port: server.port, connections: CONNECTIONS, seconds: SECONDS, requests });
    }
    return results;
  } finally {
    server.stop();
  }
}

/** Every order of every customer once. @param {number} n */
function allKeys(n) {
  const order = `2026-01-${String(Math.floor(n / CUSTOMERS) + 1).padStart(2, "0")}`;
  return { customer: { S: `customer-${n % CUSTOMERS}` }, order: { S: order } };
}

const directory = mkdtempSync(join(tmpdir(), "katachi-bench-"));
try {
  const katachi = fileURLToPath(new URL("../cli/bin/katachi.mjs", import.meta.url));
  const peer = fileURLToPath(new URL("./peers/dynalite.mjs", import.meta.url));
  const theirs = await measure([peer, join(directory, "dynalite")]);
  const ours = await measure([katachi, "start", "--port", "0", "--data", join(directory, "katachi")]);
  for (const name of /** @type {(keyof typeof TARGETS)[]} */ (Object.keys(TARGETS))) {
    const [a, b] = [ours[name], theirs[name]];
    if (!a || !b) continue;
    if (a.errors + b.errors > 0) throw new Error(`${name}: ${a.firstError || b.firstError}`);
    const ratio = (a.perSecond / b.perSecond).toFixed(1);
    console.log(
      `${name.padEnd(6)} ${a.perSecond}/s p50 ${a.p50Ms} ms p99 ${a.p99Ms} ms   dynalite ${b.perSecond}/s   × ${ratio} (to reach: × ${TARGETS[name]})`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
