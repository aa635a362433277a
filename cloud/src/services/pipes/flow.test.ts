import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiGatewayV2Client, CreateApiCommand } from "@aws-sdk/client-apigatewayv2";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { AddPermissionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, type Queue, TestPipes } from "./test-pipes.ts";

let test: TestPipes;
const received: { path: string; headers: Record<string, unknown>; body: string }[] = [];
let answerStatus = 200;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    received.push({ path: request.url!, headers: request.headers, body });
    response.writeHead(answerStatus, { "content-type": "application/json" });
    response.end(JSON.stringify({ answered: body }));
  });
});

beforeAll(async () => {
  test = await TestPipes.start();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(async () => {
  await test.cloud.close();
  server.close();
});

const parsed = async (queue: Queue) => (await test.bodies(queue)).map((text) => JSON.parse(text) as unknown);

async function logged(logGroupName: string): Promise<string[]> {
  await test.cloud.settled();
  const { events = [] } = await test.cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName }));
  return events.map(({ message }) => message!);
}

async function stateMachine(type: "EXPRESS" | "STANDARD", state: object): Promise<string> {
  const { stateMachineArn } = await test.cloud.client(SFNClient).send(
    new CreateStateMachineCommand({
      name: test.name("machine"),
      type,
      roleArn: await test.role(["*"], "states.amazonaws.com"),
      definition: JSON.stringify({ StartAt: "Only", States: { Only: state } }),
    }),
  );
  return stateMachineArn!;
}

