import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteMetricFilterCommand,
  DescribeLogGroupsCommand,
  DescribeMetricFiltersCommand,
  PutMetricFilterCommand,
  PutSubscriptionFilterCommand,
  TestMetricFilterCommand,
  type MetricTransformation,
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

const newGroup = (logGroupName: string, more = {}) => logs.send(new CreateLogGroupCommand({ logGroupName, ...more }));

const putMetricFilter = (
  logGroupName: string,
  filterName: string,
  filterPattern: string,
  more: Partial<MetricTransformation> = {},
) =>
  logs.send(
    new PutMetricFilterCommand({
      logGroupName,
      filterName,
      filterPattern,
      metricTransformations: [{ metricName: "n", metricNamespace: "app", metricValue: "1", ...more }],
    }),
  );

test("metric filters are kept, replaced, described, deleted", async () => {
  await newGroup("/metrics");
  await putMetricFilter("/metrics", "errors", "ERROR", { defaultValue: 0 });
  await putMetricFilter("/metrics", "latency", "{ $.ms = * }", {
    metricName: "latency",
    metricValue: "$.ms",
    unit: "Milliseconds",
    dimensions: { path: "$.path" },
  });
  await putMetricFilter("/metrics", "errors", "FATAL", { defaultValue: 0 });
  const { metricFilters } = await logs.send(new DescribeMetricFiltersCommand({ logGroupName: "/metrics" }));
  expect(metricFilters).toEqual([
    {
      filterName: "errors",
      filterPattern: "FATAL",
      metricTransformations: [{ metricName: "n", metricNamespace: "app", metricValue: "1", defaultValue: 0 }],
      creationTime: cloud.clock.now(),
      logGroupName: "/metrics",
      applyOnTransformedLogs: false,
    },
    expect.objectContaining({ filterName: "latency" }),
  ]);
  const byMetric = await logs.send(new DescribeMetricFiltersCommand({ metricName: "latency", metricNamespace: "app" }));
  expect(byMetric.metricFilters?.map((filter) => filter.filterName)).toEqual(["latency"]);
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/metrics" }));
  expect(logGroups?.[0]?.metricFilterCount).toBe(2);
  await logs.send(new DeleteMetricFilterCommand({ logGroupName: "/metrics", filterName: "errors" }));
  await expect(
    logs.send(new DeleteMetricFilterCommand({ logGroupName: "/metrics", filterName: "errors" })),
  ).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "The specified metric filter does not exist.",
  });
});

test("what does not fit the pattern is refused", async () => {
  await newGroup("/checks");
  const refused = (pattern: string, more: Partial<MetricTransformation>, message?: string) =>
    expect(putMetricFilter("/checks", "f", pattern, more)).rejects.toMatchObject({
      name: "InvalidParameterException",
      ...(message === undefined ? {} : { message }),
    });
  await refused("a:b", {}, "Invalid character(s) in term 'a:b'");
  await refused("{ $.a }", {}, "Invalid metric filter pattern");
  await refused("ERROR", { metricValue: "$.ms" });
  await refused("ERROR", { metricValue: "many" });
  await refused("ERROR", { dimensions: { a: "$.a" } }, "The specified filter pattern does not support dimensions");
  await refused("{ $.a = 1 }", { dimensions: { a: "$b" } });
  await refused(
    "{ $.a = 1 }",
    { dimensions: { a: "$.a" }, defaultValue: 0 },
    "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
  );
  await expect(putMetricFilter("/none", "f", "ERROR")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await newGroup("/rare", { logGroupClass: "INFREQUENT_ACCESS" });
  await expect(putMetricFilter("/rare", "f", "ERROR")).rejects.toMatchObject({ name: "InvalidOperationException" });
});

test("100 filters a group, 5 with regular expressions", async () => {
  await newGroup("/many");
  for (let i = 0; i < 5; i++) await putMetricFilter("/many", `r${i}`, "%a+%");
  await expect(putMetricFilter("/many", "r5", "%a+%")).rejects.toMatchObject({ name: "LimitExceededException" });
  await putMetricFilter("/many", "r0", "%b+%");
  for (let i = 5; i < 100; i++) await putMetricFilter("/many", `f${i}`, "ERROR");
  await expect(putMetricFilter("/many", "one-more", "ERROR")).rejects.toMatchObject({
    name: "LimitExceededException",
    message: "Resource limit exceeded.",
  });
});

test("a pattern is tried on messages", async () => {
  const { matches } = await logs.send(
    new TestMetricFilterCommand({
      filterPattern: "[ip, ..., status = 4*, bytes]",
      logEventMessages: ["127.0.0.1 - frank 200 1534", "127.0.0.1 - frank 404 12"],
    }),
  );
  expect(matches).toEqual([
    {
      eventNumber: 2,
      eventMessage: "127.0.0.1 - frank 404 12",
      extractedValues: { $ip: "127.0.0.1", $2: "-", $3: "frank", $status: "404", $bytes: "12" },
    },
  ]);
});

test("subscriptions to what is not there yet are refused by name", async () => {
  await newGroup("/subscribed");
  const subscribe = (destinationArn: string, more = {}) =>
    logs.send(
      new PutSubscriptionFilterCommand({
        logGroupName: "/subscribed",
        filterName: "f",
        filterPattern: "",
        destinationArn,
        ...more,
      }),
    );
  const stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  await expect(subscribe(stream)).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "destinationArn for vendor kinesis cannot be used without roleArn",
  });
  await expect(subscribe("arn:aws:lambda:us-east-1:111111111111:function:f")).rejects.toMatchObject({
    name: "AccessDeniedException",
  });
  await expect(subscribe(stream, { roleArn: "arn:aws:iam::000000000000:role/r" })).rejects.toMatchObject({
    name: "NotImplemented",
    message: "Katachi does not emulate subscription filters to kinesis (destinationArn of logs:PutSubscriptionFilter).",
  });
  await expect(subscribe("nowhere")).rejects.toMatchObject({ name: "InvalidParameterException" });
});
