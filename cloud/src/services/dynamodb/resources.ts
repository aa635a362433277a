/** The CloudFormation type of a DynamoDB table. */
import type { Input } from "../../aws/api-types.ts";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";

type Create = Input<"dynamodb", "CreateTable">;

interface TableProps {
  TableName?: string;
  AttributeDefinitions?: Create["AttributeDefinitions"];
  KeySchema?: Create["KeySchema"];
  BillingMode?: Create["BillingMode"];
  ProvisionedThroughput?: Create["ProvisionedThroughput"];
  OnDemandThroughput?: Create["OnDemandThroughput"];
  GlobalSecondaryIndexes?: Create["GlobalSecondaryIndexes"];
  LocalSecondaryIndexes?: Create["LocalSecondaryIndexes"];
  DeletionProtectionEnabled?: boolean;
  TableClass?: Create["TableClass"];
  StreamSpecification?: { StreamViewType: NonNullable<Create["StreamSpecification"]>["StreamViewType"] };
  SSESpecification?: { SSEEnabled?: boolean; SSEType?: "AES256" | "KMS"; KMSMasterKeyId?: string };
  TimeToLiveSpecification?: { AttributeName?: string; Enabled: boolean };
  PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled?: boolean; RecoveryPeriodInDays?: number };
  Tags?: ResourceTag[];
}

const NAME_MAX = 255;

const table = defineResource<TableProps>({
  type: "AWS::DynamoDB::Table",
  honours: {
    TableName: true,
    AttributeDefinitions: true,
    KeySchema: true,
    BillingMode: true,
    ProvisionedThroughput: true,
    OnDemandThroughput: true,
    GlobalSecondaryIndexes: true,
    LocalSecondaryIndexes: true,
    DeletionProtectionEnabled: true,
    TableClass: true,
    StreamSpecification: { StreamViewType: true },
    SSESpecification: true,
    TimeToLiveSpecification: true,
    PointInTimeRecoverySpecification: true,
    Tags: true,
  },
  async create(cx, props) {
    const TableName = props.TableName ?? cx.physicalName(NAME_MAX);
    await cx.call("dynamodb", "CreateTable", {
      TableName,
      AttributeDefinitions: props.AttributeDefinitions,
      KeySchema: props.KeySchema,
      BillingMode: props.BillingMode,
      ProvisionedThroughput: props.ProvisionedThroughput,
      OnDemandThroughput: props.OnDemandThroughput,
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
    return { physicalId: TableName };
  },
  async update(cx, { physicalId, props, previous }) {
    const changed = (name: keyof TableProps) => JSON.stringify(props[name]) !== JSON.stringify(previous[name]);
    const plain = [
      "BillingMode",
      "ProvisionedThroughput",
      "OnDemandThroughput",
      "DeletionProtectionEnabled",
      "TableClass",
    ] as const;
    const input = Object.fromEntries(plain.filter(changed).map((name) => [name, props[name]]));
    if (Object.keys(input).length > 0) await cx.call("dynamodb", "UpdateTable", { TableName: physicalId, ...input });
    if (changed("SSESpecification"))
      await cx.call("dynamodb", "UpdateTable", {
        TableName: physicalId,
        SSESpecification: encryptionOf(props) ?? { Enabled: false },
      });
    if (changed("StreamSpecification")) await changeStream(cx, physicalId, props, previous);
    if (changed("GlobalSecondaryIndexes")) await changeIndexes(cx, physicalId, props, previous);
    await applySettings(cx, physicalId, props, previous);
    if (changed("Tags")) await changeTags(cx, physicalId, props, previous);
  },
  async delete(cx, { physicalId }) {
    await cx.call("dynamodb", "DeleteTable", { TableName: physicalId });
  },
  async attributes(cx, physicalId) {
    const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName: physicalId });
    return { Arn: Table!.TableArn, ...(Table!.LatestStreamArn ? { StreamArn: Table!.LatestStreamArn } : {}) };
  },
});

function streamOf({ StreamSpecification: stream }: TableProps) {
  return stream && { StreamEnabled: true, StreamViewType: stream.StreamViewType };
}

function encryptionOf({ SSESpecification: encryption }: TableProps) {
  if (!encryption) return undefined;
  const { SSEEnabled, ...rest } = encryption;
  return { Enabled: SSEEnabled ?? false, ...rest };
}

/** A view type is changed by a new stream: the old one ends first. */
async function changeStream(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  if (previous.StreamSpecification)
    await cx.call("dynamodb", "UpdateTable", { TableName, StreamSpecification: { StreamEnabled: false } });
  const StreamSpecification = streamOf(props);
  if (StreamSpecification) await cx.call("dynamodb", "UpdateTable", { TableName, StreamSpecification });
}

/** One index at a time, as the API wants it. */
async function changeIndexes(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const { AttributeDefinitions } = props;
  const wanted = props.GlobalSecondaryIndexes ?? [];
  const there = previous.GlobalSecondaryIndexes ?? [];
  const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
  for (const index of there)
    if (!wanted.some((other) => same(other, index)))
      await cx.call("dynamodb", "UpdateTable", {
        TableName,
        GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: index.IndexName } }],
      });
  for (const index of wanted)
    if (!there.some((other) => same(other, index)))
      await cx.call("dynamodb", "UpdateTable", {
        TableName,
        AttributeDefinitions,
        GlobalSecondaryIndexUpdates: [{ Create: index }],
      });
}

async function applySettings(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const expiry = props.TimeToLiveSpecification;
  const before = previous.TimeToLiveSpecification;
  if (JSON.stringify(expiry) !== JSON.stringify(before)) {
    const wanted = expiry ?? { ...before, Enabled: false };
    if (wanted.Enabled || before?.Enabled)
      await cx.call("dynamodb", "UpdateTimeToLive", {
        TableName,
        TimeToLiveSpecification: {
          Enabled: wanted.Enabled,
          AttributeName: wanted.AttributeName ?? before?.AttributeName,
        },
      });
  }
  const recovery = props.PointInTimeRecoverySpecification;
  if (JSON.stringify(recovery) === JSON.stringify(previous.PointInTimeRecoverySpecification)) return;
  await cx.call("dynamodb", "UpdateContinuousBackups", {
    TableName,
    PointInTimeRecoverySpecification: {
      PointInTimeRecoveryEnabled: recovery?.PointInTimeRecoveryEnabled ?? false,
      ...(recovery?.RecoveryPeriodInDays === undefined ? {} : { RecoveryPeriodInDays: recovery.RecoveryPeriodInDays }),
    },
  });
}

async function changeTags(
  cx: ResourceContext,
  TableName: string,
  props: TableProps,
  previous: TableProps,
): Promise<void> {
  const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName });
  const ResourceArn = Table!.TableArn!;
  const tags = cx.mergedTags(props.Tags);
  const gone = cx.mergedTags(previous.Tags).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
  if (gone.length > 0) await cx.call("dynamodb", "UntagResource", { ResourceArn, TagKeys: gone.map(({ Key }) => Key) });
  if (tags.length > 0) await cx.call("dynamodb", "TagResource", { ResourceArn, Tags: tags });
}

export const resources: readonly ResourceType[] = [table];
