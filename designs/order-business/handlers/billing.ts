import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { SQSEvent } from "aws-lambda";
import { eachOrder } from "./batch.ts";

const table = DynamoDBDocumentClient.from(new DynamoDBClient());

/** Writes the invoice of an approved order; told twice, it writes one. */
export const handler = (event: SQSEvent) =>
  eachOrder(event, async (id) => {
    const { Item: order } = await table.send(new GetCommand({ TableName: process.env["ORDERS_TABLE"], Key: { id } }));
    if (!order) throw new Error(`There is no order ${id}`);
    const invoice = { id, customer: order["customer"] as string, total: order["total"] as number };
    try {
      await table.send(
        new PutCommand({
          TableName: process.env["INVOICES_TABLE"],
          Item: { ...invoice, issuedAt: new Date().toISOString() },
          ConditionExpression: "attribute_not_exists(id)",
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  });
