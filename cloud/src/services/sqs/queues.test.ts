import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
  AddPermissionCommand,
  RemovePermissionCommand,
  type QueueAttributeName,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let sqs: SQSClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  sqs = cloud.client(SQSClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

type Attributes = Partial<Record<QueueAttributeName, string>>;

async function create(QueueName: string, Attributes?: Attributes, tags?: Record<string, string>): Promise<string> {
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes, tags }))).QueueUrl!;
}

async function attributes(QueueUrl: string, ...AttributeNames: string[]): Promise<Record<string, string>> {
  const names = (AttributeNames.length > 0 ? AttributeNames : ["All"]) as QueueAttributeName[];
  return (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names }))).Attributes ?? {};
}

const set = (QueueUrl: string, Attributes: Attributes) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

describe("a queue", () => {
  test("has its address, and attributes with their defaults", async () => {
    const url = await create("plain");
    expect(url).toBe(`${cloud.endpoint}/000000000000/plain`);
    const seconds = String(cloud.clock.seconds());
    expect(await attributes(url)).toEqual({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      CreatedTimestamp: seconds,
      DelaySeconds: "0",
      LastModifiedTimestamp: seconds,
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      QueueArn: arn("plain"),
      ReceiveMessageWaitTimeSeconds: "0",
      SqsManagedSseEnabled: "true",
      VisibilityTimeout: "30",
    });
    expect(await attributes(url, "QueueArn", "Policy")).toEqual({ QueueArn: arn("plain") });
    expect((await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url }))).Attributes).toBeUndefined();
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: "plain" }))).QueueUrl).toBe(url);
  });

  test("of FIFO kind has more of them", async () => {
    const url = await create("plain.fifo", { FifoQueue: "true" });
    expect(await attributes(url)).toMatchObject({
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
      DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    });
  });

  test("is found by the address that AWS gives it too", async () => {
    await create("elsewhere");
    const QueueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/elsewhere";
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
    expect(await attributes(QueueUrl, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "1" });
  });

  test("that is not there has AWS's two codes", async () => {
    const QueueUrl = `${cloud.endpoint}/000000000000/nobody`;
    await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }))).rejects.toMatchObject({
      name: "QueueDoesNotExist",
      Code: "AWS.SimpleQueueService.NonExistentQueue",
      message: "The specified queue does not exist.",
    });
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: "nobody" }))).rejects.toMatchObject({
      name: "QueueDoesNotExist",
    });
    const query = await fetch(cloud.endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization:
          "AWS4-HMAC-SHA256 Credential=test/20250601/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: new URLSearchParams({ Action: "SendMessage", Version: "2012-11-05", QueueUrl, MessageBody: "x" }),
    });
    expect(query.status).toBe(400);
    const xml = await query.text();
    expect(xml).toContain("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>");
    expect(xml).toContain("<Message>The specified queue does not exist for this wsdl version.</Message>");
    await expect(sqs.send(new PurgeQueueCommand({ QueueUrl: "not an address" }))).rejects.toMatchObject({
      name: "InvalidAddress",
    });
  });

  test("may be created again with the same attributes, not with others", async () => {
    const url = await create("again", { DelaySeconds: "5" });
    expect(await create("again", { DelaySeconds: "5" })).toBe(url);
    expect(await create("again", { VisibilityTimeout: "30" })).toBe(url);
    expect(await create("again")).toBe(url);
    await expect(create("again", { DelaySeconds: "6" })).rejects.toMatchObject({
      name: "QueueNameExists",
      Code: "QueueAlreadyExists",
      message: "A queue already exists with the same name and a different value for attribute DelaySeconds",
    });
  });

  test("has a name of 80 letters, digits, hyphens and underscores", async () => {
    const message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    for (const name of ["", "a b", "x".repeat(81), "mine.fifo"])
      await expect(create(name)).rejects.toMatchObject({ message: expect.stringMatching(/alphanumeric|QueueName/) });
    await expect(create("a.b")).rejects.toMatchObject({ name: "InvalidParameterValue", message });
    await expect(create("mine", { FifoQueue: "true" })).rejects.toMatchObject({
      message: expect.stringContaining("must end with .fifo suffix"),
    });
  });

  test("is gone when deleted, and its name is free again after 60 seconds", async () => {
    const url = await create("short-lived");
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x" }));
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    await expect(attributes(url)).rejects.toMatchObject({ name: "QueueDoesNotExist" });
    await expect(create("short-lived")).rejects.toMatchObject({
      name: "QueueDeletedRecently",
      message: "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    });
    await cloud.clock.advance("60s");
    await create("short-lived");
    expect(await attributes(url, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "0" });
  });
});

