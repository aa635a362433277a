import {
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  type AttributeValue,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, makeTable } = await startDynamo();
const INVALID = "One or more parameter values were invalid: ";
let table: string;

const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" as const });
const range = (AttributeName: string) => ({ AttributeName, KeyType: "RANGE" as const });
const define = (name: string) => {
  const [AttributeName, AttributeType] = name.split(":") as [string, "S"];
  return { AttributeName, AttributeType };
};

beforeAll(async () => {
  table = await makeTable("pk:S sk:S", {
    AttributeDefinitions: ["pk:S", "sk:S", "g:S", "r:N", "l:N"].map(define),
    GlobalSecondaryIndexes: [
      { IndexName: "all", KeySchema: [hash("g"), range("r")], Projection: { ProjectionType: "ALL" } },
      { IndexName: "keys", KeySchema: [hash("g")], Projection: { ProjectionType: "KEYS_ONLY" } },
      {
        IndexName: "some",
        KeySchema: [hash("g")],
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["a"] },
      },
    ],
    LocalSecondaryIndexes: [
      { IndexName: "local", KeySchema: [hash("pk"), range("l")], Projection: { ProjectionType: "KEYS_ONLY" } },
    ],
  });
});

const put = (Item: Record<string, AttributeValue>) =>
  client.send(new PutItemCommand({ TableName: table, Item, ReturnConsumedCapacity: "INDEXES" }));
const query = (IndexName: string, g: string, extra: Partial<QueryCommandInput> = {}) =>
  client.send(
    new QueryCommand({
      TableName: table,
      IndexName,
      KeyConditionExpression: IndexName === "local" ? "pk = :g" : "g = :g",
      ExpressionAttributeValues: item({ ":g": g }),
      ReturnConsumedCapacity: "INDEXES",
      ...extra,
    }),
  );

