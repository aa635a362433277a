import { queueAddress } from "../../aws/addresses.ts";
import { type Arn, findArn } from "../../aws/arn.ts";
import type { Input } from "../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { compilePattern, PatternError } from "../../aws/event-pattern.ts";
import type { CallContext } from "../../service.ts";
import { invalidParameter } from "./errors.ts";
import { assumeRole } from "./event-source.ts";
import { getVersion } from "./function-lookup.ts";
import type { FunctionReference } from "./function-name.ts";
import type { EventSourceRecord, LambdaState } from "./state.ts";

type Cx = CallContext<LambdaState>;
type Create = Input<"lambda", "CreateEventSourceMapping">;
type Update = Input<"lambda", "UpdateEventSourceMapping">;
type Settings = Pick<
  EventSourceRecord,
  "enabled" | "batchSize" | "windowSeconds" | "filters" | "reportsItemFailures" | "maximumConcurrency"
>;

const BATCH_SIZE_DEFAULT = 10;
/** Of a FIFO queue, and of any without a batch window. */
const BATCH_SIZE_MAX = 10;
/** AWS: "Lambda event filtering": five filters by default. */
const FILTERS_MAX = 5;

const REFUSED_SOURCES: Readonly<Record<string, string>> = {
  dynamodb: "DynamoDB streams",
  kinesis: "Kinesis streams",
  kafka: "Amazon MSK",
  mq: "Amazon MQ",
  rds: "Amazon DocumentDB",
};

/** Of other kinds of sources; AWS refuses them for a queue. */
const STREAM_PARAMETERS = [
  "ParallelizationFactor",
  "MaximumRecordAgeInSeconds",
  "BisectBatchOnFunctionError",
  "MaximumRetryAttempts",
  "TumblingWindowInSeconds",
  "DestinationConfig",
] as const;

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

/** The queue. @throws NotEmulatedError naming another kind of source; AwsError InvalidParameterValueException */
export function checkSource(input: Create): Arn {
  if (input.SelfManagedEventSource) throw new NotEmulatedError("event source mappings of self-managed Apache Kafka");
  const source = findArn(input.EventSourceArn ?? "");
  const kind = source && REFUSED_SOURCES[source.service];
  if (kind !== undefined) throw new NotEmulatedError(`event source mappings of ${kind}`);
  if (source?.service !== "sqs")
    throw invalidParameter(
      `Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn: ${input.EventSourceArn}`,
    );
  return source;
}

/** @throws AwsError for what does not go with a queue; NotEmulatedError for what is not here */
export function refuseOthers(input: Create | Update): void {
  const given = { ...input } as Record<string, unknown>;
  if (given["StartingPosition"] !== undefined || given["StartingPositionTimestamp"] !== undefined)
    throw invalidParameter("StartingPosition is not valid for SQS event sources.");
  for (const name of STREAM_PARAMETERS)
    if (given[name] !== undefined)
      throw invalidParameter(`Unsupported ${name} parameter for given event source mapping type.`);
  for (const name of REFUSED_PARAMETERS)
    if (given[name] !== undefined) throw new NotEmulatedError(`the parameter ${name} of event source mappings`);
}

/** What is given, over what was before or AWS's defaults. @throws AwsError InvalidParameterValueException */
export function readSettings(source: Arn, input: Create | Update, before?: EventSourceRecord): Settings {
  const batchSize = input.BatchSize ?? before?.batchSize ?? BATCH_SIZE_DEFAULT;
  const windowSeconds = input.MaximumBatchingWindowInSeconds ?? before?.windowSeconds ?? 0;
  const isFifo = source.resource.endsWith(".fifo");
  // Gap: the words of these two for FIFO queues are ours.
  if (isFifo && windowSeconds > 0) throw invalidParameter("Batching window is not supported for FIFO queues");
  if (isFifo && batchSize > BATCH_SIZE_MAX)
    throw invalidParameter(`Batch size must not exceed ${BATCH_SIZE_MAX} for FIFO queues`);
  if (batchSize > BATCH_SIZE_MAX && windowSeconds === 0)
    throw invalidParameter(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  return {
    enabled: input.Enabled ?? before?.enabled ?? true,
    batchSize,
    windowSeconds,
    filters: input.FilterCriteria ? readFilters(input.FilterCriteria) : (before?.filters ?? []),
    reportsItemFailures: input.FunctionResponseTypes
      ? input.FunctionResponseTypes.includes("ReportBatchItemFailures")
      : (before?.reportsItemFailures ?? false),
    maximumConcurrency: input.ScalingConfig ? input.ScalingConfig.MaximumConcurrency : before?.maximumConcurrency,
  };
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
export async function checkQueue(cx: Cx, source: Arn, reference: FunctionReference): Promise<void> {
  const QueueUrl = queueAddress(cx.endpoint(), source, source.resource);
  const options = { as: await assumeRole(cx, reference), scope: source };
  // What may be called is decided before its arguments are looked at: these two change nothing, whatever the queue holds.
  await allowed("ReceiveMessage", cx.call("sqs", "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 0 }, options));
  await allowed("DeleteMessage", cx.call("sqs", "DeleteMessage", { QueueUrl, ReceiptHandle: "none" }, options));
  const { Attributes } =
    (await allowed(
      "GetQueueAttributes",
      cx.call("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["VisibilityTimeout"] }, options),
    )) ?? {};
  const visibility = Number(Attributes?.["VisibilityTimeout"]);
  const { timeoutSeconds } = getVersion(cx.state, reference);
  if (visibility < timeoutSeconds)
    throw invalidParameter(
      `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
    );
}

/** @throws AwsError where the call is not allowed, or there is no such queue */
async function allowed<T>(operation: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code.startsWith("AccessDenied"))
      throw invalidParameter(`The function execution role does not have permissions to call ${operation} on SQS`);
    if (/QueueDoesNotExist|NonExistentQueue/.test(error.code))
      throw invalidParameter(
        `Error occurred while ${operation}. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.`,
      );
    return undefined;
  }
}
