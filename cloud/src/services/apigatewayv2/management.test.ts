import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateDomainNameCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteAccessLogSettingsCommand,
  DeleteApiCommand,
  DeleteAuthorizerCommand,
  DeleteCorsConfigurationCommand,
  DeleteDeploymentCommand,
  DeleteIntegrationCommand,
  DeleteRouteCommand,
  DeleteRouteSettingsCommand,
  DeleteStageCommand,
  GetApiCommand,
  GetApisCommand,
  GetAuthorizersCommand,
  GetDeploymentsCommand,
  GetIntegrationsCommand,
  GetRouteCommand,
  GetRoutesCommand,
  GetStageCommand,
  GetStagesCommand,
  GetTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApiCommand,
  UpdateAuthorizerCommand,
  UpdateDeploymentCommand,
  UpdateIntegrationCommand,
  UpdateRouteCommand,
  UpdateStageCommand,
  type CreateAuthorizerCommandInput,
  type CreateIntegrationCommandInput,
} from "@aws-sdk/client-apigatewayv2";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeResourcePoliciesCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:orders";
const PROXY: Omit<CreateIntegrationCommandInput, "ApiId"> = {
  IntegrationType: "AWS_PROXY",
  IntegrationUri: FUNCTION,
  PayloadFormatVersion: "2.0",
};

let cloud: Cloud;
let client: ApiGatewayV2Client;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  client = cloud.client(ApiGatewayV2Client);
});
afterAll(() => cloud.close());

async function newApi(more: object = {}): Promise<string> {
  const { ApiId } = await client.send(new CreateApiCommand({ Name: "orders", ProtocolType: "HTTP", ...more }));
  return ApiId!;
}

async function newIntegration(ApiId: string, more: object = {}): Promise<string> {
  const { IntegrationId } = await client.send(new CreateIntegrationCommand({ ApiId, ...PROXY, ...more }));
  return IntegrationId!;
}

