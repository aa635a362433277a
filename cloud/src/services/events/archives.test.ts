import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ActivateEventSourceCommand,
  CancelReplayCommand,
  CreateArchiveCommand,
  CreateEventBusCommand,
  CreatePartnerEventSourceCommand,
  DeactivateEventSourceCommand,
  DeleteArchiveCommand,
  DescribeArchiveCommand,
  DescribeEventSourceCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  ListArchivesCommand,
  ListEventSourcesCommand,
  ListPartnerEventSourceAccountsCommand,
  ListReplaysCommand,
  PutPartnerEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
  UpdateArchiveCommand,
} from "@aws-sdk/client-eventbridge";
import { describe, expect, it } from "vitest";
import { startCloud } from "../../cloud.ts";
import { ACCOUNT, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ARN = `arn:aws:events:us-east-1:${ACCOUNT}`;
const say = (n: number, EventBusName: string, Source = "shop") => ({
  EventBusName,
  Source,
  DetailType: "t",
  Detail: JSON.stringify({ n }),
});

async function archived(pattern?: object, RetentionDays = 0) {
  const bus = test.name("bus");
  const ArchiveName = test.name("archive");
  await test.events.send(new CreateEventBusCommand({ Name: bus }));
  const busArn = `${ARN}:event-bus/${bus}`;
  await test.events.send(
    new CreateArchiveCommand({
      ArchiveName,
      EventSourceArn: busArn,
      RetentionDays,
      ...(pattern ? { EventPattern: JSON.stringify(pattern) } : {}),
    }),
  );
  const count = async () => (await test.events.send(new DescribeArchiveCommand({ ArchiveName }))).EventCount;
  return { bus, busArn, ArchiveName, count };
}

async function replay(archive: { busArn: string; ArchiveName: string }, more: object = {}) {
  const ReplayName = test.name("replay");
  const now = test.cloud.clock.now();
  await test.events.send(
    new StartReplayCommand({
      ReplayName,
      EventSourceArn: `${ARN}:archive/${archive.ArchiveName}`,
      EventStartTime: new Date(now - 3_600_000),
      EventEndTime: new Date(now + 1000),
      Destination: { Arn: archive.busArn },
      ...more,
    }),
  );
  return ReplayName;
}

describe("archives", () => {
  it("keep what matches, and replay it once to each rule, with the replay's name, without archiving it again", async () => {
    const archive = await archived({ source: ["shop"] });
    for (let n = 0; n < 250; n += 10) await test.put(...Array.from({ length: 10 }, (_, i) => say(n + i, archive.bus)));
    await test.put(say(-1, archive.bus, "other"));
    expect(await archive.count()).toBe(250);
    const [one, two] = [await test.queue(), await test.queue()];
    const first = await test.rule({ source: ["shop"] }, { Arn: one.arn }, archive.bus);
    await test.rule({ "replay-name": [{ exists: true }] }, { Arn: two.arn }, archive.bus);
    const name = await replay(archive);
    const bodies = (await test.bodies(one)).map(
      (body) => JSON.parse(body) as { "replay-name": string; detail: { n: number } },
    );
    expect(bodies.map(({ detail }) => detail.n).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 250 }, (_, n) => n),
    );
    expect(new Set(bodies.map((body) => body["replay-name"]))).toEqual(new Set([name]));
    expect(await test.bodies(two)).toHaveLength(250);
    expect(await test.events.send(new DescribeReplayCommand({ ReplayName: name }))).toMatchObject({
      State: "COMPLETED",
      ReplayArn: `${ARN}:replay/${name}`,
      EventLastReplayedTime: expect.any(Date),
    });
    expect(await archive.count()).toBe(250);
    await replay(archive, {
      Destination: { Arn: archive.busArn, FilterArns: [`${ARN}:rule/${archive.bus}/${first}`] },
    });
    expect(await test.bodies(one)).toHaveLength(250);
    expect(await test.bodies(two)).toEqual([]);
  });

  it("drop what is older than their days", async () => {
    const archive = await archived(undefined, 2);
    await test.put(say(1, archive.bus));
    await test.cloud.clock.advance("1 day");
    await test.put(say(2, archive.bus));
    await test.cloud.clock.advance("25 hours");
    expect(await archive.count()).toBe(1);
    await test.cloud.clock.advance("1 day");
    expect(await archive.count()).toBe(0);
  });

  it("are updated, listed and deleted; replays are cancelled and refused in AWS's words", async () => {
    const archive = await archived();
    const { ArchiveName } = archive;
    await test.events.send(
      new UpdateArchiveCommand({ ArchiveName, EventPattern: '{"source":["x"]}', Description: "d" }),
    );
    await test.put(say(1, archive.bus));
    expect(await archive.count()).toBe(0);
    await test.put(say(1, archive.bus, "x"));
    const listed = await test.events.send(new ListArchivesCommand({ EventSourceArn: archive.busArn }));
    expect(listed.Archives).toMatchObject([{ ArchiveName, State: "ENABLED", EventCount: 1 }]);
    const start = (more: object) => failure(replay(archive, more));
    expect(await start({ EventEndTime: new Date(0) })).toBe(
      "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
    );
    expect(await start({ Destination: { Arn: `${ARN}:event-bus/default` } })).toBe(
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
    );
    expect(await start({ EventSourceArn: `${ARN}:archive/nothing` })).toBe(
      "ResourceNotFoundException: Archive nothing does not exist.",
    );
    // In process, so that the replay has not begun yet.
    const name = test.name("replay");
    await test.cloud.call("events", "StartReplay", {
      ReplayName: name,
      EventSourceArn: `${ARN}:archive/${ArchiveName}`,
      EventStartTime: new Date(0),
      EventEndTime: new Date(test.cloud.clock.now() + 1000),
      Destination: { Arn: archive.busArn },
    });
    await test.cloud.call("events", "CancelReplay", { ReplayName: name });
    await test.cloud.settled();
    const replays = await test.events.send(new ListReplaysCommand({ NamePrefix: name }));
    expect(replays.Replays).toMatchObject([{ ReplayName: name, State: "CANCELLED" }]);
    expect(await failure(test.events.send(new CancelReplayCommand({ ReplayName: name })))).toBe(
      `IllegalStatusException: Replay ${name} is not in a valid state for this operation.`,
    );
    await test.events.send(new DeleteArchiveCommand({ ArchiveName }));
    expect(await failure(test.events.send(new DescribeArchiveCommand({ ArchiveName })))).toBe(
      `ResourceNotFoundException: Archive ${ArchiveName} does not exist.`,
    );
  });
});

