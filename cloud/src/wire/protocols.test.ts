import http from "node:http";
import { gzipSync } from "node:zlib";
import { ApiGatewayV2Client, GetApiCommand } from "@aws-sdk/client-apigatewayv2";
import { CloudWatchClient, PutMetricDataCommand, type PutMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";
import { EC2Client, DescribeRegionsCommand, type DescribeRegionsCommandInput } from "@aws-sdk/client-ec2";
import { DeleteObjectsCommand, type DeleteObjectsCommandInput, S3Client } from "@aws-sdk/client-s3";
import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateUserCommand, type CreateUserCommandInput, IAMClient } from "@aws-sdk/client-iam";
import type { ReceiveMessageCommandInput, SendMessageCommandInput } from "@aws-sdk/client-sqs";
import type { PutRecordCommandInput } from "@aws-sdk/client-kinesis";
import { SmithyRpcV2CborProtocol, cbor, tag } from "@smithy/core/cbor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsError } from "../aws/error.ts";
import type { HttpRequest } from "../http.ts";
import { type CallContext, defineService, suspends } from "../service.ts";
import { startWire } from "./test-server.ts";

const anything = () => ({ resource: "*" });
let metrics: PutMetricDataCommandInput | undefined;
let deleted: DeleteObjectsCommandInput | undefined;
let received: unknown;

const services = [
  defineService({
    api: "sqs",
    iamPrefix: "sqs",
    state: () => ({}),
    operations: {
      SendMessage: (_cx: CallContext, input: SendMessageCommandInput) => {
        received = input;
        if (input.MessageBody === "none")
          throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
        return { MessageId: "m-1", MD5OfMessageBody: "x" };
      },
      ReceiveMessage: (_cx: CallContext, input: ReceiveMessageCommandInput) => ({
        Messages: [
          {
            MessageId: input.QueueUrl,
            Body: "<&>",
            Attributes: { SentTimestamp: "1" },
            MessageAttributes: { a: { DataType: "String", StringValue: "b" } },
          },
        ],
      }),
    },
    authorize: { SendMessage: anything, ReceiveMessage: anything },
  }),
  defineService({
    api: "cloudwatch",
    iamPrefix: "cloudwatch",
    state: () => ({}),
    operations: {
      PutMetricData: (_cx: CallContext, input: PutMetricDataCommandInput) =>
        void (metrics = input) as unknown as Record<string, never>,
    },
    authorize: { PutMetricData: anything },
  }),
  defineService({
    api: "kinesis",
    iamPrefix: "kinesis",
    state: () => ({}),
    operations: {
      PutRecord: (_cx: CallContext, input: PutRecordCommandInput) => ({
        ShardId: Buffer.from(input.Data!).toString("hex"),
        SequenceNumber: "1",
      }),
    },
    authorize: { PutRecord: anything },
  }),
  defineService({
    api: "ec2",
    iamPrefix: "ec2",
    state: () => ({}),
    operations: {
      DescribeRegions: (_cx: CallContext, input: DescribeRegionsCommandInput) => ({
        Regions: (input.RegionNames ?? []).map((RegionName) => ({ RegionName })),
      }),
    },
    authorize: { DescribeRegions: anything },
  }),
  defineService({
    api: "iam",
    iamPrefix: "iam",
    state: () => ({}),
    operations: {
      CreateUser: (_cx: CallContext, input: CreateUserCommandInput) => ({
        User: { UserName: input.UserName!, Path: "/", UserId: "AIDA", Arn: "arn", CreateDate: new Date(0) },
      }),
    },
    authorize: { CreateUser: anything },
  }),
  defineService({
    api: "s3",
    iamPrefix: "s3",
    state: () => ({}),
    operations: {
      DeleteObjects: (_cx: CallContext, input: DeleteObjectsCommandInput) =>
        void (deleted = input) as unknown as Record<string, never>,
    },
    authorize: { DeleteObjects: anything },
    dataPlanes: [
      {
        operation: "Echo",
        match: (head: { path: string }) => (head.path.startsWith("/echo/") ? head.path.slice(6) : undefined),
        authorize: anything,
        handle: async (_cx: CallContext, request: HttpRequest, match: unknown) => ({
          status: 200,
          headers: { "x-match": String(match) },
          body: request.body,
        }),
        bodyBytesMax: 10,
      },
    ],
  }),
  defineService({
    api: "lambda",
    iamPrefix: "lambda",
    state: () => ({}),
    operations: {
      InvokeWithResponseStream: suspends(async (_cx: CallContext) => {
        async function* events() {
          yield { PayloadChunk: { Payload: Buffer.from("one") } };
          yield { InvokeComplete: {} };
          throw new AwsError("ServiceException", "broken off");
        }
        return { StatusCode: 200, EventStream: events() };
      }),
    },
    authorize: { InvokeWithResponseStream: anything },
  }),
];

