import type { Made } from "./context.ts";
import { EventError } from "./error.ts";
import { expectInEvent } from "./expect.ts";
import { permission, type FunctionEvent } from "./event-input.ts";
import { getAtt, isObject, isTruthy, targetOf, type Json } from "./json.ts";
import { makeMapping } from "./mapping-event.ts";

/** `SNS`: a subscription of the function itself, or of a queue between topic and function. */
export function snsEvent(event: FunctionEvent): Made[] {
  const { properties: p, target, eventId } = event;
  const through = p["SqsSubscription"];
  if (!isTruthy(through)) {
    const allowed = permission(event, "sns.amazonaws.com", { SourceArn: p["Topic"] });
    return [allowed, subscription(event, "lambda", target.arn)];
  }
  if (through === true) return withOwnQueue(event);
  const { QueueArn, QueueUrl, QueuePolicyLogicalId, BatchSize } = expectInEvent(
    through,
    eventId,
    "SqsSubscription",
    "map",
  ) as Json;
  if (!QueueArn || !QueueUrl) throw new EventError(eventId, "No QueueARN or QueueURL provided.");
  return [
    ...mapping(event, QueueArn, BatchSize),
    queuePolicy(event, QueueArn, QueueUrl, QueuePolicyLogicalId as string | undefined),
    subscription(event, "sqs", QueueArn),
  ];
}

function withOwnQueue(event: FunctionEvent): Made[] {
  const queueId = `${event.logicalId}Queue`;
  const arn = getAtt(queueId, "Arn");
  const queue: Made = {
    logicalId: queueId,
    type: "AWS::SQS::Queue",
    properties: { FifoQueue: isFifo(event) || undefined },
    attributes: event.target.passed,
  };
  return [
    ...mapping(event, arn, undefined),
    queue,
    queuePolicy(event, arn, { Ref: queueId }),
    subscription(event, "sqs", arn),
  ];
}

/** Whether the topic, where it is in the template, is a FIFO topic. */
function isFifo({ context, properties }: FunctionEvent): unknown {
  const topicId = targetOf(properties["Topic"]);
  const topic = topicId === undefined ? undefined : context.resources.get(topicId)?.["Properties"];
  return isObject(topic) ? context.parameters.resolve(topic["FifoTopic"]) : undefined;
}

function mapping(event: FunctionEvent, queueArn: unknown, batchSize: unknown): Made[] {
  const properties: Json = { BatchSize: batchSize || 10, Enabled: true };
  return makeMapping({ ...event, properties }, "SQS", queueArn, `${event.logicalId}EventSourceMapping`);
}

function subscription({ logicalId, properties: p, target }: FunctionEvent, Protocol: string, Endpoint: unknown): Made {
  const { Region, FilterPolicy, FilterPolicyScope, RedrivePolicy } = p;
  return {
    logicalId,
    type: "AWS::SNS::Subscription",
    properties: { Endpoint, Protocol, TopicArn: p["Topic"], Region, FilterPolicy, FilterPolicyScope, RedrivePolicy },
    attributes: target.passed,
  };
}

function queuePolicy(event: FunctionEvent, queueArn: unknown, queueUrl: unknown, id?: string): Made {
  const statement = {
    Action: "sqs:SendMessage",
    Effect: "Allow",
    Principal: "*",
    Resource: queueArn,
    Condition: { ArnEquals: { "aws:SourceArn": event.properties["Topic"] } },
  };
  return {
    logicalId: id ?? `${event.logicalId}QueuePolicy`,
    type: "AWS::SQS::QueuePolicy",
    properties: { PolicyDocument: { Version: "2012-10-17", Statement: [statement] }, Queues: [queueUrl] },
    attributes: event.target.passed,
  };
}
