import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnSubscription, type ITopic } from "aws-cdk-lib/aws-sns";
import { type IQueue, type Queue } from "aws-cdk-lib/aws-sqs";
import type { Glue } from "../glue.ts";
import type { Join } from "../join.ts";
import { catchAsyncFailures } from "./dead-letters.ts";

/** A topic hands on to functions and queues itself; the filter is one of its own, on the message's body. */
export const subscription: Glue<"Notifications", "Function" | "Queue", "filter"> = {
  name: "SNS subscription",
  can: ["filter"],
  build(join, { topic }, sink, { filter }) {
    if (sink.kind === "Queue") {
      if (sink.queue.fifo && !topic.fifo)
        throw join.refusal("a FIFO queue cannot subscribe to a standard topic", "a FIFO topic, or a standard Queue");
      subscribeQueue(join, topic, sink.queue, join.createDeadLetters(topic.fifo), filter);
      return;
    }
    if (topic.fifo)
      throw join.refusal(
        "a FIFO topic hands on to queues only",
        "Notifications to a Queue, and Messages of it to the Function",
      );
    const deadLetters = catchAsyncFailures(join, sink);
    sink.function_.addPermission(`Sns${join.node.addr.slice(-8)}`, {
      principal: new ServicePrincipal("sns.amazonaws.com"),
      sourceArn: topic.topicArn,
    });
    subscribe(join, topic, { protocol: "lambda", endpoint: sink.function_.functionArn }, deadLetters, filter);
  },
};

/** Subscribes a queue; it gets the message as it was published. */
export function subscribeQueue(join: Join, topic: ITopic, queue: IQueue, deadLetters: Queue, filter?: object): void {
  accept(queue, topic);
  const endpoint = { protocol: "sqs", endpoint: queue.queueArn, rawMessageDelivery: true };
  subscribe(join, topic, endpoint, deadLetters, filter);
}

function subscribe(
  join: Join,
  topic: ITopic,
  endpoint: { protocol: string; endpoint: string; rawMessageDelivery?: boolean },
  deadLetters: Queue,
  filter: object | undefined,
): void {
  accept(deadLetters, topic);
  new CfnSubscription(join, "Subscription", {
    topicArn: topic.topicArn,
    ...endpoint,
    redrivePolicy: { deadLetterTargetArn: deadLetters.queueArn },
    ...(filter ? { filterPolicy: filter, filterPolicyScope: "MessageBody" } : {}),
  });
}

/** Lets the topic, and only it, send to a queue. */
function accept(queue: IQueue, topic: ITopic): void {
  const sns = new ServicePrincipal("sns.amazonaws.com");
  queue.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [sns],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { "aws:SourceArn": topic.topicArn } },
    }),
  );
  queue.encryptionMasterKey?.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [sns],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
    }),
  );
}
