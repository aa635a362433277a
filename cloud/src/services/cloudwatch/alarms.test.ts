import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricStatisticsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let client: CloudWatchClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 4, 1, 9) });
  client = cloud.client(CloudWatchClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

const put = (MetricName: string, Value: number, more: object = {}) =>
  client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData: [{ MetricName, Value, ...more }] }));

function alarm(AlarmName: string, MetricName: string, more: Partial<PutMetricAlarmCommandInput> = {}) {
  return client.send(
    new PutMetricAlarmCommand({
      AlarmName,
      MetricName,
      Namespace: "Shop",
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      ...more,
    }),
  );
}

async function describeAlarm(name: string) {
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return MetricAlarms![0]!;
}

const stateOf = async (name: string) => (await describeAlarm(name)).StateValue;

async function history(AlarmName: string, HistoryItemType: "StateUpdate" | "Action" | "ConfigurationUpdate") {
  const { AlarmHistoryItems } = await client.send(new DescribeAlarmHistoryCommand({ AlarmName, HistoryItemType }));
  return AlarmHistoryItems!;
}

describe("an alarm", () => {
  test("is described as it was made", async () => {
    const more = { AlarmDescription: "too many", Dimensions: [{ Name: "Floor", Value: "1" }], Unit: "Count" as const };
    await alarm("described", "Described", { ...more, OKActions: ["arn:aws:sns:us-east-1:000000000000:t"] });
    const now = cloud.clock.date();
    expect(await describeAlarm("described")).toEqual({
      ActionsEnabled: true,
      AlarmActions: [],
      AlarmArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:described",
      AlarmConfigurationUpdatedTimestamp: now,
      AlarmName: "described",
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      EvaluationPeriods: 1,
      InsufficientDataActions: [],
      MetricName: "Described",
      Namespace: "Shop",
      OKActions: ["arn:aws:sns:us-east-1:000000000000:t"],
      Period: 60,
      StateReason: "Unchecked: Initial alarm creation",
      StateTransitionedTimestamp: now,
      StateUpdatedTimestamp: now,
      StateValue: "INSUFFICIENT_DATA",
      Statistic: "Sum",
      Threshold: 1,
      ...more,
    });
    const find = (extra: object) =>
      client.send(new DescribeAlarmsForMetricCommand({ Namespace: "Shop", MetricName: "Described", ...extra }));
    expect((await find({ Dimensions: more.Dimensions })).MetricAlarms).toHaveLength(1);
    expect((await find({})).MetricAlarms).toEqual([]);
  });

  test("is listed by prefix, state and action, in pages", async () => {
    for (const name of ["list-a", "list-b", "list-c"])
      await alarm(name, "List", { AlarmActions: [`arn:aws:sns:us-east-1:000000000000:${name}`] });
    const list = async (more: object) => {
      const answer = await client.send(new DescribeAlarmsCommand(more));
      return { names: answer.MetricAlarms?.map(({ AlarmName }) => AlarmName), token: answer.NextToken };
    };
    const first = await list({ AlarmNamePrefix: "list-", MaxRecords: 2 });
    expect(first.names).toEqual(["list-a", "list-b"]);
    expect((await list({ AlarmNamePrefix: "list-", MaxRecords: 2, NextToken: first.token })).names).toEqual(["list-c"]);
    expect((await list({ ActionPrefix: "arn:aws:sns:us-east-1:000000000000:list-b" })).names).toEqual(["list-b"]);
    expect((await list({ AlarmNamePrefix: "list-", StateValue: "ALARM" })).names).toEqual([]);
    await expect(list({ AlarmNamePrefix: "x", AlarmNames: ["y"] })).rejects.toMatchObject({
      message: expect.stringContaining("mutually exclusive"),
    });
  });
});

