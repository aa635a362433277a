import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { eachMessage } from "./batch.ts";
import { writeOnce } from "./ledger.ts";
import { type Order, totalOf } from "./order.ts";

/** Yen for one unit of each currency that is billed in. */
const rates = JSON.parse(process.env["RATES"]!) as Record<string, number>;

/** Process 2a: an invoice for every order, in yen. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return eachMessage<Order>(event, async (order) => {
    const rate = rates[order.currency];
    if (rate === undefined) throw new Error(`Order ${order.id}: there is no rate for ${order.currency}`);
    const yen = Math.round(totalOf(order) * rate);
    const isNew = await writeOnce(order.id, { customer: order.customer, yen });
    console.log(JSON.stringify({ message: isNew ? "invoice written" : "had been billed", order: order.id, yen }));
  });
}
