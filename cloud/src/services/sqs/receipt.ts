import { invalidValue, receiptHandleIsInvalid } from "./errors.ts";
import type { MessageKey, Messages, ReceiveRecord, Stored } from "./messages.ts";
import type { QueueRecord } from "./state.ts";

/** What a receipt handle says: one receive of one message of one queue. */
interface Receipt {
  readonly queueId: number;
  readonly bin: number;
  readonly key: MessageKey;
  readonly receives: number;
}

const PREFIX = "AQEB";

export function receiptHandle(queue: QueueRecord, key: MessageKey, receives: number): string {
  const content = [queue.id, queue.bin, key.enqueuedMs, key.number, receives].join(".");
  return PREFIX + Buffer.from(content).toString("base64");
}

function readReceipt(handle: string): Receipt | undefined {
  if (!handle.startsWith(PREFIX)) return undefined;
  const content = Buffer.from(handle.slice(PREFIX.length), "base64").toString("latin1");
  if (!/^\d+(\.\d+){4}$/.test(content)) return undefined;
  const [queueId, bin, enqueuedMs, number, receives] = content.split(".").map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { queueId, bin, key: { enqueuedMs, number }, receives };
}

/**
 * The message that a handle stands for.
 * @returns undefined where it is gone, or was received again since
 * @throws AwsError ReceiptHandleIsInvalid for what is no handle of this queue; in a FIFO queue InvalidParameterValue for
 *   a receive whose time is over
 */
export function findByReceipt(
  messages: Messages,
  queue: QueueRecord,
  handle: string,
  nowMs: number,
): (Stored & { received: ReceiveRecord }) | undefined {
  const receipt = readReceipt(handle);
  if (!receipt || receipt.queueId !== queue.id) throw receiptHandleIsInvalid(handle);
  if (receipt.bin !== queue.bin) return undefined;
  const stored = messages.find(queue, receipt.key);
  if (!stored) return undefined;
  const { received } = stored;
  const isLatest = received?.receives === receipt.receives;
  if (queue.fifo && !(isLatest && received.visibleMs > nowMs))
    throw invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");
  return isLatest ? { ...stored, received } : undefined;
}