describe("evaluation", () => {
  test("a metric without values: INSUFFICIENT_DATA, or as missing data is to be treated", async () => {
    await alarm("silent", "Nothing");
    await alarm("silent-ok", "Nothing", { TreatMissingData: "notBreaching" });
    await alarm("silent-bad", "Nothing", { TreatMissingData: "breaching", EvaluationPeriods: 2 });
    await alarm("silent-same", "Nothing", { TreatMissingData: "ignore" });
    await cloud.clock.advance("1 min");
    expect(await stateOf("silent")).toBe("INSUFFICIENT_DATA");
    expect(await stateOf("silent-same")).toBe("INSUFFICIENT_DATA");
    expect(await describeAlarm("silent-ok")).toMatchObject({
      StateValue: "OK",
      StateReason:
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
    });
    const bad = await describeAlarm("silent-bad");
    expect(bad).toMatchObject({
      StateValue: "ALARM",
      StateReason:
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
    });
    expect(JSON.parse(bad.StateReasonData!)).toEqual({
      version: "1.0",
      queryDate: "2026-05-01T09:01:00.000+0000",
      statistic: "Sum",
      period: 60,
      recentDatapoints: [],
      threshold: 1,
      evaluatedDatapoints: [
        { timestamp: "2026-05-01T09:00:00.000+0000" },
        { timestamp: "2026-05-01T08:59:00.000+0000" },
      ],
    });
  });

  test("goes into ALARM when the threshold is crossed and back when it is not, with its history", async () => {
    await alarm("errors", "Errors", { TreatMissingData: "notBreaching", Threshold: 3 });
    await put("Errors", 2);
    await cloud.clock.advance("1 min");
    expect(await stateOf("errors")).toBe("OK");
    await put("Errors", 2);
    await put("Errors", 1);
    await cloud.clock.advance("1 min");
    const gone = await describeAlarm("errors");
    expect(gone).toMatchObject({
      StateValue: "ALARM",
      StateReason:
        "Threshold Crossed: 1 datapoint [3.0 (01/05/26 09:02:00)] was greater than or equal to the threshold (3.0).",
    });
    expect(JSON.parse(gone.StateReasonData!)).toMatchObject({
      startDate: "2026-05-01T09:02:00.000+0000",
      recentDatapoints: [3],
      evaluatedDatapoints: [{ timestamp: "2026-05-01T09:02:00.000+0000", sampleCount: 2, value: 3 }],
    });
    await put("Errors", 0);
    await cloud.clock.advance("1 min");
    expect(await stateOf("errors")).toBe("OK");
    expect((await history("errors", "StateUpdate")).map((item) => item.HistorySummary)).toEqual([
      "Alarm updated from ALARM to OK",
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
    ]);
    const [latest] = await history("errors", "StateUpdate");
    expect(JSON.parse(latest!.HistoryData!)).toMatchObject({
      version: "1.0",
      oldState: { stateValue: "ALARM", stateReasonData: { recentDatapoints: [3] } },
      newState: { stateValue: "OK", stateReasonData: { recentDatapoints: [0] } },
    });
    expect((await history("errors", "ConfigurationUpdate")).map((item) => item.HistorySummary)).toEqual([
      'Alarm "errors" created',
    ]);
  });

  test("the newest values decide for some periods more, then it is missing data", async () => {
    await alarm("once", "Once", { TreatMissingData: "notBreaching" });
    await put("Once", 5);
    const states: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      await cloud.clock.advance("1 min");
      states.push(await stateOf("once"));
    }
    expect(states).toEqual(["ALARM", "ALARM", "ALARM", "OK"]);
  });

  test("M out of N, and what it says", async () => {
    await alarm("flaky", "Flaky", { EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: "notBreaching" });
    for (const [value, expected] of [
      [1, "OK"],
      [0, "OK"],
      [1, "ALARM"],
      [0, "OK"],
    ] as const) {
      await put("Flaky", value);
      await cloud.clock.advance("1 min");
      expect(await stateOf("flaky")).toBe(expected);
    }
    const [back, went] = await history("flaky", "StateUpdate");
    const reason = (item: typeof back) =>
      (JSON.parse(item!.HistoryData!) as { newState: { stateReason: string } }).newState.stateReason.replaceAll(
        / \([^)]*:00\)/g,
        "",
      );
    expect(reason(went)).toBe(
      "Threshold Crossed: 3 out of the last 3 datapoints [1.0, 0.0, 1.0] were greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).",
    );
    expect(reason(back)).toBe(
      "Threshold Crossed: 3 out of the last 3 datapoints [0.0, 1.0, 0.0] were not greater than or equal to the threshold (1.0) (minimum 2 datapoints for ALARM -> OK transition).",
    );
  });

  test("all four comparisons", async () => {
    const expected = {
      GreaterThanThreshold: ["OK", "OK", "ALARM"],
      GreaterThanOrEqualToThreshold: ["OK", "ALARM", "ALARM"],
      LessThanThreshold: ["ALARM", "OK", "OK"],
      LessThanOrEqualToThreshold: ["ALARM", "ALARM", "OK"],
    } as const;
    for (const name of Object.keys(expected) as (keyof typeof expected)[])
      await alarm(name, "Compared", { ComparisonOperator: name, Threshold: 5, Statistic: "Maximum" });
    for (const [i, value] of [4, 5, 6].entries()) {
      await put("Compared", value);
      await cloud.clock.advance("1 min");
      for (const [name, states] of Object.entries(expected))
        expect(await stateOf(name), `${name} ${value}`).toBe(states[i]);
    }
  });

  test("on percentiles, with too few samples ignored where asked", async () => {
    const more = { Statistic: undefined, ExtendedStatistic: "p90", Threshold: 100 };
    await alarm("p90", "Tail", more);
    await alarm("p90-sure", "Tail", { ...more, EvaluateLowSampleCountPercentile: "ignore" });
    for (let i = 0; i < 10; i++) await put("Tail", i < 8 ? 1 : 500);
    await cloud.clock.advance("1 min");
    expect(await stateOf("p90")).toBe("ALARM");
    expect(await stateOf("p90-sure")).toBe("INSUFFICIENT_DATA");
  });

  test("of ten seconds", async () => {
    await alarm("fast", "Fast", { Period: 10 });
    await put("Fast", 1, { StorageResolution: 1 });
    await cloud.clock.advance("10s");
    expect(await stateOf("fast")).toBe("ALARM");
  });

  test("of five minutes, looked at every minute", async () => {
    await alarm("slow", "Slow", { Period: 300, Threshold: 2, TreatMissingData: "notBreaching" });
    await put("Slow", 1);
    await cloud.clock.advance("3 min");
    expect(await stateOf("slow")).toBe("OK");
    await put("Slow", 1);
    await cloud.clock.advance("1 min");
    expect(await stateOf("slow")).toBe("ALARM");
  });

  test("on an expression", async () => {
    const stat = (MetricName: string) => ({ Metric: { Namespace: "Shop", MetricName }, Period: 60, Stat: "Sum" });
    const Metrics = [
      { Id: "bad", MetricStat: stat("Bad"), ReturnData: false },
      { Id: "all", MetricStat: stat("All"), ReturnData: false },
      { Id: "rate", Expression: "100 * bad / all", Label: "error rate" },
    ];
    const single = { MetricName: undefined, Namespace: undefined, Statistic: undefined, Period: undefined };
    await alarm("rate", "", { ...single, Metrics, Threshold: 10 });
    await put("Bad", 2);
    await put("All", 10);
    await cloud.clock.advance("1 min");
    expect(await describeAlarm("rate")).toMatchObject({ StateValue: "ALARM", Metrics });
    await put("Bad", 0);
    await put("All", 10);
    await cloud.clock.advance("1 min");
    expect(await stateOf("rate")).toBe("OK");
    await expect(alarm("rate", "", { ...single, Metrics: Metrics.slice(0, 2) })).rejects.toThrow(
      "Exactly one element of the metrics list should return data.",
    );
    await expect(alarm("rate", "", { ...single, Metrics, Period: 60 })).rejects.toThrow(/mutually exclusive/);
    await expect(alarm("rate", "", { ...single, Metrics: [{ Id: "e", Expression: "none" }] })).rejects.toThrow(
      /Error in expression/,
    );
  });

  test("an alarm without news costs nothing, however far the clock moves", async () => {
    const evaluations = () => cloud.kernel.timers.find("cloudwatch.evaluation", "000000000000/us-east-1/errors");
    await cloud.clock.advance("1 hour");
    expect(evaluations()).toBeUndefined();
    await cloud.clock.advance("60 days");
    await put("Errors", 5);
    await cloud.clock.advance("1 min");
    expect(await stateOf("errors")).toBe("ALARM");
  });
});

