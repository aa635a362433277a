import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel, type Kernel } from "../kernel/kernel.ts";
import { createArchive } from "./archive.ts";
import { FunctionHost } from "./function-host.ts";
import type { FunctionSpecification, Invocation, InvocationResult, StreamedAnswer } from "./specification.ts";

const START_MS = Date.UTC(2030, 0, 2, 3, 4, 5);

let kernel: Kernel;
let host: FunctionHost;
let server: Server;
let endpoint: string;
const lines = new Map<string, string[]>();

beforeAll(async () => {
  server = createServer((request, response) => {
    response.end(JSON.stringify({ host: request.headers.host, url: request.url, method: request.method }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kernel = openKernel({ clock: "frozen", startMs: START_MS });
  host = new FunctionHost(kernel, {
    endpoint: () => endpoint,
    onLog: ({ name }, _stream, { message }) => lines.set(name, [...(lines.get(name) ?? []), message]),
  });
});

afterAll(async () => {
  host.close();
  await kernel.close();
  server.close();
});

let count = 0;

type Overrides = Partial<Omit<FunctionSpecification, "logging">> & {
  logging?: Partial<FunctionSpecification["logging"]>;
  files?: Record<string, string>;
};

async function fn(code: string, overrides: Overrides = {}): Promise<FunctionSpecification> {
  const name = overrides.name ?? `fn-${++count}`;
  const archive = await createArchive(overrides.files ?? { "index.js": code });
  return {
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}:$LATEST`,
    revision: "1",
    name,
    version: "$LATEST",
    region: "us-east-1",
    runtime: "nodejs22.x",
    handler: "index.handler",
    memoryMb: 128,
    timeoutMs: 3000,
    variables: {},
    code: { kind: "zip", sha256: `${name}-${count}`, read: async () => archive },
    layers: [],
    credentials: async () => ({
      accessKeyId: "ASIAEXAMPLE",
      secretAccessKey: "secret",
      sessionToken: "token",
      expiresMs: Number.MAX_SAFE_INTEGER,
    }),
    ...overrides,
    logging: {
      group: `/aws/lambda/${name}`,
      format: "Text",
      applicationLevel: "INFO",
      systemLevel: "INFO",
      ...overrides.logging,
    },
  };
}

function invoke(
  specification: FunctionSpecification,
  event: unknown = {},
  more: Partial<Invocation> = {},
): Promise<InvocationResult> {
  return host.invoke(specification, {
    requestId: kernel.random.uuid(),
    invokedArn: specification.arn.replace(":$LATEST", ""),
    event: JSON.stringify(event),
    ...more,
  });
}

async function answer(specification: FunctionSpecification, event: unknown = {}): Promise<unknown> {
  const result = await invoke(specification, event);
  expect(result.error).toBeUndefined();
  return JSON.parse(result.payload.toString());
}

async function failure(specification: FunctionSpecification, event: unknown = {}) {
  const { error } = await invoke(specification, event);
  expect(error).toBeDefined();
  return error!;
}

const logOf = (name: string) => (lines.get(name) ?? []).join("");

describe("handlers", () => {
  it("answers from async, callback, and succeed/fail/done handlers", async () => {
    const f = await fn(`
      exports.handler = async (event) => ({ got: event });
      exports.callback = (event, context, callback) => setTimeout(() => callback(null, { late: true }), 5);
      exports.done = (event, context) => context.done(null, "done");
      exports.succeed = (event, context) => context.succeed("succeeded");
      exports.fail = (event, context) => context.fail(new TypeError("no"));
      exports.nothing = () => undefined;
      exports.undef = async () => undefined;
      exports.deep = { er: { handler: async () => "deep" } };
    `);
    const as = async (handler: string) =>
      await answer(await fn("", { ...f, name: `${f.name}-${handler}`, arn: `${f.arn}-${handler}`, handler }));
    expect(await as("index.handler")).toEqual({ got: {} });
    expect(await as("index.callback")).toEqual({ late: true });
    expect(await as("index.done")).toBe("done");
    expect(await as("index.succeed")).toBe("succeeded");
    expect(await as("index.nothing")).toBeNull();
    expect(await as("index.undef")).toBeNull();
    expect(await as("index.deep.er.handler")).toBe("deep");
    const failed = await fn("", { ...f, name: "failing", arn: `${f.arn}-fail`, handler: "index.fail" });
    expect(await failure(failed)).toMatchObject({ errorType: "TypeError", errorMessage: "no" });
  });

  it("waits for an empty event loop after a callback, unless told otherwise", async () => {
    const f = await fn(`
      let finished = 0;
      exports.handler = (event, context, callback) => {
        if (event.look) { context.callbackWaitsForEmptyEventLoop = false; return callback(null, finished); }
        context.callbackWaitsForEmptyEventLoop = event.wait;
        setTimeout(() => finished++, 80);
        callback(null, "ok");
      };
    `);
    expect(await answer(f, { wait: true })).toBe("ok");
    expect(await answer(f, { look: true })).toBe(1);
    expect(await answer(f, { wait: false })).toBe("ok");
    expect(await answer(f, { look: true })).toBe(1);
  });

  it("loads modules by extension and by package.json, with top-level await", async () => {
    const module = `const x = await Promise.resolve(5); export const handler = async () => x;`;
    expect(await answer(await fn("", { files: { "index.mjs": module } }))).toBe(5);
    expect(await answer(await fn("", { files: { "index.js": module, "package.json": `{"type":"module"}` } }))).toBe(5);
    expect(await answer(await fn("", { files: { "index.cjs": `exports.handler = async () => 6` } }))).toBe(6);
    const nested = await fn("", {
      files: { "src/api/main.js": `exports.run = async () => 7` },
      handler: "src/api/main.run",
    });
    expect(await answer(nested)).toBe(7);
  });

  it("gives nodejs24.x handlers no callbacks and takes what they return", async () => {
    const sync = await fn(`exports.handler = (event, context) => ({ done: typeof context.done });`, {
      runtime: "nodejs24.x",
    });
    expect(await answer(sync)).toEqual({ done: "undefined" });
    const callback = await fn(`exports.handler = (event, context, callback) => callback(null, 1);`, {
      runtime: "nodejs24.x",
    });
    expect(await failure(callback)).toMatchObject({ errorType: "Runtime.CallbackHandlerDeprecated" });
  });

  it("reuses a warm environment and keeps its memory", async () => {
    const f = await fn(`let n = 0; exports.handler = async () => ++n;`);
    expect([await answer(f), await answer(f), await answer(f)]).toEqual([1, 2, 3]);
    expect(host.counts(f.arn)).toEqual({ idle: 1, all: 1 });
  });

  it("runs long requests side by side, one in each environment", async () => {
    const f = await fn(
      `let busy = 0; exports.handler = async () => { busy++; await new Promise(r => setTimeout(r, 400)); return busy--; };`,
    );
    expect(await Promise.all([answer(f), answer(f), answer(f)])).toEqual([1, 1, 1]);
    expect(host.counts(f.arn).all).toBe(3);
  });
});

describe("what a function sees", () => {
  it("has the context of Lambda", async () => {
    const f = await fn(
      `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });`,
      {
        timeoutMs: 5000,
      },
    );
    const result = await invoke(
      f,
      {},
      { requestId: "the-id", clientContext: { a: 1 }, identity: { cognitoIdentityId: "c" } },
    );
    const context = JSON.parse(result.payload.toString());
    expect(context).toMatchObject({
      callbackWaitsForEmptyEventLoop: true,
      functionName: f.name,
      functionVersion: "$LATEST",
      invokedFunctionArn: f.arn.replace(":$LATEST", ""),
      memoryLimitInMB: "128",
      awsRequestId: "the-id",
      logGroupName: `/aws/lambda/${f.name}`,
      clientContext: { a: 1 },
      identity: { cognitoIdentityId: "c" },
    });
    expect(context.logStreamName).toMatch(/^2030\/01\/02\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(context.left).toBeGreaterThan(4000);
    expect(context.left).toBeLessThanOrEqual(5000);
  });

  it("has Lambda's variables, its own, and none of the developer's", async () => {
    process.env["DEVELOPERS_SECRET"] = "leaked";
    const f = await fn(
      `exports.handler = async () => ({ ...process.env, cwd: process.cwd(), home: require('os').homedir(), zone: new Date(0).getTimezoneOffset() });`,
      {
        variables: { TABLE: "Orders" },
      },
    );
    const first = await invoke(
      f,
      {},
      { traceHeader: "Root=1-67890abc-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1" },
    );
    const env = JSON.parse(first.payload.toString());
    expect(env).toMatchObject({
      TABLE: "Orders",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_LAMBDA_FUNCTION_NAME: f.name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${f.name}`,
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
      AWS_ACCESS_KEY_ID: "ASIAEXAMPLE",
      AWS_SESSION_TOKEN: "token",
      AWS_ENDPOINT_URL: endpoint,
      _HANDLER: "index.handler",
      _X_AMZN_TRACE_ID: "Root=1-67890abc-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1",
      TZ: ":UTC",
      zone: 0,
    });
    expect(env.LAMBDA_TASK_ROOT).toBe(env.cwd);
    expect(env.DEVELOPERS_SECRET).toBeUndefined();
    expect(env.home).not.toBe(process.env["HOME"]);
    const second = (await answer(f)) as Record<string, string>;
    expect(second["_X_AMZN_TRACE_ID"]).toBeUndefined();
  });

  it("lives in the cloud's time", async () => {
    const f = await fn(
      `exports.handler = async () => ({ now: Date.now(), date: new Date().toISOString(), own: new Date(5) instanceof Date, text: Date().slice(11, 15) });`,
    );
    const before = (await answer(f)) as { now: number; date: string; own: boolean; text: string };
    expect(before.now - kernel.clock.now()).toBeLessThan(2000);
    expect(before.now).toBeGreaterThanOrEqual(kernel.clock.now() - 50);
    expect(before.date).toMatch(/^2030-01-02T03:04/);
    expect(before).toMatchObject({ own: true, text: "2030" });
    await kernel.clock.advance("2 min");
    const after = (await answer(f)) as { now: number };
    expect(after.now - before.now).toBeGreaterThan(118_000);
  });

  it("finds AWS host names at the cloud", async () => {
    const f = await fn("", {
      files: {
        "index.mjs": `
          import https from "node:https";
          import http from "node:http";
          const read = (module, target) => new Promise((resolve, reject) => module.get(target, (response) => {
            let text = ""; response.on("data", (d) => (text += d)); response.on("end", () => resolve(JSON.parse(text)));
          }).on("error", reject));
          export const handler = async () => [
            await (await fetch("https://abc.execute-api.us-east-1.amazonaws.com/prod?x=1", { method: "POST", body: "b" })).json(),
            await read(https, "https://abc.lambda-url.us-east-1.on.aws/a"),
            await read(http, "http://bucket.s3.us-east-1.amazonaws.com/key"),
            // As the SDK asks for it: such a name is no valid URL.
            await read(http, { host: "sync-127.0.0.1", port: new URL(process.env.AWS_ENDPOINT_URL).port, path: "/p" }),
          ];`,
      },
    });
    const port = new URL(endpoint).port;
    expect(await answer(f)).toEqual([
      { host: "abc.execute-api.us-east-1.amazonaws.com", url: "/prod?x=1", method: "POST" },
      { host: "abc.lambda-url.us-east-1.on.aws", url: "/a", method: "GET" },
      { host: "bucket.s3.us-east-1.amazonaws.com", url: "/key", method: "GET" },
      { host: `sync-127.0.0.1:${port}`, url: "/p", method: "GET" },
    ]);
  });

  it("finds the SDK without bundling it, by require and by import, and nothing of the project around", async () => {
    const commonJs = await fn(
      `const { DynamoDBClient } = require("@aws-sdk/client-dynamodb"); exports.handler = async () => DynamoDBClient.name;`,
    );
    expect(await answer(commonJs)).toBe("DynamoDBClient");
    const code = `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; export const handler = async () => DynamoDBClient.name;`;
    expect(await answer(await fn("", { files: { "index.mjs": code } }))).toBe("DynamoDBClient");
    const missing = await fn(`require("vitest"); exports.handler = async () => 1;`);
    const error = await failure(missing);
    expect(error.errorType).toBe("Runtime.ImportModuleError");
    expect(error.errorMessage).toMatch(/^Error: Cannot find module 'vitest'\nRequire stack:\n- /);
  });

  it("says how to get an SDK package that is not installed", async () => {
    const f = await fn(`require("@aws-sdk/client-not-there"); exports.handler = async () => 1;`);
    expect((await failure(f)).errorType).toBe("Runtime.ImportModuleError");
    expect(logOf(f.name)).toContain("Install it in your project: npm install --save-dev @aws-sdk/client-not-there\n");
  });

  it("can be debugged, and does not time out then", async () => {
    const port = 20_000 + (process.pid % 20_000);
    const f = await fn(`exports.handler = async () => { await new Promise((r) => setTimeout(r, 1300)); return 1; };`, {
      timeoutMs: 1000,
      inspectPort: port,
    });
    const running = answer(f);
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/json`)).status, { timeout: 1200 }).toBe(200);
    expect(await running).toBe(1);
    host.forget(f.arn);
  });

  it("finds packages of layers after its own", async () => {
    const layer = await createArchive({
      "nodejs/node_modules/greet/package.json": `{"name":"greet","main":"i.js"}`,
      "nodejs/node_modules/greet/i.js": `exports.text = "from the layer"`,
    });
    const layers = [{ kind: "zip" as const, sha256: "greet-layer", read: async () => layer }];
    const f = await fn("", {
      files: { "index.mjs": `import { text } from "greet"; export const handler = async () => text;` },
      layers,
    });
    expect(await answer(f)).toBe("from the layer");
    const own = await fn("", {
      files: {
        "index.js": `exports.handler = async () => require("greet").text;`,
        "node_modules/greet/index.js": `exports.text = "its own"`,
      },
      layers,
    });
    expect(await answer(own)).toBe("its own");
  });
});

describe("failures", () => {
  it("reports what a handler throws, as name, message and trace", async () => {
    const f = await fn(
      `class OrderError extends Error { name = "OrderError" }; exports.handler = async () => { throw new OrderError("no stock"); };`,
    );
    const error = await failure(f);
    expect(error).toMatchObject({ errorType: "OrderError", errorMessage: "no stock" });
    expect(error.trace![0]).toBe("OrderError: no stock");
    expect(Object.keys(error)).toEqual(["errorType", "errorMessage", "trace"]);
    expect(logOf(f.name)).toMatch(/\tERROR\tInvoke Error \t\{"errorType":"OrderError","errorMessage":"no stock",/);
    const text = await fn(`exports.handler = async () => { throw "just text"; };`);
    expect(await failure(text)).toEqual({ errorType: "string", errorMessage: "just text", trace: [] });
  });

  it("names what is wrong with the code", async () => {
    expect(await failure(await fn(`exports.other = 1;`))).toMatchObject({
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.handler is undefined or not exported",
    });
    expect(await failure(await fn(`exports.handler = 1;`))).toMatchObject({
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.handler is not a function",
    });
    expect(await failure(await fn(`exports.handler = async () => {`))).toMatchObject({
      errorType: "Runtime.UserCodeSyntaxError",
    });
    expect(await failure(await fn(`exports.handler = 1;`, { handler: "../x.handler" }))).toMatchObject({
      errorType: "Runtime.MalformedHandlerName",
    });
    expect(await failure(await fn(`exports.handler = 1;`, { handler: "nope" }))).toMatchObject({
      errorType: "Runtime.MalformedHandlerName",
      errorMessage: "Bad handler",
    });
    expect(await failure(await fn(`exports.handler = 1;`, { handler: "gone.handler" }))).toMatchObject({
      errorType: "Runtime.ImportModuleError",
      errorMessage: expect.stringMatching(/^Error: Cannot find module 'gone'/),
    });
    expect(await failure(await fn(`throw new RangeError("at load"); `))).toMatchObject({
      errorType: "RangeError",
      errorMessage: "at load",
    });
  });

  it("tries a failed initialization once more and says so in the log", async () => {
    const f = await fn(`throw new Error("at load");`);
    await failure(f);
    const log = logOf(f.name);
    expect(
      log.match(/INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Error\n/g),
    ).toHaveLength(1);
    expect(
      log.match(/INIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\tStatus: error\tError Type: Error\n/g),
    ).toHaveLength(1);
    expect(log).toMatch(
      /START RequestId: .*\nEND RequestId: .*\nREPORT RequestId: .*\tStatus: error\tError Type: Error\t\n$/,
    );
  });

  it("ends at the timeout, on real time, and starts anew", async () => {
    const f = await fn(`let n = 0; exports.handler = async (event) => { n++; if (event.loop) for (;;); return n; };`, {
      timeoutMs: 1000,
    });
    expect(await answer(f)).toBe(1);
    const error = await failure(f, { loop: true });
    expect(error).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds$/),
    });
    expect(await answer(f)).toBe(1);
    expect(logOf(f.name)).toMatch(
      /Z [0-9a-f-]{36} Task timed out after 1.00 seconds\n\nEND RequestId: .*\nREPORT RequestId: .*\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\t.*\tStatus: timeout\t\n/,
    );
  });

  it("ends alone with process.exit, a crash, an unhandled rejection, too much memory", async () => {
    const bystander = await fn(`let n = 0; exports.handler = async () => ++n;`);
    await answer(bystander);
    const exits = await fn(`exports.handler = async (event) => process.exit(event.code);`);
    expect(await failure(exits, { code: 1 })).toEqual({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: exit status 1$/),
    });
    expect((await failure(exits, { code: 0 })).errorMessage).toMatch(
      / Error: Runtime exited without providing a reason$/,
    );
    expect(logOf(exits.name)).toMatch(
      /RequestId: \S+ Error: Runtime exited with error: exit status 1\nRuntime.ExitError\nEND /,
    );

    const thrown = await fn(
      `exports.handler = () => new Promise(() => setTimeout(() => { throw new Error("later") }, 5));`,
    );
    expect(await failure(thrown)).toMatchObject({ errorType: "Error", errorMessage: "later" });
    const rejected = await fn(
      `exports.handler = async () => { Promise.reject(new Error("nobody")); await new Promise((r) => setTimeout(r, 50)); };`,
    );
    expect(await failure(rejected)).toMatchObject({
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "Error: nobody",
    });
    const killed = await fn(`exports.handler = async () => process.kill(process.pid, "SIGKILL");`);
    expect((await failure(killed)).errorMessage).toMatch(/Runtime exited with error: signal: killed$/);
    const heap = await fn(
      `exports.handler = async () => { const all = []; for (;;) all.push(new Array(10000).fill({})); };`,
      { timeoutMs: 20_000 },
    );
    expect(await failure(heap)).toEqual({
      errorType: "Runtime.OutOfMemory",
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: signal: killed$/),
    });
    expect(await answer(bystander)).toBe(2);
  });

  it.runIf(process.platform === "linux")("ends what takes memory outside of V8's heap", async () => {
    const f = await fn(
      `const all = []; exports.handler = async () => { for (;;) { all.push(Buffer.alloc(1e7, 1)); await new Promise((r) => setTimeout(r, 10)); } };`,
      { timeoutMs: 20_000 },
    );
    expect((await failure(f)).errorType).toBe("Runtime.OutOfMemory");
  });

  it("refuses an answer that is too large or no JSON", async () => {
    const large = await fn(`exports.handler = async () => "x".repeat(6291556);`, { memoryMb: 256 });
    expect(await failure(large)).toEqual({
      errorType: "Function.ResponseSizeTooLarge",
      errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    });
    const circular = await fn(`exports.handler = async () => { const a = {}; a.a = a; return a; };`);
    expect(await failure(circular)).toMatchObject({
      errorType: "Error",
      errorMessage: "Unable to stringify response body",
    });
  });

  it("carries large events and answers whole", async () => {
    const f = await fn(`exports.handler = async (event) => event.text + event.text.length;`, { memoryMb: 512 });
    const text = "あ".repeat(1_500_000);
    expect(await answer(f, { text })).toBe(`${text}1500000`);
  });

  it("rejects where the role gives no credentials", async () => {
    const f = await fn(`exports.handler = async () => 1;`, {
      credentials: async () => Promise.reject(new Error("no role")),
    });
    await expect(invoke(f)).rejects.toThrow("no role");
  });
});

it("starts through AWS_LAMBDA_EXEC_WRAPPER, whose variables stay", async () => {
  const wrapper = `#!/bin/sh\nargs="$@"\nexport WRAPPED=yes\nshift\nexec ${process.execPath} --title=wrapped "$@"\n`;
  const archive = await createArchive({ wrap: wrapper }, new Set(["wrap"]));
  const f = await fn(`exports.handler = async () => [process.env.WRAPPED, process.title, process.env.AWS_REGION];`, {
    variables: { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrap" },
    layers: [{ kind: "zip", sha256: "wrapper", read: async () => archive }],
  });
  expect(await answer(f)).toEqual(["yes", "wrapped", "us-east-1"]);
});

describe("logs", () => {
  it("writes the lines of Lambda", async () => {
    const f = await fn(`
      console.log("loading");
      exports.handler = async () => {
        console.log("hello %s", "world", { a: 1 }); console.info("i"); console.warn("w"); console.error(new Error("bad").message);
        console.debug("d"); console.trace("t");
        process.stdout.write("raw\\n"); require("fs").writeSync(2, "raw error\\n");
        return 1;
      };`);
    const result = await invoke(f, {}, { requestId: "11111111-2222-3333-4444-555555555555", tail: true });
    const log = logOf(f.name);
    const at = String.raw`2030-01-02T03:0\d:\d\d\.\d{3}Z`;
    const id = "11111111-2222-3333-4444-555555555555";
    expect(log).toMatch(
      new RegExp(
        `^INIT_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n` +
          `${at}\tundefined\tINFO\tloading\n` +
          `START RequestId: ${id} Version: \\$LATEST\n` +
          `${at}\t${id}\tINFO\thello world \\{ a: 1 \\}\n` +
          `${at}\t${id}\tINFO\ti\n${at}\t${id}\tWARN\tw\n${at}\t${id}\tERROR\tbad\n${at}\t${id}\tDEBUG\td\n${at}\t${id}\tTRACE\tt\n` +
          `raw\nraw error\n` +
          `END RequestId: ${id}\n` +
          `REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\t\n$`,
      ),
    );
    expect(result.logTail).toBe(log.slice(log.indexOf("START RequestId")));
    const memory = Number(/Max Memory Used: (\d+) MB/.exec(log)![1]);
    expect(memory).toBeGreaterThan(20);
    const [, duration, billed, init] =
      /Duration: ([\d.]+) ms\tBilled Duration: (\d+) ms.*Init Duration: ([\d.]+) ms/.exec(log)!;
    expect(Number(billed)).toBe(Math.ceil(result.durationMs + result.initMs!));
    expect(Number(duration) + Number(init)).toBeLessThanOrEqual(Number(billed) + 0.01);
  });

  it("writes JSON where asked, from the levels asked for", async () => {
    const f = await fn(
      `exports.handler = async () => { console.info("hidden"); console.warn({ a: 1 }); console.error("failed", new TypeError("bad")); return 1; };`,
      {
        logging: { format: "JSON", applicationLevel: "WARN", systemLevel: "DEBUG" },
      },
    );
    await invoke(f, {}, { requestId: "id" });
    const records = lines.get(f.name)!.map((line) => JSON.parse(line));
    expect(records.map((record) => record.type ?? record.level)).toEqual([
      "platform.initStart",
      "platform.start",
      "WARN",
      "ERROR",
      "platform.runtimeDone",
      "platform.report",
    ]);
    expect(records[2]).toEqual({
      timestamp: expect.stringMatching(/^2030/),
      level: "WARN",
      requestId: "id",
      message: { a: 1 },
    });
    expect(records[3]).toMatchObject({
      errorType: "TypeError",
      errorMessage: "bad",
      stackTrace: expect.arrayContaining(["TypeError: bad"]),
    });
    expect(records[5].record).toMatchObject({ requestId: "id", status: "success", metrics: { memorySizeMB: 128 } });
  });

  it("keeps the last 4 KB as tail", async () => {
    const f = await fn(
      `exports.handler = async () => { for (let i = 0; i < 200; i++) console.log("line " + i + "x".repeat(60)); };`,
    );
    const { logTail } = await invoke(f, {}, { tail: true });
    expect(Buffer.byteLength(logTail!)).toBe(4096);
    expect(logTail).toContain("REPORT RequestId");
  });
});

describe("streamed answers", () => {
  const streaming = `
    exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
      out.write("one "); await new Promise((r) => setTimeout(r, 20)); out.write({ two: 2 });
      if (event.fail) throw new Error("broke");
      out.end();
    });`;

  it("passes pieces on as they come", async () => {
    const f = await fn(streaming);
    let answered: Promise<{ contentType: string; text: string }> | undefined;
    const result = await invoke(f, {}, { onStream: (streamed) => (answered = collect(streamed)) });
    expect(result.error).toBeUndefined();
    expect(await answered).toEqual({
      contentType: "application/vnd.awslambda.http-integration-response",
      text: `{"statusCode":201,"headers":{"a":"b"}}${"\0".repeat(8)}one {"two":2}`,
    });
  });

  it("collects them for a caller that wants the whole", async () => {
    const f = await fn(
      `exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write("a"); stream.end("b"); });`,
    );
    expect((await invoke(f)).payload.toString()).toBe("ab");
  });

  it("breaks off where the handler fails", async () => {
    const f = await fn(streaming);
    let answered: Promise<unknown> | undefined;
    const result = await invoke(
      f,
      { fail: true },
      { onStream: (streamed) => (answered = collect(streamed).catch((error: unknown) => error)) },
    );
    expect(result.error).toMatchObject({ errorType: "Error", errorMessage: "broke" });
    expect(await answered).toMatchObject({ payload: { errorMessage: "broke" } });
  });

  it("holds the function back where the reader is slow, and loses nothing", async () => {
    const f = await fn(
      `exports.handler = awslambda.streamifyResponse(async (e, stream) => {
      for (let i = 0; i < 200; i++) if (!stream.write(Buffer.alloc(50000, i))) await new Promise((r) => stream.once("drain", r));
      stream.end(); });`,
      { timeoutMs: 20_000, memoryMb: 256 },
    );
    let bytes = 0;
    let read: Promise<void> | undefined;
    await invoke(
      f,
      {},
      {
        onStream: ({ body }) => {
          read = (async () => {
            await new Promise((wait) => setTimeout(wait, 200));
            for await (const chunk of body) bytes += (chunk as Buffer).length;
          })();
        },
      },
    );
    await read;
    expect(bytes).toBe(200 * 50_000);
  });

  async function collect({ contentType, body }: StreamedAnswer) {
    let text = "";
    for await (const chunk of body) text += (chunk as Buffer).toString();
    return { contentType, text };
  }
});

describe("code that changes", () => {
  it("runs an edited directory at the next request, with the SDK, and keeps others warm", async () => {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), "in-place-")));
    writeFileSync(
      join(directory, "index.mjs"),
      `import { S3Client } from "@aws-sdk/client-s3"; import { n } from "./lib/n.mjs"; export const handler = async () => S3Client.name + n;`,
    );
    mkdirSync(join(directory, "lib"));
    writeFileSync(join(directory, "lib/n.mjs"), `export const n = 1;`);
    const f = await fn("", { code: { kind: "directory", path: directory } });
    const other = await fn(`let n = 0; exports.handler = async () => ++n;`);
    await answer(other);
    expect(await answer(f)).toBe("S3Client1");
    expect(await answer(f)).toBe("S3Client1");
    writeFileSync(join(directory, "lib/n.mjs"), `export const n = 2;`);
    await expect.poll(() => answer(f), { timeout: 2000, interval: 5 }).toBe("S3Client2");
    expect(await answer(other)).toBe(2);
    rmSync(directory, { recursive: true });
  });

  it("replaces environments of an older revision, and lets running requests finish", async () => {
    const f = await fn(
      `exports.handler = async (event) => { await new Promise((r) => setTimeout(r, event.ms ?? 0)); return "old"; };`,
    );
    await answer(f);
    const running = answer(f, { ms: 200 });
    const next = await fn(`exports.handler = async () => "new";`, { arn: f.arn, revision: "2" });
    expect(await answer(next)).toBe("new");
    expect(await running).toBe("old");
    expect(host.counts(f.arn)).toEqual({ idle: 1, all: 1 });
  });
});

