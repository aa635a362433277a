import { defineResource } from "../../../deploy/resource.ts";
import { changeTable, createTable, type TableProps } from "./table-properties.ts";

export const table = defineResource<TableProps>({
  type: "AWS::DynamoDB::Table",
  honours: {
    TableName: true,
    AttributeDefinitions: true,
    KeySchema: true,
    BillingMode: true,
    ProvisionedThroughput: true,
    OnDemandThroughput: true,
    WarmThroughput: true,
    GlobalSecondaryIndexes: {
      IndexName: true,
      KeySchema: true,
      Projection: true,
      ProvisionedThroughput: true,
      OnDemandThroughput: true,
      WarmThroughput: true,
    },
    LocalSecondaryIndexes: true,
    DeletionProtectionEnabled: true,
    TableClass: true,
    StreamSpecification: { StreamViewType: true, ResourcePolicy: true },
    SSESpecification: true,
    TimeToLiveSpecification: true,
    PointInTimeRecoverySpecification: true,
    ResourcePolicy: true,
    Tags: true,
  },
  // Local indexes are made with their table alone.
  replaceOn: ["LocalSecondaryIndexes"],
  async create(cx, props) {
    return { physicalId: await createTable(cx, props) };
  },
  async update(cx, { physicalId, props, previous }) {
    await changeTable(cx, physicalId, props, previous);
  },
  async delete(cx, { physicalId }) {
    await cx.call("dynamodb", "DeleteTable", { TableName: physicalId });
  },
  async attributes(cx, physicalId) {
    const { Table } = await cx.call("dynamodb", "DescribeTable", { TableName: physicalId });
    return { Arn: Table!.TableArn, ...(Table!.StreamSpecification ? { StreamArn: Table!.LatestStreamArn } : {}) };
  },
});
