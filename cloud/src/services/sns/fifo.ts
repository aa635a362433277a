/** FIFO topics: each message once within five minutes, and its number. */
import type { TopicRecord } from "./records.ts";
import { type Cx, findTopic, putTopic } from "./topic.ts";

/** AWS: sequence numbers have 20 digits and rise by more than one. */
const SEQUENCE_START = 10_000_000_000_000_000_000n;
const SEQUENCE_STEP = 1000n;

/** The place of a message in its topic; the one that it has already where it was published before. */
export function nextInOrder(
  cx: Cx,
  topic: TopicRecord,
  { messageId, groupId, deduplicationId }: { messageId: string; groupId: string; deduplicationId: string },
): { messageId: string; sequenceNumber: string; isNew: boolean } {
  const { deduplication } = cx.state;
  const nowMs = cx.kernel.clock.now();
  // AWS: "FifoThroughputScope": deduplication is of the topic, or of the message group.
  const scope = topic.attributes["FifoThroughputScope"] === "MessageGroup" ? groupId : "";
  const known = deduplication.find(topic, scope, deduplicationId, nowMs);
  if (known) return { messageId: known.messageId, sequenceNumber: known.sequenceNumber, isNew: false };
  // An entry of the same batch may have come before.
  const sequence = findTopic(cx.state, topic)!.sequence + 1;
  putTopic(cx.state, { ...topic, sequence });
  const sequenceNumber = String(SEQUENCE_START + BigInt(sequence) * SEQUENCE_STEP);
  deduplication.note(topic, scope, deduplicationId, { messageId, sequenceNumber }, nowMs);
  return { messageId, sequenceNumber, isNew: true };
}
