import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StreamedAnswer } from "./specification.ts";
import { TestHost, type Made } from "./test-host.ts";

let host: TestHost;

beforeAll(() => {
  host = new TestHost("provided.al2023", () => "http://127.0.0.1:4566", Date.UTC(2030, 0, 2, 3, 4, 5));
});

afterAll(() => host.close());

/** A runtime in Node: `api(method, path, body, headers)` asks the Runtime API, `next()` waits for an event. */
const CLIENT = `#!${process.execPath}
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true });
function api(method, path, body, headers = {}, trailers) {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: "/2018-06-01/runtime/" + path, headers, agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on("error", reject);
    if (trailers) { for (const part of body) request.write(part); request.addTrailers(trailers); request.end(); } else request.end(body);
  });
}
async function next() {
  const { headers, text } = await api("GET", "invocation/next");
  return { id: headers["lambda-runtime-aws-request-id"], headers, event: JSON.parse(text) };
}
const answer = (id, value) => api("POST", "invocation/" + id + "/response", JSON.stringify(value));
`;

const custom = (source: string, made: Made = {}) =>
  host.make({ bootstrap: `${CLIENT}(async () => {${source}\n})();` }, { executables: ["bootstrap"], ...made });

describe("the Runtime API", () => {
  it("hands out events with AWS's headers, and takes answers", async () => {
    const f = await custom(
      `for (;;) { const { id, headers, event } = await next(); console.log("got", event.n); await answer(id, { id, headers, event, env: process.env, cwd: process.cwd() }); }`,
    );
    const more = {
      requestId: "11111111-2222-3333-4444-555555555555",
      traceHeader: "Root=1-a-b;Parent=c;Sampled=1",
      clientContext: { custom: { name: "あ" } },
      identity: { cognitoIdentityId: "i" },
    };
    const first = (await host.answer(f, { n: 1 }, more)) as Record<string, Record<string, string>>;
    const { headers, env } = first;
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": more.requestId,
      "lambda-runtime-invoked-function-arn": `arn:aws:lambda:us-east-1:000000000000:function:${f.name}`,
      "lambda-runtime-trace-id": more.traceHeader,
      "lambda-runtime-client-context": `{"custom":{"name":"\\u3042"}}`,
      "lambda-runtime-cognito-identity": `{"cognitoIdentityId":"i"}`,
    });
    const leftMs = Number(headers!["lambda-runtime-deadline-ms"]) - Date.now();
    expect(leftMs).toBeGreaterThan(3000);
    expect(leftMs).toBeLessThan(5001);
    expect(env).toMatchObject({ _HANDLER: "index.handler", TZ: ":UTC", AWS_LAMBDA_FUNCTION_NAME: f.name });
    expect(env!["AWS_EXECUTION_ENV"]).toBeUndefined();
    expect(first["cwd"]).toBe(env!["LAMBDA_TASK_ROOT"]);
    const second = (await host.answer(f, { n: 2 })) as Record<string, Record<string, string>>;
    expect(second["headers"]!["lambda-runtime-client-context"]).toBeUndefined();
    expect(host.host.counts(f.arn)).toEqual({ idle: 1, all: 1 });
    const lines = host.linesOf(f.name);
    expect(lines[0]).toMatch(/^INIT_START Runtime Version: provided:al2023.v1\t/);
    expect(lines.indexOf("got 1\n")).toBeLessThan(lines.findIndex((line) => line.startsWith("END ")));
    expect(lines.join("")).toMatch(/Max Memory Used: [1-9]\d* MB/);
  });

  it("refuses what AWS refuses, in its words", async () => {
    const f = await custom(`
      const { id } = await next();
      const seen = [];
      const see = async (...args) => { const { status, text } = await api(...args); seen.push([status, text]); };
      await see("POST", "invocation/other/response", "1");
      await see("GET", "invocation/next");
      await see("POST", "init/error", "{}");
      await see("POST", "invocation/next");
      await see("GET", "nothing");
      await see("GET", "../../2020-01-01/extension/register");
      await answer(id, seen);
      for (;;) { const { id } = await next(); const first = await answer(id, 1); seen.push([first.status, first.text]); seen.length = 0;
        await see("POST", "invocation/" + id + "/response", "2"); console.log(JSON.stringify(seen)); }
    `);
    const json = (errorMessage: string, errorType: string) => `${JSON.stringify({ errorMessage, errorType })}\n`;
    const transition = (from: string, to: string) =>
      json(
        `Transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`,
        "InvalidStateTransition",
      );
    expect(await host.answer(f)).toEqual([
      [400, json("Invalid request ID", "InvalidRequestID")],
      [403, transition("Running", "Ready")],
      [403, transition("Running", "InitError")],
      [405, ""],
      [404, "404 page not found\n"],
      [501, expect.stringContaining("extensions")],
    ]);
    expect(await host.answer(f)).toBe(1);
    await expect
      .poll(() => host.linesOf(f.name).join(""))
      .toContain(JSON.stringify([[403, transition("ResponseSent", "InvocationResponse")]]));
  });

  it("takes errors as they are written", async () => {
    const f = await custom(`
      for (;;) { const { id, event } = await next();
        await api("POST", "invocation/" + id + "/error", event.body, { "Lambda-Runtime-Function-Error-Type": "Shop.Closed" }); }`);
    const body = `{ "errorMessage": "closed",  "errorType": "Closed", "more": [1] }`;
    const { error, payload } = await host.invoke(f, { body });
    expect(payload.toString()).toBe(body);
    expect(error).toMatchObject({ errorType: "Closed", errorMessage: "closed" });
    expect((await host.invoke(f, { body: "no json" })).error).toEqual({ errorType: "Shop.Closed", errorMessage: "" });
  });

  it("refuses an answer that is too large", async () => {
    const f = await custom(
      `for (;;) { const { id } = await next(); const { status, text } = await answer(id, "x".repeat(6291556)); console.log(status, text.trim()); }`,
    );
    expect(await host.failure(f)).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
    expect(host.linesOf(f.name).join("")).toContain(
      `413 {"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`,
    );
  });

  it("passes streamed answers on, and tells where they break", async () => {
    const f = await custom(`
      for (;;) { const { id, event } = await next();
        const headers = { "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked", "Content-Type": "text/plain",
          Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body" };
        const error = Buffer.from(JSON.stringify({ errorType: "Broke", errorMessage: "in the middle" })).toString("base64");
        await api("POST", "invocation/" + id + "/response", ["one ", "two"], headers,
          event.fail ? { "Lambda-Runtime-Function-Error-Type": "Broke", "Lambda-Runtime-Function-Error-Body": error } : {}); }`);
    let streamed: StreamedAnswer | undefined;
    let text = "";
    const collect = async (answer: StreamedAnswer) => {
      for await (const chunk of answer.body) text += (chunk as Buffer).toString();
    };
    let read: Promise<void> | undefined;
    await host.invoke(f, {}, { onStream: (answer) => ((streamed = answer), (read = collect(answer))) });
    await read;
    expect(text).toBe("one two");
    expect(streamed!.contentType).toBe("text/plain");
    expect((await host.invoke(f)).payload.toString()).toBe("one two");
    expect((await host.invoke(f, { fail: true })).error).toEqual({ errorType: "Broke", errorMessage: "in the middle" });
  });
});

