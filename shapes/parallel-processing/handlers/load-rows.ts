import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { parseRow, type BadRow, type Customer, type Row } from "./row.ts";

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["TABLE_NAME"]!;
/** BatchWriteItem takes no more. */
const WRITES_MAX = 25;
const TRIES = 5;

class BadRows extends Error {
  override name = "BadRows";
}

/**
 * Loads a batch of rows into the table. The good ones are written whatever the others are: writing a row again changes
 * nothing, so that a batch can be run again. Bad ones fail the batch, and are named in the failure.
 */
export async function handler({ Items }: { Items: Row[] }): Promise<{ written: number }> {
  const good = new Map<string, Customer>();
  const bad: BadRow[] = [];
  for (const row of Items) {
    const read = parseRow(row);
    if ("bad" in read) bad.push(read.bad);
    else good.set(read.customer.id, read.customer);
  }
  const customers = [...good.values()];
  const writes: Promise<void>[] = [];
  for (let from = 0; from < customers.length; from += WRITES_MAX)
    writes.push(write(customers.slice(from, from + WRITES_MAX)));
  await Promise.all(writes);
  if (bad.length > 0) throw new BadRows(JSON.stringify(bad.slice(0, 20)));
  return { written: customers.length };
}

async function write(customers: readonly Customer[]): Promise<void> {
  let left = customers.map((Item) => ({ PutRequest: { Item } }));
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === TRIES) throw new Error(`The table takes ${left.length} rows too many at the moment`);
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: left } }));
    left = (UnprocessedItems?.[TableName] ?? []) as typeof left;
  }
}