describe("partner event sources", () => {
  it("are made by a partner, taken by an account as a bus, and bring it the partner's events", async () => {
    const partner = test.of("222222222222");
    const Name = "aws.partner/example.com/shop/1";
    await partner.send(new CreatePartnerEventSourceCommand({ Name, Account: ACCOUNT }));
    expect(await test.events.send(new DescribeEventSourceCommand({ Name }))).toMatchObject({
      State: "PENDING",
      CreatedBy: "222222222222",
      Arn: `arn:aws:events:us-east-1::event-source/${Name}`,
    });
    const emit = () =>
      partner.send(new PutPartnerEventsCommand({ Entries: [{ Source: Name, DetailType: "sold", Detail: "{}" }] }));
    expect((await emit()).FailedEntryCount).toBe(0);
    await test.events.send(new CreateEventBusCommand({ Name, EventSourceName: Name }));
    const queue = await test.queue();
    await test.rule({ source: [{ prefix: "aws.partner/example.com" }] }, { Arn: queue.arn }, Name);
    await emit();
    expect((await test.bodies(queue)).map((body) => JSON.parse(body) as object)).toMatchObject([
      { source: Name, "detail-type": "sold", account: ACCOUNT },
    ]);
    await test.events.send(new DeactivateEventSourceCommand({ Name }));
    await emit();
    expect(await test.bodies(queue)).toEqual([]);
    await test.events.send(new ActivateEventSourceCommand({ Name }));
    await emit();
    expect(await test.bodies(queue)).toHaveLength(1);
    const accounts = await partner.send(new ListPartnerEventSourceAccountsCommand({ EventSourceName: Name }));
    expect(accounts.PartnerEventSourceAccounts).toMatchObject([{ Account: ACCOUNT, State: "ACTIVE" }]);
    expect((await test.events.send(new ListEventSourcesCommand({}))).EventSources).toHaveLength(1);
    const stranger = await test.events.send(
      new PutPartnerEventsCommand({ Entries: [{ Source: Name, DetailType: "t", Detail: "{}" }] }),
    );
    expect(stranger.Entries).toMatchObject([{ ErrorCode: "NotAuthorizedForSourceException" }]);
  });
});

it("what was accepted goes on after a restart, schedules and patterns too", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-events-"));
  try {
    const start = () => startCloud({ dataDirectory, clock: "frozen", startMs: Date.UTC(2026, 0, 1) });
    let cloud = await start();
    const target = { Id: "q", Arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:late`, RoleArn: `arn:aws:iam::${ACCOUNT}:role/r` };
    const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
    const trust = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sts:AssumeRole" };
    await cloud.call("iam", "CreateRole", { RoleName: "r", AssumeRolePolicyDocument: document(trust) });
    const PolicyDocument = document({ Effect: "Allow", Action: "sqs:*", Resource: "*" });
    await cloud.call("iam", "PutRolePolicy", { RoleName: "r", PolicyName: "p", PolicyDocument });
    await cloud.call("sqs", "CreateQueue", { QueueName: "late" });
    const events = () => cloud.client(EventBridgeClient);
    for (const more of [{ EventPattern: '{"source":["shop"]}' }, { ScheduleExpression: "rate(1 hour)" }]) {
      const Name = Object.keys(more)[0]!;
      await events().send(new PutRuleCommand({ Name, ...more }));
      await events().send(new PutTargetsCommand({ Rule: Name, Targets: [target] }));
    }
    const fault = cloud.faults.add({ match: "sqs:SendMessage", error: "InternalFailure" });
    const accepted = { Entries: [{ Source: "shop", DetailType: "t", Detail: '{"n":1}' }] };
    await cloud.call("events", "PutEvents", accepted);
    await cloud.settled();
    cloud.faults.lift(fault);
    await cloud.close();

    cloud = await start();
    await cloud.call("events", "PutEvents", accepted);
    await cloud.clock.advance("61 minutes");
    const { Messages = [] } = await cloud.call("sqs", "ReceiveMessage", {
      QueueUrl: `${cloud.endpoint}/${ACCOUNT}/late`,
      MaxNumberOfMessages: 10,
    });
    expect(Messages.map(({ Body }) => (JSON.parse(Body!) as { source: string }).source).toSorted()).toEqual([
      "aws.events",
      "shop",
      "shop",
    ]);
    await cloud.close();
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
