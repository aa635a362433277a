import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let sqs: SQSClient;
let pairs = 0;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  sqs = cloud.client(SQSClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

/** A queue and its dead-letter queue. */
async function newPair(maxReceiveCount = 2, fifo = false) {
  const suffix = `${pairs++}${fifo ? ".fifo" : ""}`;
  const kind: Record<string, string> = fifo ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : {};
  const create = async (QueueName: string, Attributes: Record<string, string>) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  const letters = await create(`letters${suffix}`, kind);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn(`letters${suffix}`), maxReceiveCount });
  const source = await create(`source${suffix}`, {
    ...kind,
    RedrivePolicy,
    VisibilityTimeout: "0",
    MessageRetentionPeriod: "3600",
  });
  return { source, letters, sourceArn: arn(`source${suffix}`), lettersArn: arn(`letters${suffix}`) };
}

const send = (QueueUrl: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All" as const], ...more };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

const bodies = (messages: Message[]) => messages.map((message) => message.Body);

async function count(QueueUrl: string): Promise<number> {
  const names = ["ApproximateNumberOfMessages"] as const;
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  return Number(Attributes?.ApproximateNumberOfMessages);
}

describe("dead letters", () => {
  test("a message received too often goes to the dead-letter queue, once", async () => {
    const { source, letters, sourceArn } = await newPair(2);
    const sent = await send(source, "bad");
    const sentMs = String(cloud.clock.now());
    expect(bodies(await receive(source))).toEqual(["bad"]);
    expect(bodies(await receive(source))).toEqual(["bad"]);
    await send(source, "good");
    // The receive that moves the one gives the other.
    expect(bodies(await receive(source))).toEqual(["good"]);
    const [letter, ...others] = await receive(letters);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      MessageId: sent.MessageId,
      Attributes: { DeadLetterQueueSourceArn: sourceArn, ApproximateReceiveCount: "3", SentTimestamp: sentMs },
    });
  });

  test("a receive goes on behind those that it moves", async () => {
    const { source, letters } = await newPair(1);
    for (let i = 0; i < 15; i++) await send(source, `bad ${i}`);
    await receive(source);
    await receive(source);
    await send(source, "good");
    const seen: (string | undefined)[] = [];
    for (let found = await receive(source); found.length > 0; found = await receive(source))
      seen.push(...bodies(found));
    expect(seen).toEqual(["good"]);
    expect(await count(letters)).toBe(16);
  });

  test("its retention goes on from when it was first sent", async () => {
    const { source, letters } = await newPair(1);
    await send(source, "x");
    await receive(source);
    await cloud.clock.advance("59 min");
    await receive(source);
    expect(await count(letters)).toBe(1);
    // The dead-letter queue keeps four days, from the first sending on.
    await cloud.clock.advance(4 * 86_400_000 - 59 * 60_000 + 1);
    expect(await count(letters)).toBe(0);
  });

  test("wakes who waits at the dead-letter queue", async () => {
    const { source, letters } = await newPair(1);
    await send(source, "x");
    const polled = receive(letters, { WaitTimeSeconds: 20 });
    const { waiters } = cloud.gate.stateOf("sqs") as { waiters: { size: number } };
    await expect.poll(() => waiters.size, { interval: 5 }).toBe(1);
    await receive(source);
    await receive(source);
    expect(bodies(await polled)).toEqual(["x"]);
  });

  test("in FIFO queues the group stays, and goes on behind it", async () => {
    const { source, letters } = await newPair(1, true);
    await send(source, "bad", { MessageGroupId: "g" });
    await receive(source, { MaxNumberOfMessages: 1 });
    await send(source, "next", { MessageGroupId: "g" });
    expect(bodies(await receive(source))).toEqual(["next"]);
    expect((await receive(letters))[0]).toMatchObject({ Body: "bad", Attributes: { MessageGroupId: "g" } });
  });

  test("without its dead-letter queue a message stays", async () => {
    const { source, letters } = await newPair(1);
    await send(source, "x");
    await sqs.send(new DeleteQueueCommand({ QueueUrl: letters }));
    for (let i = 0; i < 3; i++) expect(bodies(await receive(source))).toEqual(["x"]);
  });
});

