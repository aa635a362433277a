import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  GetApiCommand,
  GetApisCommand,
} from "@aws-sdk/client-apigatewayv2";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient } from "@aws-sdk/client-sfn";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let gateway: ApiGatewayV2Client;
let iam: IAMClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  gateway = cloud.client(ApiGatewayV2Client);
  iam = cloud.client(IAMClient);
});
afterAll(() => cloud.close());

function policy(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

async function newRole(RoleName: string, Action: string, Service = "apigateway.amazonaws.com"): Promise<string> {
  const trust = policy({
    Effect: "Allow",
    Principal: { Service },
    Action: "sts:AssumeRole",
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: "p",
      PolicyDocument: policy({ Effect: "Allow", Action, Resource: "*" }),
    }),
  );
  return Role!.Arn!;
}

async function newApi(
  IntegrationSubtype: string,
  CredentialsArn: string,
  RequestParameters: Record<string, string>,
): Promise<string> {
  const { ApiId, ApiEndpoint } = await gateway.send(new CreateApiCommand({ Name: "x", ProtocolType: "HTTP" }));
  const { IntegrationId } = await gateway.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "AWS_PROXY",
      IntegrationSubtype,
      PayloadFormatVersion: "1.0",
      CredentialsArn,
      RequestParameters,
    }),
  );
  await gateway.send(new CreateRouteCommand({ ApiId, RouteKey: "POST /", Target: `integrations/${IntegrationId}` }));
  await gateway.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
  return ApiEndpoint!;
}

describe("integrations of AWS services", () => {
  it("send to a queue as their role", async () => {
    const sqs = cloud.client(SQSClient);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
    const url = await newApi("SQS-SendMessage", await newRole("sender", "sqs:SendMessage"), {
      QueueUrl: QueueUrl!,
      MessageBody: "$request.body.order",
      MessageAttributes: '{"ip":{"DataType":"String","StringValue":"${context.identity.sourceIp}"}}',
    });
    const response = await fetch(url, { method: "POST", body: '{"order":{"id":7}}' });
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/<SendMessageResponse[^]*<MessageId>[0-9a-f-]{36}<\/MessageId>/);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"] }));
    expect(Messages).toMatchObject([{ Body: '{"id":7}', MessageAttributes: { ip: { StringValue: "127.0.0.1" } } }]);
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(400);
  });

  it("answer what the service answers where it refuses", async () => {
    const { QueueUrl } = await cloud.client(SQSClient).send(new CreateQueueCommand({ QueueName: "closed" }));
    const url = await newApi("SQS-SendMessage", await newRole("reader", "sqs:ReceiveMessage"), {
      QueueUrl: QueueUrl!,
      MessageBody: "$request.body",
    });
    const response = await fetch(url, { method: "POST", body: "hello" });
    expect(response.ok).toBe(false);
    expect((await response.text()).toLowerCase()).toMatch(/<code>accessdenied<\/code>[^]*reader[^]*sqs:sendmessage/);
  });

  it("start executions of state machines, and wait for express ones", async () => {
    const sfn = cloud.client(SFNClient);
    const roleArn = await newRole("machine", "logs:*", "states.amazonaws.com");
    const definition = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });
    const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name: "m", roleArn, definition }));
    const starter = await newRole("starter", "states:Start*");
    const Input = "$request.body";
    const start = await newApi("StepFunctions-StartExecution", starter, { StateMachineArn: stateMachineArn!, Input });
    const response = await fetch(start, { method: "POST", body: '{"order":7}' });
    const { executionArn } = (await response.json()) as { executionArn: string };
    await cloud.settled();
    const { status, output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect([status, output]).toEqual(["SUCCEEDED", '{"order":7}']);
    const express = await sfn.send(new CreateStateMachineCommand({ name: "e", type: "EXPRESS", roleArn, definition }));
    const sync = await newApi("StepFunctions-StartSyncExecution", starter, {
      StateMachineArn: express.stateMachineArn!,
      Input,
    });
    const answered = (await (await fetch(sync, { method: "POST", body: '{"order":8}' })).json()) as object;
    expect(answered).toMatchObject({ status: "SUCCEEDED", output: '{"order":8}' });
  });

  it("put events", async () => {
    const url = await newApi("EventBridge-PutEvents", await newRole("putter", "events:PutEvents"), {
      Source: "shop",
      DetailType: "placed",
      Detail: "$request.body",
    });
    const response = await fetch(url, { method: "POST", body: '{"order":7}' });
    expect(await response.json()).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
  });

  it("answer 500 where the role cannot be assumed", async () => {
    const url = await newApi("SQS-PurgeQueue", "arn:aws:iam::000000000000:role/nobody", { QueueUrl: "x" });
    const response = await fetch(url, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
  });
});

describe("the permissions of management", () => {
  it("are HTTP verbs on paths", async () => {
    const { ApiId } = await gateway.send(new CreateApiCommand({ Name: "mine", ProtocolType: "HTTP" }));
    await iam.send(new CreateUserCommand({ UserName: "reader" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "reader" }));
    const statement = {
      Effect: "Allow",
      Action: "apigateway:GET",
      Resource: `arn:aws:apigateway:us-east-1::/apis/${ApiId}`,
    };
    await iam.send(
      new PutUserPolicyCommand({ UserName: "reader", PolicyName: "p", PolicyDocument: policy(statement) }),
    );
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const reader = cloud.client(ApiGatewayV2Client, { credentials });
    expect(await reader.send(new GetApiCommand({ ApiId }))).toMatchObject({ Name: "mine" });
    const denied = (resource: string, verb: string) => ({
      name: "AccessDeniedException",
      message: expect.stringContaining(
        `user/reader is not authorized to perform: apigateway:${verb} on resource: ${resource}`,
      ),
    });
    await expect(reader.send(new GetApisCommand({}))).rejects.toMatchObject(
      denied("arn:aws:apigateway:us-east-1::/apis", "GET"),
    );
    await expect(reader.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /" }))).rejects.toMatchObject(
      denied(`arn:aws:apigateway:us-east-1::/apis/${ApiId}/routes`, "POST"),
    );
  });

  it("include handing over the role of an integration", async () => {
    await iam.send(new CreateUserCommand({ UserName: "builder" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "builder" }));
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "builder",
        PolicyName: "p",
        PolicyDocument: policy({ Effect: "Allow", Action: "apigateway:*", Resource: "*" }),
      }),
    );
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const builder = cloud.client(ApiGatewayV2Client, { credentials });
    const { ApiId } = await builder.send(new CreateApiCommand({ Name: "x", ProtocolType: "HTTP" }));
    const CredentialsArn = await newRole("powerful", "*");
    const IntegrationUri = "arn:aws:lambda:us-east-1:000000000000:function:f";
    const sent = builder.send(
      new CreateIntegrationCommand({
        ApiId,
        IntegrationType: "AWS_PROXY",
        IntegrationUri,
        PayloadFormatVersion: "2.0",
        CredentialsArn,
      }),
    );
    await expect(sent).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("iam:PassRole"),
    });
  });
});
