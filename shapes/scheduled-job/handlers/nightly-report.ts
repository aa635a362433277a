import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, paginateQuery } from "@aws-sdk/lib-dynamodb";
import type { JobEvent } from "./job.ts";
import { unlessRunning } from "./lock.ts";

const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient());
const s3 = new S3Client();
const { SALES_TABLE, REPORT_BUCKET, TIME_ZONE, WORK_MS } = process.env;

interface Sale {
  readonly product: string;
  readonly quantity: number;
  readonly yen: number;
}

export type Outcome = { readonly report: string; readonly yen: number } | { readonly skipped: string };

/** What was sold the day before, by product, as a CSV file. The same night run twice gives the same file. */
export async function handler({ scheduledTime, executionId }: JobEvent): Promise<Outcome> {
  const done = await unlessRunning(executionId, async () => {
    const day = dayBefore(new Date(scheduledTime));
    const products = await sumUp(day);
    if (WORK_MS !== undefined) await pause(Number(WORK_MS));
    const lines = [...products]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([product, { quantity, yen }]) => [quote(product), quantity, yen].join(","));
    const Key = `reports/${day}.csv`;
    await s3.send(
      new PutObjectCommand({
        Bucket: REPORT_BUCKET,
        Key,
        ContentType: "text/csv; charset=utf-8",
        Body: `product,quantity,yen\r\n${lines.map((line) => `${line}\r\n`).join("")}`,
      }),
    );
    return { report: Key, yen: [...products.values()].reduce((sum, { yen }) => sum + yen, 0) };
  });
  const outcome = done ?? { skipped: "the run before is still going" };
  console.log(JSON.stringify({ message: "nightly report", scheduledTime, ...outcome }));
  return outcome;
}

/** The day that ended, as the shop's calendar has it. */
function dayBefore(time: Date): string {
  const noonish = new Date(time.getTime() - 24 * 3_600_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: TIME_ZONE ?? "Asia/Tokyo", dateStyle: "short" }).format(noonish);
}

async function sumUp(day: string): Promise<Map<string, { quantity: number; yen: number }>> {
  const products = new Map<string, { quantity: number; yen: number }>();
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: SALES_TABLE,
      KeyConditionExpression: "#day = :day",
      ExpressionAttributeNames: { "#day": "day" },
      ExpressionAttributeValues: { ":day": day },
    },
  );
  for await (const { Items = [] } of pages)
    for (const { product, quantity, yen } of Items as Sale[]) {
      if (typeof yen !== "number") throw new Error(`A sale of "${product}" on ${day} has no amount`);
      const before = products.get(product) ?? { quantity: 0, yen: 0 };
      products.set(product, { quantity: before.quantity + quantity, yen: before.yen + yen });
    }
  return products;
}

/** Source: RFC 4180. */
function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