describe("indexes", () => {
  it("hold what they project, of the items that have their key", async () => {
    const whole = item({ pk: "p", sk: "1", g: "proj", r: 1, a: "a", b: "b" });
    await put(whole);
    await put(item({ pk: "p", sk: "2", a: "no index key" }));
    expect((await query("all", "proj")).Items).toEqual([whole]);
    expect((await query("keys", "proj")).Items).toEqual([item({ pk: "p", sk: "1", g: "proj" })]);
    expect((await query("some", "proj")).Items).toEqual([item({ pk: "p", sk: "1", g: "proj", a: "a" })]);
  });

  it("follow their items", async () => {
    const Key = item({ pk: "f", sk: "1" });
    const texts = async (g: string) => (await query("all", g)).Items!.map(({ a }) => a?.S);
    await put({ ...Key, ...item({ g: "f1", r: 1, a: "one" }) });
    expect(await texts("f1")).toEqual(["one"]);
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: "SET a = :a",
        ExpressionAttributeValues: item({ ":a": "two" }),
      }),
    );
    expect(await texts("f1")).toEqual(["two"]);
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: "SET g = :g",
        ExpressionAttributeValues: item({ ":g": "f2" }),
      }),
    );
    expect([await texts("f1"), await texts("f2")]).toEqual([[], ["two"]]);
    await client.send(new UpdateItemCommand({ TableName: table, Key, UpdateExpression: "REMOVE r" }));
    expect(await texts("f2")).toEqual([]);
    expect((await query("keys", "f2")).Count).toBe(1);
    await client.send(new DeleteItemCommand({ TableName: table, Key }));
    expect((await query("keys", "f2")).Count).toBe(0);
  });

  it("hold many items under one key and page through them", async () => {
    for (let i = 0; i < 7; i++) await put(item({ pk: `many-${i}`, sk: "x", g: "many", r: i % 2 }));
    const keys: string[] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await query("all", "many", { Limit: 2, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) });
      keys.push(...page.Items!.map(({ pk }) => pk!.S!));
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (ExclusiveStartKey) expect(Object.keys(ExclusiveStartKey).toSorted()).toEqual(["g", "pk", "r", "sk"]);
    } while (ExclusiveStartKey);
    expect(keys.toSorted()).toEqual(Array.from({ length: 7 }, (_, i) => `many-${i}`));
    const whole = await query("all", "many");
    expect(whole.Items!.map(({ r }) => r!.N)).toEqual(["0", "0", "0", "0", "1", "1", "1"]);
  });

  it("are scanned", async () => {
    const { Items } = await client.send(
      new ScanCommand({
        TableName: table,
        IndexName: "keys",
        FilterExpression: "g = :g",
        ExpressionAttributeValues: item({ ":g": "many" }),
      }),
    );
    expect(Items).toHaveLength(7);
  });

  it("of a table's own partitions go back to the table for the rest", async () => {
    await put(item({ pk: "loc", sk: "b", l: 1, a: "one" }));
    await put(item({ pk: "loc", sk: "a", l: 2, a: "two" }));
    const keys = await query("local", "loc", { ConsistentRead: true });
    expect(keys.Items).toEqual([item({ pk: "loc", sk: "b", l: 1 }), item({ pk: "loc", sk: "a", l: 2 })]);
    expect(keys.ConsumedCapacity).toEqual({
      TableName: table,
      CapacityUnits: 1,
      LocalSecondaryIndexes: { local: { CapacityUnits: 1 } },
    });
    const whole = await query("local", "loc", { Select: "ALL_ATTRIBUTES" });
    expect(whole.Items!.map(({ a }) => a!.S)).toEqual(["one", "two"]);
    expect(whole.ConsumedCapacity).toEqual({
      TableName: table,
      CapacityUnits: 1.5,
      Table: { CapacityUnits: 1 },
      LocalSecondaryIndexes: { local: { CapacityUnits: 0.5 } },
    });
    const some = await query("local", "loc", { ProjectionExpression: "a" });
    expect(some.Items).toEqual([item({ a: "one" }), item({ a: "two" })]);
  });

  it("charge what they are written", async () => {
    const Key = item({ pk: "cost", sk: "1" });
    const made = await put({ ...Key, ...item({ g: "cost", r: 1, a: "x".repeat(2000) }) });
    expect(made.ConsumedCapacity).toEqual({
      TableName: table,
      CapacityUnits: 2 + 2 + 1 + 2,
      Table: { CapacityUnits: 2 },
      GlobalSecondaryIndexes: { all: { CapacityUnits: 2 }, keys: { CapacityUnits: 1 }, some: { CapacityUnits: 2 } },
    });
    const same = await put({ ...Key, ...item({ g: "cost", r: 1, a: "x".repeat(2000) }) });
    expect(same.ConsumedCapacity).toEqual({ TableName: table, CapacityUnits: 2, Table: { CapacityUnits: 2 } });
    const moved = await put({ ...Key, ...item({ g: "cost2", r: 1 }) });
    expect(moved.ConsumedCapacity!.GlobalSecondaryIndexes).toEqual({
      all: { CapacityUnits: 2 + 1 },
      keys: { CapacityUnits: 2 },
      some: { CapacityUnits: 2 + 1 },
    });
  });

  it("tell how large an item's collection is", async () => {
    const { ItemCollectionMetrics } = await client.send(
      new PutItemCommand({
        TableName: table,
        Item: item({ pk: "metric", sk: "1" }),
        ReturnItemCollectionMetrics: "SIZE",
      }),
    );
    expect(ItemCollectionMetrics).toEqual({ ItemCollectionKey: item({ pk: "metric" }), SizeEstimateRangeGB: [0, 1] });
  });

  it("refuse keys that they cannot hold", async () => {
    await refused(
      put(item({ pk: "x", sk: "x", g: 1 })),
      "ValidationException",
      `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: all`,
    );
    await refused(
      put(item({ pk: "x", sk: "x", g: "" })),
      "ValidationException",
      "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: all, IndexKey: g",
    );
    const set = (UpdateExpression: string, value: AttributeValue) =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: item({ pk: "x", sk: "x" }),
          UpdateExpression,
          ExpressionAttributeValues: { ":v": value },
        }),
      );
    await refused(
      set("SET g = :v", { N: "1" }),
      "ValidationException",
      `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: all`,
    );
    await refused(
      set("SET g = if_not_exists(nothing, :v)", { N: "1" }),
      "ValidationException",
      `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: all`,
    );
    await refused(
      set("SET g = :v", { S: "" }),
      "ValidationException",
      /attempted to update a secondary index key to a value that is not supported/,
    );
  });

  it("refuse what they do not hold", async () => {
    await refused(
      query("all", "x", { ConsistentRead: true }),
      "ValidationException",
      "Consistent reads are not supported on global secondary indexes",
    );
    await refused(
      query("keys", "x", { Select: "ALL_ATTRIBUTES" }),
      "ValidationException",
      `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection type is not ALL`,
    );
    await refused(
      query("some", "x", { ProjectionExpression: "a, b, c" }),
      "ValidationException",
      `${INVALID}Global secondary index some does not project [b, c]`,
    );
  });
});

