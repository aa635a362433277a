import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { APIGatewayClient, PutIntegrationCommand } from "@aws-sdk/client-api-gateway";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient } from "@aws-sdk/client-sfn";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { newApi, newRole } from "./test-api.ts";

let cloud: Cloud;
let role: string;
const AWS = "arn:aws:apigateway:us-east-1:";

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  role = await newRole(cloud, "apigateway.amazonaws.com", [
    "sqs:*",
    "sns:*",
    "dynamodb:*",
    "states:*",
    "s3:*",
    "events:*",
  ]);
});
afterAll(() => cloud.close());

const JSON_TYPE = { "content-type": "application/json" };

describe("AWS service integrations", () => {
  it("put and get items of DynamoDB", async () => {
    await cloud.client(DynamoDBClient).send(
      new CreateTableCommand({
        TableName: "orders",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    );
    const put = await newApi(cloud, {
      path: "{id}",
      integration: {
        type: "AWS",
        uri: `${AWS}dynamodb:action/PutItem`,
        credentials: role,
        requestTemplates: {
          "application/json": `{"TableName": "orders", "Item": {"id": {"S": "$input.params('id')"}, "name": {"S": "$input.path('$.name')"}}}`,
        },
      },
      responses: [
        {},
        {
          statusCode: "400",
          selectionPattern: "400",
          responseTemplates: { "application/json": `{"code": "$input.path('$.__type')"}` },
        },
      ],
    });
    const response = await fetch(`${put.url}/7`, { method: "POST", body: `{"name": "Aoi"}`, headers: JSON_TYPE });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    const { Item } = await cloud
      .client(DynamoDBClient)
      .send(new GetItemCommand({ TableName: "orders", Key: { id: { S: "7" } } }));
    expect(Item).toEqual({ id: { S: "7" }, name: { S: "Aoi" } });
    const missing = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri: `${AWS}dynamodb:action/GetItem`,
        credentials: role,
        requestTemplates: { "application/json": `{"TableName": "none", "Key": {"id": {"S": "1"}}}` },
      },
      responses: [
        {},
        {
          statusCode: "404",
          selectionPattern: "4\\d{2}",
          responseTemplates: { "application/json": "$input.path('$.message')" },
        },
      ],
    });
    const refused = await fetch(missing.url);
    expect([refused.status, await refused.text()]).toEqual([404, expect.stringContaining("resource not found")]);
  });

  it("send messages to SQS, by path with a form, and answer in JSON", async () => {
    const sqs = cloud.client(SQSClient);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
    const { url } = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri: `${AWS}sqs:path/000000000000/jobs`,
        credentials: role,
        requestParameters: { "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'" },
        requestTemplates: { "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)" },
      },
    });
    const response = await fetch(url, { method: "POST", body: `{"a": "b & c"}`, headers: JSON_TYPE });
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toMatchObject([{ Body: `{"a": "b & c"}` }]);
    expect(await response.json()).toEqual({
      SendMessageResponse: {
        SendMessageResult: { MD5OfMessageBody: Messages![0]!.MD5OfBody, MessageId: Messages![0]!.MessageId },
        ResponseMetadata: { RequestId: expect.any(String) },
      },
    });
  });

  it("start executions of state machines, and wait for express ones", async () => {
    const machineRole = await newRole(cloud, "states.amazonaws.com", ["logs:*"]);
    const sfn = cloud.client(SFNClient);
    const definition = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });
    const { stateMachineArn } = await sfn.send(
      new CreateStateMachineCommand({ name: "m", roleArn: machineRole, definition }),
    );
    const start = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri: `${AWS}states:action/StartExecution`,
        credentials: role,
        requestTemplates: {
          "application/json": `{"stateMachineArn": "${stateMachineArn}", "input": "$util.escapeJavaScript($input.json('$'))"}`,
        },
      },
    });
    const response = await fetch(start.url, {
      method: "POST",
      body: `{"order": {"url": "http://x/y"}}`,
      headers: JSON_TYPE,
    });
    const { executionArn } = (await response.json()) as { executionArn: string };
    await cloud.settled();
    const { status, output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect([status, JSON.parse(output!)]).toEqual(["SUCCEEDED", { order: { url: "http://x/y" } }]);
    const express = await sfn.send(
      new CreateStateMachineCommand({ name: "e", type: "EXPRESS", roleArn: machineRole, definition }),
    );
    const sync = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri: `${AWS}states:action/StartSyncExecution`,
        credentials: role,
        requestTemplates: {
          "application/json": `{"stateMachineArn": "${express.stateMachineArn}", "input": "{\\"a\\": 1}"}`,
        },
      },
      responses: [{ responseTemplates: { "application/json": "$input.path('$.output')" } }],
    });
    expect(await (await fetch(sync.url)).json()).toEqual({ a: 1 });
  });

  it("put and get objects of S3, by path", async () => {
    await cloud.client(S3Client).send(new CreateBucketCommand({ Bucket: "files" }));
    const setup = (integrationHttpMethod: string) => ({
      path: "{key+}",
      method: { requestParameters: { "method.request.path.key": true, "method.request.header.Content-Type": false } },
      integration: {
        type: "AWS" as const,
        integrationHttpMethod,
        uri: `${AWS}s3:path/files/{key}`,
        credentials: role,
        requestParameters: {
          "integration.request.path.key": "method.request.path.key",
          "integration.request.header.Content-Type": "method.request.header.Content-Type",
        },
      },
      responses: [
        {
          declared: { responseParameters: { "method.response.header.Content-Type": true } },
          responseParameters: { "method.response.header.Content-Type": "integration.response.header.Content-Type" },
        },
        { statusCode: "404", selectionPattern: "404" },
      ],
    });
    const put = await newApi(cloud, setup("PUT"));
    const get = await newApi(cloud, setup("GET"));
    const sent = await fetch(`${put.url}/a/b.txt`, {
      method: "PUT",
      body: "hello",
      headers: { "content-type": "text/plain" },
    });
    expect(sent.status).toBe(200);
    const got = await fetch(`${get.url}/a/b.txt`);
    expect([got.headers.get("content-type"), await got.text()]).toEqual(["text/plain", "hello"]);
    expect((await fetch(`${get.url}/none`)).status).toBe(404);
  });

  it("put events, by action with a target header", async () => {
    const { url } = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri: `${AWS}events:action/PutEvents`,
        credentials: role,
        requestParameters: {
          "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
          "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
        },
        requestTemplates: {
          "application/json": `#set($context.requestOverride.header.X-Extra = "1"){"Entries": [{"Source": "shop", "DetailType": "placed", "Detail": "$util.escapeJavaScript($input.body)"}]}`,
        },
      },
    });
    const response = await fetch(url, { method: "POST", body: "{}", headers: JSON_TYPE });
    expect(await response.json()).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
  });

  it("publish to SNS, by action with query parameters", async () => {
    const sns = cloud.client(SNSClient);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "news" }));
    const { url } = await newApi(cloud, {
      method: { requestParameters: { "method.request.querystring.say": true } },
      integration: {
        type: "AWS",
        uri: `${AWS}sns:action/Publish`,
        credentials: role,
        requestParameters: {
          "integration.request.querystring.TopicArn": `'${TopicArn}'`,
          "integration.request.querystring.Message": "method.request.querystring.say",
        },
      },
    });
    const response = await fetch(`${url}?say=hello%20there`);
    expect(await response.json()).toMatchObject({
      PublishResponse: { PublishResult: { MessageId: expect.any(String) } },
    });
  });

  it("need the permission to hand their role over", async () => {
    const iam = cloud.client(IAMClient);
    await iam.send(new CreateUserCommand({ UserName: "builder" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "builder" }));
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "apigateway:*", Resource: "*" }] };
    await iam.send(
      new PutUserPolicyCommand({ UserName: "builder", PolicyName: "p", PolicyDocument: JSON.stringify(policy) }),
    );
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const { restApiId, rootId } = await newApi(cloud, { integration: { type: "MOCK" } });
    const sent = cloud.client(APIGatewayClient, { credentials }).send(
      new PutIntegrationCommand({
        restApiId,
        resourceId: rootId,
        httpMethod: "ANY",
        type: "AWS",
        integrationHttpMethod: "POST",
        uri: `${AWS}sqs:action/ListQueues`,
        credentials: role,
      }),
    );
    await expect(sent).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("iam:PassRole"),
    });
  });

  it("may do what their role may, and no more", async () => {
    const powerless = await newRole(cloud, "apigateway.amazonaws.com", ["s3:GetObject"]);
    const integration = {
      type: "AWS" as const,
      uri: `${AWS}sqs:action/ListQueues`,
      credentials: powerless,
    };
    const responses = [{}, { statusCode: "403", selectionPattern: "403" }];
    const { url } = await newApi(cloud, { integration, responses });
    const response = await fetch(url);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ Error: { Code: expect.stringContaining("AccessDenied") } });
    const strange = await newRole(cloud, "lambda.amazonaws.com", ["sqs:*"]);
    const other = await newApi(cloud, { integration: { ...integration, credentials: strange }, responses });
    expect((await fetch(other.url)).status).toBe(500);
  });
});
