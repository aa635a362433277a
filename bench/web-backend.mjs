/**
 * The whole way: HTTP API → Lambda → DynamoDB through the SDK, on the web-backend shape as `katachi dev` runs it.
 * IAM, tracing and durability are on. Beside it the same API with a function that only answers, and a bare node:http
 * server, so that it shows where the time goes.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { load, rawRequest } from "./load.mjs";

const katachi = new URL("../cli/bin/katachi.mjs", import.meta.url).pathname;
const SECONDS = 4;

const floor = createServer((request, response) => {
  request.resume();
  response.end("{}");
});
await new Promise((resolve) => floor.listen(0, "127.0.0.1", () => resolve(undefined)));
const floorPort = /** @type {import("node:net").AddressInfo} */ (floor.address()).port;

const args = ["dev", "web-backend", "--port", "0", "--ephemeral", "--no-watch", "--json"];
const child = spawn(process.execPath, [katachi, ...args], { stdio: ["ignore", "pipe", "inherit"] });
let first = "";
for await (const line of createInterface({ input: child.stdout })) {
  first = line;
  break;
}
const { stacks } = JSON.parse(first);
const url = new URL(stacks[0].outputs.find((/** @type {{ key: string }} */ output) => output.key === "Url").value);
const port = Number(url.port);
const base = url.pathname.replace(/\/$/, "");
const form = {
  customer: "Hanako",
  email: "hanako@example.jp",
  lines: [{ sku: "tea-01", quantity: 2, unitPrice: 1200 }],
};

const cases = [
  { name: "bare node:http", port: floorPort, request: { method: "POST", path: "/", body: JSON.stringify(form) } },
  { name: "POST /orders (put)", port, request: { method: "POST", path: `${base}/orders`, body: JSON.stringify(form) } },
  { name: "GET /orders/{id} (get)", port, request: { method: "GET", path: `${base}/orders/nowhere` } },
];
for (const connections of [1, 32])
  for (const { name, port: to, request } of cases) {
    const requests = [rawRequest({ ...request, port: to, headers: { "content-type": "application/json" } })];
    const result = await load({ port: to, connections, seconds: SECONDS, requests });
    console.log(
      `${name.padEnd(24)} ${String(connections).padStart(2)} connections  ${String(result.perSecond).padStart(6)} /s  p50 ${result.p50Ms} ms  p99 ${result.p99Ms} ms`,
    );
  }
child.kill("SIGTERM");
floor.close();
