import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteResourcePolicyCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  DescribeResourcePoliciesCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  ListTagsLogGroupCommand,
  PutLogEventsCommand,
  PutLogGroupDeletionProtectionCommand,
  PutResourcePolicyCommand,
  PutRetentionPolicyCommand,
  StartQueryCommand,
  TagLogGroupCommand,
  TagResourceCommand,
  UntagLogGroupCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let logs: CloudWatchLogsClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  logs = cloud.client(CloudWatchLogsClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

const create = (logGroupName: string, more = {}) => logs.send(new CreateLogGroupCommand({ logGroupName, ...more }));

test("a group is created, described, deleted", async () => {
  await create("/app/one", { tags: { team: "blue" } });
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/app/one" }));
  expect(logGroups).toEqual([
    {
      logGroupName: "/app/one",
      creationTime: cloud.clock.now(),
      metricFilterCount: 0,
      arn: "arn:aws:logs:us-east-1:000000000000:log-group:/app/one:*",
      storedBytes: 0,
      logGroupClass: "STANDARD",
      logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:/app/one",
      deletionProtectionEnabled: false,
    },
  ]);
  await expect(create("/app/one")).rejects.toMatchObject({
    name: "ResourceAlreadyExistsException",
    message: "The specified log group already exists",
  });
  await logs.send(new DeleteLogGroupCommand({ logGroupName: "/app/one" }));
  await expect(logs.send(new DeleteLogGroupCommand({ logGroupName: "/app/one" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log group does not exist.",
  });
});

test("names are checked", async () => {
  await expect(create("aws/mine")).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Log groups starting with AWS/ are reserved for AWS.",
  });
  await expect(create("no spaces")).rejects.toMatchObject({ name: "InvalidParameterException" });
});

test("what is not emulated is refused by name", async () => {
  await expect(create("/kms", { kmsKeyId: "arn:aws:kms:us-east-1:000000000000:key/x" })).rejects.toMatchObject({
    name: "NotImplemented",
    message: "Katachi does not emulate the parameter kmsKeyId of logs:CreateLogGroup.",
  });
  await expect(create("/delivery", { logGroupClass: "DELIVERY" })).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(
    logs.send(new StartQueryCommand({ logGroupName: "/x", startTime: 0, endTime: 1, queryString: "fields @message" })),
  ).rejects.toMatchObject({
    name: "NotImplemented",
    message: "Katachi does not emulate the operation logs:StartQuery.",
  });
});

test("groups are listed by prefix, part of the name and class, in pages", async () => {
  for (const name of ["/list/a", "/list/b", "/list/c"]) await create(name);
  await create("/list/rare", { logGroupClass: "INFREQUENT_ACCESS" });
  const first = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/list/", limit: 3 }));
  expect(first.logGroups?.map((group) => group.logGroupName)).toEqual(["/list/a", "/list/b", "/list/c"]);
  const second = await logs.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: "/list/", limit: 3, nextToken: first.nextToken! }),
  );
  expect(second.logGroups?.map((group) => group.logGroupName)).toEqual(["/list/rare"]);
  expect(second.nextToken).toBeUndefined();
  const part = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePattern: "st/b" }));
  expect(part.logGroups).toHaveLength(1);
  const rare = await logs.send(new DescribeLogGroupsCommand({ logGroupClass: "INFREQUENT_ACCESS" }));
  expect(rare.logGroups?.map((group) => group.logGroupName)).toEqual(["/list/rare"]);
  await expect(
    logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/l", logGroupNamePattern: "l" })),
  ).rejects.toMatchObject({ name: "InvalidParameterException" });
  await expect(logs.send(new DescribeLogGroupsCommand({ nextToken: "nonsense" }))).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "The specified nextToken is invalid.",
  });
});

test("deletion protection", async () => {
  await create("/guarded", { deletionProtectionEnabled: true });
  await expect(logs.send(new DeleteLogGroupCommand({ logGroupName: "/guarded" }))).rejects.toMatchObject({
    name: "ValidationException",
  });
  await logs.send(
    new PutLogGroupDeletionProtectionCommand({ logGroupIdentifier: "/guarded", deletionProtectionEnabled: false }),
  );
  await logs.send(new DeleteLogGroupCommand({ logGroupName: "/guarded" }));
});

