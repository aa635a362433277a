import {
  CreateBackupCommand,
  CreateTableCommand,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeEndpointsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  GetResourcePolicyCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  ScanCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type CreateTableCommandInput,
  type UpdateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { item, refused, schemaOf, START_MS, startDynamo } from "./test-dynamodb.ts";

const { client, cloud, makeTable } = await startDynamo();
const INVALID = "One or more parameter values were invalid: ";
const describeTable = async (TableName: string) => (await client.send(new DescribeTableCommand({ TableName }))).Table!;
const updateTable = (TableName: string, extra: Partial<UpdateTableCommandInput>) =>
  client.send(new UpdateTableCommand({ TableName, ...extra }));
const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${table}`;
const index = (IndexName: string, key: string) => ({
  IndexName,
  KeySchema: [{ AttributeName: key, KeyType: "HASH" as const }],
  Projection: { ProjectionType: "ALL" as const },
});
const attributes = (...names: string[]) =>
  names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const }));

describe("CreateTable", () => {
  it("says that the table is being made, and then it is there", async () => {
    const { TableDescription } = await client.send(
      new CreateTableCommand({ TableName: "described", BillingMode: "PAY_PER_REQUEST", ...schemaOf("pk:S sk:N") }),
    );
    expect(TableDescription).toMatchObject({ TableStatus: "CREATING", ItemCount: 0, TableSizeBytes: 0 });
    await client.send(new PutItemCommand({ TableName: "described", Item: item({ pk: "a", sk: 1 }) }));
    expect(await describeTable("described")).toEqual({
      ...schemaOf("pk:S sk:N"),
      TableName: "described",
      TableStatus: "ACTIVE",
      CreationDateTime: new Date(START_MS),
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      TableSizeBytes: 2 + 1 + 2 + 2,
      ItemCount: 1,
      TableArn: arnOf("described"),
      TableId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      BillingModeSummary: {
        BillingMode: "PAY_PER_REQUEST",
        LastUpdateToPayPerRequestDateTime: new Date(START_MS),
      },
      DeletionProtectionEnabled: false,
      WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4000, Status: "ACTIVE" },
    });
  });

  it("keeps every setting", async () => {
    const table = await makeTable("pk:S", {
      DeletionProtectionEnabled: true,
      TableClass: "STANDARD_INFREQUENT_ACCESS",
      SSESpecification: { Enabled: true },
      OnDemandThroughput: { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 },
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      Tags: [{ Key: "env", Value: "test" }],
    });
    expect(await describeTable(table)).toMatchObject({
      DeletionProtectionEnabled: true,
      TableClassSummary: { TableClass: "STANDARD_INFREQUENT_ACCESS" },
      SSEDescription: { Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: expect.stringMatching(/^arn:aws:kms:/) },
      OnDemandThroughput: { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 },
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      LatestStreamLabel: "2026-01-02T03:04:05.678",
    });
  });

  it("does not make a table twice", async () => {
    const table = await makeTable();
    const again = new CreateTableCommand({ TableName: table, BillingMode: "PAY_PER_REQUEST", ...schemaOf("pk:S") });
    await refused(client.send(again), "ResourceInUseException", `Table already exists: ${table}`);
  });

  const base = { TableName: "refused", BillingMode: "PAY_PER_REQUEST" as const, ...schemaOf("pk:S") };
  const composite = { ...base, ...schemaOf("pk:S sk:S") };
  it.each<[string, Partial<CreateTableCommandInput>, string]>([
    [
      "no name",
      { TableName: undefined as never },
      "The parameter 'TableName' is required but was not present in the request",
    ],
    [
      "a short name",
      { TableName: "ab" },
      "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    ],
    [
      "throughput on demand",
      { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
      `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
    ],
    [
      "no throughput",
      { BillingMode: "PROVISIONED" },
      `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
    ],
    [
      "keys that are not defined",
      { AttributeDefinitions: attributes("other") },
      `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: [other]`,
    ],
    [
      "definitions without use",
      { AttributeDefinitions: attributes("pk", "x") },
      `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
    ],
    [
      "a local index on a table without a sort key",
      {
        AttributeDefinitions: attributes("pk", "l"),
        LocalSecondaryIndexes: [
          {
            ...index("local", "pk"),
            KeySchema: [
              { AttributeName: "pk", KeyType: "HASH" },
              { AttributeName: "l", KeyType: "RANGE" },
            ],
          },
        ],
      },
      `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    ],
    [
      "two indexes of one name",
      {
        AttributeDefinitions: attributes("pk", "a", "b"),
        GlobalSecondaryIndexes: [index("same", "a"), index("same", "b")],
      },
      `${INVALID}Duplicate index name: same`,
    ],
    [
      "a local index of another partition",
      {
        ...composite,
        AttributeDefinitions: attributes("pk", "sk", "x"),
        LocalSecondaryIndexes: [
          {
            ...index("local", "x"),
            KeySchema: [
              { AttributeName: "x", KeyType: "HASH" },
              { AttributeName: "sk", KeyType: "RANGE" },
            ],
          },
        ],
      },
      `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: local. index hash key: x, table hash key: pk`,
    ],
    [
      "21 global indexes",
      {
        AttributeDefinitions: attributes("pk", "a"),
        GlobalSecondaryIndexes: Array.from({ length: 21 }, (_, i) => index(`index-${i}`, "a")),
      },
      `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
    ],
  ])("refuses %s", async (_, extra, message) => {
    await refused(client.send(new CreateTableCommand({ ...base, ...extra })), "ValidationException", message);
  });

  it("refuses by name what is not emulated", async () => {
    const call = client.send(new CreateTableCommand({ ...base, GlobalTableSourceArn: arnOf("source") }));
    await refused(call, "NotImplemented", /GlobalTableSourceArn/);
    await refused(
      client.send(new CreateBackupCommand({ TableName: "x", BackupName: "backup" })),
      "NotImplemented",
      /dynamodb:CreateBackup/,
    );
  });
});

