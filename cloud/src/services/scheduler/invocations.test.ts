import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { CreateScheduleCommandInput } from "@aws-sdk/client-scheduler";
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

const START = Date.UTC(2026, 0, 5, 12, 0, 30);
const HOUR_MS = 3_600_000;
const TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "scheduler.amazonaws.com" }, Action: "sts:AssumeRole" }],
};
let cloud: Cloud;
let role: string;
let names = 0;

async function newRole(on: Cloud, action: string): Promise<string> {
  const iam = on.client(IAMClient);
  const RoleName = `role-${names++}`;
  const AssumeRolePolicyDocument = JSON.stringify(TRUST);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
  });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
  return Role!.Arn!;
}

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START });
  role = await newRole(cloud, "*");
});
afterAll(() => cloud.close());

async function newQueue(on = cloud, name = `queue-${names++}`): Promise<{ url: string; arn: string }> {
  const Attributes = name.endsWith(".fifo")
    ? { FifoQueue: "true", ContentBasedDeduplication: "true" }
    : { MessageRetentionPeriod: "1209600" };
  const { QueueUrl } = await on.client(SQSClient).send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return { url: QueueUrl!, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
}

async function drain(url: string, on = cloud): Promise<Message[]> {
  const client = on.client(SQSClient);
  const found: Message[] = [];
  for (;;) {
    const { Messages } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 43_200,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      }),
    );
    if (!Messages?.length) return found;
    found.push(...Messages);
  }
}

const schedule = (
  target: Partial<NonNullable<CreateScheduleCommandInput["Target"]>>,
  expression: string,
  more: Partial<CreateScheduleCommandInput> = {},
  on = cloud,
) =>
  on.client(SchedulerClient).send(
    new CreateScheduleCommand({
      Name: `schedule-${names++}`,
      ScheduleExpression: expression,
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { RoleArn: role, Arn: undefined, ...target },
      ...more,
    }),
  );

describe("occurrences", () => {
  test("a week of a cron schedule runs in order, each at its time, in well under a second", async () => {
    const fresh = await startCloud({ ephemeral: true, clock: "frozen", startMs: START });
    const Target = {
      Arn: "arn:aws:scheduler:::aws-sdk:ssm:putParameter",
      RoleArn: await newRole(fresh, "ssm:*"),
      Input: JSON.stringify({
        Name: "last",
        Description: "<aws.scheduler.scheduled-time>",
        Value: "x",
        Type: "String",
        Overwrite: true,
      }),
    };
    await schedule(Target, "cron(0 * * * ? *)", {}, fresh);
    const begun = performance.now();
    await fresh.clock.advance("7 days");
    const tookMs = performance.now() - begun;
    const puts = fresh.trace.spans(({ name }) => name === "ssm:PutParameter");
    const expected = Array.from({ length: 168 }, (_, index) => Date.UTC(2026, 0, 5, 13) + index * HOUR_MS);
    expect(puts.map(({ startMs }) => startMs)).toEqual(expected);
    expect(puts.map(({ input }) => Date.parse((input as { Description: string }).Description))).toEqual(expected);
    expect(tookMs).toBeLessThan(1000);
    await fresh.close();
  });

  test("a rate begins at once, or at its StartDate, and ends at its EndDate", async () => {
    const [atOnce, later] = [await newQueue(), await newQueue()];
    const Input = "<aws.scheduler.scheduled-time>";
    const nowMs = cloud.clock.now();
    const EndDate = new Date(nowMs + 25 * 60_000);
    await schedule({ Arn: atOnce.arn, Input }, "rate(10 minutes)", { EndDate });
    await schedule({ Arn: later.arn, Input }, "rate(10 minutes)", {
      StartDate: new Date(nowMs + 12 * 60_000),
      EndDate,
    });
    await cloud.clock.advance("1 hour");
    const minutes = async (url: string) =>
      (await drain(url)).map(({ Body }) => (Date.parse(Body!) - Math.floor(nowMs / 1000) * 1000) / 60_000);
    expect(await minutes(atOnce.url)).toEqual([0, 10, 20]);
    expect(await minutes(later.url)).toEqual([12, 22]);
  });

  test("a one-time schedule runs once, in its time zone, and goes where it is told to", async () => {
    const queue = await newQueue();
    const day = new Date(cloud.clock.now() + 48 * HOUR_MS).toISOString().slice(0, 10);
    const more = { Name: "once", ScheduleExpressionTimezone: "Asia/Tokyo", ActionAfterCompletion: "DELETE" } as const;
    await schedule({ Arn: queue.arn, Input: "now" }, `at(${day}T09:00:00)`, more);
    await cloud.clock.advance("3 days");
    const messages = await drain(queue.url);
    expect(messages.map(({ Attributes }) => Number(Attributes?.["SentTimestamp"]))).toEqual([
      Date.parse(`${day}T00:00:00Z`),
    ]);
    await expect(cloud.client(SchedulerClient).send(new GetScheduleCommand({ Name: "once" }))).rejects.toThrow(
      "Schedule once does not exist.",
    );
  });

  test("a flexible window spreads occurrences, and keeps their scheduled time", async () => {
    const queue = await newQueue();
    await schedule({ Arn: queue.arn, Input: "<aws.scheduler.scheduled-time>" }, "cron(0 * * * ? *)", {
      FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 30 },
      EndDate: new Date(cloud.clock.now() + 24 * HOUR_MS),
    });
    await cloud.clock.advance("2 days");
    const delays = (await drain(queue.url)).map(
      ({ Body, Attributes }) => Number(Attributes?.["SentTimestamp"]) - Date.parse(Body!),
    );
    expect(delays).toHaveLength(24);
    expect(Math.max(...delays)).toBeLessThan(30 * 60_000);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });

  test("a disabled one does not run", async () => {
    const queue = await newQueue();
    await schedule({ Arn: queue.arn, Input: "x" }, "rate(1 minute)", { State: "DISABLED" });
    await cloud.clock.advance("1 hour");
    expect(await drain(queue.url)).toEqual([]);
  });
});

