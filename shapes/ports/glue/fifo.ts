import type { SourceKind } from "../glue.ts";
import type { Join } from "../join.ts";
import type { QueueSink, TopicSink } from "../sinks.ts";

/** Sources whose glue can read the group out of what happens. */
const CAN_READ: ReadonlySet<SourceKind> = new Set(["TableChanges", "Messages", "DeadLetters"]);

/** AWS: a FIFO queue takes no message without a group; rules and schedules give the same to all. */
export function requireGroup(join: Join, { queue, messageGroup }: QueueSink, from: SourceKind): void {
  if (!queue.fifo && messageGroup !== undefined)
    throw join.refusal(
      `the sink has the message group "${messageGroup}", but its queue is not FIFO`,
      "a sink without messageGroup",
    );
  if (queue.fifo && messageGroup === undefined)
    throw join.refusal("a FIFO queue takes no message without a group", "a sink with messageGroup");
  if (messageGroup?.startsWith("$") && !CAN_READ.has(from))
    throw join.refusal(
      `messageGroup is "${messageGroup}", and this glue reads no group out of what happens`,
      "a messageGroup that is the same for all",
    );
}

/** AWS: FIFO topics are no targets of rules, pipes and schedules. */
export function refuseFifoTopic(join: Join, { topic }: TopicSink): void {
  if (topic.fifo) throw join.refusal("AWS has no glue to a FIFO topic", "a FIFO Queue, or a standard Topic");
}
