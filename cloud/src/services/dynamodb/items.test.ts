import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type PutItemCommandInput,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, makeTable, cloud } = await startDynamo();
const INVALID = "One or more parameter values were invalid: ";
let hash: string;
let composite: string;

beforeAll(async () => {
  hash = await makeTable("pk:S");
  composite = await makeTable("pk:S sk:N");
});

const put = (Item: Record<string, AttributeValue>, extra: Partial<PutItemCommandInput> = {}) =>
  client.send(new PutItemCommand({ TableName: hash, Item, ...extra }));
const get = async (pk: string) =>
  (await client.send(new GetItemCommand({ TableName: hash, Key: { pk: { S: pk } } }))).Item;
const update = (pk: string, extra: Partial<UpdateItemCommandInput>) =>
  client.send(new UpdateItemCommand({ TableName: hash, Key: { pk: { S: pk } }, ...extra }));

describe("items of every type", () => {
  const all: Record<string, AttributeValue> = {
    pk: { S: "types" },
    s: { S: "äß漢😀" },
    empty: { S: "" },
    n: { N: "-12345678901234567890123456789.012345678" },
    b: { B: Uint8Array.of(0, 1, 255) },
    bool: { BOOL: false },
    nothing: { NULL: true },
    ss: { SS: ["b", "a"] },
    ns: { NS: ["3", "-1"] },
    bs: { BS: [Uint8Array.of(7)] },
    l: { L: [{ S: "x" }, { M: { deep: { B: Uint8Array.of(9) } } }] },
    m: { M: { __proto__x: { N: "1" }, constructor: { S: "c" } } },
  };

  it("come back as they were put", async () => {
    await put(all);
    expect(await get("types")).toEqual(all);
  });

  it("come back to callers within the process too", async () => {
    await put(all);
    const { Item } = await cloud.call("dynamodb", "GetItem", { TableName: hash, Key: { pk: { S: "types" } } });
    expect(JSON.stringify(Item)).toEqual(
      JSON.stringify({
        ...all,
        b: { B: Buffer.from([0, 1, 255]) } as never,
        bs: { BS: [Buffer.from([7])] } as never,
        l: { L: [{ S: "x" }, { M: { deep: { B: Buffer.from([9]) } } }] } as never,
      }),
    );
  });

  it("are read and written by the document client", async () => {
    const documents = DynamoDBDocumentClient.from(client);
    const Item = {
      pk: "document",
      list: [1, "a", null, true],
      map: { set: new Set(["x", "y"]) },
      bytes: Uint8Array.of(1),
    };
    await documents.send(new PutCommand({ TableName: hash, Item }));
    expect((await documents.send(new GetCommand({ TableName: hash, Key: { pk: "document" } }))).Item).toEqual(Item);
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: hash,
        Key: { pk: "document" },
        UpdateExpression: "SET #l = list_append(#l, :more) ADD visits :one",
        ExpressionAttributeNames: { "#l": "list" },
        ExpressionAttributeValues: { ":more": [2], ":one": 1 },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    expect(Attributes).toEqual({ list: [1, "a", null, true, 2], visits: 1 });
  });

  it("hold numbers in canonical form", async () => {
    await put({ pk: { S: "n" }, a: { N: "1.50e2" }, b: { N: "-0" }, c: { N: "0.00010" }, d: { N: "1e125" } });
    expect(await get("n")).toMatchObject({
      a: { N: "150" },
      b: { N: "0" },
      c: { N: "0.0001" },
      d: { N: `1${"0".repeat(125)}` },
    });
  });

  it.each<[string, AttributeValue, string]>([
    ["a set with nothing in it", { SS: [] }, `${INVALID}An string set  may not be empty`],
    ["a set with a member twice", { SS: ["a", "a"] }, `${INVALID}Input collection [a, a] contains duplicates.`],
    ["numbers twice", { NS: ["1", "1.0"] }, "Input collection contains duplicates"],
    ["no number", { N: "abc" }, "The parameter cannot be converted to a numeric value: abc"],
    ["39 digits", { N: "1".repeat(39) }, "Attempting to store more than 38 significant digits in a Number"],
    [
      "too large a number",
      { N: "1e126" },
      "Number overflow. Attempting to store a number with magnitude larger than supported range",
    ],
    [
      "no type",
      {} as AttributeValue,
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    ],
  ])("are refused with %s", async (_, value, message) => {
    await refused(put({ pk: { S: "bad" }, value }), "ValidationException", message);
  });

  it("nest 32 levels and no more", async () => {
    const nested = (levels: number): AttributeValue => (levels === 1 ? { S: "x" } : { L: [nested(levels - 1)] });
    await put({ pk: { S: "deep" }, value: nested(32) });
    await refused(put({ pk: { S: "deep" }, value: nested(33) }), "ValidationException", /Nesting Levels have exceeded/);
  });

  it("count up to 400 KB", async () => {
    const fits = 409_600 - "pk".length - "size".length - "s".length;
    await put({ pk: { S: "size" }, s: { S: "x".repeat(fits) } });
    const message = "Item size has exceeded the maximum allowed size";
    await refused(put({ pk: { S: "size" }, s: { S: "x".repeat(fits + 1) } }), "ValidationException", message);
  });
});

