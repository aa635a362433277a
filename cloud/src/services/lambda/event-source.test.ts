import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";
import { failedItems } from "../../sources/item-failures.ts";

let cloud: Cloud;
let lambda: LambdaClient;
let sqs: SQSClient;
let role: string;
let archive: Uint8Array;
let count = 0;

/** Logs each event; fails where a body says so; reports the messages whose body is "partial". */
const CODE = `exports.handler = async (event) => {
  console.log("EVENT " + JSON.stringify(event));
  if (event.Records.some((record) => record.body === "fail")) throw new Error("failed");
  const failed = event.Records.filter((record) => record.body === "partial");
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
};`;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
  sqs = cloud.client(SQSClient);
  archive = await createArchive({ "index.js": CODE });
  role = await makeRole("poller", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:*"]);
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
  const FunctionName = `handler-${++count}`;
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

async function makeQueue(Attributes: Record<string, string> = {}) {
  const QueueName = `queue-${++count}${Attributes["FifoQueue"] ? ".fifo" : ""}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  const got = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { url: QueueUrl!, arn: got.Attributes!["QueueArn"]! };
}

const map = (input: CreateEventSourceMappingCommandInput) => lambda.send(new CreateEventSourceMappingCommand(input));
const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

interface Event {
  Records: { body: string; [member: string]: unknown }[];
}

/** The events that a function got. */
async function events(name: string): Promise<Event[]> {
  await cloud.settled();
  const found = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return found.events!.flatMap(({ message = "" }) => {
    const at = message.indexOf("EVENT ");
    return at < 0 ? [] : [JSON.parse(message.slice(at + 6)) as Event];
  });
}

const bodies = async (name: string) => (await events(name)).map((event) => event.Records.map(({ body }) => body));

async function left(QueueUrl: string): Promise<number> {
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const got = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  return Object.values(got.Attributes!).reduce((sum, one) => sum + Number(one), 0);
}

async function failure(promise: Promise<unknown>) {
  return promise.then(
    () => expect.fail("should have failed"),
    (error: { name: string; message: string }) => ({ code: error.name, message: error.message }),
  );
}
const invalid = (message: string) => ({ code: "InvalidParameterValueException", message });

describe("mappings", () => {
  it("are created, described, changed, listed and deleted", async () => {
    const FunctionName = await makeFunction();
    const { arn } = await makeQueue();
    const made = await map({ FunctionName, EventSourceArn: arn, Tags: { team: "a" } });
    expect(made).toMatchObject({
      State: "Creating",
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      EventSourceArn: arn,
      FunctionResponseTypes: [],
    });
    expect(made.FunctionArn).toMatch(new RegExp(`:function:${FunctionName}$`));
    expect(made.EventSourceMappingArn).toMatch(new RegExp(`:event-source-mapping:${made.UUID}$`));
    const { UUID } = made;
    expect(await lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({ State: "Enabled" });
    expect((await lambda.send(new ListTagsCommand({ Resource: made.EventSourceMappingArn }))).Tags).toEqual({
      team: "a",
    });
    expect(
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false, BatchSize: 5 })),
    ).toMatchObject({ State: "Disabling", BatchSize: 5 });
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
    expect(EventSourceMappings).toMatchObject([{ UUID, State: "Disabled", BatchSize: 5 }]);
    expect(await lambda.send(new DeleteEventSourceMappingCommand({ UUID }))).toMatchObject({ State: "Deleting" });
    expect(await failure(lambda.send(new GetEventSourceMappingCommand({ UUID })))).toEqual({
      code: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
    });
  });

  it("refuses what AWS refuses, in its words", async () => {
    const FunctionName = await makeFunction();
    const { arn: EventSourceArn } = await makeQueue();
    const { UUID } = await map({ FunctionName, EventSourceArn });
    expect(await failure(map({ FunctionName, EventSourceArn }))).toEqual({
      code: "ResourceConflictException",
      message: `An event source mapping with SQS arn (" ${EventSourceArn} ") and function (" ${FunctionName} ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    });
    const other = { FunctionName, EventSourceArn: (await makeQueue()).arn };
    expect(await failure(map({ ...other, BatchSize: 11 }))).toEqual(
      invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"),
    );
    expect(await failure(map({ ...other, StartingPosition: "LATEST" }))).toEqual(
      invalid("StartingPosition is not valid for SQS event sources."),
    );
    expect(await failure(map({ ...other, FilterCriteria: { Filters: [{ Pattern: `{"body": "x"}` }] } }))).toEqual(
      invalid("Invalid filter pattern definition."),
    );
    const fifo = (await makeQueue({ FifoQueue: "true" })).arn;
    expect(await failure(map({ FunctionName, EventSourceArn: fifo, MaximumBatchingWindowInSeconds: 1 }))).toEqual(
      invalid("Batching window is not supported for FIFO queues"),
    );
    expect(await failure(map({ ...other, FunctionName: "nobody" }))).toMatchObject({
      code: "ResourceNotFoundException",
    });
    expect((await failure(map({ FunctionName, EventSourceArn: `${EventSourceArn}-no` }))).message).toMatch(
      /^Error occurred while ReceiveMessage\. SQS Error Code: AWS\.SimpleQueueService\.NonExistentQueue/,
    );
    const slow = await makeFunction({ Timeout: 60 });
    expect(await failure(map({ ...other, FunctionName: slow }))).toEqual(
      invalid("Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"),
    );
  });

  it.each([
    ["ReceiveMessage", ["sqs:SendMessage"]],
    ["DeleteMessage", ["sqs:ReceiveMessage"]],
    ["GetQueueAttributes", ["sqs:ReceiveMessage", "sqs:DeleteMessage"]],
  ])("needs a role that may call %s", async (operation, actions) => {
    const FunctionName = await makeFunction({ Role: await makeRole(`lacks-${operation}`, actions) });
    const { arn } = await makeQueue();
    expect(await failure(map({ FunctionName, EventSourceArn: arn }))).toEqual(
      invalid(`The function execution role does not have permissions to call ${operation} on SQS`),
    );
  });
});

