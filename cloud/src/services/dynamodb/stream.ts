/**
 * Change streams. A stream is one log of changes with one shard, open from when it is switched on until it is switched
 * off. Records stay 24 hours; a stream that is off, or whose table is gone, can be read as long.
 *
 * Quirk: AWS splits a stream into shards and ends each after some hours. Here one shard lasts as long as the stream.
 */
import { itemBytes } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Change, Written } from "./change.ts";
import { keyOf } from "./key.ts";
import { DynamoState, type ChangeRecord, type StreamHead, type StreamViewType, type TableRecord } from "./state.ts";
import { tableArn, type Table } from "./table.ts";

const TRIM = "dynamodb.streamTrim";
const END = "dynamodb.streamEnd";
const RETENTION_MS = 24 * 3_600_000;
const TRIM_BATCH = 1000;

/** Writes the record of a change, and wakes who polls the stream. */
export function recordChange(state: DynamoState, { table, before, after, expired }: Change, written: Written): void {
  const { kernel } = state;
  const arn = table.streamArn!;
  const { viewType } = table.record.stream!;
  const keys = keyOf(table.key, after ?? before!.item);
  const old = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES" ? before : undefined;
  const withNew = after !== undefined && (viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES");
  const record: ChangeRecord = {
    event: !before ? "INSERT" : after ? "MODIFY" : "REMOVE",
    atMs: kernel.clock.now(),
    keys: JSON.stringify(keys),
    ...(old ? { old: old.text } : {}),
    ...(withNew ? { new: written.text! } : {}),
    bytes: itemBytes(keys) + (old?.bytes ?? 0) + (withNew ? written.bytes : 0),
    ...(expired ? { expired } : {}),
  };
  state.changes.append(arn, record);
  if (kernel.timers.find(TRIM, arn) === undefined) kernel.timers.set(TRIM, arn, record.atMs + RETENTION_MS);
  kernel.news.tell(arn);
}

/** Switches a stream on: a new one each time, told apart by its label. */
export function openStream(state: DynamoState, scope: Scope, record: TableRecord, viewType: StreamViewType): void {
  const { kernel } = state;
  const now = kernel.clock.now();
  const prefix = [scope.account, scope.region, record.name];
  let labelMs = now;
  while (state.streams.has([...prefix, labelOf(labelMs)])) labelMs++;
  const label = labelOf(labelMs);
  state.streams.put([...prefix, label], {
    arn: `${tableArn(scope, record.name)}/stream/${label}`,
    label,
    table: record.name,
    viewType,
    keys: record.keys,
    shardId: `shardId-${String(labelMs).padStart(20, "0")}-${kernel.random.hex(8)}`,
    createdMs: now,
  });
  record.stream = { label, viewType, enabled: true };
}

/** Switches a table's stream off; what it holds can be read for 24 hours more. */
export function closeStream(state: DynamoState, scope: Scope, record: TableRecord): void {
  if (!record.stream?.enabled) return;
  const now = state.kernel.clock.now();
  const key = [scope.account, scope.region, record.name, record.stream.label];
  const head = state.streams.get(key)!;
  state.streams.put(key, { ...head, disabledMs: now });
  state.kernel.timers.set(END, head.arn, now + RETENTION_MS, { key });
  state.kernel.news.tell(head.arn);
  record.stream = { ...record.stream, enabled: false };
}

/** A stream that can be read. */
export function findStream(state: DynamoState, scope: Scope, table: string, label: string): StreamHead | undefined {
  return state.streams.get([scope.account, scope.region, table, label]);
}

/** Says what runs when records or streams have had their time. */
export function handleStreamRetention(kernel: Kernel): void {
  kernel.timers.handle(TRIM, (_: unknown, arn) => trim(DynamoState.of(kernel), arn));
  kernel.timers.handle<{ key: string[] }>(END, ({ key }, arn) => {
    const state = DynamoState.of(kernel);
    kernel.timers.cancel(TRIM, arn);
    state.changes.remove(arn);
    state.streams.remove(key);
  });
}

function trim(state: DynamoState, arn: string): void {
  const newest = state.kernel.clock.now() - RETENTION_MS;
  for (;;) {
    const entries = state.changes.read(arn, 0, TRIM_BATCH);
    const kept = entries.find(({ record }) => record.atMs > newest);
    if (kept) {
      state.changes.trim(arn, kept.position);
      state.kernel.timers.set(TRIM, arn, kept.record.atMs + RETENTION_MS);
      return;
    }
    const last = entries.at(-1);
    if (!last) return;
    state.changes.trim(arn, last.position + 1);
  }
}

function labelOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}

/** Kept by a table's stream for the ARN alone. */
export function streamArnOf(table: Table): string | undefined {
  const { stream } = table.record;
  return stream && `${table.arn}/stream/${stream.label}`;
}
