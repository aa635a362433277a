import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  PublishCommand,
  type SNSClient,
} from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACCOUNT, TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
});
afterAll(() => cloud.close());

/** @returns the outputs */
async function deploy(stackName: string, Resources: object, Outputs: object = {}): Promise<Record<string, string>> {
  const { stacks } = await cloud.cloud.deploy({ Resources, Outputs } as never, { stackName });
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

const allow = (arn: unknown, Sid: string) => ({
  Version: "2012-10-17",
  Statement: [
    { Sid, Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sns:Publish", Resource: arn },
  ],
});

const policyOf = async (TopicArn: string) =>
  (
    JSON.parse((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes!["Policy"]!) as {
      Statement: { Sid: string }[];
    }
  ).Statement.map(({ Sid }) => Sid);

test("a topic, its policy and its subscriptions: made, changed, deleted", async () => {
  const queue = await cloud.newQueue();
  const stackName = cloud.name("stack");
  const resources = (display: string, filter: object, policy: object = {}) => ({
    Topic: {
      Type: "AWS::SNS::Topic",
      Properties: { DisplayName: display, KmsMasterKeyId: "alias/aws/sns", Tags: [{ Key: "team", Value: display }] },
    },
    Subscription: {
      Type: "AWS::SNS::Subscription",
      Properties: {
        TopicArn: { Ref: "Topic" },
        Protocol: "sqs",
        Endpoint: queue.arn,
        RawMessageDelivery: true,
        ...filter,
      },
    },
    ...policy,
  });
  const policy = {
    Policy: {
      Type: "AWS::SNS::TopicPolicy",
      Properties: { Topics: [{ Ref: "Topic" }], PolicyDocument: allow({ Ref: "Topic" }, "First") },
    },
  };
  const outputs = {
    Ref: { Value: { Ref: "Topic" } },
    Arn: { Value: { "Fn::GetAtt": ["Topic", "TopicArn"] } },
    Name: { Value: { "Fn::GetAtt": ["Topic", "TopicName"] } },
    Subscription: { Value: { Ref: "Subscription" } },
    SubscriptionArn: { Value: { "Fn::GetAtt": ["Subscription", "Arn"] } },
  };
  const first = await deploy(stackName, resources("One", { FilterPolicy: { colour: ["red"] } }, policy), outputs);
  const { Ref: arn, Name, Subscription: subscription } = first;
  expect(first).toMatchObject({ Arn: arn, SubscriptionArn: subscription });
  expect(Name).toMatch(new RegExp(`^${stackName}-Topic-[A-Z0-9a-z]{12}$`));
  expect(arn).toBe(`arn:aws:sns:us-east-1:${ACCOUNT}:${Name}`);
  expect(subscription).toMatch(new RegExp(`^${arn}:[0-9a-f-]{36}$`));
  expect(await policyOf(arn!)).toEqual(["First"]);

  const publish = (Message: string, colour: string) =>
    sns.send(
      new PublishCommand({
        TopicArn: arn,
        Message,
        MessageAttributes: { colour: { DataType: "String", StringValue: colour } },
      }),
    );
  await publish("a", "red");
  await publish("b", "blue");
  expect((await cloud.receive(queue)).map(({ Body }) => Body)).toEqual(["a"]);

  // A policy of the other scope, which the former does not fit; the topic's policy is taken away.
  const nested = { FilterPolicy: { order: { size: ["big"] } }, FilterPolicyScope: "MessageBody" };
  const second = await deploy(stackName, resources("Two", nested), outputs);
  expect(second).toMatchObject({ Ref: arn, Subscription: subscription });
  expect(await policyOf(arn!)).toEqual(["__default_statement_ID"]);
  const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscription }));
  expect(Attributes).toMatchObject({ FilterPolicyScope: "MessageBody", RawMessageDelivery: "true" });
  const { Tags } = await sns.send(new ListTagsForResourceCommand({ ResourceArn: arn }));
  expect(Tags).toContainEqual({ Key: "team", Value: "Two" });
  expect(Tags).toContainEqual({ Key: "aws:cloudformation:stack-name", Value: stackName });
  await publish('{"order":{"size":"big"}}', "blue");
  await publish('{"order":{"size":"small"}}', "red");
  expect((await cloud.receive(queue)).map(({ Body }) => Body)).toEqual(['{"order":{"size":"big"}}']);

  await cloud.cloud.call("cloudformation", "DeleteStack", { StackName: stackName });
  await cloud.cloud.settled();
  await expect(sns.send(new GetTopicAttributesCommand({ TopicArn: arn }))).rejects.toMatchObject({
    name: "NotFoundException",
  });
});

test("a FIFO topic with subscriptions of its own, which change in place; a new name replaces it", async () => {
  const [one, two] = [await cloud.newQueue({ FifoQueue: "true" }), await cloud.newQueue()];
  const stackName = cloud.name("stack");
  const template = (name: string, queue: string) => ({
    Topic: {
      Type: "AWS::SNS::Topic",
      Properties: {
        TopicName: name,
        FifoTopic: true,
        ContentBasedDeduplication: true,
        Subscription: [{ Protocol: "sqs", Endpoint: queue }],
      },
    },
    Inline: {
      Type: "AWS::SNS::TopicInlinePolicy",
      Properties: { TopicArn: { Ref: "Topic" }, PolicyDocument: allow({ Ref: "Topic" }, "Inline") },
    },
  });
  const outputs = { Ref: { Value: { Ref: "Topic" } } };
  const name = cloud.name("named", ".fifo");
  const endpoints = async (TopicArn: string) =>
    (await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions?.map(({ Endpoint }) => Endpoint);
  const first = await deploy(stackName, template(name, one.arn), outputs);
  const arn = first["Ref"]!;
  expect(arn).toBe(`arn:aws:sns:us-east-1:${ACCOUNT}:${name}`);
  expect(await endpoints(arn)).toEqual([one.arn]);
  expect(await policyOf(arn)).toEqual(["Inline"]);
  await deploy(stackName, template(name, two.arn), outputs);
  expect(await endpoints(arn)).toEqual([two.arn]);
  const other = cloud.name("named", ".fifo");
  const replaced = await deploy(stackName, template(other, two.arn), outputs);
  expect(replaced["Ref"]).toBe(`arn:aws:sns:us-east-1:${ACCOUNT}:${other}`);
  await expect(sns.send(new GetTopicAttributesCommand({ TopicArn: arn }))).rejects.toMatchObject({
    name: "NotFoundException",
  });
});

test.each([
  ["KmsMasterKeyId", "alias/mine"],
  ["ArchivePolicy", { MessageRetentionPeriod: 30 }],
  ["DataProtectionPolicy", { Name: "p" }],
  ["DeliveryStatusLogging", [{ Protocol: "sqs" }]],
  ["TracingConfig", "Active"],
])("%s fails the deployment by name", async (property, value) => {
  const Topic = { Type: "AWS::SNS::Topic", Properties: { [property]: value } };
  await expect(deploy(cloud.name("stack"), { Topic })).rejects.toThrow(property);
});