describe("a queue", () => {
  it("gives the function its messages, each as AWS writes it, and they are gone then", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue();
    await send(url, "before", {
      MessageAttributes: {
        n: { DataType: "Number", StringValue: "1" },
        b: { DataType: "Binary", BinaryValue: Buffer.from("x") },
      },
    });
    await map({ FunctionName: name, EventSourceArn: arn });
    const [event] = await events(name);
    expect(event).toEqual({
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          receiptHandle: expect.any(String),
          body: "before",
          attributes: {
            ApproximateReceiveCount: "1",
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: expect.any(String),
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            n: { stringValue: "1", stringListValues: [], binaryListValues: [], dataType: "Number" },
            b: { binaryValue: "eA==", stringListValues: [], binaryListValues: [], dataType: "Binary" },
          },
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          md5OfBody: createHash("md5").update("before").digest("hex"),
          eventSource: "aws:sqs",
          eventSourceARN: arn,
          awsRegion: "us-east-1",
        },
      ],
    });
    await send(url, "after");
    expect(await bodies(name)).toEqual([["before"], ["after"]]);
    expect(await left(url)).toBe(0);
  });

  it("gives failed messages again when their visibility timeout is over, then to the dead-letter queue", async () => {
    const name = await makeFunction();
    const dead = await makeQueue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
    const { url, arn } = await makeQueue({ RedrivePolicy });
    await map({ FunctionName: name, EventSourceArn: arn });
    await send(url, "fail");
    await cloud.settled();
    await cloud.clock.advance("29 seconds");
    expect(await bodies(name)).toEqual([["fail"]]);
    await cloud.clock.advance("1 second");
    expect(await bodies(name)).toEqual([["fail"], ["fail"]]);
    await cloud.clock.advance("30 seconds");
    expect(await bodies(name)).toEqual([["fail"], ["fail"]]);
    expect([await left(url), await left(dead.url)]).toEqual([0, 1]);
  });

  it("keeps only what the function reports as failed", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue();
    for (const body of ["good", "partial"]) await send(url, body);
    await map({ FunctionName: name, EventSourceArn: arn, FunctionResponseTypes: ["ReportBatchItemFailures"] });
    expect(await bodies(name)).toEqual([["good", "partial"]]);
    expect(await left(url)).toBe(1);
    await cloud.clock.advance("30 seconds");
    expect(await bodies(name)).toEqual([["good", "partial"], ["partial"]]);
  });

  it("is filtered; what does not match is gone without a call", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue();
    const Pattern = JSON.stringify({ body: { kind: [{ prefix: "or" }] } });
    await map({ FunctionName: name, EventSourceArn: arn, FilterCriteria: { Filters: [{ Pattern }] } });
    for (const body of ["text", `{"kind":"other"}`, `{"kind":"order"}`]) await send(url, body);
    expect(await bodies(name)).toEqual([[`{"kind":"order"}`]]);
    expect(await left(url)).toBe(0);
  });

  it("fills a batch until its window is over; a delayed message comes at its time", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue();
    await map({ FunctionName: name, EventSourceArn: arn, BatchSize: 100, MaximumBatchingWindowInSeconds: 10 });
    for (let at = 0; at < 15; at++) await send(url, String(at));
    await send(url, "delayed", { DelaySeconds: 5 });
    await cloud.settled();
    expect(await left(url)).toBe(15);
    await cloud.clock.advance("10 seconds");
    const [batch] = await bodies(name);
    expect(batch).toHaveLength(16);
    expect(batch!.at(-1)).toBe("delayed");
    expect(await left(url)).toBe(0);
  });

  it("keeps the order of each group of a FIFO queue, also behind a failure", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue({ FifoQueue: "true", ContentBasedDeduplication: "true" });
    await map({ FunctionName: name, EventSourceArn: arn, BatchSize: 1 });
    for (const body of ["a1", "fail", "a3"]) await send(url, body, { MessageGroupId: "a" });
    await send(url, "b1", { MessageGroupId: "b" });
    const all = (await bodies(name)).flat();
    expect(all.toSorted()).toEqual(["a1", "b1", "fail"]);
    expect(all.indexOf("a1")).toBeLessThan(all.indexOf("fail"));
    expect(await left(url)).toBe(2);
  });

  it("is left alone while the mapping is disabled", async () => {
    const name = await makeFunction();
    const { url, arn } = await makeQueue();
    const { UUID } = await map({ FunctionName: name, EventSourceArn: arn, Enabled: false });
    await send(url, "waits");
    await cloud.settled();
    expect(await left(url)).toBe(1);
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    expect(await bodies(name)).toEqual([["waits"]]);
    await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
    await send(url, "stays");
    await cloud.settled();
    expect(await left(url)).toBe(1);
  });
});

