import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
  type GetMetricDataCommandInput,
  type GetMetricStatisticsCommandInput,
  type MetricDataQuery,
  type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

const MINUTE_MS = 60_000;
let cloud: Cloud;
let client: CloudWatchClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 4, 1, 9) });
  client = cloud.client(CloudWatchClient, { maxAttempts: 1 });
});
afterAll(() => cloud.close());

const put = (MetricName: string, Value: number, more: Partial<MetricDatum> = {}) =>
  client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData: [{ MetricName, Value, ...more }] }));

const statistics = async (MetricName: string, more: Partial<GetMetricStatisticsCommandInput> = {}) => {
  const StartTime = new Date(cloud.clock.now() - 10 * MINUTE_MS);
  const EndTime = new Date(cloud.clock.now() + MINUTE_MS);
  const input = { Namespace: "Shop", MetricName, StartTime, EndTime, Period: 60, ...more };
  return (await client.send(new GetMetricStatisticsCommand(input))).Datapoints!;
};

function metric(Id: string, MetricName: string, Stat = "Sum", Period = 60): MetricDataQuery {
  return { Id, MetricStat: { Metric: { Namespace: "Shop", MetricName }, Period, Stat } };
}

const data = (MetricDataQueries: MetricDataQuery[], more: Partial<GetMetricDataCommandInput> = {}) => {
  const StartTime = new Date(cloud.clock.now() - 10 * MINUTE_MS);
  const EndTime = new Date(cloud.clock.now() + MINUTE_MS);
  return client.send(
    new GetMetricDataCommand({ StartTime, EndTime, MetricDataQueries, ScanBy: "TimestampAscending", ...more }),
  );
};

