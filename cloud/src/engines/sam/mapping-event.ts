import type { Made } from "./context.ts";
import { EventError } from "./error.ts";
import { expectInEvent } from "./expect.ts";
import type { FunctionEvent } from "./event-input.ts";
import { isIntrinsic, isSame, isTruthy, type Json } from "./json.ts";
import { awsPolicy, destinationPolicy } from "./policies.ts";
import { words } from "./words.ts";

const MANAGED: Readonly<Record<string, string>> = {
  SQS: "service-role/AWSLambdaSQSQueueExecutionRole",
  DynamoDB: "service-role/AWSLambdaDynamoDBExecutionRole",
  Kinesis: "service-role/AWSLambdaKinesisExecutionRole",
};

/** What the event source mapping takes over as it is written. */
const PASSED = words(
  "StartingPosition StartingPositionTimestamp BatchSize Enabled MaximumBatchingWindowInSeconds " +
    "MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds " +
    "ParallelizationFactor Topics Queues SourceAccessConfigurations TumblingWindowInSeconds " +
    "FunctionResponseTypes FilterCriteria KmsKeyArn ScalingConfig ProvisionedPollerConfig " +
    "MetricsConfig LoggingConfig",
);

/** `SQS`, `DynamoDB` and `Kinesis`: a mapping, and what the role needs to read the source. */
export function mappingEvent(event: FunctionEvent): Made[] {
  const { source, eventId, properties: p } = event;
  const kind = ((source.properties["Events"] as Json)[eventId] as Json)["Type"] as string;
  return makeMapping(event, kind, kind === "SQS" ? p["Queue"] : p["Stream"], event.logicalId);
}

export function makeMapping(event: FunctionEvent, kind: string, sourceArn: unknown, logicalId: string): Made[] {
  const { properties: p, target, eventId, role } = event;
  const filter = p["FilterCriteria"];
  if (isTruthy(filter) && !isIntrinsic(filter) && !isSame(Object.keys(filter as Json), ["Filters"]))
    throw new EventError(eventId, "FilterCriteria field has a wrong format");
  for (const name of ["ConsumerGroupId"])
    if (p[name]) throw new EventError(logicalId, `Property ${name} not defined for resource of type ${kind}.`);
  const mapping: Made = {
    logicalId,
    type: "AWS::Lambda::EventSourceMapping",
    properties: { FunctionName: target.name, EventSourceArn: sourceArn },
    attributes: target.passed,
  };
  for (const name of PASSED) mapping.properties[name] = p[name];
  const policy = linkDestination(event, mapping, logicalId);
  const managed = awsPolicy(MANAGED[kind]!);
  const arns = role.properties["ManagedPolicyArns"] as unknown[];
  if (!arns.includes(managed)) arns.push(managed);
  if (policy) addPolicy(role, policy);
  return [mapping];
}

/** Where failed batches go; the role gets what it needs for the kind that is told. */
function linkDestination({ properties }: FunctionEvent, mapping: Made, logicalId: string): Json | undefined {
  const config = properties["DestinationConfig"] as Json | undefined;
  if (!isTruthy(config)) return undefined;
  const given = expectInEvent(config!["OnFailure"], logicalId, "DestinationConfig.OnFailure", "map") as Json;
  const { Type, ...onFailure } = given;
  if (Type && !["SQS", "SNS", "S3", "Kafka"].includes(Type as string))
    throw new EventError(logicalId, "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'");
  mapping.properties["DestinationConfig"] = { ...config, OnFailure: Type ? onFailure : given };
  return Type ? destinationPolicy(Type as string, onFailure["Destination"], logicalId) : undefined;
}

function addPolicy(role: Made, policy: Json): void {
  const policies = (role.properties["Policies"] ??= []) as Json[];
  const isThere = policies.some((one) => isSame(one["PolicyDocument"], policy["PolicyDocument"]));
  if (!isThere) policies.push(policy);
}
