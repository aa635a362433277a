import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  GetResourcePolicyCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { item, refused, schemaOf, startDynamo } from "./test-dynamodb.ts";

const { client, cloud } = await startDynamo();
const stacks = cloud.client(CloudFormationClient, { maxAttempts: 1 });
const BASE = { ...schemaOf("pk:S"), BillingMode: "PAY_PER_REQUEST" };

const templateOf = (Type: string, Properties: object, attributes: string[]) =>
  JSON.stringify({
    Resources: { Table: { Type, Properties } },
    Outputs: {
      Ref: { Value: { Ref: "Table" } },
      ...Object.fromEntries(attributes.map((name) => [name, { Value: { "Fn::GetAtt": ["Table", name] } }])),
    },
  });

async function settled(StackName: string): Promise<Record<string, string>> {
  await cloud.settled();
  const { Stacks } = await stacks.send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(StackStatus!)) {
    const { StackEvents } = await stacks.send(new DescribeStackEventsCommand({ StackName }));
    throw new Error(
      `${StackStatus}: ${StackEvents!
        .map((event) => event.ResourceStatusReason)
        .filter(Boolean)
        .join("; ")}`,
    );
  }
  return Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]));
}

async function create(StackName: string, Properties: object, attributes = ["Arn"], Type = "AWS::DynamoDB::Table") {
  await stacks.send(new CreateStackCommand({ StackName, TemplateBody: templateOf(Type, Properties, attributes) }));
  return settled(StackName);
}

async function update(StackName: string, Properties: object, attributes = ["Arn"], Type = "AWS::DynamoDB::Table") {
  await stacks.send(new UpdateStackCommand({ StackName, TemplateBody: templateOf(Type, Properties, attributes) }));
  return settled(StackName);
}

const read = async (TableName: string) => (await client.send(new DescribeTableCommand({ TableName }))).Table!;

describe("AWS::DynamoDB::Table", () => {
  const index = (IndexName: string, key: string) => ({
    IndexName,
    KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    Projection: { ProjectionType: "ALL" },
  });
  const defined = (...names: string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: "S" }));

  it("is made with all that belongs to it", async () => {
    const out = await create(
      "whole",
      {
        ...BASE,
        AttributeDefinitions: defined("pk", "a"),
        GlobalSecondaryIndexes: [index("by-a", "a")],
        StreamSpecification: { StreamViewType: "NEW_IMAGE" },
        TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        ResourcePolicy: {
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "dynamodb:GetItem", Resource: "*" },
            ],
          },
        },
        Tags: [{ Key: "team", Value: "a" }],
      },
      ["Arn", "StreamArn"],
    );
    const TableName = out["Ref"]!;
    expect(TableName).toMatch(/^whole-Table-[A-Za-z0-9]{12,13}$/);
    const table = await read(TableName);
    expect(out).toMatchObject({ Arn: table.TableArn, StreamArn: table.LatestStreamArn });
    expect(table).toMatchObject({
      GlobalSecondaryIndexes: [{ IndexName: "by-a" }],
      SSEDescription: { Status: "ENABLED" },
    });
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    const { ContinuousBackupsDescription } = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
    expect(ContinuousBackupsDescription!.PointInTimeRecoveryDescription!.PointInTimeRecoveryStatus).toBe("ENABLED");
    const { Policy } = await client.send(new GetResourcePolicyCommand({ ResourceArn: table.TableArn! }));
    expect(JSON.parse(Policy!)).toMatchObject({ Statement: [{ Action: "dynamodb:GetItem" }] });
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: table.TableArn! }));
    expect(Tags).toContainEqual({ Key: "team", Value: "a" });
    expect(Tags).toContainEqual({ Key: "aws:cloudformation:logical-id", Value: "Table" });
  });

  it("is changed in place where that can be, with its items", async () => {
    const { Ref: TableName } = await create("changed", {
      ...BASE,
      TimeToLiveSpecification: { AttributeName: "old", Enabled: true },
      Tags: [{ Key: "a", Value: "1" }],
    });
    await client.send(new PutItemCommand({ TableName, Item: item({ pk: "kept" }) }));
    const out = await update("changed", {
      ...BASE,
      AttributeDefinitions: defined("pk", "a", "b"),
      GlobalSecondaryIndexes: [index("by-a", "a"), index("by-b", "b")],
      StreamSpecification: { StreamViewType: "KEYS_ONLY" },
      TimeToLiveSpecification: { AttributeName: "new", Enabled: true },
      DeletionProtectionEnabled: true,
      TableClass: "STANDARD_INFREQUENT_ACCESS",
      Tags: [{ Key: "b", Value: "2" }],
    });
    expect(out["Ref"]).toBe(TableName);
    expect(await read(TableName!)).toMatchObject({
      DeletionProtectionEnabled: true,
      GlobalSecondaryIndexes: [{ IndexName: "by-a" }, { IndexName: "by-b" }],
      StreamSpecification: { StreamViewType: "KEYS_ONLY" },
      TableClassSummary: { TableClass: "STANDARD_INFREQUENT_ACCESS" },
    });
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription!.AttributeName).toBe("new");
    await update("changed", BASE);
    const back = await read(TableName!);
    expect(back.GlobalSecondaryIndexes).toBeUndefined();
    expect(back.StreamSpecification).toBeUndefined();
    expect(back.DeletionProtectionEnabled).toBe(false);
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: back.TableArn! }));
    expect(Tags!.filter(({ Key }) => !Key!.startsWith("aws:"))).toEqual([]);
    expect((await client.send(new GetItemCommand({ TableName, Key: item({ pk: "kept" }) }))).Item).toBeDefined();
  });

  it("changes its billing together with its indexes'", async () => {
    const throughput = (units: number) => ({
      ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units },
    });
    const own = { ...schemaOf("pk:S"), AttributeDefinitions: defined("pk", "a") };
    const { Ref: TableName } = await create("billing", {
      ...own,
      BillingMode: "PAY_PER_REQUEST",
      GlobalSecondaryIndexes: [index("by-a", "a")],
    });
    await update("billing", {
      ...own,
      ...throughput(5),
      GlobalSecondaryIndexes: [{ ...index("by-a", "a"), ...throughput(4) }],
    });
    expect(await read(TableName!)).toMatchObject({
      BillingModeSummary: { BillingMode: "PROVISIONED" },
      ProvisionedThroughput: { ReadCapacityUnits: 5 },
      GlobalSecondaryIndexes: [{ ProvisionedThroughput: { ReadCapacityUnits: 4 } }],
    });
    await update("billing", {
      ...own,
      ...throughput(5),
      GlobalSecondaryIndexes: [{ ...index("by-a", "a"), ...throughput(7) }],
    });
    expect((await read(TableName!)).GlobalSecondaryIndexes).toMatchObject([
      { ProvisionedThroughput: { ReadCapacityUnits: 7 } },
    ]);
  });

  it("is replaced where its key changes, and goes with its stack", async () => {
    const { Ref: first } = await create("replaced", BASE);
    const { Ref: second } = await update("replaced", { ...BASE, ...schemaOf("pk:S sk:S") });
    expect(second).not.toBe(first);
    await refused(read(first!), "ResourceNotFoundException");
    await stacks.send(new DeleteStackCommand({ StackName: "replaced" }));
    await cloud.settled();
    await refused(read(second!), "ResourceNotFoundException");
  });
});

