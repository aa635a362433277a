import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { UpdatePipeCommand, type PipeSourceDynamoDBStreamParameters } from "@aws-sdk/client-pipes";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, type Queue, TestPipes } from "./test-pipes.ts";

let test: TestPipes;
beforeAll(async () => {
  test = await TestPipes.start();
});
afterAll(() => test.cloud.close());

async function makeTable(run = test, TableName = run.name("table")) {
  const { TableDescription } = await run.cloud.client(DynamoDBClient).send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }),
  );
  return { name: TableName, arn: TableDescription!.LatestStreamArn! };
}

async function put(TableName: string, keys: string[], run = test): Promise<void> {
  for (const pk of keys)
    await run.cloud.client(DynamoDBClient).send(new PutItemCommand({ TableName, Item: { pk: { S: pk } } }));
}

const stream = (more: Partial<PipeSourceDynamoDBStreamParameters> = {}) => ({
  DynamoDBStreamParameters: { StartingPosition: "TRIM_HORIZON" as const, ...more },
});
const TargetParameters = { InputTemplate: "<$.dynamodb.Keys.pk.S>" };

describe("a pipe from a stream", () => {
  it("sends the changes that its filter wants, as AWS writes them", async () => {
    const [table, to] = [await makeTable(), await test.queue()];
    await put(table.name, ["no", "yes"]);
    const Pattern = JSON.stringify({ dynamodb: { NewImage: { pk: { S: ["yes"] } } } });
    await test.pipe({
      Source: table.arn,
      Target: to.arn,
      SourceParameters: { ...stream(), FilterCriteria: { Filters: [{ Pattern }] } },
    });
    const bodies = (await test.bodies(to)).map((text) => JSON.parse(text) as unknown);
    expect(bodies).toEqual([
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventName: "INSERT",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: "us-east-1",
        dynamodb: {
          ApproximateCreationDateTime: Math.floor(test.cloud.clock.now() / 1000),
          Keys: { pk: { S: "yes" } },
          NewImage: { pk: { S: "yes" } },
          SequenceNumber: "100000000000000000002",
          SizeBytes: expect.any(Number),
          StreamViewType: "NEW_IMAGE",
        },
        eventSourceARN: table.arn,
      },
    ]);
  });

  it("begins with what comes after, where it is told so, and goes on where it was after a change", async () => {
    const [table, to, RoleArn] = [await makeTable(), await test.queue(), await test.role()];
    await put(table.name, ["before"]);
    const Name = await test.pipe({
      Source: table.arn,
      Target: to.arn,
      RoleArn,
      TargetParameters,
      SourceParameters: stream({ StartingPosition: "LATEST" }),
    });
    await put(table.name, ["1", "2"]);
    expect(await test.bodies(to)).toEqual(["1", "2"]);
    const SourceParameters = { DynamoDBStreamParameters: { BatchSize: 1, ParallelizationFactor: 2 } };
    await test.pipes.send(new UpdatePipeCommand({ Name, RoleArn, SourceParameters }));
    await test.cloud.settled();
    await put(table.name, ["3", "4"]);
    expect((await test.bodies(to)).toSorted()).toEqual(["3", "4"]);
  });

  it("tries again from the first that failed, then tells its dead-letter queue where the records are", async () => {
    const [table, letters] = [await makeTable(), await test.queue()];
    const Target = await test.lambda(
      `const bad = event.find(({ dynamodb }) => dynamodb.Keys.pk.S === "bad"); return { batchItemFailures: bad ? [{ itemIdentifier: bad.eventID }] : [] };`,
    );
    await put(table.name, ["1", "bad", "3"]);
    const Name = await test.pipe({
      Source: table.arn,
      Target,
      SourceParameters: stream({ MaximumRetryAttempts: 1, DeadLetterConfig: { Arn: letters.arn } }),
    });
    await test.cloud.clock.advance("1 minute");
    const runs = test.cloud.trace.spans(({ name, resource }) => name === "pipes:Execute" && resource!.endsWith(Name));
    expect(runs.map(({ attributes }) => attributes["events"])).toEqual([3, 2]);
    expect((await test.bodies(letters)).map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        context: {
          partnerResourceArn: `arn:aws:pipes:us-east-1:${ACCOUNT}:pipe/${Name}`,
          condition: "RetryAttemptsExhausted",
        },
        version: "1.0",
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: "100000000000000000002",
          endSequenceNumber: "100000000000000000003",
          approximateArrivalOfFirstRecord: expect.any(String),
          approximateArrivalOfLastRecord: expect.any(String),
          batchSize: 2,
          streamArn: table.arn,
        },
      },
    ]);
  });

  it("may tell a topic", async () => {
    const [table, letters] = [await makeTable(), await test.queue()];
    const sns = test.cloud.client(SNSClient);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: test.name("letters") }));
    const Statement = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: letters.arn };
    const Attributes = { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) };
    await test.cloud.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl: letters.url, Attributes }));
    const RawMessageDelivery = "true";
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: letters.arn, Attributes: { RawMessageDelivery } }),
    );
    await put(table.name, ["1"]);
    await test.pipe({
      Source: table.arn,
      Target: `${letters.arn}-none`,
      SourceParameters: stream({ MaximumRecordAgeInSeconds: 60, DeadLetterConfig: { Arn: TopicArn! } }),
    });
    await test.cloud.clock.advance("5 minutes");
    const [letter] = (await test.bodies(letters)).map((text) => JSON.parse(text) as object);
    expect(letter).toMatchObject({ context: { condition: "RecordAgeExceeded" }, DDBStreamBatchInfo: { batchSize: 1 } });
  });

  it("halves what fails where it is told to", async () => {
    const [table, letters] = [await makeTable(), await test.queue()];
    const Target = await test.lambda(
      `if (event.some(({ dynamodb }) => dynamodb.Keys.pk.S === "bad")) throw new Error("bad");`,
    );
    await put(table.name, ["1", "2", "bad", "4"]);
    await test.pipe({
      Source: table.arn,
      Target,
      SourceParameters: stream({
        MaximumRetryAttempts: 0,
        OnPartialBatchItemFailure: "AUTOMATIC_BISECT",
        DeadLetterConfig: { Arn: letters.arn },
      }),
    });
    await test.cloud.clock.advance("1 minute");
    const [letter] = (await test.bodies(letters)).map((text) => JSON.parse(text) as { DDBStreamBatchInfo: object });
    expect(letter!.DDBStreamBatchInfo).toMatchObject({ batchSize: 1, startSequenceNumber: "100000000000000000003" });
  });

  it.each([
    ["read the stream", ["sqs:*"], /^Input .* : Cannot access stream .* on your stream in IAM\.$/],
    ["send to its dead-letter queue", ["dynamodb:*"], /: Error occurred while sending message to SQS queue: arn/],
  ])("fails to be created where its role may not %s", async (_what, actions, reason) => {
    const [table, to] = [await makeTable(), await test.queue()];
    const Name = await test.pipe({
      Source: table.arn,
      Target: to.arn,
      RoleArn: await test.role(actions),
      SourceParameters: stream({ DeadLetterConfig: { Arn: to.arn } }),
    });
    const found = await test.stateOf(Name);
    expect(found.state).toBe("CREATE_FAILED");
    expect(found.reason).toMatch(reason);
  });
});

