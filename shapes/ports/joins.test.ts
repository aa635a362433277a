import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand, PutPermissionCommand } from "@aws-sdk/client-eventbridge";
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  DeleteBucketCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  DescribeExecutionCommand,
  DeleteStateMachineCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { DeleteTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, CfnOutput, Duration, RemovalPolicy, SecretValue, Stack, Validations } from "aws-cdk-lib";
import { Alarm, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { ApiDestination, Authorization, Connection, EventBus, HttpMethod, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { DefinitionBody, Pass, StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GlueOptions, SinkKind, SourceKind } from "./glue.ts";
import { describeJoins, join, type Join } from "./join.ts";
import {
  BucketSink,
  BusSink,
  FunctionSink,
  HttpTargetSink,
  QueueSink,
  type AnySink,
  TableSink,
  TopicSink,
  WorkflowSink,
} from "./sinks.ts";
import {
  AlarmChanges,
  type AnySource,
  DeadLetters,
  Events,
  ExecutionEnded,
  Messages,
  Notifications,
  ObjectCreated,
  TableChanges,
  Ticks,
} from "./sources.ts";

const directory = mkdtempSync(joinPath(tmpdir(), "katachi-joins-"));
/** What the other company's server got. */
const posted: string[] = [];
let isOpen = true;
let server: Server;
let cloud: Cloud;
const outputs: Record<string, Record<string, string>> = {};

const KINDS: readonly SourceKind[] = [
  "ObjectCreated",
  "Events",
  "ExecutionEnded",
  "AlarmChanges",
  "TableChanges",
  "Messages",
  "DeadLetters",
  "Notifications",
  "Ticks",
];

const FILTERS: Partial<Record<SourceKind, object>> = {
  ObjectCreated: { object: { size: [{ numeric: [">", 3] }] } },
  Events: { total: [{ numeric: [">", 100] }] },
  TableChanges: { eventName: ["INSERT"], dynamodb: { NewImage: { total: { N: [{ "anything-but": "5" }] } } } },
  Messages: { total: [{ numeric: [">", 100] }] },
  Notifications: { total: [{ numeric: [">", 100] }] },
};
/** Tables want items with an id. */
const ITEMS: Partial<Record<SourceKind, GlueOptions["transform"]>> = {
  ObjectCreated: { id: "$.object.key", note: "{$.object.size} bytes", tags: ["photo", { big: true }] },
  Events: { id: "$.id", total: "$.total", at: "$$.time" },
  ExecutionEnded: { id: "$.name", status: "$.status" },
  AlarmChanges: { id: "$.alarmName" },
};

function table(scope: Construct, id: string): Table {
  return new Table(scope, id, {
    partitionKey: { name: "id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

function bucket(scope: Construct, id: string): Bucket {
  const made = new Bucket(scope, id, {
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(made).acknowledge({ id: "AwsSolutions-S1", reason: "A test." });
  return made;
}

function queue(scope: Construct, id: string, seconds = 30): Queue {
  const deadLetterQueue = new Queue(scope, `${id}Letters`, { enforceSSL: true });
  return new Queue(scope, id, {
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(seconds),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 3 },
  });
}

function machine(scope: Construct, id: string, type = StateMachineType.STANDARD): StateMachine {
  const made = new StateMachine(scope, id, {
    definitionBody: DefinitionBody.fromChainable(new Pass(scope, `${id}Pass`)),
    stateMachineType: type,
    tracingEnabled: true,
  });
  Validations.of(made).acknowledge(
    { id: "AwsSolutions-SF1", reason: "A test." },
    { id: "AwsSolutions-IAM5[Resource::*]", reason: "A test." },
  );
  return made;
}

/** Keeps what it got in a queue; throws at what says poison. */
function keeper(scope: Construct, seen: Queue): LambdaFunction {
  const made = new LambdaFunction(scope, "Keeper", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline(`
      const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
      const sqs = new SQSClient();
      exports.handler = async (event) => {
        const MessageBody = JSON.stringify(event);
        if (process.env.POISON && MessageBody.includes(process.env.POISON)) throw new Error("poison");
        await sqs.send(new SendMessageCommand({ QueueUrl: process.env.SEEN, MessageBody }));
        return {};
      };`),
    environment: { SEEN: seen.queueUrl, POISON: "poison" },
  });
  seen.grantSendMessages(made);
  Validations.of(made).acknowledge(
    { id: "AwsSolutions-L1", reason: "A test." },
    {
      id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason: "A test.",
    },
  );
  return made;
}

function sinksOf(stack: Stack): Record<SinkKind, AnySink> {
  const seen = {
    function: queue(stack, "SeenFunction"),
    topic: queue(stack, "SeenTopic"),
    bus: queue(stack, "SeenBus"),
  };
  const taken = queue(stack, "Taken");
  const topic = new Topic(stack, "Told", { enforceSSL: true });
  topic.addSubscription(new SqsSubscription(seen.topic, { rawMessageDelivery: true }));
  const bus = new EventBus(stack, "Bus");
  new Rule(stack, "SeenOnBus", {
    eventBus: bus,
    eventPattern: { account: [stack.account] },
    targets: [new SqsQueue(seen.bus)],
  });
  const connection = new Connection(stack, "Connection", {
    authorization: Authorization.apiKey("x-api-key", SecretValue.unsafePlainText("secret")),
  });
  const destination = new ApiDestination(stack, "Destination", {
    connection,
    endpoint: `http://127.0.0.1:${(server?.address() as AddressInfo | undefined)?.port ?? 1}/${stack.stackName}`,
    httpMethod: HttpMethod.POST,
    rateLimitPerSecond: 300,
  });
  const workflow = machine(stack, "Workflow");
  const items = table(stack, "Items");
  const objects = bucket(stack, "Objects");
  const output = (id: string, value: string) => new CfnOutput(stack, id, { value });
  output("SeenFunctionUrl", seen.function.queueUrl);
  output("SeenTopicUrl", seen.topic.queueUrl);
  output("SeenBusUrl", seen.bus.queueUrl);
  output("TakenUrl", taken.queueUrl);
  output("TopicArn", topic.topicArn);
  output("BusName", bus.eventBusName);
  output("WorkflowArn", workflow.stateMachineArn);
  output("TableName", items.tableName);
  output("BucketName", objects.bucketName);
  return {
    Function: new FunctionSink(keeper(stack, seen.function)),
    Queue: new QueueSink(taken),
    Topic: new TopicSink(topic),
    Bus: new BusSink(bus, { source: "test", detailType: "Happened" }),
    Workflow: new WorkflowSink(workflow),
    HttpTarget: new HttpTargetSink(destination),
    Table: new TableSink(items),
    Bucket: new BucketSink(objects, "in/"),
  };
}

/** One source for all sinks; of queues one each. */
function sourcesOf(stack: Stack, kind: SourceKind): (sink: SinkKind) => AnySource {
  const output = (id: string, value: string) => new CfnOutput(stack, id, { value });
  const same = <Source extends AnySource>(source: Source, name?: string) => {
    if (name !== undefined) output("Source", name);
    return () => source;
  };
  switch (kind) {
    case "ObjectCreated": {
      const from = bucket(stack, "From");
      return same(new ObjectCreated(from, { prefix: "photos/", suffix: ".jpg" }), from.bucketName);
    }
    case "Events": {
      const from = new EventBus(stack, "From");
      return same(new Events(from, { source: ["shop"], detail: { kind: ["order"] } }), from.eventBusName);
    }
    case "ExecutionEnded": {
      const from = machine(stack, "From");
      return same(new ExecutionEnded(from, ["SUCCEEDED"]), from.stateMachineArn);
    }
    case "AlarmChanges": {
      const metric = new Metric({ namespace: "test", metricName: "heat", period: Duration.minutes(1) });
      const alarm = new Alarm(stack, "From", { metric, threshold: 10, evaluationPeriods: 1 });
      return same(new AlarmChanges(alarm));
    }
    case "TableChanges": {
      const from = table(stack, "From");
      return same(new TableChanges(from), from.tableName);
    }
    case "Notifications": {
      const from = new Topic(stack, "From", { enforceSSL: true });
      return same(new Notifications(from), from.topicArn);
    }
    case "Ticks":
      return same(new Ticks(stack, { expression: "rate(6 hours)", timeZone: "Asia/Tokyo" }));
    case "Messages":
    case "DeadLetters":
      return (sink) => {
        const from =
          kind === "Messages" ? queue(stack, `From${sink}`) : new Queue(stack, `From${sink}`, { enforceSSL: true });
        output(`Source${sink}`, from.queueUrl);
        return kind === "Messages" ? new Messages(from) : new DeadLetters(from);
      };
  }
}

function buildStack(app: App, kind: SourceKind): Join[] {
  const stack = new Stack(app, `joins-${kind}`);
  const sinks = sinksOf(stack);
  const source = sourcesOf(stack, kind);
  return describeJoins().flatMap((pair) => {
    if (pair.from !== kind || "refused" in pair) return [];
    const filter = FILTERS[kind];
    const transform = pair.to === "Table" ? ITEMS[kind] : undefined;
    const options = { ...(filter ? { filter } : {}), ...(transform === undefined ? {} : { transform }) };
    const made = join<SourceKind, SinkKind>(source(pair.to), sinks[pair.to], options);
    new CfnOutput(stack, `Letters${pair.to}`, { value: made.deadLetters!.queueUrl });
    return [made];
  });
}

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (isOpen) posted.push(`${request.url} ${body}`);
      response.writeHead(isOpen ? 200 : 400).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
}, 30_000);

afterAll(async () => {
  await cloud?.close();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Makes it happen: one that the filter keeps out, and one that goes over. */
async function drive(kind: SourceKind, word: string, sinks: readonly SinkKind[]): Promise<void> {
  const out = outputs[`joins-${kind}`]!;
  const small = { id: `small-${word}`, total: 5, kind: "order" };
  const large = { id: `large-${word}`, total: 500, kind: "order" };
  switch (kind) {
    case "ObjectCreated": {
      const s3 = cloud.client(S3Client);
      const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: out["Source"]!, Key, Body }));
      await put(`photos/small-${word}.jpg`, "x");
      await put(`photos/${word}.txt`, "not a photo");
      await put(`photos/large-${word}.jpg`, "xxxxxxxx");
      break;
    }
    case "Events":
      await cloud.client(EventBridgeClient).send(
        new PutEventsCommand({
          Entries: [small, large].map((detail) => ({
            EventBusName: out["Source"]!,
            Source: "shop",
            DetailType: "Order",
            Detail: JSON.stringify(detail),
          })),
        }),
      );
      break;
    case "ExecutionEnded":
      await cloud
        .client(SFNClient)
        .send(new StartExecutionCommand({ stateMachineArn: out["Source"]!, name: `large-${word}`, input: "{}" }));
      break;
    case "AlarmChanges":
      await cloud
        .client(CloudWatchClient)
        .send(new PutMetricDataCommand({ Namespace: "test", MetricData: [{ MetricName: "heat", Value: 50 }] }));
      await cloud.settled();
      await cloud.clock.advance("3 minutes");
      break;
    case "TableChanges":
      for (const { id, total } of [small, large])
        await cloud
          .client(DynamoDBClient)
          .send(
            new PutItemCommand({ TableName: out["Source"]!, Item: { id: { S: id }, total: { N: String(total) } } }),
          );
      break;
    case "Notifications":
      for (const each of [small, large])
        await cloud
          .client(SNSClient)
          .send(new PublishCommand({ TopicArn: out["Source"]!, Message: JSON.stringify(each) }));
      break;
    case "Ticks":
      await cloud.clock.advance("6 hours");
      break;
    case "Messages":
    case "DeadLetters":
      for (const sink of sinks)
        for (const each of kind === "Messages" ? [small, large] : [large])
          await cloud
            .client(SQSClient)
            .send(new SendMessageCommand({ QueueUrl: out[`Source${sink}`]!, MessageBody: JSON.stringify(each) }));
  }
  await cloud.settled();
  await cloud.clock.advance("30 seconds");
  await cloud.settled();
}

async function bodies(QueueUrl: string): Promise<string[]> {
  const { Messages: messages = [] } = await cloud
    .client(SQSClient)
    .send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
  return messages.map(({ Body = "" }) => Body);
}

/** What came to a sink. */
async function arrived(kind: SourceKind, sink: SinkKind): Promise<string[]> {
  const out = outputs[`joins-${kind}`]!;
  switch (sink) {
    case "Function":
      return bodies(out["SeenFunctionUrl"]!);
    case "Queue":
      return bodies(out["TakenUrl"]!);
    case "Topic":
      return bodies(out["SeenTopicUrl"]!);
    case "Bus":
      return bodies(out["SeenBusUrl"]!);
    case "HttpTarget":
      return posted.filter((each) => each.startsWith(`/joins-${kind} `));
    case "Workflow": {
      const sfn = cloud.client(SFNClient);
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: out["WorkflowArn"]! }));
      return Promise.all(
        executions.map(
          async ({ executionArn }) => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).input!,
        ),
      );
    }
    case "Table": {
      const found = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: out["TableName"]! }));
      return (found.Items ?? []).map((item) => JSON.stringify(item));
    }
    case "Bucket": {
      const s3 = cloud.client(S3Client);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: out["BucketName"]!, Prefix: "in/" }));
      return Promise.all(
        Contents.map(async ({ Key }) => {
          const response = await cloud.call("s3", "GetObject", { Bucket: out["BucketName"]!, Key: Key! });
          return Buffer.from(await new Response(response.Body as never).arrayBuffer()).toString("utf8");
        }),
      );
    }
  }
}