describe("AWS::DynamoDB::GlobalTable", () => {
  const TYPE = "AWS::DynamoDB::GlobalTable";
  const replica = {
    Region: "us-east-1",
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    Tags: [{ Key: "team", Value: "a" }],
  };

  it("of one Region is an ordinary table", async () => {
    const out = await create("global", { ...BASE, Replicas: [replica] }, ["Arn", "TableId"], TYPE);
    const table = await read(out["Ref"]!);
    expect(out).toMatchObject({ Arn: table.TableArn, TableId: table.TableId });
    expect(table).toMatchObject({
      DeletionProtectionEnabled: true,
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    });
    await update("global", { ...BASE, Replicas: [{ ...replica, DeletionProtectionEnabled: false }] }, ["Arn"], TYPE);
    expect((await read(out["Ref"]!)).DeletionProtectionEnabled).toBe(false);
  });

  it("begins with its least throughput where it would scale", async () => {
    const scaling = (MinCapacity: number) => ({
      MinCapacity,
      MaxCapacity: 50,
      TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 },
    });
    const out = await create(
      "scaled",
      {
        ...schemaOf("pk:S"),
        BillingMode: "PROVISIONED",
        WriteProvisionedThroughputSettings: { WriteCapacityAutoScalingSettings: scaling(3) },
        Replicas: [{ Region: "us-east-1", ReadProvisionedThroughputSettings: { ReadCapacityUnits: 9 } }],
      },
      ["Arn"],
      TYPE,
    );
    expect((await read(out["Ref"]!)).ProvisionedThroughput).toMatchObject({
      ReadCapacityUnits: 9,
      WriteCapacityUnits: 3,
    });
  });

  it("of several Regions is refused before anything is made", async () => {
    const made = create("regions", { ...BASE, Replicas: [replica, { Region: "eu-west-1" }] }, ["Arn"], TYPE);
    await expect(made).rejects.toThrow(/does not emulate Replicas in eu-west-1/);
  });
});
