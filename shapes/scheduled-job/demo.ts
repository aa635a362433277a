/**
 * The demo of `scheduled-job`: a shop sells for a week, and each night what was sold is summed up.
 * `katachi dev scheduled-job` in one terminal, this with the names that it prints in another; `katachi time +7d` is the week.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export interface DemoInput {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly salesTable: string;
  readonly reportBucket: string;
  /** What time it is in the cloud, in ms since 1970. */
  readonly now: () => number;
  /** Lets a week pass. */
  readonly aWeekPasses: () => Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/** What a shop sells, with names as they are. */
const PRODUCTS = [
  { product: "煎茶 100g", yen: 1200 },
  { product: 'Mug "Blue", 300 ml', yen: 3800 },
  { product: "羊羹（小倉）", yen: 950 },
];

/** The day in Tokyo. */
export function dayOf(time: number): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo", dateStyle: "short" }).format(time);
}

/** Writes down some sales of a day; every day has others. */
export async function sell({ dynamodb, salesTable }: DemoInput, day: string): Promise<void> {
  const quantity = 1 + (Number(day.slice(-2)) % 5);
  const Items = PRODUCTS.map(({ product, yen }, n) => ({ day, id: `s${n}`, product, quantity, yen: yen * quantity }));
  await DynamoDBDocumentClient.from(dynamodb).send(
    new BatchWriteCommand({ RequestItems: { [salesTable]: Items.map((Item) => ({ PutRequest: { Item } })) } }),
  );
}

/** Keys of the reports that exist. */
export async function reportsOf({ s3, reportBucket: Bucket }: DemoInput): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "reports/" }));
  return Contents.map(({ Key }) => Key!);
}

/** Sells for eight days, lets a week pass, and returns the reports with what the last one says. */
export async function runDemo(given: DemoInput): Promise<{ reports: string[]; last: string }> {
  const from = given.now() - DAY_MS;
  for (let day = 0; day < 8; day++) await sell(given, dayOf(from + day * DAY_MS));
  await given.aWeekPasses();
  const reports = await reportsOf(given);
  const { Body } = await given.s3.send(new GetObjectCommand({ Bucket: given.reportBucket, Key: reports.at(-1)! }));
  return { reports, last: await Body!.transformToString() };
}