describe("SetAlarmState", () => {
  test("holds until the next evaluation", async () => {
    await alarm("drill", "Drill", { TreatMissingData: "notBreaching" });
    await cloud.clock.advance("1 min");
    await client.send(
      new SetAlarmStateCommand({
        AlarmName: "drill",
        StateValue: "ALARM",
        StateReason: "a drill",
        StateReasonData: '{"who":"me"}',
      }),
    );
    expect(await describeAlarm("drill")).toMatchObject({
      StateValue: "ALARM",
      StateReason: "a drill",
      StateReasonData: '{"who":"me"}',
    });
    await cloud.clock.advance("1 min");
    expect(await stateOf("drill")).toBe("OK");
  });

  test("refuses what is wrong", async () => {
    const set = (AlarmName: string, more: object = {}) =>
      client.send(new SetAlarmStateCommand({ AlarmName, StateValue: "OK", StateReason: "x", ...more }));
    await expect(set("nobody")).rejects.toMatchObject({ name: "ResourceNotFound" });
    await expect(set("drill", { StateReasonData: "{" })).rejects.toMatchObject({ Code: "InvalidFormat" });
    await expect(set("drill", { StateValue: "BAD" })).rejects.toMatchObject({
      message: expect.stringContaining("enum value set"),
    });
  });
});

