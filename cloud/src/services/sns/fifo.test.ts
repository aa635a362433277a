import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { PublishBatchCommand, PublishCommand, type SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACCOUNT, TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
});
afterAll(() => cloud.close());

const FIFO = { FifoTopic: "true", ContentBasedDeduplication: "true" };
const newPair = async (topic: Record<string, string> = FIFO, subscription: Record<string, string> = {}) => {
  const [TopicArn, queue] = [await cloud.newTopic(topic), await cloud.newQueue({ FifoQueue: "true" })];
  await cloud.subscribe(TopicArn, queue, subscription);
  return { TopicArn, queue };
};
const publish = (TopicArn: string, MessageGroupId: string, Message: string, more: object = {}) =>
  sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId, ...more }));

test("a message has its number, group and deduplication id; it is not signed", async () => {
  const { TopicArn, queue } = await newPair();
  const { MessageId, SequenceNumber } = await publish(TopicArn, "group", "Test");
  expect(SequenceNumber).toMatch(/^\d{20}$/);
  const [message] = await cloud.receive(queue);
  expect(message!.Attributes).toMatchObject({
    MessageGroupId: "group",
    MessageDeduplicationId: "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25",
  });
  expect(JSON.parse(message!.Body!)).toEqual({
    Type: "Notification",
    MessageId,
    SequenceNumber,
    TopicArn,
    Message: "Test",
    Timestamp: "2026-01-02T03:04:05.678Z",
    UnsubscribeURL: expect.stringContaining("Action=Unsubscribe"),
  });
});

test("the same within five minutes is the same message", async () => {
  const { TopicArn, queue } = await newPair();
  const first = await publish(TopicArn, "g", "once");
  const again = await publish(TopicArn, "other", "once");
  expect([again.MessageId, again.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
  const other = await publish(TopicArn, "g", "once", { MessageDeduplicationId: "another" });
  expect(BigInt(other.SequenceNumber!)).toBeGreaterThan(BigInt(first.SequenceNumber!));
  expect(await cloud.texts(queue)).toEqual(["once", "once"]);
  await cloud.cloud.clock.advance("5m 1s");
  expect((await publish(TopicArn, "g", "once")).MessageId).not.toBe(first.MessageId);
});

test("by message group where the topic says so", async () => {
  const { TopicArn, queue } = await newPair({ ...FIFO, FifoThroughputScope: "MessageGroup" });
  const ids = [];
  for (const group of ["a", "b", "a"]) ids.push((await publish(TopicArn, group, "same")).MessageId);
  expect(new Set(ids).size).toBe(2);
  // The queue deduplicates as a whole.
  expect(await cloud.texts(queue)).toEqual(["same"]);
});

test("each group keeps its order, also while a queue fails", async () => {
  const { TopicArn, queue } = await newPair(FIFO, { RawMessageDelivery: "true" });
  const fault = cloud.cloud.faults.add({ match: "sqs:SendMessage", error: "InternalError", rate: 0.4 });
  for (let batch = 0; batch < 10; batch++)
    await sns.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: Array.from({ length: 10 }, (_, n) => ({
          Id: `${n}`,
          Message: `${batch * 10 + n}`,
          MessageGroupId: `g${n % 3}`,
        })),
      }),
    );
  await cloud.cloud.clock.advance("10m");
  cloud.cloud.faults.lift(fault);
  await cloud.cloud.settled();
  const groups: Record<string, number[]> = {};
  const { DeleteMessageCommand, ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
  for (;;) {
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ["MessageGroupId"],
      }),
    );
    if (Messages.length === 0) break;
    for (const { Attributes, Body, ReceiptHandle } of Messages) {
      (groups[Attributes!.MessageGroupId!] ??= []).push(Number(Body));
      await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
    }
  }
  const wanted = Array.from({ length: 100 }, (_, n) => n);
  expect(groups).toEqual({
    g0: wanted.filter((n) => (n % 10) % 3 === 0),
    g1: wanted.filter((n) => (n % 10) % 3 === 1),
    g2: wanted.filter((n) => (n % 10) % 3 === 2),
  });
});

test("a standard queue may subscribe", async () => {
  const TopicArn = await cloud.newTopic(FIFO);
  const queue = await cloud.newQueue();
  await cloud.subscribe(TopicArn, queue);
  await publish(TopicArn, "g", "to all");
  expect(await cloud.texts(queue)).toEqual(["to all"]);
});

test("a FIFO queue takes the dead letters of a FIFO queue", async () => {
  const TopicArn = await cloud.newTopic(FIFO);
  const [queue, letters, standard] = [
    await cloud.newQueue({ FifoQueue: "true" }),
    await cloud.newQueue({ FifoQueue: "true" }),
    await cloud.newQueue(),
  ];
  const redrive = (arn: string) => ({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn }) });
  await expect(cloud.subscribe(TopicArn, queue, redrive(standard.arn))).rejects.toMatchObject({
    message:
      "Invalid parameter: Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
  });
  await cloud.subscribe(TopicArn, queue, redrive(letters.arn));
  await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
  await publish(TopicArn, "g", "late", { MessageDeduplicationId: "d" });
  const [letter] = await cloud.receive(letters);
  expect(letter!.Attributes).toMatchObject({ MessageGroupId: "g", MessageDeduplicationId: "d" });
});

test.each([
  ["no group", {}, "The MessageGroupId parameter is required for FIFO topics"],
  [
    "nothing to tell messages apart by",
    { MessageGroupId: "g" },
    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  ],
])("%s is refused", async (_, more, reason) => {
  const TopicArn = await cloud.newTopic({ FifoTopic: "true" });
  const message = `Invalid parameter: ${reason}`;
  await expect(sns.send(new PublishCommand({ TopicArn, Message: "x", ...more }))).rejects.toMatchObject({ message });
});

test("other endpoints than queues are refused", async () => {
  const TopicArn = await cloud.newTopic(FIFO);
  const Endpoint = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
  await expect(sns.send(new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
});