let wire: Awaited<ReturnType<typeof startWire>>;
beforeAll(async () => {
  wire = await startWire(services);
});
afterAll(() => wire.close());

const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`;

async function form(service: string, parameters: Record<string, string>, path = "/") {
  const response = await fetch(wire.endpoint + path, {
    method: "POST",
    headers: { authorization: authorization(service) },
    body: new URLSearchParams(parameters),
  });
  return { status: response.status, text: await response.text() };
}

describe("SQS as older clients speak it", () => {
  it("takes a form at the queue's own address and answers XML", async () => {
    const { status, text } = await form(
      "sqs",
      {
        Action: "SendMessage",
        Version: "2012-11-05",
        MessageBody: "hi",
        "MessageAttribute.1.Name": "n",
        "MessageAttribute.1.Value.DataType": "Number",
        "MessageAttribute.1.Value.StringValue": "1",
      },
      "/000000000000/jobs",
    );
    expect(status).toBe(200);
    expect(text).toMatch(
      /^<SendMessageResponse xmlns="http:\/\/queue.amazonaws.com\/doc\/2012-11-05\/"><SendMessageResult>.*<MessageId>m-1<\/MessageId>.*<\/SendMessageResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/SendMessageResponse>$/,
    );
    expect(received).toEqual({
      QueueUrl: `${wire.endpoint}/000000000000/jobs`,
      MessageBody: "hi",
      MessageAttributes: { n: { DataType: "Number", StringValue: "1" } },
    });
  });

  it("writes lists and maps flat", async () => {
    const { text } = await form("sqs", { Action: "ReceiveMessage", QueueUrl: "u" });
    expect(text).toContain(
      "<Message><MessageId>u</MessageId><Body>&lt;&amp;&gt;</Body><Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute><MessageAttribute><Name>a</Name><Value><DataType>String</DataType><StringValue>b</StringValue></Value></MessageAttribute></Message>",
    );
  });

  it("tells errors by the code that these clients know", async () => {
    const { status, text } = await form("sqs", { Action: "SendMessage", QueueUrl: "u", MessageBody: "none" });
    expect(status).toBe(400);
    expect(text).toContain(
      "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist.</Message></Error>",
    );
  });

  it("finds the service of an unsigned form by its version and says that a signature is missing", async () => {
    const response = await fetch(wire.endpoint, {
      method: "POST",
      body: new URLSearchParams({ Action: "SendMessage", Version: "2012-11-05" }),
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("<Code>MissingAuthenticationToken</Code>");
  });

  it("tells an unknown action, a missing one, and a value of the wrong type", async () => {
    expect((await form("sqs", { Action: "Nope", Version: "2012-11-05" })).text).toContain(
      "<Code>InvalidAction</Code><Message>Could not find operation Nope for version 2012-11-05</Message>",
    );
    expect((await form("sqs", { Version: "2012-11-05" })).text).toContain("<Code>MissingAction</Code>");
    expect((await form("sqs", { Action: "ReceiveMessage", QueueUrl: "u", WaitTimeSeconds: "x" })).text).toContain(
      "<Code>MalformedInput</Code>",
    );
    expect((await form("rds", { Action: "DescribeDBInstances", Version: "2014-10-31" })).text).toContain(
      "Katachi does not emulate the operation rds:DescribeDBInstances.",
    );
  });
});

describe("CBOR", () => {
  it("RPC v2, as newer clients of CloudWatch speak it", async () => {
    const client = wire.client(CloudWatchClient, { protocol: SmithyRpcV2CborProtocol });
    const MetricData = [
      {
        MetricName: "m",
        Value: 1.5,
        Timestamp: new Date(1_700_000_000_500),
        Values: [1, 2.25],
        Dimensions: [{ Name: "a", Value: "b" }],
      },
    ];
    await client.send(new PutMetricDataCommand({ Namespace: "n", MetricData }));
    expect(metrics).toEqual({ Namespace: "n", MetricData });
    await expect(client.send(new PutMetricDataCommand({ Namespace: "" }))).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining("at 'namespace'") as string,
    });
  });

  it("the older one, as the Kinesis client for Java speaks it", async () => {
    const send = (target: string, body: unknown) =>
      fetch(wire.endpoint, {
        method: "POST",
        headers: {
          authorization: authorization("kinesis"),
          "x-amz-target": `Kinesis_20131202.${target}`,
          "content-type": "application/x-amz-cbor-1.1",
        },
        body: cbor.serialize(body) as Uint8Array<ArrayBuffer>,
      });
    const response = await send("PutRecord", { StreamName: "s", Data: new Uint8Array([1, 255]), PartitionKey: "k" });
    expect(response.headers.get("content-type")).toBe("application/x-amz-cbor-1.1");
    expect(cbor.deserialize(new Uint8Array(await response.arrayBuffer()))).toEqual({
      ShardId: "01ff",
      SequenceNumber: "1",
    });
    const refused = await send("GetShardIterator", {
      StreamName: "s",
      ShardId: "x",
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: tag({ tag: 1, value: 1_700_000_000_000 }),
    });
    expect(cbor.deserialize(new Uint8Array(await refused.arrayBuffer()))).toMatchObject({ __type: "NotImplemented" });
    const broken = await send("PutRecord", "no map");
    expect(cbor.deserialize(new Uint8Array(await broken.arrayBuffer()))).toMatchObject({
      __type: "SerializationException",
    });
  });
});

describe("bodies", () => {
  it("may be packed", async () => {
    const MetricData = Array.from({ length: 300 }, (_, i) => ({
      MetricName: `metric-with-a-long-name-${i}`,
      Value: i,
    }));
    await wire.client(CloudWatchClient).send(new PutMetricDataCommand({ Namespace: "packed", MetricData }));
    expect(metrics?.MetricData).toHaveLength(300);
    const headers = {
      authorization: authorization("monitoring"),
      "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
      "content-type": "application/x-amz-json-1.0",
      "content-encoding": "gzip",
    };
    expect(
      (await fetch(wire.endpoint, { method: "POST", headers, body: gzipSync('{"Namespace":"again"}') })).status,
    ).toBe(200);
    expect(metrics?.Namespace).toBe("again");
    expect(await (await fetch(wire.endpoint, { method: "POST", headers, body: "no gzip" })).json()).toMatchObject({
      __type: "SerializationException",
    });
    const bomb = await fetch(wire.endpoint, {
      method: "POST",
      headers,
      body: gzipSync(Buffer.alloc(20 * 1024 * 1024)),
    });
    expect(bomb.status).toBe(413);
  });

  it("have a size that is told when it is exceeded", async () => {
    const Payload = Buffer.alloc(6 * 1024 * 1024 + 1, "1");
    await expect(
      wire.client(LambdaClient).send(new InvokeCommand({ FunctionName: "f", Payload })),
    ).rejects.toMatchObject({
      name: "RequestEntityTooLargeException",
      message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
      $metadata: { httpStatusCode: 413 },
    });
  });

  it("of documents for S3 are checked against their digests", async () => {
    const Delete = { Objects: [{ Key: "a\r\n&<é" }] };
    const Bucket = "bucket";
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"] as const) {
      await wire.client(S3Client).send(new DeleteObjectsCommand({ Bucket, Delete, ChecksumAlgorithm }));
      expect(deleted?.Delete).toEqual(Delete);
    }
    const body = "<Delete><Object><Key>a</Key></Object></Delete>";
    const send = (headers: Record<string, string>, text = body) =>
      fetch(`${wire.endpoint}/bucket?delete`, {
        method: "POST",
        headers: { authorization: authorization("s3"), ...headers },
        body: text,
      }).then((response) => response.text());
    expect(await send({ "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" })).toContain(
      "<Code>BadDigest</Code><Message>The Content-MD5 you specified did not match what we received.</Message>",
    );
    expect(await send({ "content-md5": "nonsense" })).toContain("<Code>InvalidDigest</Code>");
    expect(await send({ "x-amz-checksum-crc32": "AAAAAA==" })).toContain(
      "<Code>BadDigest</Code><Message>The CRC32 you specified did not match the calculated checksum.</Message>",
    );
    expect(await send({ "x-amz-checksum-sha256": "AAAAAA==" })).toContain(
      "Value for x-amz-checksum-sha256 header is invalid.",
    );
    expect(await send({ "x-amz-content-sha256": "0".repeat(64) })).toContain("<Code>XAmzContentSHA256Mismatch</Code>");
    expect(await send({}, "<Delete><Object>")).toContain("<Code>MalformedXML</Code>");
    expect(await send({}, '<!DOCTYPE a [<!ENTITY e "e">]><Delete>&e;</Delete>')).toContain("<Code>MalformedXML</Code>");
    expect(await send({}, "<Delete></Delete>")).toContain("<Code>MalformedXML</Code>");
  });
});

describe("the rest", () => {
  it("EC2 query", async () => {
    const { Regions } = await wire
      .client(EC2Client)
      .send(new DescribeRegionsCommand({ RegionNames: ["eu-west-1", "us-east-1"] }));
    expect(Regions).toEqual([{ RegionName: "eu-west-1" }, { RegionName: "us-east-1" }]);
    expect((await form("ec2", { Action: "RunInstances", Version: "2016-11-15" })).text).toContain(
      "<Errors><Error><Code>NotImplemented</Code><Message>Katachi does not emulate the operation ec2:RunInstances.</Message>",
    );
  });

  it("tells a broken rule in the query protocol's words", async () => {
    await expect(
      wire.client(IAMClient).send(new CreateUserCommand({ UserName: "a".repeat(65) })),
    ).rejects.toMatchObject({
      name: "ValidationError",
      message: `1 validation error detected: Value '${"a".repeat(65)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    });
  });

  it("a stream of events that breaks off ends with its error", async () => {
    const { EventStream } = await wire
      .client(LambdaClient)
      .send(new InvokeWithResponseStreamCommand({ FunctionName: "f" }));
    const seen: string[] = [];
    const read = async () => {
      for await (const event of EventStream!) seen.push(Object.keys(event)[0]!);
    };
    await expect(read()).rejects.toThrow();
    expect(seen).toEqual(["PayloadChunk", "InvokeComplete"]);
  });

  it("names the service whose paths are not here", async () => {
    const response = await fetch(`${wire.endpoint}/prod/v1/agents`, {
      headers: { authorization: authorization("bedrock") },
    });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({
      message: "Katachi does not emulate the service bedrock (GET /prod/v1/agents).",
    });
    await expect(wire.client(ApiGatewayV2Client).send(new GetApiCommand({ ApiId: "x" }))).rejects.toMatchObject({
      name: "NotImplemented",
    });
  });

  it("asks data planes first", async () => {
    const response = await fetch(`${wire.endpoint}/echo/some%20thing?x`, {
      method: "POST",
      body: "body",
      headers: { authorization: "Bearer jwt" },
    });
    expect([response.status, response.headers.get("x-match"), await response.text()]).toEqual([
      200,
      "some%20thing",
      "body",
    ]);
    expect((await fetch(`${wire.endpoint}/echo/a`, { method: "POST", body: "more than ten bytes" })).status).toBe(413);
  });

  it("is reached by names of this machine only, while it listens on loopback", async () => {
    const status = (host: string) =>
      new Promise<number>((resolve) => {
        http.get(`${wire.endpoint}/bucket`, { headers: { host } }, (response) =>
          resolve(response.resume().statusCode!),
        );
      });
    for (const host of ["localhost:4566", "bucket.localhost", "[::1]:4566", "dynamodb.us-east-1.amazonaws.com"])
      expect(await status(host), host).not.toBe(403);
    expect(await status("evil.example:4566")).toBe(403);
  });

  it("lets pages of this machine in, and no others", async () => {
    const headers = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,x-amz-target",
    };
    const preflight = (origin: string) => fetch(wire.endpoint, { method: "OPTIONS", headers: { ...headers, origin } });
    const local = await preflight("http://localhost:5173");
    expect([
      local.status,
      local.headers.get("access-control-allow-origin"),
      local.headers.get("access-control-allow-headers"),
    ]).toEqual([200, "http://localhost:5173", "authorization,x-amz-target"]);
    expect((await preflight("https://evil.example")).status).toBe(403);
    const call = await fetch(wire.endpoint, {
      method: "POST",
      headers: { origin: "http://127.0.0.1:3000", authorization: authorization("sqs") },
      body: new URLSearchParams({ Action: "ReceiveMessage", QueueUrl: "u" }),
    });
    expect(call.headers.get("access-control-allow-origin")).toBe("http://127.0.0.1:3000");
    expect(
      (
        await fetch(wire.endpoint, {
          method: "POST",
          headers: { origin: "https://evil.example", authorization: authorization("sqs") },
          body: "Action=ReceiveMessage",
        })
      ).status,
    ).toBe(403);
  });
});
