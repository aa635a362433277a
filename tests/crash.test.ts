/**
 * A steady load of puts, sends, asynchronous invokes and publishes; the process is killed with SIGKILL at random moments,
 * twenty times, and started again on the same data. Every acknowledged write must be there, every accepted event
 * processed, and what a FIFO topic was given must arrive once and in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CreateTableCommand, DynamoDBClient, PutItemCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { zipOf } from "./zip.ts";

const KILLS = 20;
const WRITERS = 3;
const directory = mkdtempSync(join(tmpdir(), "katachi-crash-"));
let port: number;
let cloud: ChildProcess;

beforeAll(async () => {
  port = await freePort();
  await start();
});

afterAll(() => {
  cloud.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

test(`nothing acknowledged is lost in ${KILLS} kills`, { timeout: 180_000 }, async () => {
  const { QueueUrl } = await prepare();
  const standard = await topicWithQueue("crash-topic");
  const fifo = await topicWithQueue("crash-topic.fifo");
  const acknowledged: Acknowledged = {
    puts: new Set(),
    sends: new Set(),
    invokes: new Set(),
    publishes: new Set(),
    ordered: new Set(),
  };
  const load = new Load(acknowledged, QueueUrl!, { standard: standard.topicArn, fifo: fifo.topicArn });
  const running = load.run();
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(100 + Math.random() * 400);
    const gone = new Promise((resolve) => cloud.once("exit", resolve));
    cloud.kill("SIGKILL");
    await gone;
    await start();
  }
  await pause(300);
  load.stop();
  await running;

  for (const set of Object.values(acknowledged)) expect(set.size).toBeGreaterThan(KILLS);
  const written = await scanIds("crash-puts");
  expect(missing(acknowledged.puts, written)).toEqual([]);
  expect(missing(acknowledged.sends, new Set(await drain(QueueUrl!, acknowledged.sends.size)))).toEqual([]);
  const published = new Set(await drain(standard.queueUrl, acknowledged.publishes.size));
  expect(missing(acknowledged.publishes, published)).toEqual([]);
  const ordered = await drain(fifo.queueUrl, acknowledged.ordered.size);
  expect(missing(acknowledged.ordered, new Set(ordered))).toEqual([]);
  const numbers = ordered.map((id) => Number(id.slice("id-".length)));
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  await expect
    .poll(async () => missing(acknowledged.invokes, await scanIds("crash-invokes")), { timeout: 90_000, interval: 500 })
    .toEqual([]);
});

function missing(wanted: ReadonlySet<string>, there: ReadonlySet<string>): string[] {
  return [...wanted].filter((id) => !there.has(id));
}

function clientSettings() {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
}

const HANDLER = `
const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const table = new DynamoDBClient({});
exports.handler = async ({ id }) => {
  await table.send(new PutItemCommand({ TableName: "crash-invokes", Item: { id: { S: id } } }));
};`;

async function prepare() {
  const dynamodb = new DynamoDBClient(clientSettings());
  for (const TableName of ["crash-puts", "crash-invokes"])
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    );
  const iam = new IAMClient(clientSettings());
  const allow = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: "crash-function",
      AssumeRolePolicyDocument: allow({ Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "crash-function",
      PolicyName: "write",
      PolicyDocument: allow({ Action: "dynamodb:PutItem", Resource: "*" }),
    }),
  );
  await new LambdaClient(clientSettings()).send(
    new CreateFunctionCommand({
      FunctionName: "crash",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Timeout: 15,
      Role: Role!.Arn!,
      Code: { ZipFile: await zipOf({ "index.js": HANDLER }) },
    }),
  );
  return new SQSClient(clientSettings()).send(new CreateQueueCommand({ QueueName: "crash" }));
}

/** A topic, and a queue that gets the bare messages. */
async function topicWithQueue(name: string): Promise<{ topicArn: string; queueUrl: string }> {
  const isFifo = name.endsWith(".fifo");
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: "*",
    },
  });
  const { QueueUrl } = await new SQSClient(clientSettings()).send(
    new CreateQueueCommand({ QueueName: name, Attributes: { Policy, ...(isFifo ? { FifoQueue: "true" } : {}) } }),
  );
  const sns = new SNSClient(clientSettings());
  const Attributes: Record<string, string> = isFifo ? { FifoTopic: "true" } : {};
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name, Attributes }));
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: "sqs",
      Endpoint: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      Attributes: { RawMessageDelivery: "true" },
    }),
  );
  return { topicArn: TopicArn!, queueUrl: QueueUrl! };
}

