import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  type Message,
  type MessageAttributeValue,
  type QueueAttributeName,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let sqs: SQSClient;
let queues = 0;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  sqs = cloud.client(SQSClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

async function newQueue(Attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `q${queues++}`, Attributes }));
  return QueueUrl!;
}

const send = (QueueUrl: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  return (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
}

const bodies = async (...args: Parameters<typeof receive>) => (await receive(...args)).map((message) => message.Body);
const remove = (QueueUrl: string, ReceiptHandle: string | undefined) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const hide = (QueueUrl: string, ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
  sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

async function counts(QueueUrl: string): Promise<number[]> {
  const names = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
  ] as const;
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  return names.map((name) => Number(Attributes?.[name]));
}

describe("send, receive, delete", () => {
  test("a message goes through with its digests", async () => {
    const url = await newQueue();
    const sent = await send(url, "hello", { MessageAttributes: { Foo: { DataType: "String", StringValue: "Bar" } } });
    expect(sent).toMatchObject({
      MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      MD5OfMessageBody: "5d41402abc4b2a76b9719d911017c592",
      MD5OfMessageAttributes: "ae7155c6026991b6d54b11589678bf9c",
    });
    expect(sent.SequenceNumber).toBeUndefined();
    const [message] = await receive(url);
    expect(message).toEqual({
      MessageId: sent.MessageId,
      ReceiptHandle: expect.any(String),
      MD5OfBody: "5d41402abc4b2a76b9719d911017c592",
      Body: "hello",
    });
    expect(await receive(url)).toEqual([]);
    await remove(url, message?.ReceiptHandle);
    await remove(url, message?.ReceiptHandle);
    await cloud.clock.advance("1 hour");
    expect(await receive(url)).toEqual([]);
  });

  test("an empty receive has no list", async () => {
    const url = await newQueue();
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }))).Messages).toBeUndefined();
  });

  test("in the query protocol too", async () => {
    const url = await newQueue();
    const call = async (parameters: Record<string, string>) => {
      const response = await fetch(cloud.endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          authorization:
            "AWS4-HMAC-SHA256 Credential=test/20250601/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        },
        body: new URLSearchParams({ Version: "2012-11-05", QueueUrl: url, ...parameters }),
      });
      expect(response.status).toBe(200);
      return response.text();
    };
    const sent = await call({
      Action: "SendMessage",
      MessageBody: "hi & bye",
      "MessageAttribute.1.Name": "Foo",
      "MessageAttribute.1.Value.DataType": "String",
      "MessageAttribute.1.Value.StringValue": "Bar",
    });
    expect(sent).toContain("<MD5OfMessageAttributes>ae7155c6026991b6d54b11589678bf9c</MD5OfMessageAttributes>");
    const received = await call({
      Action: "ReceiveMessage",
      "MessageAttributeName.1": "All",
      "AttributeName.1": "All",
    });
    expect(received).toContain("<Body>hi &amp; bye</Body>");
    expect(received).toContain("<Name>ApproximateReceiveCount</Name><Value>1</Value>");
    expect(received).toContain("<MessageAttribute><Name>Foo</Name>");
    const handle = /<ReceiptHandle>(.*)<\/ReceiptHandle>/.exec(received)![1]!;
    await call({ Action: "DeleteMessage", ReceiptHandle: handle });
    expect(await counts(url)).toEqual([0, 0, 0]);
  });

  test("messages come in the order sent, as many as asked for", async () => {
    const url = await newQueue();
    for (let i = 0; i < 12; i++) {
      await send(url, `m${i}`);
      await cloud.clock.advance(1);
    }
    expect(await bodies(url, { MaxNumberOfMessages: undefined })).toEqual(["m0"]);
    expect(await bodies(url)).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10"]);
    expect(await counts(url)).toEqual([1, 11, 0]);
  });

  test("system attributes", async () => {
    const url = await newQueue();
    const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    const { MD5OfMessageSystemAttributes } = await send(url, "x", {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: trace } },
    });
    expect(MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/);
    const sentMs = String(cloud.clock.now());
    await cloud.clock.advance(1500);
    const [first] = await receive(url, { MessageSystemAttributeNames: ["All"] });
    const received = String(cloud.clock.now());
    expect(first?.Attributes).toEqual({
      SenderId: "000000000000",
      SentTimestamp: sentMs,
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: received,
      AWSTraceHeader: trace,
    });
    await cloud.clock.advance("30s");
    const [second] = await receive(url, { AttributeNames: ["ApproximateReceiveCount" as QueueAttributeName] });
    expect(second?.Attributes).toEqual({ ApproximateReceiveCount: "2" });
  });

  test("message attributes by name, by prefix, all", async () => {
    const url = await newQueue({ VisibilityTimeout: "0" });
    const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
    const MessageAttributes = { Hello: text("There"), General: text("Kenobi"), "Help.Me": text("Me") };
    // The digests were recorded from AWS.
    const sent = await send(url, "msg", { MessageAttributes });
    expect(sent.MD5OfMessageAttributes).toBe("4c360f3fdafd970e05fae2f149d997f5");
    const get = async (...MessageAttributeNames: string[]) => (await receive(url, { MessageAttributeNames }))[0];
    for (const all of ["All", ".*"])
      expect(await get(all)).toMatchObject({
        MD5OfMessageAttributes: "4c360f3fdafd970e05fae2f149d997f5",
        MessageAttributes,
      });
    expect(await get("Hello", "General")).toMatchObject({ MD5OfMessageAttributes: "fca026605781cb4126a1e9044df24232" });
    expect(await get("Hello", "Nobody")).toMatchObject({ MD5OfMessageAttributes: "a311262e065454b75da111d535b8dacd" });
    const prefixed = await get("Hel.*");
    expect(Object.keys(prefixed?.MessageAttributes ?? {}).toSorted()).toEqual(["Hello", "Help.Me"]);
    expect(prefixed?.MD5OfMessageAttributes).toBe("83fee93c1bcd8b9a5a923ffacdc636c7");
    expect((await get("Nobody"))?.MessageAttributes).toBeUndefined();
    expect((await get())?.MessageAttributes).toBeUndefined();
  });

  test("binary attributes keep their bytes", async () => {
    const url = await newQueue();
    const BinaryValue = Buffer.from("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01");
    await send(url, "test", { MessageAttributes: { attr1: { DataType: "Binary", BinaryValue } } });
    const [message] = await receive(url, { MessageAttributeNames: ["All"] });
    expect(message?.MD5OfMessageAttributes).toBe("8cbe4db156db8a94db8b801b7addb984");
    expect(Buffer.from(message!.MessageAttributes!["attr1"]!.BinaryValue!)).toEqual(BinaryValue);
  });
});

