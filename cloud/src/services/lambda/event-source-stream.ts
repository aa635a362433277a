import { findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Batch, DiscardReason, LogPolicy, Outcome, Positioned, Tumbling } from "../../kernel/log-poller.ts";
import type { ServiceContext } from "../../service.ts";
import { batchInfo } from "../../sources/batch-info.ts";
import { eventFilter } from "../../sources/filter.ts";
import { firstFailed } from "../../sources/item-failures.ts";
import type { StreamRecord } from "../../sources/stream-kind.ts";
import { findStreamKind } from "../../sources/stream-kinds.ts";
import { StreamPoller } from "../../sources/stream-poller.ts";
import { readerOf } from "./event-source-reader.ts";
import { BATCH_BYTES_MAX } from "./event-source-queue.ts";
import { type BatchRan, runBatch } from "./event-source-run.ts";
import { getVersion } from "./function-lookup.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import type { EventSourceRecord, LambdaState, StreamSettings } from "./state.ts";

type Cx = ServiceContext<LambdaState>;
type StreamMapping = EventSourceRecord & { readonly stream: StreamSettings };

/** AWS: "Using tumbling windows": a state of at most 1 MB for each shard. */
const STATE_BYTES_MAX = 1024 * 1024;
const CONDITIONS: Readonly<Record<DiscardReason, string>> = {
  retriesExhausted: "RetryAttemptsExhausted",
  tooOld: "RecordAgeExceeded",
};

/** Reads the mapping's stream for its function. @param note told of each batch how it went, in AWS's words */
export function pollStream(cx: Cx, scope: Scope, mapping: StreamMapping, note: (result: string) => void): StreamPoller {
  const reference = { scope, name: mapping.name, qualifier: mapping.qualifier };
  const reader = readerOf(cx, reference, mapping.sourceArn);
  const kind = findStreamKind(reader.source.service)!;
  const matches = eventFilter(mapping.filters);
  return new StreamPoller(cx.kernel, cx.state.checkpoints, {
    name: `lambda.${reader.source.service} ${mapping.name}`,
    id: mapping.uuid,
    kind,
    reader,
    parallel: mapping.stream.parallel,
    accepts: ({ text }) => mapping.filters.length === 0 || matches(JSON.parse(text) as object),
    policyOf: (shardId) => policyOf(cx, reference, mapping, shardId, note),
  });
}

function policyOf(
  cx: Cx,
  reference: FunctionReference,
  mapping: StreamMapping,
  shardId: string,
  note: (result: string) => void,
): Omit<LogPolicy<StreamRecord>, "accepts" | "bytesOf" | "readMax"> {
  const { stream, sourceArn } = mapping;
  const kind = findStreamKind(findArn(sourceArn)!.service)!;
  let last: BatchRan | undefined;
  return {
    sizeMax: mapping.batchSize,
    bytesMax: BATCH_BYTES_MAX,
    windowMs: mapping.windowSeconds * 1000,
    tumblingMs: stream.tumblingSeconds * 1000,
    retriesMax: stream.retriesMax < 0 ? Infinity : stream.retriesMax,
    ageMsMax: stream.ageSecondsMax < 0 ? kind.retentionMs : Math.min(stream.ageSecondsMax * 1000, kind.retentionMs),
    bisects: stream.bisects,
    async handle(batch) {
      const ran = await runBatch(cx, reference, mapping, {
        kind: findArn(sourceArn)!.service,
        records: batch.records.length,
        event: eventOf(batch, sourceArn, shardId),
        attributes: ageOf(batch, cx.kernel.clock.now()),
      });
      last = ran;
      const outcome = outcomeOf(ran, batch, mapping);
      note(outcome.failedAt === undefined ? "OK" : "PROBLEM: Function call failed");
      return outcome;
    },
    discard(records, reason, attempts) {
      if (stream.onFailure === undefined) return;
      const tried = reason === "retriesExhausted" && last?.kind !== "untried" ? last : undefined;
      giveUp(cx, reference, mapping, { shardId, records, reason, attempts, last: tried });
    },
  };
}

