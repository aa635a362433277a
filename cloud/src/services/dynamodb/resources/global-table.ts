/**
 * A global table of one Region, which is what the CDK's `TableV2` makes where it is given no replicas: an ordinary table
 * whose properties stand partly in its one replica.
 */
import type { Scope } from "../../../aws/scope.ts";
import { defineResource } from "../../../deploy/resource.ts";
import { changeTable, createTable, type TableProps } from "./table-properties.ts";

type GlobalIndexes = NonNullable<TableProps["GlobalSecondaryIndexes"]>;

interface AutoScaling {
  readonly MinCapacity: number;
  readonly SeedCapacity?: number;
}

interface ReadSettings {
  readonly ReadOnDemandThroughputSettings?: { readonly MaxReadRequestUnits?: number };
  readonly ReadProvisionedThroughputSettings?: {
    readonly ReadCapacityUnits?: number;
    readonly ReadCapacityAutoScalingSettings?: AutoScaling;
  };
}

interface WriteSettings {
  readonly WriteOnDemandThroughputSettings?: { readonly MaxWriteRequestUnits?: number };
  readonly WriteProvisionedThroughputSettings?: { readonly WriteCapacityAutoScalingSettings?: AutoScaling };
}

interface Replica extends ReadSettings {
  readonly Region: string;
  readonly DeletionProtectionEnabled?: boolean;
  readonly GlobalSecondaryIndexes?: readonly (ReadSettings & { readonly IndexName: string })[];
  readonly PointInTimeRecoverySpecification?: TableProps["PointInTimeRecoverySpecification"];
  readonly ReplicaStreamSpecification?: { readonly ResourcePolicy?: TableProps["ResourcePolicy"] };
  readonly ResourcePolicy?: TableProps["ResourcePolicy"];
  readonly SSESpecification?: { readonly KMSMasterKeyId: string };
  readonly TableClass?: TableProps["TableClass"];
  readonly Tags?: TableProps["Tags"];
}

type GlobalIndex = Omit<GlobalIndexes[number], "ProvisionedThroughput" | "OnDemandThroughput"> &
  ReadSettings &
  WriteSettings;

type GlobalTableProps = Omit<TableProps, "GlobalSecondaryIndexes" | "ProvisionedThroughput" | "OnDemandThroughput"> &
  ReadSettings &
  WriteSettings & { GlobalSecondaryIndexes?: GlobalIndex[]; Replicas: Replica[] };

const SCALING = {
  MinCapacity: true,
  SeedCapacity: true,
  MaxCapacity: { harmless: "throughput does not throttle, so it need not grow" },
  TargetTrackingScalingPolicyConfiguration: { harmless: "throughput does not throttle, so it need not grow" },
} as const;
const READ = {
  ReadOnDemandThroughputSettings: true,
  ReadProvisionedThroughputSettings: { ReadCapacityUnits: true, ReadCapacityAutoScalingSettings: SCALING },
} as const;
const GLOBAL_READ = { ReadOnDemandThroughputSettings: true, ReadProvisionedThroughputSettings: true } as const;
const WRITE = {
  WriteOnDemandThroughputSettings: true,
  WriteProvisionedThroughputSettings: { WriteCapacityAutoScalingSettings: SCALING },
} as const;

export const globalTable = defineResource<GlobalTableProps>({
  type: "AWS::DynamoDB::GlobalTable",
  honours: {
    TableName: true,
    AttributeDefinitions: true,
    KeySchema: true,
    BillingMode: true,
    WarmThroughput: true,
    GlobalSecondaryIndexes: {
      IndexName: true,
      KeySchema: true,
      Projection: true,
      WarmThroughput: true,
      ...GLOBAL_READ,
      ...WRITE,
    },
    LocalSecondaryIndexes: true,
    StreamSpecification: true,
    SSESpecification: true,
    TimeToLiveSpecification: true,
    ...GLOBAL_READ,
    ...WRITE,
    Replicas: {
      Region: true,
      DeletionProtectionEnabled: true,
      GlobalSecondaryIndexes: { IndexName: true, ...READ },
      PointInTimeRecoverySpecification: true,
      ReplicaStreamSpecification: { ResourcePolicy: true },
      ResourcePolicy: true,
      SSESpecification: true,
      TableClass: true,
      Tags: true,
      ...READ,
    },
  },
  async create(cx, props) {
    return { physicalId: await createTable(cx, tableOf(props)) };
  },
  async update(cx, { physicalId, props, previous }) {
    await changeTable(cx, physicalId, tableOf(props), tableOf(previous));
  },
  async delete(cx, { physicalId }) {
    await cx.call("dynamodb", "DeleteTable", { TableName: physicalId });
  },
  async attributes(cx, physicalId) {
    const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName: physicalId });
    return {
      Arn: Table!.TableArn,
      TableId: Table!.TableId,
      ...(Table!.StreamSpecification ? { StreamArn: Table!.LatestStreamArn } : {}),
    };
  },
  check: checkReplicas,
});

