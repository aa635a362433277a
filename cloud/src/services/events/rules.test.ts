import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListEventBusesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  TestEventPatternCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-eventbridge";
import { describe, expect, it } from "vitest";
import { ACCOUNT, failure, START_MS, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ARN = `arn:aws:events:us-east-1:${ACCOUNT}`;

describe("buses", () => {
  it("are made, listed beside the default one, tagged and deleted when they have no rules", async () => {
    const { events } = test;
    expect(await events.send(new DescribeEventBusCommand({}))).toMatchObject({
      Name: "default",
      Arn: `${ARN}:event-bus/default`,
    });
    const Name = test.name("bus");
    const Tags = [{ Key: "team", Value: "a" }];
    const made = await events.send(new CreateEventBusCommand({ Name, Description: "orders", Tags }));
    expect(made.EventBusArn).toBe(`${ARN}:event-bus/${Name}`);
    expect(await failure(events.send(new CreateEventBusCommand({ Name })))).toBe(
      `ResourceAlreadyExistsException: Event bus ${Name} already exists.`,
    );
    const { EventBuses } = await events.send(new ListEventBusesCommand({}));
    expect(EventBuses!.map((bus) => bus.Name)).toEqual([Name, "default"]);
    const ResourceARN = made.EventBusArn!;
    await events.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "b", Value: "2" }] }));
    await events.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
    expect((await events.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
      { Key: "b", Value: "2" },
    ]);
    await events.send(new PutRuleCommand({ Name: "r", EventBusName: Name, EventPattern: '{"source":["a"]}' }));
    expect(await failure(events.send(new DeleteEventBusCommand({ Name })))).toMatch(/since it has rules/);
    await events.send(new DeleteRuleCommand({ Name: "r", EventBusName: Name }));
    await events.send(new DeleteEventBusCommand({ Name }));
    expect(await failure(events.send(new DescribeEventBusCommand({ Name })))).toBe(
      `ResourceNotFoundException: Event bus ${Name} does not exist.`,
    );
    expect(await failure(events.send(new DeleteEventBusCommand({ Name: "default" })))).toBe(
      "ValidationException: Cannot delete event bus default.",
    );
  });

  it("take events of other accounts where their policy allows it", async () => {
    const other = "111111111111";
    const Name = test.name("bus");
    await test.events.send(new CreateEventBusCommand({ Name }));
    const queue = await test.queue();
    await test.rule({ account: [other] }, { Arn: queue.arn }, Name);
    const Entries = [{ EventBusName: `${ARN}:event-bus/${Name}`, Source: "s", DetailType: "t", Detail: "{}" }];
    const send = () => test.of(other).send(new PutEventsCommand({ Entries }));
    expect(await failure(send())).toMatch(/^AccessDeniedException/);
    const allow = { EventBusName: Name, Action: "events:PutEvents", Principal: other, StatementId: "them" };
    await test.events.send(new PutPermissionCommand(allow));
    expect((await send()).FailedEntryCount).toBe(0);
    expect(await test.bodies(queue)).toHaveLength(1);
    expect(JSON.parse((await test.events.send(new DescribeEventBusCommand({ Name }))).Policy!)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "them",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${other}:root` },
          Action: "events:PutEvents",
          Resource: `${ARN}:event-bus/${Name}`,
        },
      ],
    });
    await test.events.send(new RemovePermissionCommand({ EventBusName: Name, StatementId: "them" }));
    expect(await failure(send())).toMatch(/^AccessDeniedException/);
    expect(await failure(test.events.send(new RemovePermissionCommand({ EventBusName: Name, StatementId: "x" })))).toBe(
      "ResourceNotFoundException: EventBus does not have a policy.",
    );
  });
});

describe("rules", () => {
  it("are put, described, disabled, listed by prefix and page, and deleted without targets", async () => {
    const { events } = test;
    const Name = test.name("listed");
    const EventPattern = JSON.stringify({ source: ["shop"] });
    const { RuleArn } = await events.send(new PutRuleCommand({ Name, EventPattern, Description: "d" }));
    expect(RuleArn).toBe(`${ARN}:rule/${Name}`);
    await events.send(new DisableRuleCommand({ Name }));
    const { $metadata: _, ...rule } = await events.send(new DescribeRuleCommand({ Name }));
    expect(rule).toEqual({
      Name,
      Arn: RuleArn,
      EventBusName: "default",
      EventPattern,
      State: "DISABLED",
      Description: "d",
      CreatedBy: ACCOUNT,
    });
    await events.send(new EnableRuleCommand({ Name }));
    const second = test.name("listed");
    await events.send(new PutRuleCommand({ Name: second, EventPattern }));
    const first = await events.send(new ListRulesCommand({ NamePrefix: "listed", Limit: 1 }));
    const rest = await events.send(new ListRulesCommand({ NamePrefix: "listed", NextToken: first.NextToken }));
    expect([...first.Rules!, ...rest.Rules!].map((one) => one.Name).toSorted()).toEqual([Name, second].toSorted());
    const queue = await test.queue();
    await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "q", Arn: queue.arn }] }));
    expect((await events.send(new ListRuleNamesByTargetCommand({ TargetArn: queue.arn }))).RuleNames).toEqual([Name]);
    expect((await events.send(new ListTargetsByRuleCommand({ Rule: Name }))).Targets).toEqual([
      { Id: "q", Arn: queue.arn },
    ]);
    expect(await failure(events.send(new DeleteRuleCommand({ Name })))).toBe(
      "ValidationException: Rule can't be deleted since it has targets.",
    );
    const removed = await events.send(new RemoveTargetsCommand({ Rule: Name, Ids: ["q", "z"] }));
    expect(removed).toMatchObject({
      FailedEntryCount: 1,
      FailedEntries: [{ TargetId: "z", ErrorCode: "ResourceNotFoundException" }],
    });
    await events.send(new DeleteRuleCommand({ Name }));
    await events.send(new DeleteRuleCommand({ Name }));
    expect(await failure(events.send(new DescribeRuleCommand({ Name })))).toBe(
      `ResourceNotFoundException: Rule ${Name} does not exist on EventBus default.`,
    );
  });

  it("are refused in AWS's words", async () => {
    const put = (more: object) => failure(test.events.send(new PutRuleCommand({ Name: "bad", ...more })));
    expect(await put({})).toBe(
      "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
    );
    expect(await put({ EventPattern: '{"source":"shop"}' })).toMatch(
      /^InvalidEventPatternException: Event pattern is not valid. Reason: "source" must be an object or an array/,
    );
    expect(await put({ EventPattern: "{}" })).toMatch(/Empty objects are not allowed/);
    for (const expression of [
      "rate(1 minutes)",
      "rate(5 minute)",
      "rate(0 minutes)",
      "cron(* * * * *)",
      "at(2026-01-01T00:00:00)",
    ])
      expect(await put({ ScheduleExpression: expression }), expression).toBe(
        "ValidationException: Parameter ScheduleExpression is not valid.",
      );
    const Name = test.name("bus");
    await test.events.send(new CreateEventBusCommand({ Name }));
    expect(await put({ ScheduleExpression: "rate(1 minute)", EventBusName: Name })).toBe(
      "ValidationException: ScheduleExpression is supported only on the default event bus.",
    );
  });

  it("test a pattern against an event", async () => {
    const event = {
      id: "1",
      account: ACCOUNT,
      source: "shop",
      time: "2026-01-01T00:00:00Z",
      region: "r",
      resources: [],
      "detail-type": "t",
    };
    const check = (pattern: object, given: object = event) =>
      test.events.send(
        new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: JSON.stringify(given) }),
      );
    expect((await check({ source: [{ prefix: "sh" }] })).Result).toBe(true);
    expect((await check({ source: [{ "anything-but": "shop" }] })).Result).toBe(false);
    expect(await failure(check({ source: ["a"] }, {}))).toMatch(/^ValidationException: Parameter Event is not valid/);
  });

  const MATCHING: [pattern: object, matches: boolean][] = [
    [{ detail: { name: ["Ann"] } }, true],
    [{ detail: { name: [{ prefix: "A" }], size: [1] } }, false],
    [{ detail: { name: [{ suffix: "nn" }] } }, true],
    [{ detail: { name: [{ "equals-ignore-case": "ANN" }] } }, true],
    [{ detail: { name: [{ prefix: { "equals-ignore-case": "aN" } }] } }, true],
    [{ detail: { name: [{ wildcard: "A*n" }] } }, true],
    [{ detail: { name: [{ "anything-but": ["Ann", "Bob"] }] } }, false],
    [{ detail: { name: [{ "anything-but": { prefix: "B" } }] } }, true],
    [{ detail: { name: [{ "anything-but": { wildcard: "*n*" } }] } }, false],
    [{ detail: { size: [{ numeric: [">", 10, "<=", 12.5] }] } }, true],
    [{ detail: { size: [{ numeric: ["<", 10] }] } }, false],
    [{ detail: { ip: [{ cidr: "10.0.0.0/8" }] } }, true],
    [{ detail: { gone: [{ exists: false }] } }, true],
    [{ detail: { name: [{ exists: false }] } }, false],
    [{ detail: { tags: ["b", "z"] } }, true],
    [{ detail: { none: [null], yes: [true] } }, true],
    [{ $or: [{ source: ["bank"] }, { detail: { yes: [true] } }] }, true],
    [{ $or: [{ source: ["bank"] }, { detail: { yes: [false] } }] }, false],
    [{ resources: [{ suffix: ":2" }] }, true],
  ];
  it.each(MATCHING)("match %j: %j, asked alone and on a bus", async (pattern, matches) => {
    const bus = test.name("bus");
    await test.events.send(new CreateEventBusCommand({ Name: bus }));
    const detail = { name: "Ann", size: 12.5, ip: "10.1.2.3", tags: ["a", "b"], none: null, yes: true };
    const entry = { Source: "shop", DetailType: "t", Detail: JSON.stringify(detail), Resources: ["arn:1", "arn:2"] };
    const [queue, all] = [await test.queue(), await test.queue()];
    await test.rule(pattern, { Arn: queue.arn }, bus);
    await test.rule({ source: ["shop"] }, { Arn: all.arn }, bus);
    await test.put({ ...entry, EventBusName: bus });
    expect(await test.bodies(queue)).toHaveLength(matches ? 1 : 0);
    const [Event] = await test.bodies(all);
    const EventPattern = JSON.stringify(pattern);
    expect((await test.events.send(new TestEventPatternCommand({ EventPattern, Event }))).Result).toBe(matches);
  });

  it("run by the clock: rates from when they were put, cron in UTC", async () => {
    const queue = await test.queue();
    const Name = test.name("scheduled");
    await test.events.send(new PutRuleCommand({ Name, ScheduleExpression: "rate(5 minutes)" }));
    await test.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "q", Arn: queue.arn }] }));
    await test.cloud.clock.advance("16 minutes");
    const ran = (await test.bodies(queue)).map((body) => JSON.parse(body) as Record<string, unknown>);
    expect(ran.map(({ time }) => time)).toEqual([
      "2026-11-24T09:05:00Z",
      "2026-11-24T09:10:00Z",
      "2026-11-24T09:15:00Z",
    ]);
    expect(ran[0]).toEqual({
      version: "0",
      id: expect.any(String),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: ACCOUNT,
      time: "2026-11-24T09:05:00Z",
      region: "us-east-1",
      resources: [`${ARN}:rule/${Name}`],
      detail: {},
    });
    await test.events.send(new PutRuleCommand({ Name, ScheduleExpression: "cron(30 9,10 * * ? *)" }));
    await test.cloud.clock.advance("2 hours");
    expect((await test.bodies(queue)).map((body) => (JSON.parse(body) as { time: string }).time)).toEqual([
      "2026-11-24T09:30:00Z",
      "2026-11-24T10:30:00Z",
    ]);
    await test.events.send(new DisableRuleCommand({ Name }));
    await test.cloud.clock.advance("1 day");
    expect(await test.bodies(queue)).toEqual([]);
  });
});

describe("PutEvents", () => {
  it("answers an id for each entry taken and why others are not", async () => {
    const good = { Source: "shop", DetailType: "t", Detail: "{}" };
    const answer = await test.put(
      good,
      { ...good, Source: "aws.shop" },
      { ...good, Detail: "[" },
      { DetailType: "t", Detail: "{}" },
      { ...good, EventBusName: "nowhere" },
    );
    expect(answer.FailedEntryCount).toBe(3);
    expect(answer.Entries).toEqual([
      { EventId: expect.any(String) },
      { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." },
      { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." },
      {
        ErrorCode: "InvalidArgument",
        ErrorMessage: "Parameter Source is not valid. Reason: Source is a required argument.",
      },
      { EventId: expect.any(String) },
    ]);
    expect(await failure(test.put(...Array.from({ length: 11 }, () => good)))).toMatch(
      /^ValidationException: .*entries/,
    );
    const large = { ...good, Detail: JSON.stringify({ x: "x".repeat(1024 * 1024) }) };
    expect(await failure(test.put(large))).toBe(
      "ValidationException: Total size of the entries in the request is over the limit.",
    );
  });

  it("makes the event that targets get", async () => {
    const queue = await test.queue();
    await test.rule({ source: ["exact"] }, { Arn: queue.arn });
    const Time = new Date(START_MS - 5500);
    const { Entries } = await test.put({
      Source: "exact",
      DetailType: "T",
      Detail: '{"a":{"b":[1]}}',
      Resources: ["r"],
      Time,
    });
    expect((await test.bodies(queue)).map((body) => JSON.parse(body) as unknown)).toEqual([
      {
        version: "0",
        id: Entries![0]!.EventId,
        "detail-type": "T",
        source: "exact",
        account: ACCOUNT,
        time: "2026-11-24T08:59:54Z",
        region: "us-east-1",
        resources: ["r"],
        detail: { a: { b: [1] } },
      },
    ]);
  });
});
