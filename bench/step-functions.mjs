/**
 * Step Functions: durable transitions of Standard executions, synchronous Express executions over HTTP (of a Pass state, and
 * of one function), and what ten thousand executions that wait cost in memory and at a restart. Floor: a bare `node:http`
 * server that answers the same bytes, loaded the same way in the same run.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource } from "./from-source.mjs";
import { awsHeaders, load, rawRequest } from "./load.mjs";

const SECONDS = Number(process.env["SECONDS"] ?? 4);
const WAITING = Number(process.env["WAITING"] ?? 10_000);
const TARGETS = { transitions: 2000, pass: 1000, passP50Ms: 3, lambda: 500, waitingMb: 100, restartMs: 2000 };

const { startCloud } = await fromSource('export { startCloud } from "./cloud.ts";');
const directory = mkdtempSync(join(tmpdir(), "bench-step-functions-"));
const dataDirectory = join(directory, "data");
/** @type {string[]} */
const missed = [];

/** @param {string} what @param {number} value @param {number} target @param {boolean} atMost */
function tell(what, value, target, atMost = false) {
  const isMet = atMost ? value <= target : value >= target;
  console.log(`${what}: ${value.toFixed(value < 10 ? 2 : 0)} (target ${atMost ? "at most" : "at least"} ${target})`);
  if (!isMet) missed.push(what);
}

/** Memory of our own, without files that are mapped into it (the store). */
function anonMb() {
  globalThis.gc?.();
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

let cloud = await startCloud({ dataDirectory });
const statement = (/** @type {object} */ one) => JSON.stringify({ Version: "2012-10-17", Statement: [one] });
const trust = { Effect: "Allow", Principal: { Service: ["states.amazonaws.com", "lambda.amazonaws.com"] } };
const { Role } = await cloud.call("iam", "CreateRole", {
  RoleName: "bench",
  AssumeRolePolicyDocument: statement({ ...trust, Action: "sts:AssumeRole" }),
});
await cloud.call("iam", "PutRolePolicy", {
  RoleName: "bench",
  PolicyName: "all",
  PolicyDocument: statement({ Effect: "Allow", Action: "*", Resource: "*" }),
});

/** @param {string} name @param {object} definition */
async function machine(name, definition, type = "STANDARD") {
  const input = { name, type, roleArn: Role.Arn, definition: JSON.stringify(definition) };
  return (await cloud.call("stepfunctions", "CreateStateMachine", input)).stateMachineArn;
}

/** Standard: executions of twenty Pass states, a hundred at a time. */
async function transitions() {
  const STATES = 20;
  /** @type {Record<string, object>} */
  const States = {};
  for (let n = 0; n < STATES; n++)
    States[`S${n}`] = { Type: "Pass", ...(n + 1 < STATES ? { Next: `S${n + 1}` } : { End: true }) };
  const stateMachineArn = await machine("standard", { StartAt: "S0", States });
  const input = JSON.stringify({ order: 1, lines: [{ sku: "a", quantity: 2 }] });
  const round = async (/** @type {number} */ count) => {
    const all = Array.from({ length: count }, () =>
      cloud.call("stepfunctions", "StartExecution", { stateMachineArn, input }),
    );
    await Promise.all(all);
    await cloud.settled();
  };
  await round(50);
  const startedAt = performance.now();
  let done = 0;
  while (performance.now() - startedAt < SECONDS * 1000) {
    await round(100);
    done += 100;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  tell("Standard, durable transitions/s", (done * STATES) / seconds, TARGETS.transitions);
  // One state after the other waits for time: each transition is a step, and a commit, of its own.
  /** @type {Record<string, object>} */
  const waits = {};
  for (let n = 0; n < STATES; n++)
    waits[`W${n}`] = { Type: "Wait", Seconds: 0, ...(n + 1 < STATES ? { Next: `W${n + 1}` } : { End: true }) };
  const slow = await machine("waits", { StartAt: "W0", States: waits });
  const slowAt = performance.now();
  await Promise.all(
    Array.from({ length: 100 }, () => cloud.call("stepfunctions", "StartExecution", { stateMachineArn: slow, input })),
  );
  await cloud.settled();
  const each = (100 * STATES) / ((performance.now() - slowAt) / 1000);
  console.log(`Standard, transitions/s where each is a commit of its own: ${each.toFixed(0)}`);
}

/** @param {string} stateMachineArn @param {number} connections */
function sync(stateMachineArn, connections) {
  const headers = awsHeaders("states", "AWSStepFunctions.StartSyncExecution");
  const body = JSON.stringify({ stateMachineArn, input: '{"name":"a"}' });
  const requests = [rawRequest({ path: "/", port: cloud.port, headers, body })];
  return load({ port: cloud.port, connections, seconds: SECONDS, requests });
}

async function express() {
  const bare = http.createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(JSON.stringify({ status: "SUCCEEDED", output: '{"name":"a"}' })));
  });
  await new Promise((resolve) => bare.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (bare.address());
  const requests = [rawRequest({ path: "/", port, headers: awsHeaders("states", "x"), body: "{}" })];
  const floor = await load({ port, connections: 2, seconds: SECONDS, requests });
  bare.close();
  console.log(`floor, bare node:http: ${floor.perSecond.toFixed(0)}/s, p50 ${floor.p50Ms.toFixed(2)} ms`);

  const pass = await machine("pass", { StartAt: "P", States: { P: { Type: "Pass", End: true } } }, "EXPRESS");
  const passed = await sync(pass, 2);
  if (passed.errors > 0) throw new Error(passed.firstError);
  tell("Express, synchronous, one Pass state/s", passed.perSecond, TARGETS.pass);
  tell("  its p50, ms", passed.p50Ms, TARGETS.passP50Ms, true);

  writeFileSync(join(directory, "index.js"), "exports.handler = async (event) => event;");
  const { FunctionArn } = await cloud.call("lambda", "CreateFunction", {
    FunctionName: "echo",
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Role: Role.Arn,
    Code: { S3Bucket: "hot-reload", S3Key: directory },
  });
  const task = { Type: "Task", Resource: FunctionArn, End: true };
  const called = await machine("lambda", { StartAt: "T", States: { T: task } }, "EXPRESS");
  const ran = await sync(called, 4);
  if (ran.errors > 0) throw new Error(ran.firstError);
  tell("Express, synchronous, one function/s", ran.perSecond, TARGETS.lambda);
}

