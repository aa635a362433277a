import type { Scope } from "../../aws/scope.ts";
import { QueuePoller } from "../../kernel/poller.ts";
import type { ServiceContext } from "../../service.ts";
import { eventFilter } from "../../sources/filter.ts";
import { failedItems } from "../../sources/item-failures.ts";
import { queueSource, RECEIVE_MAX } from "../../sources/queue.ts";
import type { SqsRecord } from "../../sources/sqs-record.ts";
import { readerOf } from "./event-source-reader.ts";
import { runBatch } from "./event-source-run.ts";
import type { EventSourceRecord, LambdaState } from "./state.ts";

/** AWS: "Configuring scaling behavior for SQS event source mappings": five batches at first. */
const CONCURRENCY_DEFAULT = 5;
/** AWS: "Lambda quotas": the payload of a synchronous invocation. */
export const BATCH_BYTES_MAX = 6 * 1024 * 1024 - 1024;

/** Reads the mapping's queue for its function. */
export function pollQueue(
  cx: ServiceContext<LambdaState>,
  scope: Scope,
  mapping: EventSourceRecord,
): QueuePoller<SqsRecord> {
  const reference = { scope, name: mapping.name, qualifier: mapping.qualifier };
  const reader = readerOf(cx, reference, mapping.sourceArn);
  return new QueuePoller<SqsRecord>(cx.kernel, queueSource(`lambda.sqs ${mapping.name}`, reader, cx.endpoint), {
    sizeMax: mapping.batchSize,
    receiveMax: RECEIVE_MAX,
    windowMs: mapping.windowSeconds * 1000,
    concurrency: mapping.maximumConcurrency ?? CONCURRENCY_DEFAULT,
    bytesMax: BATCH_BYTES_MAX,
    bytesOf: (record) => Buffer.byteLength(JSON.stringify(record)),
    accepts: eventFilter(mapping.filters, "body"),
    async handle(records) {
      const ran = await runBatch(cx, reference, mapping, {
        kind: "sqs",
        records: records.length,
        event: JSON.stringify({ Records: records }),
        traceHeader: records[0]!.attributes["AWSTraceHeader"],
      });
      // What fails or cannot be tried comes back when its visibility timeout is over.
      if (ran.kind !== "answered") return records;
      return mapping.reportsItemFailures ? failedItems(ran.answer, records) : [];
    },
  });
}