describe("actions", () => {
  const topic = "arn:aws:automate:us-east-1:ec2:reboot";
  const set = (AlarmName: string, StateValue: "ALARM" | "OK") =>
    client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "drill" }));

  test("what cannot run is told in the history", async () => {
    await alarm("page-me", "Pages", { AlarmActions: [topic] });
    await set("page-me", "ALARM");
    await cloud.settled();
    const [item] = await history("page-me", "Action");
    expect(item!.HistorySummary).toMatch(/^Failed to execute action .*does not emulate alarm actions of automate/);
  });

  test("may be switched off and on", async () => {
    await alarm("quiet", "Quiet", { AlarmActions: [topic], OKActions: [topic] });
    await client.send(new DisableAlarmActionsCommand({ AlarmNames: ["quiet"] }));
    expect(await describeAlarm("quiet")).toMatchObject({ ActionsEnabled: false });
    await set("quiet", "ALARM");
    await cloud.settled();
    expect(await history("quiet", "Action")).toEqual([]);
    await client.send(new EnableAlarmActionsCommand({ AlarmNames: ["quiet"] }));
    await set("quiet", "OK");
    await cloud.settled();
    expect(await history("quiet", "Action")).toHaveLength(1);
  });
});

test("wrong alarms are refused, what is not emulated by name", async () => {
  await expect(alarm("bad", "x", { Period: 45 })).rejects.toThrow("Period must be 10, 20, 30 or a multiple of 60");
  await expect(alarm("bad", "x", { EvaluationPeriods: 1441 })).rejects.toThrow(/more than a day/);
  await expect(alarm("bad", "x", { Period: 3600, EvaluationPeriods: 169 })).rejects.toThrow(/more than seven days/);
  await expect(alarm("bad", "x", { DatapointsToAlarm: 2 })).rejects.toThrow(/less than or equal to EvaluationPeriods/);
  await expect(alarm("bad", "x", { TreatMissingData: "maybe" })).rejects.toThrow(/TreatMissingData/);
  await expect(alarm("bad", "x", { ExtendedStatistic: "p99" })).rejects.toThrow(/mutually exclusive/);
  await expect(alarm("bad", "x", { Statistic: undefined })).rejects.toThrow(/At least one of the parameters/);
  await expect(alarm("bad", "x", { ThresholdMetricId: "ad" })).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(alarm("bad", "x", { ComparisonOperator: "GreaterThanUpperThreshold" })).rejects.toMatchObject({
    name: "NotImplemented",
  });
});

