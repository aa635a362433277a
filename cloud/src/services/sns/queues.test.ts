import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SnsState } from "./state.ts";
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

describe("what a queue gets", () => {
  test("an envelope, written as AWS writes it", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    const subscription = await cloud.subscribe(topic, queue);
    const { MessageId } = await publish(topic, 'say "hi"\n', {
      Subject: "Greeting",
      MessageAttributes: {
        colour: { DataType: "String", StringValue: "red" },
        bytes: { DataType: "Binary", BinaryValue: Uint8Array.from([2, 3, 4]) },
      },
    });
    const [message, ...others] = await cloud.receive(queue);
    expect(others).toEqual([]);
    const body = message!.Body!;
    const { Signature, SigningCertURL } = JSON.parse(body) as Record<string, string>;
    expect(body).toBe(`{
  "Type" : "Notification",
  "MessageId" : "${MessageId}",
  "TopicArn" : "${topic}",
  "Subject" : "Greeting",
  "Message" : "say \\"hi\\"\\n",
  "Timestamp" : "2026-01-02T03:04:05.678Z",
  "SignatureVersion" : "1",
  "Signature" : "${Signature}",
  "SigningCertURL" : "${SigningCertURL}",
  "UnsubscribeURL" : "${cloud.cloud.endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription}",
  "MessageAttributes" : {
    "colour" : {"Type":"String","Value":"red"},
    "bytes" : {"Type":"Binary","Value":"AgME"}
  }
}`);
    expect(message!.MessageAttributes).toBeUndefined();
  });

  test("raw, the text and the attributes alone", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    await cloud.subscribe(topic, queue, { RawMessageDelivery: "TRUE" });
    const MessageAttributes = { size: { DataType: "Number", StringValue: "99.12" } };
    await publish(topic, "plain", { MessageAttributes });
    const [message] = await cloud.receive(queue);
    expect(message).toMatchObject({ Body: "plain", MessageAttributes });
  });

  test("what was meant for its protocol, else the default", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    await cloud.subscribe(topic, queue);
    const json = (texts: object) => publish(topic, JSON.stringify(texts), { MessageStructure: "json" });
    await json({ default: "all", sqs: "queues", other: "nobody" });
    await json({ default: "all", lambda: "functions", sqs: 7 });
    expect((await cloud.texts(queue)).toSorted()).toEqual(["all", "queues"]);
    await expect(json({ sqs: "queues" })).rejects.toMatchObject({
      message: "Invalid parameter: Message Structure - No default entry in JSON message body",
    });
    await expect(publish(topic, "{", { MessageStructure: "json" })).rejects.toMatchObject({
      message: "Invalid parameter: Message Structure - JSON message body failed to parse",
    });
  });

  test("only what its policy lets the topic send", async () => {
    const [allowed, other] = [await cloud.newTopic(), await cloud.newTopic()];
    const queue = await cloud.newQueue({}, topicsMaySend({ ArnEquals: { "aws:SourceArn": allowed } }));
    await cloud.subscribe(allowed, queue);
    await cloud.subscribe(other, queue);
    await publish(other, "refused");
    await publish(allowed, "taken");
    expect(await cloud.texts(queue)).toEqual(["taken"]);
  });

  test("every entry of a batch", async () => {
    const topic = await cloud.newTopic();
    const queues = [await cloud.newQueue(), await cloud.newQueue()];
    for (const queue of queues) await cloud.subscribe(topic, queue);
    const PublishBatchRequestEntries = Array.from({ length: 10 }, (_, n) => ({ Id: `${n}`, Message: `m${n}` }));
    const answer = await sns.send(new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries }));
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(PublishBatchRequestEntries.map(({ Id }) => Id));
    const wanted = PublishBatchRequestEntries.map(({ Message }) => Message);
    for (const queue of queues) expect((await cloud.texts(queue)).toSorted()).toEqual(wanted);
  });

  test("the publisher's trace header", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    await cloud.subscribe(topic, queue);
    const header = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1";
    const command = new PublishCommand({ TopicArn: topic, Message: "traced" });
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers["X-Amzn-Trace-Id"] = header;
        return next(args);
      },
      { step: "build" },
    );
    await sns.send(command);
    const [message] = await cloud.receive(queue);
    expect(message!.Attributes!["AWSTraceHeader"]).toBe(header);
  });

  test("nothing once it is unsubscribed", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    const SubscriptionArn = await cloud.subscribe(topic, queue);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await publish(topic, "late");
    expect(await cloud.receive(queue)).toEqual([]);
    await expect(sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Subscription does not exist",
    });
  });

  test("a message to several is kept until the last has it, and no longer", async () => {
    const topic = await cloud.newTopic();
    const state = cloud.cloud.gate.stateOf("sns") as SnsState;
    for (let n = 0; n < 3; n++) await cloud.subscribe(topic, await cloud.newQueue());
    cloud.cloud.kernel.deliveries.stop();
    await publish(topic, "to three");
    expect(state.shared.count()).toBe(1);
    cloud.cloud.kernel.deliveries.start();
    await cloud.cloud.settled();
    expect(state.shared.count()).toBe(0);
  });
});

