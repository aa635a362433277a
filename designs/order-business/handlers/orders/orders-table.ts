import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { isStatus, type Order, type Status } from "./order.ts";
import { Problem } from "./problem.ts";

const TableName = process.env["TABLE_NAME"]!;
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export async function findOrder(id: string): Promise<Order | undefined> {
  const { Item } = await table.send(new GetCommand({ TableName, Key: { id }, ConsistentRead: true }));
  return Item as Order | undefined;
}

/** Stores a new order. Returns the one that was there first where the id is taken. */
export async function insertOrder(order: Order): Promise<Order> {
  try {
    await table.send(new PutCommand({ TableName, Item: order, ConditionExpression: "attribute_not_exists(id)" }));
    return order;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return (await findOrder(order.id)) ?? order;
  }
}

export interface OrderPage {
  orders: Order[];
  /** Give it back as `next` for the following page. */
  next?: string;
}

/** Orders of a status, newest first. */
export async function listOrders(status: Status, limit: number, next: string | undefined): Promise<OrderPage> {
  const { Items = [], LastEvaluatedKey } = await table.send(
    new QueryCommand({
      TableName,
      IndexName: process.env["INDEX_BY_STATUS"]!,
      KeyConditionExpression: "#status = :status",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":status": status },
      ScanIndexForward: false,
      Limit: limit,
      ...(next === undefined ? {} : { ExclusiveStartKey: decodePage(next) }),
    }),
  );
  return { orders: Items as Order[], ...(LastEvaluatedKey ? { next: encodePage(LastEvaluatedKey) } : {}) };
}

/** Moves an order to another status if nobody changed it since `version`. */
export async function updateStatus(id: string, status: Status, version: number): Promise<Order> {
  try {
    const { Attributes } = await table.send(
      new UpdateCommand({
        TableName,
        Key: { id },
        UpdateExpression: "SET #status = :status, version = version + :one",
        ConditionExpression: "attribute_exists(id) AND version = :version",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: { ":status": status, ":version": version, ":one": 1 },
        ReturnValues: "ALL_NEW",
      }),
    );
    return Attributes as Order;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const current = await findOrder(id);
    if (!current) throw new Problem(404, "Not found", `There is no order ${id}.`);
    throw new Problem(
      409,
      "Changed meanwhile",
      `Order ${id} is at version ${current.version}, not ${version}. Read it again.`,
    );
  }
}

function encodePage(key: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** The page key comes back from outside: only the three attributes that a page key has are taken from it. */
function decodePage(next: string): Record<string, string> {
  const wrong = new Problem(400, "Invalid page", "next is not a value that a list answered with.");
  let key: Partial<Order>;
  try {
    key = JSON.parse(Buffer.from(next, "base64url").toString("utf8")) as Partial<Order>;
  } catch {
    throw wrong;
  }
  const { id, status, createdAt } = key;
  if (typeof id !== "string" || !isStatus(status) || typeof createdAt !== "string") throw wrong;
  return { id, status, createdAt };
}
