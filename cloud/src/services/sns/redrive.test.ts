import { CreateQueueCommand, DeleteQueueCommand } from "@aws-sdk/client-sqs";
import {
  ConfirmSubscriptionCommand,
  GetSubscriptionAttributesCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, TestCloud, topicsMaySend } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
});
afterAll(() => cloud.close());

const publish = (TopicArn: string, Message: string, more: object = {}) =>
  sns.send(new PublishCommand({ TopicArn, Message, ...more }));

describe("dead-letter queues", () => {
  const MessageAttributes = { size: { DataType: "Number", StringValue: "111" } };

  test("get what a deleted queue would have got, at once", async () => {
    const topic = await cloud.newTopic();
    const [queue, letters] = [await cloud.newQueue(), await cloud.newQueue()];
    await cloud.subscribe(topic, queue, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: letters.arn }) });
    await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    const { MessageId } = await publish(topic, "to nobody", { MessageAttributes });
    const [letter] = await cloud.receive(letters);
    expect(JSON.parse(letter!.Body!)).toMatchObject({
      Type: "Notification",
      MessageId,
      Message: "to nobody",
      MessageAttributes: { size: { Type: "Number", Value: "111" } },
    });
    expect(letter!.MessageAttributes).toBeUndefined();
  });

  test("get it raw where the subscription is raw", async () => {
    const topic = await cloud.newTopic();
    const [queue, letters] = [await cloud.newQueue(), await cloud.newQueue()];
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: letters.arn });
    await cloud.subscribe(topic, queue, { RedrivePolicy, RawMessageDelivery: "true" });
    await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    await publish(topic, "to nobody", { MessageAttributes });
    expect((await cloud.receive(letters))[0]).toMatchObject({ Body: "to nobody", MessageAttributes });
  });

  test("are tried again themselves", async () => {
    const topic = await cloud.newTopic();
    const [queue, letters] = [await cloud.newQueue(), await cloud.newQueue()];
    await cloud.subscribe(topic, queue, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: letters.arn }) });
    await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    const fault = cloud.cloud.faults.add({ match: "sqs:SendMessage", error: "ThrottlingException" });
    await publish(topic, "in the end");
    await cloud.cloud.clock.advance("1s");
    cloud.cloud.faults.lift(fault);
    await cloud.cloud.clock.advance("5m");
    expect(await cloud.texts(letters)).toEqual(["in the end"]);
  });

  test("without one the message is discarded, and the next is delivered", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue({}, topicsMaySend({ StringEquals: { "aws:SourceAccount": "111122223333" } }));
    await cloud.subscribe(topic, queue);
    await publish(topic, "lost");
    expect(await cloud.receive(queue)).toEqual([]);
    expect(cloud.cloud.kernel.deliveries.pending("sns.sqs")).toEqual([]);
  });
});

describe("faults", () => {
  test("a queue's passing failures are tried again until it takes the message", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    await cloud.subscribe(topic, queue);
    const fault = cloud.cloud.faults.add({ match: "sqs:SendMessage", error: "ServiceUnavailable" });
    await publish(topic, "later");
    await cloud.cloud.clock.advance("5s");
    expect(cloud.cloud.kernel.deliveries.pending("sns.sqs")).toHaveLength(1);
    cloud.cloud.faults.lift(fault);
    await cloud.cloud.clock.advance("20s");
    expect(await cloud.texts(queue)).toEqual(["later"]);
  });

  test("with a tenth of all calls throttled and a twentieth failing, nothing is lost", async () => {
    const topic = await cloud.newTopic();
    const queues = [await cloud.newQueue(), await cloud.newQueue()];
    for (const queue of queues) await cloud.subscribe(topic, queue);
    const texts = Array.from({ length: 100 }, (_, n) => `m${n}`);
    const sent: string[] = [];
    cloud.cloud.faults.add({ match: "*", error: "ThrottlingException", rate: 0.1 });
    cloud.cloud.faults.add({ match: "*", error: "InternalFailure", rate: 0.05 });
    for (const Message of texts)
      await publish(topic, Message).then(
        () => sent.push(Message),
        () => undefined,
      );
    expect(sent.length).toBeGreaterThan(60);
    await cloud.cloud.clock.advance("10m");
    cloud.cloud.faults.clear();
    for (const queue of queues) expect(new Set(await cloud.texts(queue))).toEqual(new Set(sent));
  });
});

describe("another account", () => {
  const OTHER = "111122223333";

  test("confirms with the token that its queue gets", async () => {
    const topic = await cloud.newTopic();
    const credentials = { accessKeyId: OTHER, secretAccessKey: "x" };
    const sqs = cloud.cloud.client((await import("@aws-sdk/client-sqs")).SQSClient, { credentials });
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [topicsMaySend()] });
    const QueueName = cloud.name("foreign");
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
    const { ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
    const receive = async () => {
      await cloud.cloud.settled();
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      return (Messages ?? []).map(({ Body }) => JSON.parse(Body!) as Record<string, string>);
    };
    const Endpoint = `arn:aws:sqs:us-east-1:${OTHER}:${QueueName}`;
    const pending = await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint }));
    expect(pending.SubscriptionArn).toBe("pending confirmation");
    await publish(topic, "too early");
    const [question, ...others] = await receive();
    expect(others).toEqual([]);
    expect(question).toMatchObject({ Type: "SubscriptionConfirmation", TopicArn: topic });

    const confirm = new ConfirmSubscriptionCommand({ TopicArn: topic, Token: question!["Token"] });
    const { SubscriptionArn } = await sns.send(confirm);
    await publish(topic, "in time");
    expect((await receive()).map(({ Message }) => Message)).toEqual(["in time"]);
    const stranger = cloud.cloud.client(SNSClient, {
      credentials: { accessKeyId: "444455556666", secretAccessKey: "x" },
    });
    const attempts = [
      new UnsubscribeCommand({ SubscriptionArn }),
      new GetSubscriptionAttributesCommand({ SubscriptionArn }),
    ];
    for (const attempt of attempts)
      await expect(stranger.send(attempt as UnsubscribeCommand)).rejects.toMatchObject({
        name: "AuthorizationErrorException",
      });
  });

  test(`what is not ${ACCOUNT}'s own cannot be subscribed to without its leave`, async () => {
    const topic = await cloud.newTopic();
    const stranger = cloud.cloud.client(SNSClient, { credentials: { accessKeyId: OTHER, secretAccessKey: "x" } });
    const Endpoint = `arn:aws:sqs:us-east-1:${OTHER}:queue`;
    await expect(
      stranger.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint })),
    ).rejects.toMatchObject({ name: "AuthorizationErrorException" });
  });
});
