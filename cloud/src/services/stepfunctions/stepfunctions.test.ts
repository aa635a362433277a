import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateActivityCommand,
  CreateStateMachineAliasCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  PublishStateMachineVersionCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TestStateCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from "@aws-sdk/client-sfn";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZipFile } from "yazl";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let sfn: SFNClient;
let role: string;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  sfn = cloud.client(SFNClient, { maxAttempts: 1 });
  role = await makeRole(cloud, "flows");
});
afterAll(() => cloud.close());

async function makeRole(on: Cloud, RoleName: string, actions: string[] = ["*"]): Promise<string> {
  const iam = on.client(IAMClient);
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const made = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action: actions, Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
  return made.Role!.Arn!;
}

async function machine(states: object, more: Partial<ConstructorParameters<typeof CreateStateMachineCommand>[0]> = {}) {
  const definition = JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
  const input = { name: `m${++count}`, roleArn: role, definition, ...more };
  return (await sfn.send(new CreateStateMachineCommand(input))).stateMachineArn!;
}

async function start(stateMachineArn: string, input: object = {}, name?: string) {
  const command = new StartExecutionCommand({
    stateMachineArn,
    input: JSON.stringify(input),
    ...(name ? { name } : {}),
  });
  return (await sfn.send(command)).executionArn!;
}

async function end(executionArn: string) {
  await cloud.settled();
  return sfn.send(new DescribeExecutionCommand({ executionArn }));
}

async function types(executionArn: string) {
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.map(({ type }) => type);
}

const task = (Resource: string, Parameters: object, more: object = {}) => ({
  Type: "Task",
  Resource: `arn:aws:states:::${Resource}`,
  Parameters,
  End: true,
  ...more,
});

describe("a definition", () => {
  it.each([
    ["{", "INVALID_JSON_DESCRIPTION"],
    ['{"StartAt":"A"}', "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"],
    [
      '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}',
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
    ],
    [
      '{"StartAt":"A","States":{"A":{"Type":"Pass"}}}',
      "One of the following fields is required: [Next, End] at /States/A",
    ],
    [
      '{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"x"},"End":true}}}',
      "must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/a.$",
    ],
    [
      '{"StartAt":"A","QueryLanguage":"JSONata","States":{"A":{"Type":"Pass","InputPath":"$","End":true}}}',
      "is not supported when QueryLanguage is JSONata",
    ],
  ])("is refused: %s", async (definition, reason) => {
    const made = sfn.send(new CreateStateMachineCommand({ name: "bad", roleArn: role, definition }));
    await expect(made).rejects.toMatchObject({
      name: "InvalidDefinition",
      message: expect.stringContaining(reason) as string,
    });
    const { result, diagnostics } = await sfn.send(new ValidateStateMachineDefinitionCommand({ definition }));
    expect([result, diagnostics?.length]).toEqual(["FAIL", 1]);
  });

  it("with a distributed Map is none for Express, nor are a distributed Map's fields for others", async () => {
    const ItemProcessor = {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: "P",
      States: { P: { Type: "Pass", End: true } },
    };
    await expect(machine({ Big: { Type: "Map", ItemProcessor, End: true } }, { type: "EXPRESS" })).rejects.toThrow(
      /does not support a Map state in DISTRIBUTED mode at \/States\/Big/,
    );
    const { ProcessorConfig: _, ...inline } = ItemProcessor;
    await expect(
      machine({ Big: { Type: "Map", ItemProcessor: inline, ToleratedFailureCount: 1, End: true } }),
    ).rejects.toThrow(
      /only supported when the Map state's mode is DISTRIBUTED at \/States\/Big\/ToleratedFailureCount/,
    );
  });
});