function refused(sent: Promise<unknown>, name: string, message: string | RegExp) {
  return expect(sent).rejects.toMatchObject({
    name,
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
}

describe("APIs", () => {
  it("are created with AWS's defaults", async () => {
    const api = await client.send(new CreateApiCommand({ Name: "a", ProtocolType: "HTTP", Tags: { team: "x" } }));
    expect(api).toMatchObject({
      Name: "a",
      ProtocolType: "HTTP",
      RouteSelectionExpression: "$request.method $request.path",
      ApiKeySelectionExpression: "$request.header.x-api-key",
      DisableExecuteApiEndpoint: false,
      IpAddressType: "ipv4",
      Tags: { team: "x" },
      CreatedDate: new Date(START_MS),
      $metadata: { httpStatusCode: 201 },
    });
    expect(api.ApiId).toMatch(/^[a-z0-9]{10}$/);
    expect(api.ApiEndpoint).toBe(`${cloud.endpoint}/_aws/execute-api/${api.ApiId}`);
    expect(await client.send(new GetApiCommand({ ApiId: api.ApiId }))).toMatchObject({ Name: "a", ApiId: api.ApiId });
  });

  it("are updated member by member", async () => {
    const ApiId = await newApi({ Description: "d", Version: "1", CorsConfiguration: { AllowOrigins: ["*"] } });
    const updated = await client.send(new UpdateApiCommand({ ApiId, Name: "b", DisableExecuteApiEndpoint: true }));
    expect(updated).toMatchObject({
      Name: "b",
      Description: "d",
      Version: "1",
      DisableExecuteApiEndpoint: true,
      CorsConfiguration: { AllowOrigins: ["*"] },
    });
    await client.send(new DeleteCorsConfigurationCommand({ ApiId }));
    expect((await client.send(new GetApiCommand({ ApiId }))).CorsConfiguration).toBeUndefined();
  });

  it("are deleted with all that is in them", async () => {
    const ApiId = await newApi({ Target: FUNCTION });
    await client.send(new DeleteApiCommand({ ApiId }));
    await refused(
      client.send(new GetApiCommand({ ApiId })),
      "NotFoundException",
      `Invalid API identifier specified 000000000000:${ApiId}`,
    );
    await refused(client.send(new GetRoutesCommand({ ApiId })), "NotFoundException", /Invalid API identifier/);
  });

  it("are listed page by page, in their Region only", async () => {
    const west = cloud.client(ApiGatewayV2Client, { region: "us-west-2" });
    const made: string[] = [];
    for (let n = 0; n < 5; n++)
      made.push((await west.send(new CreateApiCommand({ Name: `w${n}`, ProtocolType: "HTTP" }))).ApiId!);
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await west.send(new GetApisCommand({ MaxResults: "2", NextToken }));
      expect(page.Items!.length).toBeLessThanOrEqual(2);
      seen.push(...page.Items!.map((api) => api.ApiId!));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen.toSorted()).toEqual(made.toSorted());
    await refused(client.send(new GetApiCommand({ ApiId: made[0] })), "NotFoundException", /Invalid API/);
    await refused(west.send(new GetApisCommand({ MaxResults: "x" })), "BadRequestException", /maxResults/);
  });

  it("of a function are made in one call", async () => {
    const ApiId = await newApi({ Target: FUNCTION, RouteKey: "GET /hello" });
    const [integration] = (await client.send(new GetIntegrationsCommand({ ApiId }))).Items!;
    expect(integration).toMatchObject({
      IntegrationType: "AWS_PROXY",
      IntegrationUri: FUNCTION,
      PayloadFormatVersion: "2.0",
      ApiGatewayManaged: true,
    });
    const [route] = (await client.send(new GetRoutesCommand({ ApiId }))).Items!;
    expect(route).toMatchObject({
      RouteKey: "GET /hello",
      Target: `integrations/${integration!.IntegrationId}`,
      ApiGatewayManaged: true,
    });
    const [stage] = (await client.send(new GetStagesCommand({ ApiId }))).Items!;
    expect(stage).toMatchObject({ StageName: "$default", AutoDeploy: true, ApiGatewayManaged: true });
    await client.send(new UpdateApiCommand({ ApiId, Target: "https://example.com/", RouteKey: "$default" }));
    expect((await client.send(new GetIntegrationsCommand({ ApiId }))).Items).toMatchObject([
      {
        IntegrationId: integration!.IntegrationId,
        IntegrationType: "HTTP_PROXY",
        IntegrationMethod: "ANY",
        PayloadFormatVersion: "1.0",
      },
    ]);
    expect((await client.send(new GetRoutesCommand({ ApiId }))).Items).toMatchObject([
      { RouteId: route!.RouteId, RouteKey: "$default" },
    ]);
  });

  it.each([
    [{ Name: "" }, /Name must be between 1 and 128/],
    [{ RouteKey: "GET /" }, /Target must be specified/],
    [{ Target: "ftp://x" }, /Invalid target/],
    [{ RouteSelectionExpression: "$request.body.action" }, /RouteSelectionExpression must be/],
    [
      { CorsConfiguration: { AllowOrigins: ["*"], AllowCredentials: true } },
      "allow_credentials not supported for origin *",
    ],
    [{ CorsConfiguration: { AllowOrigins: ["example.com"] } }, /Invalid format for origin: example.com/],
    [{ CorsConfiguration: { AllowMethods: ["FETCH"] } }, /Invalid CORS method: FETCH/],
    [{ DisableSchemaValidation: true }, /DisableSchemaValidation is not supported for HTTP APIs/],
  ])("refuse %j", async (more, message) => {
    await refused(newApi(more), "BadRequestException", message);
  });

  it("refuse by name what is not emulated", async () => {
    const sent = client.send(
      new CreateApiCommand({ Name: "w", ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.a" }),
    );
    await expect(sent).rejects.toMatchObject({
      message: expect.stringContaining("WebSocket APIs"),
      $metadata: { httpStatusCode: 501 },
    });
    await expect(client.send(new CreateDomainNameCommand({ DomainName: "api.example.com" }))).rejects.toMatchObject({
      message: expect.stringContaining("apigatewayv2:CreateDomainName"),
      $metadata: { httpStatusCode: 501 },
    });
  });
});

describe("integrations", () => {
  it("have AWS's defaults", async () => {
    const ApiId = await newApi();
    const integration = await client.send(new CreateIntegrationCommand({ ApiId, ...PROXY }));
    expect(integration).toMatchObject({
      ConnectionType: "INTERNET",
      IntegrationMethod: "POST",
      IntegrationType: "AWS_PROXY",
      IntegrationUri: FUNCTION,
      PayloadFormatVersion: "2.0",
      TimeoutInMillis: 30_000,
      $metadata: { httpStatusCode: 201 },
    });
  });

  it.each([
    [
      { IntegrationType: "AWS" },
      "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)",
    ],
    [{ IntegrationType: "MOCK" }, /may only be associated with proxy integrations/],
    [{ PayloadFormatVersion: undefined }, "PayloadFormatVersion is a required parameter for integration"],
    [{ PayloadFormatVersion: "3.0" }, /PayloadFormatVersion 3.0 is not supported/],
    [{ IntegrationUri: "arn:aws:sqs:us-east-1:000000000000:q" }, "Invalid function ARN or invalid uri"],
    [
      { IntegrationType: "HTTP_PROXY", IntegrationUri: "https://a.example", PayloadFormatVersion: "1.0" },
      /HttpMethod must be specified/,
    ],
    [
      {
        IntegrationType: "HTTP_PROXY",
        IntegrationMethod: "GET",
        IntegrationUri: "nowhere",
        PayloadFormatVersion: "1.0",
      },
      /Invalid HTTP endpoint/,
    ],
    [
      {
        IntegrationType: "HTTP_PROXY",
        IntegrationMethod: "GET",
        IntegrationUri: "https://a.example",
        PayloadFormatVersion: "2.0",
      },
      /2.0 is not supported/,
    ],
    [{ TimeoutInMillis: 31_000 }, /timeoutInMillis/],
    [{ TimeoutInMillis: 49 }, /timeoutInMillis/],
    [{ PassthroughBehavior: "NEVER" }, /PassthroughBehavior is not supported for HTTP APIs/],
    [{ RequestParameters: { "append:header.x-amzn-a": "b" } }, /Operations on header x-amzn-a are restricted/],
    [{ RequestParameters: { "append:header.a": "$request.body..b" } }, /Invalid mapping expression specified/],
    [{ ResponseParameters: { "700": {} } }, /Invalid status code/],
    [{ IntegrationSubtype: "SQS-Nonsense", PayloadFormatVersion: "1.0" }, /SQS-Nonsense is not supported/],
    [
      { IntegrationSubtype: "SQS-SendMessage", PayloadFormatVersion: "1.0", RequestParameters: { QueueUrl: "q" } },
      /Missing required parameters for SQS-SendMessage: MessageBody/,
    ],
    [
      {
        IntegrationSubtype: "SQS-SendMessage",
        PayloadFormatVersion: "1.0",
        RequestParameters: { QueueUrl: "q", MessageBody: "$request.body" },
      },
      /CredentialsArn is a required parameter/,
    ],
  ])("refuse %j", async (more, message) => {
    await refused(newIntegration(await newApi(), more), "BadRequestException", message);
  });

  it("refuse VPC links and AppConfig by name", async () => {
    const ApiId = await newApi();
    await expect(newIntegration(ApiId, { ConnectionType: "VPC_LINK", ConnectionId: "x" })).rejects.toMatchObject({
      message: expect.stringMatching(/VPC links/),
    });
    const appConfig = newIntegration(ApiId, {
      IntegrationSubtype: "AppConfig-GetConfiguration",
      PayloadFormatVersion: "1.0",
    });
    await expect(appConfig).rejects.toMatchObject({
      message: expect.stringMatching(/AppConfig-GetConfiguration/),
      $metadata: { httpStatusCode: 501 },
    });
  });

  it("are updated, with mappings added and taken away", async () => {
    const ApiId = await newApi();
    const IntegrationId = await newIntegration(ApiId, {
      RequestParameters: { "append:header.a": "1", "append:header.b": "2" },
      ResponseParameters: { "200": { "append:header.c": "3" } },
    });
    const updated = await client.send(
      new UpdateIntegrationCommand({
        ApiId,
        IntegrationId,
        TimeoutInMillis: 50,
        RequestParameters: { "append:header.a": "", "append:header.d": "4" },
        ResponseParameters: { "200": {} },
      }),
    );
    expect(updated).toMatchObject({
      IntegrationId,
      TimeoutInMillis: 50,
      RequestParameters: { "append:header.b": "2", "append:header.d": "4" },
      ResponseParameters: {},
    });
    expect(updated.RequestParameters).not.toHaveProperty("append:header.a");
  });

  it("cannot be deleted while a route uses them", async () => {
    const ApiId = await newApi();
    const IntegrationId = await newIntegration(ApiId);
    const { RouteId } = await client.send(
      new CreateRouteCommand({ ApiId, RouteKey: "GET /", Target: `integrations/${IntegrationId}` }),
    );
    await refused(
      client.send(new DeleteIntegrationCommand({ ApiId, IntegrationId })),
      "ConflictException",
      /Cannot delete Integration/,
    );
    await client.send(new DeleteRouteCommand({ ApiId, RouteId }));
    await client.send(new DeleteIntegrationCommand({ ApiId, IntegrationId }));
  });
});

describe("routes", () => {
  it("have AWS's defaults and are updated", async () => {
    const ApiId = await newApi();
    const Target = `integrations/${await newIntegration(ApiId)}`;
    const route = await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /a/{id}", Target }));
    expect(route).toMatchObject({
      RouteKey: "GET /a/{id}",
      Target,
      AuthorizationType: "NONE",
      ApiKeyRequired: false,
      $metadata: { httpStatusCode: 201 },
    });
    await client.send(
      new UpdateRouteCommand({ ApiId, RouteId: route.RouteId, RouteKey: "POST /a", OperationName: "makeA" }),
    );
    expect(await client.send(new GetRouteCommand({ ApiId, RouteId: route.RouteId }))).toMatchObject({
      RouteKey: "POST /a",
      Target,
      OperationName: "makeA",
    });
  });

  it.each([
    [{ RouteKey: "GET a" }, /The provided route key is not formatted properly for HTTP protocol/],
    [{ RouteKey: "FETCH /a" }, /not formatted properly/],
    [{ RouteKey: "GET /{a+}/b" }, /not formatted properly/],
    [{ Target: "abc" }, /Invalid target: abc/],
    [{ ApiKeyRequired: true }, /ApiKeyRequired is not supported for HTTP APIs/],
    [{ AuthorizationType: "JWT" }, "AuthorizerId is required for authorization type JWT"],
    [{ AuthorizationScopes: ["a"] }, /only supported for routes with authorization type JWT/],
  ])("refuse %j", async (more, message) => {
    const ApiId = await newApi();
    await refused(
      client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /", ...(more as object) })),
      "BadRequestException",
      message,
    );
  });

  it("refuse a second one of the same key, and unknown targets", async () => {
    const ApiId = await newApi();
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /a" }));
    await refused(
      client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /a" })),
      "ConflictException",
      "Route with key GET /a already exists for this API",
    );
    await refused(
      client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /b", Target: "integrations/zzzzzzz" })),
      "NotFoundException",
      /Invalid Integration identifier specified zzzzzzz/,
    );
    await refused(
      client.send(new GetRouteCommand({ ApiId, RouteId: "nope" })),
      "NotFoundException",
      /Invalid Route identifier specified nope/,
    );
  });
});

describe("authorizers", () => {
  const JWT: Omit<CreateAuthorizerCommandInput, "ApiId"> = {
    AuthorizerType: "JWT",
    Name: "j",
    IdentitySource: ["$request.header.Authorization"],
    JwtConfiguration: { Issuer: "https://issuer.example", Audience: ["a"] },
  };
  const REQUEST: Omit<CreateAuthorizerCommandInput, "ApiId"> = {
    AuthorizerType: "REQUEST",
    Name: "r",
    IdentitySource: [],
    AuthorizerUri: FUNCTION,
    AuthorizerPayloadFormatVersion: "2.0",
  };

  it("are made, used by routes, updated and deleted", async () => {
    const ApiId = await newApi();
    const { AuthorizerId } = await client.send(new CreateAuthorizerCommand({ ApiId, ...JWT }));
    const { RouteId } = await client.send(
      new CreateRouteCommand({
        ApiId,
        RouteKey: "GET /",
        AuthorizationType: "JWT",
        AuthorizerId,
        AuthorizationScopes: ["s"],
      }),
    );
    await refused(
      client.send(new DeleteAuthorizerCommand({ ApiId, AuthorizerId })),
      "ConflictException",
      /is referenced in route/,
    );
    await refused(
      client.send(new UpdateRouteCommand({ ApiId, RouteId, AuthorizationType: "CUSTOM", AuthorizerId })),
      "BadRequestException",
      /does not fit/,
    );
    const route = await client.send(new UpdateRouteCommand({ ApiId, RouteId, AuthorizationType: "NONE" }));
    expect(route.AuthorizerId).toBeUndefined();
    const updated = await client.send(new UpdateAuthorizerCommand({ ApiId, AuthorizerId, Name: "k" }));
    expect(updated).toMatchObject({ Name: "k", AuthorizerId, JwtConfiguration: JWT.JwtConfiguration });
    await client.send(new CreateAuthorizerCommand({ ApiId, ...REQUEST, EnableSimpleResponses: true }));
    expect((await client.send(new GetAuthorizersCommand({ ApiId }))).Items).toHaveLength(2);
    await client.send(new DeleteAuthorizerCommand({ ApiId, AuthorizerId }));
  });

  it.each([
    [
      { ...JWT, JwtConfiguration: { Issuer: "http://issuer.example", Audience: ["a"] } },
      /Invalid issuer: http:\/\/issuer.example/,
    ],
    [{ ...JWT, JwtConfiguration: { Issuer: "https://issuer.example" } }, /Audience is a required parameter/],
    [{ ...JWT, IdentitySource: [] }, /Exactly one identity source/],
    [{ ...JWT, IdentitySource: ["Authorization"] }, "Invalid identity source: Authorization"],
    [{ ...JWT, AuthorizerResultTtlInSeconds: 5 }, /AuthorizerResultTtlInSeconds is not supported for JWT/],
    [
      { ...REQUEST, AuthorizerPayloadFormatVersion: undefined },
      "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer",
    ],
    [
      { ...REQUEST, AuthorizerPayloadFormatVersion: "1.0", EnableSimpleResponses: true },
      /EnableSimpleResponses is only supported/,
    ],
    [{ ...REQUEST, AuthorizerResultTtlInSeconds: 5 }, /At least one identity source is required/],
    [{ ...REQUEST, AuthorizerResultTtlInSeconds: 3601 }, /authorizerResultTtlInSeconds/],
    [{ ...REQUEST, AuthorizerUri: "x" }, /Invalid Authorizer URI/],
  ])("refuse %j", async (input, message) => {
    const ApiId = await newApi();
    await refused(
      client.send(new CreateAuthorizerCommand({ ApiId, ...input } as never)),
      "BadRequestException",
      message,
    );
  });
});

describe("stages and deployments", () => {
  it("deploy by hand", async () => {
    const ApiId = await newApi();
    await refused(
      client.send(new CreateDeploymentCommand({ ApiId })),
      "BadRequestException",
      "At least one route is required before deploying the Api.",
    );
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /" }));
    const stage = await client.send(new CreateStageCommand({ ApiId, StageName: "dev", StageVariables: { a: "1" } }));
    expect(stage).toMatchObject({
      StageName: "dev",
      AutoDeploy: false,
      StageVariables: { a: "1" },
      CreatedDate: new Date(START_MS),
      RouteSettings: {},
      DefaultRouteSettings: { DetailedMetricsEnabled: false },
    });
    expect(stage.DeploymentId).toBeUndefined();
    const deployment = await client.send(
      new CreateDeploymentCommand({ ApiId, StageName: "dev", Description: "first" }),
    );
    expect(deployment).toMatchObject({ AutoDeployed: false, DeploymentStatus: "DEPLOYED", Description: "first" });
    expect(await client.send(new GetStageCommand({ ApiId, StageName: "dev" }))).toMatchObject({
      DeploymentId: deployment.DeploymentId,
      LastDeploymentStatusMessage: `Successfully deployed stage with deployment ID '${deployment.DeploymentId}'`,
    });
    await client.send(
      new UpdateDeploymentCommand({ ApiId, DeploymentId: deployment.DeploymentId, Description: "one" }),
    );
    await refused(
      client.send(new DeleteDeploymentCommand({ ApiId, DeploymentId: deployment.DeploymentId })),
      "ConflictException",
      /Active stages pointing to this deployment/,
    );
    await client.send(new DeleteStageCommand({ ApiId, StageName: "dev" }));
    await client.send(new DeleteDeploymentCommand({ ApiId, DeploymentId: deployment.DeploymentId }));
    expect((await client.send(new GetDeploymentsCommand({ ApiId }))).Items).toEqual([]);
  });

  it("deploy by themselves after each change", async () => {
    const ApiId = await newApi();
    const { DeploymentId: first } = await client.send(
      new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }),
    );
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /" }));
    const { DeploymentId: second } = await client.send(new GetStageCommand({ ApiId, StageName: "$default" }));
    expect(second).not.toBe(first);
    const { Items } = await client.send(new GetDeploymentsCommand({ ApiId }));
    expect(Items).toMatchObject([
      {
        DeploymentId: second,
        AutoDeployed: true,
        Description: "Automatic deployment triggered by changes to the Api configuration",
      },
    ]);
    await refused(
      client.send(new CreateDeploymentCommand({ ApiId, StageName: "$default" })),
      "BadRequestException",
      /AutoDeploy/,
    );
  });

  it("add and take away settings and variables", async () => {
    const ApiId = await newApi();
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /" }));
    const StageName = "s";
    await client.send(
      new CreateStageCommand({
        ApiId,
        StageName,
        StageVariables: { a: "1", b: "2" },
        RouteSettings: { "GET /": { ThrottlingRateLimit: 5 } },
      }),
    );
    const updated = await client.send(
      new UpdateStageCommand({
        ApiId,
        StageName,
        StageVariables: { a: "", c: "3" },
        DefaultRouteSettings: { ThrottlingBurstLimit: 9 },
      }),
    );
    expect(updated).toMatchObject({
      StageVariables: { b: "2", c: "3" },
      RouteSettings: { "GET /": { ThrottlingRateLimit: 5 } },
      DefaultRouteSettings: { ThrottlingBurstLimit: 9 },
    });
    expect(updated.StageVariables).not.toHaveProperty("a");
    await client.send(new DeleteRouteSettingsCommand({ ApiId, StageName, RouteKey: "GET /" }));
    expect((await client.send(new GetStageCommand({ ApiId, StageName }))).RouteSettings).toEqual({});
    await refused(
      client.send(new DeleteRouteSettingsCommand({ ApiId, StageName, RouteKey: "GET /" })),
      "NotFoundException",
      /Unable to find Route by key GET \//,
    );
  });

  it("let access logs be written to their group", async () => {
    const logs = cloud.client(CloudWatchLogsClient);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "access" }));
    const ApiId = await newApi();
    const AccessLogSettings = {
      DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access:*",
      Format: "$context.requestId",
    };
    await client.send(new CreateStageCommand({ ApiId, StageName: "l", AccessLogSettings }));
    const [policy] = (await logs.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies!;
    expect(policy).toMatchObject({
      policyName: "AWSLogDeliveryWrite20150319",
      policyDocument: expect.stringContaining("log-group:access:log-stream:*"),
    });
    await client.send(new DeleteAccessLogSettingsCommand({ ApiId, StageName: "l" }));
    expect((await client.send(new GetStageCommand({ ApiId, StageName: "l" }))).AccessLogSettings).toBeUndefined();
  });

  it("made at the same time all add to the log policy", async () => {
    const logs = cloud.client(CloudWatchLogsClient);
    const names = ["together-1", "together-2", "together-3"];
    await Promise.all(
      names.map(async (name) => {
        await logs.send(new CreateLogGroupCommand({ logGroupName: name }));
        const DestinationArn = `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;
        const AccessLogSettings = { DestinationArn, Format: "$context.requestId" };
        await client.send(new CreateStageCommand({ ApiId: await newApi(), StageName: "l", AccessLogSettings }));
      }),
    );
    const [policy] = (await logs.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies!;
    for (const name of names) expect(policy!.policyDocument).toContain(`log-group:${name}:log-stream:*`);
  });

  const group = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  it.each([
    [{ StageName: "a b" }, "BadRequestException", /Stage name must be/],
    [{ AutoDeploy: true, DeploymentId: "x" }, "BadRequestException", /AutoDeploy/],
    [{ DeploymentId: "zzzzzz" }, "NotFoundException", /Invalid Deployment identifier specified zzzzzz/],
    [
      { RouteSettings: { "GET /x": {} } },
      "NotFoundException",
      "Unable to find Route by key GET /x within the provided RouteSettings",
    ],
    [
      { DefaultRouteSettings: { LoggingLevel: "INFO" } },
      "BadRequestException",
      "Execution logs are not supported on protocolType HTTP",
    ],
    [{ StageVariables: { "a-b": "1" } }, "BadRequestException", /Invalid stage variable name/],
    [{ StageVariables: { a: "あ" } }, "BadRequestException", /Stage variable value for a/],
    [{ ClientCertificateId: "c" }, "BadRequestException", /ClientCertificateId is not supported/],
    [{ AccessLogSettings: { DestinationArn: group } }, "BadRequestException", /Both DestinationArn and Format/],
    [
      { AccessLogSettings: { DestinationArn: "x", Format: "$context.requestId" } },
      "BadRequestException",
      /name a log group/,
    ],
    [
      { AccessLogSettings: { DestinationArn: group, Format: "$context.status" } },
      "BadRequestException",
      /must contain at least \$context.requestId/,
    ],
    [
      { AccessLogSettings: { DestinationArn: group, Format: "$context.requestId\n$context.path" } },
      "BadRequestException",
      /single line/,
    ],
  ])("refuse %j", async (more, name, message) => {
    const ApiId = await newApi();
    await refused(client.send(new CreateStageCommand({ ApiId, StageName: "dev", ...(more as object) })), name, message);
  });

  it("refuse a second stage of the same name", async () => {
    const ApiId = await newApi();
    await client.send(new CreateStageCommand({ ApiId, StageName: "dev" }));
    await refused(
      client.send(new CreateStageCommand({ ApiId, StageName: "dev" })),
      "ConflictException",
      "Stage already exists",
    );
    await refused(
      client.send(new GetStageCommand({ ApiId, StageName: "prod" })),
      "NotFoundException",
      "Invalid Stage identifier specified prod",
    );
  });
});

describe("tags", () => {
  it("are kept on APIs and stages", async () => {
    const ApiId = await newApi({ Tags: { a: "1" } });
    const ResourceArn = `arn:aws:apigateway:us-east-1::/apis/${ApiId}`;
    await client.send(new TagResourceCommand({ ResourceArn, Tags: { b: "2" } }));
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
    expect((await client.send(new GetTagsCommand({ ResourceArn }))).Tags).toEqual({ b: "2" });
    await client.send(new CreateStageCommand({ ApiId, StageName: "$default" }));
    const stageArn = `${ResourceArn}/stages/$default`;
    await client.send(new TagResourceCommand({ ResourceArn: stageArn, Tags: { c: "3" } }));
    expect((await client.send(new GetStageCommand({ ApiId, StageName: "$default" }))).Tags).toEqual({ c: "3" });
    await refused(
      client.send(new GetTagsCommand({ ResourceArn: "arn:aws:s3:::x" })),
      "BadRequestException",
      /Invalid ARN/,
    );
  });
});
