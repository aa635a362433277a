/**
 * A DynamoDB stream as the source of a function: records a second from a backlog to a function that does nothing, by
 * batch size and parallelization factor; the same through a pipe into a queue. Floors, in the same run: the function
 * invoked by itself with events of the same size, one after the other, and the stream read by itself.
 *
 * Run with `node bench/streams.mjs`; RECORDS sets the backlog.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource } from "./from-source.mjs";

const { startCloud } = await fromSource(`export { startCloud } from "./cloud.ts";`);
const RECORDS = Number(process.env["RECORDS"] ?? 20_000);
const BATCH_WRITE = 25;
const ACCOUNT = "000000000000";

const cloud = await startCloud({ ephemeral: true });
const directory = mkdtempSync(join(tmpdir(), "bench-streams-"));
writeFileSync(join(directory, "index.js"), `exports.handler = async () => ({});`);

/** @param {string} RoleName @param {string} Service */
async function role(RoleName, Service) {
  const document = (/** @type {object} */ Statement) => JSON.stringify({ Version: "2012-10-17", Statement });
  const trust = { Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = document(trust);
  const { Role } = await cloud.call("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument });
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await cloud.call("iam", "PutRolePolicy", { RoleName, PolicyName: "all", PolicyDocument });
  return Role.Arn;
}

const FunctionName = "bench";
await cloud.call("lambda", "CreateFunction", {
  FunctionName,
  Runtime: "nodejs22.x",
  Handler: "index.handler",
  Role: await role("function", "lambda.amazonaws.com"),
  Code: { S3Bucket: "hot-reload", S3Key: directory },
});
const { TableDescription } = await cloud.call("dynamodb", "CreateTable", {
  TableName: "bench",
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
});
const EventSourceArn = TableDescription.LatestStreamArn;

for (let at = 0; at < RECORDS; at += BATCH_WRITE) {
  const bench = Array.from({ length: BATCH_WRITE }, (_, i) => ({
    PutRequest: { Item: { pk: { S: `item-${at + i}` }, text: { S: "x".repeat(128) }, n: { N: String(at + i) } } },
  }));
  await cloud.call("dynamodb", "BatchWriteItem", { RequestItems: { bench } });
}

/**
 * Seconds until spans of a name have told of all records.
 * @param {string} name @param {string} attribute @param {() => Promise<unknown>} begin
 */
async function until(name, attribute, begin) {
  let seen = 0;
  let batches = 0;
  const startedAt = performance.now();
  const done = new Promise((resolve) => {
    const end = cloud.trace.onSpan((/** @type {any} */ span) => {
      if (span.name !== name) return;
      seen += Number(span.attributes[attribute]);
      batches++;
      if (seen < RECORDS) return;
      end();
      resolve(undefined);
    });
  });
  await begin();
  await done;
  return { seconds: (performance.now() - startedAt) / 1000, batches };
}

/** @param {string} title @param {number} seconds @param {string} more */
function tell(title, seconds, more = "") {
  const rate = Math.round(RECORDS / seconds).toLocaleString("en");
  console.log(`${title.padEnd(52)} ${rate.padStart(10)} records/s  ${more}`);
}

// Floors.
{
  const { StreamDescription } = await cloud.call("dynamodbstreams", "DescribeStream", { StreamArn: EventSourceArn });
  const ShardId = StreamDescription.Shards[0].ShardId;
  const where = { StreamArn: EventSourceArn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator } = await cloud.call("dynamodbstreams", "GetShardIterator", where);
  const startedAt = performance.now();
  let records = 0;
  /** @type {object[]} */
  let first = [];
  while (records < RECORDS) {
    const page = await cloud.call("dynamodbstreams", "GetRecords", { ShardIterator });
    records += page.Records.length;
    if (first.length === 0) first = page.Records.slice(0, 100);
    ShardIterator = page.NextShardIterator;
  }
  tell("floor: GetRecords alone", (performance.now() - startedAt) / 1000);
  const Payload = Buffer.from(JSON.stringify({ Records: first }));
  await cloud.call("lambda", "Invoke", { FunctionName, Payload });
  const invokedAt = performance.now();
  for (let at = 0; at < RECORDS; at += 100) await cloud.call("lambda", "Invoke", { FunctionName, Payload });
  tell("floor: Invoke alone, 100 records each", (performance.now() - invokedAt) / 1000);
}

for (const [BatchSize, ParallelizationFactor] of [
  [1, 1],
  [10, 1],
  [100, 1],
  [1000, 1],
  [100, 4],
]) {
  let UUID = "";
  const { seconds, batches } = await until("poll:lambda.dynamodb", "records", async () => {
    const input = { FunctionName, EventSourceArn, StartingPosition: "TRIM_HORIZON", BatchSize, ParallelizationFactor };
    ({ UUID } = await cloud.call("lambda", "CreateEventSourceMapping", input));
  });
  tell(`mapping, batches of ${BatchSize}, factor ${ParallelizationFactor}`, seconds, `${batches} batches`);
  await cloud.call("lambda", "DeleteEventSourceMapping", { UUID });
  await cloud.settled();
}

await cloud.call("sqs", "CreateQueue", { QueueName: "bench" });
const { seconds, batches } = await until("pipes:Execute", "events", async () =>
  cloud.call("pipes", "CreatePipe", {
    Name: "bench",
    Source: EventSourceArn,
    SourceParameters: { DynamoDBStreamParameters: { StartingPosition: "TRIM_HORIZON", BatchSize: 10 } },
    Target: `arn:aws:sqs:us-east-1:${ACCOUNT}:bench`,
    TargetParameters: { InputTemplate: `{"id": <$.dynamodb.Keys.pk.S>}` },
    RoleArn: await role("pipe", "pipes.amazonaws.com"),
  }),
);
tell("pipe into a queue, batches of 10, with a template", seconds, `${batches} batches`);
await cloud.close();
rmSync(directory, { recursive: true });
