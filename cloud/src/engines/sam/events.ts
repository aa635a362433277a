import { makeApiEvent } from "./api-event.ts";
import type { Context, Made, Source } from "./context.ts";
import { EventError, resourceError, SamGap } from "./error.ts";
import { cognitoEvent, logsEvent, s3Event } from "./events-on-resources.ts";
import { eventProperties, type FunctionEvent, type Target } from "./event-input.ts";
import { makeHttpApiEvent } from "./http-api-event.ts";
import { isIntrinsic, isObject, type Json } from "./json.ts";
import { mappingEvent } from "./mapping-event.ts";
import { ruleEvent, scheduleEvent } from "./rule-event.ts";
import { schedulerEvent } from "./scheduler-event.ts";
import { snsEvent } from "./sns-event.ts";
import { words } from "./words.ts";

interface EventType {
  readonly make: (event: FunctionEvent) => Made[];
  readonly required?: readonly string[];
  readonly known: readonly string[];
}

const RULE = ["State", "Enabled", "Input", "DeadLetterConfig", "RetryPolicy", "RuleName"];
const PATTERN = [...RULE, "EventBusName", "Pattern", "InputPath", "Target", "InputTransformer"];
const MAPPING = words(
  "BatchSize StartingPosition StartingPositionTimestamp Enabled MaximumBatchingWindowInSeconds " +
    "MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds DestinationConfig " +
    "ParallelizationFactor Topics Queues SourceAccessConfigurations SecretsManagerKmsKeyId " +
    "TumblingWindowInSeconds FunctionResponseTypes KafkaBootstrapServers FilterCriteria KmsKeyArn " +
    "ConsumerGroupId ScalingConfig ProvisionedPollerConfig SchemaRegistryConfig MetricsConfig " +
    "LoggingConfig",
);

const TYPES: Readonly<Record<string, EventType>> = {
  Api: {
    make: makeApiEvent,
    required: ["Path", "Method", "RestApiId"],
    known: ["Stage", "Auth", "RequestModel", "RequestParameters", "TimeoutInMillis", "ResponseTransferMode"],
  },
  HttpApi: {
    make: makeHttpApiEvent,
    known: ["Path", "Method", "ApiId", "Stage", "Auth", "TimeoutInMillis", "RouteSettings", "PayloadFormatVersion"],
  },
  S3: { make: s3Event, required: ["Bucket", "Events"], known: ["Filter"] },
  SNS: {
    make: snsEvent,
    required: ["Topic"],
    known: ["Region", "FilterPolicy", "FilterPolicyScope", "SqsSubscription", "RedrivePolicy"],
  },
  SQS: { make: mappingEvent, required: ["Queue"], known: MAPPING },
  DynamoDB: { make: mappingEvent, required: ["Stream", "StartingPosition"], known: MAPPING },
  Kinesis: { make: mappingEvent, required: ["Stream", "StartingPosition"], known: MAPPING },
  Schedule: { make: scheduleEvent, required: ["Schedule"], known: [...RULE, "Name", "Description"] },
  ScheduleV2: {
    make: schedulerEvent,
    required: ["ScheduleExpression"],
    known: words(
      "PermissionsBoundary FlexibleTimeWindow Name State Description StartDate EndDate " +
        "ScheduleExpressionTimezone GroupName KmsKeyArn Input RoleArn DeadLetterConfig RetryPolicy " +
        "OmitName",
    ),
  },
  CloudWatchEvent: { make: ruleEvent, known: PATTERN },
  EventBridgeRule: { make: ruleEvent, known: PATTERN },
  CloudWatchLogs: { make: logsEvent, required: ["LogGroupName", "FilterPattern"], known: [] },
  Cognito: { make: cognitoEvent, required: ["UserPool", "Trigger"], known: [] },
};

const NOT_HERE = new Set(["AlexaSkill", "IoTRule", "MSK", "MQ", "SelfManagedKafka", "DocumentDB"]);

/** All that a function's `Events` become. @throws SamError, SamGap naming an event type that is not here */
export function makeEvents(context: Context, source: Source, target: Target, role: Made): Made[] {
  const { logicalId, properties } = source;
  return sortedEvents(context, logicalId, properties["Events"]).flatMap(([eventId, event]) => {
    try {
      const type = eventType(logicalId, eventId, event);
      const given = eventProperties(logicalId, eventId, event as Json);
      checkEvent(logicalId + eventId, (event as Json)["Type"] as string, type, given);
      const input = { context, eventId, logicalId: logicalId + eventId, properties: given, source, target, role };
      return type.make(input);
    } catch (error) {
      if (error instanceof EventError) throw resourceError(logicalId, error.message);
      throw error;
    }
  });
}

/** SAM goes through events by their path, or by their name where they have none. */
function sortedEvents(context: Context, logicalId: string, events: unknown): [string, unknown][] {
  if (!isObject(events)) return [];
  const names = context.eventNames(logicalId) ?? Object.keys(events);
  const keyed = names.map((name) => ({ name, event: events[name], key: sortKey(name, events[name]) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ name, event }) => [name, event]);
}

function sortKey(name: string, event: unknown): string {
  const properties = isObject(event) ? event["Properties"] : undefined;
  const path = isObject(properties) ? properties["Path"] : undefined;
  return typeof path === "string" ? path : name;
}

function eventType(logicalId: string, eventId: string, event: unknown): EventType {
  const name = isObject(event) ? event["Type"] : undefined;
  if (typeof name === "string" && NOT_HERE.has(name))
    throw new SamGap(`events of type ${name} (${logicalId}.${eventId})`);
  if (typeof name !== "string" || !Object.hasOwn(TYPES, name))
    throw new EventError(
      eventId,
      `Resource dict has missing or invalid value for key Type. Event Type is: ${name === undefined ? "None" : String(name)}.`,
    );
  return TYPES[name]!;
}

function checkEvent(logicalId: string, typeName: string, type: EventType, properties: Json): void {
  const required = type.required ?? [];
  const unknown = Object.keys(properties).find((name) => !required.includes(name) && !type.known.includes(name));
  if (unknown !== undefined)
    throw resourceError(logicalId, `property ${unknown} not defined for resource of type ${typeName}`);
  for (const name of required)
    if (properties[name] === undefined) throw resourceError(logicalId, `Missing required property '${name}'.`);
  for (const name of ["Enabled", "BisectBatchOnFunctionError"])
    if (properties[name] !== undefined && typeof properties[name] !== "boolean" && !isIntrinsic(properties[name]))
      throw resourceError(logicalId, `Property '${name}' should be a boolean.`);
}