const once = { EndDate: new Date(START + 3650 * 24 * HOUR_MS) };
/** An expression that falls due once, in a minute. */
const soon = () => `at(${new Date(cloud.clock.now() + 60_000).toISOString().slice(0, 19)})`;

describe("targets", () => {
  test("a queue, with context attributes and in message groups", async () => {
    const queue = await newQueue(cloud, `q${names++}.fifo`);
    const Input = "<aws.scheduler.schedule-arn> <aws.scheduler.execution-id> <aws.scheduler.attempt-number> <other>";
    const made = await schedule({ Arn: queue.arn, Input, SqsParameters: { MessageGroupId: "g" } }, soon(), once);
    await cloud.clock.advance("2 minutes");
    const [message] = await drain(queue.url);
    expect(message?.Body).toMatch(new RegExp(`^${made.ScheduleArn} [0-9a-f-]{36} 1 <other>$`));
    expect(message?.Attributes?.["MessageGroupId"]).toBe("g");
  });

  test("without input gets AWS's notification", async () => {
    const queue = await newQueue();
    const { ScheduleArn } = await schedule({ Arn: queue.arn }, soon());
    await cloud.clock.advance("2 minutes");
    const [message] = await drain(queue.url);
    expect(JSON.parse(message!.Body!)).toMatchObject({
      version: "0",
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      account: "000000000000",
      region: "us-east-1",
      resources: [ScheduleArn],
      detail: "{}",
    });
  });

  test("any operation of any service, as the role", async () => {
    const Input = JSON.stringify({
      Name: "written-by-schedule",
      Value: "<aws.scheduler.attempt-number>",
      Type: "String",
    });
    await schedule({ Arn: "arn:aws:scheduler:::aws-sdk:ssm:putParameter", Input }, soon());
    await cloud.clock.advance("2 minutes");
    const { Parameter } = await cloud.client(SSMClient).send(new GetParameterCommand({ Name: "written-by-schedule" }));
    expect(Parameter?.Value).toBe("1");
    const span = cloud.trace.spans((span) => span.name === "ssm:PutParameter")[0];
    expect(span?.principal).toMatch(/assumed-role\/role-0\/schedule-/);
  });
});

