/**
 * HTTP API or REST API → function, warm: a request through the gateway, IAM, the function's process and back, with trace, logs of
 * the function and permissions on.
 *
 * Peer: serverless-offline, with the same handler and the same requests in the same run (it is fetched into a temporary
 * directory when first needed; without a registry it is left out). Floor: a bare `node:http` server.
 *
 * Run with `node bench/http-api.mjs` after `npm run build`. `SECONDS=8` measures longer, `PROFILE=1` writes where the
 * time goes.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load, rawRequest } from "./load.mjs";
import { profiled } from "./profile.mjs";

const { startCloud } = await import("@katachi/cloud");
const SECONDS = Number(process.env["SECONDS"] ?? 4);
const PEER_VERSION = "14.8.2";
const CODE = `exports.handler = async (event) => ({
  statusCode: 201,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ id: event.pathParameters.id, got: JSON.parse(event.body).items.length }),
});`;
const BODY = JSON.stringify({ customer: "Aoi", items: Array.from({ length: 10 }, (_, n) => ({ sku: `sku-${n}`, n })) });

const directory = mkdtempSync(join(tmpdir(), "bench-http-api-"));
writeFileSync(join(directory, "index.js"), CODE);

/** @param {number} port @param {string} path */
const requests = (port, path) => [
  rawRequest({ path, port, headers: { "content-type": "application/json", "user-agent": "bench" }, body: BODY }),
];

/**
 * @param {string} label
 * @param {number} port
 * @param {string} path
 * @param {number} connections
 */
async function measure(label, port, path, connections) {
  const result = await load({ port, connections, seconds: SECONDS, requests: requests(port, path) });
  const { perSecond, p50Ms, p99Ms, errors, firstError } = result;
  const failed = errors > 0 ? `   ${errors} ERRORS: ${firstError}` : "";
  const name = `${label}, ${connections} connection${connections > 1 ? "s" : ""}`;
  console.log(
    `${name.padEnd(40)} ${String(perSecond).padStart(7)} /s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms${failed}`,
  );
  return result;
}

async function startOurs() {
  const cloud = await startCloud({ ephemeral: true });
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
  };
  const { Role } = await cloud.call("iam", "CreateRole", {
    RoleName: "bench",
    AssumeRolePolicyDocument: JSON.stringify(trust),
  });
  const logs = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "logs:*", Resource: "*" }] };
  await cloud.call("iam", "PutRolePolicy", {
    RoleName: "bench",
    PolicyName: "logs",
    PolicyDocument: JSON.stringify(logs),
  });
  const { FunctionArn } = await cloud.call("lambda", "CreateFunction", {
    FunctionName: "bench",
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Role: Role?.Arn,
    Code: { S3Bucket: "hot-reload", S3Key: directory },
  });
  const { ApiId } = await cloud.call("apigatewayv2", "CreateApi", {
    Name: "bench",
    ProtocolType: "HTTP",
    RouteKey: "POST /orders/{id}",
    Target: FunctionArn,
  });
  await cloud.call("lambda", "AddPermission", {
    FunctionName: "bench",
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${ApiId}/*`,
  });
  const restPath = await addRestApi(cloud, FunctionArn);
  return { cloud, path: `/_aws/execute-api/${ApiId}/orders/7`, restPath };
}

/** The same route as a REST API. @param {import("@katachi/cloud").Cloud} cloud @param {string | undefined} functionArn */
async function addRestApi(cloud, functionArn) {
  const api = await cloud.call("apigateway", "CreateRestApi", { name: "bench" });
  const restApiId = api.id;
  const orders = await cloud.call("apigateway", "CreateResource", {
    restApiId,
    parentId: api.rootResourceId,
    pathPart: "orders",
  });
  const order = await cloud.call("apigateway", "CreateResource", { restApiId, parentId: orders.id, pathPart: "{id}" });
  const at = { restApiId, resourceId: order.id, httpMethod: "POST" };
  await cloud.call("apigateway", "PutMethod", { ...at, authorizationType: "NONE" });
  await cloud.call("apigateway", "PutIntegration", {
    ...at,
    type: "AWS_PROXY",
    integrationHttpMethod: "POST",
    uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  });
  await cloud.call("apigateway", "CreateDeployment", { restApiId, stageName: "prod" });
  await cloud.call("lambda", "AddPermission", {
    FunctionName: "bench",
    StatementId: "rest",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/*`,
  });
  return `/_aws/execute-api/${restApiId}/prod/orders/7`;
}

/** The directory of serverless-offline, fetched once; undefined where it cannot be. */
function findPeer() {
  const prefix = join(tmpdir(), `katachi-bench-peers-${PEER_VERSION}`);
  const found = join(prefix, "node_modules", "serverless-offline");
  if (existsSync(found)) return found;
  try {
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, "package.json"), "{}");
    execFileSync(
      "npm",
      [
        "install",
        `serverless-offline@${PEER_VERSION}`,
        "--legacy-peer-deps",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
      ],
      { cwd: prefix, stdio: "pipe" },
    );
    return found;
  } catch (error) {
    console.log(
      `serverless-offline is left out: it cannot be fetched (${error instanceof Error ? error.message.split("\n")[0] : error})`,
    );
    rmSync(prefix, { recursive: true, force: true });
    return undefined;
  }
}

/** @param {string} peer @returns {Promise<{ port: number, stop: () => void }>} */
async function startPeer(peer) {
  const port = 20_000 + (process.pid % 20_000);
  const script = fileURLToPath(new URL("peers/serverless-offline.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, peer, directory, String(port), String(port + 1)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((ready, failed) => {
    child.stdout.on("data", (chunk) => String(chunk).includes("ready") && ready(undefined));
    child.once("exit", (code) => failed(new Error(`serverless-offline ended with ${code}`)));
  });
  return { port, stop: () => child.kill("SIGKILL") };
}

const bare = http.createServer((request, response) => {
  request
    .resume()
    .on("end", () => response.writeHead(201, { "content-type": "application/json" }).end('{"id":"7","got":10}'));
});
await new Promise((listening) => bare.listen(0, "127.0.0.1", () => listening(undefined)));
const barePort = /** @type {import("node:net").AddressInfo} */ (bare.address()).port;
const { cloud, path, restPath } = await startOurs();
const peerDirectory = findPeer();
const peer = peerDirectory ? await startPeer(peerDirectory) : undefined;

for (const connections of [1, 32]) {
  const floor = await measure("bare node:http", barePort, "/", connections);
  const theirs = peer ? await measure("serverless-offline", peer.port, "/orders/7", connections) : undefined;
  const ours = await measure("katachi", cloud.port, path, connections);
  const rest = await measure("katachi, REST API", cloud.port, restPath, connections);
  console.log(`REST API beside HTTP API: ${(ours.perSecond / rest.perSecond).toFixed(2)} × slower`);
  if (theirs)
    console.log(
      `ratio to serverless-offline: ${(ours.perSecond / theirs.perSecond).toFixed(1)} × as many, p50 ${(ours.p50Ms / theirs.p50Ms).toFixed(2)} ×`,
    );
  console.log(`ratio to bare HTTP: ${(floor.perSecond / ours.perSecond).toFixed(1)} × slower\n`);
}
peer?.stop();
bare.close();
if (process.env["PROFILE"]) await profiled("http-api", () => measure("katachi, profiled", cloud.port, path, 32));
await cloud.close();
rmSync(directory, { recursive: true, force: true });
