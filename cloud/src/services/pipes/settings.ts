import type {
  PipeLogConfigurationParameters,
  PipeSourceDynamoDBStreamParameters,
  PipeSourceParameters,
  PipeSourceSqsQueueParameters,
  UpdatePipeSourceParameters,
} from "@aws-sdk/client-pipes";
import type { Input } from "../../aws/api-types.ts";
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { compilePattern, PatternError } from "../../aws/event-pattern.ts";
import { findStreamKind } from "../../sources/stream-kinds.ts";
import { checkEnrichment, enrichmentBatchMax } from "./enrichment.ts";
import { invalid, invalidField } from "./errors.ts";
import type { PipeSettings } from "./state.ts";
import { checkTarget, targetBatchMax } from "./targets.ts";

type Create = Input<"pipes", "CreatePipe">;
type Update = Input<"pipes", "UpdatePipe">;

const REFUSED_SOURCES: Readonly<Record<string, string>> = {
  kinesis: "Kinesis streams",
  kafka: "Amazon MSK",
  mq: "Amazon MQ",
};
const SOURCE_PARAMETERS: Readonly<Record<string, string>> = {
  sqs: "SqsQueueParameters",
  dynamodb: "DynamoDBStreamParameters",
};

/** What is said of the stream that a pipe reads. */
export function streamParameters({ Source, SourceParameters }: PipeSettings): PipeSourceDynamoDBStreamParameters {
  const name = SOURCE_PARAMETERS[findArn(Source)!.service] as "DynamoDBStreamParameters";
  return SourceParameters?.[name] ?? { StartingPosition: undefined };
}

const BATCH_SIZE_QUEUE = 10;
const BATCH_SIZE_STREAM = 100;
const RECORD_AGE_SECONDS_MIN = 60;

/**
 * What a new pipe is to be.
 * @throws AwsError ValidationException; NotEmulatedError naming what is not here
 */
export function readCreate(input: Create): PipeSettings {
  const { Name: _, DesiredState: __, Tags: ___, KmsKeyIdentifier: key, ...given } = input;
  refuseKey(key);
  const settings = { ...given, Source: input.Source!, Target: input.Target!, RoleArn: input.RoleArn! };
  return checked({
    ...settings,
    SourceParameters: readSource(settings.Source, input.SourceParameters ?? {}, settings),
  });
}

/**
 * What a pipe is to be after a change. AWS: what is left out stays as it is, but the parameters of one service are
 * replaced as a whole.
 * @throws AwsError ValidationException; NotEmulatedError naming what is not here
 */
export function readUpdate(before: PipeSettings, input: Update): PipeSettings {
  const { Name: _, DesiredState: __, KmsKeyIdentifier: key, SourceParameters: source, ...given } = input;
  refuseKey(key);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: PipeSettings = { ...before, ...present };
  return checked({
    ...settings,
    SourceParameters: readSource(before.Source, mergedSource(before.SourceParameters ?? {}, source), settings),
  });
}

function refuseKey(key: string | undefined): void {
  if (key !== undefined && key !== "") throw new NotEmulatedError("customer managed keys of pipes (KmsKeyIdentifier)");
}

/** A stream goes on being read from where it was begun. */
function mergedSource(
  before: PipeSourceParameters,
  { DynamoDBStreamParameters: stream, ...rest }: UpdatePipeSourceParameters = {},
): PipeSourceParameters {
  const start = before.DynamoDBStreamParameters?.StartingPosition;
  return {
    ...before,
    ...(rest as PipeSourceParameters),
    ...(stream ? { DynamoDBStreamParameters: { ...stream, StartingPosition: start } } : {}),
  };
}

function readSource(sourceArn: string, given: PipeSourceParameters, settings: PipeSettings): PipeSourceParameters {
  const source = findArn(sourceArn);
  const refused = sourceArn.startsWith("smk://") ? "self-managed Apache Kafka" : REFUSED_SOURCES[source?.service ?? ""];
  if (refused !== undefined) throw new NotEmulatedError(`pipes from ${refused}`);
  const own = SOURCE_PARAMETERS[source?.service ?? ""];
  if (!source || own === undefined) throw invalidField("Source", `${sourceArn} is not a supported source.`);
  const strange = Object.keys(given).find((name) => name !== "FilterCriteria" && name !== own);
  if (strange !== undefined) throw invalidField(`SourceParameters.${strange}`, "Parameter does not match the source.");
  checkFilters(given.FilterCriteria?.Filters ?? []);
  const batchMax = Math.min(enrichmentBatchMax(settings), targetBatchMax(settings));
  if (findStreamKind(source.service))
    return { ...given, DynamoDBStreamParameters: readStream(given.DynamoDBStreamParameters, batchMax) };
  return { ...given, SqsQueueParameters: readQueue(source.resource, given.SqsQueueParameters ?? {}, batchMax) };
}

