/** What the console may see of a queue without taking anything from it: no receive is counted, nothing is hidden. */
import type { View } from "../../service.ts";
import { integerAttribute } from "./attributes.ts";
import type { MessageAttribute, Stored } from "./messages.ts";
import { findQueueByArn } from "./queue.ts";
import type { QueueRecord, SqsState } from "./state.ts";

export interface PeekedMessage {
  readonly id: string;
  readonly body: string;
  /** ms since 1970 */
  readonly sentMs: number;
  readonly status: "visible" | "inFlight" | "delayed";
  /** When a hidden one shows again, ms since 1970. */
  readonly visibleMs?: number;
  /** As ApproximateReceiveCount tells it: receives in queues before this one count. */
  readonly receives: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** ARN of the queue whose dead letter this is. */
  readonly sourceArn?: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
}

const MESSAGES_SHOWN = 100;

/** `{ messages }` of the queue of an ARN, or undefined where there is none. */
export const messages: View<SqsState> = ({ state, kernel }, queueArn) => {
  const queue = findQueueByArn(state, queueArn);
  return queue && { messages: peekMessages(state, queue, kernel.clock.now(), MESSAGES_SHOWN) };
};

/**
 * The messages of a queue, oldest first, those in flight and delayed ones too.
 * @param nowMs the cloud's time
 * @param max how many at most
 */
export function peekMessages(
  state: Pick<SqsState, "messages">,
  queue: QueueRecord,
  nowMs: number,
  max: number,
): PeekedMessage[] {
  const retainedMs = integerAttribute(queue, "MessageRetentionPeriod") * 1000;
  return state.messages.list(queue, nowMs - retainedMs, max).map((stored) => peeked(queue, stored, nowMs));
}

function peeked(queue: QueueRecord, stored: Stored, nowMs: number): PeekedMessage {
  const { id, body, sentMs, groupId, deduplicationId, sourceArn, attributes, earlierReceives = 0 } = stored.message;
  const availableMs = queue.fifo
    ? stored.key.enqueuedMs + integerAttribute(queue, "DelaySeconds") * 1000
    : stored.message.availableMs;
  const visibleMs = stored.received?.visibleMs ?? availableMs;
  const isHidden = visibleMs > nowMs;
  return {
    id,
    body,
    sentMs,
    status: !isHidden ? "visible" : stored.received ? "inFlight" : "delayed",
    ...(isHidden ? { visibleMs } : {}),
    receives: (stored.received?.receives ?? 0) + earlierReceives,
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