describe("keys", () => {
  it.each<[string, Record<string, AttributeValue>, string]>([
    ["a missing one", { a: { S: "x" } }, `${INVALID}Missing the key pk in the item`],
    ["one of another type", { pk: { N: "1" } }, `${INVALID}Type mismatch for key pk expected: S actual: N`],
    [
      "an empty one",
      { pk: { S: "" } },
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
    ],
    [
      "too long a one",
      { pk: { S: "k".repeat(2049) } },
      `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
    ],
  ])("refuse %s in an item", async (_, Item, message) => {
    await refused(put(Item), "ValidationException", message);
  });

  it("refuse one that is not the table's", async () => {
    const message = "The provided key element does not match the schema";
    for (const Key of [item({ other: "x" }), item({ pk: "x", more: "y" }), item({ pk: 1 })]) {
      await refused(client.send(new GetItemCommand({ TableName: hash, Key })), "ValidationException", message);
      await refused(client.send(new DeleteItemCommand({ TableName: hash, Key })), "ValidationException", message);
      await refused(client.send(new UpdateItemCommand({ TableName: hash, Key })), "ValidationException", message);
    }
  });

  it("may be 2048 bytes long, and binary", async () => {
    const table = await makeTable("pk:B sk:B");
    const keys = [0, 1, 255].map((byte) => ({
      pk: { B: new Uint8Array(2048).fill(byte) },
      sk: { B: new Uint8Array(1024).fill(byte) },
    }));
    for (const Key of keys)
      await client.send(new PutItemCommand({ TableName: table, Item: { ...Key, a: { S: "x" } } }));
    for (const Key of keys)
      expect((await client.send(new GetItemCommand({ TableName: table, Key }))).Item).toEqual({
        ...Key,
        a: { S: "x" },
      });
  });

  it("tell equal numbers by value", async () => {
    await client.send(new PutItemCommand({ TableName: composite, Item: { pk: { S: "n" }, sk: { N: "1.0" } } }));
    const { Item } = await client.send(
      new GetItemCommand({ TableName: composite, Key: { pk: { S: "n" }, sk: { N: "10e-1" } } }),
    );
    expect(Item).toEqual({ pk: { S: "n" }, sk: { N: "1" } });
  });

  it("of a table that is not there are not found", async () => {
    const call = client.send(new GetItemCommand({ TableName: "nowhere", Key: item({ pk: "x" }) }));
    await refused(call, "ResourceNotFoundException", "Requested resource not found");
  });

  it("are found by the table's ARN", async () => {
    await put(item({ pk: "arn" }));
    const TableName = `arn:aws:dynamodb:us-east-1:000000000000:table/${hash}`;
    const { Item, ConsumedCapacity } = await client.send(
      new GetItemCommand({ TableName, Key: item({ pk: "arn" }), ReturnConsumedCapacity: "TOTAL" }),
    );
    expect(Item).toEqual(item({ pk: "arn" }));
    expect(ConsumedCapacity).toEqual({ TableName, CapacityUnits: 0.5 });
  });

  it("refuse names that no table can have", async () => {
    await refused(
      client.send(new GetItemCommand({ TableName: "a;", Key: item({ pk: "x" }) })),
      "ValidationException",
      "2 validation errors detected: Value 'a;' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'a;' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    );
  });
});

describe("conditions", () => {
  it("let a write happen or not", async () => {
    await put(item({ pk: "c" }), { ConditionExpression: "attribute_not_exists(pk)" });
    const again = put(item({ pk: "c" }), { ConditionExpression: "attribute_not_exists(pk)" });
    await refused(again, "ConditionalCheckFailedException", "The conditional request failed");
  });

  it("answer the item that failed when asked", async () => {
    await put(item({ pk: "old", v: 1 }));
    const call = put(item({ pk: "old", v: 2 }), {
      ConditionExpression: "v > :v",
      ExpressionAttributeValues: item({ ":v": 5 }),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    const error = (await refused(call, "ConditionalCheckFailedException")) as Error & { Item?: unknown };
    expect(error.Item).toEqual(item({ pk: "old", v: 1 }));
    expect(await get("old")).toEqual(item({ pk: "old", v: 1 }));
  });

  it("of the old kind", async () => {
    await put(item({ pk: "legacy", v: 1 }));
    await put(item({ pk: "legacy", v: 2 }), {
      Expected: {
        v: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "0" }, { N: "9" }] },
        w: { Exists: false },
      },
    });
    const failing = put(item({ pk: "legacy", v: 3 }), { Expected: { v: { Value: { N: "1" } } } });
    await refused(failing, "ConditionalCheckFailedException");
  });

  it("do not mix with their forerunners", async () => {
    const call = put(item({ pk: "x" }), {
      Expected: { a: { Exists: false } },
      ConditionalOperator: "AND",
      ConditionExpression: "attribute_exists(pk)",
    });
    await refused(
      call,
      "ValidationException",
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected, ConditionalOperator} Expression parameters: {ConditionExpression}",
    );
    await refused(
      put(item({ pk: "x" }), { ConditionalOperator: "OR" }),
      "ValidationException",
      "ConditionalOperator cannot be used without Filter or Expected",
    );
  });

  it("use every name and value that they are given", async () => {
    await refused(
      put(item({ pk: "x" }), { ExpressionAttributeValues: item({ ":v": 1 }) }),
      "ValidationException",
      "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
    );
    await refused(
      put(item({ pk: "x" }), { ConditionExpression: "attribute_exists(pk)", ExpressionAttributeNames: { "#a": "a" } }),
      "ValidationException",
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}",
    );
  });
});

describe("what writes answer", () => {
  it("the old item", async () => {
    expect((await put(item({ pk: "r", v: 1 }), { ReturnValues: "ALL_OLD" })).Attributes).toBeUndefined();
    expect((await put(item({ pk: "r", v: 2 }), { ReturnValues: "ALL_OLD" })).Attributes).toEqual(
      item({ pk: "r", v: 1 }),
    );
    const gone = new DeleteItemCommand({ TableName: hash, Key: item({ pk: "r" }), ReturnValues: "ALL_OLD" });
    expect((await client.send(gone)).Attributes).toEqual(item({ pk: "r", v: 2 }));
    expect((await client.send(gone)).Attributes).toBeUndefined();
    await refused(
      put(item({ pk: "r" }), { ReturnValues: "UPDATED_NEW" }),
      "ValidationException",
      "ReturnValues can only be ALL_OLD or NONE",
    );
  });

  it.each([
    ["ALL_OLD", { pk: { S: "u" }, m: { M: { a: { N: "1" }, b: { N: "2" } } } }],
    ["ALL_NEW", { pk: { S: "u" }, m: { M: { a: { N: "5" }, b: { N: "2" } } }, n: { S: "new" } }],
    ["UPDATED_OLD", { m: { M: { a: { N: "1" } } } }],
    ["UPDATED_NEW", { m: { M: { a: { N: "5" } } }, n: { S: "new" } }],
    ["NONE", undefined],
  ] as const)("an update with %s", async (ReturnValues, expected) => {
    await put({ pk: { S: "u" }, m: { M: { a: { N: "1" }, b: { N: "2" } } } });
    const { Attributes } = await update("u", {
      UpdateExpression: "SET m.a = :a, n = :n",
      ExpressionAttributeValues: { ":a": { N: "5" }, ":n": { S: "new" } },
      ReturnValues,
    });
    expect(Attributes).toEqual(expected);
  });
});

describe("updates", () => {
  it("make the item where there is none", async () => {
    await update("made", {
      UpdateExpression: "SET a = if_not_exists(a, :zero) + :one",
      ExpressionAttributeValues: item({ ":zero": 0, ":one": 1 }),
    });
    expect(await get("made")).toEqual(item({ pk: "made", a: 1 }));
    await update("bare", {});
    expect(await get("bare")).toEqual(item({ pk: "bare" }));
  });

  it("that only remove make none", async () => {
    const { Attributes } = await update("unmade", { UpdateExpression: "REMOVE a", ReturnValues: "ALL_NEW" });
    expect(Attributes).toBeUndefined();
    expect(await get("unmade")).toBeUndefined();
  });

  it("of the old kind", async () => {
    await put({ pk: { S: "au" }, n: { N: "1" }, s: { SS: ["a", "b"] }, gone: { S: "x" } });
    const { Attributes } = await update("au", {
      AttributeUpdates: {
        n: { Action: "ADD", Value: { N: "2" } },
        s: { Action: "DELETE", Value: { SS: ["a"] } },
        gone: { Action: "DELETE" },
        put: { Value: { S: "y" } },
      },
      ReturnValues: "ALL_NEW",
    });
    expect(Attributes).toEqual({ pk: { S: "au" }, n: { N: "3" }, s: { SS: ["b"] }, put: { S: "y" } });
  });

  it("leave keys alone", async () => {
    await refused(
      update("x", { UpdateExpression: "SET pk = :v", ExpressionAttributeValues: item({ ":v": "y" }) }),
      "ValidationException",
      `${INVALID}Cannot update attribute pk. This attribute is part of the key`,
    );
  });

  it("need what they build on", async () => {
    await put(item({ pk: "needs", text: "t" }));
    const set = (UpdateExpression: string) =>
      update("needs", { UpdateExpression, ExpressionAttributeValues: item({ ":one": 1 }) });
    await refused(
      set("SET a = b + :one"),
      "ValidationException",
      "The provided expression refers to an attribute that does not exist in the item",
    );
    await refused(
      set("SET a = #t + :one".replace("#t", "pk")),
      "ValidationException",
      "An operand in the update expression has an incorrect data type",
    );
    await refused(
      set("SET a.b = :one"),
      "ValidationException",
      "The document path provided in the update expression is invalid for update",
    );
  });

  it("keep items below 400 KB", async () => {
    await put({ pk: { S: "full" }, s: { S: "x".repeat(409_000) } });
    await refused(
      update("full", { UpdateExpression: "SET t = :t", ExpressionAttributeValues: { ":t": { S: "y".repeat(1000) } } }),
      "ValidationException",
      "Item size to update has exceeded the maximum allowed size",
    );
  });
});

describe("projections", () => {
  it("answer parts of an item", async () => {
    await put({
      pk: { S: "p" },
      m: { M: { a: { L: [{ N: "1" }, { N: "2" }, { N: "3" }] }, b: { S: "x" } } },
      c: { S: "y" },
    });
    const read = async (ProjectionExpression: string) =>
      (await client.send(new GetItemCommand({ TableName: hash, Key: item({ pk: "p" }), ProjectionExpression }))).Item;
    expect(await read("m.a[2], m.a[0], c")).toEqual({
      m: { M: { a: { L: [{ N: "1" }, { N: "3" }] } } },
      c: { S: "y" },
    });
    expect(await read("nothing")).toEqual({});
    await refused(read("pk[0]"), "ValidationException", /^Key attributes must be scalars; .* Key: pk$/);
    await refused(read("m, m.a"), "ValidationException", /^Invalid ProjectionExpression: Two document paths overlap/);
    await refused(
      read("size"),
      "ValidationException",
      "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: size",
    );
  });

  it("of the old kind", async () => {
    await put(item({ pk: "atg", a: 1, b: 2 }));
    const read = async (AttributesToGet: string[]) =>
      (await client.send(new GetItemCommand({ TableName: hash, Key: item({ pk: "atg" }), AttributesToGet }))).Item;
    expect(await read(["b"])).toEqual(item({ b: 2 }));
    await refused(read(["a", "a"]), "ValidationException", `${INVALID}Duplicate value in attribute name: a`);
  });
});

describe("capacity", () => {
  const units = { ReturnConsumedCapacity: "INDEXES" } as const;

  it("of writes goes by the larger of the old and new item", async () => {
    const large = { pk: { S: "cap" }, s: { S: "x".repeat(2500) } };
    expect((await put(large, units)).ConsumedCapacity).toEqual({
      TableName: hash,
      CapacityUnits: 3,
      Table: { CapacityUnits: 3 },
    });
    expect((await put(item({ pk: "cap" }), units)).ConsumedCapacity).toMatchObject({ CapacityUnits: 3 });
    expect((await put(item({ pk: "cap" }), units)).ConsumedCapacity).toMatchObject({ CapacityUnits: 1 });
    const nothing = new DeleteItemCommand({ TableName: hash, Key: item({ pk: "not there" }), ...units });
    expect((await client.send(nothing)).ConsumedCapacity).toMatchObject({ CapacityUnits: 1 });
  });

  it("of reads goes by 4 KB, half of it where they may be late", async () => {
    await put({ pk: { S: "cap-r" }, s: { S: "x".repeat(5000) } });
    const read = async (ConsistentRead: boolean) =>
      (await client.send(new GetItemCommand({ TableName: hash, Key: item({ pk: "cap-r" }), ConsistentRead, ...units })))
        .ConsumedCapacity;
    expect(await read(true)).toEqual({ TableName: hash, CapacityUnits: 2, Table: { CapacityUnits: 2 } });
    expect(await read(false)).toMatchObject({ CapacityUnits: 1 });
  });
});
