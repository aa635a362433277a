import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

// The unmodified CDK CLI against a started cloud, told nothing but AWS_ENDPOINT_URL.
const require = createRequire(import.meta.url);
const CDK = join(require.resolve("aws-cdk/package.json"), "..", "bin", "cdk");
const LIBRARY = require.resolve("aws-cdk-lib");

let cloud: Cloud;
let directory: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
  directory = mkdtempSync(join(tmpdir(), "katachi-cdk-"));
  mkdirSync(join(directory, "handler"));
  writeFileSync(join(directory, "cdk.json"), JSON.stringify({ app: "node app.cjs" }));
  write(128);
  handler(1);
});
afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

function handler(version: number): void {
  const code = `export const handler = async () => ({ from: process.env.STACK, version: ${version} });\n`;
  writeFileSync(join(directory, "handler", "index.mjs"), code);
}

function write(memory: number): void {
  writeFileSync(
    join(directory, "app.cjs"),
    `const { App, CfnOutput, Stack, aws_iam, aws_lambda, aws_logs, aws_s3, aws_ssm } = require(${JSON.stringify(LIBRARY)});
const stack = new Stack(new App(), "CdkStack");
const logGroup = new aws_logs.LogGroup(stack, "Logs", { retention: 7 });
const fn = new aws_lambda.Function(stack, "Fn", {
  runtime: aws_lambda.Runtime.NODEJS_22_X, handler: "index.handler", code: aws_lambda.Code.fromAsset("handler"),
  environment: { STACK: stack.stackName }, logGroup, memorySize: ${memory},
});
const bucket = new aws_s3.Bucket(stack, "Bucket", { removalPolicy: "destroy" });
bucket.grantRead(fn);
new aws_ssm.StringParameter(stack, "Parameter", { stringValue: fn.functionArn });
new CfnOutput(stack, "FunctionName", { value: fn.functionName });
`,
  );
}

function cdk(...args: string[]): Promise<{ code: number; text: string }> {
  const env = {
    PATH: process.env["PATH"],
    HOME: directory,
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    CI: "true",
  };
  const options = ["--no-color", "--no-notices", "--no-version-reporting", "--ci"];
  return new Promise((resolve) => {
    execFile(process.execPath, [CDK, ...args, ...options], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, text: stdout + stderr }),
    );
  });
}

test("cdk deploy, diff, deploy again, hotswap, destroy", { timeout: 120_000 }, async () => {
  const deployed = await cdk("deploy", "--require-approval", "never");
  expect(deployed.text).toContain("CdkStack.FunctionName = ");
  expect(deployed.code).toBe(0);
  const FunctionName = /CdkStack\.FunctionName = (\S+)/.exec(deployed.text)![1]!;
  const invoke = async () => {
    const answer = await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName }));
    return JSON.parse(Buffer.from(answer.Payload!).toString()) as unknown;
  };
  expect(await invoke()).toEqual({ from: "CdkStack", version: 1 });

  const same = await cdk("deploy", "--require-approval", "never");
  expect(same.text).toContain("(no changes)");

  write(256);
  const diff = await cdk("diff");
  expect(diff.text).toMatch(/\[~\] AWS::Lambda::Function/);
  expect(diff.text).toMatch(/128[\s\S]*256/);
  const changed = await cdk("deploy", "--require-approval", "never");
  expect(changed.code).toBe(0);

  handler(2);
  const swapped = await cdk("deploy", "--hotswap");
  expect(swapped.text).toMatch(/hotswapped!/);
  expect(await invoke()).toEqual({ from: "CdkStack", version: 2 });

  const destroyed = await cdk("destroy", "--force");
  expect(destroyed.code).toBe(0);
  await expect(
    cloud.client(CloudFormationClient).send(new DescribeStacksCommand({ StackName: "CdkStack" })),
  ).rejects.toThrow("does not exist");
});