test("tags, by both of their APIs", async () => {
  await create("/tagged", { tags: { a: "1" } });
  const resourceArn = "arn:aws:logs:us-east-1:000000000000:log-group:/tagged";
  await logs.send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
  await logs.send(new TagLogGroupCommand({ logGroupName: "/tagged", tags: { c: "3" } }));
  expect((await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ a: "1", b: "2", c: "3" });
  await logs.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
  await logs.send(new UntagLogGroupCommand({ logGroupName: "/tagged", tags: ["b"] }));
  expect((await logs.send(new ListTagsLogGroupCommand({ logGroupName: "/tagged" }))).tags).toEqual({ c: "3" });
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "v"]));
  await expect(logs.send(new TagResourceCommand({ resourceArn, tags: many }))).rejects.toMatchObject({
    name: "TooManyTagsException",
  });
  await expect(
    logs.send(new ListTagsForResourceCommand({ resourceArn: resourceArn.replace("tagged", "gone") })),
  ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("streams are created, listed in both orders, deleted", async () => {
  await create("/streams");
  const logGroupName = "/streams";
  for (const logStreamName of ["s1", "s2", "t1"])
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  await expect(logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s1" }))).rejects.toMatchObject({
    name: "ResourceAlreadyExistsException",
    message: "The specified log stream already exists",
  });
  await expect(logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "a:b" }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  const timestamp = cloud.clock.now();
  await logs.send(
    new PutLogEventsCommand({ logGroupName, logStreamName: "s2", logEvents: [{ timestamp, message: "hello" }] }),
  );
  const names = async (more: object) =>
    (await logs.send(new DescribeLogStreamsCommand({ logGroupName, ...more }))).logStreams?.map((s) => s.logStreamName);
  expect(await names({})).toEqual(["s1", "s2", "t1"]);
  expect(await names({ descending: true })).toEqual(["t1", "s2", "s1"]);
  expect(await names({ logStreamNamePrefix: "s" })).toEqual(["s1", "s2"]);
  expect(await names({ orderBy: "LastEventTime", descending: true, limit: 1 })).toEqual(["s2"]);
  await expect(names({ orderBy: "LastEventTime", logStreamNamePrefix: "s" })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Cannot order by LastEventTime with a logStreamNamePrefix.",
  });
  const page = await logs.send(new DescribeLogStreamsCommand({ logGroupName, descending: true, limit: 2 }));
  expect(await names({ descending: true, limit: 2, nextToken: page.nextToken })).toEqual(["s1"]);
  const described = await logs.send(new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: "s2" }));
  expect(described.logStreams).toEqual([
    {
      logStreamName: "s2",
      creationTime: timestamp,
      firstEventTimestamp: timestamp,
      lastEventTimestamp: timestamp,
      lastIngestionTime: timestamp,
      uploadSequenceToken: expect.stringMatching(/^49\d{54}$/),
      arn: "arn:aws:logs:us-east-1:000000000000:log-group:/streams:log-stream:s2",
      storedBytes: 0,
    },
  ]);
  await logs.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: "s2" }));
  await expect(logs.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: "s2" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified log stream does not exist.",
  });
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s2" }));
  const { events } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: "s2" }));
  expect(events).toEqual([]);
});

test("retention takes AWS's numbers only, and the clock applies it", async () => {
  const logGroupName = "/kept";
  await create(logGroupName);
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
  await expect(logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 2 }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 3 }));
  const put = (message: string) =>
    logs.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName: "s",
        logEvents: [{ timestamp: cloud.clock.now(), message }],
      }),
    );
  const messages = async () =>
    (await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: "s" }))).events?.map((e) => e.message);
  const bytes = async () =>
    (await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }))).logGroups?.[0]?.storedBytes;
  await put("first");
  expect(await bytes()).toBe(31);
  await cloud.clock.advance("2 days");
  await put("second");
  expect(await messages()).toEqual(["first", "second"]);
  expect(await bytes()).toBe(63);
  await cloud.clock.advance("25 hours");
  expect(await messages()).toEqual(["second"]);
  await cloud.clock.advance("1 day");
  expect(await bytes()).toBe(32);
  await logs.send(new DeleteRetentionPolicyCommand({ logGroupName }));
  await cloud.clock.advance("400 days");
  expect(await messages()).toEqual(["second"]);
});

test("a deleted group takes its events along", async () => {
  const logGroupName = "/gone";
  await create(logGroupName);
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
  await logs.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName: "s",
      logEvents: [{ timestamp: cloud.clock.now(), message: "old" }],
    }),
  );
  const before = cloud.kernel.store.collection("logs.chunks").count();
  await logs.send(new DeleteLogGroupCommand({ logGroupName }));
  await cloud.settled();
  expect(cloud.kernel.store.collection("logs.chunks").count()).toBe(before - 1);
  await create(logGroupName);
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
  const { events } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: "s" }));
  expect(events).toEqual([]);
});

test("resource policies", async () => {
  const policyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "logs:PutLogEvents", Resource: "*" },
    ],
  });
  const put = (policyName: string, more = {}) =>
    logs.send(new PutResourcePolicyCommand({ policyName, policyDocument, ...more }));
  const { resourcePolicy } = await put("p0");
  expect(resourcePolicy).toMatchObject({ policyName: "p0", policyDocument, policyScope: "ACCOUNT" });
  await expect(put("p0", { expectedRevisionId: "1" })).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(put("p0", { policyDocument: "no json" })).rejects.toMatchObject({ name: "InvalidParameterException" });
  for (let i = 1; i < 10; i++) await put(`p${i}`);
  await expect(put("p10")).rejects.toMatchObject({
    name: "LimitExceededException",
    message: "Resource limit exceeded.",
  });
  const { resourcePolicies } = await logs.send(new DescribeResourcePoliciesCommand({}));
  expect(resourcePolicies).toHaveLength(10);
  await logs.send(new DeleteResourcePolicyCommand({ policyName: "p1" }));
  await expect(logs.send(new DeleteResourcePolicyCommand({ policyName: "p1" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Policy with name [p1] does not exist.",
  });

  const scope = { account: "000000000000", region: "us-east-1" };
  await create("/by-service");
  await logs.send(new CreateLogStreamCommand({ logGroupName: "/by-service", logStreamName: "s" }));
  const writeAs = (service: string) =>
    cloud.gate.callAs(
      "logs",
      "PutLogEvents",
      {
        logGroupName: "/by-service",
        logStreamName: "s",
        logEvents: [{ timestamp: cloud.clock.now(), message: "from a service" }],
      },
      { as: { kind: "service", service }, scope },
    );
  await writeAs("events.amazonaws.com");
  await expect(writeAs("route53.amazonaws.com")).rejects.toMatchObject({ code: "AccessDeniedException" });
});