/** Takes the sinks away, or lets them refuse. */
async function breakSinks(kind: SourceKind): Promise<void> {
  const out = outputs[`joins-${kind}`]!;
  isOpen = false;
  const { Functions: functions = [] } = await cloud.call("lambda", "ListFunctions", {});
  for (const { FunctionName, Environment } of functions)
    if (FunctionName!.startsWith(`joins-${kind}-`))
      await cloud.call("lambda", "UpdateFunctionConfiguration", {
        FunctionName: FunctionName!,
        Environment: { Variables: { ...Environment?.Variables, POISON: "e" } },
      });
  await cloud.client(SQSClient).send(new DeleteQueueCommand({ QueueUrl: out["TakenUrl"]! }));
  await cloud.client(SNSClient).send(new DeleteTopicCommand({ TopicArn: out["TopicArn"]! }));
  await cloud.client(SFNClient).send(new DeleteStateMachineCommand({ stateMachineArn: out["WorkflowArn"]! }));
  await cloud.client(DynamoDBClient).send(new DeleteTableCommand({ TableName: out["TableName"]! }));
  const events = cloud.client(EventBridgeClient);
  const EventBusName = out["BusName"]!;
  // A bus that is gone swallows what is put: AWS answers as if it were there. So it forbids.
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "nobody",
        Effect: "Deny",
        Principal: "*",
        Action: "events:PutEvents",
        Resource: `arn:aws:events:us-east-1:000000000000:event-bus/${EventBusName}`,
      },
    ],
  });
  await events.send(new PutPermissionCommand({ EventBusName, Policy }));
  const s3 = cloud.client(S3Client);
  const Bucket = out["BucketName"]!;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key: Key! }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await cloud.settled();
}

