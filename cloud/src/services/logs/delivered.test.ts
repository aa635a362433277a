/** What becomes of log events further on: metrics in CloudWatch, subscribed functions. */
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeMetricFiltersCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  PutSubscriptionFilterCommand,
  type MetricTransformation,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

const START_MS = Date.UTC(2025, 5, 1);
let cloud: Cloud;
let logs: CloudWatchLogsClient;
let cloudwatch: CloudWatchClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  logs = cloud.client(CloudWatchLogsClient);
  cloudwatch = cloud.client(CloudWatchClient);
});
afterAll(() => cloud.close());

async function newStream(logGroupName: string): Promise<void> {
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
}

async function write(logGroupName: string, ...messages: string[]): Promise<void> {
  const logEvents = messages.map((message) => ({ message, timestamp: cloud.clock.now() }));
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName: "s", logEvents }));
  await cloud.settled();
}

async function statistics(Namespace: string, MetricName: string, dimensions: Record<string, string> = {}) {
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(START_MS - 60_000),
      EndTime: new Date(START_MS + 3_600_000),
      Period: 60,
      Statistics: ["SampleCount", "Sum", "Maximum"],
    }),
  );
  return Datapoints!.map(({ SampleCount, Sum, Maximum, Unit }) => ({ SampleCount, Sum, Maximum, Unit }));
}

test("an event in the embedded metric format makes metrics, and stays an event", async () => {
  await newStream("/emf");
  const event = {
    _aws: {
      Timestamp: START_MS,
      CloudWatchMetrics: [
        {
          Namespace: "shop",
          Dimensions: [["Service"], ["Service", "Route"]],
          Metrics: [{ Name: "Latency", Unit: "Milliseconds" }, { Name: "Orders" }],
        },
      ],
    },
    Service: "checkout",
    Route: "/pay",
    Latency: [10, 30],
    Orders: 2,
    requestId: "r-1",
  };
  await write("/emf", JSON.stringify(event), "an ordinary line", '{"_aws": "not it"}');
  const whole = { SampleCount: 2, Sum: 40, Maximum: 30, Unit: "Milliseconds" };
  expect(await statistics("shop", "Latency", { Service: "checkout" })).toEqual([whole]);
  expect(await statistics("shop", "Latency", { Service: "checkout", Route: "/pay" })).toEqual([whole]);
  expect(await statistics("shop", "Orders", { Service: "checkout" })).toEqual([
    { SampleCount: 1, Sum: 2, Maximum: 2, Unit: "None" },
  ]);
  const { Metrics } = await cloudwatch.send(new ListMetricsCommand({ Namespace: "shop" }));
  expect(Metrics).toHaveLength(4);
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/emf" }));
  expect(events).toHaveLength(3);
});

test("metric filters count: values, dimensions, the default for what does not match", async () => {
  await newStream("/filtered");
  const filter = (filterName: string, filterPattern: string, transformation: Partial<MetricTransformation>) =>
    logs.send(
      new PutMetricFilterCommand({
        logGroupName: "/filtered",
        filterName,
        filterPattern,
        metricTransformations: [
          { metricNamespace: "app", metricName: filterName, metricValue: "1", ...transformation },
        ],
      }),
    );
  await filter("errors", "ERROR", { defaultValue: 0 });
  await filter("taken", "{ $.ms > 0 }", { metricValue: "$.ms", unit: "Milliseconds", dimensions: { path: "$.path" } });
  await write("/filtered", "ERROR one", "fine", "ERROR two", '{"ms": 5, "path": "/a"}', '{"ms": 7, "path": "/a"}');
  expect(await statistics("app", "errors")).toEqual([{ SampleCount: 5, Sum: 2, Maximum: 1, Unit: "None" }]);
  expect(await statistics("app", "taken", { path: "/a" })).toEqual([
    { SampleCount: 2, Sum: 12, Maximum: 7, Unit: "Milliseconds" },
  ]);
});

test("a subscribed function is given what matches, gzipped, exactly", async () => {
  const iam = cloud.client(IAMClient);
  const document = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const AssumeRolePolicyDocument = document({
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "subscriber", AssumeRolePolicyDocument }));
  const PolicyDocument = document({ Action: "logs:*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName: "subscriber", PolicyName: "p", PolicyDocument }));
  const lambda = cloud.client(LambdaClient);
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "subscriber",
      Role: Role!.Arn,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Code: {
        ZipFile: await createArchive({
          "index.js": 'exports.handler = async (event) => console.log("GIVEN " + JSON.stringify(event));',
        }),
      },
    }),
  );
  await newStream("/subscribed");
  const subscribe = () =>
    logs.send(
      new PutSubscriptionFilterCommand({
        logGroupName: "/subscribed",
        filterName: "mine",
        filterPattern: "ERROR",
        destinationArn: FunctionArn,
      }),
    );
  await expect(subscribe()).rejects.toMatchObject({
    name: "InvalidParameterException",
    message:
      "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.",
  });
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: "subscriber",
      StatementId: "logs",
      Action: "lambda:InvokeFunction",
      Principal: "logs.amazonaws.com",
    }),
  );
  await subscribe();
  await write("/subscribed", "ERROR é", "fine");
  const { events } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: "/aws/lambda/subscriber", filterPattern: "GIVEN" }),
  );
  expect(events).toHaveLength(1);
  const text = events![0]!.message!;
  const given = JSON.parse(text.slice(text.indexOf("GIVEN ") + 6)) as { awslogs: { data: string } };
  expect(Object.keys(given)).toEqual(["awslogs"]);
  expect(JSON.parse(gunzipSync(Buffer.from(given.awslogs.data, "base64")).toString())).toEqual({
    messageType: "DATA_MESSAGE",
    owner: "000000000000",
    logGroup: "/subscribed",
    logStream: "s",
    subscriptionFilters: ["mine"],
    logEvents: [{ id: expect.stringMatching(/^\d{56}$/), timestamp: cloud.clock.now(), message: "ERROR é" }],
  });
});

test("CloudFormation deploys metric filters", async () => {
  await newStream("/deployed");
  const cloudformation = cloud.client(CloudFormationClient);
  const Properties = {
    LogGroupName: "/deployed",
    FilterPattern: "ERROR",
    MetricTransformations: [{ MetricName: "errors", MetricNamespace: "deployed", MetricValue: "1", DefaultValue: 0 }],
  };
  const TemplateBody = JSON.stringify({ Resources: { Filter: { Type: "AWS::Logs::MetricFilter", Properties } } });
  await cloudformation.send(new CreateStackCommand({ StackName: "filters", TemplateBody }));
  await cloud.settled();
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: "filters" }));
  expect(Stacks![0]!.StackStatus).toBe("CREATE_COMPLETE");
  const { metricFilters } = await logs.send(new DescribeMetricFiltersCommand({ logGroupName: "/deployed" }));
  expect(metricFilters).toMatchObject([{ filterPattern: "ERROR" }]);
  await write("/deployed", "ERROR");
  expect(await statistics("deployed", "errors")).toMatchObject([{ Sum: 1 }]);
});
