import { CreateConnectionCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  TestStateCommand,
  type TestStateInput,
} from "@aws-sdk/client-sfn";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let sfn: SFNClient;
let roleArn: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  sfn = cloud.client(SFNClient, { maxAttempts: 1 });
  const iam = cloud.client(IAMClient);
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const made = await iam.send(new CreateRoleCommand({ RoleName: "flows", AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName: "flows", PolicyName: "p", PolicyDocument }));
  roleArn = made.Role!.Arn!;
});
afterAll(() => cloud.close());

async function run(state: object, more: Partial<TestStateInput> = {}) {
  const answer = await sfn.send(new TestStateCommand({ definition: JSON.stringify(state), roleArn, ...more }));
  const { inspectionData = {}, output } = answer;
  const data = Object.fromEntries(
    Object.entries(inspectionData).map(([name, value]) => [
      name,
      typeof value === "string" ? JSON.parse(value) : value,
    ]),
  );
  return { ...answer, data, output: output === undefined ? undefined : (JSON.parse(output) as unknown) };
}

const put = { Resource: "arn:aws:states:::dynamodb:getItem", Type: "Task", End: true };

describe("TestState", () => {
  it("shows what each field makes of the data, at level DEBUG", async () => {
    const state = {
      ...put,
      InputPath: "$.a",
      Parameters: { TableName: "t", Key: { id: { "S.$": "$.id" } } },
      ResultSelector: { "name.$": "$.Item.name.S" },
      ResultPath: "$.found",
      OutputPath: "$.found",
      Assign: { "seen.$": "$.Item.name.S" },
    };
    const mock = { result: JSON.stringify({ Item: { name: { S: "Ito" } } }) };
    const input = JSON.stringify({ a: { id: "7" } });
    expect(await run(state, { input, mock, inspectionLevel: "DEBUG" })).toMatchObject({
      status: "SUCCEEDED",
      output: { name: "Ito" },
      data: {
        input: { a: { id: "7" } },
        afterInputPath: { id: "7" },
        afterParameters: { TableName: "t", Key: { id: { S: "7" } } },
        result: { Item: { name: { S: "Ito" } } },
        afterResultSelector: { name: "Ito" },
        afterResultPath: { a: { id: "7" }, found: { name: "Ito" } },
      },
    });
  });

  it("takes variables and context, and a state out of a whole machine in its language", async () => {
    const definition = {
      QueryLanguage: "JSONata",
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "B" },
        B: { Type: "Pass", Output: "{% $n + $states.context.Custom %}", End: true },
      },
    };
    const { output, data } = await run(definition, {
      stateName: "B",
      variables: '{"n":3}',
      context: '{"Custom":4}',
      inspectionLevel: "DEBUG",
    });
    expect(output).toBe(7);
    expect(data).toMatchObject({ variables: { n: 3 } });
  });

  it("mocks failures: tells which entry of Retry or Catch they meet", async () => {
    const state = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "f" },
      Retry: [
        { ErrorEquals: ["Other"] },
        { ErrorEquals: ["Busy"], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 2 },
      ],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Sorry" }],
      End: true,
    };
    const mock = { errorOutput: { error: "Busy", cause: "later" } };
    const level = { mock, inspectionLevel: "DEBUG" } as const;
    expect(await run(state, { ...level, stateConfiguration: { retrierRetryCount: 1 } })).toMatchObject({
      status: "RETRIABLE",
      data: { errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 6 } },
    });
    expect(await run(state, { ...level, stateConfiguration: { retrierRetryCount: 2 } })).toMatchObject({
      status: "CAUGHT_ERROR",
      nextState: "Sorry",
      error: "Busy",
      data: { errorDetails: { catchIndex: 0 } },
    });
  });

  it("tests Map and Parallel states by a mock of what is inside", async () => {
    const branch = { StartAt: "X", States: { X: { Type: "Pass", End: true } } };
    const state = { Type: "Parallel", Branches: [branch], ResultPath: "$.all", Next: "Then" };
    expect(await run(state, { mock: { result: "[1]" }, input: '{"a":1}' })).toMatchObject({
      nextState: "Then",
      output: { a: 1, all: [1] },
    });
    await expect(run(state)).rejects.toThrow(/A mock is required/);
  });

  it("refuses mocks that the service could not answer, unless told not to look", async () => {
    const state = { ...put, Parameters: { TableName: "t", Key: {} } };
    const mock = { result: '{"Itm":{}}' };
    await expect(run(state, { mock })).rejects.toThrow(/Mock result has the member '.Itm'/);
    expect((await run(state, { mock: { ...mock, fieldValidationMode: "NONE" } })).output).toEqual({ Itm: {} });
  });

  it("shows requests and answers of HTTP Tasks at level TRACE, secrets only where asked for", async () => {
    const server = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { ConnectionArn } = await cloud.client(EventBridgeClient).send(
      new CreateConnectionCommand({
        Name: "traced",
        AuthorizationType: "API_KEY",
        AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "s3cret" } },
      }),
    );
    const ApiEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const Parameters = { ApiEndpoint, Method: "GET", Authentication: { ConnectionArn } };
    const state = { Type: "Task", Resource: "arn:aws:states:::http:invoke", Parameters, End: true };
    const traced = async (revealSecrets: boolean) => {
      const answer = await sfn.send(
        new TestStateCommand({ definition: JSON.stringify(state), roleArn, inspectionLevel: "TRACE", revealSecrets }),
      );
      return answer.inspectionData!;
    };
    const hidden = await traced(false);
    expect(hidden.response).toMatchObject({ statusCode: "200", statusMessage: "OK", body: "hello" });
    expect(hidden.request).toMatchObject({ method: "GET", url: ApiEndpoint });
    expect(hidden.request!.headers).toContain('"x-key":["******"]');
    expect((await traced(true)).request!.headers).toContain('"x-key":["s3cret"]');
    server.close();
  });
});

