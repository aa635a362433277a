/**
 * Streams under fire: a process killed again and again, and calls that fail at random. Nothing acknowledged is lost, and
 * the changes of each key arrive in their order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateEventSourceMappingCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreatePipeCommand, DescribePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { startCloud } from "../cloud.ts";
import { createArchive } from "../functions/archive.ts";

const ACCOUNT = "000000000000";
const KEYS = ["a", "b", "c"];
const KILLS = 6;
const directory = mkdtempSync(join(tmpdir(), "katachi-streams-"));
const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
const bundle = join(cache, `streams-${process.pid}.mjs`);
let child: ChildProcess | undefined;

afterAll(() => {
  child?.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
  rmSync(bundle, { force: true });
});

/** Notes each change that it gets, by key, in the order that it gets them. */
const HANDLER = `
const { DynamoDBClient, UpdateItemCommand } = require("@aws-sdk/client-dynamodb");
const client = new DynamoDBClient({});
exports.handler = async ({ Records }) => {
  for (const { dynamodb: { Keys, NewImage } } of Records)
    await client.send(new UpdateItemCommand({
      TableName: "seen",
      Key: Keys,
      UpdateExpression: "SET seen = list_append(if_not_exists(seen, :none), :n)",
      ExpressionAttributeValues: { ":none": { L: [] }, ":n": { L: [NewImage.n] } },
    }));
};`;

type Clients = <C>(make: new (settings: object) => C) => C;

const at =
  (endpoint: string): Clients =>
  (make) =>
    new make({ endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });

/** A table whose stream goes to a function and, through a pipe, into a FIFO queue. @returns the queue's URL */
async function prepare(client: Clients): Promise<string> {
  const role = async (RoleName: string, Service: string) => {
    const document = (statement: object) =>
      JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
    const AssumeRolePolicyDocument = document({ Principal: { Service }, Action: "sts:AssumeRole" });
    const { Role } = await client(IAMClient).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = document({ Action: "*", Resource: "*" });
    await client(IAMClient).send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument }));
    return Role!.Arn!;
  };
  const table = (TableName: string, more: object = {}) =>
    client(DynamoDBClient).send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
        ...more,
      }),
    );
  await table("seen");
  const made = await table("changed", {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  const Source = made.TableDescription!.LatestStreamArn!;
  await client(LambdaClient).send(
    new CreateFunctionCommand({
      FunctionName: "note",
      Runtime: "nodejs22.x",
      Role: await role("function", "lambda.amazonaws.com"),
      Handler: "index.handler",
      Timeout: 15,
      Code: { ZipFile: await createArchive({ "index.js": HANDLER }) },
    }),
  );
  await client(LambdaClient).send(
    new CreateEventSourceMappingCommand({
      FunctionName: "note",
      EventSourceArn: Source,
      StartingPosition: "LATEST",
      BatchSize: 5,
      ParallelizationFactor: 2,
    }),
  );
  const QueueName = "changes.fifo";
  const { QueueUrl } = await client(SQSClient).send(
    new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: "true" } }),
  );
  await client(PipesClient).send(
    new CreatePipeCommand({
      Name: "changes",
      Source,
      SourceParameters: { DynamoDBStreamParameters: { StartingPosition: "TRIM_HORIZON", BatchSize: 5 } },
      Target: `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}`,
      TargetParameters: {
        InputTemplate: "<$.dynamodb.Keys.pk.S> <$.dynamodb.NewImage.n.N>",
        SqsQueueParameters: { MessageGroupId: "$.dynamodb.Keys.pk.S", MessageDeduplicationId: "$.eventID" },
      },
      RoleArn: await role("pipe", "pipes.amazonaws.com"),
    }),
  );
  return QueueUrl!;
}

async function write(client: DynamoDBClient, pk: string, n: number): Promise<void> {
  await client.send(new PutItemCommand({ TableName: "changed", Item: { pk: { S: pk }, n: { N: String(n) } } }));
}

