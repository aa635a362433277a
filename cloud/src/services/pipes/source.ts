import { findArn } from "../../aws/arn.ts";
import { QueuePoller } from "../../kernel/poller.ts";
import { eventFilter } from "../../sources/filter.ts";
import type { Poller } from "../../sources/pollers.ts";
import { queueSource, RECEIVE_MAX } from "../../sources/queue.ts";
import type { Reader } from "../../sources/reader.ts";
import type { SqsRecord } from "../../sources/sqs-record.ts";
import { findStreamKind } from "../../sources/stream-kinds.ts";
import { StreamPoller } from "../../sources/stream-poller.ts";
import { letterBody } from "./dead-letter.ts";
import { execute, idOf } from "./execution.ts";
import { assumePipeRole } from "./pipe.ts";
import { streamParameters } from "./settings.ts";
import type { Context, PipeRecord } from "./state.ts";

/** AWS: how a pipe from a queue begins. */
const QUEUE_CONCURRENCY = 5;
/** AWS: "Amazon EventBridge Pipes quotas": the payload of a batch. */
const BATCH_BYTES_MAX = 6 * 1024 * 1024 - 1024;

/** Reads a pipe's source as its role. */
export function readerOf(cx: Context, pipe: PipeRecord): Reader {
  const { Source } = pipe.settings;
  return {
    call: cx.call,
    sourceArn: Source,
    source: findArn(Source)!,
    principal: async () => (await assumePipeRole(cx, pipe)).principal,
  };
}

/** Reads the source of a pipe and runs it. */
export function pollSource(cx: Context, pipe: PipeRecord): Poller {
  return findStreamKind(findArn(pipe.settings.Source)!.service) ? pollStream(cx, pipe) : pollQueue(cx, pipe);
}

function patternsOf({ settings }: PipeRecord): string[] {
  return (settings.SourceParameters?.FilterCriteria?.Filters ?? []).map(({ Pattern = "" }) => Pattern);
}

function pollQueue(cx: Context, pipe: PipeRecord): Poller {
  const { BatchSize = 1, MaximumBatchingWindowInSeconds = 0 } =
    pipe.settings.SourceParameters?.SqsQueueParameters ?? {};
  return new QueuePoller<SqsRecord>(cx.kernel, queueSource(`pipes.sqs ${pipe.name}`, readerOf(cx, pipe), cx.endpoint), {
    sizeMax: BatchSize,
    receiveMax: RECEIVE_MAX,
    windowMs: MaximumBatchingWindowInSeconds * 1000,
    concurrency: QUEUE_CONCURRENCY,
    bytesMax: BATCH_BYTES_MAX,
    bytesOf: (record) => Buffer.byteLength(JSON.stringify(record)),
    accepts: eventFilter(patternsOf(pipe), "body"),
    async handle(records) {
      const { failed } = await execute(
        cx,
        pipe,
        records.map((value) => ({ messageId: value.messageId, value })),
      );
      return failed.map((index) => records[index]!);
    },
  });
}

function pollStream(cx: Context, pipe: PipeRecord): Poller {
  const { kernel, state } = cx;
  const reader = readerOf(cx, pipe);
  const kind = findStreamKind(reader.source.service)!;
  const patterns = patternsOf(pipe);
  const matches = eventFilter(patterns);
  const {
    BatchSize = 1,
    MaximumBatchingWindowInSeconds = 0,
    MaximumRecordAgeInSeconds: age = -1,
    MaximumRetryAttempts: retries = -1,
    OnPartialBatchItemFailure: onPartial,
    ParallelizationFactor: parallel = 1,
    DeadLetterConfig: letters,
  } = streamParameters(pipe.settings);
  return new StreamPoller(kernel, state.checkpoints, {
    name: `pipes.${reader.source.service} ${pipe.name}`,
    id: pipe.id,
    kind,
    reader,
    parallel,
    accepts: ({ text }) => patterns.length === 0 || matches(JSON.parse(text) as object),
    policyOf: (shardId) => ({
      sizeMax: BatchSize,
      bytesMax: BATCH_BYTES_MAX,
      windowMs: MaximumBatchingWindowInSeconds * 1000,
      tumblingMs: 0,
      retriesMax: retries < 0 ? Infinity : retries,
      ageMsMax: age < 0 ? kind.retentionMs : Math.min(age * 1000, kind.retentionMs),
      bisects: onPartial === "AUTOMATIC_BISECT",
      async handle({ records }) {
        const values = records.map(({ record }) => JSON.parse(record.text) as object);
        const { failed, isThrottled } = await execute(
          cx,
          pipe,
          values.map((value) => ({ messageId: String(idOf(value)), value })),
        );
        return failed.length === 0 ? {} : { failedAt: Math.min(...failed), isUntried: isThrottled };
      },
      discard(records, reason) {
        if (letters?.Arn === undefined) return;
        const condition = reason === "tooOld" ? "RecordAgeExceeded" : "RetryAttemptsExhausted";
        const body = letterBody(kernel.clock.now(), pipe, condition, kind, shardId, records);
        state.bury({ pipe, destination: letters.Arn, body });
      },
    }),
  });
}
