import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "./python-install.ts";
import { refusalOf, versionDifference } from "./runtimes.ts";
import { TestHost } from "./test-host.ts";

const ID = "11111111-2222-3333-4444-555555555555";
const AT = String.raw`2030-01-0[23]T03:0\d:\d\d`;

/** On a machine without Python there is nothing to test: functions are refused there. */
const describePython = describe.runIf(findPython());

let host: TestHost;
let server: Server;
let endpoint: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.end(JSON.stringify({ host: request.headers.host, url: request.url }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  host = new TestHost("python3.13", () => endpoint, Date.UTC(2030, 0, 2, 3, 4, 5));
});

afterAll(async () => {
  await host.close();
  server.close();
});

const python = (source: string, overrides: Parameters<TestHost["make"]>[1] = {}) => {
  const lines = source.replace(/^\n/, "").split("\n");
  const indent = /^ */.exec(lines[0]!)![0].length;
  return host.make({ "index.py": lines.map((line) => line.slice(indent)).join("\n") }, overrides);
};

describePython("handlers", () => {
  it("answers, keeps its state while warm, and is given event and context", async () => {
    const f = await python(`
      count = 0
      def handler(event, context):
          global count
          count += 1
          left = context.get_remaining_time_in_millis()
          return {
              "event": event, "count": count, "left": 4000 < left <= 5000, "id": context.aws_request_id,
              "arn": context.invoked_function_arn, "name": context.function_name, "version": context.function_version,
              "memory": context.memory_limit_in_mb, "group": context.log_group_name, "stream": context.log_stream_name,
              "client": context.client_context and [context.client_context.custom, context.client_context.client.app_title],
              "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
              "repr": repr(context)[:29],
          }
    `);
    const first = await host.answer(f, { text: "あ" }, { requestId: ID });
    expect(first).toEqual({
      event: { text: "あ" },
      count: 1,
      left: true,
      id: ID,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${f.name}`,
      name: f.name,
      version: "$LATEST",
      memory: "128",
      group: `/aws/lambda/${f.name}`,
      stream: expect.stringMatching(/^2030\/01\/02\/\[\$LATEST\][0-9a-f]{32}$/),
      client: null,
      identity: [null, null],
      repr: "LambdaContext([aws_request_id",
    });
    const clientContext = { custom: { a: 1 }, client: { app_title: "shop" } };
    const identity = { cognitoIdentityId: "i", cognitoIdentityPoolId: "p" };
    expect(await host.answer(f, {}, { clientContext, identity })).toMatchObject({
      count: 2,
      client: [{ a: 1 }, "shop"],
      identity: ["i", "p"],
    });
  });

  it("finds handlers in packages, by dots and by slashes", async () => {
    const files = { "pkg/__init__.py": "", "pkg/mod.py": "def run(event, context):\n    return __name__\n" };
    for (const handler of ["pkg.mod.run", "pkg/mod.run"])
      expect(await host.answer(await host.make(files, { overrides: { handler } }))).toBe("pkg.mod");
  });

  it("writes decimals as numbers, characters as they are, and bytes untouched", async () => {
    const f = await python(`
      from decimal import Decimal
      def handler(event, context):
          return b"\\x00raw" if event.get("raw") else {"n": Decimal("12.30"), "t": "あ", "l": [Decimal(1), 2.5, None, True]}
    `);
    expect((await host.invoke(f)).payload.toString()).toBe(`{"n": 12.30, "t": "あ", "l": [1, 2.5, null, true]}`);
    expect((await host.invoke(f, { raw: true })).payload).toEqual(Buffer.from("\0raw"));
    const older = await python(
      `
      def handler(event, context):
          return "あ"
    `,
      { overrides: { runtime: "python3.11" } },
    );
    expect((await host.invoke(older)).payload.toString()).toBe(`"\\u3042"`);
  });

  it("sees the standard library, boto3, its package, and nothing else that is installed", async () => {
    const f = await python(`
      import importlib.util, os, sys
      def handler(event, context):
          return {
              "found": [importlib.util.find_spec(name) is not None for name in ("json", "boto3", "pip")],
              "path0": sys.path[0] == os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
              "env": os.environ["AWS_EXECUTION_ENV"], "handler": os.environ["_HANDLER"],
              "bytecode": sys.dont_write_bytecode, "runtime": [p for p in sys.path if "runtime/python" in p and "katachi-functions" not in p],
          }
    `);
    expect(await host.answer(f)).toEqual({
      found: [true, findPython()!.modules["boto3"] !== undefined, false],
      path0: true,
      env: "AWS_Lambda_python3.13",
      handler: "index.handler",
      bytecode: true,
      runtime: [],
    });
  });

  it("moves with the cloud's clock, whichever way the time is asked for", async () => {
    const f = await python(`
      import datetime, time
      from datetime import date
      def handler(event, context):
          now = datetime.datetime.now(datetime.timezone.utc)
          return [time.time() * 1000, now.timestamp() * 1000, time.time_ns() / 1e6, datetime.datetime.utcnow().isoformat()[:13],
                  date.today().isoformat(), time.strftime("%Y"), time.gmtime().tm_year,
                  isinstance(now, datetime.datetime) and isinstance(now, date) and issubclass(datetime.datetime, date),
                  repr(datetime.datetime(2020, 1, 1) + datetime.timedelta(days=1)), type(now).__name__]
    `);
    for (const moved of [0, 1]) {
      if (moved) await host.kernel.clock.advance("1 day");
      const [time, datetime, nanoseconds, ...rest] = (await host.answer(f)) as number[];
      for (const ms of [time!, datetime!, nanoseconds!])
        expect(Math.abs(ms - host.kernel.clock.now())).toBeLessThan(2000);
      expect(rest).toEqual([
        moved ? "2030-01-03T03" : "2030-01-02T03",
        moved ? "2030-01-03" : "2030-01-02",
        "2030",
        2030,
        true,
        "datetime.datetime(2020, 1, 2, 0, 0)",
        "datetime",
      ]);
    }
    await host.kernel.clock.advance(0);
  });

  it("leads AWS host names to the cloud, also those with TLS", async () => {
    const f = await python(`
      import json, urllib.request
      def handler(event, context):
          return [json.load(urllib.request.urlopen(url)) for url in event]
    `);
    const urls = [
      "https://abc.execute-api.us-east-1.amazonaws.com/Prod/x",
      "http://bucket.s3.amazonaws.com/key",
      `http://sync-127.0.0.1:1/y`,
    ];
    expect(await host.answer(f, urls)).toEqual([
      { host: "abc.execute-api.us-east-1.amazonaws.com", url: "/Prod/x" },
      { host: "bucket.s3.amazonaws.com", url: "/key" },
      { host: "sync-127.0.0.1:1", url: "/y" },
    ]);
  });
});

describePython("errors", () => {
  it("are told as Lambda tells them", async () => {
    const f = await python(`
      def deeper():
          raise KeyError("missing")
      def handler(event, context):
          deeper()
    `);
    const { error, payload } = await host.invoke(f, {}, { requestId: ID });
    expect(error?.errorType).toBe("KeyError");
    expect(JSON.parse(payload.toString())).toEqual({
      errorMessage: "'missing'",
      errorType: "KeyError",
      requestId: ID,
      stackTrace: [
        expect.stringMatching(/^ {2}File ".*\/task\/index.py", line 4, in handler\n {4}deeper\(\)\n$/),
        expect.stringMatching(/^ {2}File ".*\/task\/index.py", line 2, in deeper\n {4}raise KeyError\("missing"\)\n$/),
      ],
    });
    expect(host.linesOf(f.name)).toContainEqual(
      expect.stringMatching(/^\[ERROR\] KeyError: 'missing'\nTraceback \(most recent call last\):\n\u00a0\u00a0File "/),
    );
    expect(await host.failure(f)).toMatchObject({ errorType: "KeyError" });
  });

  it("names what is wrong with the code", async () => {
    const fault = async (source: string, handler = "index.handler") =>
      host.failure(await python(source, { overrides: { handler } }));
    expect(await fault(`import nothing_of_this_name`)).toEqual({
      errorMessage: "Unable to import module 'index': No module named 'nothing_of_this_name'",
      errorType: "Runtime.ImportModuleError",
      requestId: "",
      stackTrace: [],
    });
    expect(await fault(`pass`, "other.handler")).toMatchObject({
      errorMessage: "Unable to import module 'other': No module named 'other'",
    });
    expect(await fault(`pass`)).toMatchObject({
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "Handler 'handler' missing on module 'index'",
    });
    expect(await fault(`def handler(:`)).toMatchObject({
      errorType: "Runtime.UserCodeSyntaxError",
      errorMessage: expect.stringMatching(/^Syntax error in module 'index': invalid syntax \(index.py, line 1\)$/),
      stackTrace: [expect.stringMatching(/^ {2}File ".*index.py" Line 1\n/)],
    });
    expect(await fault(`pass`, "handler")).toMatchObject({ errorType: "Runtime.MalformedHandlerName" });
    expect(await fault(`pass`, "time.handler")).toMatchObject({ errorType: "Runtime.BuiltInModuleConflict" });
    expect(await fault(`raise ValueError("at load")`)).toMatchObject({
      errorType: "ValueError",
      errorMessage: "at load",
    });
    expect(await fault(`handler = lambda event, context: object`)).toMatchObject({
      errorType: "Runtime.MarshalError",
      errorMessage: "Unable to marshal response: Object of type type is not JSON serializable",
    });
  });

  it("says what to install where a build was left out", async () => {
    const f = await host.make({
      "index.py": "import nothing_of_this_name",
      "requirements.txt": "nothing_of_this_name",
    });
    await host.failure(f);
    expect(host.linesOf(f.name).join("")).toContain("Katachi: nothing_of_this_name is not in the function's package.");
  });

  it("ends with the process: sys.exit, a crash, the timeout, too much memory", async () => {
    const f = await python(
      `
      import ctypes, os, sys, time
      def handler(event, context):
          what = event.get("what")
          if what == "exit": sys.exit(event["code"])
          if what == "crash": os.kill(os.getpid(), 11)
          if what == "loop":
              while True: pass
          if what == "memory":
              kept = []
              while True:
                  kept.append(bytearray(b"x" * 10_000_000)); time.sleep(0.01)
          return "fine"
    `,
      { overrides: { timeoutMs: 2500 } },
    );
    const ended = async (event: object) => {
      const { errorType, errorMessage } = await host.failure(f, event);
      return `${errorType} ${String(errorMessage).replace(/^RequestId: \S+ /, "")}`;
    };
    expect(await ended({ what: "exit", code: 3 })).toBe(
      "Runtime.ExitError Error: Runtime exited with error: exit status 3",
    );
    expect(await ended({ what: "exit", code: 0 })).toBe(
      "Runtime.ExitError Error: Runtime exited without providing a reason",
    );
    expect(await ended({ what: "crash" })).toBe(
      "Runtime.ExitError Error: Runtime exited with error: signal: segmentation fault",
    );
    expect(await ended({ what: "loop" })).toBe("Sandbox.Timedout Error: Task timed out after 2.50 seconds");
    if (process.platform === "linux")
      expect(await ended({ what: "memory" })).toBe(
        "Runtime.OutOfMemory Error: Runtime exited with error: signal: killed",
      );
    expect(await host.answer(f)).toBe("fine");
  });

  it("refuses an answer that is too large, and carries large ones", async () => {
    const f = await python(
      `
      def handler(event, context):
          return "x" * event
    `,
      { overrides: { memoryMb: 512 } },
    );
    expect(await host.failure(f, 6_291_556)).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
    expect(await host.answer(f, 6_000_000)).toHaveLength(6_000_000);
  });
});

describePython("logs", () => {
  const source = `
      import logging, os, subprocess, sys
      print("loading")
      logger = logging.getLogger()
      def handler(event, context):
          logger.setLevel("INFO")
          print("hello", 1, {"a": 2})
          print("two\\nlines")
          logger.info("informed %s", "well")
          logging.getLogger("shop").warning("careful", extra={"order": 5})
          logger.debug("hidden")
          sys.stderr.write("to stderr\\n")
          sys.stdout.buffer.write(b"bytes\\n")
          subprocess.run(["echo", "from a child"])
          context.log("from context\\n")
          try:
              1 / 0
          except ZeroDivisionError:
              logger.exception("failed")
          print("no end", end="")
          return 1
    `;

  it("writes the lines of Lambda", async () => {
    const f = await python(source, { overrides: { runtime: `python${findPython()!.version.replace(/\.\d+$/, "")}` } });
    const { logTail } = await host.invoke(f, {}, { requestId: ID, tail: true });
    const lines = host.linesOf(f.name);
    const child = lines.indexOf("from a child\n");
    expect(child).toBeGreaterThan(3);
    const shown = lines
      .filter((_, index) => index !== child)
      .map((line) => line.replace(new RegExp(`${AT}\\.\\d{3}Z`), "AT"));
    expect(shown).toEqual([
      expect.stringMatching(/^INIT_START Runtime Version: python:3\.\d+\.v1\tRuntime Version ARN: /),
      "loading\n",
      `START RequestId: ${ID} Version: $LATEST\n`,
      "hello 1 {'a': 2}\n",
      "two\n",
      "lines\n",
      `[INFO]\tAT\t${ID}\tinformed well\n`,
      `[WARNING]\tAT\t${ID}\tcareful\n`,
      "to stderr\n",
      "bytes\n",
      "from context\n",
      expect.stringMatching(
        new RegExp(
          `^\\[ERROR\\]\tAT\t${ID}\tfailed\nTraceback .*\n  File .*\n    1 / 0\n[^]*ZeroDivisionError: division by zero\n$`,
        ),
      ),
      "no end",
      `END RequestId: ${ID}\n`,
      expect.stringMatching(/^REPORT RequestId: .*\tMax Memory Used: [1-9]\d* MB\tInit Duration: /),
    ]);
    expect(logTail).toContain("hello 1");
  });

  it("keeps what forked children write", async () => {
    const f = await python(`
      import logging, multiprocessing
      def work():
          print("from the child")
          logging.warning("warned by the child")
      def handler(event, context):
          child = multiprocessing.get_context("fork").Process(target=work)
          child.start()
          child.join()
          print("from the parent")
          return child.exitcode
    `);
    expect(await host.answer(f)).toBe(0);
    const log = host.linesOf(f.name).join("");
    for (const text of ["from the child\n", "\twarned by the child\n", "from the parent\n"])
      expect(log).toContain(text);
  });

  it("writes JSON where asked, from the level asked for", async () => {
    const f = await python(source, {
      overrides: { logging: { format: "JSON", applicationLevel: "WARN", systemLevel: "WARN" } },
    });
    await host.invoke(f, {}, { requestId: ID });
    const records = host.linesOf(f.name).filter((line) => line.startsWith("{") && !line.includes("platform."));
    expect(records.map((line) => JSON.parse(line)).filter(({ logger }) => logger)).toEqual([
      expect.objectContaining({ level: "INFO", message: "informed well", requestId: ID, logger: "root" }),
      expect.objectContaining({ level: "WARNING", message: "careful", logger: "shop", order: 5 }),
      expect.objectContaining({
        level: "ERROR",
        message: "failed",
        errorType: "ZeroDivisionError",
        errorMessage: "division by zero",
        stackTrace: [expect.stringContaining("1 / 0")],
        timestamp: expect.stringMatching(new RegExp(`^${AT}Z$`)),
        location: expect.stringMatching(/index.py:handler:\d+$/),
      }),
    ]);
  });

  it("tells once that another version runs", async () => {
    const other = findPython()!.version.startsWith("3.9.") ? "python3.10" : "python3.9";
    const told = [];
    for (let n = 0; n < 2; n++) {
      const f = await python(`handler = lambda event, context: 1`, { overrides: { runtime: other } });
      await host.answer(f);
      told.push(host.linesOf(f.name).filter((line) => line.startsWith("Katachi: ")));
    }
    expect(told).toEqual([[`Katachi: ${versionDifference(other)}.\n`], []]);
  });
});

describePython("code", () => {
  it("runs an edited directory at the next request, and leaves nothing in it", async () => {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), "python-in-place-")));
    const write = (n: number) =>
      writeFileSync(join(directory, "index.py"), `from lib import n\nhandler = lambda e, c: n * 10 + ${n}\n`);
    writeFileSync(join(directory, "lib.py"), "n = 1\n");
    write(1);
    const f = await host.make({ unused: "" }, { overrides: { code: { kind: "directory", path: directory } } });
    expect(await host.answer(f)).toBe(11);
    write(2);
    await expect.poll(() => host.answer(f), { timeout: 2000, interval: 5 }).toBe(12);
    writeFileSync(join(directory, "lib.py"), "n = 2\n");
    await expect.poll(() => host.answer(f), { timeout: 2000, interval: 5 }).toBe(22);
    expect(readdirSync(directory).sort()).toEqual(["index.py", "lib.py"]);
    rmSync(directory, { recursive: true });
  });

  it("finds the modules, programs and files of layers", async () => {
    const layers = [
      await host.zip({ "python/first.py": "name = 'first'", "python/both.py": "name = 'first'", "data/x.txt": "data" }),
      await host.zip(
        {
          "python/lib/python3.13/site-packages/second.py": "name = 'second'",
          "python/both.py": "name = 'later'",
          "bin/tool": "#!/bin/sh\necho tool",
        },
        ["bin/tool"],
      ),
    ];
    const f = await python(
      `
      import first, second, both, os, subprocess
      def handler(event, context):
          return [first.name, second.name, both.name, subprocess.check_output(["tool"], text=True), open(os.environ["DATA"]).read(), os.environ["NOT_THERE"]]
    `,
      { overrides: { layers, variables: { DATA: "/opt/data/x.txt", NOT_THERE: "/opt/none" } } },
    );
    expect(await host.answer(f)).toEqual(["first", "second", "later", "tool\n", "data", "/opt/none"]);
  });

  it("starts through AWS_LAMBDA_EXEC_WRAPPER", async () => {
    const files = {
      "index.py": "import os\nhandler = lambda e, c: os.environ['WRAPPED']",
      wrap: `#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n`,
    };
    const variables = { AWS_LAMBDA_EXEC_WRAPPER: "/var/task/wrap" };
    expect(await host.answer(await host.make(files, { executables: ["wrap"], overrides: { variables } }))).toBe("yes");
  });

  it("gives Python the variables that it reads at its start", async () => {
    const f = await python(
      `
      import sys
      handler = lambda e, c: [sys.flags.optimize, "/some/where" in sys.path]
    `,
      { overrides: { variables: { PYTHONOPTIMIZE: "1", PYTHONPATH: "/some/where" } } },
    );
    expect(await host.answer(f)).toEqual([1, true]);
  });
});

