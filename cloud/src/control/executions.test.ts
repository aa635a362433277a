import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cloud, startCloud } from "../cloud.ts";
import { listExecutions, viewExecution } from "./executions.ts";

let cloud: Cloud;
let machineArn: string;

const definition = {
  StartAt: "Both",
  States: {
    Both: {
      Type: "Parallel",
      Next: "Each",
      Branches: [
        { StartAt: "Left", States: { Left: { Type: "Pass", Assign: { "seen.$": "$.n" }, End: true } } },
        { StartAt: "Right", States: { Right: { Type: "Wait", Seconds: 5, End: true } } },
      ],
    },
    Each: {
      Type: "Map",
      ItemProcessor: { StartAt: "One", States: { One: { Type: "Pass", End: true } } },
      Next: "Send",
    },
    Send: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl: "http://nowhere/000000000000/none", MessageBody: "x" },
      Retry: [{ ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 1, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Sorry" }],
      End: true,
    },
    Sorry: { Type: "Succeed" },
  },
};

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const { Role } = await cloud.call("iam", "CreateRole", {
    RoleName: "flows",
    AssumeRolePolicyDocument: document({
      Effect: "Allow",
      Principal: { Service: "states.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
  });
  const made = await cloud.call("stepfunctions", "CreateStateMachine", {
    name: "seen",
    roleArn: Role!.Arn!,
    definition: JSON.stringify(definition),
  });
  machineArn = made.stateMachineArn!;
});
afterAll(() => cloud.close());

test("an execution as the console shows it: graph, visits with attempts, variables and timings", async () => {
  const { executionArn } = await cloud.call("stepfunctions", "StartExecution", {
    stateMachineArn: machineArn,
    input: '{"n":1}',
  });
  await cloud.settled();
  const running = await viewExecution(cloud, executionArn!);
  expect(running.visits.map(({ state, status, parent }) => [state, status, parent])).toEqual([
    ["Both", "running", undefined],
    ["Left", "succeeded", 0],
    ["Right", "running", 0],
  ]);
  expect(running.visits[1]!.variables).toEqual({ seen: "1" });
  await cloud.clock.advance("1m");
  const view = await viewExecution(cloud, executionArn!);
  expect(view).toMatchObject({ status: "SUCCEEDED", machineArn, input: '{"n":1}', redriveCount: 0 });
  expect(view.graph.nodes.map(({ id, type, parent, isStart }) => [id, type, parent, isStart])).toEqual([
    ["Both", "Parallel", undefined, true],
    ["Left", "Pass", "Both", true],
    ["Right", "Wait", "Both", true],
    ["Each", "Map", undefined, false],
    ["One", "Pass", "Each", true],
    ["Send", "Task", undefined, false],
    ["Sorry", "Succeed", undefined, false],
  ]);
  expect(view.graph.edges).toEqual([
    { from: "Both", to: "Each", kind: "next" },
    { from: "Each", to: "Send", kind: "next" },
    { from: "Send", to: "Sorry", kind: "catch", label: "States.ALL" },
  ]);
  expect(view.visits.map(({ state, status, parent, iteration }) => [state, status, parent, iteration])).toEqual([
    ["Both", "succeeded", undefined, undefined],
    ["Left", "succeeded", 0, undefined],
    ["Right", "succeeded", 0, undefined],
    ["Each", "succeeded", undefined, undefined],
    ["One", "succeeded", 3, 0],
    ["One", "succeeded", 3, 1],
    ["Send", "caught", undefined, undefined],
    ["Sorry", "succeeded", undefined, undefined],
  ]);
  const [both] = view.visits;
  expect(both!.exitedMs! - both!.enteredMs).toBe(5000);
  const send = view.visits[6]!;
  expect(send.attempts).toHaveLength(2);
  expect(send.attempts[1]!.startedMs - send.attempts[0]!.startedMs).toBe(1000);
  expect(send.attempts[0]).toMatchObject({
    error: expect.stringContaining("SQS."),
    parameters: expect.stringContaining("none"),
  });
  expect(await listExecutions(cloud, machineArn, 10)).toMatchObject([{ arn: executionArn, status: "SUCCEEDED" }]);
});