describe("a bootstrap", () => {
  it("may be a shell script with curl, from a layer too", async () => {
    const bootstrap = `#!/bin/sh
set -eu
url="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers="$(mktemp)"
  event=$(curl -sS -D "$headers" "$url/next")
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  echo "working on $event"
  curl -sS -X POST "$url/$id/response" -d "{\\"got\\": $event, \\"handler\\": \\"$_HANDLER\\"}" > /dev/null
done
`;
    const own = await host.make({ bootstrap }, { executables: ["bootstrap"] });
    expect(await host.answer(own, { a: 1 })).toEqual({ got: { a: 1 }, handler: "index.handler" });
    expect(await host.answer(own, { a: 2 })).toEqual({ got: { a: 2 }, handler: "index.handler" });
    expect(host.linesOf(own.name)).toContain(`working on {"a":2}\n`);
    const layered = await host.make(
      { "index.sh": "" },
      { overrides: { layers: [await host.zip({ bootstrap }, ["bootstrap"])], runtime: "provided.al2" } },
    );
    expect(await host.answer(layered, 5)).toEqual({ got: 5, handler: "index.handler" });
  });

  it("that is missing, not executable, or no program is an invalid entry point", async () => {
    const problem = async (files: Record<string, string>, executables: string[] = ["bootstrap"]) => {
      const { errorType, errorMessage } = await host.failure(await host.make(files, { executables }));
      return `${errorType} ${String(errorMessage).replace(/^RequestId: \S+ /, "")}`;
    };
    expect(await problem({ x: "" })).toBe(
      "Runtime.InvalidEntrypoint Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    );
    expect(await problem({ bootstrap: "#!/bin/sh\n" }, [])).toBe(
      "Runtime.InvalidEntrypoint Error: fork/exec /var/task/bootstrap: permission denied",
    );
    expect(await problem({ bootstrap: "echo" })).toBe(
      "Runtime.InvalidEntrypoint Error: fork/exec /var/task/bootstrap: exec format error",
    );
    expect(await problem({ bootstrap: "#!/no/such/interpreter\n" })).toBe(
      "Runtime.InvalidEntrypoint Error: fork/exec /var/task/bootstrap: no such file or directory",
    );
  });

  it("that exits, crashes, or tells of a failed initialization ends the request", async () => {
    const ended = async (source: string) => host.failure(await custom(source));
    expect(await ended(`process.exit(1)`)).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: exit status 1$/),
    });
    // AWS: an answer counts when the runtime has asked for the next event.
    expect(await ended(`const { id } = await next(); await answer(id, 1); process.exit(0)`)).toMatchObject({
      errorMessage: expect.stringMatching(/Error: Runtime exited without providing a reason$/),
    });
    expect(await ended(`await next(); process.kill(process.pid, "SIGSEGV")`)).toMatchObject({
      errorMessage: expect.stringMatching(/signal: segmentation fault$/),
    });
    const body = JSON.stringify({ errorMessage: "no database", errorType: "Init.Failed" });
    const f = await custom(`await api("POST", "init/error", ${JSON.stringify(body)}); process.exit(7)`);
    expect((await host.invoke(f)).payload.toString()).toBe(body);
    expect(host.linesOf(f.name).join("")).toMatch(/INIT_REPORT .*Error Type: Init.Failed/);
  });

  it("that hangs is ended at the timeout, with what it has started", async () => {
    const f = await host.make(
      {
        bootstrap: `#!/bin/sh\ncurl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" > /dev/null\nsleep 600\n`,
      },
      { executables: ["bootstrap"], overrides: { timeoutMs: 1000 } },
    );
    expect(await host.failure(f)).toMatchObject({
      errorType: "Sandbox.Timedout",
      errorMessage: expect.stringMatching(/Task timed out after 1.00 seconds$/),
    });
  });

  it.runIf(process.platform === "linux")("that takes too much memory is ended", async () => {
    const f = await custom(
      `await next(); const kept = []; for (;;) { kept.push(Buffer.alloc(1e7, 1)); await new Promise((r) => setTimeout(r, 5)); }`,
    );
    expect((await host.failure(f))["errorType"]).toBe("Runtime.OutOfMemory");
  });
});