describe("failure", () => {
  test("is retried as the policy says, and goes to the dead-letter queue with why", async () => {
    const dead = await newQueue();
    const gone = "arn:aws:sqs:us-east-1:000000000000:no-such-queue";
    const { ScheduleArn } = await schedule(
      {
        Arn: gone,
        Input: "attempt <aws.scheduler.attempt-number>",
        RetryPolicy: { MaximumRetryAttempts: 3 },
        DeadLetterConfig: { Arn: dead.arn },
      },
      soon(),
    );
    await cloud.clock.advance("10 minutes");
    const [message] = await drain(dead.url);
    expect(message?.Body).toBe("attempt 4");
    const attributes = Object.fromEntries(
      Object.entries(message!.MessageAttributes!).map(([key, { StringValue }]) => [key, StringValue]),
    );
    expect(attributes).toMatchObject({
      ERROR_CODE: "QueueDoesNotExist",
      ERROR_MESSAGE: "The specified queue does not exist.",
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
      IS_PAYLOAD_TRUNCATED: "false",
      RETRY_ATTEMPTS: "3",
      SCHEDULE_ARN: ScheduleArn,
      TARGET_ARN: gone,
    });
    expect(attributes["SCHEDULED_TIME"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("ends when the event is too old", async () => {
    const dead = await newQueue();
    const target = {
      Arn: "arn:aws:sqs:us-east-1:000000000000:no-such-queue",
      Input: "x",
      RetryPolicy: { MaximumEventAgeInSeconds: 60 },
      DeadLetterConfig: { Arn: dead.arn },
    };
    await schedule(target, soon());
    await cloud.clock.advance("1 hour");
    const [message] = await drain(dead.url);
    expect(message?.MessageAttributes?.["EXHAUSTED_RETRY_CONDITION"]?.StringValue).toBe("MaximumEventAgeInSeconds");
  });

  test("what the role may not do is not done", async () => {
    const queue = await newQueue();
    const RoleArn = await newRole(cloud, "sns:Publish");
    await schedule({ RoleArn, Arn: queue.arn, Input: "x", RetryPolicy: { MaximumRetryAttempts: 0 } }, soon());
    await cloud.clock.advance("2 minutes");
    expect(await drain(queue.url)).toEqual([]);
    const refused = cloud.trace.spans((span) => span.name === "sqs:SendMessage" && span.error !== undefined);
    expect(refused.at(-1)?.error?.message).toContain("sqs:sendmessage");
  });
});

test("goes on after a restart; of what was missed, one occurrence runs", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "scheduler-restart-"));
  try {
    const first = await startCloud({ dataDirectory, clock: "frozen", startMs: START });
    const queue = await newQueue(first, "kept");
    const RoleArn = await newRole(first, "sqs:*");
    const target = { Arn: queue.arn, RoleArn, Input: "<aws.scheduler.scheduled-time>" };
    await schedule(target, "cron(0 * * * ? *)", {}, first);
    await first.clock.advance("1 hour");
    await first.close();
    const second = await startCloud({ dataDirectory, clock: "frozen", startMs: START + 5 * HOUR_MS });
    await second.settled();
    await second.clock.advance("1 hour");
    const url = queue.url.replace(/:\d+\//, `:${second.port}/`);
    const bodies = (await drain(url, second)).map(({ Body }) => Body);
    expect(bodies).toEqual(["2026-01-05T13:00:00Z", "2026-01-05T14:00:00Z", "2026-01-05T18:00:00Z"]);
    await second.close();
  } finally {
    rmSync(dataDirectory, { recursive: true });
  }
});

test("deploys from a template", async () => {
  const queue = await newQueue();
  const template = {
    Resources: {
      Group: { Type: "AWS::Scheduler::ScheduleGroup", Properties: { Name: "deployed" } },
      Schedule: {
        Type: "AWS::Scheduler::Schedule",
        Properties: {
          GroupName: { Ref: "Group" },
          ScheduleExpression: "rate(1 hours)",
          FlexibleTimeWindow: { Mode: "OFF" },
          StartDate: new Date(cloud.clock.now() + HOUR_MS).toISOString(),
          Target: { Arn: queue.arn, RoleArn: role, Input: "deployed" },
        },
      },
    },
    Outputs: { Arn: { Value: { "Fn::GetAtt": ["Schedule", "Arn"] } } },
  };
  const { stacks } = await cloud.deploy(template, { stackName: "scheduled" });
  expect(stacks[0]?.outputs[0]?.value).toContain(":schedule/deployed/scheduled-Schedule-");
  await cloud.clock.advance("2 hours 30 minutes");
  expect((await drain(queue.url)).map(({ Body }) => Body)).toEqual(["deployed", "deployed"]);
});
