/**
 * S3: 1 KB objects put and got over many connections, and 64 MB ones one after the other, with the memory that they
 * cost.
 *
 * Peer: s3rver, from the same client in the same run. Floor for large objects: a bare `node:http` server that writes what
 * it is sent into a file, and reads it back.
 *
 * Run with `node bench/s3.mjs` after `npm run build`. `SECONDS=8` measures longer.
 */
import { spawn } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { load, rawRequest } from "./load.mjs";

const SECONDS = Number(process.env["SECONDS"] ?? 4);
const CONNECTIONS = 16;
const KEYS = 1000;
const SMALL = "x".repeat(1024);
const MB = 1024 * 1024;
const LARGE_BYTES = 64 * MB;
const CHUNK = Buffer.alloc(256 * 1024, "0123456789abcdef");
const ROUNDS = 6;
const TARGETS = { smallRatio: 4, largeMbPerSecond: 200, growthMb: 64 };

/** Signed as s3rver wants it; neither side compares the signature. */
function headers() {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const credential = `S3RVER/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  return {
    "x-amz-date": date,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${"0".repeat(64)}`,
  };
}

/** Starts a server that says where it is ready. @param {string[]} args */
async function start(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = Number(/^ready http:\/\/[^:]+:(\d+)/.exec(line)?.[1]);
    if (port) {
      child.stdout.resume();
      return { port, pid: child.pid, stop: () => child.kill("SIGKILL") };
    }
  }
  throw new Error(`${args[0]} did not start`);
}

/** @param {number} port @param {"PUT" | "GET"} method */
async function small(port, method) {
  const requests = Array.from({ length: KEYS }, (_, n) =>
    rawRequest({
      method,
      path: `/bench/folder/key-${n}`,
      port,
      headers: headers(),
      ...(method === "PUT" ? { body: SMALL } : {}),
    }),
  );
  const result = await load({ port, connections: CONNECTIONS, seconds: SECONDS, requests });
  if (result.errors > 0) throw new Error(`${result.errors} errors: ${result.firstError}`);
  return result;
}

/** @param {{ port: number, method: string, path: string, write?: (request: http.ClientRequest) => Promise<void>, length?: number }} call */
function exchange({ port, method, path, write, length }) {
  return new Promise((resolve, reject) => {
    const more = length === undefined ? {} : { "content-length": length };
    const request = http.request({ host: "127.0.0.1", port, method, path, headers: { ...headers(), ...more } });
    request.on("error", reject);
    request.on("response", (response) => {
      let bytes = 0;
      response.on("data", (/** @type {Buffer} */ chunk) => (bytes += chunk.length));
      response.on("end", () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${method} ${path}: ${response.statusCode}`)),
      );
    });
    if (write) write(request).then(() => request.end(), reject);
    else request.end();
  });
}

/** @param {http.ClientRequest} request */
async function writeLarge(request) {
  for (let sent = 0; sent < LARGE_BYTES; sent += CHUNK.length)
    if (!request.write(CHUNK)) await new Promise((resolve) => request.once("drain", resolve));
}

/** MB a second of putting and getting large objects. @param {number} port */
async function large(port) {
  /** @type {number[]} */
  const puts = [];
  /** @type {number[]} */
  const gets = [];
  for (let round = 0; round < ROUNDS; round++) {
    const path = `/bench/large-${round % 2}`;
    puts.push(await timed(() => exchange({ port, method: "PUT", path, write: writeLarge, length: LARGE_BYTES })));
    gets.push(await timed(() => exchange({ port, method: "GET", path })));
  }
  return { put: best(puts), get: best(gets) };
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const startedAt = performance.now();
  await work();
  return LARGE_BYTES / MB / ((performance.now() - startedAt) / 1000);
}

/** The median: neither the first round nor the luckiest. @param {number[]} rates */
function best(rates) {
  return rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
}

/** @param {number | undefined} pid @param {"VmRSS" | "VmHWM"} field */
function memoryMb(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024);
}

/** What the machine does at best, in a process of its own. @param {string} directory */
function serveFloor(directory) {
  const server = http.createServer((request, response) => {
    const file = join(directory, String(request.url).replaceAll("/", "_"));
    const work =
      request.method === "PUT"
        ? pipeline(request, createWriteStream(file)).then(() => void response.end())
        : pipeline(createReadStream(file), response);
    work.catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    console.log(`ready http://127.0.0.1:${port}`);
  });
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), "bench-s3-"));
  const katachi = fileURLToPath(new URL("../cli/bin/katachi.mjs", import.meta.url));
  const peerScript = fileURLToPath(new URL("peers/s3rver.mjs", import.meta.url));
  const ours = await start([katachi, "start", "--ephemeral", "--port", "0"]);
  const peer = await start([peerScript, join(directory, "s3rver")]);
  const floor = await start([fileURLToPath(import.meta.url), "--floor", directory]);
  try {
    await exchange({ port: ours.port, method: "PUT", path: "/bench", length: 0 });
    for (const method of /** @type {const} */ (["PUT", "GET"])) {
      const theirs = await small(peer.port, method);
      const mine = await small(ours.port, method);
      const ratio = mine.perSecond / theirs.perSecond;
      console.log(
        `1 KB ${method}    ${String(mine.perSecond).padStart(6)} /s   p50 ${mine.p50Ms} ms   s3rver ${String(theirs.perSecond).padStart(5)} /s   ` +
          `${ratio.toFixed(1)} × s3rver   (target ${TARGETS.smallRatio} ×: ${ratio >= TARGETS.smallRatio ? "met" : "MISSED"})`,
      );
    }
    const beforeMb = memoryMb(ours.pid, "VmRSS");
    const mine = await large(ours.port);
    const peakMb = memoryMb(ours.pid, "VmHWM");
    const theirs = await large(peer.port);
    const bare = await large(floor.port);
    for (const method of /** @type {const} */ (["put", "get"]))
      console.log(
        `64 MB ${method}   ${String(Math.round(mine[method])).padStart(6)} MB/s   s3rver ${Math.round(theirs[method])} MB/s   bare http and file ` +
          `${Math.round(bare[method])} MB/s   (target ${TARGETS.largeMbPerSecond} MB/s: ${mine[method] >= TARGETS.largeMbPerSecond ? "met" : "MISSED"})`,
      );
    const growthMb = peakMb - beforeMb;
    console.log(
      `memory      ${beforeMb} MB before, at most ${peakMb} MB while ${ROUNDS} × 64 MB went each way ` +
        `(target +${TARGETS.growthMb} MB: ${growthMb <= TARGETS.growthMb ? "met" : "MISSED"})`,
    );
  } finally {
    ours.stop();
    peer.stop();
    floor.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[2] === "--floor") serveFloor(process.argv[3] ?? tmpdir());
else await main();