describe("what is refused", () => {
  const tooLarge = (bytes: number) =>
    `One or more parameters are invalid. Reason: Message must be shorter than ${bytes} bytes.`;
  const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });

  test("contents", async () => {
    const url = await newQueue();
    await expect(send(url, "")).rejects.toMatchObject({
      name: "MissingParameter",
      message: "The request must contain the parameter MessageBody.",
    });
    await expect(send(url, "a\u0000b")).rejects.toMatchObject({
      name: "InvalidMessageContents",
      message:
        "Invalid binary character '#x0' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    });
    await send(url, "tab\t, newline\n, 形, 😀");
  });

  test("sizes", async () => {
    const url = await newQueue();
    await send(url, "x".repeat(1_048_576));
    await expect(send(url, "x".repeat(1_048_577))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: tooLarge(1_048_576),
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { MaximumMessageSize: "1024" } }));
    const MessageAttributes = { k: text("v") };
    await send(url, "x".repeat(1024 - 8), { MessageAttributes });
    await expect(send(url, "x".repeat(1024 - 7), { MessageAttributes })).rejects.toMatchObject({
      message: tooLarge(1024),
    });
  });

  test.each<[Record<string, MessageAttributeValue>, string]>([
    [{ a: text("") }, "Message (user) attribute 'a' must contain a non-empty value of type 'String'."],
    [
      { a: { DataType: "Foo", StringValue: "x" } },
      "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
    ],
    [{ a: { DataType: "Number", StringValue: "x" } }, "Could not cast message (user) attribute 'a' value to number."],
    [
      { "AWS.x": text("x") },
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.",
    ],
    [
      Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, text("x")])),
      "Number of message attributes [11] exceeds the allowed maximum [10].",
    ],
  ])("attributes %j", async (MessageAttributes, message) => {
    const url = await newQueue();
    await expect(send(url, "x", { MessageAttributes })).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message,
    });
  });

  test("parameters", async () => {
    const url = await newQueue();
    const parameter = (command: Promise<unknown>, message: string) =>
      expect(command).rejects.toMatchObject({ name: "InvalidParameterValue", message });
    await parameter(
      receive(url, { MaxNumberOfMessages: 11 }),
      "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    );
    await parameter(
      receive(url, { WaitTimeSeconds: 21 }),
      "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    );
    await parameter(
      receive(url, { VisibilityTimeout: 43_201 }),
      "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    );
    await parameter(
      send(url, "x", { DelaySeconds: 901 }),
      "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    );
    await parameter(
      send(url, "x", { MessageDeduplicationId: "d" }),
      "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
    );
    await expect(remove(url, "garbage")).rejects.toMatchObject({
      name: "ReceiptHandleIsInvalid",
      message: 'The input receipt handle "garbage" is not a valid receipt handle.',
    });
    const other = await newQueue();
    await send(other, "x");
    const [message] = await receive(other);
    await expect(remove(url, message?.ReceiptHandle)).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
  });

  test("a group on a standard queue makes it fair, and is told to the consumer", async () => {
    const url = await newQueue();
    await send(url, "x", { MessageGroupId: "tenant" });
    const [message] = await receive(url, { MessageSystemAttributeNames: ["All"] });
    expect(message?.Attributes).toMatchObject({ MessageGroupId: "tenant" });
    expect(message?.Attributes?.SequenceNumber).toBeUndefined();
  });
});

describe("batches", () => {
  const entry = (Id: string, MessageBody = Id) => ({ Id, MessageBody });
  const sendBatch = (QueueUrl: string, Entries: object[]) =>
    sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: Entries as never }));

  test("answer for each entry", async () => {
    const url = await newQueue();
    const { Successful, Failed } = await sendBatch(url, [
      entry("1", "one"),
      { ...entry("2", "two"), DelaySeconds: 901 },
      entry("3", "three"),
    ]);
    expect(Successful?.map(({ Id }) => Id)).toEqual(["1", "3"]);
    expect(Successful?.[0]).toEqual({
      Id: "1",
      MessageId: expect.any(String),
      MD5OfMessageBody: "f97c5d29941bfb1b2fdab0874906ab82",
    });
    expect(Failed).toEqual([
      {
        Id: "2",
        SenderFault: true,
        Code: "InvalidParameterValue",
        Message: "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
      },
    ]);
    const messages = await receive(url);
    expect(messages.map(({ Body }) => Body).toSorted()).toEqual(["one", "three"]);
    const hidden = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", ReceiptHandle: messages[0]!.ReceiptHandle, VisibilityTimeout: 0 },
          { Id: "b", ReceiptHandle: "garbage", VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(hidden.Successful).toEqual([{ Id: "a" }]);
    expect(hidden.Failed).toMatchObject([{ Id: "b", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
    const [again] = await receive(url);
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", ReceiptHandle: again!.ReceiptHandle },
          { Id: "b", ReceiptHandle: messages[1]!.ReceiptHandle },
        ],
      }),
    );
    expect(deleted.Successful).toEqual([{ Id: "a" }, { Id: "b" }]);
    expect(await counts(url)).toEqual([0, 0, 0]);
  });

  test("are refused as a whole in AWS's words", async () => {
    const url = await newQueue();
    const refused = (entries: object[], name: string, message: string) =>
      expect(sendBatch(url, entries)).rejects.toMatchObject({ name, message });
    await refused([], "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.");
    await refused(
      Array.from({ length: 20 }, (_, i) => entry(`${i}`)),
      "TooManyEntriesInBatchRequest",
      "Maximum number of entries per request are 10. You have sent 20.",
    );
    await refused([entry("1"), entry("1")], "BatchEntryIdsNotDistinct", "Id 1 repeated.");
    for (const id of ["", "invalid:id", "x".repeat(81)])
      await refused(
        [entry(id, "x")],
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    const half = "x".repeat(524_288);
    await sendBatch(url, [entry("1", half), entry("2", half)]);
    await refused(
      [entry("1", half), entry("2", `${half}x`)],
      "BatchRequestTooLong",
      "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
  });
});

describe("time", () => {
  test("a message comes back when its visibility timeout is over", async () => {
    const url = await newQueue({ VisibilityTimeout: "10" });
    await send(url, "x");
    const [first] = await receive(url);
    await cloud.clock.advance(9999);
    expect(await receive(url)).toEqual([]);
    await cloud.clock.advance(1);
    const [second] = await receive(url);
    expect(second?.MessageId).toBe(first?.MessageId);
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
    // The handle of the earlier receive deletes nothing.
    await remove(url, first?.ReceiptHandle);
    expect(await counts(url)).toEqual([0, 1, 0]);
    await expect(hide(url, first?.ReceiptHandle, 5)).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: `Value ${first?.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    });
    // The latest handle deletes also when its time is over.
    await cloud.clock.advance("11s");
    await remove(url, second?.ReceiptHandle);
    expect(await counts(url)).toEqual([0, 0, 0]);
  });

  test("the visibility timeout may be changed, for 12 hours in all", async () => {
    const url = await newQueue();
    await send(url, "x");
    const [message] = await receive(url, { VisibilityTimeout: 100 });
    await hide(url, message?.ReceiptHandle, 5);
    await cloud.clock.advance("5s");
    // Also when it was over already.
    await hide(url, message?.ReceiptHandle, 60);
    expect(await receive(url)).toEqual([]);
    await expect(hide(url, message?.ReceiptHandle, 43_200)).rejects.toMatchObject({
      message:
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
    });
    await expect(hide(url, message?.ReceiptHandle, 43_201)).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await hide(url, message?.ReceiptHandle, 0);
    expect(await receive(url)).toHaveLength(1);
  });

  test("messages are delayed by the queue or by themselves", async () => {
    const url = await newQueue({ DelaySeconds: "60" });
    await send(url, "by the queue");
    await send(url, "by itself", { DelaySeconds: 10 });
    await send(url, "not at all", { DelaySeconds: 0 });
    expect(await counts(url)).toEqual([1, 0, 2]);
    expect(await bodies(url)).toEqual(["not at all"]);
    await cloud.clock.advance("10s");
    expect(await bodies(url)).toEqual(["by itself"]);
    // In a standard queue a change counts for what is sent from then on.
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { DelaySeconds: "0" } }));
    expect(await bodies(url)).not.toContain("by the queue");
    await cloud.clock.advance("50s");
    expect(await bodies(url)).toContain("by the queue");
  });

  test("messages go when the retention period is over", async () => {
    const url = await newQueue({ MessageRetentionPeriod: "3600" });
    await send(url, "old");
    await send(url, "old and in flight");
    await receive(url, { MaxNumberOfMessages: 1, VisibilityTimeout: 40_000 });
    await cloud.clock.advance("30 min");
    await send(url, "new");
    await cloud.clock.advance("31 min");
    expect(await counts(url)).toEqual([1, 0, 0]);
    expect(await bodies(url)).toEqual(["new"]);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { MessageRetentionPeriod: "60" } }));
    expect(await counts(url)).toEqual([0, 0, 0]);
  });
});

describe("long polls", () => {
  /** Lets requests that were sent reach the server. */
  const arrive = async () => {
    const state = cloud.gate.stateOf("sqs") as { waiters: { size: number } };
    return (count: number) => expect.poll(() => state.waiters.size, { interval: 5 }).toBe(count);
  };

  test("are woken by a message", async () => {
    const waiting = await arrive();
    const url = await newQueue();
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await waiting(1);
    await send(url, "there");
    expect((await polled)[0]?.Body).toBe("there");
    await waiting(0);
  });

  test("each message wakes one", async () => {
    const waiting = await arrive();
    const url = await newQueue({ ReceiveMessageWaitTimeSeconds: "20" });
    const polls = [bodies(url), bodies(url), bodies(url)];
    await waiting(3);
    await send(url, "a");
    await waiting(2);
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: "b", MessageBody: "b" }] }));
    await waiting(1);
    await send(url, "c");
    expect((await Promise.all(polls)).flat().toSorted()).toEqual(["a", "b", "c"]);
  });

  test("end with the clock", async () => {
    const waiting = await arrive();
    const url = await newQueue();
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await waiting(1);
    await cloud.settled();
    await cloud.clock.advance("20s");
    expect(await polled).toEqual([]);
  });

  test("are woken by a delay or a visibility timeout that ends", async () => {
    const waiting = await arrive();
    const url = await newQueue();
    await send(url, "later", { DelaySeconds: 5 });
    const polled = receive(url, { WaitTimeSeconds: 20, VisibilityTimeout: 10 });
    await waiting(1);
    await cloud.clock.advance("5s");
    const [first] = await polled;
    expect(first?.Body).toBe("later");
    const again = receive(url, { WaitTimeSeconds: 20 });
    await waiting(1);
    await cloud.clock.advance("10s");
    expect((await again)[0]?.MessageId).toBe(first?.MessageId);
    const third = receive(url, { WaitTimeSeconds: 20 });
    await waiting(1);
    await send(url, "delayed", { DelaySeconds: 3 });
    await cloud.clock.advance("3s");
    expect((await third)[0]?.Body).toBe("delayed");
  });

  test("a message is not lost to a client that went away", async () => {
    const waiting = await arrive();
    const url = await newQueue();
    const gone = new AbortController();
    const left = sqs
      .send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), { abortSignal: gone.signal })
      .catch((error: Error) => error.name);
    const stays = receive(url, { WaitTimeSeconds: 20 });
    await waiting(2);
    gone.abort();
    expect(await left).toBe("AbortError");
    await waiting(1);
    await send(url, "x");
    expect((await stays)[0]?.Body).toBe("x");
  });

  test("end when their queue is deleted", async () => {
    const waiting = await arrive();
    const url = await newQueue();
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await waiting(1);
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    expect(await polled).toEqual([]);
  });
});
