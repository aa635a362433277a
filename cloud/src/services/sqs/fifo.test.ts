import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  type Message,
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

async function newQueue(attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
  const Attributes = { FifoQueue: "true", ContentBasedDeduplication: "true", ...attributes };
  return (await sqs.send(new CreateQueueCommand({ QueueName: `q${queues++}.fifo`, Attributes }))).QueueUrl!;
}

const send = (
  QueueUrl: string,
  MessageGroupId: string,
  MessageBody: string,
  more: Partial<SendMessageCommandInput> = {},
) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId, ...more }));

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  return (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
}

const bodies = (messages: Message[]) => messages.map((message) => message.Body);
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const hide = (QueueUrl: string, { ReceiptHandle }: Message, VisibilityTimeout: number) =>
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

describe("groups", () => {
  test("of a group nothing more comes while a message of it is in flight", async () => {
    const url = await newQueue();
    for (const [group, body] of [
      ["a", "a1"],
      ["b", "b1"],
      ["a", "a2"],
      ["b", "b2"],
    ] as const)
      await send(url, group, body);
    const [a1] = await receive(url, { MaxNumberOfMessages: 1 });
    expect(a1?.Body).toBe("a1");
    const ofB = await receive(url);
    expect(bodies(ofB)).toEqual(["b1", "b2"]);
    expect(await receive(url)).toEqual([]);
    expect(await counts(url)).toEqual([1, 3, 0]);
    await remove(url, a1!);
    expect(bodies(await receive(url))).toEqual(["a2"]);
  });

  test("a receive takes a group's messages in order, then the next group's", async () => {
    const url = await newQueue();
    for (const body of ["a1", "b1", "a2", "c1", "a3"]) await send(url, body[0]!, body);
    expect(bodies(await receive(url, { MaxNumberOfMessages: 4 }))).toEqual(["a1", "a2", "a3", "b1"]);
  });

  test("what is not deleted in time comes again, in order", async () => {
    const url = await newQueue({ VisibilityTimeout: "10" });
    for (const body of ["1", "2", "3"]) await send(url, "g", body);
    const [first, second] = await receive(url, { MaxNumberOfMessages: 2 });
    await remove(url, second!);
    await cloud.clock.advance("9s");
    expect(await receive(url)).toEqual([]);
    await cloud.clock.advance("1s");
    expect(bodies(await receive(url))).toEqual(["1", "3"]);
    // The handle is of no more use once its time is over.
    for (const attempt of [remove(url, first!), hide(url, first!, 5)])
      await expect(attempt).rejects.toMatchObject({
        name: "InvalidParameterValue",
        message: `Value ${first?.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
      });
  });

  test("a group waits for the last of its messages in flight", async () => {
    const url = await newQueue({ VisibilityTimeout: "30" });
    for (const body of ["1", "2", "3"]) await send(url, "g", body);
    const [first, second] = await receive(url, { MaxNumberOfMessages: 2 });
    await hide(url, second!, 60);
    await hide(url, first!, 0);
    expect(await receive(url)).toEqual([]);
    await cloud.clock.advance("60s");
    expect(bodies(await receive(url))).toEqual(["1", "2", "3"]);
  });

  test("a long poll is woken when the message in flight is deleted", async () => {
    const url = await newQueue();
    await send(url, "g", "1");
    await send(url, "g", "2");
    const [first] = await receive(url, { MaxNumberOfMessages: 1 });
    const polled = receive(url, { WaitTimeSeconds: 20 });
    const { waiters } = cloud.gate.stateOf("sqs") as { waiters: { size: number } };
    await expect.poll(() => waiters.size, { interval: 5 }).toBe(1);
    await remove(url, first!);
    expect(bodies(await polled)).toEqual(["2"]);
  });
});

describe("deduplication", () => {
  test("by content for five minutes, also after the message is gone", async () => {
    const remembered = () => cloud.kernel.store.collection("sqs.dedup").count();
    const before = remembered();
    const url = await newQueue();
    const first = await send(url, "g", "same");
    const [message] = await receive(url);
    await remove(url, message!);
    const again = await send(url, "g", "same");
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    expect(await receive(url)).toEqual([]);
    await cloud.clock.advance("299s");
    await send(url, "other-group", "same");
    expect(await receive(url)).toEqual([]);
    await cloud.clock.advance("1s");
    const later = await send(url, "g", "same");
    expect(later.MessageId).not.toBe(first.MessageId);
    expect(await receive(url)).toHaveLength(1);
    expect(remembered()).toBe(before + 1);
  });

  test("by id, which goes before the content", async () => {
    const url = await newQueue();
    await send(url, "g", "one", { MessageDeduplicationId: "id" });
    await send(url, "g", "two", { MessageDeduplicationId: "id" });
    await send(url, "g", "one");
    expect(bodies(await receive(url))).toEqual(["one", "one"]);
  });

  test("in each group for itself, where the queue says so", async () => {
    const url = await newQueue({ DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" });
    await send(url, "a", "same");
    await send(url, "b", "same");
    await send(url, "b", "same");
    expect(await receive(url)).toHaveLength(2);
  });

  test("a purge forgets it", async () => {
    const url = await newQueue();
    await send(url, "g", "same");
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    await send(url, "g", "same");
    expect(bodies(await receive(url))).toEqual(["same"]);
  });
});

test("attributes of a message", async () => {
  const url = await newQueue();
  const one = await send(url, "group-1", "body", { MessageDeduplicationId: "dedup-1" });
  const two = await send(url, "group-2", "body-2");
  expect(one.SequenceNumber).toMatch(/^\d{20}$/);
  expect(BigInt(two.SequenceNumber!)).toBeGreaterThan(BigInt(one.SequenceNumber!));
  const [message] = await receive(url, { MessageSystemAttributeNames: ["All"] });
  expect(message?.Attributes).toEqual({
    ApproximateFirstReceiveTimestamp: String(cloud.clock.now()),
    ApproximateReceiveCount: "1",
    MessageDeduplicationId: "dedup-1",
    MessageGroupId: "group-1",
    SenderId: "000000000000",
    SentTimestamp: String(cloud.clock.now()),
    SequenceNumber: one.SequenceNumber,
  });
});

test("what a FIFO queue needs", async () => {
  const url = await newQueue({ ContentBasedDeduplication: "false" });
  const noDeduplication =
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
  await expect(send(url, "g", "x")).rejects.toMatchObject({ name: "InvalidParameterValue", message: noDeduplication });
  await expect(
    sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x", MessageDeduplicationId: "d" })),
  ).rejects.toMatchObject({
    name: "MissingParameter",
    message: "The request must contain the parameter MessageGroupId.",
  });
  await expect(send(url, "g", "x", { MessageDeduplicationId: "d", DelaySeconds: 2 })).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message:
      "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
  });
  await expect(send(url, "g g", "x", { MessageDeduplicationId: "d" })).rejects.toMatchObject({
    message:
      "Value g g for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
  });
  const batch = (entry: object) =>
    sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: "1", MessageBody: "x", ...entry }] }));
  await expect(batch({ MessageGroupId: "g" })).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message: noDeduplication,
  });
  await expect(batch({ MessageDeduplicationId: "d" })).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message: "The request must contain the parameter MessageGroupId.",
  });
});

test("the queue's delay counts for all messages, also after it was changed", async () => {
  const url = await newQueue({ DelaySeconds: "60" });
  await send(url, "g", "1");
  await cloud.clock.advance("10s");
  await send(url, "g", "2");
  expect(await counts(url)).toEqual([0, 0, 2]);
  expect(await receive(url)).toEqual([]);
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { DelaySeconds: "5" } }));
  expect(bodies(await receive(url))).toEqual(["1"]);
  await cloud.clock.advance("30s");
  expect(bodies(await receive(url))).toEqual(["1", "2"]);
});

describe("a receive with an attempt id", () => {
  test("may be repeated while nothing of it was changed", async () => {
    const url = await newQueue({ VisibilityTimeout: "30" });
    for (const body of ["1", "2", "3"]) await send(url, "g", body);
    const attempt = { ReceiveRequestAttemptId: "try", MaxNumberOfMessages: 2 };
    const first = await receive(url, attempt);
    expect(bodies(first)).toEqual(["1", "2"]);
    await cloud.clock.advance("20s");
    expect(await receive(url, attempt)).toEqual(first);
    // The repetition hides them anew.
    await cloud.clock.advance("20s");
    expect(await receive(url)).toEqual([]);
    await remove(url, first[0]!);
    expect(await receive(url, attempt)).toEqual([]);
  });

  test("is for FIFO queues", async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "standard" }));
    await expect(receive(QueueUrl!, { ReceiveRequestAttemptId: "try" })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });
});
