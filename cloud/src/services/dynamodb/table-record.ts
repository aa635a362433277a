/** Making and unmaking what is kept of tables and indexes. */
import type {
  CreateTableInput,
  GlobalSecondaryIndex,
  LocalSecondaryIndex,
  OnDemandThroughput,
  ProvisionedThroughput,
  SSESpecification,
  WarmThroughput,
} from "@aws-sdk/client-dynamodb";
import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { DynamoState, type IndexRecord, type RequestUnits, type TableRecord, type Throughput } from "./state.ts";

const PURGE = "dynamodb.purge";
const PURGE_BATCH = 2000;

/** A table as a request defines it, checked before. Its stream is switched on apart. */
export function newTable(state: DynamoState, scope: Scope, input: CreateTableInput): TableRecord {
  const { kernel } = state;
  const now = kernel.clock.now();
  const onDemand = input.BillingMode === "PAY_PER_REQUEST";
  const encryptionKeyArn = encryptionKeyOf(state, scope, input.SSESpecification);
  return {
    number: state.nextNumber(),
    name: input.TableName!,
    id: kernel.random.uuid(),
    createdMs: now,
    keys: input.KeySchema!,
    attributes: input.AttributeDefinitions!,
    billing: onDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
    ...(onDemand ? { onDemandSinceMs: now } : {}),
    throughput: newThroughput(input.ProvisionedThroughput),
    onDemand: requestUnits(input.OnDemandThroughput),
    warm: warmUnits(input.WarmThroughput),
    indexes: [
      ...(input.LocalSecondaryIndexes ?? []).map((index) => newIndex(state, "local", index)),
      ...(input.GlobalSecondaryIndexes ?? []).map((index) => newIndex(state, "global", index)),
    ],
    ...(input.TableClass === undefined ? {} : { tableClass: { name: input.TableClass } }),
    deletionProtected: input.DeletionProtectionEnabled === true,
    ...(encryptionKeyArn === undefined ? {} : { encryptionKeyArn }),
    tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!])),
    ...(input.ResourcePolicy === undefined
      ? {}
      : { policy: { text: input.ResourcePolicy, revision: newRevision(kernel) } }),
  };
}

export function newIndex(
  state: DynamoState,
  kind: IndexRecord["kind"],
  index: LocalSecondaryIndex & GlobalSecondaryIndex,
): IndexRecord {
  return {
    number: state.nextNumber(),
    name: index.IndexName!,
    kind,
    keys: index.KeySchema!,
    projection: index.Projection!,
    throughput: newThroughput(index.ProvisionedThroughput),
    onDemand: requestUnits(index.OnDemandThroughput),
    warm: warmUnits(index.WarmThroughput),
  };
}

/** AWS: revision ids of resource policies are the milliseconds of their making, and must differ. */
export function newRevision(kernel: Kernel): string {
  return `${kernel.clock.now()}${1000 + kernel.random.integer(9000)}`;
}

export function requestUnits(units: OnDemandThroughput | undefined): RequestUnits | undefined {
  return units && { read: units.MaxReadRequestUnits, write: units.MaxWriteRequestUnits };
}

export function warmUnits(units: WarmThroughput | undefined): RequestUnits | undefined {
  return units && { read: units.ReadUnitsPerSecond, write: units.WriteUnitsPerSecond };
}

/**
 * The ARN of the key that encrypts a table; undefined for the one that AWS owns.
 * Gap: nothing is encrypted, the key is only told.
 */
export function encryptionKeyOf(
  state: DynamoState,
  scope: Scope,
  specification: SSESpecification | undefined,
): string | undefined {
  if (!specification?.Enabled) return undefined;
  const id = specification.KMSMasterKeyId;
  if (id?.startsWith("arn:")) return id;
  if (id !== undefined && id !== "alias/aws/dynamodb")
    return arn("kms", scope, id.startsWith("alias/") ? id : `key/${id}`);
  // The account's `aws/dynamodb` key is made with its first use, and stays.
  const known = state.managedKeys.get([scope.account, scope.region]);
  if (known !== undefined) return known;
  const made = arn("kms", scope, `key/${state.kernel.random.uuid()}`);
  state.managedKeys.put([scope.account, scope.region], made);
  return made;
}

/** Removes what a table or index held, the bulk of it later. */
export function purge(state: DynamoState, number: number): void {
  state.sizes.remove([number]);
  if (state.items.clear({ prefix: [number], limit: PURGE_BATCH }) < PURGE_BATCH) return;
  state.kernel.timers.set(PURGE, String(number), state.kernel.clock.now(), { number });
}

export function handlePurge(kernel: Kernel): void {
  kernel.timers.handle<{ number: number }>(PURGE, ({ number }) => purge(DynamoState.of(kernel), number));
}

function newThroughput(units: ProvisionedThroughput | undefined): Throughput {
  return { read: units?.ReadCapacityUnits ?? 0, write: units?.WriteCapacityUnits ?? 0, decreasesToday: 0 };
}
