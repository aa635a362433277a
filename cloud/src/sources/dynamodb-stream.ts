import type { _Record } from "@aws-sdk/client-dynamodb-streams";
import { asReader } from "./reader.ts";
import type { StreamKind } from "./stream-kind.ts";

const RETENTION_MS = 24 * 3_600_000;
const READ_MAX = 1000;

/** The change streams of tables. AWS: "Using AWS Lambda with Amazon DynamoDB". */
export const dynamodbStream: StreamKind = {
  title: "DynamoDB",
  batchInfo: "DDBStreamBatchInfo",
  readMax: READ_MAX,
  retentionMs: RETENTION_MS,
  sequenceNumberOf: (record) => (record as { dynamodb?: { SequenceNumber?: unknown } }).dynamodb?.SequenceNumber,

  async probe(reader) {
    const [shardId] = await this.shards(reader);
    if (shardId !== undefined) await this.read(reader, await this.iterator(reader, shardId, "TRIM_HORIZON"), 1);
    const behind = { ExclusiveStartStreamArn: reader.sourceArn, Limit: 1 };
    await reader.call("dynamodbstreams", "ListStreams", behind, await asReader(reader));
  },

  async shards(reader) {
    const ids: string[] = [];
    let ExclusiveStartShardId: string | undefined;
    do {
      const { StreamDescription } = await reader.call(
        "dynamodbstreams",
        "DescribeStream",
        { StreamArn: reader.sourceArn, ...(ExclusiveStartShardId === undefined ? {} : { ExclusiveStartShardId }) },
        await asReader(reader),
      );
      ids.push(...(StreamDescription?.Shards ?? []).map(({ ShardId }) => ShardId!));
      ExclusiveStartShardId = StreamDescription?.LastEvaluatedShardId;
    } while (ExclusiveStartShardId !== undefined);
    return ids;
  },

  async iterator(reader, ShardId, start) {
    const place =
      typeof start === "string"
        ? { ShardIteratorType: start }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: start.after };
    const { ShardIterator } = await reader.call(
      "dynamodbstreams",
      "GetShardIterator",
      { StreamArn: reader.sourceArn, ShardId, ...place },
      await asReader(reader),
    );
    return ShardIterator!;
  },

  async read(reader, ShardIterator, max) {
    const { Records = [], NextShardIterator } = await reader.call(
      "dynamodbstreams",
      "GetRecords",
      { ShardIterator, Limit: Math.min(max, READ_MAX) },
      await asReader(reader),
    );
    return {
      records: Records.map((record) => ({
        position: record.dynamodb!.SequenceNumber!,
        writtenMs: record.dynamodb!.ApproximateCreationDateTime!.getTime(),
        record: { text: textOf(record, reader.sourceArn), key: JSON.stringify(record.dynamodb!.Keys, plain) },
      })),
      next: NextShardIterator,
    };
  },
};

/** AWS: the order of members in the example event; the time in seconds. */
function textOf({ dynamodb, ...record }: _Record, sourceArn: string): string {
  return JSON.stringify(
    {
      eventID: record.eventID,
      eventName: record.eventName,
      eventVersion: record.eventVersion,
      eventSource: record.eventSource,
      awsRegion: record.awsRegion,
      dynamodb: {
        ...dynamodb,
        ApproximateCreationDateTime: Math.floor(dynamodb!.ApproximateCreationDateTime!.getTime() / 1000),
      },
      ...(record.userIdentity
        ? { userIdentity: { principalId: record.userIdentity.PrincipalId, type: record.userIdentity.Type } }
        : {}),
      eventSourceARN: sourceArn,
    },
    plain,
  );
}

/** Binary values are base64 in JSON; a Buffer's own `toJSON` would come first, so the raw value is looked at. */
function plain(this: unknown, name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const raw = (this as Record<string, unknown>)[name];
  return raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("base64") : value;
}
