import { type Arn, findArn } from "../../aws/arn.ts";
import type { Input } from "../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { compilePattern, PatternError } from "../../aws/event-pattern.ts";
import type { CallContext } from "../../service.ts";
import { checkQueueAccess, QueueFault } from "../../sources/queue.ts";
import type { Reader } from "../../sources/reader.ts";
import type { StreamKind } from "../../sources/stream-kind.ts";
import { findStreamKind } from "../../sources/stream-kinds.ts";
import { invalidParameter } from "./errors.ts";
import { getVersion } from "./function-lookup.ts";
import type { FunctionReference } from "./function-name.ts";
import type { EventSourceRecord, LambdaState, StreamSettings } from "./state.ts";

type Cx = CallContext<LambdaState>;
type Create = Input<"lambda", "CreateEventSourceMapping">;
type Update = Input<"lambda", "UpdateEventSourceMapping">;
type Settings = Pick<
  EventSourceRecord,
  "enabled" | "batchSize" | "windowSeconds" | "filters" | "reportsItemFailures" | "maximumConcurrency" | "stream"
>;

const BATCH_SIZE_DEFAULT = 10;
const STREAM_BATCH_SIZE_DEFAULT = 100;
/** Of a FIFO queue, and of any without a batch window. */
const BATCH_SIZE_MAX = 10;
/** AWS: of `MaximumRecordAgeInSeconds`, where it is not -1. */
const RECORD_AGE_SECONDS_MIN = 60;
/** AWS: where records of failures may go. */
const DESTINATIONS = new Set(["sqs", "sns", "s3"]);
/** AWS: "Lambda event filtering": five filters by default. */
const FILTERS_MAX = 5;

const REFUSED_SOURCES: Readonly<Record<string, string>> = {
  kinesis: "Kinesis streams",
  kafka: "Amazon MSK",
  mq: "Amazon MQ",
  rds: "Amazon DocumentDB",
};

/** Of streams; AWS refuses them for a queue. */
const STREAM_PARAMETERS = [
  "ParallelizationFactor",
  "MaximumRecordAgeInSeconds",
  "BisectBatchOnFunctionError",
  "MaximumRetryAttempts",
  "TumblingWindowInSeconds",
  "DestinationConfig",
] as const;

const QUEUE_PARAMETERS = ["ScalingConfig"] as const;

/** AWS has them for queues or for what is refused here anyway. */
const REFUSED_PARAMETERS = [
  "KMSKeyArn",
  "MetricsConfig",
  "LoggingConfig",
  "ProvisionedPollerConfig",
  "Topics",
  "Queues",
  "SourceAccessConfigurations",
  "SelfManagedEventSource",
  "AmazonManagedKafkaEventSourceConfig",
  "SelfManagedKafkaEventSourceConfig",
  "DocumentDBEventSourceConfig",
] as const;

/** The queue or stream. @throws NotEmulatedError naming another kind of source; AwsError InvalidParameterValueException */
export function checkSource(input: Create): Arn {
  if (input.SelfManagedEventSource) throw new NotEmulatedError("event source mappings of self-managed Apache Kafka");
  const source = findArn(input.EventSourceArn ?? "");
  const kind = source && REFUSED_SOURCES[source.service];
  if (kind !== undefined) throw new NotEmulatedError(`event source mappings of ${kind}`);
  if (!source || (source.service !== "sqs" && !isStream(source)))
    throw invalidParameter(
      `Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn: ${input.EventSourceArn}`,
    );
  return source;
}

