import {
  BatchGetItemCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, cloud, makeTable } = await startDynamo();
const iam = cloud.client(IAMClient);
const ACCOUNT = "000000000000";

interface Statement {
  Action: string | string[];
  Resource: string;
  Principal?: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

const documentOf = (...statements: Statement[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map((each) => ({ Effect: "Allow", ...each })) });

let users = 0;

/** The credentials of a new user with these permissions. */
async function user(...statements: Statement[]) {
  const UserName = `dynamo-user-${++users}`;
  await iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0)
    await iam.send(
      new PutUserPolicyCommand({ UserName, PolicyName: "own", PolicyDocument: documentOf(...statements) }),
    );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  return {
    arn: `arn:aws:iam::${ACCOUNT}:user/${UserName}`,
    client: cloud.client(DynamoDBClient, { maxAttempts: 1, credentials }),
    streams: cloud.client(DynamoDBStreamsClient, { maxAttempts: 1, credentials }),
  };
}

let table: string;
const arnOf = (name = table) => `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/${name}`;
const get = (pk: string, extra: object = {}) => new GetItemCommand({ TableName: table, Key: item({ pk }), ...extra });
const denied = (call: Promise<unknown>) => refused(call, "AccessDeniedException");

beforeAll(async () => {
  table = await makeTable("pk:S", {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "g", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-g",
        KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
  for (const pk of ["own", "other"])
    await client.send(new PutItemCommand({ TableName: table, Item: item({ pk, g: "x", name: "n", secret: "s" }) }));
});

describe("permissions", () => {
  it("go by action and table", async () => {
    const reader = await user({ Action: "dynamodb:GetItem", Resource: arnOf() });
    expect((await reader.client.send(get("own"))).Item).toBeDefined();
    const write = reader.client.send(new PutItemCommand({ TableName: table, Item: item({ pk: "x" }) }));
    expect((await denied(write)).message).toContain(
      `is not authorized to perform: dynamodb:PutItem on resource: ${arnOf()}`,
    );
    await denied((await user()).client.send(get("own")));
  });

  it("go by index and by stream", async () => {
    const query = new QueryCommand({
      TableName: table,
      IndexName: "by-g",
      KeyConditionExpression: "g = :g",
      ExpressionAttributeValues: item({ ":g": "x" }),
    });
    await denied((await user({ Action: "dynamodb:Query", Resource: arnOf() })).client.send(query));
    const reader = await user({ Action: "dynamodb:Query", Resource: `${arnOf()}/index/*` });
    expect((await reader.client.send(query)).Count).toBe(2);
    const stream = `${arnOf()}/stream/2026-01-02T03:04:05.678`;
    const describeStream = new DescribeStreamCommand({ StreamArn: stream });
    await denied(reader.streams.send(describeStream));
    const poller = await user({ Action: "dynamodb:DescribeStream", Resource: `${arnOf()}/stream/*` });
    expect((await poller.streams.send(describeStream)).StreamDescription!.StreamArn).toBe(stream);
  });

  it("go by the leading keys", async () => {
    const { client: tenant } = await user({
      Action: "dynamodb:*",
      Resource: arnOf(),
      Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["own"] } },
    });
    const query = (pk: string) =>
      tenant.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: "#k = :k",
          ExpressionAttributeNames: { "#k": "pk" },
          ExpressionAttributeValues: item({ ":k": pk }),
        }),
      );
    const select = (pk: string) =>
      tenant.send(
        new ExecuteStatementCommand({ Statement: `SELECT * FROM "${table}" WHERE pk = ?`, Parameters: [{ S: pk }] }),
      );
    const batch = (...pks: string[]) =>
      tenant.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: pks.map((pk) => item({ pk })) } } }));
    await tenant.send(get("own"));
    await query("own");
    await select("own");
    await batch("own");
    await denied(tenant.send(get("other")));
    await denied(query("other"));
    await denied(select("other"));
    await denied(batch("own", "other"));
    await denied(
      tenant.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Delete: { TableName: table, Key: item({ pk: "other" }) } }],
        }),
      ),
    );
  });

  it("go by attributes, and by what is asked for", async () => {
    const { client: reader } = await user({
      Action: ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"],
      Resource: arnOf(),
      Condition: {
        "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "name"] },
        StringEqualsIfExists: {
          "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
          "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"],
        },
      },
    });
    expect(
      (await reader.send(get("own", { ProjectionExpression: "pk, #n", ExpressionAttributeNames: { "#n": "name" } })))
        .Item,
    ).toEqual(item({ pk: "own", name: "n" }));
    await denied(reader.send(get("own", { ProjectionExpression: "pk, secret" })));
    await denied(reader.send(new ScanCommand({ TableName: table })));
    await reader.send(new ScanCommand({ TableName: table, ProjectionExpression: "pk" }));
    const update = (UpdateExpression: string, ReturnValues: "ALL_NEW" | "UPDATED_NEW") =>
      reader.send(
        new UpdateItemCommand({
          TableName: table,
          Key: item({ pk: "own" }),
          UpdateExpression,
          ExpressionAttributeNames: { "#n": "name" },
          ExpressionAttributeValues: item({ ":v": "n" }),
          ReturnValues,
        }),
      );
    await update("SET #n = :v", "UPDATED_NEW");
    await denied(update("SET #n = :v", "ALL_NEW"));
    await denied(update("SET #n = :v, secret = :v", "UPDATED_NEW"));
  });

  it("of a transaction are those of its actions", async () => {
    const { client: writer } = await user({
      Action: "dynamodb:PutItem",
      Resource: arnOf(),
      Condition: { StringEquals: { "dynamodb:EnclosingOperation": "TransactWriteItems" } },
    });
    const put = { TableName: table, Item: item({ pk: "tx" }) };
    await writer.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: put }] }));
    await denied(writer.send(new PutItemCommand(put)));
    const update = { TableName: table, Key: item({ pk: "tx" }), UpdateExpression: "REMOVE a" };
    await denied(writer.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: update }] })));
  });

  it("come from the table's own policy too", async () => {
    const guest = await user();
    await denied(guest.client.send(get("own")));
    await client.send(
      new PutResourcePolicyCommand({
        ResourceArn: arnOf(),
        Policy: documentOf({ Action: "dynamodb:GetItem", Resource: arnOf(), Principal: { AWS: guest.arn } }),
      }),
    );
    expect((await guest.client.send(get("own"))).Item).toBeDefined();
    await denied(guest.client.send(new ScanCommand({ TableName: table })));
  });

  it("of statements are their own", async () => {
    const { client: reader } = await user({ Action: "dynamodb:PartiQLSelect", Resource: arnOf() });
    const run = (Statement: string) => reader.send(new ExecuteStatementCommand({ Statement }));
    expect((await run(`SELECT * FROM "${table}" WHERE pk = 'own'`)).Items).toHaveLength(1);
    await denied(run(`DELETE FROM "${table}" WHERE pk = 'own'`));
  });
});
