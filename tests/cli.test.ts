/** The command line as its user has it: built, in processes of its own, on a shape that really runs. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ORDER_FORM } from "../shapes/web-backend/demo.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const katachi = join(root, "cli/bin/katachi.mjs");
const directory = mkdtempSync(join(tmpdir(), "katachi-cli-"));

interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

function run(...args: string[]): Promise<Finished> {
  return new Promise((resolve) =>
    execFile(process.execPath, [katachi, ...args], { cwd: directory }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

interface Serving {
  child: ChildProcess;
  port: string;
  lines: string[];
}

/** Starts a command that serves, and waits until it printed a line that matches. */
async function serve(until: RegExp, ...args: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [katachi, ...args], { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout! });
  await new Promise<void>((resolve, reject) => {
    reader.on("line", (line) => {
      lines.push(line);
      if (until.test(line)) resolve();
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  const port = /^ready http:\/\/127\.0\.0\.1:(\d+)$/.exec(lines[0]!)![1]!;
  return { child, port, lines };
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("katachi dev web-backend", () => {
  let serving: Serving;
  let url: string;

  beforeAll(async () => {
    serving = await serve(/Ctrl-C stops/, "dev", "web-backend", "--port", "0", "--ephemeral");
    url = /(http:\S+)\/orders -H/.exec(serving.lines.join("\n"))![1]!;
  }, 60_000);
  afterAll(() => serving.child.kill("SIGKILL"));

  test("the curl line that it prints stores an order, and it can be read back", async () => {
    const printed = serving.lines.join("\n");
    const command = /curl -i (http[\s\S]*?)\n\n/.exec(printed)![0];
    const answer = await shell(command);
    expect(answer).toMatch(/^HTTP\/1\.1 201/);
    const order = JSON.parse(answer.slice(answer.indexOf("{"))) as { id: string };
    const read = (await (await fetch(`${url}/orders/${order.id}`)).json()) as { customer: string; total: number };
    expect(read).toMatchObject({ customer: "山田 花子", total: 2400 });
  });

  test("status, trace, logs and time tell what is going on", async () => {
    const status = await run("status", "--port", serving.port, "--json");
    expect(JSON.parse(status.stdout)).toMatchObject({ endpoint: `http://127.0.0.1:${serving.port}`, refused: {} });
    const trace = await run("trace", "--port", serving.port, "--name", "dynamodb:PutItem", "--json");
    const [span] = JSON.parse(trace.stdout) as { traceId: string; principal: string; decision: { reason: string } }[];
    expect(span!.principal).toMatch(/assumed-role/);
    expect(span!.decision.reason).toMatch(/allow/i);
    const tree = await run("trace", span!.traceId, "--port", serving.port);
    expect(tree.stdout).toMatch(/apigatewayv2:ExecuteApi[\s\S]*lambda:Invoke[\s\S]*dynamodb:PutItem/);
    const logs = await run("logs", "PostOrders", "--port", serving.port);
    expect(logs.stdout).toMatch(/START RequestId[\s\S]*END RequestId[\s\S]*REPORT RequestId/);
    const before = JSON.parse((await run("time", "--port", serving.port, "--json")).stdout) as { now: string };
    const after = JSON.parse((await run("time", "+3d", "--port", serving.port, "--json")).stdout) as { now: string };
    expect(Date.parse(after.now) - Date.parse(before.now)).toBeGreaterThanOrEqual(3 * 86_400_000);
  });

  test("faults are injected, listed and lifted", async () => {
    const at = ["--port", serving.port];
    const added = await run("fault", "add", "dynamodb:Query", "--error", "InternalServerError", "--rate", "1", ...at);
    const id = added.stdout.trim();
    expect((await run("fault", "list", ...at)).stdout).toBe(
      `${id}  dynamodb:Query  InternalServerError  100 % of the calls\n`,
    );
    expect((await fetch(`${url}/orders?status=received`)).status).toBe(500);
    expect((await run("fault", "lift", id, ...at)).stdout).toBe("lifted\n");
    expect((await fetch(`${url}/orders?status=received`)).status).toBe(200);
    await run("fault", "add", "*", "--delay", "1ms", ...at);
    expect((await run("fault", "clear", ...at)).stdout).toBe("lifted 1\n");
    expect((await run("fault", "list", ...at)).stdout).toBe("No faults are injected.\n");
  });

  test("mistakes are told with what to do, and an exit code", async () => {
    const cases: [string[], number, RegExp][] = [
      [["time", "soon", "--port", serving.port], 1, /Not a duration: "soon". Write e.g. "3d"/],
      [["start", "--ephemeral", "--port", serving.port], 1, /Port \d+ is in use. Stop what uses it/],
      [["start", "--port", "70000"], 2, /--port is "70000"; allowed: 0 to 65535/],
      [["start", "--ephemeral", "--data", "x"], 2, /exclude each other/],
      [["start", "--auth", "lax"], 2, /--auth is "lax"; allowed: relaxed, strict/],
      [["dev", "nowhere"], 2, /There is no file or folder .*nowhere, and no shape "nowhere"/],
      [["status", "--port", "1"], 1, /Nothing serves on port 1/],
      [["logs", "no-such-group", "--port", serving.port], 1, /No log group holds "no-such-group"/],
      [["fault", "add", "sqs:SendMessage"], 2, /A fault needs --error, --delay or both/],
      [["fault", "add", "*", "--error", "X", "--rate", "often"], 2, /--rate is "often"; allowed: a number/],
      [
        ["fault", "add", "sqs:Send", "--error", "X", "--port", serving.port],
        1,
        /there is no operation "Send". Did you mean "\w+"/,
      ],
      [["fault", "lift", "none", "--port", serving.port], 1, /No fault has the id "none"/],
      [["fly"], 2, /unknown command 'fly'/],
    ];
    for (const [args, code, message] of cases) {
      const finished = await run(...args);
      expect([args, finished.code, finished.stderr]).toEqual([args, code, expect.stringMatching(message)]);
      expect(finished.stderr).not.toMatch(/^\s+at /m);
    }
  });

  test("stop ends it in order", async () => {
    const gone = new Promise((resolve) => serving.child.once("exit", resolve));
    expect((await run("stop", "--port", serving.port)).stdout.trim()).toBe("stopped");
    expect(await gone).toBe(0);
  });
});

describe("katachi dev on a CDK app of one's own", () => {
  test("an edited handler answers within a moment, without losing state", { timeout: 60_000 }, async () => {
    // Inside the repository, so that the application finds aws-cdk-lib and the shapes as any of its packages would.
    const app = join(root, ".katachi", `cli-test-${process.pid}`);
    cpSync(join(root, "shapes/web-backend/handlers"), join(app, "handlers"), { recursive: true });
    writeFileSync(join(app, "cdk.json"), JSON.stringify({ app: "node app.mjs" }));
    writeFileSync(
      join(app, "app.mjs"),
      `import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
       import { WebBackend } from "@katachi/shapes";
       const app = new App();
       const stack = new Stack(app, "mine");
       const routes = { "POST /orders": "handlers/create-order.ts" };
       const backend = new WebBackend(stack, "Mine", { routes, removalPolicy: RemovalPolicy.DESTROY });
       new CfnOutput(stack, "Url", { value: backend.url });
       app.synth();`,
    );
    const serving = await serve(/Ctrl-C stops/, "dev", app, "--port", "0", "--ephemeral");
    try {
      const url = /Url {2}(http\S+)/.exec(serving.lines.join("\n"))![1]!.replace(/\/$/, "");
      const post = () =>
        fetch(`${url}/orders`, {
          method: "POST",
          body: JSON.stringify(ORDER_FORM),
          headers: { "idempotency-key": "k" },
        });
      const before = (await (await post()).json()) as { id: string; createdAt: string };
      const file = join(app, "handlers/create-order.ts");
      writeFileSync(file, readFileSync(file, "utf8").replace("return json(201,", "return json(299,"));
      await expect.poll(async () => (await post()).status, { timeout: 10_000, interval: 20 }).toBe(299);
      expect(await (await post()).json()).toEqual(before);
    } finally {
      serving.child.kill("SIGTERM");
      rmSync(app, { recursive: true, force: true });
    }
  });
});

describe("katachi start --auth strict", () => {
  test("prints the first access key; other keys are refused", { timeout: 30_000 }, async () => {
    const serving = await serve(
      /^export AWS_SECRET_ACCESS_KEY=/,
      "start",
      "--auth",
      "strict",
      "--port",
      "0",
      "--ephemeral",
    );
    try {
      const [accessKeyId = "", secretAccessKey = ""] = serving.lines
        .filter((line) => line.startsWith("export "))
        .map((line) => line.slice(line.indexOf("=") + 1));
      const endpoint = `http://127.0.0.1:${serving.port}`;
      const sts = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
        new STSClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
      const first = sts({ accessKeyId, secretAccessKey });
      const { Arn } = await first.send(new GetCallerIdentityCommand({}));
      expect(Arn).toBe("arn:aws:iam::000000000000:root");
      const unknown = sts({ accessKeyId: "test", secretAccessKey: "test" });
      await expect(unknown.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
        name: "InvalidClientTokenId",
      });
      const wrong = sts({ accessKeyId, secretAccessKey: "test" });
      await expect(wrong.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
        name: "SignatureDoesNotMatch",
      });
    } finally {
      serving.child.kill("SIGTERM");
    }
  });
});

function shell(command: string): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile("bash", ["-c", command.replace("curl -i", "curl -s -i")], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
}