function isStream({ service, resource }: Arn): boolean {
  return findStreamKind(service) !== undefined && (service !== "dynamodb" || /^table\/[^/]+\/stream\//.test(resource));
}

/** @throws AwsError for what does not go with the source; NotEmulatedError for what is not here */
export function refuseOthers(source: Arn, input: Create | Update): void {
  const given = { ...input } as Record<string, unknown>;
  const isQueue = source.service === "sqs";
  if (isQueue && (given["StartingPosition"] !== undefined || given["StartingPositionTimestamp"] !== undefined))
    throw invalidParameter("StartingPosition is not valid for SQS event sources.");
  for (const name of isQueue ? STREAM_PARAMETERS : QUEUE_PARAMETERS)
    if (given[name] !== undefined)
      throw invalidParameter(`Unsupported ${name} parameter for given event source mapping type.`);
  for (const name of REFUSED_PARAMETERS)
    if (given[name] !== undefined) throw new NotEmulatedError(`the parameter ${name} of event source mappings`);
}

/** What is given, over what was before or AWS's defaults. @throws AwsError InvalidParameterValueException */
export function readSettings(source: Arn, input: Create | Update, before?: EventSourceRecord): Settings {
  const isQueue = source.service === "sqs";
  const batchSize = input.BatchSize ?? before?.batchSize ?? (isQueue ? BATCH_SIZE_DEFAULT : STREAM_BATCH_SIZE_DEFAULT);
  const windowSeconds = input.MaximumBatchingWindowInSeconds ?? before?.windowSeconds ?? 0;
  if (isQueue) checkQueueBatch(source, batchSize, windowSeconds);
  return {
    enabled: input.Enabled ?? before?.enabled ?? true,
    batchSize,
    windowSeconds,
    filters: input.FilterCriteria ? readFilters(input.FilterCriteria) : (before?.filters ?? []),
    reportsItemFailures: input.FunctionResponseTypes
      ? input.FunctionResponseTypes.includes("ReportBatchItemFailures")
      : (before?.reportsItemFailures ?? false),
    maximumConcurrency: input.ScalingConfig ? input.ScalingConfig.MaximumConcurrency : before?.maximumConcurrency,
    ...(isQueue ? {} : { stream: readStreamSettings(input, before?.stream) }),
  };
}

function checkQueueBatch(source: Arn, batchSize: number, windowSeconds: number): void {
  const isFifo = source.resource.endsWith(".fifo");
  // Gap: the words of these two for FIFO queues are ours.
  if (isFifo && windowSeconds > 0) throw invalidParameter("Batching window is not supported for FIFO queues");
  if (isFifo && batchSize > BATCH_SIZE_MAX)
    throw invalidParameter(`Batch size must not exceed ${BATCH_SIZE_MAX} for FIFO queues`);
  if (batchSize > BATCH_SIZE_MAX && windowSeconds === 0)
    throw invalidParameter(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
}

function readStreamSettings(input: Create | Update, before: StreamSettings | undefined): StreamSettings {
  const startingPosition = before?.startingPosition ?? readStart(input as Create);
  const ageSecondsMax = input.MaximumRecordAgeInSeconds ?? before?.ageSecondsMax ?? -1;
  // Gap: these words are ours.
  if (ageSecondsMax !== -1 && ageSecondsMax < RECORD_AGE_SECONDS_MIN)
    throw invalidParameter(`MaximumRecordAgeInSeconds must be -1 or at least ${RECORD_AGE_SECONDS_MIN}.`);
  const onFailure = input.DestinationConfig ? readDestination(input.DestinationConfig) : before?.onFailure;
  return {
    startingPosition,
    parallel: input.ParallelizationFactor ?? before?.parallel ?? 1,
    bisects: input.BisectBatchOnFunctionError ?? before?.bisects ?? false,
    retriesMax: input.MaximumRetryAttempts ?? before?.retriesMax ?? -1,
    ageSecondsMax,
    tumblingSeconds: input.TumblingWindowInSeconds ?? before?.tumblingSeconds ?? 0,
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

/** AWS: tables' streams have no AT_TIMESTAMP. */
function readStart(input: Create): StreamSettings["startingPosition"] {
  const { StartingPosition: start, EventSourceArn } = input;
  if (start === undefined)
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (start === "AT_TIMESTAMP" || input.StartingPositionTimestamp !== undefined)
    throw invalidParameter(`Unsupported starting position for arn type: ${EventSourceArn}`);
  return start;
}

/** The ARN of the destination; undefined where none is wanted. */
function readDestination({ OnFailure, OnSuccess }: NonNullable<Create["DestinationConfig"]>): string | undefined {
  // Gap: these words are ours.
  if (OnSuccess?.Destination !== undefined)
    throw invalidParameter("OnSuccess destinations are not supported for event source mappings.");
  const destination = OnFailure?.Destination;
  if (destination === undefined || destination === "") return undefined;
  const { service = "" } = findArn(destination) ?? {};
  if (!DESTINATIONS.has(service))
    throw invalidParameter(
      `The provided destination config DestinationConfig(onFailure=OnFailure(destination=${destination})) is invalid.`,
    );
  return destination;
}

function readFilters({ Filters = [] }: NonNullable<Create["FilterCriteria"]>): string[] {
  // Gap: these words are ours.
  if (Filters.length > FILTERS_MAX)
    throw invalidParameter(`The number of filters exceeds the limit of ${FILTERS_MAX}.`);
  return Filters.map(({ Pattern = "" }) => {
    try {
      compilePattern(Pattern);
    } catch (error) {
      if (error instanceof PatternError) throw invalidParameter("Invalid filter pattern definition.");
      throw error;
    }
    return Pattern;
  });
}

/**
 * Looks whether the function's role may poll the queue, and whether their timeouts go together.
 * @throws AwsError InvalidParameterValueException
 */
export async function checkQueue(cx: Cx, reader: Reader, reference: FunctionReference): Promise<void> {
  const visibility = await checkQueueAccess(reader, cx.endpoint()).catch((error: unknown) => {
    if (!(error instanceof QueueFault)) throw error;
    throw invalidParameter(
      error.kind === "forbidden"
        ? `The function execution role does not have permissions to call ${error.operation} on SQS`
        : `Error occurred while ${error.operation}. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.`,
    );
  });
  const { timeoutSeconds } = getVersion(cx.state, reference);
  if (visibility < timeoutSeconds)
    throw invalidParameter(
      `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
    );
}

/**
 * Looks whether the function's role may read the stream.
 * @throws AwsError InvalidParameterValueException
 */
export async function checkStream(kind: StreamKind, reader: Reader): Promise<void> {
  try {
    await kind.probe(reader);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code.startsWith("AccessDenied"))
      throw invalidParameter(
        `Cannot access stream ${reader.sourceArn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`,
      );
    if (error.code === "ResourceNotFoundException") throw invalidParameter(`Stream not found: ${reader.sourceArn}`);
    // What may pass, such as a throttle, says nothing against the stream.
  }
}
