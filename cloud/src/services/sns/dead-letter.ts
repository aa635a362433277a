import type { Span } from "../../kernel/trace.ts";
import { putIntoQueue } from "./sqs-endpoint.ts";
import { deadLetterQueueOf } from "./subscription-attributes.ts";
import type { Parcel } from "./parcel.ts";
import type { Context } from "./state.ts";

/**
 * Hands a message that is given up to the subscription's dead-letter queue, as a queue that subscribes would get it.
 * AWS: "Amazon SNS dead-letter queues". Without one the message is discarded.
 */
export async function sendToDeadLetterQueue(cx: Context, parcel: Parcel, span: Span): Promise<void> {
  const queue = deadLetterQueueOf(parcel.subscription);
  if (queue === undefined || !parcel.message) return;
  span.attributes["redriven"] = false;
  await putIntoQueue(cx, parcel, queue, span);
  span.attributes["redriven"] = true;
}
