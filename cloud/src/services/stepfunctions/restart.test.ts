/** What Express executions become when the process ends under them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-sfn-restart-"));
let cloud: Cloud;
let roleArn: string;

const open = () => startCloud({ dataDirectory, clock: "frozen" });

beforeAll(async () => {
  cloud = await open();
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const { Role } = await cloud.call("iam", "CreateRole", {
    RoleName: "flows",
    AssumeRolePolicyDocument: document(trust),
  });
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await cloud.call("iam", "PutRolePolicy", { RoleName: "flows", PolicyName: "p", PolicyDocument });
  roleArn = Role!.Arn!;
});
afterAll(async () => {
  await cloud.close();
  rmSync(dataDirectory, { recursive: true, force: true });
});

async function machine(name: string, States: object, type: "STANDARD" | "EXPRESS"): Promise<string> {
  const definition = JSON.stringify({ StartAt: Object.keys(States)[0], States });
  return (await cloud.call("stepfunctions", "CreateStateMachine", { name, roleArn, definition, type }))
    .stateMachineArn!;
}

it("asynchronous ones run again, at least once", async () => {
  const { QueueUrl } = await cloud.call("sqs", "CreateQueue", { QueueName: "told" });
  const states = {
    Later: { Type: "Wait", Seconds: 60, Next: "Tell" },
    Tell: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl, "MessageBody.$": "$.text" },
      End: true,
    },
  };
  const stateMachineArn = await machine("later", states, "EXPRESS");
  await cloud.call("stepfunctions", "StartExecution", { stateMachineArn, input: '{"text":"hello"}' });
  await cloud.settled();
  await cloud.close();
  cloud = await open();
  await cloud.clock.advance("61s");
  const { Messages } = await cloud.call("sqs", "ReceiveMessage", { QueueUrl: QueueUrl!, MaxNumberOfMessages: 10 });
  expect(Messages!.map(({ Body }) => Body)).toEqual(["hello"]);
  await cloud.close();
  cloud = await open();
  await cloud.clock.advance("61s");
  // It ended: the one message is back in the queue, and nothing ran again that would have sent another.
  const again = await cloud.call("sqs", "ReceiveMessage", { QueueUrl: QueueUrl!, MaxNumberOfMessages: 10 });
  expect(again.Messages).toHaveLength(1);
});

it("children of a Map Run run again, those that had ended do not, and the run goes on reading", async () => {
  const ItemProcessor = {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
    StartAt: "W",
    States: { W: { Type: "Wait", SecondsPath: "$", End: true } },
  };
  const stateMachineArn = await machine(
    "rows",
    { Rows: { Type: "Map", ItemProcessor, MaxConcurrency: 2, End: true } },
    "STANDARD",
  );
  const { executionArn } = await cloud.call("stepfunctions", "StartExecution", {
    stateMachineArn,
    input: "[10, 100, 100, 10]",
  });
  await cloud.clock.advance("11s");
  await cloud.close();
  cloud = await open();
  const { mapRuns } = await cloud.call("stepfunctions", "ListMapRuns", { executionArn });
  const mapRunArn = mapRuns![0]!.mapRunArn!;
  const before = await cloud.call("stepfunctions", "DescribeMapRun", { mapRunArn });
  expect(before.executionCounts).toMatchObject({ succeeded: 1, running: 2, total: 3 });
  await cloud.clock.advance("5m");
  const told = await cloud.call("stepfunctions", "DescribeExecution", { executionArn });
  expect(told).toMatchObject({ status: "SUCCEEDED", output: "[10,100,100,10]" });
  const after = await cloud.call("stepfunctions", "DescribeMapRun", { mapRunArn });
  expect(after.executionCounts).toMatchObject({ succeeded: 4, total: 4 });
});
