/**
 * The demo of `event-integration`: places orders and shows what billing and shipping made of them.
 * `katachi dev event-integration` in one terminal, this with the names that it prints in another.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import type { Order } from "./handlers/order.ts";

export interface DemoInput {
  readonly lambda: LambdaClient;
  readonly dynamodb: DynamoDBClient;
  readonly placeOrderFunction: string;
  readonly ledgerTable: string;
  /** Resolves when the consumers are done, e.g. `cloud.settled`. */
  readonly settled: () => Promise<void>;
}

export interface LedgerEntry {
  readonly id: string;
  readonly customer: string;
  readonly at: string;
  readonly yen?: number;
  readonly label?: string;
}

/** Orders as a shop has them: a parcel, a letter from abroad, a download. */
export const ORDERS: readonly Order[] = [
  {
    id: "2026-0001",
    customer: "山田 花子",
    currency: "JPY",
    lines: [
      { sku: "tea-01", quantity: 2, unitPrice: 1200 },
      { sku: "cup-07", quantity: 1, unitPrice: 3800 },
    ],
    delivery: "parcel",
    address: "〒604-8571 京都市中京区寺町通御池上る 上本能寺前町488番地",
  },
  {
    id: "2026-0002",
    customer: "Zoë Müller",
    currency: "EUR",
    lines: [{ sku: 'card-"A5"', quantity: 10, unitPrice: 2.5 }],
    delivery: "letter",
    address: "Hauptstraße 5, 10115 Berlin",
  },
  {
    id: "2026-0003",
    customer: "山田 花子",
    currency: "JPY",
    lines: [{ sku: "e-book-3", quantity: 1, unitPrice: 980 }],
    delivery: "download",
  },
];

/** @throws Error when the order could not be told */
export async function place(given: DemoInput, order: Order): Promise<void> {
  const { FunctionError, Payload } = await given.lambda.send(
    new InvokeCommand({ FunctionName: given.placeOrderFunction, Payload: JSON.stringify(order) }),
  );
  if (FunctionError) throw new Error(`Order ${order.id} was not placed: ${Payload?.transformToString()}`);
}

/** What a consumer has done, by order id. */
export async function doneBy(given: DemoInput, consumer: string): Promise<Map<string, LedgerEntry>> {
  const client = DynamoDBDocumentClient.from(given.dynamodb);
  const done = new Map<string, LedgerEntry>();
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: given.ledgerTable,
        KeyConditionExpression: "consumer = :c",
        ExpressionAttributeValues: { ":c": consumer },
        ExclusiveStartKey,
      }),
    );
    for (const item of (page.Items ?? []) as LedgerEntry[]) done.set(item.id, item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return done;
}

/** Places the orders and waits for both consumers. */
export async function runDemo(given: DemoInput) {
  for (const order of ORDERS) await place(given, order);
  await given.settled();
  return { billing: await doneBy(given, "billing"), shipping: await doneBy(given, "shipping") };
}
