import {
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  QueryCommand,
  type StreamViewType,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type GetShardIteratorCommandInput,
  type _Record,
} from "@aws-sdk/client-dynamodb-streams";
import { describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, cloud, makeTable, streams } = await startDynamo();

async function streamed(StreamViewType: StreamViewType = "NEW_AND_OLD_IMAGES") {
  const table = await makeTable("pk:S", { StreamSpecification: { StreamEnabled: true, StreamViewType } });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return { table, arn: Table!.LatestStreamArn! };
}

async function iterator(arn: string, extra: Partial<GetShardIteratorCommandInput> = {}): Promise<string> {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
  const ShardId = StreamDescription!.Shards![0]!.ShardId!;
  const input = { StreamArn: arn, ShardId, ShardIteratorType: "TRIM_HORIZON" as const, ...extra };
  return (await streams.send(new GetShardIteratorCommand(input))).ShardIterator!;
}

const read = async (ShardIterator: string, Limit?: number) =>
  streams.send(new GetRecordsCommand({ ShardIterator, ...(Limit === undefined ? {} : { Limit }) }));
const records = async (arn: string): Promise<_Record[]> => (await read(await iterator(arn))).Records!;
const put = (TableName: string, values: Parameters<typeof item>[0]) =>
  client.send(new PutItemCommand({ TableName, Item: item(values) }));

describe("streams", () => {
  it.each<[StreamViewType, boolean, boolean]>([
    ["KEYS_ONLY", false, false],
    ["NEW_IMAGE", true, false],
    ["OLD_IMAGE", false, true],
    ["NEW_AND_OLD_IMAGES", true, true],
  ])("hold %s of each change", async (view, hasNew, hasOld) => {
    const { table, arn } = await streamed(view);
    await put(table, { pk: "a", v: 1 });
    await put(table, { pk: "a", v: 1 });
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: item({ pk: "a" }),
        UpdateExpression: "SET v = :v",
        ExpressionAttributeValues: item({ ":v": 2 }),
      }),
    );
    await client.send(new DeleteItemCommand({ TableName: table, Key: item({ pk: "a" }) }));
    await client.send(new DeleteItemCommand({ TableName: table, Key: item({ pk: "a" }) }));
    const one = item({ pk: "a", v: 1 });
    const two = item({ pk: "a", v: 2 });
    const images = (NewImage: object | undefined, OldImage: object | undefined) => ({
      Keys: item({ pk: "a" }),
      ...(hasNew && NewImage ? { NewImage } : {}),
      ...(hasOld && OldImage ? { OldImage } : {}),
    });
    const told = (await records(arn)).map(({ eventName, dynamodb }) => {
      const { Keys, NewImage, OldImage } = dynamodb!;
      return { eventName, Keys, ...(NewImage ? { NewImage } : {}), ...(OldImage ? { OldImage } : {}) };
    });
    expect(told).toEqual([
      { eventName: "INSERT", ...images(one, undefined) },
      { eventName: "MODIFY", ...images(two, one) },
      { eventName: "REMOVE", ...images(undefined, two) },
    ]);
  });

  it("write records as AWS does", async () => {
    const { table, arn } = await streamed();
    await put(table, { pk: "a", v: 1 });
    const [record] = await records(arn);
    expect(record).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName: "INSERT",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      dynamodb: {
        ApproximateCreationDateTime: new Date(Math.floor(cloud.clock.now() / 1000) * 1000),
        Keys: item({ pk: "a" }),
        NewImage: item({ pk: "a", v: 1 }),
        SequenceNumber: "100000000000000000001",
        SizeBytes: 3 + 3 + 3,
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
    });
  });

  it("are read from any place", async () => {
    const { table, arn } = await streamed();
    for (let v = 1; v <= 5; v++) await put(table, { pk: "a", v });
    const all = await records(arn);
    const values = (page: { Records?: _Record[] }) =>
      page.Records!.map(({ dynamodb }) => Number(dynamodb!.NewImage!["v"]!.N));
    const SequenceNumber = all[2]!.dynamodb!.SequenceNumber!;
    expect(
      values(await read(await iterator(arn, { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber }))),
    ).toEqual([3, 4, 5]);
    expect(
      values(await read(await iterator(arn, { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber }))),
    ).toEqual([4, 5]);
    const latest = await iterator(arn, { ShardIteratorType: "LATEST" });
    const nothing = await read(latest);
    expect(nothing.Records).toEqual([]);
    await put(table, { pk: "a", v: 6 });
    expect(values(await read(nothing.NextShardIterator!))).toEqual([6]);
    const first = await read(await iterator(arn), 2);
    expect(values(first)).toEqual([1, 2]);
    expect(values(await read(first.NextShardIterator!, 2))).toEqual([3, 4]);
    await refused(read("nonsense"), "ValidationException", "Invalid ShardIterator");
    await refused(iterator(arn, { ShardId: "shardId-00000000000000000000-none" }), "ResourceNotFoundException");
  });

  it("give iterators fifteen minutes and records a day", async () => {
    const { table, arn } = await streamed();
    await put(table, { pk: "a" });
    const old = await iterator(arn);
    await cloud.clock.advance("12 hours");
    await put(table, { pk: "b" });
    await refused(read(old), "ExpiredIteratorException");
    const fresh = await iterator(arn);
    await cloud.clock.advance("10 minutes");
    expect((await read(fresh)).Records).toHaveLength(2);
    await cloud.clock.advance("12 hours");
    expect((await records(arn)).map(({ dynamodb }) => dynamodb!.Keys!["pk"]!.S)).toEqual(["b"]);
    const trimmed = iterator(arn, { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: "100000000000000000001" });
    await refused(trimmed, "TrimmedDataAccessException");
  });

  it("can be read to their end once they are switched off, for a day", async () => {
    const { table, arn } = await streamed();
    await put(table, { pk: "a" });
    await client.send(new UpdateTableCommand({ TableName: table, StreamSpecification: { StreamEnabled: false } }));
    await put(table, { pk: "b" });
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
    expect(StreamDescription).toMatchObject({
      StreamStatus: "DISABLED",
      Shards: [{ SequenceNumberRange: { EndingSequenceNumber: "100000000000000000001" } }],
    });
    const page = await read(await iterator(arn));
    expect(page.Records).toHaveLength(1);
    expect(page.NextShardIterator).toBeUndefined();
    await client.send(
      new UpdateTableCommand({
        TableName: table,
        StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
      }),
    );
    const listed = await streams.send(new ListStreamsCommand({ TableName: table }));
    expect(listed.Streams).toHaveLength(2);
    await client.send(new DeleteTableCommand({ TableName: table }));
    await cloud.clock.advance("25 hours");
    await refused(streams.send(new DescribeStreamCommand({ StreamArn: arn })), "ResourceNotFoundException");
    expect((await streams.send(new ListStreamsCommand({ TableName: table }))).Streams).toEqual([]);
  });

  it("wake those who wait for records", async () => {
    const { table, arn } = await streamed();
    let woken = 0;
    const end = cloud.kernel.news.listen(arn, () => woken++);
    await put(table, { pk: "a" });
    end();
    await put(table, { pk: "b" });
    expect(woken).toBe(1);
  });

  it("say nothing of a write that failed", async () => {
    const { table, arn } = await streamed();
    const call = client.send(
      new PutItemCommand({ TableName: table, Item: item({ pk: "a" }), ConditionExpression: "attribute_exists(pk)" }),
    );
    await refused(call, "ConditionalCheckFailedException");
    expect(await records(arn)).toEqual([]);
  });
});