/** AWS: "Process Amazon DynamoDB records with Lambda"; with a window, "Time window event". */
function eventOf({ records, tumbling, isFinal }: Batch<StreamRecord>, sourceArn: string, shardId: string): string {
  const list = `"Records":[${records.map(({ record }) => record.text).join(",")}]`;
  if (!tumbling) return `{${list}}`;
  const window = { start: instant(tumbling.startMs), end: instant(tumbling.endMs) };
  const rest = {
    shardId,
    eventSourceARN: sourceArn,
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: tumbling.isFull,
  };
  return `{${list},"window":${JSON.stringify(window)},"state":${tumbling.state},${JSON.stringify(rest).slice(1)}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** AWS: `IteratorAge`: the age of the last record of a batch. */
function ageOf({ records }: Batch<StreamRecord>, nowMs: number): Record<string, number> {
  const last = records.at(-1);
  return last ? { iteratorAgeMs: Math.max(0, nowMs - last.writtenMs) } : {};
}

function outcomeOf(ran: BatchRan, { records, tumbling }: Batch<StreamRecord>, mapping: StreamMapping): Outcome {
  if (ran.kind === "untried") return { failedAt: 0, isUntried: true };
  if (ran.kind === "failed") return { failedAt: 0 };
  const ids = () => records.map(({ position }) => position);
  const failedAt = mapping.reportsItemFailures ? firstFailed(ran.answer, ids()) : undefined;
  return { ...(failedAt === undefined ? {} : { failedAt }), ...stateOf(ran.answer, tumbling) };
}

/** What the function hands on to the window's next batch; what is too large ends the window early. */
function stateOf(answer: string, tumbling: Tumbling | undefined): Pick<Outcome, "state" | "isFull"> {
  if (!tumbling) return {};
  const { state } = (JSON.parse(answer === "" ? "null" : answer) ?? {}) as { state?: unknown };
  const text = typeof state === "object" && state !== null ? JSON.stringify(state) : "{}";
  return Buffer.byteLength(text) > STATE_BYTES_MAX ? { isFull: true } : { state: text };
}

interface GivenUp {
  readonly shardId: string;
  readonly records: readonly Positioned<StreamRecord>[];
  readonly reason: DiscardReason;
  readonly attempts: number;
  /** The last run, where the function ran. */
  readonly last: BatchRan | undefined;
}

/**
 * Hands the record of a failure to the mapping's destination; S3 also gets the records themselves.
 * AWS: "Retain discarded records for a DynamoDB event source in Lambda".
 */
function giveUp({ state, kernel }: Cx, reference: FunctionReference, mapping: StreamMapping, given: GivenUp): void {
  const { shardId, records, reason, attempts, last } = given;
  const { scope, name, qualifier } = reference;
  const destination = mapping.stream.onFailure!;
  const kind = findStreamKind(findArn(mapping.sourceArn)!.service)!;
  const ran = last !== undefined && last.kind !== "untried" ? last : undefined;
  const body = {
    requestContext: {
      requestId: ran?.requestId ?? kernel.random.uuid(),
      functionArn: functionArn(scope, name, qualifier),
      condition: CONDITIONS[reason],
      approximateInvokeCount: attempts,
    },
    ...(ran
      ? {
          responseContext: {
            statusCode: 200,
            executedVersion: ran.version,
            ...(ran.kind === "failed" ? { functionError: "Unhandled" } : {}),
          },
        }
      : {}),
    version: "1.0",
    timestamp: kernel.clock.date().toISOString(),
    ...batchInfo(kind, mapping.sourceArn, shardId, records),
    ...(findArn(destination)?.service === "s3"
      ? { payload: `{"Records":[${records.map(({ record }) => record.text).join(",")}]}` }
      : {}),
  };
  state.running.acceptDestination({
    scope,
    name,
    role: getVersion(state, reference).role,
    destination,
    body: JSON.stringify(body),
    objectPath: `aws/lambda/${mapping.uuid}/${shardId}`,
  });
}
