import net from "node:net";
import { createHash } from "node:crypto";
import {
  DynamoDBClient,
  ListTablesCommand,
  BatchGetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import {
  KinesisClient,
  ListStreamsCommand,
  PutRecordCommand,
  type PutRecordCommandInput,
} from "@aws-sdk/client-kinesis";
import { SQSClient, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsError } from "../aws/error.ts";
import { type CallContext, defineService } from "../service.ts";
import { startWire } from "./test-server.ts";

const anything = () => ({ resource: "*" });
const dynamodb = defineService({
  api: "dynamodb",
  iamPrefix: "dynamodb",
  state: () => ({}),
  operations: {
    ListTables: (cx: CallContext) => ({ TableNames: [cx.scope.account, cx.scope.region, cx.principal.kind] }),
    PutItem: (_cx: CallContext, input: PutItemCommandInput) => ({ Attributes: input.Item }),
  },
  authorize: { ListTables: anything, PutItem: anything },
});
const kinesis = defineService({
  api: "kinesis",
  iamPrefix: "kinesis",
  state: () => ({}),
  operations: {
    PutRecord: (_cx: CallContext, input: PutRecordCommandInput) => ({
      ShardId: Buffer.from(input.Data!).toString(),
      SequenceNumber: "1",
    }),
  },
  authorize: { PutRecord: anything },
});
const sqs = defineService({
  api: "sqs",
  iamPrefix: "sqs",
  state: () => ({}),
  operations: {
    GetQueueUrl: (_cx: CallContext) => {
      throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    },
  },
  authorize: { GetQueueUrl: anything },
});

let wire: Awaited<ReturnType<typeof startWire>>;
beforeAll(async () => {
  wire = await startWire([dynamodb, kinesis, sqs]);
});
afterAll(() => wire.close());

describe("JSON protocols", () => {
  it("round-trips an item", async () => {
    const Item = {
      id: { S: "a" },
      n: { N: "1.5" },
      b: { B: new Uint8Array([1, 2, 3]) },
      m: { M: { l: { L: [{ BOOL: true }] } } },
    };
    const output = await wire.client(DynamoDBClient).send(new PutItemCommand({ TableName: "orders", Item }));
    expect(output.Attributes).toEqual(Item);
  });

  it("takes account and Region from the credentials", async () => {
    const client = wire.client(DynamoDBClient, {
      region: "eu-west-1",
      credentials: { accessKeyId: "123456789012", secretAccessKey: "x" },
    });
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(["123456789012", "eu-west-1", "root"]);
  });

  it("speaks HTTP/2 with prior knowledge, as the Kinesis client does", async () => {
    const client = wire.client(KinesisClient);
    const output = await client.send(
      new PutRecordCommand({ StreamName: "s", Data: Buffer.from("héllo"), PartitionKey: "k" }),
    );
    expect(output.ShardId).toBe("héllo");
    client.destroy();
  });

  it("refuses by name what is not emulated, and counts it", async () => {
    const client = wire.client(KinesisClient);
    await expect(client.send(new ListStreamsCommand({}))).rejects.toMatchObject({
      name: "NotImplemented",
      message: "Katachi does not emulate the operation kinesis:ListStreams.",
      $metadata: { httpStatusCode: 501 },
    });
    expect(wire.gate.refusals.get("the operation kinesis:ListStreams")).toBe(1);
    client.destroy();
  });

  it("words a violated constraint as AWS does", async () => {
    await expect(
      wire.client(DynamoDBClient).send(new ListTablesCommand({ ExclusiveStartTableName: "x" })),
    ).rejects.toMatchObject({
      name: "ValidationException",
      message:
        "1 validation error detected: Value 'x' at 'exclusiveStartTableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    });
    await expect(
      wire.client(DynamoDBClient).send(new BatchGetItemCommand({ RequestItems: undefined })),
    ).rejects.toMatchObject({ name: "NotImplemented" });
  });

  it("gives a modelled error its query code for clients that came from the query protocol", async () => {
    const error = await wire
      .client(SQSClient)
      .send(new GetQueueUrlCommand({ QueueName: "none" }))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: "QueueDoesNotExist",
      message: "The specified queue does not exist.",
      $metadata: { httpStatusCode: 400 },
    });
  });
});

/** Sends raw bytes and answers what comes back until the connection ends or is silent. */
function raw(bytes: Buffer | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(wire.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
    // HTTP/2 may say goodbye and wait for the client to go.
    socket.setTimeout(100, () => socket.destroy());
    socket.end(bytes);
  });
}