describe("UpdateTable", () => {
  it("changes throughput and billing", async () => {
    const table = await makeTable("pk:S", {
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
    });
    const same = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    await refused(
      updateTable(table, { ProvisionedThroughput: same }),
      "ValidationException",
      /^The provisioned throughput for the table will not change/,
    );
    const { TableDescription } = await updateTable(table, {
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 9 },
    });
    expect(TableDescription!.TableStatus).toBe("UPDATING");
    expect((await describeTable(table)).ProvisionedThroughput).toEqual({
      ReadCapacityUnits: 3,
      WriteCapacityUnits: 9,
      LastIncreaseDateTime: expect.any(Date),
      LastDecreaseDateTime: expect.any(Date),
      NumberOfDecreasesToday: 1,
    });
    await updateTable(table, { BillingMode: "PAY_PER_REQUEST" });
    expect(await describeTable(table)).toMatchObject({
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    });
    await refused(
      updateTable(table, { BillingMode: "PROVISIONED" }),
      "ValidationException",
      `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`,
    );
  });

  it("changes one index at a time", async () => {
    const table = await makeTable();
    const create = (name: string) => ({ Create: index(name, "a") });
    await refused(
      updateTable(table, {
        AttributeDefinitions: attributes("a"),
        GlobalSecondaryIndexUpdates: [create("one"), create("two")],
      }),
      "LimitExceededException",
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
    await refused(
      updateTable(table, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "none" } }] }),
      "ResourceNotFoundException",
    );
    await refused(updateTable(table, {}), "ValidationException", /^At least one of ProvisionedThroughput, BillingMode/);
    await refused(
      updateTable("nowhere", { TableClass: "STANDARD" }),
      "ResourceNotFoundException",
      "Requested resource not found: Table: nowhere not found",
    );
    await updateTable(table, { AttributeDefinitions: attributes("a"), GlobalSecondaryIndexUpdates: [create("one")] });
    await refused(
      updateTable(table, { GlobalSecondaryIndexUpdates: [create("one")] }),
      "ValidationException",
      /already exists/,
    );
    expect((await describeTable(table)).GlobalSecondaryIndexes).toMatchObject([
      { IndexName: "one", IndexStatus: "ACTIVE", IndexArn: `${arnOf(table)}/index/one` },
    ]);
  });

  it("switches streams on and off once each", async () => {
    const table = await makeTable();
    const on = { StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" as const } };
    await refused(updateTable(table, { StreamSpecification: { StreamEnabled: false } }), "ValidationException");
    await updateTable(table, on);
    await refused(updateTable(table, on), "ValidationException", /^Table already has an enabled stream/);
  });

  it("refuses replicas by name", async () => {
    const table = await makeTable();
    await refused(
      updateTable(table, { ReplicaUpdates: [{ Create: { RegionName: "eu-west-1" } }] }),
      "NotImplemented",
      /ReplicaUpdates/,
    );
  });
});

describe("DeleteTable", () => {
  it("leaves nothing behind, and a new table of the name begins empty", async () => {
    const table = await makeTable();
    for (let i = 0; i < 10; i++)
      await client.send(new PutItemCommand({ TableName: table, Item: item({ pk: `a${i}` }) }));
    const { TableDescription } = await client.send(new DeleteTableCommand({ TableName: table }));
    expect(TableDescription).toMatchObject({ TableName: table, TableStatus: "DELETING" });
    await refused(
      describeTable(table),
      "ResourceNotFoundException",
      `Requested resource not found: Table: ${table} not found`,
    );
    await client.send(
      new CreateTableCommand({ TableName: table, BillingMode: "PAY_PER_REQUEST", ...schemaOf("pk:S") }),
    );
    expect((await client.send(new ScanCommand({ TableName: table }))).Count).toBe(0);
  });

  it("does not touch what is protected", async () => {
    const table = await makeTable("pk:S", { DeletionProtectionEnabled: true });
    const remove = () => client.send(new DeleteTableCommand({ TableName: table }));
    await refused(remove(), "ValidationException", /protected against deletion/);
    await updateTable(table, { DeletionProtectionEnabled: false });
    await remove();
  });
});

