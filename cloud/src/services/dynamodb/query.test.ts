import {
  BatchWriteItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
  type QueryCommandInput,
  type ScanCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, makeTable } = await startDynamo();
const INVALID = "One or more parameter values were invalid: ";

async function fill(TableName: string, items: Record<string, AttributeValue>[]): Promise<void> {
  for (let i = 0; i < items.length; i += 25) {
    const requests = items.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
}

describe("Query", () => {
  let table: string;
  beforeAll(async () => {
    table = await makeTable("pk:S sk:N");
    const numbers = [-100, -5, -1.5, 0, 0.25, 1, 2, 10, 100, 1e20];
    await fill(
      table,
      numbers.map((sk, i) => item({ pk: "a", sk, even: i % 2 === 0 })),
    );
    await fill(table, [item({ pk: "b", sk: 1 })]);
  });

  const query = (
    KeyConditionExpression: string,
    values: Record<string, number | string>,
    extra: Partial<QueryCommandInput> = {},
  ) =>
    client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression,
        ...extra,
        ExpressionAttributeValues: { ...item(values), ...extra.ExpressionAttributeValues },
      }),
    );
  const sorted = async (...args: Parameters<typeof query>) =>
    (await query(...args)).Items!.map(({ sk }) => Number(sk!.N));

  it.each<[string, Record<string, number>, number[]]>([
    ["", {}, [-100, -5, -1.5, 0, 0.25, 1, 2, 10, 100, 1e20]],
    [" AND sk = :x", { ":x": 2 }, [2]],
    [" AND sk < :x", { ":x": 0 }, [-100, -5, -1.5]],
    [" AND sk <= :x", { ":x": 0 }, [-100, -5, -1.5, 0]],
    [" AND sk > :x", { ":x": 2 }, [10, 100, 1e20]],
    [" AND :x <= sk", { ":x": 2 }, [2, 10, 100, 1e20]],
    [" AND sk BETWEEN :x AND :y", { ":x": -5, ":y": 0.25 }, [-5, -1.5, 0, 0.25]],
  ])("answers pk = :pk%s in order of the numbers", async (more, values, expected) => {
    expect(await sorted(`pk = :pk${more}`, { ":pk": "a", ...values })).toEqual(expected);
    const reversed = { ScanIndexForward: false };
    expect(await sorted(`pk = :pk${more}`, { ":pk": "a", ...values }, reversed)).toEqual(expected.toReversed());
  });

  it.each([true, false])("goes page by page, forward %s", async (ScanIndexForward) => {
    const pages: number[][] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await query(
        "pk = :pk",
        { ":pk": "a" },
        { Limit: 4, ScanIndexForward, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) },
      );
      pages.push(page.Items!.map(({ sk }) => Number(sk!.N)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    expect(pages.map((page) => page.length)).toEqual([4, 4, 2]);
    const all = [-100, -5, -1.5, 0, 0.25, 1, 2, 10, 100, 1e20];
    expect(pages.flat()).toEqual(ScanIndexForward ? all : all.toReversed());
  });

  it("tells a last key whenever the limit is reached, even at the end", async () => {
    const page = await query("pk = :pk", { ":pk": "b" }, { Limit: 1 });
    expect(page.LastEvaluatedKey).toEqual(item({ pk: "b", sk: 1 }));
    const next = await query("pk = :pk", { ":pk": "b" }, { Limit: 1, ExclusiveStartKey: page.LastEvaluatedKey! });
    expect(next).toMatchObject({ Items: [], Count: 0, ScannedCount: 0 });
    expect(next.LastEvaluatedKey).toBeUndefined();
  });

  it("filters after it has counted", async () => {
    const page = await query(
      "pk = :pk AND sk < :x",
      { ":pk": "a", ":x": 0 },
      { FilterExpression: "even = :t", ExpressionAttributeValues: { ":t": { BOOL: true } } },
    );
    expect(page).toMatchObject({ Count: 2, ScannedCount: 3 });
    expect(page.Items!.map(({ sk }) => sk!.N)).toEqual(["-100", "-1.5"]);
  });

  it("counts only", async () => {
    const page = await query("pk = :pk", { ":pk": "a" }, { Select: "COUNT" });
    expect(page).toMatchObject({ Count: 10, ScannedCount: 10 });
    expect(page.Items).toBeUndefined();
  });

  it("takes the old parameters", async () => {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditions: {
          pk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "a" }] },
          sk: { ComparisonOperator: "GE", AttributeValueList: [{ N: "10" }] },
        },
        QueryFilter: { even: { ComparisonOperator: "EQ", AttributeValueList: [{ BOOL: false }] } },
        AttributesToGet: ["sk"],
      }),
    );
    expect(Items).toEqual([item({ sk: 10 }), { sk: { N: "100000000000000000000" } }]);
  });

  it("ends a page at 1 MB", async () => {
    const big = await makeTable("pk:S sk:N");
    for (let sk = 0; sk < 5; sk++)
      await client.send(
        new PutItemCommand({ TableName: big, Item: { ...item({ pk: "x", sk }), s: { S: "x".repeat(300_000) } } }),
      );
    const page = await client.send(
      new QueryCommand({
        TableName: big,
        KeyConditionExpression: "pk = :x",
        ExpressionAttributeValues: item({ ":x": "x" }),
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(page.Count).toBe(4);
    expect(page.LastEvaluatedKey).toEqual(item({ pk: "x", sk: 3 }));
    expect(page.ConsumedCapacity).toEqual({ TableName: big, CapacityUnits: Math.ceil((4 * 300_009) / 4096) / 2 });
  });

  it.each<[string, string, Record<string, string | number>, string]>([
    ["no partition", "sk = :x", { ":x": 1 }, "Query condition missed key schema element: pk"],
    ["a range of partitions", "pk > :x", { ":x": "a" }, "Query key condition not supported"],
    [
      "an attribute that is no key",
      "pk = :x AND nokey = :y",
      { ":x": "a", ":y": 1 },
      "Query condition missed key schema element: sk",
    ],
    ["another type", "pk = :x", { ":x": 1 }, `${INVALID}Condition parameter type does not match schema type`],
    ["OR", "pk = :x OR sk = :y", { ":x": "a", ":y": 1 }, "Invalid operator used in KeyConditionExpression: OR"],
    [
      "three conditions",
      "pk = :x AND sk = :y AND z = :y",
      { ":x": "a", ":y": 1 },
      "Conditions can be of length 1 or 2 only",
    ],
    [
      "a bad range",
      "pk = :x AND sk BETWEEN :y AND :z",
      { ":x": "a", ":y": 2, ":z": 1 },
      /^Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater/ as never,
    ],
  ])("refuses %s", async (_, expression, values, message) => {
    await refused(query(expression, values), "ValidationException", message);
  });

  it("refuses filters on the key, and start keys that are not of the query", async () => {
    const of = (extra: Partial<QueryCommandInput>) => query("pk = :pk", { ":pk": "a" }, extra);
    await refused(
      of({ FilterExpression: "sk > :z", ExpressionAttributeValues: item({ ":z": 1 }) }),
      "ValidationException",
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
    );
    await refused(
      of({ ExclusiveStartKey: item({ pk: "a" }) }),
      "ValidationException",
      "The provided starting key is invalid",
    );
    await refused(
      of({ ExclusiveStartKey: item({ pk: "b", sk: 1 }) }),
      "ValidationException",
      "The provided starting key is outside query boundaries based on provided conditions",
    );
    await refused(
      query("pk = :pk AND sk < :x", { ":pk": "a", ":x": 1 }, { ExclusiveStartKey: item({ pk: "a", sk: 5 }) }),
      "ValidationException",
      "The provided starting key does not match the range key predicate",
    );
    await refused(of({ Select: "SPECIFIC_ATTRIBUTES" }), "ValidationException", /^Must specify the AttributesToGet/);
    await refused(
      of({ Select: "COUNT", ProjectionExpression: "sk" }),
      "ValidationException",
      /choosing to get only the Count$/,
    );
    await refused(
      of({ IndexName: "nope" }),
      "ValidationException",
      "The table does not have the specified index: nope",
    );
    await refused(
      client.send(new QueryCommand({ TableName: table })),
      "ValidationException",
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  });

  it("sorts texts by their UTF-8 bytes and finds them by what they begin with", async () => {
    const texts = await makeTable("pk:S sk:S");
    const keys = ["a", "a\u0000", "aa", "ab", "a\uffff", "a😀", "b", "\uffff", "😀", "A", "é"];
    await fill(
      texts,
      keys.map((sk) => item({ pk: "t", sk })),
    );
    const read = async (expression: string, values: Record<string, string> = {}) =>
      (
        await client.send(
          new QueryCommand({
            TableName: texts,
            KeyConditionExpression: expression,
            ExpressionAttributeValues: item({ ":pk": "t", ...values }),
          }),
        )
      ).Items!.map(({ sk }) => sk!.S);
    const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await read("pk = :pk")).toEqual(byBytes);
    expect(await read("pk = :pk AND begins_with(sk, :a)", { ":a": "a" })).toEqual(
      byBytes.filter((key) => key.startsWith("a")),
    );
    expect(await read("pk = :pk AND begins_with(sk, :a)", { ":a": "a\uffff" })).toEqual(["a\uffff"]);
    expect(await read("pk = :pk AND begins_with(sk, :a)", { ":a": "😀" })).toEqual(["😀"]);
    expect(await read("pk = :pk AND sk <= :a", { ":a": "a" })).toEqual(["A", "a"]);
    expect(await read("pk = :pk AND sk > :a", { ":a": "a" })).toEqual(
      byBytes.filter((key) => key !== "A" && key !== "a"),
    );
  });

  it("sorts binaries by their bytes", async () => {
    const binaries = await makeTable("pk:S sk:B");
    const keys = [[0], [0, 0], [0, 255], [1], [255], [255, 0], [255, 255]];
    await fill(
      binaries,
      keys.map((bytes) => ({ pk: { S: "t" }, sk: { B: Uint8Array.from(bytes) } })),
    );
    const read = async (expression: string, bytes: number[]) =>
      (
        await client.send(
          new QueryCommand({
            TableName: binaries,
            KeyConditionExpression: expression,
            ExpressionAttributeValues: { ":pk": { S: "t" }, ":b": { B: Uint8Array.from(bytes) } },
          }),
        )
      ).Items!.map(({ sk }) => [...sk!.B!]);
    expect(await read("pk = :pk AND sk >= :b", [0])).toEqual(keys);
    expect(await read("pk = :pk AND begins_with(sk, :b)", [255])).toEqual([[255], [255, 0], [255, 255]]);
    expect(await read("pk = :pk AND sk <= :b", [0, 255])).toEqual([[0], [0, 0], [0, 255]]);
  });
});

describe("Scan", () => {
  let table: string;
  beforeAll(async () => {
    table = await makeTable("pk:S");
    await fill(
      table,
      Array.from({ length: 200 }, (_, i) => item({ pk: `key-${i}`, i })),
    );
  });
  const scan = (extra: Partial<ScanCommandInput> = {}) => client.send(new ScanCommand({ TableName: table, ...extra }));

  async function all(extra: Partial<ScanCommandInput>): Promise<string[]> {
    const keys: string[] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await scan({ ...extra, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) });
      keys.push(...page.Items!.map(({ pk }) => pk!.S!));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return keys;
  }

  it("meets every item once, page by page and in the same order", async () => {
    const once = await all({});
    expect(new Set(once).size).toBe(200);
    expect(await all({ Limit: 7 })).toEqual(once);
    expect(once).not.toEqual(once.toSorted());
  });

  it.each([1, 3, 8])("meets every item once in %d segments", async (TotalSegments) => {
    const parts = await Promise.all(
      Array.from({ length: TotalSegments }, (_, Segment) => all({ Segment, TotalSegments, Limit: 11 })),
    );
    expect(parts.flat().toSorted()).toEqual((await all({})).toSorted());
    for (const part of parts) expect(part.length).toBeGreaterThan(200 / TotalSegments / 2);
  });

  it("filters, also by the old parameters", async () => {
    const page = await scan({
      FilterExpression: "i BETWEEN :a AND :b",
      ExpressionAttributeValues: item({ ":a": 10, ":b": 19 }),
    });
    expect(page).toMatchObject({ Count: 10, ScannedCount: 200 });
    const old = await scan({
      ScanFilter: {
        pk: { ComparisonOperator: "BEGINS_WITH", AttributeValueList: [{ S: "key-1" }] },
        i: { ComparisonOperator: "LT", AttributeValueList: [{ N: "20" }] },
      },
      ConditionalOperator: "AND",
    });
    expect(old.Count).toBe(11);
  });

  it("refuses segments that contradict themselves", async () => {
    await refused(scan({ Segment: 1 }), "ValidationException", /^The TotalSegments parameter is required/);
    await refused(scan({ TotalSegments: 2 }), "ValidationException", /^The Segment parameter is required/);
    await refused(
      scan({ Segment: 5, TotalSegments: 5 }),
      "ValidationException",
      "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5",
    );
    const { LastEvaluatedKey } = await scan({ Limit: 1, Segment: 0, TotalSegments: 2 });
    await refused(
      scan({ Segment: 1, TotalSegments: 2, ExclusiveStartKey: LastEvaluatedKey! }),
      "ValidationException",
      "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 1",
    );
    await refused(
      scan({ ExclusiveStartKey: item({ pk: "a", b: "c" }) }),
      "ValidationException",
      "The provided starting key is invalid: The provided key element does not match the schema",
    );
  });
});
