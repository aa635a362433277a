import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { Order } from "./order.ts";

const sns = new SNSClient();
const isFifo = process.env["FIFO"] === "true";

/** Process 1: tells the topic of an order. Who works on it is none of its business. */
export async function handler(order: Order): Promise<{ messageId: string }> {
  const { MessageId } = await sns.send(
    new PublishCommand({
      TopicArn: process.env["TOPIC_ARN"],
      Message: JSON.stringify(order),
      MessageAttributes: { delivery: { DataType: "String", StringValue: order.delivery } },
      // The orders of a customer in their order; the same order told again within five minutes is no news.
      ...(isFifo ? { MessageGroupId: order.customer, MessageDeduplicationId: order.id } : {}),
    }),
  );
  return { messageId: MessageId! };
}
