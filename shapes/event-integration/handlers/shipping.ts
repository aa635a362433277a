import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { eachMessage } from "./batch.ts";
import { writeOnce } from "./ledger.ts";
import type { Order } from "./order.ts";

/** Process 2b: a label for every order that has to be carried; the topic's filter keeps the others away. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return eachMessage<Order>(event, async (order) => {
    if (!order.address) throw new Error(`Order ${order.id} has no address`);
    const label = `${order.delivery.toUpperCase()} ${order.customer}\n${order.address}`;
    const isNew = await writeOnce(order.id, { customer: order.customer, label });
    console.log(JSON.stringify({ message: isNew ? "label printed" : "had been shipped", order: order.id }));
  });
}
