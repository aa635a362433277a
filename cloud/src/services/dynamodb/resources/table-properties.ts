/** A table's properties as `AWS::DynamoDB::Table` has them, and how a table is brought to them. */
import type { Input } from "../../../aws/api-types.ts";
import type { ResourceContext, ResourceTag } from "../../../deploy/resource.ts";

type Create = Input<"dynamodb", "CreateTable">;
type GlobalIndex = NonNullable<Create["GlobalSecondaryIndexes"]>[number];
type IndexUpdate = NonNullable<Input<"dynamodb", "UpdateTable">["GlobalSecondaryIndexUpdates"]>[number];

interface PolicyProps {
  readonly PolicyDocument: unknown;
}

export interface TableProps {
  TableName?: string;
  AttributeDefinitions?: Create["AttributeDefinitions"];
  KeySchema?: Create["KeySchema"];
  BillingMode?: Create["BillingMode"];
  ProvisionedThroughput?: Create["ProvisionedThroughput"];
  OnDemandThroughput?: Create["OnDemandThroughput"];
  WarmThroughput?: Create["WarmThroughput"];
  GlobalSecondaryIndexes?: Create["GlobalSecondaryIndexes"];
  LocalSecondaryIndexes?: Create["LocalSecondaryIndexes"];
  DeletionProtectionEnabled?: boolean;
  TableClass?: Create["TableClass"];
  StreamSpecification?: {
    StreamViewType: NonNullable<Create["StreamSpecification"]>["StreamViewType"];
    ResourcePolicy?: PolicyProps;
  };
  SSESpecification?: { SSEEnabled: boolean; SSEType?: "AES256" | "KMS"; KMSMasterKeyId?: string };
  TimeToLiveSpecification?: { AttributeName?: string; Enabled: boolean };
  PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled?: boolean; RecoveryPeriodInDays?: number };
  ResourcePolicy?: PolicyProps;
  Tags?: ResourceTag[];
}

const NAME_MAX = 255;
/** What one call changes together. */
const PLAIN = ["OnDemandThroughput", "WarmThroughput", "DeletionProtectionEnabled", "TableClass"] as const;

/** Makes a table and returns its name. */
export async function createTable(cx: ResourceContext, props: TableProps): Promise<string> {
  const TableName = props.TableName ?? cx.physicalName(NAME_MAX);
  await cx.call("dynamodb", "CreateTable", {
    TableName,
    AttributeDefinitions: props.AttributeDefinitions,
    KeySchema: props.KeySchema,
    BillingMode: props.BillingMode,
    ProvisionedThroughput: props.ProvisionedThroughput,
    OnDemandThroughput: props.OnDemandThroughput,
    WarmThroughput: props.WarmThroughput,
    GlobalSecondaryIndexes: props.GlobalSecondaryIndexes,
    LocalSecondaryIndexes: props.LocalSecondaryIndexes,
    DeletionProtectionEnabled: props.DeletionProtectionEnabled,
    TableClass: props.TableClass,
    StreamSpecification: streamOf(props),
    SSESpecification: encryptionOf(props),
    Tags: cx.mergedTags(props.Tags),
  });
  cx.initiated(TableName);
  await applySettings(cx, TableName, props, {});
  return TableName;
}

/** Brings a table from one set of properties to another. */
export async function changeTable(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const plain = PLAIN.filter((name) => differ(props[name], previous[name]));
  if (plain.length > 0)
    await cx.call("dynamodb", "UpdateTable", {
      TableName,
      ...Object.fromEntries(plain.map((name) => [name, props[name] ?? DEFAULTS[name]])),
    });
  if (differ(encryptionOf(props), encryptionOf(previous)))
    await cx.call("dynamodb", "UpdateTable", {
      TableName,
      SSESpecification: encryptionOf(props) ?? { Enabled: false },
    });
  await changeStream(cx, TableName, props, previous);
  const billed = await changeBilling(cx, TableName, props, previous);
  await changeIndexes(cx, TableName, props, previous, billed);
  await applySettings(cx, TableName, props, previous);
  await changeTags(cx, TableName, props, previous);
}

/** What a setting goes back to when its property is taken out. */
const DEFAULTS = {
  OnDemandThroughput: { MaxReadRequestUnits: -1, MaxWriteRequestUnits: -1 },
  WarmThroughput: {},
  DeletionProtectionEnabled: false,
  TableClass: "STANDARD",
} as const;

function streamOf({ StreamSpecification: stream }: TableProps) {
  return stream && { StreamEnabled: true, StreamViewType: stream.StreamViewType };
}

function encryptionOf({ SSESpecification: encryption }: TableProps) {
  if (!encryption) return undefined;
  const { SSEEnabled, ...rest } = encryption;
  return { Enabled: SSEEnabled, ...rest };
}

/** A view type is changed by a new stream: the old one ends first. */
async function changeStream(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const StreamSpecification = streamOf(props);
  if (!differ(StreamSpecification, streamOf(previous))) return;
  if (previous.StreamSpecification)
    await cx.call("dynamodb", "UpdateTable", { TableName, StreamSpecification: { StreamEnabled: false } });
  if (StreamSpecification) await cx.call("dynamodb", "UpdateTable", { TableName, StreamSpecification });
}