describe("an index added to a table", () => {
  it("holds the items that are there and that fit it", async () => {
    const TableName = await makeTable("pk:S");
    for (const Item of [
      item({ pk: "1", x: "a" }),
      item({ pk: "2", x: "a" }),
      item({ pk: "3", x: 3 }),
      item({ pk: "4" }),
    ])
      await client.send(new PutItemCommand({ TableName, Item }));
    const { TableDescription } = await client.send(
      new UpdateTableCommand({
        TableName,
        AttributeDefinitions: [define("x:S")],
        GlobalSecondaryIndexUpdates: [
          { Create: { IndexName: "by-x", KeySchema: [hash("x")], Projection: { ProjectionType: "ALL" } } },
        ],
      }),
    );
    expect(TableDescription!.AttributeDefinitions).toEqual([define("pk:S"), define("x:S")]);
    const read = () =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: "by-x",
          KeyConditionExpression: "x = :x",
          ExpressionAttributeValues: item({ ":x": "a" }),
        }),
      );
    expect((await read()).Items!.map(({ pk }) => pk!.S).toSorted()).toEqual(["1", "2"]);
    await client.send(
      new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-x" } }] }),
    );
    await refused(read(), "ValidationException", "The table does not have the specified index: by-x");
    await client.send(new PutItemCommand({ TableName, Item: item({ pk: "5", x: 5 }) }));
  });

  it("may have several attributes in its key", async () => {
    const TableName = await makeTable("pk:S", {
      AttributeDefinitions: ["pk:S", "a:S", "b:N", "c:S", "d:N"].map(define),
      GlobalSecondaryIndexes: [
        {
          IndexName: "multi",
          KeySchema: [hash("a"), hash("b"), range("c"), range("d")],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    });
    for (const [i, [c, d]] of [
      ["x", 2],
      ["x", 10],
      ["y", 1],
      ["xx", 0],
    ].entries())
      await client.send(new PutItemCommand({ TableName, Item: item({ pk: String(i), a: "A", b: 1, c: c!, d: d! }) }));
    const read = async (expression: string, values: Record<string, string | number> = {}) =>
      (
        await client.send(
          new QueryCommand({
            TableName,
            IndexName: "multi",
            KeyConditionExpression: `a = :a AND b = :b${expression}`,
            ExpressionAttributeValues: item({ ":a": "A", ":b": 1, ...values }),
          }),
        )
      ).Items!.map(({ pk }) => Number(pk!.S));
    expect(await read("")).toEqual([0, 1, 3, 2]);
    expect(await read(" AND c = :c", { ":c": "x" })).toEqual([0, 1]);
    expect(await read(" AND c = :c AND d > :d", { ":c": "x", ":d": 2 })).toEqual([1]);
    expect(await read(" AND c <= :c", { ":c": "x" })).toEqual([0, 1]);
    await refused(
      read(" AND d = :d", { ":d": 1 }),
      "ValidationException",
      "Query condition missed key schema element: c",
    );
  });
});
