import {
  ApiGatewayV2Client,
  GetApiCommand,
  GetApisCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStageCommand,
  GetTagsCommand,
} from "@aws-sdk/client-apigatewayv2";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud, type DeployedStack } from "../../index.ts";

let cloud: Cloud;
let client: ApiGatewayV2Client;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
  client = cloud.client(ApiGatewayV2Client);
});
afterAll(() => cloud.close());

const CODE =
  "exports.handler = async (event) => event.type === 'REQUEST' ? { isAuthorized: event.headers.authorization === 'yes' } : { path: event.rawPath, stage: event.stageVariables };";
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
      Code: { ZipFile: CODE },
    },
  },
  Permission: {
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: { Ref: "Function" },
      Principal: "apigateway.amazonaws.com",
    },
  },
};
const ADDRESS = { Value: { "Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/" } };

async function deploy(
  Resources: object,
  stackName: string,
  Outputs: object = { Url: ADDRESS, ApiId: { Value: { Ref: "Api" } } },
): Promise<DeployedStack & { of: (key: string) => string }> {
  const [stack] = (await cloud.deploy({ Resources: { ...FUNCTION, ...Resources }, Outputs }, { stackName })).stacks;
  return { ...stack!, of: (key) => stack!.outputs.find((output) => output.key === key)!.value };
}

function httpApi(more: { cors?: boolean; routes?: Record<string, object>; stage?: object; integration?: object } = {}) {
  const { cors, routes = { Route: { RouteKey: "GET /a" } }, stage = {}, integration = {} } = more;
  const Target = { "Fn::Join": ["/", ["integrations", { Ref: "Integration" }]] };
  return {
    Api: {
      Type: "AWS::ApiGatewayV2::Api",
      Properties: {
        Name: "shop",
        ProtocolType: "HTTP",
        Tags: { team: "x" },
        ...(cors ? { CorsConfiguration: { AllowOrigins: ["*"], MaxAge: 60 } } : {}),
      },
    },
    Integration: {
      Type: "AWS::ApiGatewayV2::Integration",
      Properties: {
        ApiId: { Ref: "Api" },
        IntegrationType: "AWS_PROXY",
        IntegrationUri: { "Fn::GetAtt": ["Function", "Arn"] },
        PayloadFormatVersion: "2.0",
        ...integration,
      },
    },
    ...Object.fromEntries(
      Object.entries(routes).map(([id, route]) => [
        id,
        { Type: "AWS::ApiGatewayV2::Route", Properties: { ApiId: { Ref: "Api" }, Target, ...route } },
      ]),
    ),
    Stage: {
      Type: "AWS::ApiGatewayV2::Stage",
      Properties: { ApiId: { Ref: "Api" }, StageName: "$default", AutoDeploy: true, ...stage },
    },
  };
}