function checkReplicas({ Replicas = [] }: Partial<GlobalTableProps>, { region }: Scope): string[] {
  const elsewhere = Replicas.map((replica) => replica.Region).filter((name) => name !== undefined && name !== region);
  if (elsewhere.length === 0 && Replicas.length <= 1) return [];
  return [
    `Katachi does not emulate Replicas in ${elsewhere.join(", ") || "several places"} of AWS::DynamoDB::GlobalTable: ` +
      `a table lives in one Region, here ${region}.`,
  ];
}

/** The ordinary table that a global table of one replica is. */
function tableOf(props: GlobalTableProps): TableProps {
  const {
    Replicas: [replica],
    GlobalSecondaryIndexes: indexes,
    SSESpecification: encryption,
    StreamSpecification: stream,
    ReadOnDemandThroughputSettings: _,
    ReadProvisionedThroughputSettings: __,
    WriteOnDemandThroughputSettings: ___,
    WriteProvisionedThroughputSettings: ____,
    ...own
  } = props;
  const streamPolicy = replica!.ReplicaStreamSpecification?.ResourcePolicy;
  // AWS: a global table is provisioned unless it says otherwise, as an ordinary one is.
  return {
    ...own,
    ...unitsOf(props.BillingMode, { ...readOf(props), ...readOf(replica!) }, props),
    GlobalSecondaryIndexes: indexes?.map((index) => {
      const inReplica = replica!.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index.IndexName);
      const { IndexName, KeySchema, Projection, WarmThroughput } = index;
      const units = unitsOf(props.BillingMode, { ...readOf(index), ...(inReplica ? readOf(inReplica) : {}) }, index);
      return { IndexName, KeySchema, Projection, WarmThroughput, ...units };
    }),
    ...(stream
      ? { StreamSpecification: { ...stream, ...(streamPolicy ? { ResourcePolicy: streamPolicy } : {}) } }
      : {}),
    ...(encryption ? { SSESpecification: { ...encryption, ...replica!.SSESpecification } } : {}),
    DeletionProtectionEnabled: replica!.DeletionProtectionEnabled,
    PointInTimeRecoverySpecification: replica!.PointInTimeRecoverySpecification,
    ResourcePolicy: replica!.ResourcePolicy,
    TableClass: replica!.TableClass,
    Tags: replica!.Tags,
  };
}

function readOf(settings: ReadSettings): ReadSettings {
  const { ReadOnDemandThroughputSettings, ReadProvisionedThroughputSettings } = settings;
  return {
    ...(ReadOnDemandThroughputSettings ? { ReadOnDemandThroughputSettings } : {}),
    ...(ReadProvisionedThroughputSettings ? { ReadProvisionedThroughputSettings } : {}),
  };
}

/** A scaled throughput starts where it is seeded, or at its least. */
function unitsOf(billing: TableProps["BillingMode"], read: ReadSettings, write: WriteSettings) {
  if (billing === "PAY_PER_REQUEST") {
    const MaxReadRequestUnits = read.ReadOnDemandThroughputSettings?.MaxReadRequestUnits;
    const MaxWriteRequestUnits = write.WriteOnDemandThroughputSettings?.MaxWriteRequestUnits;
    if (MaxReadRequestUnits === undefined && MaxWriteRequestUnits === undefined) return {};
    return { OnDemandThroughput: { MaxReadRequestUnits, MaxWriteRequestUnits } };
  }
  const { ReadCapacityUnits, ReadCapacityAutoScalingSettings: reads } = read.ReadProvisionedThroughputSettings ?? {};
  const writes = write.WriteProvisionedThroughputSettings?.WriteCapacityAutoScalingSettings;
  return {
    ProvisionedThroughput: {
      ReadCapacityUnits: ReadCapacityUnits ?? reads?.SeedCapacity ?? reads?.MinCapacity,
      WriteCapacityUnits: writes?.SeedCapacity ?? writes?.MinCapacity,
    },
  };
}
