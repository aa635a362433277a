import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyHandlerV2 } from "aws-lambda";

const table = DynamoDBDocumentClient.from(new DynamoDBClient());

/** GET /invoices/{id}: the invoice of an order. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const id = event.pathParameters?.["id"] ?? "";
  const { Item } = await table.send(new GetCommand({ TableName: process.env["TABLE_NAME"], Key: { id } }));
  const body = Item ?? { title: "Not found", status: 404, detail: `There is no invoice of an order ${id}.` };
  const type = Item ? "application/json" : "application/problem+json";
  return { statusCode: Item ? 200 : 404, headers: { "content-type": type }, body: JSON.stringify(body) };
};
