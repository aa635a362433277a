import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, invalidValue } from "../errors.ts";
import { expire, getQueue } from "../queue.ts";
import { findByReceipt } from "../receipt.ts";
import type { QueueRecord, SqsState } from "../state.ts";
import { checkBatch, runBatch } from "./batch.ts";

type Cx = CallContext<SqsState>;

const VISIBILITY_MAX = 43_200;

export function deleteMessage(cx: Cx, input: Input<"sqs", "DeleteMessage">): object {
  deleteOne(cx, getQueue(cx, input.QueueUrl), input.ReceiptHandle!);
  return {};
}

export function deleteMessageBatch(
  cx: Cx,
  input: Input<"sqs", "DeleteMessageBatch">,
): Output<"sqs", "DeleteMessageBatch"> {
  const queue = getQueue(cx, input.QueueUrl);
  checkBatch(input.Entries!, "DeleteMessageBatchRequestEntry");
  return runBatch(input.Entries!, ({ Id, ReceiptHandle }) => {
    deleteOne(cx, queue, ReceiptHandle!);
    return { Id };
  });
}

function deleteOne(cx: Cx, queue: QueueRecord, handle: string): void {
  const { messages, waiters } = cx.state;
  const nowMs = cx.kernel.clock.now();
  expire(messages, queue, nowMs);
  const stored = findByReceipt(messages, queue, handle, nowMs);
  // AWS: "If you use an old ReceiptHandle, the request will succeed, but the message might not be deleted."
  if (!stored) return;
  messages.remove(queue, stored, nowMs);
  if (queue.fifo) waiters.wake(queue);
}

export function changeMessageVisibility(cx: Cx, input: Input<"sqs", "ChangeMessageVisibility">): object {
  changeOne(cx, getQueue(cx, input.QueueUrl), input.ReceiptHandle!, input.VisibilityTimeout!);
  return {};
}

export function changeMessageVisibilityBatch(
  cx: Cx,
  input: Input<"sqs", "ChangeMessageVisibilityBatch">,
): Output<"sqs", "ChangeMessageVisibilityBatch"> {
  const queue = getQueue(cx, input.QueueUrl);
  checkBatch(input.Entries!, "ChangeMessageVisibilityBatchRequestEntry");
  return runBatch(input.Entries!, ({ Id, ReceiptHandle, VisibilityTimeout = 0 }) => {
    changeOne(cx, queue, ReceiptHandle!, VisibilityTimeout);
    return { Id };
  });
}

function changeOne(cx: Cx, queue: QueueRecord, handle: string, seconds: number): void {
  const { messages, waiters } = cx.state;
  const nowMs = cx.kernel.clock.now();
  if (seconds < 0 || seconds > VISIBILITY_MAX)
    throw invalidParameter(
      `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and ${VISIBILITY_MAX}.`,
    );
  expire(messages, queue, nowMs);
  const stored = findByReceipt(messages, queue, handle, nowMs);
  if (!stored)
    throw invalidValue(
      handle,
      "ReceiptHandle",
      "Message does not exist or is not available for visibility timeout change.",
    );
  if (nowMs + seconds * 1000 - stored.received.receivedMs > VISIBILITY_MAX * 1000)
    throw invalidValue(
      seconds,
      "VisibilityTimeout",
      `Total VisibilityTimeout for the message is beyond the limit [${VISIBILITY_MAX} seconds].`,
    );
  messages.changeVisibility(queue, stored, nowMs + seconds * 1000, nowMs);
  waiters.wake(queue);
}