describe("Standard executions", () => {
  it("run, and tell their history", async () => {
    const arn = await machine({ A: { Type: "Pass", Result: { b: 1 }, ResultPath: "$.r", End: true } });
    const executionArn = await start(arn, { a: 1 }, "first");
    expect(executionArn).toMatch(/^arn:aws:states:us-east-1:000000000000:execution:m\d+:first$/);
    expect(await end(executionArn)).toMatchObject({
      status: "SUCCEEDED",
      output: '{"a":1,"r":{"b":1}}',
      redriveStatus: "NOT_REDRIVABLE",
    });
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, "ExecutionStarted"],
      [2, 0, "PassStateEntered"],
      [3, 2, "PassStateExited"],
      [4, 3, "ExecutionSucceeded"],
    ]);
    expect(events[1]!.stateEnteredEventDetails).toEqual({
      name: "A",
      input: '{"a":1}',
      inputDetails: { truncated: false },
    });
    await expect(start(arn, { a: 1 }, "first")).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: arn, statusFilter: "SUCCEEDED" }),
    );
    expect(executions?.map((each) => each.executionArn)).toEqual([executionArn]);
  });

  it("wait for days, and stop when told", async () => {
    const arn = await machine({ W: { Type: "Wait", Seconds: 259_200, End: true } });
    const [waited, stopped] = [await start(arn, {}, "w"), await start(arn, {}, "s")];
    expect(await start(arn, {}, "w")).toBe(waited);
    expect((await end(waited)).status).toBe("RUNNING");
    await sfn.send(new StopExecutionCommand({ executionArn: stopped, error: "E", cause: "C" }));
    expect(await end(stopped)).toMatchObject({ status: "ABORTED", error: "E", cause: "C" });
    await cloud.clock.advance("3 days");
    expect((await end(waited)).status).toBe("SUCCEEDED");
  });

  it("call AWS operations as the machine's role", async () => {
    const dynamo = cloud.client(DynamoDBClient);
    await dynamo.send(
      new CreateTableCommand({
        TableName: "things",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const put = {
      TableName: "things",
      Item: { id: { "S.$": "$.id" } },
      ConditionExpression: "attribute_not_exists(id)",
    };
    const arn = await machine({
      Put: task("dynamodb:putItem", put, { ResultPath: null, End: undefined, Next: "Get" }),
      Get: task(
        "aws-sdk:dynamodb:getItem",
        { TableName: "things", Key: { id: { "S.$": "$.id" } } },
        { End: undefined, Next: "Again" },
      ),
      Again: task("aws-sdk:dynamodb:putItem", { ...put, Item: { id: { "S.$": "$.Item.id.S" } } }),
    });
    const done = await end(await start(arn, { id: "x" }));
    expect(done).toMatchObject({ status: "FAILED", error: "DynamoDb.ConditionalCheckFailedException" });
    expect((await dynamo.send(new GetItemCommand({ TableName: "things", Key: { id: { S: "x" } } }))).Item).toEqual({
      id: { S: "x" },
    });
    const weak = await makeRole(cloud, "weak", ["sqs:*"]);
    const denied = await machine(
      { Put: task("dynamodb:putItem", { ...put, Item: { id: { S: "y" } } }) },
      { roleArn: weak },
    );
    expect(await end(await start(denied))).toMatchObject({
      error: "DynamoDB.AmazonDynamoDBException",
      cause: expect.stringContaining("dynamodb:PutItem") as string,
    });
  });

  it("invoke functions, by integration and by ARN", async () => {
    const lambda = cloud.client(LambdaClient);
    const iam = cloud.client(IAMClient);
    const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument }));
    const zip = new ZipFile();
    const code =
      "export const handler = async (e) => { if (e.fail) { const x = new Error('no'); x.name = 'Oh'; throw x; } return { n: e.n + 1 }; };";
    zip.addBuffer(Buffer.from(code), "index.mjs");
    zip.end();
    const chunks: Buffer[] = [];
    for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "step",
        Runtime: "nodejs22.x",
        Role: Role!.Arn,
        Handler: "index.handler",
        Code: { ZipFile: Buffer.concat(chunks) },
      }),
    );
    const arn = await machine({
      One: task(
        "lambda:invoke",
        { FunctionName: "step", "Payload.$": "$" },
        { OutputPath: "$.Payload", End: undefined, Next: "Two" },
      ),
      Two: { Type: "Task", Resource: made.FunctionArn, End: true },
    });
    const executionArn = await start(arn, { n: 1 });
    expect(await end(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"n":3}' });
    expect(await types(executionArn)).toContain("LambdaFunctionSucceeded");
    const failing = await start(arn, { fail: true });
    expect(await end(failing)).toMatchObject({ status: "FAILED", error: "Oh" });
  });

  it("wait for a task's token", async () => {
    const sqs = cloud.client(SQSClient);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "approvals" }));
    const MessageBody = { "token.$": "$$.Task.Token" };
    const arn = await machine({ Ask: task("sqs:sendMessage.waitForTaskToken", { QueueUrl, MessageBody }) });
    const tokenOf = async () => {
      await cloud.settled();
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      return (JSON.parse(Messages![0]!.Body!) as { token: string }).token;
    };
    const executionArn = await start(arn);
    const taskToken = await tokenOf();
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    expect(await end(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"ok":true}' });
    expect(await types(executionArn)).toEqual([
      "ExecutionStarted",
      "TaskStateEntered",
      "TaskScheduled",
      "TaskStarted",
      "TaskSubmitted",
      "TaskSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
    await expect(sfn.send(new SendTaskSuccessCommand({ taskToken, output: "1" }))).rejects.toMatchObject({
      name: "TaskTimedOut",
    });
    // A failed one goes on with a redrive, and a new token.
    const other = await start(arn);
    await sfn.send(new SendTaskFailureCommand({ taskToken: await tokenOf(), error: "No", cause: "way" }));
    expect(await end(other)).toMatchObject({
      status: "FAILED",
      error: "No",
      cause: "way",
      redriveStatus: "REDRIVABLE",
    });
    await sfn.send(new RedriveExecutionCommand({ executionArn: other }));
    await sfn.send(new SendTaskSuccessCommand({ taskToken: await tokenOf(), output: "1" }));
    expect(await end(other)).toMatchObject({ status: "SUCCEEDED", output: "1", redriveCount: 1 });
  });

  it("give activities to workers", async () => {
    const { activityArn } = await sfn.send(new CreateActivityCommand({ name: "work" }));
    const arn = await machine({ Do: { Type: "Task", Resource: activityArn, End: true } });
    const executionArn = await start(arn, { n: 1 });
    await cloud.settled();
    const { taskToken, input } = await sfn.send(new GetActivityTaskCommand({ activityArn, workerName: "w" }));
    expect(input).toBe('{"n":1}');
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: "2" }));
    expect((await end(executionArn)).output).toBe("2");
    expect(await types(executionArn)).toContain("ActivityStarted");
  });

  it("wait for executions that they start", async () => {
    const child = await machine({ A: { Type: "Pass", Result: { n: 7 }, End: true } });
    const parent = await machine({
      Run: task(
        "states:startExecution.sync:2",
        { StateMachineArn: child, Input: { a: 1 } },
        { OutputPath: "$.Output.n" },
      ),
    });
    expect(await end(await start(parent))).toMatchObject({ status: "SUCCEEDED", output: "7" });
    const failing = await machine({ F: { Type: "Fail", Error: "Oh", Cause: "no" } });
    const other = await machine({ Run: task("states:startExecution.sync", { StateMachineArn: failing }) });
    const { error, cause = "" } = await end(await start(other));
    expect(error).toBe("States.TaskFailed");
    expect(JSON.parse(cause)).toMatchObject({ Status: "FAILED", Error: "Oh", Cause: "no" });
  });

  it("run the version that an alias routes to", async () => {
    const arn = await machine({ A: { Type: "Pass", Result: 1, End: true } });
    const { stateMachineVersionArn } = await sfn.send(new PublishStateMachineVersionCommand({ stateMachineArn: arn }));
    const { stateMachineAliasArn } = await sfn.send(
      new CreateStateMachineAliasCommand({
        name: "live",
        routingConfiguration: [{ stateMachineVersionArn, weight: 100 }],
      }),
    );
    const definition = '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":2,"End":true}}}';
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arn, definition }));
    expect((await end(await start(arn))).output).toBe("2");
    expect(await end(await start(stateMachineAliasArn!))).toMatchObject({
      output: "1",
      stateMachineVersionArn,
      stateMachineAliasArn,
    });
  });

  it("log by their level", async () => {
    const logs = cloud.client(CloudWatchLogsClient);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "flows" }));
    const logGroupArn = "arn:aws:logs:us-east-1:000000000000:log-group:flows:*";
    const arn = await machine(
      { F: { Type: "Fail", Error: "E" } },
      { loggingConfiguration: { level: "ERROR", destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] } },
    );
    await end(await start(arn));
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "flows" }));
    expect(events.map(({ message }) => (JSON.parse(message!) as { type: string }).type)).toEqual(["ExecutionFailed"]);
  });
});