describe("a restart", () => {
  it("goes on polling", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-mapping-"));
    const before = cloud;
    const reach = async () => {
      cloud = await startCloud({ dataDirectory, clock: "frozen" });
      lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
      sqs = cloud.client(SQSClient);
    };
    try {
      await reach();
      await makeRole("poller", ["sqs:*", "logs:*"]);
      const name = await makeFunction();
      const { arn } = await makeQueue();
      await map({ FunctionName: name, EventSourceArn: arn });
      await cloud.settled();
      await cloud.close();
      await reach();
      const QueueUrl = `${cloud.endpoint}/${arn.split(":").slice(4).join("/")}`;
      await send(QueueUrl, "after the restart");
      expect(await bodies(name)).toEqual([["after the restart"]]);
      await cloud.close();
    } finally {
      cloud = before;
      lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
      sqs = cloud.client(SQSClient);
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});

describe("a stack's mapping", () => {
  it("is made, changed and deleted with it", async () => {
    const FunctionName = await makeFunction();
    const { url, arn } = await makeQueue();
    const deploy = (properties: object) =>
      cloud.deploy(
        {
          Resources: {
            Mapping: {
              Type: "AWS::Lambda::EventSourceMapping",
              Properties: { FunctionName, EventSourceArn: arn, ...properties },
            },
          },
          Outputs: { Id: { Value: { Ref: "Mapping" } } },
        },
        { stackName: "mapping" },
      );
    await deploy({ BatchSize: 3, Tags: [{ Key: "team", Value: "a" }] });
    const list = async () =>
      (await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings!;
    expect(await list()).toMatchObject([{ BatchSize: 3, State: "Enabled" }]);
    await send(url, "hello");
    expect(await bodies(FunctionName)).toEqual([["hello"]]);
    await deploy({ FunctionResponseTypes: ["ReportBatchItemFailures"] });
    expect(await list()).toMatchObject([{ BatchSize: 10, FunctionResponseTypes: ["ReportBatchItemFailures"] }]);
    await cloud.call("cloudformation", "DeleteStack", { StackName: "mapping" });
    await cloud.settled();
    expect(await list()).toEqual([]);
  });
});

describe("a report of failures", () => {
  const records = [{ messageId: "a" }, { messageId: "b" }];
  it.each([
    ["", 0],
    ["null", 0],
    ["{}", 0],
    [`{"batchItemFailures":null}`, 0],
    [`{"batchItemFailures":[]}`, 0],
    [`{"batchItemFailures":[{"itemIdentifier":"b"}]}`, 1],
    [`{"batchItemFailures":[{"itemIdentifier":""}]}`, 2],
    [`{"batchItemFailures":[{"itemIdentifier":"c"}]}`, 2],
    [`{"batchItemFailures":[{"other":"b"}]}`, 2],
    [`{"batchItemFailures":"b"}`, 2],
    ["not json", 2],
  ])("%s", (answer, failed) => {
    expect(failedItems(answer, records)).toHaveLength(failed);
  });
});
