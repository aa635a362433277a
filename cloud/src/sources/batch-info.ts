import type { StreamKind, StreamRecord } from "./stream-kind.ts";
import type { Positioned } from "../kernel/log-poller.ts";

/** Records given up, as records of failures tell them. AWS: "Retain discarded records for a DynamoDB event source". */
export function batchInfo(
  kind: StreamKind,
  streamArn: string,
  shardId: string,
  records: readonly Positioned<StreamRecord>[],
): Record<string, object> {
  const first = records[0]!;
  const last = records.at(-1)!;
  return {
    [kind.batchInfo]: {
      shardId,
      startSequenceNumber: first.position,
      endSequenceNumber: last.position,
      approximateArrivalOfFirstRecord: toSecond(first.writtenMs),
      approximateArrivalOfLastRecord: toSecond(last.writtenMs),
      batchSize: records.length,
      streamArn,
    },
  };
}

/** AWS: without a fraction where there is none, as Java writes an instant. */
function toSecond(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
