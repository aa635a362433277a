/**
 * A load generator in a process of its own: N raw keep-alive connections, one request at a time on each.
 * Raw sockets, so that what is measured is the server and not the client.
 *
 * As a module: `await load({ port, connections, seconds, requests })` → { perSecond, p50Ms, p99Ms, errors }.
 */
import { fork } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Plan
 * @property {number} port
 * @property {number} connections
 * @property {number} seconds how long it is measured, after one second of warm-up
 * @property {string[]} requests whole HTTP requests, head and body; sent one after the other, over and over
 *
 * @typedef {object} Result
 * @property {number} perSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} errors answers with a status of 400 or above
 * @property {string} firstError
 */

/**
 * Runs a plan in a process of its own.
 * @param {Plan} plan
 * @returns {Promise<Result>}
 */
export function load(plan) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["--child"]);
    child.once("message", (/** @type {any} */ result) => resolve(result));
    child.once("error", reject);
    child.send(plan);
  });
}

/**
 * Writes a request as it goes over the wire.
 * @param {{ method?: string, path: string, port: number, headers?: Record<string, string>, body?: string }} request
 */
export function rawRequest({ method = "POST", path, port, headers = {}, body = "" }) {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

/** Headers of a signed AWS call; in the default mode any well-formed signature is taken. */
export function awsHeaders(
  /** @type {string} */ service,
  /** @type {string} */ target,
  contentType = "application/x-amz-json-1.0",
) {
  const credential = `test/20260101/us-east-1/${service}/aws4_request`;
  return {
    "content-type": contentType,
    "x-amz-target": target,
    "x-amz-date": "20260101T000000Z",
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
  };
}

/** @param {Plan} plan */
async function run(plan) {
  const startedAt = performance.now() + 1000;
  const endsAt = startedAt + plan.seconds * 1000;
  /** @type {number[]} */
  const latencies = [];
  const counts = { errors: 0, firstError: "" };
  let next = 0;
  const frames = plan.requests.map((request) => Buffer.from(request));
  const one = () =>
    new Promise((resolve) => {
      const socket = connect({ port: plan.port, host: "127.0.0.1", noDelay: true });
      let sentAt = 0;
      let pending = Buffer.alloc(0);
      const send = () => {
        sentAt = performance.now();
        socket.write(frames[next++ % frames.length] ?? "");
      };
      socket.on("connect", send);
      socket.on("error", resolve);
      socket.on("close", resolve);
      socket.on("data", (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        if (!isWhole(pending)) return;
        const now = performance.now();
        if (sentAt >= startedAt) latencies.push(now - sentAt);
        const status = Number(pending.toString("latin1", 9, 12));
        if (status >= 400) {
          counts.errors++;
          counts.firstError ||= pending.toString("utf8", 0, 600);
        }
        pending = Buffer.alloc(0);
        if (now < endsAt) send();
        else socket.end();
      });
    });
  await Promise.all(Array.from({ length: plan.connections }, one));
  latencies.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(3));
  return { perSecond: Math.round(latencies.length / plan.seconds), p50Ms: at(0.5), p99Ms: at(0.99), ...counts };
}

/** Whether the bytes hold one whole response: by length, or by the last chunk. */
function isWhole(/** @type {Buffer} */ bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = bytes.toString("latin1", 0, end).toLowerCase();
  const length = /content-length: (\d+)/.exec(head);
  if (length) return bytes.length >= end + 4 + Number(length[1]);
  return bytes.subarray(-5).toString("latin1") === "0\r\n\r\n";
}

if (process.argv[2] === "--child")
  process.once("message", async (plan) => {
    process.send?.(await run(/** @type {Plan} */ (plan)));
    process.disconnect();
  });