describe("a stack with an HTTP API", () => {
  it("serves at the address that its output gives", async () => {
    const stack = await deploy(
      httpApi({
        stage: {
          StageVariables: { level: "one" },
          Tags: { a: "1" },
          DefaultRouteSettings: { ThrottlingBurstLimit: "50", DetailedMetricsEnabled: true },
        },
      }),
      "serving",
    );
    expect(stack.status).toBe("CREATE_COMPLETE");
    const response = await fetch(`${stack.of("Url")}a`);
    expect(await response.json()).toEqual({ path: "/a", stage: { level: "one" } });
    const ApiId = stack.of("ApiId");
    expect(await client.send(new GetApiCommand({ ApiId }))).toMatchObject({
      Name: "shop",
      Tags: { team: "x", "aws:cloudformation:logical-id": "Api" },
    });
    expect(await client.send(new GetStageCommand({ ApiId, StageName: "$default" }))).toMatchObject({
      Tags: { a: "1" },
      DefaultRouteSettings: { ThrottlingBurstLimit: 50 },
    });
  });

  it("changes in place, and takes away what the template no longer has", async () => {
    const authorizer = {
      Authorizer: {
        Type: "AWS::ApiGatewayV2::Authorizer",
        Properties: {
          ApiId: { Ref: "Api" },
          Name: "l",
          AuthorizerType: "REQUEST",
          AuthorizerPayloadFormatVersion: "2.0",
          EnableSimpleResponses: true,
          AuthorizerUri: {
            "Fn::Sub":
              "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations",
          },
        },
      },
    };
    const guarded = { RouteKey: "GET /a", AuthorizationType: "CUSTOM", AuthorizerId: { Ref: "Authorizer" } };
    const first = await deploy(
      {
        ...authorizer,
        ...httpApi({
          cors: true,
          routes: { Route: guarded, Other: { RouteKey: "GET /b" } },
          stage: { StageVariables: { a: "1", b: "2" } },
          integration: { TimeoutInMillis: 500, RequestParameters: { "append:header.x": "1" } },
        }),
      },
      "changing",
    );
    const url = first.of("Url");
    const statuses = async () => [
      (await fetch(`${url}a`)).status,
      (await fetch(`${url}a`, { headers: { authorization: "yes" } })).status,
      (await fetch(`${url}b`)).status,
      (await fetch(`${url}c`)).status,
    ];
    expect(await statuses()).toEqual([403, 200, 200, 404]);
    const second = await deploy(
      httpApi({
        routes: { Route: { RouteKey: "GET /a" }, Third: { RouteKey: "GET /c" } },
        stage: { StageVariables: { b: "3" } },
      }),
      "changing",
    );
    expect(second).toMatchObject({ status: "UPDATE_COMPLETE" });
    expect(second.of("Url")).toBe(url);
    expect(await statuses()).toEqual([200, 200, 404, 200]);
    const ApiId = second.of("ApiId");
    expect((await client.send(new GetApiCommand({ ApiId }))).CorsConfiguration).toBeUndefined();
    expect((await client.send(new GetStageCommand({ ApiId, StageName: "$default" }))).StageVariables).toEqual({
      b: "3",
    });
    expect((await client.send(new GetIntegrationsCommand({ ApiId }))).Items).toMatchObject([
      { TimeoutInMillis: 30_000, RequestParameters: {} },
    ]);
  });

  it("deploys by hand, and deletes in order", async () => {
    const resources = {
      ...httpApi({ stage: { AutoDeploy: false, DeploymentId: { Ref: "Deployment" }, StageName: "v1" } }),
      Deployment: {
        Type: "AWS::ApiGatewayV2::Deployment",
        DependsOn: ["Route"],
        Properties: { ApiId: { Ref: "Api" } },
      },
    };
    const stack = await deploy(resources, "by-hand");
    expect((await fetch(`${stack.of("Url")}v1/a`)).status).toBe(200);
    await cloud.call("cloudformation", "DeleteStack", { StackName: "by-hand" });
    await cloud.settled();
    expect(
      (await client.send(new GetApisCommand({ MaxResults: "100" }))).Items!.map(({ ApiId }) => ApiId),
    ).not.toContain(stack.of("ApiId"));
    expect((await fetch(`${stack.of("Url")}v1/a`)).status).toBe(404);
  });

  it("takes an OpenAPI document, in the template or from a bucket", async () => {
    const document = (path: string, uri: unknown) => ({
      openapi: "3.0.1",
      info: { title: "from a document", version: "1" },
      paths: {
        [path]: { get: { "x-amazon-apigateway-integration": { type: "aws_proxy", payloadFormatVersion: "2.0", uri } } },
      },
    });
    const Api = {
      Type: "AWS::ApiGatewayV2::Api",
      Properties: {
        Body: document("/a", { "Fn::GetAtt": ["Function", "Arn"] }),
        Tags: { t: "1" },
        CorsConfiguration: { AllowOrigins: ["*"] },
      },
    };
    const Stage = httpApi().Stage;
    const first = await deploy({ Api, Stage }, "documents");
    expect((await fetch(`${first.of("Url")}a`)).status).toBe(200);
    const ApiId = first.of("ApiId");
    expect(await client.send(new GetApiCommand({ ApiId }))).toMatchObject({
      Name: "from a document",
      CorsConfiguration: { AllowOrigins: ["*"] },
      Tags: { t: "1" },
    });
    const s3 = cloud.client(S3Client);
    await s3.send(new CreateBucketCommand({ Bucket: "documents" }));
    await s3.send(
      new PutObjectCommand({
        Bucket: "documents",
        Key: "api.json",
        Body: JSON.stringify(document("/b", "arn:aws:lambda:us-east-1:000000000000:function:f")),
      }),
    );
    await deploy(
      {
        Api: {
          Type: Api.Type,
          Properties: { BodyS3Location: { Bucket: "documents", Key: "api.json" }, Tags: { u: "2" } },
        },
        Stage,
      },
      "documents",
    );
    expect((await client.send(new GetRoutesCommand({ ApiId }))).Items).toMatchObject([{ RouteKey: "GET /b" }]);
    expect(
      (await client.send(new GetTagsCommand({ ResourceArn: `arn:aws:apigateway:us-east-1::/apis/${ApiId}` }))).Tags,
    ).toMatchObject({ u: "2" });
  });

  it.each([
    [
      {
        Api: {
          Type: "AWS::ApiGatewayV2::Api",
          Properties: { Name: "w", ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.a" },
        },
      },
      /ProtocolType WEBSOCKET of AWS::ApiGatewayV2::Api/,
    ],
    [
      { Domain: { Type: "AWS::ApiGatewayV2::DomainName", Properties: { DomainName: "a.example" } } },
      /AWS::ApiGatewayV2::DomainName/,
    ],
    [{ ...httpApi({ integration: { ConnectionType: "VPC_LINK", ConnectionId: "x" } }) }, /ConnectionId|VPC_LINK/],
  ])("is refused by name: %#", async (resources, message) => {
    await expect(deploy(resources, `refused-${String(message).length}`, {})).rejects.toThrow(message);
  });
});