describe("ListTables", () => {
  it("goes page by page, in order of names", async () => {
    for (const name of ["list-b", "list-a", "list-c"])
      await client.send(
        new CreateTableCommand({ TableName: name, BillingMode: "PAY_PER_REQUEST", ...schemaOf("pk:S") }),
      );
    const page = (ExclusiveStartTableName: string) =>
      client.send(new ListTablesCommand({ Limit: 2, ExclusiveStartTableName }));
    expect(await page("list")).toMatchObject({ TableNames: ["list-a", "list-b"], LastEvaluatedTableName: "list-b" });
    expect((await page("list-b")).TableNames![0]).toBe("list-c");
    await refused(
      client.send(new ListTablesCommand({ Limit: 101 })),
      "ValidationException",
      /less than or equal to 100/,
    );
  });
});

describe("what else belongs to a table", () => {
  it("tags", async () => {
    const table = await makeTable("pk:S", { Tags: [{ Key: "a", Value: "1" }] });
    const ResourceArn = arnOf(table);
    const tags = async () => (await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags;
    await client.send(
      new TagResourceCommand({
        ResourceArn,
        Tags: [
          { Key: "a", Value: "2" },
          { Key: "b", Value: "" },
        ],
      }),
    );
    expect(await tags()).toEqual([
      { Key: "a", Value: "2" },
      { Key: "b", Value: "" },
    ]);
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
    expect(await tags()).toEqual([{ Key: "b", Value: "" }]);
    const to = (arn: string, Tags = [{ Key: "x", Value: "y" }]) =>
      client.send(new TagResourceCommand({ ResourceArn: arn, Tags }));
    await refused(
      to("no-arn"),
      "ValidationException",
      "Invalid TableArn: Invalid ResourceArn provided as input no-arn",
    );
    await refused(to(ResourceArn, []), "ValidationException", "Atleast one Tag needs to be provided as Input.");
    await refused(to(arnOf("nowhere")), "ResourceNotFoundException");
    await refused(to(ResourceArn, [{ Key: "aws:x", Value: "y" }]), "ValidationException");
  });

  it("policies, of one revision after the other", async () => {
    const table = await makeTable();
    const ResourceArn = arnOf(table);
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::111111111111:root" },
          Action: "dynamodb:GetItem",
          Resource: ResourceArn,
        },
      ],
    });
    const get = () => client.send(new GetResourcePolicyCommand({ ResourceArn }));
    await refused(get(), "PolicyNotFoundException");
    const { RevisionId } = await client.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
    expect(await get()).toMatchObject({ Policy, RevisionId });
    await refused(
      client.send(new DeleteResourcePolicyCommand({ ResourceArn, ExpectedRevisionId: "other" })),
      "PolicyNotFoundException",
    );
    await refused(client.send(new PutResourcePolicyCommand({ ResourceArn, Policy: "{" })), "ValidationException");
    await client.send(new DeleteResourcePolicyCommand({ ResourceArn, ExpectedRevisionId: RevisionId! }));
    await refused(get(), "PolicyNotFoundException");
  });

  it("point-in-time recovery", async () => {
    const TableName = await makeTable();
    const read = async () =>
      (await client.send(new DescribeContinuousBackupsCommand({ TableName }))).ContinuousBackupsDescription;
    expect(await read()).toEqual({
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
    });
    await client.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
      }),
    );
    const since = cloud.clock.now();
    await cloud.clock.advance("1 hour");
    expect((await read())!.PointInTimeRecoveryDescription).toEqual({
      PointInTimeRecoveryStatus: "ENABLED",
      RecoveryPeriodInDays: 7,
      EarliestRestorableDateTime: new Date(since),
      LatestRestorableDateTime: new Date(since + 55 * 60_000),
    });
    await refused(
      client.send(new DescribeContinuousBackupsCommand({ TableName: "nowhere" })),
      "TableNotFoundException",
      "Table not found: nowhere",
    );
  });

  it("limits and endpoints", async () => {
    expect(await client.send(new DescribeLimitsCommand({}))).toMatchObject({ AccountMaxReadCapacityUnits: 80_000 });
    const { Endpoints } = await client.send(new DescribeEndpointsCommand({}));
    expect(Endpoints).toEqual([{ Address: new URL(cloud.endpoint).host, CachePeriodInMinutes: 1440 }]);
  });

  it("throttling, where a fault asks for it", async () => {
    const table = await makeTable();
    const id = cloud.faults.add({ match: "dynamodb:PutItem", error: "ProvisionedThroughputExceededException" });
    const write = () => client.send(new PutItemCommand({ TableName: table, Item: item({ pk: "x" }) }));
    await refused(write(), "ProvisionedThroughputExceededException");
    cloud.faults.lift(id);
    await write();
  });
});
