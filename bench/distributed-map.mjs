/**
 * A distributed Map over a CSV of a million rows (about 100 MB), in batches of 1,000, into a trivial function. Floor: the
 * same rows read, split and written as JSON in this process, without anything around.
 *
 * `ROWS=100000 node bench/distributed-map.mjs` for less. Progress is what DescribeMapRun tells.
 */
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fromSource } from "./from-source.mjs";

const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
const CONCURRENCY = Number(process.env["CONCURRENCY"] ?? 4);
const TYPE = process.env["TYPE"] ?? "STANDARD";
const TARGET = 20_000;

const { startCloud } = await fromSource('export { startCloud } from "./cloud.ts";');
const directory = mkdtempSync(join(tmpdir(), "bench-map-"));
const path = join(directory, "rows.csv");
const file = createWriteStream(path);
file.write("id,name,amount,city,note\n");
for (let id = 0; id < ROWS; id++)
  if (!file.write(`${id},customer number ${id},${id % 1000},Tokyo,${"x".repeat(60)}\n`)) await once(file, "drain");
file.end();
await once(file, "close");
const bytes = statSync(path).size;
console.log(`${ROWS} rows, ${(bytes / 1e6).toFixed(0)} MB, ${TYPE} children, ${CONCURRENCY} at a time`);

const floorAt = performance.now();
let floorBytes = 0;
for await (const line of createInterface({ input: createReadStream(path) }))
  floorBytes += JSON.stringify(line.split(",")).length;
const floor = (ROWS / (performance.now() - floorAt)) * 1000;
console.log(`floor: ${floor.toFixed(0)} rows/s read and written as JSON (${floorBytes} characters)`);

/** Memory of our own, without files that are mapped into it (the store). */
function anonMb() {
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024);
}

const cloud = await startCloud({ ephemeral: true });
const statement = (/** @type {object} */ one) => JSON.stringify({ Version: "2012-10-17", Statement: [one] });
const trust = { Effect: "Allow", Principal: { Service: ["states.amazonaws.com", "lambda.amazonaws.com"] } };
const { Role } = await cloud.call("iam", "CreateRole", {
  RoleName: "bench",
  AssumeRolePolicyDocument: statement({ ...trust, Action: "sts:AssumeRole" }),
});
await cloud.call("iam", "PutRolePolicy", {
  RoleName: "bench",
  PolicyName: "all",
  PolicyDocument: statement({ Effect: "Allow", Action: "*", Resource: "*" }),
});
writeFileSync(join(directory, "index.js"), "exports.handler = async ({ Items }) => ({ rows: Items.length });");
const { FunctionArn } = await cloud.call("lambda", "CreateFunction", {
  FunctionName: "count",
  Runtime: "nodejs22.x",
  Handler: "index.handler",
  Role: Role.Arn,
  Code: { S3Bucket: "hot-reload", S3Key: directory },
});
await cloud.call("s3", "CreateBucket", { Bucket: "rows" });
await cloud.call("s3", "PutObject", {
  Bucket: "rows",
  Key: "rows.csv",
  Body: createReadStream(path),
  ContentLength: bytes,
});
const definition = {
  StartAt: "Rows",
  States: {
    Rows: {
      Type: "Map",
      End: true,
      MaxConcurrency: CONCURRENCY,
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" },
        Parameters: { Bucket: "rows", Key: "rows.csv" },
      },
      ItemBatcher: { MaxItemsPerBatch: 1000 },
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: TYPE },
        StartAt: "Count",
        States: { Count: { Type: "Task", Resource: FunctionArn, End: true } },
      },
      ResultWriter: {
        Resource: "arn:aws:states:::s3:putObject",
        Parameters: { Bucket: "rows", Prefix: "results" },
        WriterConfig: { Transformation: "COMPACT", OutputType: "JSON" },
      },
    },
  },
};
const { stateMachineArn } = await cloud.call("stepfunctions", "CreateStateMachine", {
  name: "bench",
  roleArn: Role.Arn,
  definition: JSON.stringify(definition),
});
const startedAt = performance.now();
const { executionArn } = await cloud.call("stepfunctions", "StartExecution", { stateMachineArn });
let status = "RUNNING";
let told = 0;
const memory = [];
while (status === "RUNNING") {
  await wait(100);
  ({ status } = await cloud.call("stepfunctions", "DescribeExecution", { executionArn }));
  memory.push(anonMb());
  if (performance.now() - startedAt < told) continue;
  told += 5000;
  const { mapRuns } = await cloud.call("stepfunctions", "ListMapRuns", { executionArn });
  if (mapRuns.length === 0) continue;
  const { itemCounts } = await cloud.call("stepfunctions", "DescribeMapRun", { mapRunArn: mapRuns[0].mapRunArn });
  console.log(`  ${itemCounts.succeeded} done, ${itemCounts.running} in work, ${memory.at(-1)} MB`);
}
const seconds = (performance.now() - startedAt) / 1000;
const { mapRuns } = await cloud.call("stepfunctions", "ListMapRuns", { executionArn });
const { itemCounts } = await cloud.call("stepfunctions", "DescribeMapRun", { mapRunArn: mapRuns[0].mapRunArn });
const rate = ROWS / seconds;
const quarter = memory.slice(Math.floor(memory.length / 4), Math.floor(memory.length / 2));
console.log(
  `${status}: ${itemCounts.succeeded} rows in ${seconds.toFixed(1)} s: ${rate.toFixed(0)} rows/s (target ${TARGET})`,
);
console.log(`memory: at most ${Math.max(...quarter)} MB in the second quarter, ${Math.max(...memory)} MB in all`);
await cloud.close();
rmSync(directory, { recursive: true, force: true });
if (status !== "SUCCEEDED" || itemCounts.succeeded !== ROWS || rate < TARGET) process.exitCode = 1;