const authorization =
  "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
const json = (target: string) => ({
  authorization,
  "x-amz-target": target,
  "content-type": "application/x-amz-json-1.0",
});

describe("bad input", () => {
  it("answers broken JSON as DynamoDB does", async () => {
    const response = await fetch(wire.endpoint, {
      method: "POST",
      body: "{nope",
      headers: json("DynamoDB_20120810.PutItem"),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ __type: "com.amazon.coral.service#SerializationException" });
  });

  it("refuses null inside of lists and maps, and words wrong JSON types as DynamoDB does", async () => {
    const put = async (Item: unknown) => {
      const body = JSON.stringify({ TableName: "orders", Item });
      const response = await fetch(wire.endpoint, { method: "POST", body, headers: json("DynamoDB_20120810.PutItem") });
      return (await response.json()) as Record<string, string>;
    };
    expect(await put({ a: { L: [null] }, b: null })).toMatchObject({
      __type: "com.amazon.coral.validate#ValidationException",
      message:
        "2 validation errors detected: Value null at 'item.a.member.l.1.member' failed to satisfy constraint: Member must not be null; Value null at 'item.b.member' failed to satisfy constraint: Member must not be null",
    });
    const texts: [unknown, string][] = [
      [{ a: { S: 1 } }, "NUMBER_VALUE cannot be converted to String"],
      [{ a: { S: 1.5 } }, "DECIMAL_VALUE cannot be converted to String"],
      [{ a: { S: {} } }, "Start of structure or map found where not expected"],
      [{ a: { S: [] } }, "Unrecognized collection type class java.lang.String"],
      [{ a: { BOOL: 1 } }, "NUMBER_VALUE cannot be converted to Boolean"],
      [{ a: { B: "abc" } }, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"],
      [{ a: { B: "+/+=" } }, "Invalid last non-pad Base64 character dectected"],
      [{ a: { SS: "x" } }, "Unexpected field type"],
      [{ a: "x" }, "Unexpected value type in payload"],
      [{ a: [] }, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"],
      ["x", "Unexpected field type"],
      [
        [],
        "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
      ],
    ];
    for (const [item, Message] of texts)
      expect(await put(item)).toEqual({ __type: "com.amazon.coral.service#SerializationException", Message });
  });

  it("answers an unknown target as DynamoDB does", async () => {
    const response = await fetch(wire.endpoint, {
      method: "POST",
      body: "{}",
      headers: json("DynamoDB_20120810.Nope"),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ __type: "com.amazon.coral.service#UnknownOperationException" });
  });

  it("names a service that it does not emulate", async () => {
    const response = await fetch(wire.endpoint, {
      method: "POST",
      body: "{}",
      headers: json("AWSStepFunctions.StartExecution"),
    });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({
      __type: "NotImplemented",
      message: "Katachi does not emulate the operation stepfunctions:StartExecution.",
    });
  });

  it("keeps serving after 10,000 random byte strings", { timeout: 60_000 }, async () => {
    let seed = createHash("sha256").update("rubbish").digest();
    const next = () => (seed = createHash("sha256").update(seed).digest());
    const methods = [
      "",
      "GET / HTTP/1.1\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    const send = async (i: number) =>
      raw(Buffer.concat([Buffer.from(methods[i % methods.length]!), next().subarray(0, (i % 31) + 1), next()]));
    for (let i = 0; i < 10_000; i += 100) await Promise.all(Array.from({ length: 100 }, (_, k) => send(i + k)));
    expect((await wire.client(DynamoDBClient).send(new ListTablesCommand({}))).TableNames).toHaveLength(3);
  });
});
