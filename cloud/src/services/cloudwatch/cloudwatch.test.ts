import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let client: CloudWatchClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 4, 1, 9) });
  client = cloud.client(CloudWatchClient);
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

async function stateOf(name: string) {
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return MetricAlarms![0]!;
}

describe("metrics", () => {
  test("statistics over periods, percentiles, and the newest first unless asked otherwise", async () => {
    const StartTime = cloud.clock.date();
    for (const value of [1, 2, 3, 10]) await put("Latency", value, { Unit: "Milliseconds" });
    await cloud.clock.advance("2 min");
    await put("Latency", 7, { Unit: "Milliseconds" });
    await cloud.clock.advance("1 min");
    const EndTime = cloud.clock.date();
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: "Shop",
        MetricName: "Latency",
        StartTime,
        EndTime,
        Period: 60,
        Statistics: ["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
        ExtendedStatistics: ["p50"],
      }),
    );
    expect(Datapoints).toEqual([
      {
        Timestamp: StartTime,
        Unit: "Milliseconds",
        Sum: 16,
        Average: 4,
        Minimum: 1,
        Maximum: 10,
        SampleCount: 4,
        ExtendedStatistics: { p50: 2 },
      },
      expect.objectContaining({ Sum: 7, SampleCount: 1 }),
    ]);
    const query = {
      Id: "m",
      MetricStat: { Metric: { Namespace: "Shop", MetricName: "Latency" }, Period: 60, Stat: "Sum" },
    };
    const newest = await client.send(new GetMetricDataCommand({ StartTime, EndTime, MetricDataQueries: [query] }));
    expect(newest.MetricDataResults![0]!.Values).toEqual([7, 16]);
    await expect(
      client.send(
        new GetMetricDataCommand({
          StartTime,
          EndTime,
          MetricDataQueries: [{ Id: "e", Expression: "SUM(METRICS())" }],
        }),
      ),
    ).rejects.toThrow("Katachi does not emulate GetMetricData with an Expression (metric math)");
  });

  test("dimensions identify a metric, whatever their order", async () => {
    const Dimensions = [
      { Name: "Shop", Value: "Kyoto" },
      { Name: "Floor", Value: "1" },
    ];
    await put("Visitors", 1, { Dimensions });
    await put("Visitors", 2, { Dimensions: [...Dimensions].reverse() });
    await put("Visitors", 5);
    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: "Shop", MetricName: "Visitors" }));
    expect(Metrics!.map((metric) => metric.Dimensions!.length).sort()).toEqual([0, 2]);
    const some = await client.send(new ListMetricsCommand({ Dimensions: [{ Name: "Shop" }] }));
    expect(some.Metrics).toHaveLength(1);
  });

  test("bad data is refused in CloudWatch's words", async () => {
    const send = (datum: object, Namespace = "Shop") =>
      client.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: "x", ...datum }] }));
    await expect(send({})).rejects.toThrow(/At least one of the parameters/);
    await expect(send({ Value: 1, Values: [1] })).rejects.toThrow(/mutually exclusive/);
    await expect(send({ Value: 1 }, "AWS/Lambda")).rejects.toThrow(/Reserved for AWS services/);
    await expect(send({ Value: 1, Timestamp: new Date(0) })).rejects.toThrow(/within the past two weeks/);
  });
});

describe("alarms", () => {
  test("a metric without values: INSUFFICIENT_DATA, or as missing data is to be treated", async () => {
    await alarm("silent", "Nothing");
    await alarm("silent-ok", "Nothing", { TreatMissingData: "notBreaching" });
    await alarm("silent-bad", "Nothing", { TreatMissingData: "breaching" });
    await cloud.clock.advance("1 min");
    expect((await stateOf("silent")).StateValue).toBe("INSUFFICIENT_DATA");
    expect((await stateOf("silent-ok")).StateValue).toBe("OK");
    expect(await stateOf("silent-bad")).toMatchObject({
      StateValue: "ALARM",
      StateReason:
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
    });
  });

  test("goes into ALARM when the threshold is crossed and back when it is not, with its history", async () => {
    await alarm("errors", "Errors", { TreatMissingData: "notBreaching", Threshold: 3 });
    await put("Errors", 2);
    await cloud.clock.advance("1 min");
    expect((await stateOf("errors")).StateValue).toBe("OK");
    await put("Errors", 2);
    await put("Errors", 1);
    await cloud.clock.advance("1 min");
    expect(await stateOf("errors")).toMatchObject({
      StateValue: "ALARM",
      StateReason:
        "Threshold Crossed: 1 out of the last 1 datapoint [3.0] was greater than or equal to the threshold (3.0) (minimum 1 datapoint for OK -> ALARM transition).",
    });
    await cloud.clock.advance("1 min");
    expect((await stateOf("errors")).StateValue).toBe("OK");
    const { AlarmHistoryItems } = await client.send(
      new DescribeAlarmHistoryCommand({ AlarmName: "errors", HistoryItemType: "StateUpdate" }),
    );
    expect(AlarmHistoryItems!.map((item) => item.HistorySummary)).toEqual([
      "Alarm updated from ALARM to OK",
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
    ]);
  });

  test("M out of N", async () => {
    await alarm("flaky", "Flaky", { EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: "notBreaching" });
    for (const [value, expected] of [
      [1, "OK"],
      [0, "OK"],
      [1, "ALARM"],
    ] as const) {
      await put("Flaky", value);
      await cloud.clock.advance("1 min");
      expect((await stateOf("flaky")).StateValue).toBe(expected);
    }
  });

  test("an action that cannot run is told in the history", async () => {
    await alarm("page-me", "Pages", {
      AlarmActions: ["arn:aws:automate:us-east-1:ec2:reboot"],
      TreatMissingData: "notBreaching",
    });
    await client.send(new SetAlarmStateCommand({ AlarmName: "page-me", StateValue: "ALARM", StateReason: "drill" }));
    await cloud.settled();
    const { AlarmHistoryItems } = await client.send(
      new DescribeAlarmHistoryCommand({ AlarmName: "page-me", HistoryItemType: "Action" }),
    );
    expect(AlarmHistoryItems![0]!.HistorySummary).toMatch(
      /^Failed to execute action .*does not emulate alarm actions of automate/,
    );
  });

  test("wrong alarms are refused; unknown ones are not found; tags stay with their alarm", async () => {
    await expect(alarm("bad", "x", { Period: 45 })).rejects.toThrow(/multiple of 60/);
    await expect(alarm("bad", "x", { DatapointsToAlarm: 2 })).rejects.toThrow(
      /less than or equal to EvaluationPeriods/,
    );
    await expect(
      client.send(new SetAlarmStateCommand({ AlarmName: "nope", StateValue: "OK", StateReason: "x" })),
    ).rejects.toMatchObject({ name: "ResourceNotFound" });
    await alarm("tagged", "x", { Tags: [{ Key: "team", Value: "tea" }] });
    const ResourceARN = (await stateOf("tagged")).AlarmArn!;
    expect((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
      { Key: "team", Value: "tea" },
    ]);
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ["tagged"] }));
    await expect(client.send(new ListTagsForResourceCommand({ ResourceARN }))).rejects.toThrow("Unknown resource");
  });
});