it("tells EventBridge how executions go", async () => {
  const events = cloud.client(EventBridgeClient);
  const sqs = cloud.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "statuses" }));
  const QueueArn = "arn:aws:sqs:us-east-1:000000000000:statuses";
  const allow = {
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: QueueArn,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const arn = await machine({ A: { Type: "Pass", End: true } });
  const EventPattern = JSON.stringify({
    source: ["aws.states"],
    detail: { stateMachineArn: [arn], status: ["SUCCEEDED"] },
  });
  await events.send(new PutRuleCommand({ Name: "ends", EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: "ends", Targets: [{ Id: "q", Arn: QueueArn }] }));
  const executionArn = await start(arn);
  await end(executionArn);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(JSON.parse(Messages![0]!.Body!)).toMatchObject({
    "detail-type": "Step Functions Execution Status Change",
    resources: [executionArn],
    detail: { executionArn, status: "SUCCEEDED" },
  });
});

describe("Express executions", () => {
  it("answer at once, with what they cost", async () => {
    const arn = await machine({ A: { Type: "Pass", End: true } }, { type: "EXPRESS" });
    const answer = await sfn.send(new StartSyncExecutionCommand({ stateMachineArn: arn, input: '{"a":1}' }));
    expect(answer).toMatchObject({
      status: "SUCCEEDED",
      output: '{"a":1}',
      billingDetails: { billedDurationInMilliseconds: 100, billedMemoryUsedInMB: 64 },
    });
    expect(answer.executionArn).toMatch(/:express:m\d+:/);
  });

  it("cannot wait for callbacks", async () => {
    const made = machine({ A: task("sqs:sendMessage.waitForTaskToken", {}) }, { type: "EXPRESS" });
    await expect(made).rejects.toMatchObject({ name: "InvalidDefinition" });
  });
});

