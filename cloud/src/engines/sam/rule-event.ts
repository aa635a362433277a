import type { Made } from "./context.ts";
import { EventError } from "./error.ts";
import { permission, type EventInput, type FunctionEvent } from "./event-input.ts";
import { getAtt, type Json } from "./json.ts";

/** `Schedule` of a function: a rule with an expression. */
export function scheduleEvent(event: FunctionEvent): Made[] {
  const { properties: p, logicalId } = event;
  const rule = makeRule(event, event.target.passed, {
    ScheduleExpression: p["Schedule"],
    Name: p["Name"],
    Description: p["Description"],
    State: stateOf(event),
  });
  const deadLetters = makeDeadLetters(event, event.target.passed);
  rule.properties["Targets"] = [
    { Arn: event.target.arn, Id: targetId(event, "LambdaTarget"), ...targetMembers(p, deadLetters.arn, ["Input"]) },
  ];
  const SourceArn = getAtt(logicalId, "Arn");
  return [rule, ...deadLetters.made, permission(event, "events.amazonaws.com", { SourceArn })];
}

/** `EventBridgeRule` (and its older name `CloudWatchEvent`) of a function: a rule with a pattern. */
export function ruleEvent(event: FunctionEvent): Made[] {
  const { properties: p, logicalId } = event;
  const deadLetters = makeDeadLetters(event, event.target.passed);
  const rule = makeRule(event, event.target.passed, {
    EventBusName: p["EventBusName"],
    EventPattern: p["Pattern"],
    Name: p["RuleName"],
    State: stateOf(event),
  });
  const members = targetMembers(p, deadLetters.arn, ["Input", "InputPath", "InputTransformer"]);
  rule.properties["Targets"] = [{ Arn: event.target.arn, Id: targetId(event, "LambdaTarget"), ...members }];
  const SourceArn = getAtt(logicalId, "Arn");
  return [...deadLetters.made, rule, permission(event, "events.amazonaws.com", { SourceArn })];
}

export function makeRule({ logicalId }: EventInput, attributes: Json, properties: Json): Made {
  return { logicalId, type: "AWS::Events::Rule", properties, attributes };
}

/** @throws EventError where both forms are given */
export function stateOf({ properties, eventId }: EventInput): unknown {
  const { State, Enabled } = properties;
  if (State && Enabled !== undefined)
    throw new EventError(eventId, "State and Enabled Properties cannot both be specified.");
  if (Enabled !== undefined) return Enabled ? "ENABLED" : "DISABLED";
  return State || undefined;
}

const TARGET_ID_MAX = 64;

export function targetId({ properties, logicalId }: EventInput, suffix: string): unknown {
  const target = properties["Target"] as Json | undefined;
  return target && "Id" in target ? target["Id"] : logicalId.slice(0, TARGET_ID_MAX - suffix.length) + suffix;
}

/** The members of a target that its event gives. */
export function targetMembers(properties: Json, deadLetterArn: unknown, names: readonly string[]): Json {
  const members: Json = {};
  for (const name of [...names, "RetryPolicy"]) if (properties[name] !== undefined) members[name] = properties[name];
  if (properties["DeadLetterConfig"] !== undefined) members["DeadLetterConfig"] = { Arn: deadLetterArn };
  return members;
}

interface DeadLetters {
  readonly arn: unknown;
  readonly made: Made[];
}

/** The queue for events that could not be delivered: the one given, or one made for it. */
export function makeDeadLetters(event: EventInput, attributes: Json, options = { withPolicy: true }): DeadLetters {
  const { properties, logicalId } = event;
  const config = properties["DeadLetterConfig"] as Json | undefined;
  if (config === undefined) return { arn: undefined, made: [] };
  checkDeadLetters(logicalId, config);
  if (config["Arn"] !== undefined && config["Arn"] !== null) return { arn: config["Arn"], made: [] };
  const id = config["QueueLogicalId"] ?? `${logicalId}Queue`;
  if (typeof id !== "string") throw new EventError(logicalId, "QueueLogicalId must be a string");
  const arn = getAtt(id, "Arn");
  const queue: Made = { logicalId: id, type: "AWS::SQS::Queue", properties: {}, attributes };
  if (!options.withPolicy) return { arn, made: [queue] };
  const statement = {
    Action: "sqs:SendMessage",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Resource: arn,
    Condition: { ArnEquals: { "aws:SourceArn": getAtt(logicalId, "Arn") } },
  };
  const policy: Made = {
    logicalId: `${logicalId}QueuePolicy`,
    type: "AWS::SQS::QueuePolicy",
    properties: { PolicyDocument: { Version: "2012-10-17", Statement: [statement] }, Queues: [{ Ref: id }] },
    attributes,
  };
  return { arn, made: [queue, policy] };
}

function checkDeadLetters(logicalId: string, config: Json): void {
  const [hasArn, hasType] = ["Arn" in config, "Type" in config];
  if (hasArn && hasType)
    throw new EventError(logicalId, "You can either define 'Arn' or 'Type' property of DeadLetterConfig.");
  if (hasType && config["Type"] !== "SQS")
    throw new EventError(logicalId, "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.");
  if (!hasArn && !hasType)
    throw new EventError(logicalId, "No 'Arn' or 'Type' property provided for DeadLetterConfig.");
}