test("tags stay with their alarm", async () => {
  await alarm("tagged", "x", { Tags: [{ Key: "team", Value: "tea" }] });
  const ResourceARN = (await describeAlarm("tagged")).AlarmArn!;
  const list = async () => (await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags;
  await alarm("tagged", "x", { Tags: [{ Key: "ignored", Value: "on update" }] });
  await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "stage", Value: "test" }] }));
  expect(await list()).toEqual([
    { Key: "team", Value: "tea" },
    { Key: "stage", Value: "test" },
  ]);
  await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
  expect(await list()).toEqual([{ Key: "stage", Value: "test" }]);
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ["tagged"] }));
  await expect(list()).rejects.toThrow("Unknown resource");
});

describe("metrics of services", () => {
  test("an alarm on a queue is not put off by another alarm that is looked at in the same moment, every minute", async () => {
    const sqs = cloud.client(SQSClient);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "watched" }));
    const onQueue = (MetricName: string) => ({
      Namespace: "AWS/SQS",
      MetricName,
      Dimensions: [{ Name: "QueueName", Value: "watched" }],
      Statistic: "Maximum" as const,
      TreatMissingData: "notBreaching",
    });
    for (const name of ["queue-1", "queue-2", "queue-3"])
      await alarm(name, "", onQueue("ApproximateNumberOfMessagesVisible"));
    await cloud.clock.advance("5 min");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "too late" }));
    await cloud.clock.advance("4 min");
    for (const name of ["queue-1", "queue-2", "queue-3"]) expect([name, await stateOf(name)]).toEqual([name, "ALARM"]);
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await cloud.clock.advance("4 min");
    for (const name of ["queue-1", "queue-2", "queue-3"]) expect([name, await stateOf(name)]).toEqual([name, "OK"]);
  });

  test("an asynchronous invocation that throws counts as an error of the function, each try", async () => {
    const role = await cloud.call("iam", "CreateRole", {
      RoleName: "thrower",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      }),
    });
    const code = 'exports.handler = async () => { throw new Error("no"); };';
    await cloud.call("lambda", "CreateFunction", {
      FunctionName: "thrower",
      Role: role.Role!.Arn!,
      Runtime: "nodejs20.x",
      Handler: "index.handler",
      Code: { ZipFile: zipSync({ "index.js": Buffer.from(code) }) },
    });
    await cloud.settled();
    await alarm("thrower", "Errors", {
      Namespace: "AWS/Lambda",
      Dimensions: [{ Name: "FunctionName", Value: "thrower" }],
      TreatMissingData: "notBreaching",
    });
    const startMs = cloud.clock.now();
    await cloud.call("lambda", "Invoke", { FunctionName: "thrower", InvocationType: "Event" });
    await cloud.settled();
    await cloud.clock.advance("2 min");
    expect(await stateOf("thrower")).toBe("ALARM");
    await cloud.clock.advance("10 min");
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/Lambda",
        MetricName: "Errors",
        Dimensions: [{ Name: "FunctionName", Value: "thrower" }],
        StartTime: new Date(startMs - 60_000),
        EndTime: cloud.clock.date(),
        Period: 3600,
        Statistics: ["Sum"],
      }),
    );
    expect(Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0)).toBe(3);
  });
});
