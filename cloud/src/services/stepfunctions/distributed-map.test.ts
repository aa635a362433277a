import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient, UpdateFunctionCodeCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from "@aws-sdk/client-sfn";
import { parquetWriteBuffer } from "hyparquet-writer";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ZipFile } from "yazl";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let sfn: SFNClient;
let s3: S3Client;
let role: string;
let count = 0;
const Bucket = "map-items";

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  sfn = cloud.client(SFNClient, { maxAttempts: 1 });
  s3 = cloud.client(S3Client);
  role = await makeRole("maps", "states.amazonaws.com");
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => cloud.close());

async function makeRole(RoleName: string, Service: string): Promise<string> {
  const iam = cloud.client(IAMClient);
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const trust = document({ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" });
  const made = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
  return made.Role!.Arn!;
}

const pass = { Echo: { Type: "Pass", End: true } };

function mapState(more: object, states: object = pass, ExecutionType = "STANDARD") {
  const ItemProcessor = {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType },
    StartAt: Object.keys(states)[0],
    States: states,
  };
  return { Type: "Map", ItemProcessor, End: true, ...more };
}

async function start(state: object, input: unknown = {}): Promise<string> {
  const definition = JSON.stringify({ StartAt: "Rows", States: { Rows: state } });
  const made = await sfn.send(new CreateStateMachineCommand({ name: `d${++count}`, roleArn: role, definition }));
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: made.stateMachineArn!, input: JSON.stringify(input) }),
  );
  await cloud.settled();
  return executionArn!;
}

