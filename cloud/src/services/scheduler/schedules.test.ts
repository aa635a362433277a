import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  SchedulerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
} from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let client: SchedulerClient;
let role: string;
let strangerRole: string;
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:jobs";
const START = Date.UTC(2026, 0, 5, 12, 0, 30);

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START });
  client = cloud.client(SchedulerClient, { maxAttempts: 1 });
  role = await newRole("for-scheduler", "scheduler.amazonaws.com");
  strangerRole = await newRole("for-lambda", "lambda.amazonaws.com");
});
afterAll(() => cloud.close());

async function newRole(RoleName: string, Service: string): Promise<string> {
  const iam = cloud.client(IAMClient);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
  };
  const made = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const allowed = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }] };
  const PolicyDocument = JSON.stringify(allowed);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
  return made.Role!.Arn!;
}

const settings = (Name: string, more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
  Name,
  ScheduleExpression: "cron(0 10 * * ? *)",
  FlexibleTimeWindow: { Mode: "OFF" },
  Target: { Arn: QUEUE, RoleArn: role, Input: "hello" },
  ...more,
});
const create = (Name: string, more: Partial<CreateScheduleCommandInput> = {}) =>
  client.send(new CreateScheduleCommand(settings(Name, more)));

describe("schedules", () => {
  test("answer what they were made with, and AWS's defaults", async () => {
    const { ScheduleArn } = await create("plain");
    expect(ScheduleArn).toBe("arn:aws:scheduler:us-east-1:000000000000:schedule/default/plain");
    const { $metadata: _, ...found } = await client.send(new GetScheduleCommand({ Name: "plain" }));
    expect(found).toEqual({
      Arn: ScheduleArn,
      GroupName: "default",
      Name: "plain",
      ScheduleExpression: "cron(0 10 * * ? *)",
      ScheduleExpressionTimezone: "UTC",
      State: "ENABLED",
      ActionAfterCompletion: "NONE",
      CreationDate: new Date(START),
      LastModificationDate: new Date(START),
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: QUEUE,
        RoleArn: role,
        Input: "hello",
        RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
      },
    });
  });

  test("an update sets back what it leaves out", async () => {
    await create("changing", { Description: "first", State: "DISABLED" });
    await client.send(new UpdateScheduleCommand(settings("changing", { ScheduleExpression: "rate(5 minutes)" })));
    const found = await client.send(new GetScheduleCommand({ Name: "changing" }));
    expect([found.Description, found.State, found.ScheduleExpression]).toEqual([
      undefined,
      "ENABLED",
      "rate(5 minutes)",
    ]);
    await client.send(new DeleteScheduleCommand({ Name: "changing" }));
  });

  test("a client token makes creating idempotent", async () => {
    const token = { ClientToken: "once-only" };
    const first = await create("idempotent", token);
    expect((await create("idempotent", token)).ScheduleArn).toBe(first.ScheduleArn);
    await expect(create("idempotent", { ...token, Description: "other" })).rejects.toThrow(
      "Schedule idempotent already exists.",
    );
  });

  test("go when deleted", async () => {
    await create("short-lived");
    await client.send(new DeleteScheduleCommand({ Name: "short-lived" }));
    const gone = { name: "ResourceNotFoundException", message: "Schedule short-lived does not exist." };
    await expect(client.send(new GetScheduleCommand({ Name: "short-lived" }))).rejects.toMatchObject(gone);
    await expect(client.send(new DeleteScheduleCommand({ Name: "short-lived" }))).rejects.toMatchObject(gone);
    await expect(client.send(new UpdateScheduleCommand(settings("short-lived")))).rejects.toMatchObject(gone);
  });

  test.each<[string, Partial<CreateScheduleCommandInput>, string]>([
    ["expression", { ScheduleExpression: "cron(0 10 * * * *)" }, "Invalid Schedule Expression cron(0 10 * * * *)."],
    ["time zone", { ScheduleExpressionTimezone: "Mars/Base" }, "Invalid Schedule Expression Timezone Mars/Base."],
    [
      "start",
      { StartDate: new Date(START - 600_000) },
      "The StartDate you specify cannot be earlier than 5 minutes ago.",
    ],
    [
      "end",
      { StartDate: new Date(START + 2000), EndDate: new Date(START + 1000) },
      "The StartDate you specify must come before the EndDate you specify.",
    ],
    ["target", { Target: { Arn: "jobs", RoleArn: "unset" } }, "Provided Arn is not in correct format."],
    [
      "reading action",
      { Target: { Arn: "arn:aws:scheduler:::aws-sdk:sqs:getQueueUrl", RoleArn: "unset" } },
      "The api 'getQueueUrl' is not supported for the service 'sqs'.",
    ],
    [
      "unknown field",
      { Target: { Arn: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", RoleArn: "unset", Input: '{"Body":"x"}' } },
      "Invalid RequestJson provided. Reason The field 'Body' is not supported by api 'sendMessage' for the service 'sqs'",
    ],
  ])("refuses a wrong %s", async (_, more, message) => {
    const Target = more.Target ? { ...more.Target, RoleArn: role } : settings("x").Target;
    await expect(create("wrong", { ...more, Target })).rejects.toMatchObject({ name: "ValidationException", message });
  });

  test("refuses a role that does not trust it, and one that is not there", async () => {
    const message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";
    for (const RoleArn of [strangerRole, "arn:aws:iam::000000000000:role/nobody"])
      await expect(create("wrong", { Target: { Arn: QUEUE, RoleArn } })).rejects.toMatchObject({
        name: "ValidationException",
        message,
      });
  });

  test("refuses by name what is not emulated", async () => {
    for (const [Arn, named] of [
      ["arn:aws:ecs:us-east-1:000000000000:cluster/c", "schedule targets of ecs"],
      ["arn:aws:scheduler:::aws-sdk:rds:stopDBCluster", "the schedule target rds:stopDBCluster"],
    ] as const)
      await expect(create("wrong", { Target: { Arn, RoleArn: role } })).rejects.toThrow(named);
  });
});

describe("groups", () => {
  test("hold schedules, are listed in pages, and take their schedules with them", async () => {
    await client.send(new CreateScheduleGroupCommand({ Name: "night" }));
    for (const name of ["a1", "a2", "a3", "b1"]) await create(name, { GroupName: "night" });
    const first = await client.send(new ListSchedulesCommand({ GroupName: "night", NamePrefix: "a", MaxResults: 2 }));
    expect(first.Schedules?.map(({ Name }) => Name)).toEqual(["a1", "a2"]);
    expect(first.Schedules?.[0]?.Target).toEqual({ Arn: QUEUE });
    const { NextToken } = first;
    const rest = await client.send(new ListSchedulesCommand({ GroupName: "night", NamePrefix: "a", NextToken }));
    expect([rest.Schedules?.map(({ Name }) => Name), rest.NextToken]).toEqual([["a3"], undefined]);
    await client.send(new DeleteScheduleGroupCommand({ Name: "night" }));
    await expect(client.send(new ListSchedulesCommand({ GroupName: "night" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Schedule group night does not exist.",
    });
    await expect(client.send(new GetScheduleCommand({ GroupName: "night", Name: "a1" }))).rejects.toThrow("a1");
  });

  test("the default one is there and stays", async () => {
    expect(await client.send(new GetScheduleGroupCommand({ Name: "default" }))).toMatchObject({ State: "ACTIVE" });
    await expect(client.send(new DeleteScheduleGroupCommand({ Name: "default" }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    await expect(create("lost", { GroupName: "nowhere" })).rejects.toThrow("Schedule group nowhere does not exist.");
  });

  test("carry tags", async () => {
    const Tags = [{ Key: "team", Value: "red" }];
    const { ScheduleGroupArn: ResourceArn } = await client.send(
      new CreateScheduleGroupCommand({ Name: "tagged", Tags }),
    );
    await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "stage", Value: "dev" }] }));
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team"] }));
    const found = await client.send(new ListTagsForResourceCommand({ ResourceArn }));
    expect(found.Tags).toEqual([{ Key: "stage", Value: "dev" }]);
    const groups = await client.send(new ListScheduleGroupsCommand({ NamePrefix: "tag" }));
    expect(groups.ScheduleGroups?.map(({ Name }) => Name)).toEqual(["tagged"]);
  });
});
