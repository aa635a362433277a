/** ListStreams, DescribeStream, GetShardIterator and GetRecords. */
import { createHash } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import type { LogEntry } from "../../../kernel/log.ts";
import { expiredIterator, invalid, notFound, trimmedAccess } from "../errors.ts";
import { answerText, referTo, type Cx } from "../request.ts";
import type { ChangeRecord, StreamHead } from "../state.ts";
import { findStream } from "../stream.ts";

type GetShardIterator = Input<"dynamodbstreams", "GetShardIterator">;
type StreamRecord = NonNullable<Output<"dynamodbstreams", "GetRecords">["Records"]>[number];

const LIST_MAX = 100;
const RECORDS_MAX = 1000;
const PAGE_BYTES = 1_048_576;
const ITERATOR_LIFE_MS = 15 * 60_000;
/** Sequence numbers are positions in the log, lifted to the length that AWS's have. */
const SEQUENCE_BASE = 100_000_000_000_000_000_000n;

interface Iterator {
  readonly shard: string;
  /** Of the next record to read. */
  readonly position: number;
  readonly issuedMs: number;
}

export function listStreams(
  cx: Cx,
  input: Input<"dynamodbstreams", "ListStreams">,
): Output<"dynamodbstreams", "ListStreams"> {
  const { TableName, Limit = LIST_MAX, ExclusiveStartStreamArn: start } = input;
  const { scope, name } = TableName === undefined ? { scope: cx.scope, name: undefined } : referTo(cx, TableName);
  const prefix = [scope.account, scope.region, ...(name === undefined ? [] : [name])];
  const startParts = start === undefined ? undefined : partsOf(start);
  const after = startParts ? { after: [scope.account, scope.region, startParts.table, startParts.label] } : {};
  const heads = [...cx.state.streams.values({ prefix, ...after, limit: Limit + 1 })];
  const page = heads.slice(0, Limit);
  return {
    Streams: page.map(({ arn, table, label }) => ({ StreamArn: arn, TableName: table, StreamLabel: label })),
    ...(heads.length > Limit ? { LastEvaluatedStreamArn: page.at(-1)!.arn } : {}),
  };
}

export function describeStream(
  cx: Cx,
  input: Input<"dynamodbstreams", "DescribeStream">,
): Output<"dynamodbstreams", "DescribeStream"> {
  const head = getStream(cx, input.StreamArn!);
  const end = cx.state.changes.end(head.arn);
  const isClosed = head.disabledMs !== undefined;
  // The one shard lies before itself: a page that starts behind it is empty.
  const isBehind = input.ExclusiveStartShardId === head.shardId;
  const shard = {
    ShardId: head.shardId,
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceNumber(1),
      ...(isClosed ? { EndingSequenceNumber: sequenceNumber(Math.max(1, end)) } : {}),
    },
  };
  return {
    StreamDescription: {
      StreamArn: head.arn,
      StreamLabel: head.label,
      StreamStatus: isClosed ? "DISABLED" : "ENABLED",
      StreamViewType: head.viewType,
      CreationRequestDateTime: new Date(head.createdMs),
      TableName: head.table,
      KeySchema: head.keys,
      Shards: isBehind ? [] : [shard],
    },
  };
}

export function getShardIterator(cx: Cx, input: GetShardIterator): Output<"dynamodbstreams", "GetShardIterator"> {
  const head = getStream(cx, input.StreamArn!);
  if (input.ShardId !== head.shardId) throw notFound(`: Shard does not exist: ${input.ShardId} in stream ${head.arn}`);
  return { ShardIterator: writeIterator(cx, head, startOf(cx, head, input)) };
}

export function getRecords(
  cx: Cx,
  input: Input<"dynamodbstreams", "GetRecords">,
): Output<"dynamodbstreams", "GetRecords"> {
  const { head, iterator } = readIterator(cx, input.ShardIterator!);
  const { changes } = cx.state;
  if (iterator.position < changes.begin(head.arn)) throw trimmedAccess();
  const Records: StreamRecord[] = [];
  let { position } = iterator;
  let bytes = 0;
  for (const entry of changes.read(head.arn, position, input.Limit ?? RECORDS_MAX)) {
    bytes += entry.record.bytes;
    if (bytes > PAGE_BYTES && Records.length > 0) break;
    Records.push(answerRecord(cx, head, entry));
    position = entry.position + 1;
  }
  const isReadOut = head.disabledMs !== undefined && position > changes.end(head.arn);
  return { Records, ...(isReadOut ? {} : { NextShardIterator: writeIterator(cx, head, position) }) };
}