/** By key, what the function has seen: the first time of each. */
async function seenByFunction(client: Clients): Promise<Map<string, number[]>> {
  const { Items = [] } = await client(DynamoDBClient).send(new ScanCommand({ TableName: "seen" }));
  return new Map(Items.map(({ pk, seen }) => [pk!.S!, [...new Set(seen!.L!.map(({ N }) => Number(N)))]]));
}

/** By key, what lies in the queue, taken out of it. */
async function taken(client: Clients, QueueUrl: string, into: Map<string, number[]>): Promise<Map<string, number[]>> {
  const sqs = client(SQSClient);
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return into;
    for (const { Body } of Messages) {
      const [key, n] = Body!.split(" ") as [string, string];
      into.set(key, [...(into.get(key) ?? []), Number(n)]);
    }
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test(`nothing is lost and each key is in order over ${KILLS} kills`, { timeout: 120_000 }, async () => {
  mkdirSync(cache, { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL("../cloud.ts", import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node20",
  });
  let port = await startChild(0);
  const client: Clients = (make) => at(`http://127.0.0.1:${port}`)(make);
  const QueueUrl = await prepare(client);
  await expect
    .poll(async () => (await client(PipesClient).send(new DescribePipeCommand({ Name: "changes" }))).CurrentState)
    .toBe("RUNNING");
  const written = new Map(KEYS.map((key) => [key, 0]));
  let stopped = false;
  const writers = KEYS.map(async (key) => {
    for (let n = 1; !stopped;) {
      // The same again until it is acknowledged: a write that was done before the kill changes nothing, so says nothing.
      const done = await write(client(DynamoDBClient), key, n).then(
        () => true,
        () => pause(20).then(() => false),
      );
      if (done) written.set(key, n++);
    }
  });
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(300 + 200 * kill);
    const gone = new Promise((resolve) => child!.once("exit", resolve));
    child!.kill("SIGKILL");
    await gone;
    port = await startChild(port);
  }
  await pause(200);
  stopped = true;
  await Promise.all(writers);
  const wanted = new Map(KEYS.map((key) => [key, upTo(written.get(key)!)]));
  for (const numbers of wanted.values()) expect(numbers.length).toBeGreaterThan(KILLS);
  await expect.poll(() => seenByFunction(client), { timeout: 60_000, interval: 300 }).toEqual(wanted);
  const queued = new Map<string, number[]>();
  await expect.poll(() => taken(client, QueueUrl, queued), { timeout: 60_000, interval: 300 }).toEqual(wanted);
});

/** @returns the port that it listens on */
async function startChild(port: number): Promise<number> {
  const code = `import { startCloud } from ${JSON.stringify(pathToFileURL(bundle).href)};
    const cloud = await startCloud({ dataDirectory: ${JSON.stringify(directory)}, port: ${port} });
    console.log("ready " + cloud.port);`;
  child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout! })) {
    const ready = /^ready (\d+)/.exec(line);
    if (ready) return Number(ready[1]);
  }
  throw new Error("The cloud ended without getting ready");
}

test("nothing is lost where calls are throttled and fail", { timeout: 120_000 }, async () => {
  const cloud = await startCloud({ ephemeral: true, clock: "frozen", seed: "faults" });
  try {
    const client = at(cloud.endpoint);
    const QueueUrl = await prepare(client);
    await cloud.settled();
    cloud.faults.add({ match: "*", rate: 0.1, error: "ThrottlingException" });
    cloud.faults.add({ match: "*", rate: 0.05, error: "InternalFailure" });
    const count = 20;
    for (const n of upTo(count)) for (const key of KEYS) await writeThrough(client, key, n);
    for (let minutes = 0; minutes < 60; minutes += 5) await cloud.clock.advance("5 minutes");
    cloud.faults.clear();
    const wanted = new Map(KEYS.map((key) => [key, upTo(count)]));
    expect(await seenByFunction(client)).toEqual(wanted);
    expect(await taken(client, QueueUrl, new Map())).toEqual(wanted);
  } finally {
    await cloud.close();
  }
});

async function writeThrough(client: Clients, key: string, n: number): Promise<void> {
  for (;;)
    try {
      await write(client(DynamoDBClient), key, n);
      return;
    } catch {
      // Once more.
    }
}