describe("subscriptions", () => {
  test("have the attributes that AWS tells", async () => {
    const topic = await cloud.newTopic();
    const queue = await cloud.newQueue();
    const SubscriptionArn = await cloud.subscribe(topic, queue);
    expect(await cloud.subscribe(topic, queue)).toBe(SubscriptionArn);
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toEqual({
      ConfirmationWasAuthenticated: "true",
      Endpoint: queue.arn,
      Owner: ACCOUNT,
      PendingConfirmation: "false",
      Protocol: "sqs",
      RawMessageDelivery: "false",
      SubscriptionArn,
      SubscriptionPrincipal: `arn:aws:iam::${ACCOUNT}:root`,
      TopicArn: topic,
    });
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
    expect(Subscriptions).toEqual([
      { SubscriptionArn, Owner: ACCOUNT, Protocol: "sqs", Endpoint: queue.arn, TopicArn: topic },
    ]);
  });

  test.each([
    ["RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."],
    [
      "FilterPolicyScope",
      "Body",
      "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or MessageAttributes",
    ],
    ["RedrivePolicy", '{"deadLetterTargetArn":"queue"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"],
    ["Colour", "red", "AttributeName"],
  ])("%s = %s is refused", async (AttributeName, AttributeValue, reason) => {
    const [topic, queue] = [await cloud.newTopic(), await cloud.newQueue()];
    const SubscriptionArn = await cloud.subscribe(topic, queue);
    await expect(
      sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue })),
    ).rejects.toMatchObject({ name: "InvalidParameterException", message: `Invalid parameter: ${reason}` });
    await expect(
      cloud.subscribe(await cloud.newTopic(), queue, { [AttributeName]: AttributeValue }),
    ).rejects.toMatchObject({
      message: `Invalid parameter: Attributes Reason: ${reason}`,
    });
  });

  test.each([
    ["sqs", "http://127.0.0.1/000000000000/queue", "Invalid parameter: SQS endpoint ARN"],
    [
      "sqs",
      `arn:aws:sqs:us-east-1:${ACCOUNT}:q.fifo`,
      "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    ],
    ["pigeon", "coop", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"],
    ["sms", "+15550100", "Katachi does not emulate SNS subscriptions of telephones (sms)."],
    [
      "firehose",
      `arn:aws:firehose:us-east-1:${ACCOUNT}:deliverystream/s`,
      "Katachi does not emulate SNS subscriptions of Firehose streams (firehose).",
    ],
  ])("of %s %s are refused", async (Protocol, Endpoint, message) => {
    const TopicArn = await cloud.newTopic();
    await expect(sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }))).rejects.toMatchObject({ message });
  });
});

test("two hundred subscriptions of a topic may have filter policies", async () => {
  const topic = await cloud.newTopic();
  const FilterPolicy = '{"a":["b"]}';
  const subscribe = (n: number, more = {}) =>
    cloud.subscribe(topic, { url: "", arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:many-${n}` }, more);
  for (let n = 0; n < 200; n++) await subscribe(n, { FilterPolicy });
  await expect(subscribe(200, { FilterPolicy })).rejects.toMatchObject({
    name: "FilterPolicyLimitExceededException",
    $metadata: { httpStatusCode: 403 },
  });
  await subscribe(200);
});

describe("what may not be published", () => {
  test.each([
    ["an empty text", { Message: "" }, "InvalidParameterException", "Invalid parameter: Empty message"],
    [
      "a subject of two lines",
      { Message: "x", Subject: "a\nb" },
      "InvalidParameterException",
      "Invalid parameter: Subject",
    ],
    [
      "too many bytes",
      { Message: "x".repeat(262_145) },
      "InvalidParameterException",
      "Invalid parameter: Message too long",
    ],
    [
      "an attribute of no type",
      { Message: "x", MessageAttributes: { a: { DataType: "Colour", StringValue: "v" } } },
      "InvalidParameterValueException",
      "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    ],
    [
      "an attribute without its value",
      { Message: "x", MessageAttributes: { a: { DataType: "String", BinaryValue: Uint8Array.from([1]) } } },
      "InvalidParameterValueException",
      "The message attribute 'a' with type 'String' must use field 'String'.",
    ],
    [
      "an attribute of an impossible name",
      { Message: "x", MessageAttributes: { "a^b": { DataType: "String", StringValue: "v" } } },
      "InvalidParameterValueException",
      "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
    ],
    [
      "a deduplication id",
      { Message: "x", MessageDeduplicationId: "d" },
      "InvalidParameterException",
      "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
    ],
  ])("%s", async (_, input, name, message) => {
    const TopicArn = await cloud.newTopic();
    await expect(sns.send(new PublishCommand({ TopicArn, ...input }))).rejects.toMatchObject({ name, message });
  });

  test("a topic may take larger messages", async () => {
    const TopicArn = await cloud.newTopic();
    const queue = await cloud.newQueue();
    await cloud.subscribe(TopicArn, queue, { RawMessageDelivery: "true" });
    await sns.send(
      new SetTopicAttributesCommand({ TopicArn, AttributeName: "MaximumMessageSize", AttributeValue: "1048576" }),
    );
    await publish(TopicArn, "x".repeat(1_000_000));
    expect((await cloud.receive(queue))[0]!.Body).toHaveLength(1_000_000);
    await expect(
      sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "a@example.com" })),
    ).rejects.toMatchObject({ message: expect.stringContaining("100 or fewer subscriptions") });
  });

  test.each([
    ["no entries", [], "EmptyBatchRequestException"],
    [
      "eleven",
      Array.from({ length: 11 }, (_, n) => ({ Id: `${n}`, Message: "x" })),
      "TooManyEntriesInBatchRequestException",
    ],
    [
      "an id twice",
      [
        { Id: "a", Message: "x" },
        { Id: "a", Message: "y" },
      ],
      "BatchEntryIdsNotDistinctException",
    ],
    ["an impossible id", [{ Id: "a b", Message: "x" }], "InvalidBatchEntryIdException"],
    [
      "too many bytes together",
      ["a", "b"].map((Id) => ({ Id, Message: "x".repeat(200_000) })),
      "BatchRequestTooLongException",
    ],
  ])("a batch of %s", async (_, PublishBatchRequestEntries, name) => {
    const TopicArn = await cloud.newTopic();
    await expect(sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }))).rejects.toMatchObject({
      name,
    });
  });
});