describe("the life of environments", () => {
  it("reaps idle ones by the cloud's clock", async () => {
    const f = await fn(`exports.handler = async () => 1;`);
    await answer(f);
    await kernel.clock.advance("9 min");
    expect(host.counts(f.arn).idle).toBe(1);
    await kernel.clock.advance("2 min");
    expect(host.counts(f.arn).idle).toBe(0);
    expect(await answer(f)).toBe(1);
  });

  it("ends them with their credentials", async () => {
    const f = await fn(`let n = 0; exports.handler = async () => ++n;`, {
      credentials: async () => ({
        accessKeyId: "A",
        secretAccessKey: "B",
        sessionToken: "C",
        expiresMs: kernel.clock.now() + 60_000,
      }),
    });
    expect([await answer(f), await answer(f)]).toEqual([1, 2]);
    await kernel.clock.advance("61 s");
    expect(await answer(f)).toBe(1);
  });

  it("keeps provisioned ones initialized, and says where that fails", async () => {
    const f = await fn(`exports.handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;`);
    expect(await host.provision(f, 2)).toEqual({ ready: 2 });
    expect(host.counts(f.arn)).toEqual({ idle: 2, all: 2 });
    expect(await answer(f)).toBe("provisioned-concurrency");
    await kernel.clock.advance("1 h");
    expect(host.counts(f.arn).idle).toBe(2);
    const broken = await fn(`throw new Error("no");`);
    expect(await host.provision(broken, 1)).toMatchObject({ ready: 0, failure: { error: { errorMessage: "no" } } });
    host.forget(f.arn);
  });

  it("shares the places there are", async () => {
    const small = new FunctionHost(kernel, { endpoint: () => endpoint, onLog: () => undefined, environmentsMax: 2 });
    try {
      const make = async () =>
        await fn(`exports.handler = async (e) => { await new Promise((r) => setTimeout(r, 30)); return e.n; };`);
      const functions = [await make(), await make(), await make(), await make()];
      const answers = await Promise.all(
        functions.map((f, n) =>
          small.invoke(f, { requestId: String(n), invokedArn: f.arn, event: JSON.stringify({ n }) }),
        ),
      );
      expect(answers.map(({ payload }) => payload.toString())).toEqual(["0", "1", "2", "3"]);
    } finally {
      small.close();
    }
  });
});