it.runIf(findPython())("refuses without a python3, and says what to do", () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    expect(refusalOf("python3.13")).toMatch(/^there is no python3 \(3.9 or later\) on the PATH. Install it/);
  } finally {
    process.env["PATH"] = path;
  }
  expect(refusalOf("python3.13")).toBeUndefined();
});

it.runIf(findPython())("takes what X-Ray SDKs send into the trace", async () => {
  const f = await python(`
      import json, os, socket
      def handler(event, context):
          root, parent, _ = (part.split("=")[1] for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
          host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
          inner = {"id": "b" * 16, "name": "inner", "start_time": 1.5, "end_time": 1.75, "fault": True,
                   "cause": {"exceptions": [{"message": "it broke"}]}}
          document = {"trace_id": root, "parent_id": parent, "id": "a" * 16, "name": "work", "type": "subsegment",
                      "start_time": 1.0, "end_time": 2.25, "annotations": {"k": 1}, "subsegments": [inner]}
          text = json.dumps({"format": "json", "version": 1}) + "\\n" + json.dumps(document)
          socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(text.encode(), (host, int(port)))
          return 1
    `);
  const traceId = "1-00000001-0123456789abcdef01234567";
  await host.answer(f, {}, { traceHeader: `Root=${traceId};Parent=0123456789abcdef;Sampled=1` });
  const inner = await host.kernel.trace.waitFor(({ name }) => name === "xray:inner");
  expect(inner).toMatchObject({
    traceId,
    parentId: "a".repeat(16),
    durationMs: 250,
    error: { code: "fault", message: "it broke" },
  });
  const [work] = host.kernel.trace.spans(({ name }) => name === "xray:work");
  expect(work).toMatchObject({
    traceId,
    parentId: "0123456789abcdef",
    startMs: 1000,
    durationMs: 1250,
    attributes: { annotations: { k: 1 } },
  });
});
