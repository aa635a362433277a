/**
 * Functions: warm invocations through the Lambda API, cold starts, and how long an edit takes to run; Node.js, and
 * Python and a custom runtime (a bootstrap in Python that speaks the Runtime API) beside it.
 * Floor: a bare `node:http` server that answers the same bytes, loaded the same way in the same run.
 *
 * Run with `node bench/functions.mjs` after `npm run build`.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { awsHeaders, load, rawRequest } from "./load.mjs";

const { startCloud } = await import("@katachi/cloud");
const SECONDS = Number(process.env["SECONDS"] ?? 4);
const CODE = `exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({ hello: event.name }) });`;
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

const cloud = await startCloud({ ephemeral: true });
const directory = mkdtempSync(join(tmpdir(), "bench-functions-"));
const { Role } = await cloud.call("iam", "CreateRole", { RoleName: "bench", AssumeRolePolicyDocument: TRUST });
await cloud.call("iam", "PutRolePolicy", {
  RoleName: "bench",
  PolicyName: "logs",
  PolicyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "logs:*", Resource: "*" }],
  }),
});
writeFileSync(join(directory, "index.js"), CODE);

const PYTHON = `import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"hello": event["name"]})}
`;
const BOOTSTRAP = `#!/usr/bin/env python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = api.getresponse()
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read()
while True:
    id, event = ask("GET", "next")
    ask("POST", id + "/response", json.dumps({"statusCode": 200, "body": json.dumps({"hello": json.loads(event)["name"]})}))
`;
writeFileSync(join(directory, "index.py"), PYTHON);
writeFileSync(join(directory, "bootstrap"), BOOTSTRAP);
chmodSync(join(directory, "bootstrap"), 0o755);

/** @param {string} name @param {import("@aws-sdk/client-lambda").Runtime} [runtime] */
async function create(name, runtime = "nodejs22.x") {
  await cloud.call("lambda", "CreateFunction", {
    FunctionName: name,
    Runtime: runtime,
    Handler: "index.handler",
    Role: Role?.Arn,
    Code: { S3Bucket: "hot-reload", S3Key: directory },
  });
}

/** @param {string} name */
async function invoke(name) {
  const startedAt = performance.now();
  const { Payload } = await cloud.call("lambda", "Invoke", {
    FunctionName: name,
    Payload: Buffer.from(`{"name":"a"}`),
  });
  return { ms: performance.now() - startedAt, text: Buffer.from(/** @type {Uint8Array} */ (Payload)).toString() };
}

/** @param {number[]} values */
function p50(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** @param {string} label @param {{ perSecond: number, p50Ms: number, p99Ms: number, errors: number, firstError: string }} result */
function show(label, result) {
  const { perSecond, p50Ms, p99Ms, errors, firstError } = result;
  console.log(
    `${label.padEnd(34)} ${String(Math.round(perSecond)).padStart(7)} /s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms${errors > 0 ? `   ${errors} ERRORS: ${firstError}` : ""}`,
  );
}

await create("warm");
await invoke("warm");
const body = JSON.stringify({ name: "Aoi", items: Array.from({ length: 10 }, (_, n) => ({ sku: `sku-${n}`, n })) });
/** @param {number} port @param {string} [name] */
const requests = (port, name = "warm") => [
  rawRequest({
    path: `/2015-03-31/functions/${name}/invocations`,
    port,
    headers: { authorization: awsHeaders("lambda", "").authorization, "content-type": "application/json" },
    body,
  }),
];

const bare = http.createServer((request, response) => {
  request.resume().on("end", () => response.end(`{"statusCode":200,"body":"{}"}`));
});
await new Promise((listening) => bare.listen(0, "127.0.0.1", () => listening(undefined)));
const barePort = /** @type {import("node:net").AddressInfo} */ (bare.address()).port;
for (const connections of [1, 32]) {
  const floor = await load({ port: barePort, connections, seconds: SECONDS, requests: requests(barePort) });
  const warm = await load({ port: cloud.port, connections, seconds: SECONDS, requests: requests(cloud.port) });
  show(`bare node:http, ${connections} connections`, floor);
  show(`warm Invoke, ${connections} connections`, warm);
  console.log(`ratio ${(floor.perSecond / warm.perSecond).toFixed(1)} × slower than bare HTTP`);
}
bare.close();

for (const runtime of /** @type {const} */ (["python3.13", "provided.al2023"])) {
  const name = runtime.replace(".", "-");
  await create(name, runtime);
  await invoke(name);
  for (const connections of [1, 32])
    show(
      `warm ${runtime}, ${connections} connections`,
      await load({ port: cloud.port, connections, seconds: SECONDS, requests: requests(cloud.port, name) }),
    );
}

for (const [runtime, target] of /** @type {const} */ ([
  ["nodejs22.x", "   (target 50 ms)"],
  ["python3.13", ""],
  ["provided.al2023", ""],
])) {
  const cold = [];
  for (let n = 0; n < 15; n++) {
    const name = `cold-${runtime.replace(".", "-")}-${n}`;
    await create(name, runtime);
    // The pool fills again in the time a developer needs for anything.
    await wait(400);
    cold.push((await invoke(name)).ms);
  }
  console.log(`cold start, one file, ${runtime.padEnd(17)} p50 ${p50(cold).toFixed(1)} ms${target}`);
}

const edits = [];
for (let n = 0; n < 15; n++) {
  const startedAt = performance.now();
  writeFileSync(join(directory, "index.js"), CODE.replace("200", String(201 + n)));
  for (;;) if ((await invoke("warm")).text.includes(String(201 + n))) break;
  edits.push(performance.now() - startedAt);
  await wait(400);
}
console.log(`edit → answer of the new code     p50 ${p50(edits).toFixed(1)} ms   (target 150 ms)`);

await cloud.close();
rmSync(directory, { recursive: true });