/** Executions that wait, after as many that did not: what the process keeps of any traffic (the trace) is there before. */
async function waiting() {
  const begin = async (/** @type {string} */ name, /** @type {object} */ state) => {
    const stateMachineArn = await machine(name, { StartAt: "W", States: { W: { ...state, End: true } } });
    for (let n = 0; n < WAITING; n += 500) {
      const start = () => cloud.call("stepfunctions", "StartExecution", { stateMachineArn, input: '{"order":1}' });
      await Promise.all(Array.from({ length: 500 }, start));
      await cloud.settled();
    }
    return stateMachineArn;
  };
  await begin("passing", { Type: "Pass" });
  const before = anonMb();
  const stateMachineArn = await begin("waiting", { Type: "Wait", Seconds: 86_400 });
  tell(`${WAITING} waiting executions, MB`, anonMb() - before, TARGETS.waitingMb, true);
  await cloud.close();
  const startedAt = performance.now();
  cloud = await startCloud({ dataDirectory });
  const { executions } = await cloud.call("stepfunctions", "ListExecutions", {
    stateMachineArn,
    statusFilter: "RUNNING",
    maxResults: 1,
  });
  tell("  restart with them, ms", performance.now() - startedAt, TARGETS.restartMs, true);
  if (executions.length !== 1) throw new Error("The executions do not wait any more");
}

await waiting();
await transitions();
await express();
await cloud.close();
rmSync(directory, { recursive: true, force: true });
if (missed.length > 0) {
  console.error(`missed: ${missed.join("; ")}`);
  process.exitCode = 1;
}