describe("attributes", () => {
  test("are set, changed and taken away", async () => {
    const url = await create("settings", { DelaySeconds: "1" });
    await cloud.clock.advance("5s");
    const Statement = [{ Effect: "Deny", Principal: "*", Action: "sqs:PurgeQueue", Resource: arn("settings") }];
    const policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await set(url, { DelaySeconds: "420", VisibilityTimeout: "69", Policy: policy });
    expect(await attributes(url)).toMatchObject({
      DelaySeconds: "420",
      VisibilityTimeout: "69",
      Policy: policy,
      LastModifiedTimestamp: String(cloud.clock.seconds()),
      CreatedTimestamp: String(cloud.clock.seconds() - 5),
    });
    await set(url, { Policy: "" });
    expect(await attributes(url, "Policy")).toEqual({});
  });

  test.each([
    [{ DelaySeconds: "901" }, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."],
    [{ VisibilityTimeout: "43201" }, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."],
    [{ MaximumMessageSize: "1023" }, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."],
    [{ MaximumMessageSize: "1048577" }, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."],
    [
      { MessageRetentionPeriod: "59" },
      "InvalidAttributeValue",
      "Invalid value for the parameter MessageRetentionPeriod.",
    ],
    [
      { ReceiveMessageWaitTimeSeconds: "x" },
      "InvalidAttributeValue",
      "Invalid value for the parameter ReceiveMessageWaitTimeSeconds.",
    ],
    [{ Policy: "{" }, "InvalidAttributeValue", "Invalid value for the parameter Policy."],
    [{ ContentBasedDeduplication: "true" }, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."],
    [{ FifoQueue: "false" }, "InvalidAttributeName", "Unknown Attribute FifoQueue."],
    [{ QueueArn: "x" }, "InvalidAttributeName", "Unknown Attribute QueueArn."],
    [
      { KmsMasterKeyId: "my-key" },
      "NotImplemented",
      "Katachi does not emulate the attribute KmsMasterKeyId of SQS queues other than alias/aws/sqs.",
    ],
  ])("%j is refused", async (wrong, name, message) => {
    await expect(create("never", wrong as Attributes)).rejects.toMatchObject({ name, message });
    const url = await create("checked");
    await expect(set(url, wrong as Attributes)).rejects.toMatchObject({ name, message });
  });

  test("an unknown one cannot be asked for", async () => {
    const url = await create("checked");
    await expect(attributes(url, "Nonsense")).rejects.toMatchObject({
      name: "InvalidAttributeName",
      message: "Unknown Attribute Nonsense.",
    });
  });

  test("the kind of a queue stays", async () => {
    const url = await create("kind.fifo", { FifoQueue: "true" });
    await expect(set(url, { FifoQueue: "false" })).rejects.toMatchObject({
      name: "InvalidAttributeValue",
      message: "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    });
    await expect(set(url, { FifoThroughputLimit: "perMessageGroupId" })).rejects.toMatchObject({
      name: "InvalidAttributeValue",
    });
    await set(url, { FifoThroughputLimit: "perMessageGroupId", DeduplicationScope: "messageGroup" });
  });

  test("the two kinds of encryption exclude each other", async () => {
    const url = await create("encrypted");
    await set(url, { KmsMasterKeyId: "alias/aws/sqs" });
    expect(await attributes(url, "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")).toEqual({
      KmsMasterKeyId: "alias/aws/sqs",
      KmsDataKeyReusePeriodSeconds: "300",
      SqsManagedSseEnabled: "false",
    });
    await expect(set(url, { KmsMasterKeyId: "alias/aws/sqs", SqsManagedSseEnabled: "true" })).rejects.toMatchObject({
      name: "InvalidAttributeName",
      message:
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    });
    await set(url, { SqsManagedSseEnabled: "true" });
    expect(await attributes(url, "KmsMasterKeyId", "SqsManagedSseEnabled")).toEqual({ SqsManagedSseEnabled: "true" });
  });
});

describe("redrive policies", () => {
  const policy = (content: object) => JSON.stringify(content);

  test("are checked in AWS's words", async () => {
    const url = await create("source");
    await create("letters");
    await create("letters.fifo", { FifoQueue: "true" });
    const refused = async (text: string, reason: string) =>
      expect(set(url, { RedrivePolicy: text })).rejects.toMatchObject({
        name: "InvalidParameterValue",
        message: `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
      });
    await refused("nonsense", "Redrive policy is not a valid JSON map.");
    await refused(
      policy({ deadLetterTargetArn: arn("letters") }),
      "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
    );
    await refused(
      policy({ maxReceiveCount: 3 }),
      "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
    );
    await refused(
      policy({ deadLetterTargetArn: "dummy", maxReceiveCount: 42 }),
      "Invalid value for deadLetterTargetArn.",
    );
    await refused(
      policy({ deadLetterTargetArn: arn("none"), maxReceiveCount: 42 }),
      "Dead letter target does not exist.",
    );
    await refused(
      policy({ deadLetterTargetArn: arn("letters.fifo"), maxReceiveCount: 42 }),
      "Dead-letter queue must be same type of queue as the source.",
    );
    await refused(
      policy({ deadLetterTargetArn: arn("letters"), maxReceiveCount: 1001 }),
      "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
    );
    await set(url, { RedrivePolicy: policy({ deadLetterTargetArn: arn("letters"), maxReceiveCount: "3" }) });
    expect(await attributes(url, "RedrivePolicy")).toEqual({
      RedrivePolicy: policy({ deadLetterTargetArn: arn("letters"), maxReceiveCount: 3 }),
    });
    const letters = `${cloud.endpoint}/000000000000/letters`;
    const { queueUrls } = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: letters }));
    expect(queueUrls).toEqual([url]);
  });

  test("the dead-letter queue may choose its sources", async () => {
    const source = await create("chosen");
    const letters = await create("choosy", { RedriveAllowPolicy: policy({ redrivePermission: "denyAll" }) });
    const RedrivePolicy = policy({ deadLetterTargetArn: arn("choosy"), maxReceiveCount: 3 });
    await expect(set(source, { RedrivePolicy })).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await set(letters, {
      RedriveAllowPolicy: policy({ redrivePermission: "byQueue", sourceQueueArns: [arn("chosen")] }),
    });
    await set(source, { RedrivePolicy });
    await expect(create("other", { RedrivePolicy })).rejects.toMatchObject({ name: "InvalidParameterValue" });
    for (const wrong of [
      { redrivePermission: "some" },
      { redrivePermission: "byQueue" },
      { redrivePermission: "allowAll", sourceQueueArns: [arn("a")] },
    ])
      await expect(set(letters, { RedriveAllowPolicy: policy(wrong) })).rejects.toMatchObject({
        name: "InvalidAttributeValue",
      });
  });
});

test("queues are listed by prefix, in pages", async () => {
  for (const name of ["list-a", "list-b", "list-c"]) await create(name);
  const list = (more: object) => sqs.send(new ListQueuesCommand({ QueueNamePrefix: "list-", ...more }));
  const names = (urls: string[] | undefined) => urls?.map((url) => url.split("/").at(-1));
  expect(names((await list({})).QueueUrls)).toEqual(["list-a", "list-b", "list-c"]);
  const first = await list({ MaxResults: 2 });
  expect(names(first.QueueUrls)).toEqual(["list-a", "list-b"]);
  const second = await list({ MaxResults: 2, NextToken: first.NextToken });
  expect(names(second.QueueUrls)).toEqual(["list-c"]);
  expect(second.NextToken).toBeUndefined();
  expect((await list({ QueueNamePrefix: "nothing" })).QueueUrls).toBeUndefined();
});

test("tags", async () => {
  const QueueUrl = await create("tagged", {}, { tag1: "value1" });
  await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { tag2: "value2", tag3: "" } }));
  const list = async () => (await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags;
  expect(await list()).toEqual({ tag1: "value1", tag2: "value2", tag3: "" });
  await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["tag1", "tag2", "tag3"] }));
  expect(await list()).toBeUndefined();
});

test("a purge empties the queue, once in 60 seconds", async () => {
  const QueueUrl = await create("purged");
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "visible" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "in flight" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "delayed", DelaySeconds: 60 }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect(await attributes(QueueUrl)).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesDelayed: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
  });
  await expect(sqs.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({
    name: "PurgeQueueInProgress",
    Code: "AWS.SimpleQueueService.PurgeQueueInProgress",
    message: "Only one PurgeQueue operation on purged is allowed every 60 seconds.",
  });
  await cloud.clock.advance("60s");
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
});

test("permissions write the queue's policy", async () => {
  const QueueUrl = await create("shared");
  const add = (Label: string, Actions = ["ReceiveMessage"], AWSAccountIds = ["111111111111"]) =>
    sqs.send(new AddPermissionCommand({ QueueUrl, Label, AWSAccountIds, Actions }));
  const policy = async () => {
    const { Policy } = await attributes(QueueUrl, "Policy");
    return Policy === undefined ? undefined : (JSON.parse(Policy) as unknown);
  };
  await add("one");
  expect(await policy()).toEqual({
    Version: "2008-10-17",
    Id: `${arn("shared")}/SQSDefaultPolicy`,
    Statement: [
      {
        Sid: "one",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111111111111:root" },
        Action: "SQS:ReceiveMessage",
        Resource: arn("shared"),
      },
    ],
  });
  await expect(add("one")).rejects.toMatchObject({
    message: "Value one for parameter Label is invalid. Reason: Already exists.",
  });
  await expect(add("two", ["DeleteQueue"])).rejects.toMatchObject({
    message:
      "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.",
  });
  await sqs.send(new RemovePermissionCommand({ QueueUrl, Label: "one" }));
  expect(await policy()).toBeUndefined();
  await expect(sqs.send(new RemovePermissionCommand({ QueueUrl, Label: "one" }))).rejects.toMatchObject({
    message: "Value one for parameter Label is invalid. Reason: can't find label.",
  });
});

describe("who may send", () => {
  const scope = { account: "000000000000", region: "us-east-1" };
  const sendAs = (QueueUrl: string, service: string, sourceArn: string) =>
    cloud.gate.callAs(
      "sqs",
      "SendMessage",
      { QueueUrl, MessageBody: "from a service" },
      { as: { kind: "service", service, sourceArn, sourceAccount: scope.account }, scope },
    );

  test("a service needs the queue's policy, with the source that it names", async () => {
    const url = await create("guarded");
    const topic = "arn:aws:sns:us-east-1:000000000000:t";
    await expect(sendAs(url, "sns.amazonaws.com", topic)).rejects.toMatchObject({
      code: expect.stringContaining("AccessDenied"),
    });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arn("guarded"),
          Condition: { ArnEquals: { "aws:SourceArn": topic } },
        },
      ],
    });
    await set(url, { Policy });
    await sendAs(url, "sns.amazonaws.com", topic);
    await expect(sendAs(url, "sns.amazonaws.com", `${topic}2`)).rejects.toMatchObject({
      code: expect.stringContaining("AccessDenied"),
    });
    await set(url, { KmsMasterKeyId: "alias/aws/sqs" });
    await expect(sendAs(url, "sns.amazonaws.com", topic)).rejects.toMatchObject({ code: "KmsAccessDenied" });
  });

  test("another account needs the queue's policy", async () => {
    const QueueUrl = await create("foreign");
    const other = { account: "111111111111", region: "us-east-1" };
    const send = () =>
      cloud.gate.callAs(
        "sqs",
        "SendMessage",
        { QueueUrl, MessageBody: "x" },
        { as: { kind: "root", account: other.account }, scope: other },
      );
    await expect(send()).rejects.toMatchObject({ code: expect.stringContaining("AccessDenied") });
    await sqs.send(
      new AddPermissionCommand({ QueueUrl, Label: "them", AWSAccountIds: [other.account], Actions: ["SendMessage"] }),
    );
    await send();
  });
});
