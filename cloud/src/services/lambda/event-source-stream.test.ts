import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  type StreamViewType,
} from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingCommandInput,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

const START_MS = Date.UTC(2026, 10, 24, 9, 0, 30, 500);
const ACCOUNT = "000000000000";
const READING = ["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"].map((one) => `dynamodb:${one}`);

let cloud: Cloud;
let lambda: LambdaClient;
let role: string;
let archive: Uint8Array;
let count = 0;

/** Logs each event; fails where a key begins with "fail"; reports the first record whose key begins with "partial". */
const CODE = `exports.handler = async (event) => {
  console.log("EVENT " + process.hrtime.bigint() + " " + JSON.stringify(event));
  const key = (record) => record.dynamodb.Keys.pk.S;
  if (event.Records.some((record) => key(record).startsWith("fail"))) throw new Error("failed");
  const bad = event.Records.find((record) => key(record).startsWith("partial"));
  if (event.state) return { state: { count: (event.state.count ?? 0) + event.Records.length } };
  return { batchItemFailures: bad ? [{ itemIdentifier: bad.dynamodb.SequenceNumber }] : [] };
};`;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
  archive = await createArchive({ "index.js": CODE });
  role = await makeRole("stream-reader", [...READING, "logs:*", "sqs:SendMessage", "s3:PutObject"]);
});

afterAll(() => cloud.close());

async function makeRole(RoleName: string, Action: string[]): Promise<string> {
  const iam = cloud.client(IAMClient);
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action, Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "inline", PolicyDocument }));
  return Role!.Arn!;
}

async function makeFunction(more: object = {}): Promise<string> {
  const FunctionName = `reader-${++count}`;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: archive },
      ...more,
    }),
  );
  return FunctionName;
}

async function makeTable(view: StreamViewType = "NEW_AND_OLD_IMAGES") {
  const TableName = `table-${++count}`;
  const { TableDescription } = await cloud.client(DynamoDBClient).send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    }),
  );
  return { name: TableName, arn: TableDescription!.LatestStreamArn! };
}

async function put(TableName: string, ...keys: string[]): Promise<void> {
  for (const pk of keys)
    await cloud.client(DynamoDBClient).send(new PutItemCommand({ TableName, Item: { pk: { S: pk } } }));
}

