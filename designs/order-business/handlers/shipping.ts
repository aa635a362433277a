import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { SQSEvent } from "aws-lambda";
import { eachOrder } from "./batch.ts";
import { sendMail } from "./mail.ts";

const table = DynamoDBDocumentClient.from(new DynamoDBClient());
const ses = new SESv2Client();

/** Sends an approved order on its way, and tells the customer once. */
export const handler = (event: SQSEvent) =>
  eachOrder(event, async (id) => {
    const order = await ship(id);
    if (order)
      await sendMail(ses, order.email, "Your order is on its way", [
        `Dear ${order.customer},`,
        `your order ${id} has left our house.`,
      ]);
  });

/** Undefined where it was shipped before. */
async function ship(id: string): Promise<{ email: string; customer: string } | undefined> {
  try {
    const { Attributes } = await table.send(
      new UpdateCommand({
        TableName: process.env["ORDERS_TABLE"],
        Key: { id },
        UpdateExpression: "SET #status = :shipped, version = version + :one",
        ConditionExpression: "#status = :received",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: { ":shipped": "shipped", ":received": "received", ":one": 1 },
        ReturnValues: "ALL_NEW",
      }),
    );
    return Attributes as { email: string; customer: string };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