/** The ARN of the stream that an iterator reads; undefined where the text is no iterator. */
export function streamArnOfIterator(text: string): string | undefined {
  return /^(arn:[^|]*)\|1\|[A-Za-z0-9+/=]+$/.exec(text)?.[1];
}

function answerRecord(cx: Cx, head: StreamHead, { position, record }: LogEntry<ChangeRecord>): StreamRecord {
  return {
    eventID: createHash("md5").update(`${head.arn}/${position}`).digest("hex"),
    eventName: record.event,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: findArn(head.arn)!.region,
    dynamodb: {
      // AWS: to the second.
      ApproximateCreationDateTime: new Date(Math.floor(record.atMs / 1000) * 1000),
      Keys: answerText(cx, record.keys),
      ...(record.new === undefined ? {} : { NewImage: answerText(cx, record.new) }),
      ...(record.old === undefined ? {} : { OldImage: answerText(cx, record.old) }),
      SequenceNumber: sequenceNumber(position),
      SizeBytes: record.bytes,
      StreamViewType: head.viewType,
    },
    ...(record.expired ? { userIdentity: { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" } } : {}),
  };
}

function startOf(cx: Cx, { arn }: StreamHead, { ShardIteratorType: type, SequenceNumber }: GetShardIterator): number {
  const { changes } = cx.state;
  if (type === "LATEST") return changes.end(arn) + 1;
  if (type === "TRIM_HORIZON") return changes.begin(arn);
  if (SequenceNumber === undefined) throw invalid(`Sequence number is required for shard iterator type ${type}`);
  const position = positionOf(SequenceNumber);
  if (position === undefined || position > changes.end(arn))
    throw invalid(`Invalid SequenceNumber: ${SequenceNumber} is not in the shard`);
  const start = type === "AT_SEQUENCE_NUMBER" ? position : position + 1;
  if (start < changes.begin(arn)) throw trimmedAccess();
  return start;
}

function writeIterator(cx: Cx, head: StreamHead, position: number): string {
  const iterator: Iterator = { shard: head.shardId, position, issuedMs: cx.kernel.clock.now() };
  return `${head.arn}|1|${Buffer.from(JSON.stringify(iterator)).toString("base64")}`;
}

function readIterator(cx: Cx, text: string): { head: StreamHead; iterator: Iterator } {
  const arn = streamArnOfIterator(text);
  const iterator = arn === undefined ? undefined : parseIterator(text.slice(arn.length + 3));
  if (!iterator) throw invalid("Invalid ShardIterator");
  const head = getStream(cx, arn!);
  if (cx.kernel.clock.now() - iterator.issuedMs > ITERATOR_LIFE_MS) throw expiredIterator();
  return { head, iterator };
}

function parseIterator(base64: string): Iterator | undefined {
  try {
    const { shard, position, issuedMs } = JSON.parse(Buffer.from(base64, "base64").toString()) as Iterator;
    const numbers = Number.isInteger(position) && Number.isInteger(issuedMs);
    return typeof shard === "string" && numbers ? { shard, position, issuedMs } : undefined;
  } catch {
    return undefined;
  }
}

function getStream(cx: Cx, streamArn: string): StreamHead {
  const parts = partsOf(streamArn);
  const head = parts && findStream(cx.state, parts.scope, parts.table, parts.label);
  if (!head) throw notFound(`: Stream: ${streamArn} not found`);
  return head;
}

function partsOf(streamArn: string) {
  const parts = findArn(streamArn);
  const [, table, label] = /^table\/([^/]+)\/stream\/(.+)$/.exec(parts?.resource ?? "") ?? [];
  if (!parts || table === undefined || label === undefined) return undefined;
  return { scope: { account: parts.account, region: parts.region }, table, label };
}

function sequenceNumber(position: number): string {
  return String(SEQUENCE_BASE + BigInt(position));
}

function positionOf(sequence: string): number | undefined {
  if (!/^[0-9]{21}$/.test(sequence)) return undefined;
  return Number(BigInt(sequence) - SEQUENCE_BASE);
}
