import type { Message } from "@aws-sdk/client-sqs";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { integerAttribute } from "../attributes.ts";
import { invalidValue, overLimit } from "../errors.ts";
import { attributesMd5, selectAttributes, writeAttributes } from "../message-attributes.ts";
import type { ReceiveRecord, Stored } from "../messages.ts";
import { expire, findQueue, getQueue } from "../queue.ts";
import { handleOf, noteAttempt, repeatAttempt } from "../receive-attempts.ts";
import { deadLetterQueueOf, moveToDeadLetters, redrivePolicyOf } from "../redrive.ts";
import type { QueueRecord, SqsState } from "../state.ts";
import { sequenceNumber } from "./send.ts";

type Cx = CallContext<SqsState>;
type ReceiveInput = Input<"sqs", "ReceiveMessage">;
type Received = Stored & { received: ReceiveRecord };

const MESSAGES_MAX = 10;
const VISIBILITY_MAX = 43_200;
const WAIT_MAX = 20;
const ATTEMPT_ID = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

/** Waits, where it is a long poll, until there is a message, the time is over or the client is gone. */
export async function receiveMessage(cx: Cx, input: ReceiveInput): Promise<Output<"sqs", "ReceiveMessage">> {
  const { clock, store } = cx.kernel;
  let queue = getQueue(cx, input.QueueUrl);
  check(queue, input);
  const waitSeconds = input.WaitTimeSeconds ?? integerAttribute(queue, "ReceiveMessageWaitTimeSeconds");
  const untilMs = clock.now() + waitSeconds * 1000;
  for (;;) {
    const found = store.transaction(() => take(cx, queue, input));
    if (found.length > 0) {
      // More may have come than one poll was woken for.
      cx.state.waiters.wake(queue);
      return { Messages: found.map((stored) => describe(queue, stored, input)) };
    }
    const nowMs = clock.now();
    const nextMs = cx.state.messages.nextMs(queue, nowMs);
    if (nextMs !== undefined) cx.state.waiters.tellAt(queue, nextMs);
    if (nowMs >= untilMs) return {};
    const { signal } = cx.source;
    await cx.state.waiters.wait(queue.id, Math.min(untilMs, nextMs ?? Infinity), signal);
    if (signal?.aborted) {
      cx.state.waiters.wake(queue);
      return {};
    }
    const still = findQueue(cx.state, queue, queue.name);
    if (still?.id !== queue.id) return {};
    queue = still;
  }
}

function check(queue: QueueRecord, input: ReceiveInput): void {
  const { MaxNumberOfMessages: count, WaitTimeSeconds: wait, VisibilityTimeout: visibility } = input;
  if (count !== undefined && (count < 1 || count > MESSAGES_MAX))
    throw invalidValue(count, "MaxNumberOfMessages", `Must be between 1 and ${MESSAGES_MAX}, if provided.`);
  if (wait !== undefined && (wait < 0 || wait > WAIT_MAX))
    throw invalidValue(wait, "WaitTimeSeconds", `Must be >= 0 and <= ${WAIT_MAX}, if provided.`);
  if (visibility !== undefined && (visibility < 0 || visibility > VISIBILITY_MAX))
    throw invalidValue(visibility, "VisibilityTimeout", `Must be >= 0 and <= ${VISIBILITY_MAX}, if provided.`);
  const attemptId = input.ReceiveRequestAttemptId;
  if (attemptId === undefined) return;
  if (!queue.fifo)
    throw invalidValue(
      attemptId,
      "ReceiveRequestAttemptId",
      "The request include parameter that is not valid for this queue type.",
    );
  if (!ATTEMPT_ID.test(attemptId))
    throw invalidValue(
      attemptId,
      "ReceiveRequestAttemptId",
      "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
}

/** Hands out what is available now. Messages that were received too often go to the dead-letter queue instead. */
function take(cx: Cx, queue: QueueRecord, input: ReceiveInput): Received[] {
  const { messages, attempts, waiters } = cx.state;
  const nowMs = cx.kernel.clock.now();
  const max = input.MaxNumberOfMessages ?? 1;
  const visibleMs = nowMs + (input.VisibilityTimeout ?? integerAttribute(queue, "VisibilityTimeout")) * 1000;
  const attemptId = input.ReceiveRequestAttemptId;
  expire(messages, queue, nowMs);
  const again = attemptId && repeatAttempt(attempts, messages, queue, attemptId, { nowMs, visibleMs });
  if (again) return again;
  if (messages.isFull(queue, nowMs)) {
    // AWS: a FIFO queue "returns no error messages" there.
    if (queue.fifo) return [];
    throw overLimit();
  }
  const policy = redrivePolicyOf(queue);
  const deadLetters = policy && deadLetterQueueOf(cx.state, policy);
  const taken: Received[] = [];
  for (let moved = true; moved && taken.length < max;) {
    moved = false;
    for (const stored of messages.available(queue, nowMs, max)) {
      // What is received with a timeout of nothing is available again at once.
      if (taken.length === max || taken.some(({ key }) => key.number === stored.key.number)) continue;
      if (deadLetters && (stored.received?.receives ?? 0) >= policy.maxReceiveCount) {
        moveToDeadLetters(messages, queue, deadLetters, stored, nowMs);
        waiters.wake(deadLetters);
        moved = true;
      } else taken.push({ ...stored, received: messages.receive(queue, stored, visibleMs, nowMs) });
    }
  }
  // What is not deleted in time is there again.
  if (taken.length > 0) waiters.tellAt(queue, visibleMs);
  if (attemptId && taken.length > 0) noteAttempt(attempts, queue, attemptId, taken, nowMs);
  return taken;
}

function describe(queue: QueueRecord, stored: Received, input: ReceiveInput): Message {
  const { message } = stored;
  const attributes = selectAttributes(message.attributes, input.MessageAttributeNames);
  const system = selectSystemAttributes(stored, [
    ...(input.MessageSystemAttributeNames ?? []),
    ...(input.AttributeNames ?? []),
  ]);
  return {
    MessageId: message.id,
    ReceiptHandle: handleOf(queue, stored),
    MD5OfBody: message.bodyMd5,
    Body: message.body,
    ...(system ? { Attributes: system } : {}),
    ...(attributes
      ? { MD5OfMessageAttributes: attributesMd5(attributes), MessageAttributes: writeAttributes(attributes) }
      : {}),
  };
}

function selectSystemAttributes(
  { key, message, received }: Received,
  names: readonly string[],
): Record<string, string> | undefined {
  if (names.length === 0) return undefined;
  const all: Record<string, string | undefined> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentMs),
    ApproximateReceiveCount: String(received.receives + (message.earlierReceives ?? 0)),
    ApproximateFirstReceiveTimestamp: String(message.earlierFirstReceivedMs ?? received.firstReceivedMs),
    SequenceNumber: message.deduplicationId === undefined ? undefined : sequenceNumber(key.number),
    MessageDeduplicationId: message.deduplicationId,
    MessageGroupId: message.groupId,
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.sourceArn,
  };
  const chosen = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && (names.includes("All") || names.includes(entry[0])),
  );
  return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
}