describe("a restart", () => {
  it("loses nothing: pipes go on behind their checkpoints, and a change under way is finished", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-pipes-"));
    try {
      let run = await TestPipes.start({ dataDirectory });
      const [table, from, to] = [await makeTable(run, "kept"), await run.queue({}, "from"), await run.queue({}, "to")];
      const RoleArn = await run.role();
      const common = { Target: to.arn, RoleArn };
      await run.pipe({ ...common, Source: table.arn, TargetParameters, SourceParameters: stream() });
      await put("kept", ["1"], run);
      expect(await run.bodies(to)).toEqual(["1"]);
      const made = run.cloud.call("pipes", "CreatePipe", {
        ...common,
        Name: "late",
        Source: from.arn,
        TargetParameters: { InputTemplate: "<$.body>" },
      });
      await made;
      await run.send(from, "queued");
      await run.cloud.close();

      run = await TestPipes.start({ dataDirectory });
      const again = (queue: Queue): Queue => ({
        ...queue,
        url: `${run.cloud.endpoint}/${ACCOUNT}/${queue.arn.split(":").at(-1)}`,
      });
      await run.cloud.settled();
      await run.cloud.clock.advance("1 minute");
      expect(await run.stateOf("late")).toMatchObject({ state: "RUNNING" });
      await put("kept", ["2"], run);
      expect((await run.bodies(again(to))).toSorted()).toEqual(["2", "queued"]);
      await run.cloud.close();
    } finally {
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});