describe("GetMetricStatistics", () => {
  test("statistics over periods", async () => {
    const StartTime = cloud.clock.date();
    for (const value of [1, 2, 3, 10]) await put("Latency", value, { Unit: "Milliseconds" });
    await cloud.clock.advance("2 min");
    await put("Latency", 7, { Unit: "Milliseconds" });
    await cloud.clock.advance("1 min");
    const EndTime = cloud.clock.date();
    const all: Partial<GetMetricStatisticsCommandInput> = {
      StartTime,
      EndTime,
      Statistics: ["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
      ExtendedStatistics: ["p50", "tm90"],
    };
    expect(await statistics("Latency", all)).toEqual([
      {
        Timestamp: StartTime,
        Unit: "Milliseconds",
        Sum: 16,
        Average: 4,
        Minimum: 1,
        Maximum: 10,
        SampleCount: 4,
        ExtendedStatistics: { p50: 2, tm90: expect.closeTo(3.33, 1) },
      },
      expect.objectContaining({ Sum: 7, SampleCount: 1 }),
    ]);
    expect(await statistics("Latency", { ...all, Period: 180 })).toMatchObject([{ Sum: 23, Timestamp: StartTime }]);
  });

  test("lists of values with counts, and sets of sums", async () => {
    const data = { MetricName: "Lists", Unit: "Count" as const };
    await client.send(
      new PutMetricDataCommand({
        Namespace: "Shop",
        MetricData: [
          { ...data, Values: [1, 10], Counts: [2, 4] },
          { ...data, StatisticValues: { SampleCount: 2, Sum: 30, Minimum: 10, Maximum: 20 } },
        ],
      }),
    );
    const [point] = await statistics("Lists", {
      Statistics: ["SampleCount", "Sum", "Maximum"],
      ExtendedStatistics: ["p90"],
    });
    expect(point).toMatchObject({ SampleCount: 8, Sum: 72, Maximum: 20, Unit: "Count" });
    // Of sums percentiles are not known.
    expect(point?.ExtendedStatistics).toEqual({});
  });

  test("each unit for itself", async () => {
    await put("Units", 1, { Unit: "Seconds" });
    await put("Units", 1000, { Unit: "Milliseconds" });
    expect(await statistics("Units", { Statistics: ["Sum"] })).toHaveLength(2);
    expect(await statistics("Units", { Statistics: ["Sum"], Unit: "Seconds" })).toMatchObject([
      { Sum: 1, Unit: "Seconds" },
    ]);
  });

  test("metrics of high resolution are kept by the second", async () => {
    const start = cloud.clock.now();
    for (const second of [0, 1, 12]) {
      const Timestamp = new Date(start + second * 1000);
      await put("Fast", second, { StorageResolution: 1, Timestamp });
      await put("Slow", second, { Timestamp });
    }
    const window = {
      StartTime: new Date(start),
      EndTime: new Date(start + MINUTE_MS),
      Period: 10,
      Statistics: ["Sum" as const],
    };
    expect((await statistics("Fast", window)).map(({ Sum }) => Sum)).toEqual([1, 12]);
    expect((await statistics("Slow", window)).map(({ Sum }) => Sum)).toEqual([13]);
  });

  test("small periods are kept for a short time", async () => {
    const StartTime = cloud.clock.date();
    await put("Old", 1);
    await cloud.clock.advance("16 days");
    const then = (Period: number) =>
      statistics("Old", { StartTime, EndTime: new Date(StartTime.getTime() + 3_600_000), Period, Statistics: ["Sum"] });
    expect(await then(60)).toEqual([]);
    expect(await then(300)).toMatchObject([{ Sum: 1 }]);
    await cloud.clock.advance("48 days");
    expect(await then(300)).toEqual([]);
    expect(await then(3600)).toMatchObject([{ Sum: 1 }]);
  });

  test("at most 1,440 values, and what is wrong is refused", async () => {
    const StartTime = new Date(cloud.clock.now() - 36 * 3_600_000);
    await expect(
      statistics("Latency", { StartTime, EndTime: cloud.clock.date(), Statistics: ["Sum"] }),
    ).rejects.toMatchObject({
      message:
        "You have requested up to 2,160 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
    });
    await expect(statistics("Latency")).rejects.toMatchObject({
      message: "Must specify either Statistics or ExtendedStatistics",
    });
    await expect(statistics("Latency", { ExtendedStatistics: ["median"] })).rejects.toThrow(/not supported/);
    await expect(
      statistics("Latency", { StartTime: new Date(cloud.clock.now() + 3_600_000), Statistics: ["Sum"] }),
    ).rejects.toThrow("The parameter StartTime must be less than the parameter EndTime.");
  });
});

describe("GetMetricData", () => {
  test("metrics and math, newest first unless asked otherwise", async () => {
    for (const [errors, requests] of [
      [1, 10],
      [2, 10],
      [0, 5],
    ] as const) {
      await put("Errors", errors);
      await put("Requests", requests);
      await cloud.clock.advance("1 min");
    }
    const queries: MetricDataQuery[] = [
      { ...metric("errors", "Errors"), ReturnData: false },
      { ...metric("requests", "Requests"), Label: "all of them" },
      { Id: "rate", Expression: "errors / requests * 100", Label: "error rate" },
      { Id: "total", Expression: "SUM(METRICS())" },
      { Id: "doubled", Expression: "rate * 2" },
    ];
    const { MetricDataResults, Messages } = await data(queries);
    expect(Messages).toEqual([]);
    expect(MetricDataResults?.map(({ Id, Label, Values, StatusCode }) => [Id, Label, Values, StatusCode])).toEqual([
      ["requests", "all of them", [10, 10, 5], "Complete"],
      ["rate", "error rate", [10, 20, 0], "Complete"],
      ["total", "total", [11, 12, 5], "Complete"],
      ["doubled", "doubled", [20, 40, 0], "Complete"],
    ]);
    const newest = await data([metric("r", "Requests")], { ScanBy: undefined });
    expect(newest.MetricDataResults?.[0]?.Values).toEqual([5, 10, 10]);
    const { MetricDataResults: several } = await data([
      ...queries.slice(0, 2),
      { Id: "both", Expression: "[errors, requests] * 10" },
    ]);
    expect(several?.filter(({ Id }) => Id === "both").map(({ Label, Values }) => [Label, Values])).toEqual([
      ["Errors", [10, 20, 0]],
      ["all of them", [100, 100, 50]],
    ]);
  });

  test("in pages", async () => {
    const query = [metric("r", "Requests"), metric("e", "Errors")];
    const first = await data(query, { MaxDatapoints: 4 });
    expect(first.MetricDataResults?.map(({ Values }) => Values)).toEqual([[10, 10, 5], [1]]);
    expect(first.MetricDataResults?.map(({ StatusCode }) => StatusCode)).toEqual(["Complete", "PartialData"]);
    const second = await data(query, { MaxDatapoints: 4, NextToken: first.NextToken });
    expect(second.MetricDataResults?.map(({ Values }) => Values)).toEqual([[], [2, 0]]);
    expect(second.NextToken).toBeUndefined();
  });

  test("what is wrong is refused, what is not emulated by name", async () => {
    const refused = (queries: MetricDataQuery[], message: string | RegExp) =>
      expect(data(queries)).rejects.toThrow(message);
    await refused([metric("Upper", "x")], /must start with a lowercase letter/);
    await refused(
      [metric("a", "x"), metric("a", "y")],
      "The values for parameter id in MetricDataQueries are not unique.",
    );
    await refused([{ Id: "a" }], /Exactly one of MetricStat and Expression/);
    await refused([{ Id: "a", Expression: "b + 1" }], "Error in expression 'b + 1': b is not the id of a query");
    await refused([{ Id: "a", Expression: "1 +" }], /^Error in expression '1 \+'/);
    await refused([{ Id: "a", Expression: "1 + 1" }], /the result is a scalar value/);
    await refused([{ Id: "a", Expression: "a + 1" }], /rests on itself/);
    await refused([metric("a", "x", "Middle")], /not supported/);
    await refused([metric("a", "x", "Sum", 45)], /The period 45 is not valid/);
    await refused(
      [{ Id: "a", Expression: "SEARCH('{Shop}', 'Sum')" }],
      "Katachi does not emulate the metric math function SEARCH.",
    );
    await refused(
      [{ Id: "a", Expression: "SELECT AVG(x) FROM Shop" }],
      "Katachi does not emulate Metrics Insights queries (SQL).",
    );
  });
});

describe("ListMetrics", () => {
  test("dimensions identify a metric, whatever their order", async () => {
    const Dimensions = [
      { Name: "Shop", Value: "Kyoto" },
      { Name: "Floor", Value: "1" },
    ];
    await put("Visitors", 1, { Dimensions });
    await put("Visitors", 2, { Dimensions: Dimensions.toReversed() });
    await put("Visitors", 5);
    const list = async (more: object) =>
      (await client.send(new ListMetricsCommand({ Namespace: "Shop", ...more }))).Metrics!;
    const found = await list({ MetricName: "Visitors" });
    expect(found.map((one) => one.Dimensions!.length).toSorted()).toEqual([0, 2]);
    expect(await list({ Dimensions: [{ Name: "Shop" }] })).toHaveLength(1);
    expect(await list({ Dimensions: [{ Name: "Shop", Value: "Osaka" }] })).toEqual([]);
    await cloud.clock.advance("4 hours");
    expect(await list({ MetricName: "Visitors", RecentlyActive: "PT3H" })).toEqual([]);
    await cloud.clock.advance("15 days");
    expect(await list({ MetricName: "Visitors" })).toEqual([]);
  });

  test("in pages of 500", async () => {
    const MetricData = Array.from({ length: 501 }, (_, i) => ({ MetricName: `m${i}`, Value: 1 }));
    await client.send(new PutMetricDataCommand({ Namespace: "Many", MetricData }));
    const first = await client.send(new ListMetricsCommand({ Namespace: "Many" }));
    expect(first.Metrics).toHaveLength(500);
    const second = await client.send(new ListMetricsCommand({ Namespace: "Many", NextToken: first.NextToken }));
    expect(second.Metrics).toHaveLength(1);
    await expect(client.send(new ListMetricsCommand({ NextToken: "nonsense" }))).rejects.toMatchObject({
      name: "InvalidNextToken",
    });
  });
});

describe("PutMetricData", () => {
  const send = (datum: Partial<MetricDatum>, Namespace = "Shop") =>
    client.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: "x", ...datum }] }));

  test("bad data is refused in CloudWatch's words", async () => {
    await expect(send({})).rejects.toThrow(/At least one of the parameters/);
    await expect(send({ Value: 1, Values: [1] })).rejects.toThrow(
      "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have specified both.",
    );
    await expect(send({ Values: [1, 2], Counts: [1] })).rejects.toThrow(
      "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    );
    await expect(send({ Values: Array.from({ length: 151 }, (_, i) => i) })).rejects.toThrow(
      /must not have a size greater than 150/,
    );
    await expect(send({ Value: 1 }, "AWS/Lambda")).rejects.toThrow(
      "The value AWS/ for parameter Namespace is invalid.",
    );
    await expect(send({ Value: 1, Timestamp: new Date(0) })).rejects.toThrow(/within the past two weeks/);
    await expect(send({ Value: 1, StorageResolution: 2 })).rejects.toThrow(/StorageResolution is invalid/);
    const MetricData = Array.from({ length: 1001 }, () => ({ MetricName: "x", Value: 1 }));
    await expect(client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData }))).rejects.toThrow(
      "The collection MetricData must not have a size greater than 1000.",
    );
  });

  test("in the query protocol too", async () => {
    const response = await fetch(cloud.endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization:
          "AWS4-HMAC-SHA256 Credential=test/20260501/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: new URLSearchParams({
        Action: "PutMetricData",
        Version: "2010-08-01",
        Namespace: "Query",
        "MetricData.member.1.MetricName": "q",
        "MetricData.member.1.Value": "3.5",
      }),
    });
    expect(response.status).toBe(200);
    expect(await statistics("q", { Namespace: "Query", Statistics: ["Sum"] })).toMatchObject([{ Sum: 3.5 }]);
  });
});