async function makeQueue(): Promise<{ url: string; arn: string }> {
  const QueueName = `failures-${++count}`;
  const { QueueUrl } = await cloud.client(SQSClient).send(new CreateQueueCommand({ QueueName }));
  return { url: QueueUrl!, arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}` };
}

async function take(QueueUrl: string): Promise<object[]> {
  await cloud.settled();
  const { Messages = [] } = await cloud
    .client(SQSClient)
    .send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body }) => JSON.parse(Body!) as object);
}

type Settings = Partial<CreateEventSourceMappingCommandInput>;

const map = (FunctionName: string, EventSourceArn: string, more: Settings = {}) =>
  lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, StartingPosition: "TRIM_HORIZON", ...more }),
  );
const update = (UUID: string, more: Partial<UpdateEventSourceMappingCommandInput>) =>
  lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more }));
const get = (UUID: string) => lambda.send(new GetEventSourceMappingCommand({ UUID }));

interface Event {
  Records: { eventName: string; dynamodb: { Keys: { pk: { S: string } }; [member: string]: unknown } }[];
  [member: string]: unknown;
}

/** The events that a function got, in the order of the machine's time: the cloud's stands still. */
async function events(name: string): Promise<Event[]> {
  await cloud.settled();
  const found = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }))
    .catch(() => ({ events: [] }));
  const logged = (found.events ?? []).flatMap(({ message = "" }) => {
    const [, time, event] = /EVENT (\d+) (.*)/s.exec(message) ?? [];
    return event === undefined ? [] : [{ time: BigInt(time!), event: JSON.parse(event) as Event }];
  });
  return logged.toSorted((a, b) => (a.time < b.time ? -1 : 1)).map(({ event }) => event);
}

const keys = async (name: string) =>
  (await events(name)).map(({ Records }) => Records.map(({ dynamodb }) => dynamodb.Keys.pk.S));

async function failure(promise: Promise<unknown>) {
  return promise.then(
    () => expect.fail("should have failed"),
    (error: { name: string; message: string }) => ({ code: error.name, message: error.message }),
  );
}
const invalid = (message: string) => ({ code: "InvalidParameterValueException", message });

describe("mappings of streams", () => {
  it("are described with AWS's defaults, changed and deleted", async () => {
    const name = await makeFunction();
    const { arn } = await makeTable();
    const { UUID, State } = await map(name, arn);
    expect(State).toBe("Creating");
    expect(await get(UUID!)).toMatchObject({
      State: "Enabled",
      StateTransitionReason: "User action",
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      StartingPosition: "TRIM_HORIZON",
      BisectBatchOnFunctionError: false,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      TumblingWindowInSeconds: 0,
      DestinationConfig: { OnFailure: {} },
      FunctionResponseTypes: [],
      LastProcessingResult: "No records processed",
    });
    const queue = await makeQueue();
    await update(UUID!, {
      MaximumRetryAttempts: 3,
      ParallelizationFactor: 2,
      DestinationConfig: { OnFailure: { Destination: queue.arn } },
    });
    expect(await get(UUID!)).toMatchObject({
      MaximumRetryAttempts: 3,
      ParallelizationFactor: 2,
      DestinationConfig: { OnFailure: { Destination: queue.arn } },
    });
    expect(await lambda.send(new DeleteEventSourceMappingCommand({ UUID }))).toMatchObject({ State: "Deleting" });
  });

  it("refuses what AWS refuses, in its words", async () => {
    const name = await makeFunction();
    const { arn } = await makeTable();
    expect(await failure(map(name, arn, { StartingPosition: undefined }))).toEqual(
      invalid(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
      ),
    );
    expect(await failure(map(name, arn, { StartingPosition: "AT_TIMESTAMP" }))).toEqual(
      invalid(`Unsupported starting position for arn type: ${arn}`),
    );
    expect(await failure(map(name, `${arn}0`))).toEqual(invalid(`Stream not found: ${arn}0`));
    expect((await failure(map(name, arn, { ScalingConfig: { MaximumConcurrency: 5 } }))).message).toBe(
      "Unsupported ScalingConfig parameter for given event source mapping type.",
    );
    const { UUID } = await map(name, arn);
    expect(await failure(map(name, arn))).toEqual({
      code: "ResourceConflictException",
      message: `The event source arn (" ${arn} ") and function (" ${name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    });
    const kinesis = `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/s`;
    expect((await failure(map(name, kinesis))).message).toContain("event source mappings of Kinesis streams");
  });

  it.each(READING)("need a role that may call %s", async (action) => {
    const others = READING.filter((one) => one !== action);
    const name = await makeFunction({ Role: await makeRole(`lacks-${action.slice(9)}`, others) });
    const { arn } = await makeTable();
    expect(await failure(map(name, arn))).toEqual(
      invalid(
        `Cannot access stream ${arn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`,
      ),
    );
  });
});

