import { APIGatewayClient, GetApiKeyCommand, GetUsagePlansCommand } from "@aws-sdk/client-api-gateway";
import { FilterLogEventsCommand, CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CloudFormationClient, DeleteStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { DefinitionBody, Pass, StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
});
afterAll(() => cloud.close());

const ECHO =
  "exports.handler = async (event) => ({ statusCode: 200, headers: { 'X-Mine': 'yes' }, body: JSON.stringify(event) });";

function stackOf(name: string): { app: App; stack: Stack } {
  const app = new App({ analyticsReporting: false });
  return { app, stack: new Stack(app, name) };
}

function echo(stack: Stack, code = ECHO): LambdaFunction {
  return new LambdaFunction(stack, "Echo", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline(code),
  });
}

async function deployed(app: App): Promise<Readonly<Record<string, string>>> {
  const { stacks } = await cloud.deploy(app);
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

const JSON_TYPE = { "content-type": "application/json" };

describe("CDK", () => {
  it("deploys a LambdaRestApi, and the function gets the event of a proxy integration", async () => {
    const { app, stack } = stackOf("lambda-rest-api");
    const api = new apigateway.LambdaRestApi(stack, "Api", { handler: echo(stack), cloudWatchRole: true });
    new CfnOutput(stack, "Url", { value: api.url });
    const url = (await deployed(app))["Url"]!;
    const response = await fetch(`${url}a/b%20c?x=1&x=2`, { method: "POST", body: "hi", headers: { "X-One": "1" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-mine")).toBe("yes");
    expect(await response.json()).toMatchObject({
      resource: "/{proxy+}",
      path: "/a/b%20c",
      httpMethod: "POST",
      queryStringParameters: { x: "2" },
      multiValueQueryStringParameters: { x: ["1", "2"] },
      pathParameters: { proxy: "a/b c" },
      stageVariables: null,
      body: "hi",
      isBase64Encoded: false,
      requestContext: { stage: "prod", path: "/prod/a/b%20c", resourcePath: "/{proxy+}", httpMethod: "POST" },
    });
  });

  it("deploys an API with CORS, models, keys, plans, authorizer and logs; changes it; and deletes all of it", async () => {
    const build = (withMore: boolean) => {
      const { app, stack } = stackOf("full");
      const logs = new LogGroup(stack, "Logs", { removalPolicy: RemovalPolicy.DESTROY });
      const api = new apigateway.RestApi(stack, "Api", {
        cloudWatchRole: true,
        deployOptions: {
          stageName: "v1",
          variables: { level: withMore ? "two" : "one" },
          loggingLevel: apigateway.MethodLoggingLevel.INFO,
          metricsEnabled: true,
          throttlingRateLimit: 100,
          throttlingBurstLimit: 50,
          accessLogDestination: new apigateway.LogGroupLogDestination(logs),
          accessLogFormat: apigateway.AccessLogFormat.jsonWithStandardFields(),
        },
        defaultCorsPreflightOptions: { allowOrigins: ["https://example.com"], allowMethods: ["GET", "POST"] },
      });
      const handler = echo(stack);
      const model = api.addModel("Order", {
        schema: { type: apigateway.JsonSchemaType.OBJECT, required: ["id"] },
      });
      const orders = api.root.addResource("orders");
      orders.addMethod("POST", new apigateway.LambdaIntegration(handler), {
        apiKeyRequired: true,
        requestModels: { "application/json": model },
        requestValidatorOptions: { validateRequestBody: true },
      });
      const code =
        "exports.handler = async (event) => ({ principalId: 'me', policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: event.authorizationToken === 'yes' ? 'Allow' : 'Deny', Resource: event.methodArn }] } });";
      const guard = new LambdaFunction(stack, "Guard", {
        runtime: Runtime.NODEJS_22_X,
        handler: "index.handler",
        code: Code.fromInline(code),
      });
      orders.addMethod("GET", new apigateway.LambdaIntegration(handler), {
        authorizer: new apigateway.TokenAuthorizer(stack, "Authorizer", { handler: guard }),
      });
      if (withMore) api.root.addResource("more").addMethod("GET", new apigateway.LambdaIntegration(handler));
      const key = api.addApiKey("Key");
      const plan = api.addUsagePlan("Plan", {
        throttle: { rateLimit: 10, burstLimit: 5 },
        quota: { limit: 2, period: apigateway.Period.DAY },
        apiStages: [{ stage: api.deploymentStage }],
      });
      plan.addApiKey(key);
      api.addGatewayResponse("Denied", {
        type: apigateway.ResponseType.ACCESS_DENIED,
        statusCode: "403",
        responseHeaders: { "Access-Control-Allow-Origin": "'*'" },
        templates: { "application/json": '{"no": $context.error.messageString}' },
      });
      new CfnOutput(stack, "Url", { value: api.url });
      new CfnOutput(stack, "KeyId", { value: key.keyId });
      new CfnOutput(stack, "LogGroup", { value: logs.logGroupName });
      return app;
    };
    const outputs = await deployed(build(false));
    const url = outputs["Url"]!;
    const preflight = await fetch(`${url}orders`, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://example.com",
    ]);
    const { value } = await cloud
      .client(APIGatewayClient)
      .send(new GetApiKeyCommand({ apiKey: outputs["KeyId"], includeValue: true }));
    const post = (body: object, key?: string) =>
      fetch(`${url}orders`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { ...JSON_TYPE, ...(key ? { "x-api-key": key } : {}) },
      });
    expect((await post({ id: 1 })).status).toBe(403);
    expect(await (await post({ id: 1 }, value)).json()).toMatchObject({
      stageVariables: { level: "one" },
      requestContext: { identity: { apiKey: value, apiKeyId: outputs["KeyId"] } },
    });
    expect((await post({}, value)).status).toBe(400);
    const exceeded = await post({ id: 1 }, value);
    expect([exceeded.status, await exceeded.text()]).toEqual([429, '{"message":"Limit Exceeded"}']);
    expect((await fetch(`${url}orders`, { headers: { authorization: "yes" } })).status).toBe(200);
    const denied = await fetch(`${url}orders`, { headers: { authorization: "no" } });
    expect([denied.status, denied.headers.get("access-control-allow-origin"), await denied.json()]).toEqual([
      403,
      "*",
      { no: "User is not authorized to access this resource with an explicit deny" },
    ]);
    await cloud.settled();
    const logs = cloud.client(CloudWatchLogsClient);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: outputs["LogGroup"] }));
    expect(events.map(({ message }) => JSON.parse(message!) as object)).toContainEqual(
      expect.objectContaining({ httpMethod: "POST", resourcePath: "/orders", status: "429", ip: "127.0.0.1" }),
    );
    const apiId = /execute-api\/(\w+)/.exec(url)![1];
    const execution = await logs.send(
      new FilterLogEventsCommand({ logGroupName: `API-Gateway-Execution-Logs_${apiId}/v1` }),
    );
    expect(execution.events?.some(({ message }) => message!.includes("Method completed with status: 204"))).toBe(true);

    const updated = await deployed(build(true));
    expect(updated["Url"]).toBe(url);
    expect(await (await fetch(`${url}more`)).json()).toMatchObject({ stageVariables: { level: "two" } });

    const cloudformation = cloud.client(CloudFormationClient);
    await cloudformation.send(new DeleteStackCommand({ StackName: "full" }));
    await cloud.settled();
    await expect(cloudformation.send(new DescribeStacksCommand({ StackName: "full" }))).rejects.toThrow(
      "does not exist",
    );
    expect((await fetch(`${url}more`)).status).toBe(404);
    expect((await cloud.client(APIGatewayClient).send(new GetUsagePlansCommand({}))).items).toEqual([]);
  });

  it("deploys a StepFunctionsRestApi", async () => {
    const { app, stack } = stackOf("flow");
    const stateMachine = new StateMachine(stack, "Flow", {
      stateMachineType: StateMachineType.EXPRESS,
      definitionBody: DefinitionBody.fromChainable(new Pass(stack, "Answer")),
    });
    const api = new apigateway.StepFunctionsRestApi(stack, "Api", {
      stateMachine,
      deploy: true,
      useDefaultMethodResponses: true,
    });
    new CfnOutput(stack, "Url", { value: api.url });
    const url = (await deployed(app))["Url"]!;
    const response = await fetch(`${url}?q=1`, { method: "POST", body: '{"order": 7}', headers: JSON_TYPE });
    expect([response.status, await response.json()]).toEqual([
      200,
      { body: { order: 7 }, path: {}, querystring: { q: "1" } },
    ]);
  });

  it("deploys an AwsIntegration with DynamoDB", async () => {
    const { app, stack } = stackOf("table");
    const table = new Table(stack, "Table", { partitionKey: { name: "id", type: AttributeType.STRING } });
    const role = new iam.Role(stack, "Role", { assumedBy: new iam.ServicePrincipal("apigateway.amazonaws.com") });
    table.grantReadWriteData(role);
    const api = new apigateway.RestApi(stack, "Api");
    const item = api.root.addResource("{id}");
    const integration = (action: string, template: string, answer: string) =>
      new apigateway.AwsIntegration({
        service: "dynamodb",
        action,
        options: {
          credentialsRole: role,
          passthroughBehavior: apigateway.PassthroughBehavior.NEVER,
          requestTemplates: { "application/json": template },
          integrationResponses: [
            { statusCode: "200", responseTemplates: { "application/json": answer } },
            { statusCode: "400", selectionPattern: "4\\d{2}" },
          ],
        },
      });
    const methodResponses = [{ statusCode: "200" }, { statusCode: "400" }];
    const put = `{"TableName": "${table.tableName}", "Item": {"id": {"S": "$input.params('id')"}, "n": {"N": "$input.path('$.n')"}}}`;
    const get = `{"TableName": "${table.tableName}", "Key": {"id": {"S": "$input.params('id')"}}}`;
    item.addMethod("PUT", integration("PutItem", put, '{"ok": true}'), { methodResponses });
    item.addMethod(
      "GET",
      integration("GetItem", get, `#set($item = $input.path('$.Item')){"id": "$item.id.S", "n": $item.n.N}`),
      {
        methodResponses,
      },
    );
    new CfnOutput(stack, "Url", { value: api.url });
    const url = (await deployed(app))["Url"]!;
    const made = await fetch(`${url}a1`, { method: "PUT", body: '{"n": 3}', headers: JSON_TYPE });
    expect(await made.json()).toEqual({ ok: true });
    expect(await (await fetch(`${url}a1`)).json()).toEqual({ id: "a1", n: 3 });
  });

  it("deploys a SpecRestApi", async () => {
    const { app, stack } = stackOf("spec");
    const handler = echo(stack);
    const uri = `arn:aws:apigateway:${stack.region}:lambda:path/2015-03-31/functions/${handler.functionArn}/invocations`;
    const api = new apigateway.SpecRestApi(stack, "Api", {
      apiDefinition: apigateway.ApiDefinition.fromInline({
        openapi: "3.0.1",
        info: { title: "spec", version: "1" },
        paths: {
          "/a": {
            get: { responses: {}, "x-amazon-apigateway-integration": { type: "aws_proxy", httpMethod: "POST", uri } },
          },
        },
      }),
    });
    handler.addPermission("Api", {
      principal: new iam.ServicePrincipal("apigateway.amazonaws.com"),
      sourceArn: api.arnForExecuteApi(),
    });
    new CfnOutput(stack, "Url", { value: api.url });
    const url = (await deployed(app))["Url"]!;
    expect(await (await fetch(`${url}a`)).json()).toMatchObject({ resource: "/a" });
  });
});
