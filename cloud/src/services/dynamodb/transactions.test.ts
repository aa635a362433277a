import {
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  type TransactionCanceledException,
  type TransactWriteItem,
  type TransactWriteItemsCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, cloud, makeTable } = await startDynamo();
let table: string;
beforeAll(async () => {
  table = await makeTable();
});

const put = (values: Parameters<typeof item>[0]) =>
  client.send(new PutItemCommand({ TableName: table, Item: item(values) }));
const get = async (pk: string) => (await client.send(new GetItemCommand({ TableName: table, Key: item({ pk }) }))).Item;
const write = (TransactItems: TransactWriteItem[], extra: Partial<TransactWriteItemsCommandInput> = {}) =>
  client.send(new TransactWriteItemsCommand({ TransactItems, ...extra }));
const on = (pk: string) => ({ TableName: table, Key: item({ pk }) });

async function reasons(call: Promise<unknown>) {
  const error = (await refused(call, "TransactionCanceledException")) as TransactionCanceledException;
  return { message: error.message, reasons: error.CancellationReasons };
}

describe("TransactWriteItems", () => {
  it("does everything", async () => {
    await put({ pk: "u", n: 1 });
    await put({ pk: "d" });
    await put({ pk: "c", ok: true });
    const { ConsumedCapacity } = await write(
      [
        { Put: { TableName: table, Item: item({ pk: "p" }) } },
        {
          Update: { ...on("u"), UpdateExpression: "SET n = n + :one", ExpressionAttributeValues: item({ ":one": 1 }) },
        },
        { Delete: on("d") },
        {
          ConditionCheck: {
            ...on("c"),
            ConditionExpression: "ok = :t",
            ExpressionAttributeValues: item({ ":t": true }),
          },
        },
      ],
      { ReturnConsumedCapacity: "INDEXES" },
    );
    expect(await Promise.all(["p", "u", "d", "c"].map(get))).toEqual([
      item({ pk: "p" }),
      item({ pk: "u", n: 2 }),
      undefined,
      item({ pk: "c", ok: true }),
    ]);
    expect(ConsumedCapacity).toEqual([
      { TableName: table, CapacityUnits: 8, WriteCapacityUnits: 8, Table: { CapacityUnits: 8, WriteCapacityUnits: 8 } },
    ]);
  });

  it("does nothing where one condition fails, and says which", async () => {
    await put({ pk: "there", v: 1 });
    const outcome = await reasons(
      write([
        { Put: { TableName: table, Item: item({ pk: "never" }) } },
        {
          Put: {
            TableName: table,
            Item: item({ pk: "there" }),
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        },
      ]),
    );
    expect(outcome).toEqual({
      message:
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
      reasons: [
        { Code: "None" },
        {
          Code: "ConditionalCheckFailed",
          Message: "The conditional request failed",
          Item: item({ pk: "there", v: 1 }),
        },
      ],
    });
    expect(await get("never")).toBeUndefined();
    expect(await get("there")).toEqual(item({ pk: "there", v: 1 }));
  });

  it("tells an item that does not fit its table as a reason", async () => {
    const { reasons: told } = await reasons(
      write([{ Put: { TableName: table, Item: item({ pk: 1 }) } }, { Delete: on("x") }]),
    );
    expect(told).toEqual([
      {
        Code: "ValidationError",
        Message: "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
      },
      { Code: "None" },
    ]);
    await put({ pk: "text", v: "t" });
    const update = { ...on("text"), UpdateExpression: "SET v = v + :v", ExpressionAttributeValues: item({ ":v": 1 }) };
    expect((await reasons(write([{ Update: update }]))).reasons).toEqual([
      { Code: "ValidationError", Message: "An operand in the update expression has an incorrect data type" },
    ]);
  });

  it("is done once for a token, for ten minutes", async () => {
    await put({ pk: "token", n: 0 });
    const actions: TransactWriteItem[] = [
      { Update: { ...on("token"), UpdateExpression: "ADD n :one", ExpressionAttributeValues: item({ ":one": 1 }) } },
    ];
    const options = { ClientRequestToken: "once", ReturnConsumedCapacity: "TOTAL" } as const;
    const first = await write(actions, options);
    const second = await write(actions, options);
    expect([first.ConsumedCapacity, second.ConsumedCapacity]).toEqual([
      [{ TableName: table, CapacityUnits: 2, WriteCapacityUnits: 2 }],
      [{ TableName: table, CapacityUnits: 2, ReadCapacityUnits: 2 }],
    ]);
    expect(await get("token")).toEqual(item({ pk: "token", n: 1 }));
    await refused(write([{ Delete: on("token") }], options), "IdempotentParameterMismatchException");
    await cloud.clock.advance("10 minutes");
    await write(actions, options);
    expect(await get("token")).toEqual(item({ pk: "token", n: 2 }));
  });

  it("refuses what is no transaction", async () => {
    const twice: TransactWriteItem[] = [{ Delete: on("a") }, { Put: { TableName: table, Item: item({ pk: "a" }) } }];
    await refused(
      write(twice),
      "ValidationException",
      "Transaction request cannot include multiple operations on one item",
    );
    await refused(
      write([{ Delete: on("a"), Put: { TableName: table, Item: item({ pk: "b" }) } }]),
      "ValidationException",
      "TransactItems can only contain one of Check, Put, Update or Delete",
    );
    await refused(
      write([{ Delete: { ...on("a"), TableName: "nowhere" } }]),
      "ResourceNotFoundException",
      "Requested resource not found",
    );
    await refused(write([{ Delete: on("") }]), "ValidationException", /cannot contain an empty string value. Key: pk$/);
    const large = Array.from({ length: 12 }, (_, i) => ({
      Put: { TableName: table, Item: { pk: { S: `large-${i}` }, s: { S: "x".repeat(390_000) } } },
    }));
    await refused(write(large), "ValidationException", /4 MB/);
    expect(await get("large-0")).toBeUndefined();
  });
});

describe("TransactGetItems", () => {
  it("reads all items at one moment", async () => {
    await put({ pk: "g1", a: 1, b: 2 });
    const { Responses, ConsumedCapacity } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: on("g1") },
          { Get: on("missing") },
          { Get: { ...on("g2"), ProjectionExpression: "nothing" } },
        ],
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(Responses).toEqual([{ Item: item({ pk: "g1", a: 1, b: 2 }) }, {}, {}]);
    expect(ConsumedCapacity).toEqual([{ TableName: table, CapacityUnits: 6, ReadCapacityUnits: 6 }]);
  });

  it("tells a key that does not fit as a reason", async () => {
    const { reasons: told } = await reasons(
      client.send(
        new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: table, Key: item({ pk: 1 }) } }] }),
      ),
    );
    expect(told).toEqual([{ Code: "ValidationError", Message: "The provided key element does not match the schema" }]);
  });
});
