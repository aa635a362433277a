import { Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import type { Parcel } from "./parcel.ts";
import { putIntoQueue } from "./sqs-endpoint.ts";
import type { Context } from "./state.ts";
import { deadLetterQueueOf } from "./subscription-attributes.ts";

/**
 * Hands a message that was given up to the subscription's dead-letter queue, as a queue that subscribes would get it.
 * AWS: "Amazon SNS dead-letter queues".
 */
export function sendToDeadLetterQueue(cx: Context, parcel: Parcel, span: Span): Promise<void> {
  const queue = deadLetterQueueOf(parcel.subscription);
  if (queue === undefined) throw new Undeliverable("The subscription has no dead-letter queue any more");
  return putIntoQueue(cx, parcel, queue, span);
}
