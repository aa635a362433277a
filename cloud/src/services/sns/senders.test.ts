/** The services that publish to topics, each with the service itself. */
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { CreateTopicCommand, PublishCommand, SetTopicAttributesCommand, SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { ACCOUNT, type Queue, TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await TestCloud.start();
});
afterAll(() => cloud.close());

interface Envelope {
  readonly Subject?: string;
  readonly Message: string;
  readonly MessageAttributes?: Record<string, { Type: string; Value: string }>;
}

/** A topic, and the queue that gets what it sends. */
async function newPair(service?: string): Promise<{ topic: string; queue: Queue }> {
  const topic = await cloud.newTopic();
  const queue = await cloud.newQueue();
  await cloud.subscribe(topic, queue);
  if (service !== undefined) await allow(topic, service);
  return { topic, queue };
}

async function allow(TopicArn: string, service: string): Promise<void> {
  const AttributeValue = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { Service: service }, Action: "sns:Publish", Resource: TopicArn },
  });
  await cloud.sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
}

async function envelopes(queue: Queue): Promise<Envelope[]> {
  return (await cloud.receive(queue)).map(({ Body }) => JSON.parse(Body!) as Envelope);
}

async function newRole(service: string, Action: string | string[]): Promise<string> {
  const iam = cloud.cloud.client(IAMClient);
  const RoleName = cloud.name("role");
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const grant = { Effect: "Allow", Action, Resource: "*" };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: document(grant) }));
  return `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
}

describe("S3", () => {
  test("tells a topic of its objects, once the topic's policy lets it", async () => {
    const s3 = cloud.cloud.client(S3Client);
    const { topic, queue } = await newPair();
    const Bucket = cloud.name("bucket");
    await s3.send(new CreateBucketCommand({ Bucket }));
    const NotificationConfiguration = {
      TopicConfigurations: [{ TopicArn: topic, Events: ["s3:ObjectCreated:*" as const] }],
    };
    const configure = () =>
      s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    await expect(configure()).rejects.toMatchObject({ name: "InvalidArgument" });
    await allow(topic, "s3.amazonaws.com");
    await configure();
    await s3.send(new PutObjectCommand({ Bucket, Key: "a b.txt", Body: "x" }));
    const [test, created] = (await envelopes(queue)).toSorted((a, b) => a.Message.length - b.Message.length);
    expect([test!.Subject, created!.Subject]).toEqual(["Amazon S3 Notification", "Amazon S3 Notification"]);
    expect(JSON.parse(test!.Message)).toMatchObject({ Event: "s3:TestEvent", Bucket });
    expect(JSON.parse(created!.Message)).toMatchObject({
      Records: [{ eventName: "ObjectCreated:Put", s3: { bucket: { name: Bucket }, object: { key: "a+b.txt" } } }],
    });
  });
});

describe("CloudWatch", () => {
  const cloudwatch = () => cloud.cloud.client(CloudWatchClient);

  async function raise(AlarmName: string, topic: string): Promise<void> {
    await cloudwatch().send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: "Shop",
        MetricName: AlarmName,
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        AlarmActions: [topic],
      }),
    );
    const MetricData = [{ MetricName: AlarmName, Value: 5 }];
    await cloudwatch().send(new PutMetricDataCommand({ Namespace: "Shop", MetricData }));
    await cloud.cloud.clock.advance("2m");
    await cloud.cloud.settled();
  }

  test("an alarm tells a topic that has AWS's own policy", async () => {
    const { topic, queue } = await newPair();
    const AlarmName = cloud.name("alarm");
    await raise(AlarmName, topic);
    const [told] = await envelopes(queue);
    expect(told!.Subject).toBe(`ALARM: "${AlarmName}" in US East (N. Virginia)`);
    expect(JSON.parse(told!.Message)).toMatchObject({ AlarmName, NewStateValue: "ALARM", AWSAccountId: ACCOUNT });
  });

  test("and a topic of another account, where that one's policy lets it", async () => {
    const OTHER = "111122223333";
    const sns = cloud.cloud.client(SNSClient, { credentials: { accessKeyId: OTHER, secretAccessKey: "x" } });
    const TopicArn = (await sns.send(new CreateTopicCommand({ Name: cloud.name("foreign") }))).TopicArn!;
    const AlarmName = cloud.name("alarm");
    const actions = async () =>
      (
        await cloudwatch().send(new DescribeAlarmHistoryCommand({ AlarmName, HistoryItemType: "Action" }))
      ).AlarmHistoryItems!.map(({ HistorySummary }) => HistorySummary);
    await raise(AlarmName, TopicArn);
    await cloud.cloud.clock.advance("10m");
    expect((await actions())[0]).toMatch(/^Failed to execute action .*not authorized/);

    const AttributeValue = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
        Resource: TopicArn,
        Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } },
      },
    });
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
    await raise(`${AlarmName}-again`, TopicArn);
    const { AlarmHistoryItems } = await cloudwatch().send(
      new DescribeAlarmHistoryCommand({ AlarmName: `${AlarmName}-again`, HistoryItemType: "Action" }),
    );
    expect(AlarmHistoryItems![0]!.HistorySummary).toBe(`Successfully executed action ${TopicArn}`);
  });
});

test("no service publishes to a topic that is encrypted with AWS's key; the account's own users do", async () => {
  const events = cloud.cloud.client(EventBridgeClient);
  const { topic, queue } = await newPair("events.amazonaws.com");
  const encrypt = { TopicArn: topic, AttributeName: "KmsMasterKeyId", AttributeValue: "alias/aws/sns" };
  await cloud.sns.send(new SetTopicAttributesCommand(encrypt));
  const Rule = cloud.name("rule");
  await events.send(new PutRuleCommand({ Name: Rule, EventPattern: JSON.stringify({ source: [Rule] }) }));
  await events.send(new PutTargetsCommand({ Rule, Targets: [{ Id: "one", Arn: topic }] }));
  await events.send(new PutEventsCommand({ Entries: [{ Source: Rule, DetailType: "t", Detail: "{}" }] }));
  await cloud.sns.send(new PublishCommand({ TopicArn: topic, Message: "mine" }));
  expect((await envelopes(queue)).map(({ Message }) => Message)).toEqual(["mine"]);
});

describe("Lambda", () => {
  test("a function's destinations and dead-letter topic", async () => {
    const lambda = cloud.cloud.client(LambdaClient);
    const [done, failed, dead] = [await newPair(), await newPair(), await newPair()];
    const Role = await newRole("lambda.amazonaws.com", "sns:Publish");
    const FunctionName = cloud.name("function");
    const code = `exports.handler = async (event) => { if (event.fail) throw new Error("no"); return "yes"; };`;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role,
        Code: { ZipFile: await createArchive({ "index.js": code }) },
        DeadLetterConfig: { TargetArn: dead.topic },
      }),
    );
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnSuccess: { Destination: done.topic }, OnFailure: { Destination: failed.topic } },
      }),
    );
    for (const fail of [false, true])
      await lambda.send(
        new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: JSON.stringify({ fail }) }),
      );
    const [yes] = await envelopes(done.queue);
    expect(JSON.parse(yes!.Message)).toMatchObject({
      requestContext: { condition: "Success" },
      requestPayload: { fail: false },
      responsePayload: "yes",
    });
    const [no] = await envelopes(failed.queue);
    expect(JSON.parse(no!.Message)).toMatchObject({
      requestContext: { condition: "RetriesExhausted" },
      responsePayload: { errorMessage: "no" },
    });
    const [letter] = await envelopes(dead.queue);
    expect(letter).toMatchObject({
      Message: '{"fail":true}',
      MessageAttributes: {
        ErrorCode: { Type: "Number", Value: "200" },
        ErrorMessage: { Type: "String", Value: "no" },
        RequestID: { Type: "String" },
      },
    });
  });
});

test("EventBridge: a rule's target, once the topic's policy lets it", async () => {
  const events = cloud.cloud.client(EventBridgeClient);
  const [allowed, closed] = [await newPair("events.amazonaws.com"), await newPair()];
  const letters = await cloud.newQueue(
    {},
    {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: "*",
    },
  );
  const Rule = cloud.name("rule");
  await events.send(new PutRuleCommand({ Name: Rule, EventPattern: JSON.stringify({ source: [Rule] }) }));
  await events.send(
    new PutTargetsCommand({
      Rule,
      Targets: [
        { Id: "one", Arn: allowed.topic, InputPath: "$.detail" },
        { Id: "two", Arn: closed.topic, DeadLetterConfig: { Arn: letters.arn } },
      ],
    }),
  );
  const Entries = [{ Source: Rule, DetailType: "t", Detail: '{"n":1}' }];
  await events.send(new PutEventsCommand({ Entries }));
  expect((await envelopes(allowed.queue)).map(({ Message }) => Message)).toEqual(['{"n":1}']);
  expect(await envelopes(closed.queue)).toEqual([]);
  const [letter] = await cloud.receive(letters);
  expect(letter!.MessageAttributes!["ERROR_CODE"]!.StringValue).toBe("NO_PERMISSIONS");
});

test("EventBridge Scheduler: a schedule's target", async () => {
  const { topic, queue } = await newPair();
  const RoleArn = await newRole("scheduler.amazonaws.com", "sns:Publish");
  await cloud.cloud.client(SchedulerClient).send(
    new CreateScheduleCommand({
      Name: cloud.name("schedule"),
      ScheduleExpression: "rate(1 minute)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: topic, RoleArn, Input: "tick" },
      EndDate: new Date(cloud.cloud.clock.now() + 90_000),
    }),
  );
  await cloud.cloud.clock.advance("90s");
  expect((await envelopes(queue)).map(({ Message }) => Message)).toContain("tick");
});

test("Step Functions: sns:publish, with a document as its message and attributes", async () => {
  const sfn = cloud.cloud.client(SFNClient);
  const { topic, queue } = await newPair();
  const roleArn = await newRole("states.amazonaws.com", "sns:Publish");
  const definition = JSON.stringify({
    StartAt: "Tell",
    States: {
      Tell: {
        Type: "Task",
        Resource: "arn:aws:states:::sns:publish",
        Parameters: {
          TopicArn: topic,
          "Message.$": "$",
          MessageAttributes: { kind: { DataType: "String", StringValue: "order" } },
        },
        ResultSelector: { "id.$": "$.MessageId" },
        End: true,
      },
    },
  });
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({ name: cloud.name("machine"), definition, roleArn }),
  );
  await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"order":7}' }));
  const [told] = await envelopes(queue);
  expect(told).toMatchObject({
    Message: '{"order":7}',
    MessageAttributes: { kind: { Type: "String", Value: "order" } },
  });
});