async function apiDestination(): Promise<string> {
  const events = test.cloud.client(EventBridgeClient);
  const { ConnectionArn } = await events.send(
    new CreateConnectionCommand({
      Name: test.name("connection"),
      AuthorizationType: "API_KEY",
      AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "secret" } },
    }),
  );
  await test.cloud.settled();
  const { ApiDestinationArn } = await events.send(
    new CreateApiDestinationCommand({
      Name: test.name("destination"),
      ConnectionArn,
      HttpMethod: "POST",
      InvocationEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in/*`,
      InvocationRateLimitPerSecond: 100,
    }),
  );
  return ApiDestinationArn!;
}

/** An HTTP API whose every route answers with the function. @returns the ARN of `POST /hook` */
async function httpApi(functionArn: string): Promise<string> {
  const { ApiId } = await test.cloud
    .client(ApiGatewayV2Client)
    .send(new CreateApiCommand({ Name: test.name("api"), ProtocolType: "HTTP", Target: functionArn }));
  await test.cloud.client(LambdaClient).send(
    new AddPermissionCommand({
      FunctionName: functionArn,
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  return `arn:aws:execute-api:us-east-1:${ACCOUNT}:${ApiId}/$default/POST/hook`;
}

describe("templates", () => {
  it("shape what the target gets; JSON in a body is looked into", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const Name = await test.pipe({
      Source: from.arn,
      Target: to.arn,
      TargetParameters: {
        InputTemplate: `{"id": <$.body.id>, "text": "no. <$.body.id> of <aws.pipes.pipe-name>", "list": <$.body.list>, "first": <$.body.list[0]>, "pipe": "<aws.pipes.pipe-arn>", "from": "<aws.pipes.source-arn>", "to": "<aws.pipes.target-arn>", "at": <aws.pipes.event.ingestion-time>, "all": <aws.pipes.event.json>}`,
      },
    });
    await test.send(from, { id: "a", list: [1, 2] });
    const [got] = await parsed(to);
    expect(got).toMatchObject({
      id: "a",
      text: `no. a of ${Name}`,
      list: [1, 2],
      first: 1,
      pipe: `arn:aws:pipes:us-east-1:${ACCOUNT}:pipe/${Name}`,
      from: from.arn,
      to: to.arn,
      at: new Date(test.cloud.clock.now()).toISOString(),
      all: { body: { id: "a", list: [1, 2] }, eventSource: "aws:sqs" },
    });
  });

  it("may be a constant or one path; without one the whole event goes", async () => {
    const through = async (InputTemplate: string | undefined, body: unknown) => {
      const [from, to] = [await test.queue(), await test.queue()];
      await test.pipe({ Source: from.arn, Target: to.arn, TargetParameters: { InputTemplate } });
      await test.send(from, body);
      return (await test.bodies(to))[0]!;
    };
    expect(JSON.parse(await through(undefined, "hello"))).toMatchObject({ body: "hello", eventSource: "aws:sqs" });
    expect(await through("<$.body>", "hello")).toBe("hello");
    expect(await through("<$.body>", { key: "value" })).toBe(`{"key":"value"}`);
    expect(await through("constant", "hello")).toBe("constant");
  });
});

describe("enrichment", () => {
  it("by a function gets the batch as a list; what it answers goes on", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const Enrichment = await test.lambda(
      `return event.filter((one) => one.n > 1).map(({ n }) => ({ n, doubled: n * 2 }));`,
    );
    await test.pipe({
      Source: from.arn,
      Target: to.arn,
      Enrichment,
      EnrichmentParameters: { InputTemplate: `{"n": <$.body.n>}` },
      TargetParameters: { InputTemplate: `{"result": <$.doubled>}` },
      DesiredState: "RUNNING",
    });
    for (const n of [1, 2, 3]) await test.send(from, { n });
    // AWS: standard queues promise no order.
    const results = (await parsed(to)) as { result: number }[];
    expect(results.toSorted((a, b) => a.result - b.result)).toEqual([{ result: 4 }, { result: 6 }]);
  });

  it("by an Express state machine; a standard one is refused", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const Parameters = { "name.$": "$[0].name", seen: true };
    const pipe = (Enrichment: string) =>
      test.pipe({
        Source: from.arn,
        Target: to.arn,
        Enrichment,
        EnrichmentParameters: { InputTemplate: `{"name": <$.body>}` },
      });
    await pipe(await stateMachine("EXPRESS", { Type: "Pass", Parameters, End: true }));
    await test.send(from, "ada");
    expect(await parsed(to)).toEqual([{ name: "ada", seen: true }]);
    const standard = await stateMachine("STANDARD", { Type: "Pass", End: true });
    expect(await test.stateOf(await pipe(standard))).toMatchObject({
      state: "CREATE_FAILED",
      reason: expect.stringContaining("not supported for STANDARD"),
    });
  });

  it("by an API destination and by an API, with paths and headers from the event", async () => {
    const [from, other, to] = [await test.queue(), await test.queue(), await test.queue()];
    await test.pipe({
      Source: from.arn,
      Target: to.arn,
      Enrichment: await apiDestination(),
      EnrichmentParameters: {
        InputTemplate: `{"n": <$.body.n>}`,
        HttpParameters: { PathParameterValues: ["$.body.n"], HeaderParameters: { "x-n": "$.body.n" } },
      },
    });
    received.length = 0;
    await test.send(from, { n: 7 });
    expect(await parsed(to)).toEqual([{ answered: `{"n": 7}` }]);
    expect(received).toMatchObject([{ path: "/in/7", headers: { "x-n": "7", "x-key": "secret" }, body: `{"n": 7}` }]);
    const api = await httpApi(
      await test.lambda(`return { via: event.rawPath, query: event.rawQueryString, body: event.body };`),
    );
    await test.pipe({
      Source: other.arn,
      Target: to.arn,
      Enrichment: api,
      EnrichmentParameters: { InputTemplate: "<$.body>", HttpParameters: { QueryStringParameters: { q: "1" } } },
    });
    await test.send(other, "hi");
    expect(await parsed(to)).toEqual([{ via: "/hook", query: "q=1", body: "hi" }]);
  });

  it("that answers nothing ends the execution; one that fails has it tried again", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const Enrichment = await test.lambda(
      `globalThis.tries = (globalThis.tries ?? 0) + 1; if (event[0].body === "none") return []; if (globalThis.tries === 2) throw new Error("no"); return event;`,
    );
    await test.pipe({ Source: from.arn, Target: to.arn, Enrichment });
    await test.send(from, "none");
    expect(await test.bodies(to)).toEqual([]);
    await test.send(from, "some");
    expect(await test.bodies(to)).toEqual([]);
    await test.cloud.clock.advance("30 seconds");
    expect(await parsed(to)).toMatchObject([{ body: "some" }]);
    await test.cloud.clock.advance("30 seconds");
    expect(await test.take(from)).toEqual([]);
  });
});

describe("targets", () => {
  it("functions take the batch, and may name the events that failed", async () => {
    const from = await test.queue();
    const Target = await test.lambda(
      `console.log("GOT " + JSON.stringify(event.map(({ body }) => body))); return { batchItemFailures: event.filter(({ body, attributes }) => body === "bad" && attributes.ApproximateReceiveCount === "1").map(({ messageId }) => ({ itemIdentifier: messageId })) };`,
    );
    for (const body of ["good", "bad"]) await test.send(from, body);
    await test.pipe({ Source: from.arn, Target });
    const got = async () =>
      (await logged(`/aws/lambda/${Target.split(":").at(-1)}`)).flatMap((line) => /GOT (.*)/.exec(line)?.[1] ?? []);
    expect(await got()).toEqual([`["good","bad"]`]);
    await test.cloud.clock.advance("30 seconds");
    expect(await got()).toEqual([`["good","bad"]`, `["bad"]`]);
    await test.cloud.clock.advance("30 seconds");
    expect(await test.take(from)).toEqual([]);
  });

  it("functions may be left to run by themselves", async () => {
    const from = await test.queue();
    const Target = await test.lambda(`console.log("GOT " + event.length);`);
    await test.pipe({
      Source: from.arn,
      Target,
      TargetParameters: { LambdaFunctionParameters: { InvocationType: "FIRE_AND_FORGET" } },
    });
    await test.send(from, "x");
    expect((await logged(`/aws/lambda/${Target.split(":").at(-1)}`)).join()).toContain("GOT 1");
  });

  it("state machines are started, or run to their end", async () => {
    const [from, other] = [await test.queue(), await test.queue()];
    const standard = await stateMachine("STANDARD", { Type: "Pass", End: true });
    await test.pipe({
      Source: from.arn,
      Target: standard,
      TargetParameters: {
        InputTemplate: `{"b": <$.body>}`,
        StepFunctionStateMachineParameters: { InvocationType: "FIRE_AND_FORGET" },
      },
    });
    await test.send(from, "x");
    await test.cloud.settled();
    const sfn = test.cloud.client(SFNClient);
    const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: standard }));
    const { executionArn } = executions![0]!;
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ input: `[{"b": "x"}]` });
    await test.pipe({ Source: other.arn, Target: await stateMachine("EXPRESS", { Type: "Fail", Error: "E" }) });
    await test.send(other, "stays");
    await test.cloud.settled();
    await test.cloud.clock.advance("31 seconds");
    expect((await test.cloud.trace.spans(({ name }) => name === "pipes:Execute")).at(-1)!.error?.message).toContain(
      "FAILED: E",
    );
  });

  it("queues: FIFO groups come from the event", async () => {
    const [from, to] = [await test.queue(), await test.queue({ FifoQueue: "true" })];
    await test.pipe({
      Source: from.arn,
      Target: to.arn,
      TargetParameters: {
        InputTemplate: "<$.body.text>",
        SqsQueueParameters: { MessageGroupId: "$.body.group", MessageDeduplicationId: "$.messageId" },
      },
    });
    await test.send(from, { group: "g1", text: "x" });
    expect(await test.take(to)).toMatchObject([{ Body: "x", Attributes: { MessageGroupId: "g1" } }]);
  });

  it("event buses: events say which pipe they come from, unless the parameters do", async () => {
    const [from, named, to] = [await test.queue(), await test.queue(), await test.queue()];
    const events = test.cloud.client(EventBridgeClient);
    const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: "from-pipes" }));
    const { RuleArn } = await events.send(
      new PutRuleCommand({ Name: "all", EventBusName: "from-pipes", EventPattern: `{"account":["${ACCOUNT}"]}` }),
    );
    await events.send(
      new PutTargetsCommand({ Rule: "all", EventBusName: "from-pipes", Targets: [{ Id: "1", Arn: to.arn }] }),
    );
    const Statement = {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: to.arn,
      Condition: { ArnEquals: { "aws:SourceArn": RuleArn } },
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await test.cloud
      .client(SQSClient)
      .send(new SetQueueAttributesCommand({ QueueUrl: to.url, Attributes: { Policy } }));
    const InputTemplate = `{"order": <$.body>}`;
    const Name = await test.pipe({ Source: from.arn, Target: EventBusArn!, TargetParameters: { InputTemplate } });
    await test.pipe({
      Source: named.arn,
      Target: EventBusArn!,
      TargetParameters: {
        InputTemplate,
        EventBridgeEventBusParameters: {
          Source: "shop",
          DetailType: "$.body.type",
          Resources: ["$.body.arn"],
          Time: "$.body.at",
        },
      },
    });
    await test.send(from, { id: 1 });
    expect(await parsed(to)).toMatchObject([
      { source: `Pipe ${Name}`, "detail-type": "Event from aws:sqs", detail: { order: { id: 1 } } },
    ]);
    await test.send(named, { type: "Ordered", arn: "arn:aws:s3:::b", at: "2026-01-02T03:04:05Z" });
    expect(await parsed(to)).toMatchObject([
      { source: "shop", "detail-type": "Ordered", resources: ["arn:aws:s3:::b"], time: "2026-01-02T03:04:05Z" },
    ]);
  });

  it("log groups, topics, API destinations and APIs", async () => {
    const sources = await Promise.all([1, 2, 3, 4].map(() => test.queue()));
    const InputTemplate = "<$.body>";
    const logs = test.cloud.client(CloudWatchLogsClient);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "piped" }));
    await logs.send(new CreateLogStreamCommand({ logGroupName: "piped", logStreamName: "stream" }));
    await test.pipe({
      Source: sources[0]!.arn,
      Target: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:piped`,
      TargetParameters: { InputTemplate, CloudWatchLogsParameters: { LogStreamName: "stream" } },
    });
    await test.send(sources[0]!, "to the log");
    expect(await logged("piped")).toEqual(["to the log"]);

    const sns = test.cloud.client(SNSClient);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "piped" }));
    const to = await test.queue();
    const Statement = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: to.arn };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await test.cloud
      .client(SQSClient)
      .send(new SetQueueAttributesCommand({ QueueUrl: to.url, Attributes: { Policy } }));
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: to.arn, Attributes: { RawMessageDelivery: "true" } }),
    );
    await test.pipe({ Source: sources[1]!.arn, Target: TopicArn!, TargetParameters: { InputTemplate } });
    await test.send(sources[1]!, "to the topic");
    expect(await test.bodies(to)).toEqual(["to the topic"]);

    received.length = 0;
    await test.pipe({
      Source: sources[2]!.arn,
      Target: await apiDestination(),
      TargetParameters: { InputTemplate, HttpParameters: { PathParameterValues: ["there"] } },
    });
    await test.send(sources[2]!, "to the destination");
    await test.cloud.settled();
    expect(received).toMatchObject([{ path: "/in/there", body: "to the destination" }]);

    const handler = await test.lambda(`console.log("BODY " + event.body);`);
    await test.pipe({ Source: sources[3]!.arn, Target: await httpApi(handler), TargetParameters: { InputTemplate } });
    await test.send(sources[3]!, "to the API");
    expect((await logged(`/aws/lambda/${handler.split(":").at(-1)}`)).join()).toContain("BODY to the API");
  });

  it("that are forbidden to the role leave the message where it was", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const RoleArn = await test.role(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]);
    await test.pipe({ Source: from.arn, Target: to.arn, RoleArn });
    await test.send(from, "x");
    expect(await test.bodies(to)).toEqual([]);
    const span = test.cloud.trace.spans(({ name }) => name === "pipes:Execute").at(-1)!;
    expect(span.error?.message).toContain("is not authorized to perform: sqs:sendmessage on resource");
  });
});

describe("logs and metrics", () => {
  it("tell each step at the level that is wanted", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const groupOf = async (logGroupName: string) => {
      await test.cloud.client(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName }));
      return `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${logGroupName}`;
    };
    const Name = await test.pipe({
      Source: from.arn,
      Target: to.arn,
      TargetParameters: { InputTemplate: "<$.body>" },
      LogConfiguration: {
        Level: "TRACE",
        IncludeExecutionData: ["ALL"],
        CloudwatchLogsLogDestination: { LogGroupArn: await groupOf("/aws/vendedlogs/trace") },
      },
    });
    await test.send(from, "x");
    const lines = (await logged("/aws/vendedlogs/trace")).map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.map(({ messageType }) => messageType)).toEqual([
      "EXECUTION_STARTED",
      "TARGET_STAGE_ENTERED",
      "TARGET_TRANSFORMATION_STARTED",
      "TARGET_TRANSFORMATION_SUCCEEDED",
      "TARGET_INVOCATION_STARTED",
      "TARGET_INVOCATION_SUCCEEDED",
      "TARGET_STAGE_SUCCEEDED",
      "EXECUTION_SUCCEEDED",
    ]);
    expect(lines[0]).toMatchObject({
      executionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceArn: `arn:aws:pipes:us-east-1:${ACCOUNT}:pipe/${Name}`,
      logLevel: "TRACE",
      timestamp: String(test.cloud.clock.now()),
    });
    expect(JSON.parse(lines[0]!["payload"]!)).toMatchObject([{ body: "x" }]);
    expect(lines[4]).toMatchObject({ awsRequest: `["x"]` });

    const other = await test.queue();
    await test.pipe({
      Source: other.arn,
      Target: `${to.arn}-none`,
      LogConfiguration: {
        Level: "ERROR",
        CloudwatchLogsLogDestination: { LogGroupArn: await groupOf("/aws/vendedlogs/error") },
      },
    });
    await test.send(other, "x");
    const errors = (await logged("/aws/vendedlogs/error")).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(errors.map(({ messageType }) => messageType)).toEqual([
      "TARGET_INVOCATION_FAILED",
      "TARGET_STAGE_FAILED",
      "EXECUTION_FAILED",
    ]);
    expect(errors[0]).toMatchObject({ error: { awsService: "sqs" } });
    expect(errors[0]).not.toHaveProperty("awsRequest");

    await test.cloud.clock.advance("1 second");
    const sumOf = async (MetricName: string) => {
      const { Datapoints } = await test.cloud.client(CloudWatchClient).send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/EventBridge/Pipes",
          MetricName,
          Dimensions: [{ Name: "PipeName", Value: Name }],
          StartTime: new Date(test.cloud.clock.now() - 3_600_000),
          EndTime: new Date(test.cloud.clock.now() + 60_000),
          Period: 3600 * 24,
          Statistics: ["Sum"],
        }),
      );
      return Datapoints![0]?.Sum;
    };
    expect([await sumOf("EventCount"), await sumOf("ExecutionFailed"), await sumOf("Invocations")]).toEqual([1, 0, 1]);
  });
});