describe("a stream", () => {
  it("gives the function its records as AWS writes them", async () => {
    const name = await makeFunction();
    const { name: TableName, arn } = await makeTable();
    const dynamodb = cloud.client(DynamoDBClient);
    const Item = { pk: { S: "a" }, bytes: { B: Buffer.from("x") }, n: { N: "1" } };
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: { pk: { S: "a" } } }));
    const { UUID } = await map(name, arn);
    const [event] = await events(name);
    const image = { pk: { S: "a" }, bytes: { B: "eA==" }, n: { N: "1" } };
    const common = {
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      eventSourceARN: arn,
    };
    const change = {
      ApproximateCreationDateTime: Math.floor(cloud.clock.now() / 1000),
      Keys: { pk: { S: "a" } },
      SequenceNumber: expect.stringMatching(/^\d{21}$/),
      SizeBytes: expect.any(Number),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    };
    expect(event).toEqual({
      Records: [
        { ...common, eventName: "INSERT", dynamodb: { ...change, NewImage: image } },
        { ...common, eventName: "REMOVE", dynamodb: { ...change, OldImage: image } },
      ],
    });
    expect(await get(UUID!)).toMatchObject({ LastProcessingResult: "OK" });
  });

  it("begins with the oldest record or with what comes after, even a day later", async () => {
    const [oldest, latest] = [await makeFunction(), await makeFunction()];
    const { name, arn } = await makeTable();
    await put(name, "before");
    await map(oldest, arn);
    await map(latest, arn, { StartingPosition: "LATEST" });
    await cloud.settled();
    await cloud.clock.advance("1 hour");
    await put(name, "after");
    expect(await keys(oldest)).toEqual([["before"], ["after"]]);
    expect(await keys(latest)).toEqual([["after"]]);
    await cloud.clock.advance("2 days");
    await put(name, "later");
    expect((await keys(latest)).at(-1)).toEqual(["later"]);
  });

  it("comes in batches of the size wanted, or as its window is over", async () => {
    const [sized, windowed] = [await makeFunction(), await makeFunction()];
    const { name, arn } = await makeTable();
    await put(name, "1", "2", "3", "4", "5");
    await map(sized, arn, { BatchSize: 2 });
    await map(windowed, arn, { BatchSize: 7, MaximumBatchingWindowInSeconds: 30 });
    expect(await keys(sized)).toEqual([["1", "2"], ["3", "4"], ["5"]]);
    expect(await keys(windowed)).toEqual([]);
    await put(name, "6");
    await cloud.clock.advance("30 seconds");
    expect(await keys(windowed)).toEqual([["1", "2", "3", "4", "5", "6"]]);
  });

  it("is filtered; what does not match is passed over", async () => {
    const name = await makeFunction();
    const table = await makeTable();
    const Pattern = JSON.stringify({ eventName: ["INSERT"], dynamodb: { Keys: { pk: { S: [{ prefix: "or" }] } } } });
    await map(name, table.arn, { FilterCriteria: { Filters: [{ Pattern }] } });
    await put(table.name, "other", "order", "other", "more");
    expect(await keys(name)).toEqual([["order"]]);
  });

  it("keeps the order of each key where several batches run at a time", async () => {
    const name = await makeFunction();
    const table = await makeTable();
    const { UUID } = await map(name, table.arn, { ParallelizationFactor: 4, BatchSize: 2 });
    for (const value of ["1", "2", "3"])
      for (const pk of ["a", "b", "c", "d", "e"])
        await cloud
          .client(DynamoDBClient)
          .send(new PutItemCommand({ TableName: table.name, Item: { pk: { S: pk }, v: { N: value } } }));
    await cloud.settled();
    await update(UUID!, { ParallelizationFactor: 1 });
    await put(table.name, "a");
    const seen = (await events(name)).flatMap(({ Records }) => Records.map(({ dynamodb }) => dynamodb));
    for (const pk of ["a", "b", "c", "d", "e"]) {
      const numbers = seen.filter(({ Keys }) => Keys.pk.S === pk).map(({ SequenceNumber }) => String(SequenceNumber));
      const unique = numbers.filter((one, at) => numbers.indexOf(one) === at);
      expect(unique).toHaveLength(pk === "a" ? 4 : 3);
      expect(unique).toEqual(unique.toSorted());
    }
  });

  it("waits behind a batch that fails, and gives it up when its retries are used up", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    const queue = await makeQueue();
    const DestinationConfig = { OnFailure: { Destination: queue.arn } };
    const { UUID } = await map(name, arn, { MaximumRetryAttempts: 2, DestinationConfig });
    await put(table, "fail");
    await cloud.settled();
    await put(table, "good");
    expect(await keys(name)).toEqual([["fail"]]);
    expect(await get(UUID!)).toMatchObject({ LastProcessingResult: "PROBLEM: Function call failed" });
    await cloud.clock.advance("1 minute");
    expect(await keys(name)).toEqual([["fail"], ["fail"], ["fail"], ["good"]]);
    const second = "2026-11-2";
    expect(await take(queue.url)).toEqual([
      {
        requestContext: {
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          functionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`,
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: 3,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: expect.stringMatching(`^${second}.*Z$`),
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: "100000000000000000001",
          endSequenceNumber: "100000000000000000001",
          approximateArrivalOfFirstRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          approximateArrivalOfLastRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          batchSize: 1,
          streamArn: arn,
        },
      },
    ]);
  });

  it("gives up what is too old, here into a bucket, with the records", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    const s3 = cloud.client(S3Client);
    const Bucket = `failures-${++count}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    const DestinationConfig = { OnFailure: { Destination: `arn:aws:s3:::${Bucket}` } };
    const { UUID } = await map(name, arn, { MaximumRecordAgeInSeconds: 60, DestinationConfig });
    await put(table, "fail");
    await cloud.clock.advance("5 minutes");
    await cloud.settled();
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents).toHaveLength(1);
    const Key = Contents[0]!.Key!;
    expect(Key).toMatch(
      new RegExp(
        `^aws/lambda/${UUID}/shardId-[^/]+/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}$`,
      ),
    );
    const body = await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
    const told = JSON.parse(body) as { requestContext: object; payload: string };
    expect(told).toMatchObject({ requestContext: { condition: "RecordAgeExceeded" } });
    expect(told).not.toHaveProperty("responseContext");
    expect((JSON.parse(told.payload) as Event).Records[0]!.dynamodb.Keys).toEqual({ pk: { S: "fail" } });
  });

  it("tells a topic what was given up, where it is told to", async () => {
    const name = await makeFunction({ Role: await makeRole("publisher", [...READING, "logs:*", "sns:Publish"]) });
    const [table, queue] = [await makeTable(), await makeQueue()];
    const sns = cloud.client(SNSClient);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "given-up" }));
    const Statement = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: queue.arn };
    const Attributes = { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) };
    await cloud.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
    const RawMessageDelivery = "true";
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queue.arn, Attributes: { RawMessageDelivery } }),
    );
    await put(table.name, "fail");
    await map(name, table.arn, {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: TopicArn } },
    });
    expect(await take(queue.url)).toMatchObject([
      { requestContext: { condition: "RetryAttemptsExhausted" }, DDBStreamBatchInfo: { batchSize: 1 } },
    ]);
  });

  it("halves a batch that fails until only what fails is given up", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    const queue = await makeQueue();
    await put(table, "1", "2", "fail", "4");
    await map(name, arn, {
      MaximumRetryAttempts: 0,
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: queue.arn } },
    });
    await cloud.clock.advance("1 minute");
    expect(await keys(name)).toEqual([["1", "2", "fail", "4"], ["1", "2"], ["fail", "4"], ["fail"], ["4"]]);
    expect(await take(queue.url)).toMatchObject([{ DDBStreamBatchInfo: { batchSize: 1 } }]);
  });

  it("goes on at the first record that the function reports as failed", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    await put(table, "1", "partial", "3");
    await map(name, arn, { MaximumRetryAttempts: 1, FunctionResponseTypes: ["ReportBatchItemFailures"] });
    await cloud.clock.advance("1 minute");
    await put(table, "4");
    expect(await keys(name)).toEqual([["1", "partial", "3"], ["partial", "3"], ["4"]]);
  });

  it("waits while the function may not run; that is no retry", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    const limit = (ReservedConcurrentExecutions: number) =>
      lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }));
    await limit(0);
    await map(name, arn, { MaximumRetryAttempts: 0 });
    await put(table, "a");
    await cloud.clock.advance("5 minutes");
    await limit(1);
    await cloud.clock.advance("1 minute");
    expect(await keys(name)).toEqual([["a"]]);
  });

  it("is added up in windows of time", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    await map(name, arn, { TumblingWindowInSeconds: 60, BatchSize: 2 });
    await cloud.clock.advance("1 minute");
    const minute = Math.floor(cloud.clock.now() / 60_000) * 60_000;
    await put(table, "1", "2");
    await put(table, "3");
    await cloud.settled();
    await cloud.clock.advance("1 minute");
    const all = await events(name);
    const at = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
    expect(all.flatMap(({ Records }) => Records)).toHaveLength(3);
    for (const event of all)
      expect(event).toMatchObject({
        window: { start: at(minute), end: at(minute + 60_000) },
        eventSourceARN: arn,
        shardId: expect.stringMatching(/^shardId-/),
        isWindowTerminatedEarly: false,
      });
    expect(all[0]).toMatchObject({ state: {}, isFinalInvokeForWindow: false });
    expect(all.at(-1)).toMatchObject({ Records: [], state: { count: 3 }, isFinalInvokeForWindow: true });
    await put(table, "4");
    expect((await events(name)).at(-1)).toMatchObject({ state: {}, isFinalInvokeForWindow: false });
  });

  it("ends a window early where its state grows too large", async () => {
    const code = `exports.handler = async ({ Records, state, window, isFinalInvokeForWindow: final, isWindowTerminatedEarly: early }) => {
      console.log("EVENT " + process.hrtime.bigint() + " " + JSON.stringify({ Records, final, early, small: state.small }));
      return { state: Records.length > 1 ? { text: "x".repeat(1024 * 1024) } : { small: Records.length } };
    };`;
    const name = await makeFunction({ Code: { ZipFile: await createArchive({ "index.js": code }) } });
    const { name: table, arn } = await makeTable();
    const { UUID } = await map(name, arn, { TumblingWindowInSeconds: 900 });
    await put(table, "1");
    await cloud.settled();
    await update(UUID!, { Enabled: false });
    await put(table, "2", "3");
    await update(UUID!, { Enabled: true });
    expect((await events(name)).map(({ Records, ...rest }) => ({ ...rest, records: Records.length }))).toEqual([
      { records: 1, final: false, early: false },
      { records: 2, final: false, early: false, small: 1 },
      { records: 0, final: true, early: true, small: 1 },
    ]);
  });

  it("is left alone while the mapping is disabled, and goes on where it was", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    const { UUID } = await map(name, arn);
    await put(table, "1");
    await cloud.settled();
    await update(UUID!, { Enabled: false });
    await put(table, "2");
    expect(await keys(name)).toEqual([["1"]]);
    await update(UUID!, { Enabled: true });
    expect(await keys(name)).toEqual([["1"], ["2"]]);
  });

  it("tells the age of what it gives in a metric", async () => {
    const name = await makeFunction();
    const { name: table, arn } = await makeTable();
    await put(table, "1");
    await cloud.clock.advance("10 seconds");
    await map(name, arn);
    await cloud.settled();
    await cloud.clock.advance("1 minute");
    const statistics = async (MetricName: string) => {
      const { Datapoints } = await cloud.client(CloudWatchClient).send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/Lambda",
          MetricName,
          Dimensions: [{ Name: "FunctionName", Value: name }],
          StartTime: new Date(cloud.clock.now() - 3_600_000),
          EndTime: new Date(cloud.clock.now()),
          Period: 3600,
          Statistics: ["Maximum", "Sum"],
        }),
      );
      return Datapoints![0];
    };
    const age = (await statistics("IteratorAge"))!;
    expect(age.Maximum).toBeGreaterThanOrEqual(10_000);
    expect(age.Maximum).toBeLessThan(11_000);
    expect(await statistics("Invocations")).toMatchObject({ Sum: 1 });
  });
});