describe("mocked service integrations", () => {
  it("answer by test case, state and attempt, as the file says", async () => {
    const directory = mkdtempSync(join(tmpdir(), "katachi-mocks-"));
    const file = join(directory, "mocks.json");
    const MockedResponses = {
      FlakyQueue: {
        "0-1": { Throw: { Error: "Sqs.Busy", Cause: "try later" } },
        "2": { Return: { MessageId: "m-1" } },
      },
    };
    const StateMachines = { mocked: { TestCases: { Flaky: { Send: "FlakyQueue" } } } };
    writeFileSync(file, JSON.stringify({ StateMachines, MockedResponses }));
    const mocked = await startCloud({ ephemeral: true, clock: "frozen", stepFunctionsMocks: file });
    try {
      const client = mocked.client(SFNClient, { maxAttempts: 1 });
      const Retry = [{ ErrorEquals: ["Sqs.Busy"], IntervalSeconds: 1, MaxAttempts: 3 }];
      const Send = { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {}, Retry, End: true };
      const iam = mocked.client(IAMClient);
      const trust = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" }],
      });
      const role = await iam.send(new CreateRoleCommand({ RoleName: "none", AssumeRolePolicyDocument: trust }));
      const { stateMachineArn } = await client.send(
        new CreateStateMachineCommand({
          name: "mocked",
          roleArn: role.Role!.Arn!,
          definition: JSON.stringify({ StartAt: "Send", States: { Send } }),
        }),
      );
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}#Flaky` }),
      );
      await mocked.clock.advance("10s");
      const told = await client.send(new DescribeExecutionCommand({ executionArn: executionArn! }));
      expect(told).toMatchObject({ status: "SUCCEEDED", output: '{"MessageId":"m-1"}' });
      await expect(
        client.send(new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}#Other` })),
      ).rejects.toThrow(/no test case 'Other'/);
    } finally {
      await mocked.close();
      rmSync(directory, { recursive: true });
    }
    await expect(startCloud({ ephemeral: true, stepFunctionsMocks: file })).rejects.toThrow(/cannot be read as JSON/);
  });
});

describe("a nested execution", () => {
  it("is stopped with the execution that waits for it", async () => {
    const make = async (name: string, states: object) =>
      (
        await sfn.send(
          new CreateStateMachineCommand({
            name,
            roleArn,
            definition: JSON.stringify({ StartAt: Object.keys(states)[0], States: states }),
          }),
        )
      ).stateMachineArn!;
    const inner = await make("inner", { Long: { Type: "Wait", Seconds: 3600, End: true } });
    const outer = await make("outer", {
      Call: {
        Type: "Task",
        Resource: "arn:aws:states:::states:startExecution.sync:2",
        Parameters: { StateMachineArn: inner },
        End: true,
      },
    });
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: outer }));
    await cloud.settled();
    await sfn.send(new StopExecutionCommand({ executionArn: executionArn! }));
    await cloud.settled();
    const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: inner }));
    expect(executions).toMatchObject([{ status: "ABORTED" }]);
    const told = await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn! }));
    expect(told.status).toBe("ABORTED");
  });
});