async function ended(executionArn: string) {
  const { status, output, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return { status, error, cause, output: output === undefined ? undefined : (JSON.parse(output) as unknown) };
}

const run = async (state: object, input?: unknown) => ended(await start(state, input));

async function put(Key: string, Body: string | Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

function reading(Key: string, ReaderConfig: object, more: object = {}) {
  return mapState({
    ItemReader: { Resource: "arn:aws:states:::s3:getObject", Parameters: { Bucket, Key }, ReaderConfig },
    ...more,
  });
}

async function mapRunOf(executionArn: string) {
  const { mapRuns } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  return sfn.send(new DescribeMapRunCommand({ mapRunArn: mapRuns![0]!.mapRunArn }));
}

async function json(Key: string): Promise<unknown> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return JSON.parse(await Body!.transformToString());
}

describe("what the items are", () => {
  it("rows of CSV, named by the first row", async () => {
    await put("a.csv", 'id,name\r\n1,"Ito, ""J"""\r\n2,Sato\n\n3\n');
    const { output } = await run(reading("a.csv", { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" }));
    expect(output).toEqual([
      { id: "1", name: 'Ito, "J"' },
      { id: "2", name: "Sato" },
      { id: "3", name: "" },
    ]);
  });

  it("rows of CSV with given headers and another delimiter, no more than MaxItems", async () => {
    await put("b.csv", "1|x\n2|y\n3|z");
    const config = { InputType: "CSV", CSVHeaderLocation: "GIVEN", CSVHeaders: ["id", "v"], CSVDelimiter: "PIPE" };
    const { output } = await run(reading("b.csv", { ...config, MaxItems: 2 }));
    expect(output).toEqual([
      { id: "1", v: "x" },
      { id: "2", v: "y" },
    ]);
  });

  it("elements and members of JSON, also deep in it", async () => {
    await put("c.json", JSON.stringify({ "a/b": [{ skip: [1] }, { rows: [1, "x,]", { y: [2] }] }], last: {} }));
    const { output } = await run(reading("c.json", { InputType: "JSON", ItemsPointer: "/a~1b/1/rows" }));
    expect(output).toEqual([1, "x,]", { y: [2] }]);
    await put("d.json", '{"one": 1, "two": {"three": 3}}');
    const members = await run(reading("d.json", { InputType: "JSON" }));
    expect(members.output).toEqual([
      { Key: "one", Value: 1 },
      { Key: "two", Value: { three: 3 } },
    ]);
  });

  it("lines of JSON", async () => {
    await put("e.jsonl", '{"a":1}\n{"a":2}\n');
    expect((await run(reading("e.jsonl", { InputType: "JSONL" }))).output).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("rows of Parquet", async () => {
    const columnData = [
      { name: "id", data: [1n, 2n], type: "INT64" as const },
      { name: "name", data: ["Ito", "佐藤"], type: "STRING" as const },
    ];
    await put("f.parquet", new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 1 })));
    expect((await run(reading("f.parquet", { InputType: "PARQUET" }))).output).toEqual([
      { id: 1, name: "Ito" },
      { id: 2, name: "佐藤" },
    ]);
  });

  it("objects of a bucket, and what is in them", async () => {
    for (const name of ["1", "2"]) await put(`list/${name}.jsonl`, `{"n":${name}}\n`);
    const list = { Resource: "arn:aws:states:::s3:listObjectsV2", Parameters: { Bucket, Prefix: "list/" } };
    const listed = await run(mapState({ ItemReader: list }));
    expect(listed.output).toMatchObject([
      { Key: "list/1.jsonl", Size: 8, StorageClass: "STANDARD", Etag: expect.stringMatching(/^"/) },
      { Key: "list/2.jsonl", LastModified: Math.floor(cloud.clock.now() / 1000) },
    ]);
    const ReaderConfig = { InputType: "JSONL", Transformation: "LOAD_AND_FLATTEN" };
    const loaded = await run(mapState({ ItemReader: { ...list, ReaderConfig } }));
    expect(loaded.output).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("what an inventory and an Athena manifest name", async () => {
    await put("inv/data.csv.gz", gzipSync('"b","k1","10"\n"b","k2","20"\n'));
    const files = [{ key: "inv/data.csv.gz" }];
    const manifest = {
      fileFormat: "CSV",
      fileSchema: "Bucket, Key, Size",
      destinationBucket: `arn:aws:s3:::${Bucket}`,
      files,
    };
    await put("inv/manifest.json", JSON.stringify(manifest));
    const inventory = await run(reading("inv/manifest.json", { InputType: "MANIFEST" }));
    expect(inventory.output).toEqual([
      { Bucket: "b", Key: "k1", Size: "10" },
      { Bucket: "b", Key: "k2", Size: "20" },
    ]);
    await put("athena/1.jsonl", '{"n":1}\n');
    await put("athena/manifest.csv", `s3://${Bucket}/athena/1.jsonl\n`);
    const athena = await run(reading("athena/manifest.csv", { InputType: "JSONL", ManifestType: "ATHENA_DATA" }));
    expect(athena.output).toEqual([{ n: 1 }]);
  });

  it("fails by name where they cannot be read", async () => {
    const missing = await run(reading("none.csv", { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" }));
    expect(missing).toMatchObject({ status: "FAILED", error: "States.ItemReaderFailed" });
    expect(missing.cause).toContain("The specified key does not exist");
    await put("bad.json", '{"a": 1');
    expect((await run(reading("bad.json", { InputType: "JSON" }))).error).toBe("States.ItemReaderFailed");
  });
});

describe("what children are given", () => {
  it("selects, with the item's index, value and source in the context", async () => {
    const ItemSelector = {
      "i.$": "$$.Map.Item.Index",
      "v.$": "$$.Map.Item.Value",
      "s.$": "$$.Map.Item.Source",
      "x.$": "$.x",
    };
    const { output } = await run(mapState({ ItemsPath: "$.items", ItemSelector }), { items: ["a", "b"], x: 7 });
    expect(output).toEqual([
      { i: 0, v: "a", s: "STATE_DATA", x: 7 },
      { i: 1, v: "b", s: "STATE_DATA", x: 7 },
    ]);
  });

  it("batches by number and by bytes, with the same input for each batch", async () => {
    const ItemBatcher = { MaxItemsPerBatch: 2, BatchInput: { "f.$": "$.f" } };
    const batched = await run(mapState({ ItemsPath: "$.items", ItemBatcher }), { items: [1, 2, 3], f: 9 });
    expect(batched.output).toEqual([
      { BatchInput: { f: 9 }, Items: [1, 2] },
      { BatchInput: { f: 9 }, Items: [3] },
    ]);
    const small = await run(mapState({ ItemBatcher: { MaxInputBytesPerBatch: 30 } }), ["aaaaaaa", "bbbbbbb", "c"]);
    expect(small.output).toEqual([{ Items: ["aaaaaaa"] }, { Items: ["bbbbbbb", "c"] }]);
  });
});

describe("what comes of it", () => {
  it("records the run in the history, and tells of it and its children", async () => {
    const executionArn = await start(mapState({ Label: "Lines" }), [1, 2]);
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events!.map(({ type }) => type)).toEqual([
      "ExecutionStarted",
      "MapStateEntered",
      "MapStateStarted",
      "MapRunStarted",
      "MapRunSucceeded",
      "MapStateSucceeded",
      "MapStateExited",
      "ExecutionSucceeded",
    ]);
    const mapRun = await mapRunOf(executionArn);
    expect(mapRun).toMatchObject({
      executionArn,
      status: "SUCCEEDED",
      itemCounts: { total: 2, succeeded: 2 },
      executionCounts: { total: 2, succeeded: 2, running: 0 },
    });
    expect(mapRun.mapRunArn).toMatch(/:mapRun:d\d+\/Lines:[0-9a-f-]{36}$/);
    const { executions } = await sfn.send(new ListExecutionsCommand({ mapRunArn: mapRun.mapRunArn! }));
    expect(executions).toHaveLength(2);
    const child = await sfn.send(new DescribeExecutionCommand({ executionArn: executions![0]!.executionArn }));
    expect(child).toMatchObject({ mapRunArn: mapRun.mapRunArn, status: "SUCCEEDED", output: "2" });
    expect(child.stateMachineArn).toMatch(/stateMachine:d\d+\/Lines$/);
  });

  it("runs Express children, too", async () => {
    const { output } = await run(mapState({}, pass, "EXPRESS"), ["a", "b"]);
    expect(output).toEqual(["a", "b"]);
  });

  it("writes results by status, and a manifest", async () => {
    const states = {
      Odd: { Type: "Choice", Choices: [{ Variable: "$", NumericEquals: 2, Next: "No" }], Default: "Yes" },
      No: { Type: "Fail", Error: "Even", Cause: "two" },
      Yes: { Type: "Pass", End: true },
    };
    const ResultWriter = { Resource: "arn:aws:states:::s3:putObject", Parameters: { Bucket, Prefix: "out" } };
    const state = mapState({ ResultWriter, ToleratedFailureCount: 1 }, states);
    const { output, status } = await run(state, [1, 2, 3]);
    expect(status).toBe("SUCCEEDED");
    const { MapRunArn, ResultWriterDetails } = output as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    const folder = `out/${MapRunArn.split(":").at(-1)}`;
    expect(ResultWriterDetails).toEqual({ Bucket, Key: `${folder}/manifest.json` });
    const succeeded = (await json(`${folder}/SUCCEEDED_0.json`)) as object[];
    expect(succeeded).toMatchObject([
      { Input: "1", Output: "1", Status: "SUCCEEDED", InputDetails: { Included: true }, RedriveCount: 0 },
      { Input: "3" },
    ]);
    const failed = await json(`${folder}/FAILED_0.json`);
    expect(failed).toMatchObject([
      { Input: "2", Error: "Even", Cause: "two", Status: "FAILED", RedriveStatus: "REDRIVABLE_BY_MAP_RUN" },
    ]);
    expect(await json(`${folder}/manifest.json`)).toEqual({
      DestinationBucket: Bucket,
      MapRunArn,
      ResultFiles: {
        FAILED: [{ Key: `${folder}/FAILED_0.json`, Size: JSON.stringify(failed).length }],
        PENDING: [],
        SUCCEEDED: [{ Key: `${folder}/SUCCEEDED_0.json`, Size: JSON.stringify(succeeded).length }],
      },
    });
  });

  it("fails where the results are too large for the state's output", async () => {
    const states = { Big: { Type: "Pass", Result: "x".repeat(100_000), End: true } };
    expect(await run(mapState({}, states), [1, 2, 3])).toMatchObject({
      status: "FAILED",
      error: "States.DataLimitExceeded",
      cause: expect.stringContaining("The state/task 'Rows' returned a result") as string,
    });
  });

  it("shapes results as WriterConfig says", async () => {
    const states = {
      Make: { Type: "Pass", Parameters: { "v.$": "States.Array($, $)" }, OutputPath: "$.v", End: true },
    };
    const config = (Transformation: string, OutputType = "JSON") => ({ WriterConfig: { Transformation, OutputType } });
    const flat = await run(mapState({ ResultWriter: config("FLATTEN") }, states), [1, 2]);
    expect(flat.output).toEqual([1, 1, 2, 2]);
    const whole = await run(mapState({ ResultWriter: config("NONE") }, states), [1]);
    expect(whole.output).toMatchObject([{ Output: "[1,1]", Status: "SUCCEEDED" }]);
    const ResultWriter = {
      Resource: "arn:aws:states:::s3:putObject",
      Parameters: { Bucket, Prefix: "lines" },
      ...config("COMPACT", "JSONL"),
    };
    const { output } = await run(mapState({ ResultWriter }, states), [1, 2]);
    const folder = `lines/${(output as { MapRunArn: string }).MapRunArn.split(":").at(-1)}`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${folder}/SUCCEEDED_0.jsonl` }));
    expect(await Body!.transformToString()).toBe("[1,1]\n[2,2]\n");
  });

  it("fails beyond what is tolerated, by number and by percentage", async () => {
    const states = {
      Odd: { Type: "Choice", Choices: [{ Variable: "$", NumericGreaterThan: 8, Next: "No" }], Default: "Yes" },
      No: { Type: "Fail", Error: "Large" },
      Yes: { Type: "Pass", End: true },
    };
    const items = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const beyond = { status: "FAILED", error: "States.ExceedToleratedFailureThreshold" };
    expect(await run(mapState({}, states), items)).toMatchObject({
      ...beyond,
      cause: "The specified tolerated failure threshold was exceeded",
    });
    expect(await run(mapState({ ToleratedFailureCount: 1 }, states), items)).toMatchObject(beyond);
    expect(await run(mapState({ ToleratedFailureCount: 2 }, states), items)).toMatchObject({ status: "SUCCEEDED" });
    expect(await run(mapState({ ToleratedFailurePercentage: 19.9 }, states), items)).toMatchObject(beyond);
    expect(
      await run(mapState({ ToleratedFailurePercentagePath: "$.p", ItemsPath: "$.items" }, states), { items, p: 20 }),
    ).toMatchObject({ status: "SUCCEEDED" });
  });
});

describe("while it runs", () => {
  const waiting = { Later: { Type: "Wait", Seconds: 60, End: true } };

  it("runs no more than MaxConcurrency at a time, until UpdateMapRun allows more", async () => {
    const executionArn = await start(mapState({ MaxConcurrency: 2 }, waiting), [1, 2, 3, 4, 5, 6]);
    const { mapRunArn, executionCounts } = await mapRunOf(executionArn);
    expect(executionCounts).toMatchObject({ running: 2, total: 2 });
    await sfn.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 4 }));
    await cloud.settled();
    expect((await mapRunOf(executionArn)).executionCounts).toMatchObject({ running: 4 });
    await cloud.clock.advance("60s");
    expect((await mapRunOf(executionArn)).executionCounts).toMatchObject({ succeeded: 4, running: 2 });
    await cloud.clock.advance("60s");
    expect((await ended(executionArn)).output).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is aborted with its execution, and a redrive ends what was aborted", async () => {
    const executionArn = await start(mapState({ MaxConcurrency: 2 }, waiting), [1, 2, 3]);
    await sfn.send(new StopExecutionCommand({ executionArn }));
    await cloud.settled();
    expect(await mapRunOf(executionArn)).toMatchObject({ status: "ABORTED", executionCounts: { aborted: 2 } });
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    await cloud.clock.advance("2m");
    expect((await ended(executionArn)).output).toEqual([1, 2, 3]);
    expect(await mapRunOf(executionArn)).toMatchObject({ status: "SUCCEEDED", redriveCount: 1 });
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events!.find(({ type }) => type === "MapRunRedriven")?.mapRunRedrivenEventDetails?.redriveCount).toBe(1);
  });
});

describe("redrive", () => {
  it("runs only what failed, and what was not begun", async () => {
    const code = (source: string) => zip(`let n = 0; exports.handler = async (event) => { n++; ${source} };`);
    const lambda = cloud.client(LambdaClient);
    const Role = await makeRole("worker", "lambda.amazonaws.com");
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "worker",
        Role,
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Code: { ZipFile: await code("if (event === 3) throw new Error('three'); return { event, by: 'first' };") },
      }),
    );
    const states = { Work: { Type: "Task", Resource: made.FunctionArn, End: true } };
    const executionArn = await start(mapState({ MaxConcurrency: 1 }, states), [1, 2, 3, 4]);
    expect(await ended(executionArn)).toMatchObject({ status: "FAILED" });
    await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: "worker", ZipFile: await code("return { event, by: 'second' };") }),
    );
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    await cloud.settled();
    expect((await ended(executionArn)).output).toEqual([
      { event: 1, by: "first" },
      { event: 2, by: "first" },
      { event: 3, by: "second" },
      { event: 4, by: "second" },
    ]);
  });
});

async function zip(source: string): Promise<Buffer> {
  const file = new ZipFile();
  file.addBuffer(Buffer.from(source), "index.js");
  file.end();
  const chunks: Buffer[] = [];
  for await (const chunk of file.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
