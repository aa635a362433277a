import {
  APIGatewayClient,
  GetDeploymentsCommand,
  GetMethodCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  GetRestApisCommand,
  GetStageCommand,
  GetStagesCommand,
  GetTagsCommand,
  GetUsagePlanCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudFormationClient, DeleteStackCommand } from "@aws-sdk/client-cloudformation";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let client: APIGatewayClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(APIGatewayClient);
});
afterAll(() => cloud.close());

async function deploy(stackName: string, Resources: object, Outputs: object = {}): Promise<Record<string, string>> {
  const { stacks } = await cloud.deploy({ Resources, Outputs }, { stackName });
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

async function remove(StackName: string): Promise<void> {
  await cloud.client(CloudFormationClient).send(new DeleteStackCommand({ StackName }));
  await cloud.settled();
}

const URL_OF_PROD = { Value: { "Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod/" } };
const ID = { Value: { Ref: "Api" } };

const FUNCTION = {
  Role: {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
    },
  },
  Function: {
    Type: "AWS::Lambda::Function",
    Properties: {
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: { "Fn::GetAtt": ["Role", "Arn"] },
      Code: { ZipFile: "exports.handler = async (event) => ({ statusCode: 200, body: event.resource });" },
    },
  },
  Permission: {
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: { Ref: "Function" },
      Principal: "apigateway.amazonaws.com",
      SourceArn: { "Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/hello" },
    },
  },
};

/** What the SAM transform makes of an `AWS::Serverless::Api` with CORS. */
function samApi(deploymentId: string, paths: string[]) {
  const integration = {
    type: "aws_proxy",
    httpMethod: "POST",
    uri: {
      "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations",
    },
  };
  const options = {
    summary: "CORS support",
    consumes: ["application/json"],
    produces: ["application/json"],
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{\n  "statusCode" : 200\n}\n' },
      responses: {
        default: {
          statusCode: "200",
          responseParameters: { "method.response.header.Access-Control-Allow-Origin": "'*'" },
          responseTemplates: { "application/json": "{}\n" },
        },
      },
    },
    responses: { 200: { description: "ok", headers: { "Access-Control-Allow-Origin": { type: "string" } } } },
  };
  return {
    ...FUNCTION,
    Api: {
      Type: "AWS::ApiGateway::RestApi",
      Properties: {
        Body: {
          swagger: "2.0",
          info: { version: "1.0", title: { Ref: "AWS::StackName" } },
          paths: Object.fromEntries(
            paths.map((path) => [
              path,
              { get: { "x-amazon-apigateway-integration": integration, responses: {} }, options },
            ]),
          ),
        },
        Parameters: { endpointConfigurationTypes: "REGIONAL" },
        EndpointConfiguration: { Types: ["REGIONAL"] },
        BinaryMediaTypes: ["image/png"],
        Tags: [{ Key: "a", Value: "1" }],
      },
    },
    [deploymentId]: {
      Type: "AWS::ApiGateway::Deployment",
      Properties: { RestApiId: { Ref: "Api" }, Description: "RestApi deployment", StageName: "Stage" },
    },
    ProdStage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: { Ref: "Api" },
        DeploymentId: { Ref: deploymentId },
        StageName: "Prod",
        Variables: { v: "1" },
      },
    },
  };
}