interface Acknowledged {
  readonly puts: Set<string>;
  readonly sends: Set<string>;
  readonly invokes: Set<string>;
  readonly publishes: Set<string>;
  /** Published to a FIFO topic, one after the other. */
  readonly ordered: Set<string>;
}

/** Writers that go on until stopped; what fails while the cloud is down is tried no further and counts for nothing. */
class Load {
  #stopped = false;
  #next = 0;
  readonly #dynamodb = new DynamoDBClient(clientSettings());
  readonly #sqs = new SQSClient(clientSettings());
  readonly #lambda = new LambdaClient(clientSettings());
  readonly #sns = new SNSClient(clientSettings());

  constructor(
    private readonly acknowledged: Acknowledged,
    private readonly queueUrl: string,
    private readonly topics: { readonly standard: string; readonly fifo: string },
  ) {}

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    const { puts, sends, invokes, publishes, ordered } = this.acknowledged;
    const writers: Promise<void>[] = [];
    for (let i = 0; i < WRITERS; i++) {
      writers.push(
        this.#repeat(puts, (id) =>
          this.#dynamodb.send(new PutItemCommand({ TableName: "crash-puts", Item: { id: { S: id } } })),
        ),
      );
      writers.push(
        this.#repeat(sends, (id) =>
          this.#sqs.send(new SendMessageCommand({ QueueUrl: this.queueUrl, MessageBody: id })),
        ),
      );
    }
    writers.push(
      this.#repeat(invokes, (id) =>
        this.#lambda.send(
          new InvokeCommand({ FunctionName: "crash", InvocationType: "Event", Payload: JSON.stringify({ id }) }),
        ),
      ),
    );
    writers.push(
      this.#repeat(publishes, (id) =>
        this.#sns.send(new PublishCommand({ TopicArn: this.topics.standard, Message: id })),
      ),
      this.#repeat(ordered, (id) =>
        this.#sns.send(
          new PublishCommand({
            TopicArn: this.topics.fifo,
            Message: id,
            MessageGroupId: "one",
            MessageDeduplicationId: id,
          }),
        ),
      ),
    );
    await Promise.all(writers);
  }

  async #repeat(done: Set<string>, write: (id: string) => Promise<unknown>): Promise<void> {
    while (!this.#stopped) {
      const id = `id-${this.#next++}`;
      try {
        await write(id);
        done.add(id);
      } catch {
        await pause(10);
      }
    }
  }
}

async function scanIds(TableName: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of paginateScan({ client: new DynamoDBClient(clientSettings()) }, { TableName }))
    for (const item of page.Items ?? []) ids.add(item["id"]!.S!);
  return ids;
}

/** The bodies that lie in a queue, as they come. */
async function drain(QueueUrl: string, atLeast: number): Promise<string[]> {
  const sqs = new SQSClient(clientSettings());
  const bodies: string[] = [];
  for (let empty = 0; empty < 2 || (bodies.length < atLeast && empty < 4);) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    empty = Messages.length === 0 ? empty + 1 : 0;
    if (Messages.length === 0) continue;
    for (const message of Messages) bodies.push(message.Body!);
    const Entries = Messages.map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId!, ReceiptHandle: ReceiptHandle! }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  return bodies;
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
