/**
 * Standard executions with retries, waits, maps (inline and distributed) and callbacks run while the process is killed with
 * SIGKILL at random moments and started again on the same data. Each must end as if nothing had happened: no transition
 * that was recorded is repeated, and task tokens stay valid.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  paginateGetExecutionHistory,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { zipOf } from "./zip.ts";

const KILLS = 10;
const EXECUTIONS = 12;
const ITEMS = [1, 2, 3, 4];
const directory = mkdtempSync(join(tmpdir(), "katachi-crash-workflows-"));
let port: number;
let cloud: ChildProcess;

beforeAll(async () => {
  port = await freePort();
  await start();
}, 30_000);

afterAll(() => {
  cloud.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

test(`executions end as they should across ${KILLS} kills`, { timeout: 180_000 }, async () => {
  const { stateMachineArn, QueueUrl } = await prepare();
  const names = Array.from({ length: EXECUTIONS }, (_, number) => `e${number}`);
  const started = Promise.all(names.map((name) => untilDone(() => begin(stateMachineArn, name))));
  const stopped = { is: false };
  const answering = answer(QueueUrl, stopped);
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(150 + Math.random() * 450);
    const gone = new Promise((resolve) => cloud.once("exit", resolve));
    cloud.kill("SIGKILL");
    await gone;
    await start();
  }
  const arns = await started;
  for (const executionArn of arns)
    await expect
      .poll(() => untilDone(() => statusOf(executionArn)), { timeout: 60_000, interval: 200 })
      .not.toBe("RUNNING");
  stopped.is = true;
  await answering;
  for (const executionArn of arns) await check(executionArn);
});

/** Nothing is missing, nothing is there twice. */
async function check(executionArn: string): Promise<void> {
  const { status, output, error, cause } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
  expect({ status, error, cause }).toEqual({ status: "SUCCEEDED", error: undefined, cause: undefined });
  expect(JSON.parse(output!)).toEqual({ all: ITEMS, answered: "yes" });
  const entered: string[] = [];
  const counts: Record<string, number> = {};
  let last = 0;
  for await (const page of paginateGetExecutionHistory({ client: sfn() }, { executionArn }))
    for (const { id, previousEventId, type, stateEnteredEventDetails } of page.events ?? []) {
      expect(id).toBe(++last);
      expect(previousEventId).toBeLessThan(id!);
      counts[type!] = (counts[type!] ?? 0) + 1;
      if (stateEnteredEventDetails) entered.push(stateEnteredEventDetails.name!);
    }
  expect(entered.filter((name) => name !== "Item" && name !== "Rest")).toEqual([
    "Flaky",
    "Pause",
    "Each",
    "Children",
    "Ask",
    "Done",
  ]);
  for (const name of ["Item", "Rest"]) expect(entered.filter((each) => each === name)).toHaveLength(ITEMS.length);
  expect(counts).toMatchObject({
    ExecutionStarted: 1,
    ExecutionSucceeded: 1,
    MapIterationStarted: ITEMS.length,
    MapIterationSucceeded: ITEMS.length,
    MapRunStarted: 1,
    MapRunSucceeded: 1,
    TaskSubmitted: 1,
    TaskSucceeded: 1,
    WaitStateExited: 1 + ITEMS.length,
  });
  // The function fails by its input until it was tried twice; a crash may add no attempt to the history.
  expect(counts["LambdaFunctionScheduled"]).toBe(counts["LambdaFunctionFailed"]! + counts["LambdaFunctionSucceeded"]!);
  expect(counts["LambdaFunctionSucceeded"]).toBe(1);
  expect(counts["LambdaFunctionFailed"]).toBe(2);
}

const sfn = () => new SFNClient(clientSettings());

async function begin(stateMachineArn: string, name: string): Promise<string> {
  // The same name and input: begun once, however often it is asked for.
  const input = { stateMachineArn, name, input: JSON.stringify({ items: ITEMS }) };
  return (await sfn().send(new StartExecutionCommand(input))).executionArn!;
}

async function statusOf(executionArn: string): Promise<string> {
  return (await sfn().send(new DescribeExecutionCommand({ executionArn }))).status!;
}

