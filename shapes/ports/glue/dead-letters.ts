import { Duration } from "aws-cdk-lib";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { type CfnQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { IConstruct } from "constructs";
import type { Join } from "../join.ts";
import type { FunctionSink } from "../sinks.ts";
import type { DeadLetters, Messages } from "../sources.ts";

/** The dead-letter queues of functions that joins set up: a function has one destination for what fails. */
const OF_FUNCTION = new WeakMap<IConstruct, Queue>();

/**
 * Where it ends what a function cannot work on that is called asynchronously: the call itself succeeds, so the glue never
 * learns of it. One queue a function, shared by its joins; a function that already has a destination keeps it.
 */
export function catchAsyncFailures(join: Join, { function_ }: FunctionSink): Queue {
  const known = OF_FUNCTION.get(function_);
  if (known) {
    join.deadLetters = known;
    return known;
  }
  const queue = join.createDeadLetters();
  OF_FUNCTION.set(function_, queue);
  if (function_.node.tryFindChild("EventInvokeConfig")) return queue;
  function_.configureAsyncInvoke({
    onFailure: new SqsDestination(queue),
    retryAttempts: 2,
    maxEventAge: Duration.hours(1),
  });
  return queue;
}

/** Whose messages are read. */
export type QueueReader = Pick<Messages | DeadLetters, "kind" | "queue">;

const RECEIVES_MAX = 5;
/** Queues whose messages go over a join. */
const READ = new WeakSet<IConstruct>();

/**
 * What a queue must be so that nothing of it is lost or tried forever: one reader, and a dead-letter queue.
 * A dead-letter queue that is read itself gets one behind it.
 */
export function readQueue(join: Join, { kind, queue }: QueueReader): void {
  if (READ.has(queue))
    throw join.refusal(
      "the queue is read already, and each message would go to one of the two at random",
      "Notifications of a topic to a Queue for each of them",
    );
  READ.add(queue);
  if (!(queue instanceof Queue)) return;
  if (queue.deadLetterQueue) {
    join.deadLetters = queue.deadLetterQueue.queue as Queue;
    return;
  }
  if (kind === "Messages")
    throw join.refusal(
      "the queue has no dead-letter queue, so a bad message would be tried until it expires",
      "Messages of a Queue with a deadLetterQueue",
    );
  const last = join.createDeadLetters(queue.fifo);
  const own = queue.node.defaultChild as CfnQueue;
  own.redrivePolicy = { deadLetterTargetArn: last.queueArn, maxReceiveCount: RECEIVES_MAX };
}
