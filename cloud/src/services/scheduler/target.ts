/** What a schedule may invoke, checked when the schedule is made. */
import type { Target } from "@aws-sdk/client-scheduler";
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { findSdkOperation, sdkInput, SdkInputError } from "../../wire/sdk-integration.ts";
import { invalid, invalidRequest, malformedArn } from "./errors.ts";

/** AWS: RetryPolicy of the API reference. */
const RETRY_DEFAULT = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };
/** The templated targets of which something is here, by the service of their ARN and how the resource begins. */
const TEMPLATED: Readonly<Record<string, RegExp>> = {
  events: /^event-bus\//,
  kinesis: /^stream\//,
  lambda: /^function:/,
  sns: /^[^:/]+$/,
  sqs: /^[^:/]+$/,
  states: /^stateMachine:/,
};
/** AWS: "Using universal targets": actions that only read. */
const READ_ONLY =
  /^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|invokeModel)/i;
const NOT_EMULATED = [
  "EcsParameters",
  "SageMakerPipelineParameters",
  "EventBridgePutEventsV2Parameters",
  "EventBridgePutRawEventsParameters",
] as const;

export interface UniversalTarget {
  readonly service: string;
  readonly action: string;
}

/** The service and action of a universal target, `arn:aws:scheduler:::aws-sdk:sqs:sendMessage`; undefined for others. */
export function findUniversal(targetArn: string): UniversalTarget | undefined {
  const target = findArn(targetArn);
  const match = target?.service === "scheduler" ? /^aws-sdk:([^:]+):([^:]+)$/.exec(target.resource) : null;
  return match ? { service: match[1]!, action: match[2]! } : undefined;
}

/**
 * The target with AWS's defaults filled in.
 * @throws AwsError ValidationException; NotEmulatedError for targets that are not here
 */
export function readTarget(target: Target): Target {
  const universal = findUniversal(target.Arn!);
  if (universal) checkUniversal(universal, target.Input);
  else checkTemplated(target);
  return { ...target, RetryPolicy: { ...RETRY_DEFAULT, ...target.RetryPolicy } };
}

function checkUniversal({ service, action }: UniversalTarget, input: string | undefined): void {
  const found = findSdkOperation(service, action);
  if (found.kind === "none" || READ_ONLY.test(action))
    throw invalid(`The api '${action}' is not supported for the service '${service}'.`);
  if (found.kind === "elsewhere") throw new NotEmulatedError(`the schedule target ${service}:${action}`);
  try {
    sdkInput(found.operation, parseInput(input));
  } catch (error) {
    throw error instanceof SdkInputError ? invalidRequest(error.message) : error;
  }
}

/** @throws SdkInputError where it is no JSON */
export function parseInput(input: string | undefined): unknown {
  try {
    return JSON.parse(input ?? "{}");
  } catch {
    throw new SdkInputError("The request is not well-formed JSON");
  }
}

function checkTemplated(target: Target): void {
  const parts = findArn(target.Arn!);
  if (!parts) throw malformedArn("Arn");
  for (const parameter of NOT_EMULATED)
    if (target[parameter as keyof Target] !== undefined) throw new NotEmulatedError(`${parameter} of schedule targets`);
  const resource = TEMPLATED[parts.service];
  if (!resource) throw new NotEmulatedError(`schedule targets of ${parts.service} (${target.Arn})`);
  if (!resource.test(parts.resource)) throw malformedArn("Arn");
  if (parts.service === "events" && !target.EventBridgeParameters)
    throw invalid("EventBridgeParameters must be provided for EventBridge targets.");
  if (parts.service === "kinesis" && !target.KinesisParameters)
    throw invalid("KinesisParameters must be provided for Kinesis targets.");
}