describe("time to live", () => {
  const enable = (TableName: string, Enabled = true, AttributeName = "ttl") =>
    client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } }));
  const status = async (TableName: string) =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
  const get = async (TableName: string, pk: string) =>
    (await client.send(new GetItemCommand({ TableName, Key: item({ pk }) }))).Item;

  it("removes items by the clock, and the stream says who did it", async () => {
    const { table, arn } = await streamed();
    const now = cloud.clock.seconds();
    await put(table, { pk: "before", ttl: now + 50 });
    await enable(table);
    await put(table, { pk: "soon", ttl: now + 60 });
    await put(table, { pk: "later", ttl: now + 3600 });
    await put(table, { pk: "never" });
    await put(table, { pk: "text", ttl: String(now + 60) });
    await put(table, { pk: "long ago", ttl: now - 6 * 366 * 86_400 });
    await put(table, { pk: "put off", ttl: now + 60 });
    await put(table, { pk: "put off", ttl: now + 7200 });
    await cloud.clock.advance("1 minute");
    const left = async () => {
      const pks = ["before", "soon", "later", "never", "text", "long ago", "put off"];
      const there = await Promise.all(pks.map((pk) => get(table, pk)));
      return pks.filter((_, i) => there[i]);
    };
    expect(await left()).toEqual(["later", "never", "text", "long ago", "put off"]);
    await cloud.clock.advance("1 hour");
    expect(await left()).toEqual(["never", "text", "long ago", "put off"]);
    const removed = (await records(arn)).filter(({ eventName }) => eventName === "REMOVE");
    expect(removed.map(({ dynamodb }) => dynamodb!.Keys!["pk"]!.S)).toEqual(["before", "soon", "later"]);
    for (const { userIdentity } of removed)
      expect(userIdentity).toEqual({ PrincipalId: "dynamodb.amazonaws.com", Type: "Service" });
  });

  it("removes from indexes too", async () => {
    const table = await makeTable("pk:S", {
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "g", AttributeType: "S" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-g",
          KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    });
    await enable(table);
    await put(table, { pk: "a", g: "x", ttl: cloud.clock.seconds() + 10 });
    const count = async () =>
      (
        await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: "by-g",
            KeyConditionExpression: "g = :g",
            ExpressionAttributeValues: item({ ":g": "x" }),
          }),
        )
      ).Count;
    expect(await count()).toBe(1);
    await cloud.clock.advance("10 seconds");
    expect(await count()).toBe(0);
  });

  it("is switched on and off", async () => {
    const table = await makeTable();
    expect(await status(table)).toEqual({ TimeToLiveStatus: "DISABLED" });
    await enable(table);
    expect(await status(table)).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    await refused(enable(table), "ValidationException", "TimeToLive is already enabled");
    await put(table, { pk: "kept", ttl: cloud.clock.seconds() + 10 });
    await enable(table, false);
    await refused(enable(table, false), "ValidationException", "TimeToLive is already disabled");
    await cloud.clock.advance("1 minute");
    expect(await get(table, "kept")).toBeDefined();
    await refused(
      status("nowhere"),
      "ResourceNotFoundException",
      "Requested resource not found: Table: nowhere not found",
    );
  });
});
