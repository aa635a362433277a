import type { Context, Made, Source } from "./context.ts";
import { resourceError } from "./error.ts";
import { isObject, type Json } from "./json.ts";

/** A function that events and aliases speak of: itself, or its alias. */
export interface Target {
  /** The function's own logical id. */
  readonly functionId: string;
  readonly logicalId: string;
  readonly arn: Json;
  /** What permissions and mappings name it by: `Ref` of either. */
  readonly name: Json;
  readonly passed: Json;
  readonly condition: unknown;
  readonly isAlias: boolean;
}

/** An event of a function or state machine. */
export interface EventInput {
  readonly context: Context;
  /** The event's name in its function: `Get`. */
  readonly eventId: string;
  /** The function's name and the event's: `ListGet`. */
  readonly logicalId: string;
  readonly properties: Json;
  readonly source: Source;
}

export interface FunctionEvent extends EventInput {
  readonly target: Target;
  /** The function's execution role, which event sources add to. */
  readonly role: Made;
}

/** @throws SamError unless an event's properties are a map */
export function eventProperties(logicalId: string, eventId: string, event: Json): Json {
  const properties = event["Properties"] ?? {};
  if (!isObject(properties)) throw resourceError(logicalId + eventId, "Properties of a resource must be an object.");
  return properties;
}

/** What lets a service call the function. */
export function permission(
  event: FunctionEvent,
  principal: string,
  more: { SourceArn?: unknown; SourceAccount?: unknown },
  logicalId = `${event.logicalId}Permission`,
): Made {
  return {
    logicalId,
    type: "AWS::Lambda::Permission",
    properties: { Action: "lambda:InvokeFunction", FunctionName: event.target.name, Principal: principal, ...more },
    attributes: event.target.passed,
  };
}