it.each([
  [
    { Type: "Pass", Result: 1, Next: "B" },
    { status: "SUCCEEDED", output: "1", nextState: "B" },
  ],
  [
    { Type: "Wait", Seconds: 60, End: true },
    { status: "SUCCEEDED", output: '{"a":1}' },
  ],
  [
    { Type: "Fail", Error: "E" },
    { status: "FAILED", error: "E" },
  ],
  [
    {
      ...task("aws-sdk:dynamodb:getItem", { TableName: "nowhere", Key: {} }),
      Catch: [{ ErrorEquals: ["DynamoDb.ResourceNotFoundException"], Next: "C" }],
    },
    { status: "CAUGHT_ERROR", nextState: "C", error: "DynamoDb.ResourceNotFoundException" },
  ],
])("tests one state: %j", async (state, expected) => {
  const definition = JSON.stringify(state);
  expect(await sfn.send(new TestStateCommand({ definition, roleArn: role, input: '{"a":1}' }))).toMatchObject(expected);
});

it("goes on after a restart, and does nothing twice", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "sfn-restart-"));
  try {
    const before = await startCloud({ dataDirectory, clock: "frozen" });
    const roleArn = await makeRole(before, "r");
    const definition = JSON.stringify({
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "W" },
        W: { Type: "Wait", Seconds: 60, Next: "B" },
        B: { Type: "Pass", End: true },
      },
    });
    const client = before.client(SFNClient);
    const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name: "m", roleArn, definition }));
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
    await before.settled();
    await before.close();
    const after = await startCloud({ dataDirectory, clock: "frozen" });
    const again = after.client(SFNClient);
    await after.clock.advance("61 seconds");
    const { status } = await again.send(new DescribeExecutionCommand({ executionArn }));
    const { events = [] } = await again.send(new GetExecutionHistoryCommand({ executionArn }));
    await after.close();
    expect(status).toBe("SUCCEEDED");
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type === "ExecutionStarted")).toHaveLength(1);
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

it("is deployed by CloudFormation", async () => {
  const { stacks } = await cloud.deploy({
    Resources: {
      Flow: {
        Type: "AWS::StepFunctions::StateMachine",
        Properties: {
          RoleArn: role,
          StateMachineName: "deployed",
          Definition: { StartAt: "A", States: { A: { Type: "Pass", Result: "${word}", End: true } } },
          DefinitionSubstitutions: { word: "hello" },
        },
      },
      Work: { Type: "AWS::StepFunctions::Activity", Properties: { Name: "deployed" } },
      Version: { Type: "AWS::StepFunctions::StateMachineVersion", Properties: { StateMachineArn: { Ref: "Flow" } } },
      Live: {
        Type: "AWS::StepFunctions::StateMachineAlias",
        Properties: {
          Name: "live",
          RoutingConfiguration: [{ StateMachineVersionArn: { Ref: "Version" }, Weight: 100 }],
        },
      },
    },
  });
  expect(stacks).toHaveLength(1);
  const live = "arn:aws:states:us-east-1:000000000000:stateMachine:deployed:live";
  expect((await end(await start(live))).output).toBe('"hello"');
});
