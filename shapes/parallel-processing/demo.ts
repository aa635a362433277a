/**
 * The demo of `parallel-processing`: puts a CSV file into the input bucket and watches its rows go into the table.
 * `katachi dev parallel-processing` in one terminal, this with the names that it prints in another.
 */
import {
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  GetObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type SFNClient,
} from "@aws-sdk/client-sfn";

export interface DemoInput {
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly inputBucket: string;
  readonly stateMachineArn: string;
  /** How many rows the file has. @default 1,000,000 */
  readonly rows?: number;
  /** Every so many-th row has no amount. @default none */
  readonly badEvery?: number;
  readonly told?: (line: string) => void;
}

export interface DemoResult {
  readonly executionArn: string;
  readonly mapRunArn: string;
  readonly status: string;
  readonly counts: { readonly total: number; readonly succeeded: number; readonly failed: number };
  /** Undefined where the run failed. */
  readonly manifest:
    | { readonly ResultFiles: Record<"FAILED" | "SUCCEEDED", { Key: string; Size: number }[]> }
    | undefined;
}

const PART_ROWS = 100_000;
const NAMES = ["山田 花子", "佐藤, 太郎", 'Smith "Jo"', "Ito"];

/** A file of customers, a part at a time: quoted names, commas and kanji as such files have them. */
export function* customersCsv(rows: number, badEvery = Infinity): Generator<string> {
  let part = "id,name,amount,city\n";
  for (let id = 1; id <= rows; id++) {
    const amount = id % badEvery === 0 ? "unknown" : String(id % 10_000);
    part += `c${id},"${NAMES[id % NAMES.length]!.replaceAll('"', '""')}",${amount},東京\n`;
    if (id % PART_ROWS > 0) continue;
    yield part;
    part = "";
  }
  if (part !== "") yield part;
}

/** Loads the file and waits for its run to end. */
export async function runDemo(given: DemoInput): Promise<DemoResult> {
  const { s3, sfn, inputBucket: Bucket, stateMachineArn, rows = 1_000_000, told = () => undefined } = given;
  const Key = `incoming/customers-${Math.random().toString(36).slice(2)}.csv`;
  const known = new Set(await executionsOf(sfn, stateMachineArn));
  await upload(s3, Bucket, Key, customersCsv(rows, given.badEvery));
  told(`${rows} rows are in s3://${Bucket}/${Key}`);
  let executionArn: string | undefined;
  while (executionArn === undefined) {
    executionArn = (await executionsOf(sfn, stateMachineArn)).find((arn) => !known.has(arn));
    await pause();
  }
  return watch(given, executionArn);
}

/** Waits for an execution's Map Run to end, and tells how far it is. */
export async function watch({ s3, sfn, told = () => undefined }: DemoInput, executionArn: string): Promise<DemoResult> {
  for (;;) {
    const { status, output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { mapRuns = [] } = await sfn.send(new ListMapRunsCommand({ executionArn }));
    const mapRunArn = mapRuns[0]?.mapRunArn ?? "";
    if (mapRunArn !== "") {
      const { itemCounts } = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
      const { total = 0, succeeded = 0, failed = 0 } = itemCounts ?? {};
      told(`${succeeded} loaded, ${failed} failed`);
      if (status !== "RUNNING") {
        const manifest = output === undefined ? undefined : await manifestOf(s3, output);
        return { executionArn, mapRunArn, status: status!, counts: { total, succeeded, failed }, manifest };
      }
    }
    await pause();
  }
}

async function manifestOf(s3: S3Client, output: string): Promise<DemoResult["manifest"]> {
  const { results } = JSON.parse(output) as { results: { ResultWriterDetails: { Bucket: string; Key: string } } };
  const { Body } = await s3.send(new GetObjectCommand(results.ResultWriterDetails));
  return JSON.parse(await Body!.transformToString()) as DemoResult["manifest"];
}

async function executionsOf(sfn: SFNClient, stateMachineArn: string): Promise<string[]> {
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.map((execution) => execution.executionArn!);
}

async function upload(s3: S3Client, Bucket: string, Key: string, texts: Iterable<string>): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { ETag: string; PartNumber: number }[] = [];
  let pending = "";
  const put = async () => {
    const PartNumber = Parts.length + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: pending }));
    Parts.push({ ETag: ETag!, PartNumber });
    pending = "";
  };
  for (const text of texts) {
    pending += text;
    // All parts but the last have at least 5 MiB.
    if (Buffer.byteLength(pending) > 5 * 1024 * 1024) await put();
  }
  if (pending !== "" || Parts.length === 0) await put();
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