describe("a restart", () => {
  it("goes on behind the checkpoint; nothing is lost and nothing comes twice", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-stream-"));
    const before = cloud;
    const reach = async () => {
      cloud = await startCloud({ dataDirectory, clock: "frozen" });
      lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
    };
    try {
      await reach();
      await makeRole("stream-reader", [...READING, "logs:*"]);
      const name = await makeFunction();
      const { name: table, arn } = await makeTable();
      const { UUID } = await map(name, arn, { StartingPosition: "LATEST" });
      await put(table, "1");
      expect(await keys(name)).toEqual([["1"]]);
      await update(UUID!, { Enabled: false });
      await put(table, "2");
      await cloud.close();
      await reach();
      await put(table, "3");
      await update(UUID!, { Enabled: true });
      expect(await keys(name)).toEqual([["1"], ["2", "3"]]);
      await cloud.close();
      await reach();
      await put(table, "4");
      expect((await keys(name)).at(-1)).toEqual(["4"]);
      await cloud.close();
    } finally {
      cloud = before;
      lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});

describe("a stack's mapping of a stream", () => {
  it("is made with its table and function, and changed", async () => {
    const deploy = (mapping: object) =>
      cloud.deploy(
        {
          Resources: {
            Table: {
              Type: "AWS::DynamoDB::Table",
              Properties: {
                BillingMode: "PAY_PER_REQUEST",
                KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
                AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
                StreamSpecification: { StreamViewType: "NEW_IMAGE" },
              },
            },
            Function: {
              Type: "AWS::Lambda::Function",
              Properties: { Runtime: "nodejs22.x", Handler: "index.handler", Role: role, Code: { ZipFile: CODE } },
            },
            Mapping: {
              Type: "AWS::Lambda::EventSourceMapping",
              Properties: {
                FunctionName: { Ref: "Function" },
                EventSourceArn: { "Fn::GetAtt": ["Table", "StreamArn"] },
                StartingPosition: "LATEST",
                ...mapping,
              },
            },
          },
          Outputs: {
            Id: { Value: { Ref: "Mapping" } },
            Table: { Value: { Ref: "Table" } },
            Function: { Value: { Ref: "Function" } },
          },
        },
        { stackName: "stream-mapping" },
      );
    const { stacks } = await deploy({
      BatchSize: 3,
      ParallelizationFactor: 2,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 4,
      MaximumRecordAgeInSeconds: 120,
      TumblingWindowInSeconds: 30,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    const outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
    expect(await get(outputs["Id"]!)).toMatchObject({
      BatchSize: 3,
      ParallelizationFactor: 2,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 4,
      MaximumRecordAgeInSeconds: 120,
      TumblingWindowInSeconds: 30,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    await deploy({});
    expect(await get(outputs["Id"]!)).toMatchObject({
      BatchSize: 100,
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      TumblingWindowInSeconds: 0,
    });
    await put(outputs["Table"]!, "1");
    expect(await keys(outputs["Function"]!)).toEqual([["1"]]);
  });
});