async function lettersOf(kind: SourceKind, sink: SinkKind): Promise<number> {
  const { Attributes = {} } = await cloud.client(SQSClient).send(
    new GetQueueAttributesCommand({
      QueueUrl: outputs[`joins-${kind}`]![`Letters${sink}`]!,
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Number(Attributes["ApproximateNumberOfMessages"]);
}

describe.each(KINDS)("%s", (kind) => {
  const sinks: SinkKind[] = describeJoins().flatMap((pair) =>
    pair.from === kind && !("refused" in pair) ? [pair.to] : [],
  );

  beforeAll(async () => {
    const app = new App({ outdir: joinPath(directory, kind) });
    buildStack(app, kind);
    const { stacks } = await cloud.deploy(app.synth().directory);
    for (const { name, outputs: given } of stacks)
      outputs[name] = Object.fromEntries(given.map(({ key, value }) => [key, value]));
  }, 60_000);

  test("goes over to each sink, what the filter keeps out does not", async () => {
    await drive(kind, "one", sinks);
    const came: [SinkKind, string[]][] = [];
    for (const sink of sinks) came.push([sink, await arrived(kind, sink)]);
    const silent = came.filter(([, texts]) => texts.length === 0).map(([sink]) => sink);
    expect(silent).toEqual([]);
    for (const [sink, texts] of came) {
      const all = texts.join("\n");
      expect([sink, all.includes("small-")]).toEqual([sink, false]);
      if (kind !== "AlarmChanges" && kind !== "Ticks")
        expect([sink, all]).toEqual([sink, expect.stringContaining("large-one")]);
    }
  }, 60_000);

  test("what a sink refuses ends in the join's dead-letter queue", async () => {
    await breakSinks(kind);
    if (kind === "AlarmChanges") await cloud.clock.advance("20 minutes");
    await drive(kind, "two", sinks);
    for (let hour = 0; hour < 4; hour++) {
      await cloud.clock.advance("1 hour");
      await cloud.settled();
    }
    isOpen = true;
    const letters: [SinkKind, boolean][] = [];
    for (const sink of sinks) letters.push([sink, (await lettersOf(kind, sink)) > 0]);
    expect(letters).toEqual(sinks.map((sink) => [sink, true]));
  }, 120_000);
});

test("cdk-nag's AwsSolutions pack passes", () => {
  const app = new App({ outdir: joinPath(directory, "nag") });
  for (const kind of KINDS) buildStack(app, kind);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
}, 120_000);

describe("refused", () => {
  const stack = () => new Stack(new App(), "s");

  test("pairs without glue, by the compiler and by the construct", () => {
    const s = stack();
    const topics = [new Topic(s, "A"), new Topic(s, "B")] as const;
    // @ts-expect-error a topic cannot subscribe to a topic
    expect(() => new Notifications(topics[0]).to(new TopicSink(topics[1]))).toThrow(
      "Notifications of s/A cannot be joined to the Topic s/B: a topic cannot subscribe to a topic. What works: Notifications to a Queue",
    );
    const http = new HttpTargetSink(
      ApiDestination.fromApiDestinationAttributes(s, "H", {
        apiDestinationArn: "arn:aws:events:us-east-1:000000000000:api-destination/x/y",
        connection: Connection.fromConnectionAttributes(s, "C", {
          connectionName: "c",
          connectionArn: "arn:aws:events:us-east-1:000000000000:connection/c/d",
          connectionSecretArn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:x",
        }),
      }),
    );
    // @ts-expect-error EventBridge Scheduler cannot call API destinations
    expect(() => new Ticks(s, { expression: "rate(1 day)" }).to(http)).toThrow(
      "EventBridge Scheduler cannot call API destinations. What works: Ticks to a Bus",
    );
  });

  test("options that the glue does not have", () => {
    const s = stack();
    const target = new FunctionSink(keeper(s, queue(s, "Seen")));
    // @ts-expect-error a function reads batches as they are
    expect(() => new Messages(queue(s, "Q")).to(target, { transform: { a: 1 } })).toThrow(
      "event source mapping has no transform. What works: let the function read what it needs",
    );
    // @ts-expect-error points in time have nothing to choose from
    expect(() => new Ticks(s, { expression: "rate(1 day)" }).to(target, { filter: { a: [1] } })).toThrow(
      "has no filter",
    );
    // @ts-expect-error the reason of an object is not one of these
    new ObjectCreated(bucket(s, "B")).to(target, { filter: { reason: ["Magic"] } });
  });

  test.each<[string, (s: Stack) => unknown, string]>([
    [
      "itself",
      (s) => {
        const t = table(s, "T");
        return new TableChanges(t).to(new TableSink(t));
      },
      "without end. What works: a Table of its own",
    ],
    [
      "a bus to itself",
      (s) => {
        const b = new EventBus(s, "B");
        return new Events(b, {}).to(new BusSink(b));
      },
      "without end",
    ],
    [
      "two readers",
      (s) => {
        const q = new Messages(queue(s, "Q"));
        q.to(new BucketSink(bucket(s, "A")));
        return q.to(new BucketSink(bucket(s, "B")));
      },
      "is read already",
    ],
    [
      "a queue without dead letters",
      (s) => new Messages(new Queue(s, "Q")).to(new BucketSink(bucket(s, "A"))),
      "What works: Messages of a Queue with a deadLetterQueue",
    ],
    [
      "a short visibility",
      (s) => new Messages(queue(s, "Q", 1)).to(new FunctionSink(keeper(s, queue(s, "Seen")))),
      "the function may take 3 s, but the queue hides a message for 1 s only. What works: a visibilityTimeout of 18 s",
    ],
    [
      "an Express workflow",
      (s) => new ExecutionEnded(machine(s, "M", StateMachineType.EXPRESS)).to(new QueueSink(queue(s, "Q"))),
      "Express state machines do not tell",
    ],
    [
      "a FIFO queue without a group",
      (s) => new TableChanges(table(s, "T")).to(new QueueSink(new Queue(s, "Q", { fifo: true }))),
      "What works: a sink with messageGroup",
    ],
    [
      "a group that the glue cannot read",
      (s) => new Ticks(s, { expression: "rate(1 day)" }).to(new QueueSink(new Queue(s, "Q", { fifo: true }), "$.id")),
      "reads no group",
    ],
    [
      "a FIFO topic",
      (s) => new TableChanges(table(s, "T")).to(new TopicSink(new Topic(s, "F", { fifo: true }))),
      "a FIFO Queue, or a standard Topic",
    ],
    [
      "a FIFO topic to a function",
      (s) => new Notifications(new Topic(s, "F", { fifo: true })).to(new FunctionSink(keeper(s, queue(s, "Seen")))),
      "Notifications to a Queue, and Messages of it",
    ],
    [
      "a filter on what is fixed",
      (s) =>
        new ObjectCreated(bucket(s, "B"), { prefix: "a/" }).to(new QueueSink(queue(s, "Q")), {
          filter: { object: { key: [{ suffix: "b" }] } },
        }),
      "filter.object.key is already fixed by the source",
    ],
    [
      "a path that is none",
      (s) => new Events(new EventBus(s, "B"), {}).to(new QueueSink(queue(s, "Q")), { transform: "$..id" }),
      'transform has "$..id"; allowed: a path',
    ],
    [
      "what a point in time does not have",
      (s) => new Ticks(s, { expression: "rate(1 day)" }).to(new QueueSink(queue(s, "Q")), { transform: "$.total" }),
      "a point in time has only $.time",
    ],
  ])("%s", (_name, build, text) => {
    expect(() => build(stack())).toThrow(text);
  });
});