/** Gap: the words of these rules are ours, where they do not name a member. */
function readQueue(
  queue: string,
  { BatchSize, MaximumBatchingWindowInSeconds: window = 0 }: PipeSourceSqsQueueParameters,
  batchMax: number,
): PipeSourceSqsQueueParameters {
  const size = BatchSize ?? Math.min(BATCH_SIZE_QUEUE, batchMax);
  const path = "SourceParameters.SqsQueueParameters";
  if (size > batchMax) throw invalidField(`${path}.BatchSize`, tooLarge(batchMax));
  if (queue.endsWith(".fifo") && (size > BATCH_SIZE_QUEUE || window > 0))
    throw invalidField(path, "FIFO queues have batches of 10 at most and no batching window.");
  if (size > BATCH_SIZE_QUEUE && window === 0)
    throw invalidField(
      `${path}.MaximumBatchingWindowInSeconds`,
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  return { BatchSize: size, MaximumBatchingWindowInSeconds: window };
}

function readStream(
  given: PipeSourceDynamoDBStreamParameters | undefined,
  batchMax: number,
): PipeSourceDynamoDBStreamParameters {
  const path = "SourceParameters.DynamoDBStreamParameters";
  if (!given) throw invalidField(path, "Missing required parameter.");
  const { BatchSize = Math.min(BATCH_SIZE_STREAM, batchMax), MaximumRecordAgeInSeconds: age = -1 } = given;
  if (BatchSize > batchMax) throw invalidField(`${path}.BatchSize`, tooLarge(batchMax));
  if (age !== -1 && age < RECORD_AGE_SECONDS_MIN)
    throw invalidField(`${path}.MaximumRecordAgeInSeconds`, `Must be -1 or at least ${RECORD_AGE_SECONDS_MIN}.`);
  const letters = findArn(given.DeadLetterConfig?.Arn ?? "");
  if (letters && letters.service !== "sqs" && letters.service !== "sns")
    throw invalidField(`${path}.DeadLetterConfig.Arn`, "Must be a queue or a topic.");
  return {
    ...given,
    BatchSize,
    MaximumBatchingWindowInSeconds: given.MaximumBatchingWindowInSeconds ?? 0,
    MaximumRecordAgeInSeconds: age,
    MaximumRetryAttempts: given.MaximumRetryAttempts ?? -1,
    ParallelizationFactor: given.ParallelizationFactor ?? 1,
  };
}

function tooLarge(batchMax: number): string {
  return `Batch size must not exceed ${batchMax}, the maximum of the enrichment and target.`;
}

function checkFilters(filters: readonly { Pattern?: string | undefined }[]): void {
  for (const { Pattern = "" } of filters)
    try {
      compilePattern(Pattern);
    } catch (error) {
      if (error instanceof PatternError) throw invalid(`Filter pattern is not valid. Reason: ${error.message}`);
      throw error;
    }
}

function checked(settings: PipeSettings): PipeSettings {
  const { Enrichment, EnrichmentParameters, ...rest } = settings;
  const hasEnrichment = Enrichment !== undefined && Enrichment !== "";
  if (hasEnrichment) checkEnrichment(settings);
  checkTarget(settings);
  if (settings.LogConfiguration) checkLog(settings.LogConfiguration);
  return hasEnrichment ? settings : { ...rest, ...(EnrichmentParameters ? { EnrichmentParameters } : {}) };
}

function checkLog(log: PipeLogConfigurationParameters): void {
  if (log.S3LogDestination) throw new NotEmulatedError("logs of pipes in S3 (S3LogDestination)");
  if (log.FirehoseLogDestination) throw new NotEmulatedError("logs of pipes in Firehose (FirehoseLogDestination)");
  if (log.Level !== "OFF" && !log.CloudwatchLogsLogDestination)
    throw invalidField("LogConfiguration", "A log destination is required unless the level is OFF.");
}
