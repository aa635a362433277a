import { receiptHandle } from "./receipt.ts";
import type { Messages, ReceiveRecord, Stored } from "./messages.ts";
import type { QueueRecord } from "./state.ts";

type Received = Stored & { received: ReceiveRecord };

/** What a receive with an attempt id handed out. */
interface Attempt {
  readonly expiresMs: number;
  readonly handedOut: readonly Received[];
}

export type ReceiveAttempts = Map<string, Attempt>;

/** AWS: "You can use ReceiveRequestAttemptId only for 5 minutes after a ReceiveMessage action." */
const KEPT_MS = 300_000;

/**
 * The messages of an earlier receive with the same attempt id, hidden anew, with the same handles.
 * AWS: "if none of the messages have been modified (deleted or had their visibility changes)".
 * @returns undefined where there is none to repeat
 */
export function repeatAttempt(
  attempts: ReceiveAttempts,
  messages: Messages,
  queue: QueueRecord,
  attemptId: string,
  times: { nowMs: number; visibleMs: number },
): Received[] | undefined {
  const attempt = attempts.get(`${queue.bin} ${attemptId}`);
  if (!attempt || attempt.expiresMs <= times.nowMs) return undefined;
  const again: Received[] = [];
  for (const { key, received } of attempt.handedOut) {
    const now = messages.find(queue, key);
    const same = now?.received?.receives === received.receives && now.received.visibleMs === received.visibleMs;
    if (!same || received.visibleMs <= times.nowMs) return undefined;
    again.push({ ...now, received: { ...received, visibleMs: times.visibleMs } });
  }
  for (const stored of again) messages.changeVisibility(queue, stored, times.visibleMs, times.nowMs);
  noteAttempt(attempts, queue, attemptId, again, times.nowMs);
  return again;
}

export function noteAttempt(
  attempts: ReceiveAttempts,
  queue: QueueRecord,
  attemptId: string,
  handedOut: readonly Received[],
  nowMs: number,
): void {
  for (const [id, { expiresMs }] of attempts) {
    if (expiresMs > nowMs) break;
    attempts.delete(id);
  }
  const id = `${queue.bin} ${attemptId}`;
  attempts.delete(id);
  attempts.set(id, { expiresMs: nowMs + KEPT_MS, handedOut });
}

export function handleOf(queue: QueueRecord, { key, received }: Received): string {
  return receiptHandle(queue, key, received.receives);
}
