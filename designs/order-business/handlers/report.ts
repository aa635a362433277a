import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { sendMail } from "./mail.ts";

const table = DynamoDBDocumentClient.from(new DynamoDBClient());
const ses = new SESv2Client();

/** Each night: how many orders there are of each status, and over how much. */
export async function handler({ time }: { time: string }): Promise<void> {
  const lines = await Promise.all(
    ["received", "preparing", "shipped", "cancelled"].map(async (status) => {
      const totals = await totalsOf(status);
      return `${status}: ${totals.length} orders, ${totals.reduce((sum, each) => sum + each, 0).toLocaleString("en")} yen`;
    }),
  );
  await sendMail(ses, process.env["REPORT_TO"]!, `Orders as of ${time}`, lines);
}

async function totalsOf(status: string): Promise<number[]> {
  const totals: number[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.send(
      new QueryCommand({
        TableName: process.env["ORDERS_TABLE"],
        IndexName: "byStatus",
        KeyConditionExpression: "#status = :status",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: { ":status": status },
        ExclusiveStartKey,
      }),
    );
    totals.push(...(page.Items ?? []).map((item) => Number(item["total"])));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return totals;
}