describe("message move tasks", () => {
  const start = (SourceArn: string, more: object = {}) =>
    sqs.send(new StartMessageMoveTaskCommand({ SourceArn, ...more }));
  const list = async (SourceArn: string, MaxResults?: number) =>
    (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults }))).Results;

  async function withLetters(messages: number) {
    const pair = await newPair(1);
    for (let i = 0; i < messages; i++) await send(pair.source, `m${i}`);
    for (let i = 0; i < 2 * Math.ceil(messages / 10); i++) await receive(pair.source);
    expect(await count(pair.letters)).toBe(messages);
    return pair;
  }

  test("bring messages back to where they came from", async () => {
    const { source, letters, lettersArn } = await withLetters(3);
    const { TaskHandle } = await start(lettersArn);
    expect(TaskHandle).toEqual(expect.any(String));
    const startedMs = cloud.clock.now();
    await cloud.settled();
    expect(await list(lettersArn)).toEqual([
      {
        Status: "COMPLETED",
        SourceArn: lettersArn,
        ApproximateNumberOfMessagesMoved: 3,
        ApproximateNumberOfMessagesToMove: 3,
        StartedTimestamp: startedMs,
      },
    ]);
    expect(await count(letters)).toBe(0);
    // They begin anew.
    const [message] = await receive(source, { MaxNumberOfMessages: 1 });
    expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: "1" });
    expect(message?.Attributes?.DeadLetterQueueSourceArn).toBeUndefined();
  });

  test("or to another queue, at a rate, until cancelled", async () => {
    const { lettersArn, sourceArn, source } = await withLetters(10);
    const { TaskHandle } = await start(lettersArn, { DestinationArn: sourceArn, MaxNumberOfMessagesPerSecond: 2 });
    await cloud.settled();
    expect(await list(lettersArn)).toMatchObject([
      {
        Status: "RUNNING",
        TaskHandle,
        DestinationArn: sourceArn,
        MaxNumberOfMessagesPerSecond: 2,
        ApproximateNumberOfMessagesMoved: 2,
      },
    ]);
    await expect(start(lettersArn)).rejects.toMatchObject({
      message:
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    });
    await cloud.clock.advance("1s");
    const cancelled = await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    expect(cancelled.ApproximateNumberOfMessagesMoved).toBe(4);
    await cloud.clock.advance("10s");
    expect(await list(lettersArn)).toMatchObject([{ Status: "CANCELLED", ApproximateNumberOfMessagesMoved: 4 }]);
    expect(await count(source)).toBe(4);
    await start(lettersArn);
    await cloud.settled();
    expect((await list(lettersArn, 10))?.map((task) => task.Status)).toEqual(["COMPLETED", "CANCELLED"]);
    await expect(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });

  test("fail where a message does not say whence it came, or its queue is gone", async () => {
    const one = await newPair();
    await send(one.letters, "sent here");
    await start(one.lettersArn);
    await cloud.settled();
    expect(await list(one.lettersArn)).toMatchObject([
      { Status: "FAILED", FailureReason: "CouldNotDetermineMessageSource" },
    ]);

    const two = await withLetters(4);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "destination" }));
    await start(two.lettersArn, { DestinationArn: arn("destination"), MaxNumberOfMessagesPerSecond: 1 });
    await cloud.settled();
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    await cloud.clock.advance("1s");
    expect(await list(two.lettersArn)).toMatchObject([
      {
        Status: "FAILED",
        FailureReason: "AWS.SimpleQueueService.NonExistentQueue",
        ApproximateNumberOfMessagesMoved: 1,
      },
    ]);
  });

  test("what is wrong is refused in AWS's words", async () => {
    const { sourceArn, lettersArn } = await newPair();
    await expect(start(sourceArn)).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Source queue must be configured as a Dead Letter Queue.",
    });
    await expect(start(arn("none"))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource that you specified for the SourceArn parameter doesn't exist.",
    });
    await expect(start(lettersArn, { DestinationArn: arn("none") })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource that you specified for the DestinationArn parameter doesn't exist.",
    });
    const cancel = (handle: object | string) =>
      sqs.send(
        new CancelMessageMoveTaskCommand({
          TaskHandle: Buffer.from(typeof handle === "string" ? handle : JSON.stringify(handle)).toString("base64"),
        }),
      );
    await expect(cancel("foobar")).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Value for parameter TaskHandle is invalid.",
    });
    await expect(cancel({ taskId: "x", sourceArn: arn("none") })).rejects.toMatchObject({
      message: "The resource that you specified for the SourceArn parameter doesn't exist.",
    });
    await expect(cancel({ taskId: "x", sourceArn: lettersArn })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Task does not exist.",
    });
  });
});