/** @returns whether indexes got their throughput along with the table */
async function changeBilling(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<boolean> {
  const billing = props.BillingMode ?? "PROVISIONED";
  const isSwitched = billing !== (previous.BillingMode ?? "PROVISIONED");
  const throughput = differ(props.ProvisionedThroughput, previous.ProvisionedThroughput);
  if (!isSwitched && !throughput) return false;
  const kept = (previous.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName);
  const updates: IndexUpdate[] = (props.GlobalSecondaryIndexes ?? [])
    .filter(({ IndexName, ProvisionedThroughput }) => kept.includes(IndexName) && ProvisionedThroughput)
    .map(({ IndexName, ProvisionedThroughput }) => ({ Update: { IndexName, ProvisionedThroughput } }));
  const withIndexes = isSwitched && billing === "PROVISIONED" && updates.length > 0;
  await cx.call("dynamodb", "UpdateTable", {
    TableName,
    ...(isSwitched ? { BillingMode: billing } : {}),
    ...(props.ProvisionedThroughput ? { ProvisionedThroughput: props.ProvisionedThroughput } : {}),
    ...(withIndexes ? { GlobalSecondaryIndexUpdates: updates } : {}),
  });
  return isSwitched;
}

/** One index at a time, as the API wants it. */
async function changeIndexes(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
  billed: boolean,
): Promise<void> {
  const { AttributeDefinitions, GlobalSecondaryIndexes: wanted = [] } = props;
  const { GlobalSecondaryIndexes: there = [] } = previous;
  const update = (change: IndexUpdate) =>
    cx.call("dynamodb", "UpdateTable", {
      TableName,
      ...(change.Create ? { AttributeDefinitions } : {}),
      GlobalSecondaryIndexUpdates: [change],
    });
  const stays = (index: GlobalIndex) => wanted.find((other) => !differ(shapeOf(index), shapeOf(other)));
  for (const index of there) if (!stays(index)) await update({ Delete: { IndexName: index.IndexName } });
  for (const index of wanted) {
    const old = there.find((other) => !differ(shapeOf(index), shapeOf(other)));
    if (!old) await update({ Create: index });
    else if (differ(unitsOf(index, billed), unitsOf(old, billed)))
      await update({ Update: { IndexName: index.IndexName, ...unitsOf(index, billed) } });
  }
}

/** What of an index cannot be changed in place. */
function shapeOf({ IndexName, KeySchema, Projection }: GlobalIndex) {
  return { IndexName, KeySchema, Projection };
}

function unitsOf({ ProvisionedThroughput, OnDemandThroughput, WarmThroughput }: GlobalIndex, billed: boolean) {
  return { ...(billed ? {} : { ProvisionedThroughput }), OnDemandThroughput, WarmThroughput };
}

async function applySettings(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  await applyExpiry(cx, TableName, props.TimeToLiveSpecification, previous.TimeToLiveSpecification);
  const { PointInTimeRecoverySpecification: recovery } = props;
  if (differ(recovery, previous.PointInTimeRecoverySpecification))
    await cx.call("dynamodb", "UpdateContinuousBackups", {
      TableName,
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: recovery?.PointInTimeRecoveryEnabled ?? false,
        RecoveryPeriodInDays: recovery?.RecoveryPeriodInDays,
      },
    });
  const policies = [props.ResourcePolicy, previous.ResourcePolicy] as const;
  const streamPolicies = [
    props.StreamSpecification?.ResourcePolicy,
    previous.StreamSpecification?.ResourcePolicy,
  ] as const;
  const streamIsNew = differ(streamOf(props), streamOf(previous));
  if (!differ(...policies) && !differ(...streamPolicies) && !(streamIsNew && streamPolicies[0])) return;
  const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName });
  await applyPolicy(cx, Table!.TableArn!, ...policies);
  // A stream's policy went with the stream.
  if (props.StreamSpecification)
    await applyPolicy(cx, Table!.LatestStreamArn!, streamPolicies[0], streamIsNew ? undefined : streamPolicies[1]);
}

async function applyExpiry(
  cx: ResourceContext,
  TableName: string,
  wanted: TableProps["TimeToLiveSpecification"],
  before: TableProps["TimeToLiveSpecification"],
): Promise<void> {
  if (!differ(wanted, before)) return;
  const set = (Enabled: boolean, AttributeName: string | undefined) =>
    cx.call("dynamodb", "UpdateTimeToLive", { TableName, TimeToLiveSpecification: { Enabled, AttributeName } });
  if (before?.Enabled) await set(false, before.AttributeName);
  if (wanted?.Enabled) await set(true, wanted.AttributeName);
}

async function applyPolicy(
  cx: ResourceContext,
  ResourceArn: string,
  wanted: PolicyProps | undefined,
  before: PolicyProps | undefined,
): Promise<void> {
  if (!differ(wanted, before)) return;
  if (!wanted) await cx.call("dynamodb", "DeleteResourcePolicy", { ResourceArn });
  else await cx.call("dynamodb", "PutResourcePolicy", { ResourceArn, Policy: JSON.stringify(wanted.PolicyDocument) });
}

async function changeTags(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const gone = cx.removedTagKeys(previous.Tags, props.Tags);
  if (gone.length === 0 && !differ(props.Tags, previous.Tags)) return;
  const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName });
  const ResourceArn = Table!.TableArn!;
  if (gone.length > 0) await cx.call("dynamodb", "UntagResource", { ResourceArn, TagKeys: gone });
  const Tags = cx.mergedTags(props.Tags);
  if (Tags.length > 0) await cx.call("dynamodb", "TagResource", { ResourceArn, Tags });
}

/** Plain data that is written in the same order on both sides. */
function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