describe("an API by its definition, as SAM writes it", () => {
  it("is deployed, changed with a new deployment, and deleted", async () => {
    const { Url, Id } = await deploy("sam", samApi("Deployment1", ["/hello"]), { Url: URL_OF_PROD, Id: ID });
    expect(await (await fetch(`${Url}hello`)).text()).toBe("/hello");
    const preflight = await fetch(`${Url}hello`, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect(await client.send(new GetRestApiCommand({ restApiId: Id }))).toMatchObject({
      name: "sam",
      binaryMediaTypes: ["image/png"],
      endpointConfiguration: { types: ["REGIONAL"] },
      tags: { a: "1", "aws:cloudformation:stack-name": "sam" },
    });
    await deploy("sam", samApi("Deployment2", ["/hello", "/more/{id}"]), { Url: URL_OF_PROD, Id: ID });
    const { items: deployments } = await client.send(new GetDeploymentsCommand({ restApiId: Id }));
    expect(deployments).toHaveLength(1);
    const { item: stages = [] } = await client.send(new GetStagesCommand({ restApiId: Id }));
    expect(stages.map(({ stageName, deploymentId }) => [stageName, deploymentId])).toEqual([
      ["Prod", deployments![0]!.id],
      ["Stage", deployments![0]!.id],
    ]);
    // The permission is for `hello` alone.
    expect((await fetch(`${Url}more/1`)).status).toBe(500);
    await remove("sam");
    expect((await client.send(new GetRestApisCommand({}))).items).toEqual([]);
  });

  it("comes from S3 too", async () => {
    const s3 = cloud.client(S3Client);
    await s3.send(new CreateBucketCommand({ Bucket: "definitions" }));
    const Body =
      "openapi: 3.0.1\ninfo: {title: kept, version: '1'}\npaths:\n  /a:\n    get: {responses: {}, x-amazon-apigateway-integration: {type: mock}}\n";
    await s3.send(new PutObjectCommand({ Bucket: "definitions", Key: "api.yaml", Body }));
    const Api = {
      Type: "AWS::ApiGateway::RestApi",
      Properties: { BodyS3Location: { Bucket: "definitions", Key: "api.yaml" } },
    };
    const { Id } = await deploy("from-s3", { Api }, { Id: ID });
    expect((await client.send(new GetRestApiCommand({ restApiId: Id }))).name).toBe("kept");
  });
});

describe("an API by its parts", () => {
  const method = (more: object) => ({
    Type: "AWS::ApiGateway::Method",
    Properties: {
      RestApiId: { Ref: "Api" },
      ResourceId: { Ref: "Orders" },
      HttpMethod: "GET",
      AuthorizationType: "NONE",
      Integration: {
        Type: "MOCK",
        RequestTemplates: { "application/json": '{"statusCode": 200}' },
        IntegrationResponses: [{ StatusCode: "200" }],
      },
      MethodResponses: [{ StatusCode: "200" }],
      ...more,
    },
  });
  const parts = (rate: number, more: object = {}, stage: object = {}) => ({
    Api: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: "parts" } },
    Orders: {
      Type: "AWS::ApiGateway::Resource",
      Properties: {
        RestApiId: { Ref: "Api" },
        ParentId: { "Fn::GetAtt": ["Api", "RootResourceId"] },
        PathPart: "orders",
      },
    },
    GetOrders: method(more),
    Deployment: {
      Type: "AWS::ApiGateway::Deployment",
      DependsOn: "GetOrders",
      Properties: { RestApiId: { Ref: "Api" } },
    },
    Stage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: { Ref: "Api" },
        DeploymentId: { Ref: "Deployment" },
        StageName: "Prod",
        Variables: { a: "1" },
        MethodSettings: [{ ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: rate, ThrottlingBurstLimit: 5 }],
        ...stage,
      },
    },
    Plan: {
      Type: "AWS::ApiGateway::UsagePlan",
      Properties: {
        UsagePlanName: "plan",
        ApiStages: [
          { ApiId: { Ref: "Api" }, Stage: { Ref: "Stage" }, Throttle: { "/orders/GET": { RateLimit: rate } } },
        ],
        Quota: { Limit: rate, Period: "DAY" },
      },
    },
  });
  const OUTPUTS = {
    Id: ID,
    Resource: { Value: { "Fn::GetAtt": ["Orders", "ResourceId"] } },
    Plan: { Value: { Ref: "Plan" } },
    Deployment: { Value: { "Fn::GetAtt": ["Deployment", "DeploymentId"] } },
  };

  it("is made, changed in place, and deleted", async () => {
    const first = await deploy("parts", parts(10), OUTPUTS);
    const restApiId = first["Id"];
    const stageName = "Prod";
    expect((await client.send(new GetStageCommand({ restApiId, stageName }))).methodSettings).toMatchObject({
      "*/*": { throttlingRateLimit: 10, throttlingBurstLimit: 5 },
    });
    const second = await deploy(
      "parts",
      parts(20, { AuthorizationType: "AWS_IAM", ApiKeyRequired: true }, { Variables: { b: "2" }, Description: "d" }),
      OUTPUTS,
    );
    expect(second).toEqual(first);
    const at = { restApiId, resourceId: first["Resource"], httpMethod: "GET" };
    expect(await client.send(new GetMethodCommand(at))).toMatchObject({
      authorizationType: "AWS_IAM",
      apiKeyRequired: true,
    });
    expect(await client.send(new GetStageCommand({ restApiId, stageName }))).toMatchObject({
      description: "d",
      variables: { b: "2" },
      methodSettings: { "*/*": { throttlingRateLimit: 20 } },
    });
    expect(await client.send(new GetUsagePlanCommand({ usagePlanId: first["Plan"] }))).toMatchObject({
      apiStages: [{ apiId: restApiId, stage: "Prod", throttle: { "/orders/GET": { rateLimit: 20 } } }],
      quota: { limit: 20, period: "DAY", offset: 0 },
    });
    await remove("parts");
    await expect(client.send(new GetResourcesCommand({ restApiId }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });

  it("refuses what is not emulated before anything is made", async () => {
    const count = (await client.send(new GetRestApisCommand({}))).items!.length;
    await expect(deploy("cached", parts(1, {}, { CacheClusterEnabled: true }))).rejects.toThrow("CacheClusterEnabled");
    await expect(deploy("canary", parts(1, {}, { CanarySetting: { PercentTraffic: 5 } }))).rejects.toThrow(
      "CanarySetting",
    );
    expect((await client.send(new GetRestApisCommand({}))).items).toHaveLength(count);
  });

  it("keeps the earlier API where a change fails", async () => {
    const { Id } = await deploy("failing", parts(10), OUTPUTS);
    await expect(deploy("failing", parts(10, { RequestValidatorId: "none" }), OUTPUTS)).rejects.toThrow(
      "Invalid Request Validator identifier specified",
    );
    expect((await fetch(`${cloud.endpoint}/_aws/execute-api/${Id}/Prod/orders`)).status).toBe(200);
    const { items = [] } = await client.send(new GetResourcesCommand({ restApiId: Id, embed: ["methods"] }));
    expect(items.find(({ path }) => path === "/orders")?.resourceMethods).toHaveProperty("GET");
  });

  it("has its stage described in the deployment", async () => {
    const resources = parts(1);
    const { Stage: _, Plan: __, ...rest } = resources;
    const { Id } = await deploy(
      "described",
      {
        ...rest,
        Deployment: {
          ...resources.Deployment,
          Properties: {
            RestApiId: { Ref: "Api" },
            StageName: "live",
            StageDescription: { Variables: { a: "1" }, ThrottlingRateLimit: 3, Tags: [{ Key: "t", Value: "x" }] },
          },
        },
      },
      { Id: ID },
    );
    const stage = await client.send(new GetStageCommand({ restApiId: Id, stageName: "live" }));
    expect(stage).toMatchObject({ variables: { a: "1" }, methodSettings: { "*/*": { throttlingRateLimit: 3 } } });
    const resourceArn = `arn:aws:apigateway:us-east-1::/restapis/${Id}/stages/live`;
    expect((await client.send(new GetTagsCommand({ resourceArn }))).tags).toMatchObject({ t: "x" });
    await remove("described");
    await expect(client.send(new GetRestApiCommand({ restApiId: Id }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });
});
