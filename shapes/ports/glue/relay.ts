import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Glue } from "../glue.ts";
import { buildPipe } from "./pipe.ts";
import { subscribeQueue } from "./subscription.ts";

const RECEIVES_MAX = 5;

/** A topic knows neither buses nor workflows: a queue subscribes, and a pipe reads it. */
export const relay: Glue<
  "Notifications",
  "Bus" | "Workflow" | "HttpTarget" | "Table" | "Bucket",
  "filter" | "transform"
> = {
  name: "SNS subscription, queue and EventBridge pipe",
  can: ["filter", "transform"],
  build(join, { topic }, sink, { filter, transform }) {
    const deadLetters = join.createDeadLetters(topic.fifo);
    const queue = new Queue(join, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: RECEIVES_MAX },
      ...(topic.fifo ? { fifo: true } : {}),
    });
    subscribeQueue(join, topic, queue, deadLetters, filter);
    buildPipe(join, { kind: "Messages", queue }, sink, transform === undefined ? {} : { transform });
  },
};
