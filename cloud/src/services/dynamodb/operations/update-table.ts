import type {
  CreateGlobalSecondaryIndexAction,
  GlobalSecondaryIndexUpdate,
  ProvisionedThroughput,
  UpdateGlobalSecondaryIndexAction,
} from "@aws-sdk/client-dynamodb";
import type { Input, Output } from "../../../aws/api-types.ts";
import { attributeOf, type Item } from "../../../engines/dynamodb-expressions/attribute-value.ts";
import { invalid, invalidParameter, limitExceeded, notFound } from "../errors.ts";
import { addEntry } from "../item-store.ts";
import type { Cx } from "../request.ts";
import type { DynamoState, IndexRecord, TableRecord, Throughput } from "../state.ts";
import { closeStream, openStream } from "../stream.ts";
import { describeTable } from "../table-description.ts";
import { encryptionKeyOf, newIndex, purge, requestUnits, warmUnits } from "../table-record.ts";
import { checkGlobal, checkGlobalCount, checkStream, checkUnits } from "../table-schema.ts";
import type { Index, Table } from "../table.ts";
import { getNamedTable, refuse } from "./tables.ts";

type UpdateTable = Input<"dynamodb", "UpdateTable">;

const UPDATES = [
  "ProvisionedThroughput",
  "BillingMode",
  "StreamSpecification",
  "GlobalSecondaryIndexUpdates",
  "SSESpecification",
  "TableClass",
  "DeletionProtectionEnabled",
  "OnDemandThroughput",
  "WarmThroughput",
] as const;
const NOT_EMULATED = [
  "ReplicaUpdates",
  "MultiRegionConsistency",
  "GlobalTableWitnessUpdates",
  "GlobalTableSettingsReplicationMode",
  "DisassociationProtectionEnabled",
  "VectorIndexUpdates",
];
const INDEX_UPDATES_MAX = 5;

export function updateTable(cx: Cx, input: UpdateTable): Output<"dynamodb", "UpdateTable"> {
  const { state } = cx;
  const named = getNamedTable(cx, "UpdateTable", input);
  refuse("UpdateTable", input, NOT_EMULATED);
  checkRequest(input);
  const record = structuredClone(named.record);
  checkBilling(record, input);
  const { scope } = named;
  changeThroughput(record, input, state.kernel.clock.now());
  if (input.StreamSpecification) changeStream(state, named, record, input.StreamSpecification);
  if (input.SSESpecification) changeEncryption(state, named, record, input.SSESpecification);
  if (input.TableClass !== undefined && input.TableClass !== (record.tableClass?.name ?? "STANDARD"))
    record.tableClass = { name: input.TableClass, changedMs: state.kernel.clock.now() };
  if (input.DeletionProtectionEnabled !== undefined) record.deletionProtected = input.DeletionProtectionEnabled;
  if (input.OnDemandThroughput) record.onDemand = requestUnits(input.OnDemandThroughput);
  if (input.WarmThroughput) record.warm = warmUnits(input.WarmThroughput);
  const created = changeIndexes(state, record, input);
  const table = state.putTable(scope, record);
  if (created) backfill(state, table, table.findIndex(created)!);
  return { TableDescription: describeTable(state, table, "UPDATING") };
}

