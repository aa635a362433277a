import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  PutItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, makeTable } = await startDynamo();
const puts = (items: Record<string, AttributeValue>[]) => items.map((Item) => ({ PutRequest: { Item } }));
const keys = (...pks: string[]) => pks.map((pk) => item({ pk }));

describe("BatchWriteItem and BatchGetItem", () => {
  it("write and read several tables", async () => {
    const [a, b] = [await makeTable(), await makeTable()];
    const written = await client.send(
      new BatchWriteItemCommand({
        RequestItems: { [a]: puts([item({ pk: "1", v: 1 }), item({ pk: "2", v: 2 })]), [b]: puts([item({ pk: "1" })]) },
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(written.UnprocessedItems).toEqual({});
    expect(written.ConsumedCapacity).toEqual([
      { TableName: a, CapacityUnits: 2 },
      { TableName: b, CapacityUnits: 1 },
    ]);
    await client.send(
      new BatchWriteItemCommand({ RequestItems: { [a]: [{ DeleteRequest: { Key: item({ pk: "2" }) } }] } }),
    );
    const read = await client.send(
      new BatchGetItemCommand({
        RequestItems: {
          [a]: { Keys: keys("1", "2"), ProjectionExpression: "v" },
          [b]: { Keys: keys("1"), ConsistentRead: true },
        },
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(read.Responses).toEqual({ [a]: [item({ v: 1 })], [b]: [item({ pk: "1" })] });
    expect(read.UnprocessedKeys).toEqual({});
    expect(read.ConsumedCapacity).toEqual([
      { TableName: a, CapacityUnits: 1 },
      { TableName: b, CapacityUnits: 1 },
    ]);
  });

  it("leave what is beyond 16 MB unprocessed", async () => {
    const table = await makeTable();
    const pks = Array.from({ length: 45 }, (_, i) => String(i));
    for (const pk of pks)
      await client.send(
        new PutItemCommand({ TableName: table, Item: { pk: { S: pk }, s: { S: "x".repeat(400_000) } } }),
      );
    const found: string[] = [];
    let RequestItems: Record<string, { Keys: Record<string, AttributeValue>[] | undefined }> = {
      [table]: { Keys: keys(...pks) },
    };
    let calls = 0;
    while (Object.keys(RequestItems).length > 0) {
      calls++;
      const page = await client.send(new BatchGetItemCommand({ RequestItems }));
      found.push(...page.Responses![table]!.map(({ pk }) => pk!.S!));
      RequestItems = page.UnprocessedKeys!;
    }
    expect(calls).toBe(2);
    expect(found).toEqual(pks);
  });

  it("refuse what is no batch", async () => {
    const table = await makeTable();
    const write = (RequestItems: Record<string, object[]>) => client.send(new BatchWriteItemCommand({ RequestItems }));
    const read = (Keys: Record<string, AttributeValue>[]) =>
      client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
    const DUPLICATES = "Provided list of item keys contains duplicates";
    await refused(write({ [table]: puts(keys("a", "a")) }), "ValidationException", DUPLICATES);
    await refused(read(keys("a", "a")), "ValidationException", DUPLICATES);
    await refused(write({}), "ValidationException", "The requestItems parameter is required for BatchWriteItem");
    await refused(
      write({
        [table]: puts(keys(...Array.from({ length: 13 }, (_, i) => `a${i}`))),
        [await makeTable()]: puts(keys(...Array.from({ length: 13 }, (_, i) => `b${i}`))),
      }),
      "ValidationException",
      "Too many items requested for the BatchWriteItem call",
    );
    await refused(
      write({ [table]: puts([item({ pk: 1 })]) }),
      "ValidationException",
      "The provided key element does not match the schema",
    );
    await refused(write({ [table]: [{}] }), "ValidationException", /more than one datatypes set/);
    await refused(write({ nowhere: puts(keys("a")) }), "ResourceNotFoundException", "Requested resource not found");
    // All or nothing goes for what is checked: nothing of a refused batch is written.
    await refused(write({ [table]: puts([item({ pk: "first" }), item({ other: "x" })]) }), "ValidationException");
    expect((await read(keys("first"))).Responses).toEqual({ [table]: [] });
  });
});