/** Answers whoever asks, some time after the token came: it must stay valid across kills. */
async function answer(QueueUrl: string, stopped: { is: boolean }): Promise<void> {
  const tokens = new Set<string>();
  while (!stopped.is) {
    try {
      const sqs = new SQSClient(clientSettings());
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 }),
      );
      for (const { Body } of Messages) tokens.add((JSON.parse(Body!) as { token: string }).token);
      await pause(300);
      for (const taskToken of tokens) {
        await sfn()
          .send(new SendTaskSuccessCommand({ taskToken, output: '"yes"' }))
          .catch((error: Error) => {
            // It was taken before the kill.
            if (error.name !== "TaskTimedOut") throw error;
          });
        tokens.delete(taskToken);
      }
    } catch {
      await pause(50);
    }
  }
}

async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // The cloud is away at the moment; what it answers is passed on.
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined) throw error;
      await pause(50);
    }
  }
}

function definition(FunctionArn: string, QueueUrl: string) {
  return {
    StartAt: "Flaky",
    States: {
      Flaky: {
        Type: "Task",
        Resource: FunctionArn,
        Parameters: { "tries.$": "$$.State.RetryCount" },
        ResultPath: null,
        Retry: [{ ErrorEquals: ["Again"], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 3 }],
        Next: "Pause",
      },
      Pause: { Type: "Wait", Seconds: 1, Next: "Each" },
      Each: {
        Type: "Map",
        ItemsPath: "$.items",
        ResultPath: null,
        MaxConcurrency: 2,
        ItemProcessor: {
          StartAt: "Item",
          States: { Item: { Type: "Pass", Next: "Rest" }, Rest: { Type: "Wait", Seconds: 1, End: true } },
        },
        Next: "Children",
      },
      Children: {
        Type: "Map",
        ItemsPath: "$.items",
        ResultPath: "$.all",
        MaxConcurrency: 2,
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: "Child",
          States: { Child: { Type: "Wait", Seconds: 1, End: true } },
        },
        Next: "Ask",
      },
      Ask: {
        Type: "Task",
        Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters: { QueueUrl, MessageBody: { "token.$": "$$.Task.Token" } },
        ResultPath: "$.answered",
        Next: "Done",
      },
      Done: { Type: "Pass", Parameters: { "all.$": "$.all", "answered.$": "$.answered" }, End: true },
    },
  };
}

async function prepare() {
  const iam = new IAMClient(clientSettings());
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const Service = ["states.amazonaws.com", "lambda.amazonaws.com"];
  const trust = document({ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "crash", AssumeRolePolicyDocument: trust }));
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName: "crash", PolicyName: "p", PolicyDocument }));
  const HANDLER = `
class Again extends Error { constructor() { super("again"); this.name = "Again"; } }
exports.handler = async ({ tries }) => { if (tries < 2) throw new Again(); return tries; };`;
  const { FunctionArn } = await new LambdaClient(clientSettings()).send(
    new CreateFunctionCommand({
      FunctionName: "flaky",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: Role!.Arn!,
      Code: { ZipFile: await zipOf({ "index.js": HANDLER }) },
    }),
  );
  const { QueueUrl } = await new SQSClient(clientSettings()).send(new CreateQueueCommand({ QueueName: "questions" }));
  const made = await sfn().send(
    new CreateStateMachineCommand({
      name: "crash",
      roleArn: Role!.Arn!,
      definition: JSON.stringify(definition(FunctionArn!, QueueUrl!)),
    }),
  );
  return { stateMachineArn: made.stateMachineArn!, QueueUrl: QueueUrl! };
}

function clientSettings() {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
}

/** Starts the built command line, as a user would, and waits for its line. */
async function start(): Promise<void> {
  const katachi = new URL("../cli/bin/katachi.mjs", import.meta.url).pathname;
  cloud = spawn(process.execPath, [katachi, "start", "--port", String(port), "--data", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: cloud.stdout! })) if (line.startsWith("ready ")) return;
  throw new Error("katachi start ended without getting ready");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
