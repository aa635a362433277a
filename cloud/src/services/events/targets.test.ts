import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateLogGroupCommand,
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  PutResourcePolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateEventBusCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { ACCOUNT, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ARN = `arn:aws:events:us-east-1:${ACCOUNT}`;
const shop = (detail: object = {}, source = "shop") => ({
  Source: source,
  DetailType: "t",
  Detail: JSON.stringify(detail),
});
/** A source of its own for each test. */
const sourced = () => test.name("source");

const attributesOf = (message: { MessageAttributes?: Record<string, { StringValue?: string }> }) =>
  Object.fromEntries(Object.entries(message.MessageAttributes ?? {}).map(([name, one]) => [name, one.StringValue]));

describe("targets", () => {
  it("queues get the event, FIFO queues in the group that the target names", async () => {
    const source = sourced();
    const fifo = await test.queue({ FifoQueue: "true", ContentBasedDeduplication: "true" });
    await test.rule(
      { source: [source] },
      { Arn: fifo.arn, SqsParameters: { MessageGroupId: "g" }, InputPath: "$.detail" },
    );
    for (const n of [1, 2, 3]) await test.put(shop({ n }, source));
    const messages = await test.take(fifo);
    expect(messages.map(({ Body }) => Body).toSorted()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(messages[0]!.Attributes!.MessageGroupId).toBe("g");
    const Rule = test.name("rule");
    await test.events.send(new PutRuleCommand({ Name: Rule, EventPattern: '{"source":["a"]}' }));
    const put = (target: object) =>
      failure(test.events.send(new PutTargetsCommand({ Rule, Targets: [{ Id: "x", Arn: "", ...target }] })));
    expect(await put({ Arn: fifo.arn })).toBe(
      "ValidationException: Parameter(s) MessageGroupId must be specified for target: x.",
    );
    expect(await put({ Arn: "queue" })).toBe(
      "ValidationException: Parameter queue is not valid. Reason: Provided Arn is not in correct format.",
    );
    expect(await put({ Arn: `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:x` })).toBe(
      `ValidationException: RoleArn is required for target arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:x.`,
    );
    expect(await put({ Arn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/x` })).toMatch(
      /NotImplemented: Katachi does not emulate EventBridge targets of ecs/,
    );
    const five = Array.from({ length: 6 }, (_, i) => ({
      Id: String(i),
      Arn: fifo.arn,
      SqsParameters: { MessageGroupId: "g" },
    }));
    expect(await failure(test.events.send(new PutTargetsCommand({ Rule, Targets: five })))).toMatch(
      /^LimitExceededException/,
    );
  });

  it("functions are invoked where they allow it to the rule", async () => {
    const source = sourced();
    const lambda = test.cloud.client(LambdaClient);
    const FunctionName = test.name("told");
    const Role = await test.role("logs:*");
    const code = `exports.handler = async (event) => console.log("got " + JSON.stringify(event));`;
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role: await lambdaRole(Role),
        Code: { ZipFile: await createArchive({ "index.js": code }) },
      }),
    );
    const dead = await test.queue();
    const name = await test.rule(
      { source: [source] },
      { Arn: made.FunctionArn, Input: '{"n":7}', DeadLetterConfig: { Arn: dead.arn } },
    );
    await test.put(shop({}, source));
    const [refused] = await test.take(dead);
    expect(attributesOf(refused!)).toMatchObject({
      RULE_ARN: `${ARN}:rule/${name}`,
      TARGET_ARN: made.FunctionArn,
      ERROR_CODE: "NO_PERMISSIONS",
      RETRY_ATTEMPTS: "0",
    });
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: "rule",
        Action: "lambda:InvokeFunction",
        Principal: "events.amazonaws.com",
        SourceArn: `${ARN}:rule/${name}`,
      }),
    );
    await test.put(shop({}, source));
    await test.cloud.settled();
    const logs = test.cloud.client(CloudWatchLogsClient);
    const { events } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: "got" }),
    );
    expect(events!.map(({ message }) => message)).toEqual([expect.stringContaining('got {"n":7}')]);
  });

  it("log groups get a stream with the event, by the account's resource policy", async () => {
    const source = sourced();
    const logs = test.cloud.client(CloudWatchLogsClient);
    const logGroupName = `/aws/events/${test.name("group")}`;
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    const arn = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${logGroupName}`;
    const statement = {
      Effect: "Allow",
      Principal: { Service: ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: `${arn}:*`,
    };
    const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    await logs.send(new PutResourcePolicyCommand({ policyName: "events", policyDocument }));
    await test.rule({ source: [source] }, { Arn: arn });
    await test.put(shop({ n: 1 }, source));
    await test.cloud.settled();
    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
    expect(events!.map(({ message }) => (JSON.parse(message!) as { detail: unknown }).detail)).toEqual([{ n: 1 }]);
  });

  it("state machines are started with the event, as the target's role", async () => {
    const source = sourced();
    const call = test.cloud.call;
    const { stateMachineArn = "" } = await call("stepfunctions", "CreateStateMachine", {
      name: test.name("machine"),
      roleArn: await test.role("logs:*"),
      definition: JSON.stringify({ StartAt: "Done", States: { Done: { Type: "Pass", End: true } } }),
    });
    const RoleArn = await test.role("states:StartExecution", stateMachineArn);
    await test.rule({ source: [source] }, { Arn: stateMachineArn, RoleArn, InputPath: "$.detail" });
    const { Entries } = await test.put(shop({ n: 5 }, source));
    await test.cloud.settled();
    const { executions = [] } = await call("stepfunctions", "ListExecutions", { stateMachineArn });
    expect(executions.map(({ name }) => name!.split("_")[0])).toEqual([Entries![0]!.EventId]);
    const ran = await call("stepfunctions", "DescribeExecution", { executionArn: executions[0]!.executionArn });
    expect(ran.input).toBe('{"n":5}');
  });

  it("other buses get the event as it is, and no third one does", async () => {
    const source = sourced();
    const [first, second] = [test.name("bus"), test.name("bus")];
    for (const Name of [first, second]) await test.events.send(new CreateEventBusCommand({ Name }));
    const queue = await test.queue();
    const far = await test.queue();
    const dead = await test.queue();
    await test.rule({ source: [source] }, { Arn: `${ARN}:event-bus/${first}` });
    await test.rule({ source: [source] }, { Arn: queue.arn }, first);
    await test.rule(
      { source: [source] },
      { Arn: `${ARN}:event-bus/${second}`, DeadLetterConfig: { Arn: dead.arn } },
      first,
    );
    await test.rule({ source: [source] }, { Arn: far.arn }, second);
    const { Entries } = await test.put(shop({ n: 1 }, source));
    expect((await test.bodies(queue)).map((body) => JSON.parse(body) as object)).toMatchObject([
      { id: Entries![0]!.EventId, source, account: ACCOUNT, detail: { n: 1 } },
    ]);
    expect(await test.bodies(far)).toEqual([]);
    expect((await test.take(dead)).map(attributesOf)).toMatchObject([{ ERROR_CODE: "THIRD_ACCOUNT_HOP_DETECTED" }]);
  });
});

/** A role that Lambda may assume. */
async function lambdaRole(arn: string): Promise<string> {
  const RoleName = arn.slice(arn.lastIndexOf("/") + 1);
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
  });
  await test.cloud.call("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument });
  return arn;
}

describe("deliveries that fail", () => {
  it("are tried again as often as the target says, then go to its dead-letter queue", async () => {
    const source = sourced();
    const target = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:flaky`;
    const dead = await test.queue();
    const name = await test.rule(
      { source: [source] },
      {
        Arn: target,
        RoleArn: await test.role("lambda:InvokeFunction"),
        DeadLetterConfig: { Arn: dead.arn },
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600 },
      },
    );
    const fault = test.cloud.faults.add({ match: "lambda:Invoke", error: "InternalFailure" });
    await test.put(shop({ n: 1 }, source));
    await test.cloud.clock.advance("1 hour");
    test.cloud.faults.lift(fault);
    const [message] = await test.take(dead);
    expect(JSON.parse(message!.Body!)).toMatchObject({ source, detail: { n: 1 } });
    expect(attributesOf(message!)).toEqual({
      RULE_ARN: `${ARN}:rule/${name}`,
      TARGET_ARN: target,
      ERROR_CODE: "ERROR_FROM_TARGET",
      ERROR_MESSAGE: expect.any(String),
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
      RETRY_ATTEMPTS: "3",
    });
  });

  it("arrive when the target is back", async () => {
    const source = sourced();
    const queue = await test.queue();
    await test.rule({ source: [source] }, { Arn: queue.arn });
    const fault = test.cloud.faults.add({ match: "sqs:SendMessage", error: "ThrottlingException" });
    await test.put(shop({ n: 2 }, source));
    await test.cloud.settled();
    await test.cloud.clock.advance("30 minutes");
    expect(await test.bodies(queue)).toEqual([]);
    test.cloud.faults.lift(fault);
    await test.cloud.clock.advance("15 minutes");
    expect(await test.bodies(queue)).toHaveLength(1);
  });

  it("lose nothing where calls are throttled and fail at random", async () => {
    const source = sourced();
    const queue = await test.queue();
    await test.rule({ source: [source] }, { Arn: queue.arn, InputPath: "$.detail.n" });
    const faults = [
      test.cloud.faults.add({ match: "sqs:SendMessage", error: "ThrottlingException", rate: 0.1 }),
      test.cloud.faults.add({ match: "sqs:SendMessage", error: "InternalFailure", rate: 0.05 }),
    ];
    for (let n = 0; n < 200; n += 10)
      await test.put(...Array.from({ length: 10 }, (_, i) => shop({ n: n + i }, source)));
    await test.cloud.clock.advance("1 hour");
    for (const fault of faults) test.cloud.faults.lift(fault);
    const arrived = (await test.bodies(queue)).map(Number).toSorted((a, b) => a - b);
    expect(arrived).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it("to what is gone or forbidden are not tried again", async () => {
    const source = sourced();
    const gone = await test.queue();
    const closed = await test.queue({}, false);
    const dead = await test.queue();
    for (const { arn } of [gone, closed])
      await test.rule({ source: [source] }, { Arn: arn, DeadLetterConfig: { Arn: dead.arn } });
    await test.cloud.client(SQSClient).send(new DeleteQueueCommand({ QueueUrl: gone.url }));
    await test.put(shop({}, source));
    const codes = (await test.take(dead)).map((message) => [
      attributesOf(message)["TARGET_ARN"],
      attributesOf(message)["ERROR_CODE"],
    ]);
    expect(Object.fromEntries(codes)).toEqual({ [gone.arn]: "NO_RESOURCE", [closed.arn]: "NO_PERMISSIONS" });
  });
});

describe("what services tell", () => {
  it("of S3's objects reaches rules", async () => {
    const queue = await test.queue();
    const Bucket = test.name("bucket");
    const s3 = test.cloud.client(S3Client);
    await s3.send(new CreateBucketCommand({ Bucket }));
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    const detail = { bucket: { name: [Bucket] }, object: { key: [{ prefix: "images/" }] } };
    await test.rule({ source: ["aws.s3"], "detail-type": ["Object Created"], detail }, { Arn: queue.arn });
    for (const Key of ["images/a.png", "texts/a.txt"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    expect((await test.bodies(queue)).map((body) => JSON.parse(body) as object)).toMatchObject([
      {
        source: "aws.s3",
        resources: [`arn:aws:s3:::${Bucket}`],
        detail: { version: "0", object: { key: "images/a.png", size: 1 }, reason: "PutObject" },
      },
    ]);
  });

  it("of alarms reaches rules", async () => {
    const queue = await test.queue();
    const cloudwatch = test.cloud.client(CloudWatchClient);
    const AlarmName = test.name("alarm");
    await test.rule(
      {
        source: ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        detail: { alarmName: [AlarmName], state: { value: ["ALARM"] } },
      },
      { Arn: queue.arn },
    );
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        MetricName: "m",
        Namespace: "n",
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: "GreaterThanThreshold",
      }),
    );
    await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "test" }));
    expect((await test.bodies(queue)).map((body) => JSON.parse(body) as object)).toMatchObject([
      { detail: { alarmName: AlarmName, state: { value: "ALARM", reason: "test" } } },
    ]);
  });

  it("of stacks reaches rules", async () => {
    const queue = await test.queue();
    await test.rule(
      { source: ["aws.cloudformation"], "detail-type": ["CloudFormation Stack Status Change"] },
      { Arn: queue.arn },
    );
    await test.cloud.deploy({ Resources: { Q: { Type: "AWS::SQS::Queue" } } }, { stackName: "told" });
    const told = (await test.bodies(queue)).map((body) => JSON.parse(body) as { detail: Record<string, unknown> });
    expect(told.map(({ detail }) => (detail["status-details"] as { status: string }).status)).toEqual([
      "CREATE_IN_PROGRESS",
      "CREATE_COMPLETE",
    ]);
  });
});