function checkRequest(input: UpdateTable): void {
  const { GlobalSecondaryIndexUpdates: updates = [], ProvisionedThroughput: throughput } = input;
  const given = UPDATES.filter((name) => input[name] !== undefined);
  if (given.length === 0 || (given.length === 1 && given[0] === "GlobalSecondaryIndexUpdates" && updates.length === 0))
    throw invalid(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or " +
        "SSESpecification or ReplicaUpdates is required",
    );
  if (input.BillingMode === "PROVISIONED" && !throughput)
    throw invalidParameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  if (throughput) checkUnits(throughput);
  if (input.StreamSpecification) checkStream(input.StreamSpecification);
  const names = new Set<string>();
  for (const update of updates) {
    const { IndexName: name } = update.Update ?? update.Create ?? update.Delete ?? {};
    if (name === undefined)
      throw invalidParameter(
        "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, " +
          "GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    if (names.has(name))
      throw invalidParameter(
        `Only one global secondary index update per index is allowed simultaneously. Index: ${name}`,
      );
    names.add(name);
  }
}

function checkBilling(record: TableRecord, input: UpdateTable): void {
  if (input.ProvisionedThroughput && (input.BillingMode ?? record.billing) === "PAY_PER_REQUEST")
    throw invalidParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  const { GlobalSecondaryIndexUpdates: updates = [] } = input;
  const remade = updates.filter(({ Create, Delete }) => Create || Delete);
  if (updates.length > INDEX_UPDATES_MAX || remade.length > 1)
    throw limitExceeded(
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  if (input.BillingMode !== "PROVISIONED" || record.billing === "PROVISIONED") return;
  const left = record.indexes.filter(
    ({ kind, name }) => kind === "global" && !updates.some(({ Update }) => Update?.IndexName === name),
  );
  if (left.length > 0)
    throw invalidParameter(
      `ProvisionedThroughput must be specified for index: ${left.map(({ name }) => name).join(",")}`,
    );
}

function changeThroughput(record: TableRecord, input: UpdateTable, nowMs: number): void {
  const globals = record.indexes.filter(({ kind }) => kind === "global");
  if (input.BillingMode === "PAY_PER_REQUEST" && record.billing === "PROVISIONED") {
    record.billing = "PAY_PER_REQUEST";
    record.onDemandSinceMs = nowMs;
    for (const each of [record, ...globals]) each.throughput = provisioned(each.throughput, { ...NO_UNITS }, nowMs);
  }
  if (input.BillingMode === "PROVISIONED") record.billing = "PROVISIONED";
  if (input.ProvisionedThroughput) {
    checkChanges(record.throughput, input.ProvisionedThroughput);
    record.throughput = provisioned(record.throughput, input.ProvisionedThroughput, nowMs);
  }
  for (const { Update } of input.GlobalSecondaryIndexUpdates ?? []) if (Update) updateIndex(record, Update, nowMs);
}

const NO_UNITS: ProvisionedThroughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

function updateIndex(record: TableRecord, update: UpdateGlobalSecondaryIndexAction, nowMs: number): void {
  const index = getGlobal(record, update.IndexName!);
  if (update.ProvisionedThroughput) {
    checkUnits(update.ProvisionedThroughput);
    checkChanges(index.throughput, update.ProvisionedThroughput);
    index.throughput = provisioned(index.throughput, update.ProvisionedThroughput, nowMs);
  }
  if (update.OnDemandThroughput) index.onDemand = requestUnits(update.OnDemandThroughput);
  if (update.WarmThroughput) index.warm = warmUnits(update.WarmThroughput);
}

function checkChanges(current: Throughput, requested: ProvisionedThroughput): void {
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = requested;
  if (read !== current.read || write !== current.write) return;
  throw invalid(
    "The provisioned throughput for the table will not change. The requested value equals the current value. " +
      `Current ReadCapacityUnits provisioned for the table: ${current.read}. Requested ReadCapacityUnits: ${read}. ` +
      `Current WriteCapacityUnits provisioned for the table: ${current.write}. Requested WriteCapacityUnits: ${write}. ` +
      "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
  );
}

function provisioned(current: Throughput, requested: ProvisionedThroughput, nowMs: number): Throughput {
  const [read, write] = [requested.ReadCapacityUnits!, requested.WriteCapacityUnits!];
  const decreases = read < current.read || write < current.write;
  const today = current.decreasedMs !== undefined && dayOf(current.decreasedMs) === dayOf(nowMs);
  return {
    ...current,
    read,
    write,
    ...(read > current.read || write > current.write ? { increasedMs: nowMs } : {}),
    ...(decreases ? { decreasedMs: nowMs } : {}),
    decreasesToday: (today ? current.decreasesToday : 0) + (decreases ? 1 : 0),
  };
}

function dayOf(ms: number): number {
  return Math.floor(ms / 86_400_000);
}

function changeStream(
  state: DynamoState,
  { scope }: Table,
  record: TableRecord,
  { StreamEnabled, StreamViewType }: NonNullable<UpdateTable["StreamSpecification"]>,
): void {
  if (StreamEnabled) {
    if (record.stream?.enabled) throw invalid(`Table already has an enabled stream: TableName: ${record.name}`);
    openStream(state, scope, record, StreamViewType!);
  } else {
    if (!record.stream?.enabled) throw invalid(`Table is already disabled for streams: TableName: ${record.name}`);
    closeStream(state, scope, record);
    delete record.streamPolicy;
  }
}

function changeEncryption(
  state: DynamoState,
  { scope }: Table,
  record: TableRecord,
  specification: NonNullable<UpdateTable["SSESpecification"]>,
): void {
  const key = encryptionKeyOf(state, scope, specification);
  if (key === undefined) delete record.encryptionKeyArn;
  else record.encryptionKeyArn = key;
}

/** @returns the name of an index that was added */
function changeIndexes(state: DynamoState, record: TableRecord, input: UpdateTable): string | undefined {
  let created: string | undefined;
  for (const { Create, Delete } of input.GlobalSecondaryIndexUpdates ?? ([] as GlobalSecondaryIndexUpdate[])) {
    if (Delete) {
      const { number } = getGlobal(record, Delete.IndexName!);
      record.indexes = record.indexes.filter((index) => index.number !== number);
      purge(state, number);
    }
    if (Create) {
      createIndex(state, record, input, Create);
      created = Create.IndexName!;
    }
  }
  const used = new Set([record.keys, ...record.indexes.map(({ keys }) => keys)].flat().map((key) => key.AttributeName));
  record.attributes = record.attributes.filter(({ AttributeName }) => used.has(AttributeName));
  return created;
}

function createIndex(
  state: DynamoState,
  record: TableRecord,
  input: UpdateTable,
  create: CreateGlobalSecondaryIndexAction,
): void {
  for (const definition of input.AttributeDefinitions ?? []) {
    const known = record.attributes.find(({ AttributeName }) => AttributeName === definition.AttributeName);
    if (!known) record.attributes.push(definition);
    else if (known.AttributeType !== definition.AttributeType)
      throw invalidParameter(
        `Attribute ${known.AttributeName} is defined as ${known.AttributeType} and cannot be redefined as ${definition.AttributeType}`,
      );
  }
  const defined = record.attributes.map(({ AttributeName }) => AttributeName!);
  checkGlobal(create, record.billing, defined);
  if (record.indexes.some(({ name }) => name === create.IndexName))
    throw invalid(`Attempting to create an index which already exists`);
  record.indexes.push(newIndex(state, "global", create));
  checkGlobalCount(record.indexes.filter(({ kind }) => kind === "global").length);
}

/** Fills a new index from the table. Items whose attributes are of other types are left out, as on AWS. */
function backfill(state: DynamoState, table: Table, index: Index): void {
  const texts = Array.from(state.items.values({ prefix: [table.number] }), ([, text]) => text);
  for (const text of texts) {
    const item = JSON.parse(text) as Item;
    const fits = [...index.partition, ...index.sort].every(({ name, type }) => {
      const value = attributeOf(item, name)?.[type];
      return value !== undefined && value !== "";
    });
    if (fits) addEntry(state, table, index, item);
  }
}

function getGlobal(record: TableRecord, name: string): IndexRecord {
  const index = record.indexes.find((each) => each.name === name && each.kind === "global");
  if (!index) throw notFound();
  return index;
}
