import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Duration, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { ScheduledJob, type ScheduledJobProps } from "./construct.ts";
import { dayOf, type DemoInput, reportsOf, runDemo, sell } from "./demo.ts";
import { buildSample } from "./sample.ts";

const handler = packagePath("scheduled-job/handlers/nightly-report.ts");
const directory = mkdtempSync(join(tmpdir(), "katachi-scheduled-job-"));
/** The evening before New York loses an hour. */
const STARTED = Date.parse("2027-03-13T12:00:00Z");
const HOUR_MS = 3_600_000;
let cloud: Cloud;
let nightly: Deployed;
let newYork: Deployed;
/** When functions were called, by name. */
const calls: { name: string; at: string }[] = [];

type Deployed = DemoInput & { readonly output: (key: string) => string };

async function deploy(name: string, overrides: Partial<ScheduledJobProps> = {}): Promise<Deployed> {
  const app = new App({ outdir: join(directory, name) });
  buildSample(app, overrides, name);
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map((stack) => stack.status)).toEqual(["CREATE_COMPLETE"]);
  const output = (key: string) => stacks[0]!.outputs.find((each) => each.key === key)!.value;
  return {
    output,
    dynamodb: cloud.client(DynamoDBClient),
    s3: cloud.client(S3Client),
    salesTable: output("SalesTable"),
    reportBucket: output("ReportBucket"),
    now: () => cloud.clock.now(),
    aWeekPasses: () => pass("7 days"),
  };
}

async function pass(duration: string): Promise<void> {
  await cloud.clock.advance(duration);
  await cloud.settled();
}

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: STARTED });
  cloud.trace.onSpan(({ name, input, startMs }) => {
    const { FunctionName = "" } = (input ?? {}) as { FunctionName?: string };
    if (name === "lambda:Invoke") calls.push({ name: FunctionName, at: new Date(startMs).toISOString() });
  });
  nightly = await deploy("scheduled-job");
  newYork = await deploy("new-york", { timeZone: "America/New_York", schedule: "cron(30 2 * * ? *)" });
}, 60_000);

afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

