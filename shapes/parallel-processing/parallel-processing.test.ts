import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ListExecutionsCommand, RedriveExecutionCommand, SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { ParallelProcessing } from "./construct.ts";
import { type DemoInput, runDemo, watch } from "./demo.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-parallel-processing-"));
let cloud: Cloud;
let demo: DemoInput;
let TableName: string;
let resultsBucket: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app, { batchSize: 50, concurrency: 4 });
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map((stack) => stack.status)).toEqual(["CREATE_COMPLETE"]);
  const output = (key: string) => stacks[0]!.outputs.find((each) => each.key === key)!.value;
  demo = {
    s3: cloud.client(S3Client),
    sfn: cloud.client(SFNClient),
    inputBucket: output("InputBucket"),
    stateMachineArn: output("StateMachineArn"),
  };
  TableName = output("TableName");
  resultsBucket = output("ResultsBucket");
}, 60_000);

afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

async function count(): Promise<number> {
  let found = 0;
  let ExclusiveStartKey: Record<string, { S: string }> | undefined;
  do {
    const page = await cloud
      .client(DynamoDBClient)
      .send(new ScanCommand({ TableName, Select: "COUNT", ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) }));
    found += page.Count ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
  } while (ExclusiveStartKey);
  return found;
}

async function json<T>(Key: string): Promise<T> {
  const { Body } = await demo.s3.send(new GetObjectCommand({ Bucket: resultsBucket, Key }));
  return JSON.parse(await Body!.transformToString()) as T;
}

describe("the demo", () => {
  test("a CSV file put into the bucket is loaded into the table, progress is told, a manifest is written", async () => {
    const lines: string[] = [];
    const result = await runDemo({ ...demo, rows: 2000, told: (line) => lines.push(line) });
    expect(result).toMatchObject({ status: "SUCCEEDED", counts: { total: 2000, succeeded: 2000, failed: 0 } });
    expect(result.manifest!.ResultFiles).toMatchObject({ FAILED: [], SUCCEEDED: [{ Size: expect.any(Number) }] });
    expect(lines.at(-1)).toBe("2000 loaded, 0 failed");
    expect(await count()).toBe(2000);
    const { Item } = await cloud
      .client(DynamoDBClient)
      .send(new GetItemCommand({ TableName, Key: { id: { S: "c2" } } }));
    expect(Item).toEqual({ id: { S: "c2" }, name: { S: 'Smith "Jo"' }, amount: { N: "2" }, city: { S: "東京" } });
  }, 60_000);
});

describe("what fails", () => {
  test("bad rows within what is tolerated: listed in the FAILED results by name and reason, the good ones loaded", async () => {
    const result = await runDemo({ ...demo, rows: 10_000, badEvery: 10_000 });
    expect(result).toMatchObject({ status: "SUCCEEDED", counts: { failed: 50, succeeded: 9950 } });
    const [file] = result.manifest!.ResultFiles.FAILED;
    const failed = await json<{ Input: string; Error: string; Cause: string }[]>(file!.Key);
    expect(failed).toHaveLength(1);
    expect(failed[0]!.Error).toBe("BadRows");
    const { errorMessage } = JSON.parse(failed[0]!.Cause) as { errorMessage: string };
    expect(JSON.parse(errorMessage)).toEqual([
      {
        row: { id: "c10000", name: "山田 花子", amount: "unknown", city: "東京" },
        reason: 'amount is "unknown"; it must be a whole number',
      },
    ]);
    expect(await count()).toBe(9999);
  }, 60_000);

  test("too many bad rows: the run fails by name, and a redrive runs only what did not succeed", async () => {
    const result = await runDemo({ ...demo, rows: 1000, badEvery: 500 });
    expect(result).toMatchObject({ status: "FAILED", manifest: undefined });
    expect(result.counts.failed).toBeGreaterThan(0);
    const children = async () => {
      const { executions = [] } = await demo.sfn.send(
        new ListExecutionsCommand({ mapRunArn: result.mapRunArn, maxResults: 100 }),
      );
      return executions;
    };
    const before = (await children()).filter((child) => child.status === "SUCCEEDED");
    await demo.sfn.send(new RedriveExecutionCommand({ executionArn: result.executionArn }));
    const again = await watch(demo, result.executionArn);
    expect(again.status).toBe("FAILED");
    const after = await children();
    for (const { executionArn } of before)
      expect(after.find((child) => child.executionArn === executionArn)).toMatchObject({ redriveCount: 0 });
    expect(after.filter((child) => child.redriveCount! > 0).length).toBeGreaterThan(0);
    const { Contents = [] } = await demo.s3.send(new ListObjectsV2Command({ Bucket: resultsBucket }));
    const run = result.mapRunArn.split(":").at(-1)!;
    expect(Contents.map(({ Key }) => Key)).toContain(`runs/${run}/FAILED_0.json`);
  }, 60_000);

  test("a run that was stopped half-way is redriven to its end", async () => {
    const started = runDemo({
      ...demo,
      rows: 20_000,
      told: (line) => {
        if (stopped || !/^[1-9]\d* loaded/.test(line)) return;
        stopped = true;
        void stop();
      },
    });
    let stopped = false;
    const stop = async () => {
      const { executions } = await demo.sfn.send(
        new ListExecutionsCommand({ stateMachineArn: demo.stateMachineArn, statusFilter: "RUNNING" }),
      );
      await demo.sfn.send(new StopExecutionCommand({ executionArn: executions![0]!.executionArn }));
    };
    const { status, executionArn, counts } = await started;
    expect(status).toBe("ABORTED");
    expect(counts.succeeded).toBeLessThan(20_000);
    await demo.sfn.send(new RedriveExecutionCommand({ executionArn }));
    expect(await watch(demo, executionArn)).toMatchObject({ status: "SUCCEEDED", counts: { succeeded: 20_000 } });
    expect(await count()).toBe(20_000);
  }, 120_000);
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag.out") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  test("props out of range are refused, all at once", () => {
    const handler = packagePath("parallel-processing/handlers/load-rows.ts");
    const make = () =>
      new ParallelProcessing(new Stack(new App(), "s"), "P", {
        handler,
        batchSize: 0,
        concurrency: 20_000,
        toleratedFailurePercentage: 101,
      });
    expect(make).toThrow(
      /batchSize is 0; .*concurrency is 20000; .*toleratedFailurePercentage is 101; allowed: 0 to 100/,
    );
  });
});
