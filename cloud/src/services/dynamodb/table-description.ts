/** A table as the API describes it. */
import type {
  GlobalSecondaryIndexDescription,
  LocalSecondaryIndexDescription,
  ProvisionedThroughputDescription,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import type { DynamoState, IndexRecord, RequestUnits, Throughput } from "./state.ts";
import { streamArnOf } from "./stream.ts";
import { indexArn, type Table } from "./table.ts";
import { measure } from "./table-size.ts";

type Status = "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";

/** AWS: what an on-demand table takes from the start. Source: "Warm throughput". */
const WARM_DEFAULT = { read: 12_000, write: 4000 };

/**
 * @param status what the answer says the table is; to all others it is active at once
 */
export function describeTable(state: DynamoState, table: Table, status: Status = "ACTIVE"): TableDescription {
  const { record, arn } = table;
  const { items, bytes } = measure(state, table.number);
  const locals = record.indexes.filter(({ kind }) => kind === "local");
  const globals = record.indexes.filter(({ kind }) => kind === "global");
  return {
    AttributeDefinitions: record.attributes,
    TableName: record.name,
    KeySchema: record.keys,
    TableStatus: status,
    CreationDateTime: new Date(record.createdMs),
    ProvisionedThroughput: describeThroughput(record.throughput),
    TableSizeBytes: bytes,
    ItemCount: items,
    TableArn: arn,
    TableId: record.id,
    ...describeBilling(table),
    LocalSecondaryIndexes: locals.length > 0 ? locals.map((index) => describeLocal(state, table, index)) : undefined,
    GlobalSecondaryIndexes:
      globals.length > 0 ? globals.map((index) => describeGlobal(state, table, index, status)) : undefined,
    ...describeStream(table),
    ...(record.encryptionKeyArn === undefined
      ? {}
      : { SSEDescription: { Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: record.encryptionKeyArn } }),
    ...describeClass(table),
    DeletionProtectionEnabled: record.deletionProtected,
    OnDemandThroughput: describeRequestUnits(record.onDemand),
    WarmThroughput: { ...warm(record, record.billing), Status: status === "CREATING" ? "CREATING" : "ACTIVE" },
  };
}

/** What is left to say of a table that is being deleted. */
export function describeDeleted(state: DynamoState, table: Table): TableDescription {
  const {
    AttributeDefinitions: _,
    KeySchema: __,
    CreationDateTime: ___,
    WarmThroughput: ____,
    ...rest
  } = describeTable(state, table, "DELETING");
  return rest;
}

function describeThroughput(throughput: Throughput): ProvisionedThroughputDescription {
  return {
    ...(throughput.increasedMs === undefined ? {} : { LastIncreaseDateTime: new Date(throughput.increasedMs) }),
    ...(throughput.decreasedMs === undefined ? {} : { LastDecreaseDateTime: new Date(throughput.decreasedMs) }),
    NumberOfDecreasesToday: throughput.decreasesToday,
    ReadCapacityUnits: throughput.read,
    WriteCapacityUnits: throughput.write,
  };
}

/** AWS: the summary is there from the first time on that a table is on demand. */
function describeBilling({ record: { billing, onDemandSinceMs } }: Table): Partial<TableDescription> {
  if (onDemandSinceMs === undefined) return {};
  return {
    BillingModeSummary: { BillingMode: billing, LastUpdateToPayPerRequestDateTime: new Date(onDemandSinceMs) },
  };
}

function describeStream(table: Table): Partial<TableDescription> {
  const { stream } = table.record;
  if (!stream) return {};
  return {
    ...(stream.enabled ? { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.viewType } } : {}),
    LatestStreamLabel: stream.label,
    LatestStreamArn: streamArnOf(table),
  };
}

function describeClass({ record: { tableClass } }: Table): Partial<TableDescription> {
  if (!tableClass) return {};
  return {
    TableClassSummary: {
      TableClass: tableClass.name,
      ...(tableClass.changedMs === undefined ? {} : { LastUpdateDateTime: new Date(tableClass.changedMs) }),
    },
  };
}

function describeLocal(state: DynamoState, table: Table, index: IndexRecord): LocalSecondaryIndexDescription {
  const { items, bytes } = measure(state, index.number);
  return {
    IndexName: index.name,
    KeySchema: index.keys,
    Projection: index.projection,
    IndexSizeBytes: bytes,
    ItemCount: items,
    IndexArn: indexArn(table, index.name),
  };
}

function describeGlobal(
  state: DynamoState,
  table: Table,
  index: IndexRecord,
  status: Status,
): GlobalSecondaryIndexDescription {
  return {
    ...describeLocal(state, table, index),
    IndexStatus: status === "UPDATING" ? "ACTIVE" : status,
    ProvisionedThroughput: describeThroughput(index.throughput),
    OnDemandThroughput: describeRequestUnits(index.onDemand),
    WarmThroughput: { ...warm(index, table.record.billing), Status: status === "CREATING" ? "CREATING" : "ACTIVE" },
  };
}

function describeRequestUnits(units: RequestUnits | undefined) {
  return units && { MaxReadRequestUnits: units.read, MaxWriteRequestUnits: units.write };
}

function warm(record: { warm?: RequestUnits | undefined; throughput: Throughput }, billing: string) {
  const least = billing === "PAY_PER_REQUEST" ? WARM_DEFAULT : record.throughput;
  return {
    ReadUnitsPerSecond: Math.max(record.warm?.read ?? 0, least.read),
    WriteUnitsPerSecond: Math.max(record.warm?.write ?? 0, least.write),
  };
}