async function given(deadLetters: string): Promise<{ requestPayload: object; condition: string; attempts: number }[]> {
  const { Messages = [] } = await cloud
    .client(SQSClient)
    .send(new ReceiveMessageCommand({ QueueUrl: deadLetters, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
  return Messages.map(({ Body }) => {
    const { requestPayload, requestContext } = JSON.parse(Body!) as {
      requestPayload: object;
      requestContext: { condition: string; approximateInvokeCount: number };
    };
    return {
      requestPayload,
      condition: requestContext.condition,
      attempts: requestContext.approximateInvokeCount,
    };
  });
}

async function purge({ output }: Deployed): Promise<void> {
  await cloud.client(SQSClient).send(new PurgeQueueCommand({ QueueUrl: output("DeadLetters") }));
}

async function invoke(to: Deployed, scheduledTime: string, executionId: string): Promise<Record<string, unknown>> {
  const { Payload } = await cloud.client(LambdaClient).send(
    new InvokeCommand({
      FunctionName: to.output("JobFunction"),
      Payload: JSON.stringify({ scheduledTime, executionId }),
    }),
  );
  return JSON.parse(Payload!.transformToString()) as Record<string, unknown>;
}

describe("the demo", () => {
  test("a week passes: seven nights, seven reports", async () => {
    const { reports, last } = await runDemo(nightly);
    expect(reports).toEqual(
      Array.from({ length: 7 }, (_, day) => `reports/2027-03-${String(13 + day).padStart(2, "0")}.csv`),
    );
    expect(last).toBe(
      'product,quantity,yen\r\n"Mug ""Blue"", 300 ml",5,19000\r\n煎茶 100g,5,6000\r\n羊羹（小倉）,5,4750\r\n',
    );
  });
});

describe("what fails", () => {
  test("the job throws: tried again twice, then kept in the dead-letter queue; the alarm calls the other function", async () => {
    const day = dayOf(cloud.clock.now());
    await sell(nightly, day);
    const key = { day: { S: day }, id: { S: "s9" } };
    const TableName = nightly.salesTable;
    await nightly.dynamodb.send(new PutItemCommand({ TableName, Item: { ...key, product: { S: "饅頭" } } }));
    await pass("5 hours 10 minutes");
    expect(await reportsOf(nightly)).not.toContain(`reports/${day}.csv`);
    expect(await given(nightly.output("DeadLetters"))).toMatchObject([
      {
        condition: "RetriesExhausted",
        attempts: 3,
        requestPayload: { scheduledTime: expect.stringContaining("T17:00") },
      },
    ]);
    const { MetricAlarms = [] } = await cloud
      .client(CloudWatchClient)
      .send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
    expect(MetricAlarms.map(({ AlarmDescription }) => AlarmDescription)).toContain(
      "scheduled-job/NightlyReport: a run was given up",
    );
    const { Contents = [] } = await nightly.s3.send(
      new ListObjectsV2Command({ Bucket: nightly.reportBucket, Prefix: "incidents/" }),
    );
    const { Body } = await nightly.s3.send(
      new GetObjectCommand({ Bucket: nightly.reportBucket, Key: Contents[0]!.Key! }),
    );
    expect(JSON.parse(await Body!.transformToString())).toMatchObject({
      value: "ALARM",
      what: "scheduled-job/NightlyReport: a run was given up",
    });
    // The sale is put right, and the night is run again.
    await nightly.dynamodb.send(new DeleteItemCommand({ TableName, Key: key }));
    const again = (await given(nightly.output("DeadLetters")))[0]!.requestPayload as { scheduledTime: string };
    expect(await invoke(nightly, again.scheduledTime, "again")).toMatchObject({ report: `reports/${day}.csv` });
    await purge(nightly);
  });

  test("10 % throttled and 5 % failing calls: every night has its report", async () => {
    await nextNoon();
    const before = (await reportsOf(nightly)).length;
    cloud.faults.add({ match: "*", error: "ThrottlingException", rate: 0.1 });
    cloud.faults.add({ match: "*", error: "InternalError", rate: 0.05 });
    await pass("5 days");
    cloud.faults.clear();
    await pass("1 hour");
    const lost = await given(nightly.output("DeadLetters"));
    for (const [n, { requestPayload }] of lost.entries())
      await invoke(nightly, (requestPayload as { scheduledTime: string }).scheduledTime, `late-${n}`);
    expect((await reportsOf(nightly)).length - before).toBe(5);
    await purge(nightly);
  }, 60_000);

  test("the run before is still going: no overlap; a run that was killed blocks only as long as a run may last", async () => {
    const slow = await deploy("slow-job", { environment: { WORK_MS: "700" } });
    const outcomes = await Promise.all(["a", "b", "c"].map((id) => invoke(slow, "2027-03-20T17:00:00Z", id)));
    expect(outcomes.filter((outcome) => "report" in outcome)).toHaveLength(1);
    expect(outcomes.filter((outcome) => "skipped" in outcome)).toHaveLength(2);
    const Key = { job: { S: "slow-job/NightlyReport" } };
    const TableName = slow.output("LockTable");
    expect((await slow.dynamodb.send(new GetItemCommand({ TableName, Key }))).Item).toBeUndefined();

    const expires = Math.floor(cloud.clock.now() / 1000) + 300;
    const Item = { ...Key, run: { S: "killed" }, expires: { N: String(expires) } };
    await slow.dynamodb.send(new PutItemCommand({ TableName, Item }));
    expect(await invoke(slow, "2027-03-21T17:00:00Z", "d")).toEqual({ skipped: "the run before is still going" });
    await pass("6 minutes");
    expect(await invoke(slow, "2027-03-21T17:00:00Z", "e")).toMatchObject({ report: "reports/2027-03-21.csv" });
  });

  test("an hour that there is not is skipped, an hour that comes twice is run in once", async () => {
    const until = (time: string) => pass(`${(Date.parse(time) - cloud.clock.now()) / 1000} seconds`);
    // New York went from 2:00 to 3:00 on the 14th of March.
    expect(startsOf(newYork).slice(0, 2)).toEqual(["2027-03-15T06:30:00.000Z", "2027-03-16T06:30:00.000Z"]);
    await until("2027-04-02T14:00:00Z");
    const sydney = await deploy("sydney", { timeZone: "Australia/Sydney", schedule: "cron(30 2 * * ? *)" });
    await until("2027-04-06T14:00:00Z");
    // Sydney went from 3:00 back to 2:00 on the 4th of April, at 16:00 UTC.
    expect(startsOf(sydney)).toEqual([
      "2027-04-02T15:30:00.000Z",
      "2027-04-03T15:30:00.000Z",
      "2027-04-04T16:30:00.000Z",
      "2027-04-05T16:30:00.000Z",
    ]);
  }, 60_000);
});

async function nextNoon(): Promise<void> {
  const past = cloud.clock.now() % (24 * HOUR_MS);
  await pass(`${(36 * HOUR_MS - past) / 1000} seconds`);
}

/** When a job was called, whoever called it. */
function startsOf(job: Deployed): string[] {
  return calls.filter(({ name }) => name.includes(job.output("JobFunction"))).map(({ at }) => at);
}

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag.out") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  const make = (props: Partial<ScheduledJobProps>) =>
    new ScheduledJob(new Stack(new App(), "s"), "J", { handler, schedule: "rate(1 day)", ...props });

  test.each([
    ["every day", 'the schedule is "every day"; allowed: cron('],
    ["cron(0 2 * * ?)", "has 5 fields; allowed: 6: minutes, hours"],
    ["cron(0 24 * * ? *)", 'hours of cron(0 24 * * ? *) is "24"; allowed: 0 to 23'],
    ["cron(0 2 * * * *)", 'are "*" and "*"; allowed: one of them, and ? for the other'],
    ["cron(0 2 ? FOO MON-FRI *)", 'month of cron(0 2 ? FOO MON-FRI *) is "FOO"'],
    ["rate(0 minutes)", "rate(0 minutes) is no rate"],
    ["rate(5 weeks)", "rate(5 weeks) is no rate"],
    ["at(2027-02-30)", "at(2027-02-30) is no point in time"],
  ])("%s is refused", (schedule, message) => {
    expect(() => make({ schedule })).toThrow(message);
  });

  test.each([
    "cron(0/15 9-17 ? * MON-FRI *)",
    "cron(0 0 L * ? 2027-2030)",
    "cron(0 9 ? * 2#1 *)",
    "cron(0 12 15W * ? *)",
  ])("%s is taken", (schedule) => {
    expect(make({ schedule, flexibleWindow: Duration.minutes(15) }).schedule.scheduleExpression).toBe(schedule);
  });

  test("other props out of range are refused, all at once", () => {
    const props = { timeZone: "Mars/Olympus", retries: 3, flexibleWindow: Duration.days(2) };
    expect(() => make(props)).toThrow(
      /timeZone is "Mars\/Olympus"; .*retries is 3; allowed: 0 to 2; flexibleWindow is 2880 minutes; allowed: 1 to 1440/,
    );
  });
});
