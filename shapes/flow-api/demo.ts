/**
 * The demo of `flow-api`: a product page from four sources in one call, and an order that is undone when its payment
 * fails. `katachi dev flow-api` in one terminal, this with its Url in another.
 */
import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

export interface DemoStep {
  readonly title: string;
  readonly status: number;
  readonly body: unknown;
}

export const PRODUCTS = [
  { id: "tea-01", name: "煎茶", price: 1200, stock: 5 },
  { id: "slow-reviews", name: "Slow cup", price: 3500, stock: 1 },
  { id: "slow", name: "Slow pot", price: 9000, stock: 1 },
];

/** Puts the products into their table. */
export async function fillShop(client: DynamoDBClient, TableName: string): Promise<void> {
  for (const { id, name, price, stock } of PRODUCTS)
    await client.send(
      new PutItemCommand({
        TableName,
        Item: { id: { S: id }, name: { S: name }, price: { N: String(price) }, stock: { N: String(stock) } },
      }),
    );
}

/** @param url address of the API, with or without a slash at the end */
export async function runDemo(url: string): Promise<DemoStep[]> {
  const base = url.replace(/\/$/, "");
  const steps: DemoStep[] = [];
  const call = async (title: string, path: string, body?: unknown) => {
    const sent = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(base + path, body === undefined ? {} : sent);
    steps.push({ title, status: response.status, body: await response.json() });
  };
  await call("A product page from four sources", "/products/tea-01");
  await call("Reviews are late: the page comes without them", "/products/slow-reviews");
  await call("An order: noted, reserved, paid", "/orders", { productId: "tea-01", quantity: 2, card: "4242" });
  await call("The card is declined: all is undone", "/orders", { productId: "tea-01", quantity: 1, card: "declined" });
  await call("Nothing begins without a quantity", "/orders", { productId: "tea-01", card: "4242" });
  return steps;
}
