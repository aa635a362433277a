import {
  AddPermissionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishCommand,
  RemovePermissionCommand,
  SetTopicAttributesCommand,
  SNSClient,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
});
afterAll(() => cloud.close());

const arnOf = (name: string) => `arn:aws:sns:us-east-1:${ACCOUNT}:${name}`;

describe("topics", () => {
  test("a new topic has the attributes that AWS gives it", async () => {
    const TopicArn = await cloud.newTopic();
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    const { Policy, EffectiveDeliveryPolicy, ...others } = Attributes!;
    expect(others).toEqual({
      TopicArn,
      DisplayName: "",
      Owner: ACCOUNT,
      SubscriptionsConfirmed: "0",
      SubscriptionsPending: "0",
      SubscriptionsDeleted: "0",
    });
    expect(JSON.parse(Policy!)).toEqual({
      Version: "2008-10-17",
      Id: "__default_policy_ID",
      Statement: [
        {
          Sid: "__default_statement_ID",
          Effect: "Allow",
          Principal: { AWS: "*" },
          Action: [
            "SNS:GetTopicAttributes",
            "SNS:SetTopicAttributes",
            "SNS:AddPermission",
            "SNS:RemovePermission",
            "SNS:DeleteTopic",
            "SNS:Subscribe",
            "SNS:ListSubscriptionsByTopic",
            "SNS:Publish",
          ],
          Resource: TopicArn,
          Condition: { StringEquals: { "AWS:SourceOwner": ACCOUNT } },
        },
      ],
    });
    expect(JSON.parse(EffectiveDeliveryPolicy!)).toEqual({
      http: {
        defaultHealthyRetryPolicy: {
          minDelayTarget: 20,
          maxDelayTarget: 20,
          numRetries: 3,
          numMaxDelayRetries: 0,
          numNoDelayRetries: 0,
          numMinDelayRetries: 0,
          backoffFunction: "linear",
        },
        disableSubscriptionOverrides: false,
        defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
      },
    });
  });

  test("creating it again answers it, unless attributes or tags differ", async () => {
    const Name = cloud.name("again");
    const create = (input: object = {}) => sns.send(new CreateTopicCommand({ Name, ...input }));
    await create({ Attributes: { DisplayName: "One" }, Tags: [{ Key: "k", Value: "v" }] });
    expect((await create()).TopicArn).toBe(arnOf(Name));
    await expect(create({ Attributes: { DisplayName: "Two" } })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    });
    await expect(create({ Tags: [{ Key: "k", Value: "w" }] })).rejects.toMatchObject({
      message: "Invalid parameter: Tags Reason: Topic already exists with different tags",
    });
  });

  test.each([
    ["a b", {}, "Invalid parameter: Topic Name"],
    ["name.fifo", {}, "Invalid parameter: Topic Name"],
    ["name", { FifoTopic: "true" }, /^Invalid parameter: Fifo Topic names must end with \.fifo/],
    ["name", { Colour: "red" }, "Invalid parameter: Attributes Reason: AttributeName"],
  ])("%s %j is refused", async (Name, Attributes, message) => {
    await expect(
      sns.send(new CreateTopicCommand({ Name, Attributes: Attributes as Record<string, string> })),
    ).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
  });

  test.each([
    ["KmsMasterKeyId", "alias/mine"],
    ["ArchivePolicy", '{"MessageRetentionPeriod":30}'],
    ["SQSSuccessFeedbackRoleArn", "arn:aws:iam::000000000000:role/feedback"],
    ["TracingConfig", "Active"],
  ])("%s is refused by name", async (AttributeName, AttributeValue) => {
    const TopicArn = await cloud.newTopic();
    await expect(
      sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue })),
    ).rejects.toMatchObject({ message: expect.stringContaining(AttributeName), $metadata: { httpStatusCode: 501 } });
  });

  test("an unknown topic, and what is no topic's ARN, are told apart", async () => {
    const get = (TopicArn: string) => sns.send(new GetTopicAttributesCommand({ TopicArn }));
    await expect(get(arnOf("none"))).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Topic does not exist",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(get("topic")).rejects.toMatchObject({
      message: "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
    });
    await expect(get(`arn:aws:sns:eu-west-1:${ACCOUNT}:topic`)).rejects.toMatchObject({
      message: "Invalid parameter: TopicArn",
    });
  });

  test("a deleted topic is gone; deleting it again is no error", async () => {
    const TopicArn = await cloud.newTopic();
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await expect(sns.send(new PublishCommand({ TopicArn, Message: "x" }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });

  test("a hundred topics are a page", async () => {
    const west = cloud.cloud.client(SNSClient, { region: "us-west-2" });
    for (let n = 0; n < 101; n++) await west.send(new CreateTopicCommand({ Name: `t${n}` }));
    const first = await west.send(new ListTopicsCommand({}));
    const second = await west.send(new ListTopicsCommand({ NextToken: first.NextToken }));
    expect([first.Topics?.length, second.Topics?.length, second.NextToken]).toEqual([100, 1, undefined]);
  });
});

test.each([
  ["sns:*", "Policy statement action out of service scope!"],
  ["sqs:SendMessage", "Policy statement action out of service scope!"],
  [7, "Policy Error: null"],
])("a policy for %s is refused", async (Action, reason) => {
  const TopicArn = await cloud.newTopic();
  const Statement = { Effect: "Allow", Principal: "*", Action, Resource: TopicArn };
  const AttributeValue = JSON.stringify({ Version: "2012-10-17", Statement });
  await expect(
    sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue })),
  ).rejects.toMatchObject({ name: "InvalidParameterException", message: `Invalid parameter: ${reason}` });
});

describe("tags and permissions", () => {
  test("tags are added, changed and removed", async () => {
    const ResourceArn = await cloud.newTopic();
    const list = async () => (await sns.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;
    const tag = (...Tags: { Key: string; Value: string }[]) => sns.send(new TagResourceCommand({ ResourceArn, Tags }));
    await tag({ Key: "a", Value: "1" }, { Key: "b", Value: "2" });
    await tag({ Key: "b", Value: "3" });
    await sns.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
    expect(await list()).toEqual([{ Key: "b", Value: "3" }]);
    await expect(tag({ Key: "a", Value: "1" }, { Key: "a", Value: "2" })).rejects.toMatchObject({
      message: "Invalid parameter: Duplicated keys are not allowed.",
    });
    const many = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: "" }));
    await expect(tag(...many)).rejects.toMatchObject({ name: "TagLimitExceededException" });
  });

  test("a permission lets another account publish, until it is removed", async () => {
    const TopicArn = await cloud.newTopic();
    const stranger = cloud.cloud.client(SNSClient, {
      credentials: { accessKeyId: "111122223333", secretAccessKey: "x" },
    });
    const publish = () => stranger.send(new PublishCommand({ TopicArn, Message: "hello" }));
    await expect(publish()).rejects.toMatchObject({
      name: "AuthorizationErrorException",
      message: expect.stringContaining("SNS:Publish"),
      $metadata: { httpStatusCode: 403 },
    });
    const permission = { TopicArn, Label: "other", AWSAccountId: ["111122223333"], ActionName: ["Publish"] };
    await sns.send(new AddPermissionCommand(permission));
    await expect(publish()).resolves.toMatchObject({ MessageId: expect.any(String) });
    await expect(sns.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
      message: "Invalid parameter: Statement already exists",
    });
    await sns.send(new RemovePermissionCommand({ TopicArn, Label: "other" }));
    await expect(publish()).rejects.toMatchObject({ name: "AuthorizationErrorException" });
  });
});
