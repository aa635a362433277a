import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateModelCommand,
  CreateRequestValidatorCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  CreateStageCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  CreateVpcLinkCommand,
  DeleteDeploymentCommand,
  DeleteGatewayResponseCommand,
  DeleteModelCommand,
  DeleteResourceCommand,
  DeleteRestApiCommand,
  DeleteStageCommand,
  DeleteUsagePlanCommand,
  GenerateClientCertificateCommand,
  GetAccountCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetDeploymentCommand,
  GetDeploymentsCommand,
  GetExportCommand,
  GetGatewayResponseCommand,
  GetGatewayResponsesCommand,
  GetIntegrationCommand,
  GetMethodCommand,
  GetResourceCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  GetRestApisCommand,
  GetStageCommand,
  GetTagsCommand,
  GetUsageCommand,
  GetUsagePlanKeysCommand,
  ImportApiKeysCommand,
  ImportRestApiCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  TagResourceCommand,
  TestInvokeAuthorizerCommand,
  TestInvokeMethodCommand,
  UntagResourceCommand,
  UpdateAccountCommand,
  UpdateApiKeyCommand,
  UpdateAuthorizerCommand,
  UpdateGatewayResponseCommand,
  UpdateIntegrationCommand,
  UpdateIntegrationResponseCommand,
  UpdateMethodCommand,
  UpdateModelCommand,
  UpdateRequestValidatorCommand,
  UpdateResourceCommand,
  UpdateRestApiCommand,
  UpdateStageCommand,
  UpdateUsageCommand,
  UpdateUsagePlanCommand,
} from "@aws-sdk/client-api-gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { newApi, newFunction, newRole } from "./test-api.ts";

const ACCOUNT = "000000000000";
const OK = { type: "MOCK" as const, requestTemplates: { "application/json": '{"statusCode": 200}' } };
const POOL = `arn:aws:cognito-idp:us-east-1:${ACCOUNT}:userpool/us-east-1_a`;

let cloud: Cloud;
let client: APIGatewayClient;
let restApiId: string;
let rootId: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(APIGatewayClient);
  const api = await client.send(new CreateRestApiCommand({ name: "shared" }));
  restApiId = api.id!;
  rootId = api.rootResourceId!;
});
afterAll(() => cloud.close());

async function method(
  pathPart: string,
  httpMethod = "GET",
): Promise<{ restApiId: string; resourceId: string; httpMethod: string }> {
  const { id } = await client.send(new CreateResourceCommand({ restApiId, parentId: rootId, pathPart }));
  const at = { restApiId, resourceId: id!, httpMethod };
  await client.send(new PutMethodCommand({ ...at, authorizationType: "none" }));
  return at;
}

describe("APIs", () => {
  it("are made with AWS's defaults, described, changed by patches and deleted", async () => {
    const made = await client.send(new CreateRestApiCommand({ name: "first", description: "d", tags: { a: "1" } }));
    expect(made).toMatchObject({
      id: expect.stringMatching(/^[a-z0-9]{10}$/),
      name: "first",
      description: "d",
      apiKeySource: "HEADER",
      endpointConfiguration: { types: ["EDGE"] },
      disableExecuteApiEndpoint: false,
      rootResourceId: expect.stringMatching(/^[a-z0-9]{10}$/),
      createdDate: new Date(Math.floor(cloud.clock.now() / 1000) * 1000),
    });
    const updated = await client.send(
      new UpdateRestApiCommand({
        restApiId: made.id,
        patchOperations: [
          { op: "replace", path: "/name", value: "second" },
          { op: "add", path: "/binaryMediaTypes/image~1png", value: "" },
          { op: "add", path: "/binaryMediaTypes/image~1*" },
          { op: "remove", path: "/binaryMediaTypes/image~1png" },
          { op: "replace", path: "/minimumCompressionSize", value: "10" },
          { op: "replace", path: "/endpointConfiguration/types/EDGE", value: "REGIONAL" },
        ],
      }),
    );
    expect(updated).toMatchObject({
      name: "second",
      binaryMediaTypes: ["image/*"],
      minimumCompressionSize: 10,
      endpointConfiguration: { types: ["REGIONAL"] },
    });
    await client.send(new DeleteRestApiCommand({ restApiId: made.id }));
    await expect(client.send(new GetRestApiCommand({ restApiId: made.id }))).rejects.toMatchObject({
      name: "NotFoundException",
      message: `Invalid API identifier specified ${ACCOUNT}:${made.id}`,
    });
  });

  it("are listed in pages", async () => {
    const names = new Set<string>();
    for (let n = 0; n < 3; n++) await client.send(new CreateRestApiCommand({ name: `page-${n}` }));
    let position: string | undefined;
    do {
      const page = await client.send(new GetRestApisCommand({ limit: 2, position }));
      expect(page.items!.length).toBeLessThanOrEqual(2);
      for (const { name } of page.items!) names.add(name!);
      position = page.position;
    } while (position !== undefined);
    expect([...names]).toEqual(expect.arrayContaining(["page-0", "page-1", "page-2", "shared"]));
  });

  it("are cloned with all that is in them", async () => {
    const source = await newApi(cloud, { path: "a", integration: OK });
    const clone = await client.send(new CreateRestApiCommand({ name: "clone", cloneFrom: source.restApiId }));
    const { items = [] } = await client.send(new GetResourcesCommand({ restApiId: clone.id, embed: ["methods"] }));
    expect(items.find(({ path }) => path === "/a")?.resourceMethods?.["ANY"]?.methodIntegration?.type).toBe("MOCK");
  });

  it.each([
    [
      "an unknown path",
      { op: "replace", path: "/nope", value: "x" },
      /^Invalid patch path {2}'\/nope' specified for op 'replace'. Must be one of: \[\/apiKeySource, /,
    ],
    ["an unknown operation", { op: "add", path: "/name", value: "x" }, /Please choose supported operations$/],
    [
      "a size out of range",
      { op: "replace", path: "/minimumCompressionSize", value: "-1" },
      /must be between 0 and 10485760$/,
    ],
    ["an empty name", { op: "replace", path: "/name", value: "" }, /^No API name specified$/],
    ["a broken policy", { op: "replace", path: "/policy", value: "{" }, /^Invalid policy document/],
  ] as const)("refuse a patch of %s", async (_, operation, message) => {
    await expect(
      client.send(new UpdateRestApiCommand({ restApiId, patchOperations: [operation] })),
    ).rejects.toMatchObject({ name: "BadRequestException", message: expect.stringMatching(message) });
  });
});

describe("resources", () => {
  it("form a tree that can be moved and deleted", async () => {
    const make = async (parentId: string, pathPart: string) =>
      (await client.send(new CreateResourceCommand({ restApiId, parentId, pathPart }))).id!;
    const [a, b] = [await make(rootId, "tree"), await make(rootId, "other")];
    const child = await make(a, "{id}");
    const grandchild = await make(child, "x");
    const moved = await client.send(
      new UpdateResourceCommand({
        restApiId,
        resourceId: child,
        patchOperations: [{ op: "replace", path: "/parentId", value: b }],
      }),
    );
    expect(moved).toMatchObject({ path: "/other/{id}", parentId: b });
    expect((await client.send(new GetResourceCommand({ restApiId, resourceId: grandchild }))).path).toBe(
      "/other/{id}/x",
    );
    await expect(
      client.send(
        new UpdateResourceCommand({
          restApiId,
          resourceId: b,
          patchOperations: [{ op: "replace", path: "/parentId", value: grandchild }],
        }),
      ),
    ).rejects.toThrow("Resources cannot be cyclical.");
    await client.send(new DeleteResourceCommand({ restApiId, resourceId: b }));
    await expect(client.send(new GetResourceCommand({ restApiId, resourceId: grandchild }))).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Invalid Resource identifier specified",
    });
  });

  it.each([
    ["a/b", "BadRequestException"],
    ["{a}{b}", "BadRequestException"],
    ["taken", "ConflictException"],
  ])("refuse the path part %s", async (pathPart, name) => {
    if (pathPart === "taken") await client.send(new CreateResourceCommand({ restApiId, parentId: rootId, pathPart }));
    await expect(
      client.send(new CreateResourceCommand({ restApiId, parentId: rootId, pathPart })),
    ).rejects.toMatchObject({ name });
  });

  it("have one variable among siblings, and nothing below a greedy one", async () => {
    const { id: parentId } = await client.send(
      new CreateResourceCommand({ restApiId, parentId: rootId, pathPart: "greedy" }),
    );
    const { id: greedy } = await client.send(new CreateResourceCommand({ restApiId, parentId, pathPart: "{proxy+}" }));
    await client.send(new CreateResourceCommand({ restApiId, parentId, pathPart: "{a}" }));
    await expect(client.send(new CreateResourceCommand({ restApiId, parentId, pathPart: "{b}" }))).rejects.toThrow(
      "A sibling ({a}) of this resource already has a variable path part -- only one is allowed",
    );
    await expect(
      client.send(new CreateResourceCommand({ restApiId, parentId: greedy, pathPart: "x" })),
    ).rejects.toThrow("Cannot create a child of a resource with a greedy path variable: {proxy+}");
  });
});

describe("methods and integrations", () => {
  it("are put, described and patched", async () => {
    const at = await method("patched");
    await expect(client.send(new PutMethodCommand({ ...at, authorizationType: "NONE" }))).rejects.toMatchObject({
      name: "ConflictException",
      message: "Method already exists for this resource",
    });
    await client.send(new PutIntegrationCommand({ ...at, ...OK }));
    await client.send(new PutMethodResponseCommand({ ...at, statusCode: "200" }));
    await client.send(new PutIntegrationResponseCommand({ ...at, statusCode: "200" }));
    const changed = await client.send(
      new UpdateMethodCommand({
        ...at,
        patchOperations: [
          { op: "replace", path: "/authorizationType", value: "AWS_IAM" },
          { op: "replace", path: "/apiKeyRequired", value: "true" },
          { op: "add", path: "/requestParameters/method.request.querystring.q", value: "true" },
          { op: "add", path: "/requestModels/application~1json", value: "Empty" },
        ],
      }),
    );
    expect(changed).toMatchObject({
      authorizationType: "AWS_IAM",
      apiKeyRequired: true,
      requestParameters: { "method.request.querystring.q": true },
      requestModels: { "application/json": "Empty" },
      methodIntegration: {
        type: "MOCK",
        timeoutInMillis: 29_000,
        passthroughBehavior: "WHEN_NO_MATCH",
        cacheNamespace: at.resourceId,
      },
    });
    await client.send(
      new UpdateIntegrationCommand({
        ...at,
        patchOperations: [
          { op: "replace", path: "/timeoutInMillis", value: "1000" },
          { op: "add", path: "/requestTemplates/text~1plain", value: "x" },
        ],
      }),
    );
    await client.send(
      new UpdateIntegrationResponseCommand({
        ...at,
        statusCode: "200",
        patchOperations: [{ op: "add", path: "/responseTemplates/application~1json", value: "$input.body" }],
      }),
    );
    expect(await client.send(new GetIntegrationCommand(at))).toMatchObject({
      timeoutInMillis: 1000,
      requestTemplates: { "text/plain": "x" },
      integrationResponses: { 200: { statusCode: "200", responseTemplates: { "application/json": "$input.body" } } },
    });
    expect((await client.send(new GetMethodCommand(at))).methodResponses).toEqual({ 200: { statusCode: "200" } });
  });

  it.each([
    [
      "an unknown authorizer",
      { authorizationType: "CUSTOM", authorizerId: "none" },
      "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
    ],
    ["an unknown model", { requestModels: { "application/json": "None" } }, "Invalid model identifier specified: None"],
    ["an unknown validator", { requestValidatorId: "none" }, "Invalid Request Validator identifier specified"],
    [
      "parameters of one name",
      { requestParameters: { "method.request.querystring.a": true, "method.request.header.a": true } },
      "Parameter names must be unique across querystring, header and path",
    ],
    [
      "an unknown method",
      { httpMethod: "TRACE" },
      "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
    ],
  ])("refuse a method with %s", async (_, facts, message) => {
    await expect(
      client.send(
        new PutMethodCommand({ restApiId, resourceId: rootId, httpMethod: "GET", authorizationType: "NONE", ...facts }),
      ),
    ).rejects.toMatchObject({ name: "BadRequestException", message });
  });

  it.each([
    ["no method", { type: "HTTP", uri: "https://example.com" }, "Enumeration value for HttpMethod must be non-empty"],
    ["no address", { type: "HTTP", integrationHttpMethod: "GET" }, "Invalid HTTP endpoint specified for URI"],
    [
      "another ARN",
      { type: "AWS", integrationHttpMethod: "POST", uri: "arn:aws:apigateway:us-east-1:x" },
      "AWS ARN for integration must contain path or action",
    ],
    ["a timeout out of range", { ...OK, timeoutInMillis: 1 }, "Timeout should be between 50 ms and 29000 ms"],
    [
      "a broken mapping",
      { ...OK, requestParameters: { "integration.request.header.a": "nothing" } },
      "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: nothing]",
    ],
  ] as const)("refuse an integration with %s", async (_, facts, message) => {
    const at = await method(`bad-${message.length}`);
    await expect(client.send(new PutIntegrationCommand({ ...at, ...facts }))).rejects.toMatchObject({ message });
  });

  it("refuse a response that the method does not declare", async () => {
    const at = await method("undeclared");
    await client.send(new PutIntegrationCommand({ ...at, ...OK }));
    await expect(client.send(new PutIntegrationResponseCommand({ ...at, statusCode: "200" }))).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Invalid Response status code specified",
    });
    await client.send(new PutMethodResponseCommand({ ...at, statusCode: "200" }));
    await expect(
      client.send(
        new PutIntegrationResponseCommand({
          ...at,
          statusCode: "200",
          responseParameters: { "method.response.header.X": "'1'" },
        }),
      ),
    ).rejects.toThrow("Invalid mapping expression parameter specified: method.response.header.X");
  });
});

describe("deployments and stages", () => {
  it("freeze the API, and are patched", async () => {
    const { restApiId: id } = await newApi(cloud, { httpMethod: "GET", integration: OK });
    const { items: deployments = [] } = await client.send(new GetDeploymentsCommand({ restApiId: id }));
    const deploymentId = deployments[0]!.id!;
    const detail = await client.send(new GetDeploymentCommand({ restApiId: id, deploymentId, embed: ["apisummary"] }));
    expect(detail.apiSummary).toEqual({ "/": { GET: { authorizationType: "NONE", apiKeyRequired: false } } });
    const stage = await client.send(
      new CreateStageCommand({
        restApiId: id,
        stageName: "beta",
        deploymentId,
        variables: { a: "1" },
        tags: { t: "x" },
      }),
    );
    expect(stage).toMatchObject({
      stageName: "beta",
      cacheClusterEnabled: false,
      cacheClusterStatus: "NOT_AVAILABLE",
      tracingEnabled: false,
    });
    await expect(
      client.send(new CreateStageCommand({ restApiId: id, stageName: "beta", deploymentId })),
    ).rejects.toMatchObject({
      name: "ConflictException",
      message: "Stage already exists",
    });
    const updated = await client.send(
      new UpdateStageCommand({
        restApiId: id,
        stageName: "beta",
        patchOperations: [
          { op: "replace", path: "/variables/b", value: "2" },
          { op: "remove", path: "/variables/a" },
          { op: "replace", path: "/*/*/throttling/rateLimit", value: "7" },
          { op: "replace", path: "/~1/GET/metrics/enabled", value: "true" },
        ],
      }),
    );
    expect(updated.variables).toEqual({ b: "2" });
    expect(updated.methodSettings).toMatchObject({
      "*/*": { throttlingRateLimit: 7, throttlingBurstLimit: 5000 },
      "/GET": { metricsEnabled: true },
    });
    await expect(client.send(new DeleteDeploymentCommand({ restApiId: id, deploymentId }))).rejects.toThrow(
      "Active stages pointing to this deployment must be moved or deleted",
    );
    await client.send(new DeleteStageCommand({ restApiId: id, stageName: "beta" }));
    await expect(client.send(new GetStageCommand({ restApiId: id, stageName: "beta" }))).rejects.toMatchObject({
      name: "NotFoundException",
      message: "Invalid stage identifier specified",
    });
  });

  it("need methods with integrations", async () => {
    const { id } = await client.send(new CreateRestApiCommand({ name: "empty" }));
    await expect(client.send(new CreateDeploymentCommand({ restApiId: id }))).rejects.toThrow(
      "The REST API doesn't contain any methods",
    );
  });

  it("log only with a role in the account's settings", async () => {
    const { restApiId: id } = await newApi(cloud, { httpMethod: "GET", integration: OK });
    const patchOperations = [{ op: "replace" as const, path: "/*/*/logging/loglevel", value: "INFO" }];
    const update = new UpdateStageCommand({ restApiId: id, stageName: "dev", patchOperations });
    await expect(client.send(update)).rejects.toThrow(
      "CloudWatch Logs role ARN must be set in account settings to enable logging",
    );
    const value = await newRole(cloud, "apigateway.amazonaws.com", ["logs:*"]);
    await client.send(
      new UpdateAccountCommand({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] }),
    );
    expect(await client.send(new GetAccountCommand({}))).toMatchObject({
      cloudwatchRoleArn: value,
      throttleSettings: { burstLimit: 5000, rateLimit: 10_000 },
    });
    expect((await client.send(update)).methodSettings?.["*/*"]?.loggingLevel).toBe("INFO");
  });

  it("are exported as OpenAPI and imported again", async () => {
    const { restApiId: id } = await newApi(cloud, {
      path: "a/{id}",
      httpMethod: "GET",
      method: { apiKeyRequired: true },
      integration: OK,
    });
    for (const exportType of ["oas30", "swagger"]) {
      const { body } = await client.send(
        new GetExportCommand({ restApiId: id, stageName: "dev", exportType, parameters: { extensions: "apigateway" } }),
      );
      const made = await client.send(new ImportRestApiCommand({ body: body! }));
      const { items = [] } = await client.send(new GetResourcesCommand({ restApiId: made.id, embed: ["methods"] }));
      expect(items.find(({ path }) => path === "/a/{id}")?.resourceMethods?.["GET"]).toMatchObject({
        apiKeyRequired: true,
        methodIntegration: { type: "MOCK", integrationResponses: { 200: { statusCode: "200" } } },
      });
    }
  });
});

describe("authorizers, models, validators and gateway responses", () => {
  it("are made, patched and protected while they are used", async () => {
    const { id: authorizerId } = await client.send(
      new CreateAuthorizerCommand({
        restApiId,
        name: "pool",
        type: "COGNITO_USER_POOLS",
        providerARNs: [POOL],
        identitySource: "method.request.header.A",
      }),
    );
    const authorizer = await client.send(
      new UpdateAuthorizerCommand({
        restApiId,
        authorizerId,
        patchOperations: [{ op: "add", path: "/providerARNs", value: `${POOL}b` }],
      }),
    );
    expect(authorizer.providerARNs).toEqual([POOL, `${POOL}b`]);
    await client.send(
      new CreateModelCommand({ restApiId, name: "Used", contentType: "application/json", schema: "{}" }),
    );
    await client.send(
      new UpdateModelCommand({
        restApiId,
        modelName: "Used",
        patchOperations: [{ op: "replace", path: "/description", value: "d" }],
      }),
    );
    const { id: requestValidatorId } = await client.send(new CreateRequestValidatorCommand({ restApiId, name: "v" }));
    const validator = await client.send(
      new UpdateRequestValidatorCommand({
        restApiId,
        requestValidatorId,
        patchOperations: [{ op: "replace", path: "/validateRequestBody", value: "true" }],
      }),
    );
    expect(validator).toMatchObject({ validateRequestBody: true, validateRequestParameters: false });
    const at = await method("using", "POST");
    await client.send(
      new UpdateMethodCommand({
        ...at,
        patchOperations: [{ op: "add", path: "/requestModels/application~1json", value: "Used" }],
      }),
    );
    await expect(client.send(new DeleteModelCommand({ restApiId, modelName: "Used" }))).rejects.toMatchObject({
      name: "ConflictException",
      message: "Cannot delete model 'Used', is referenced in method request: /using/POST",
    });
  });

  it("answer for every type, put or not", async () => {
    const { items = [] } = await client.send(new GetGatewayResponsesCommand({ restApiId, limit: 100 }));
    expect(items).toHaveLength(21);
    expect(items.every(({ defaultResponse }) => defaultResponse)).toBe(true);
    await client.send(
      new UpdateGatewayResponseCommand({
        restApiId,
        responseType: "UNAUTHORIZED",
        patchOperations: [
          { op: "replace", path: "/statusCode", value: "418" },
          { op: "add", path: "/responseParameters/gatewayresponse.header.X", value: "'y'" },
        ],
      }),
    );
    expect(await client.send(new GetGatewayResponseCommand({ restApiId, responseType: "UNAUTHORIZED" }))).toMatchObject(
      {
        statusCode: "418",
        responseParameters: { "gatewayresponse.header.X": "'y'" },
        defaultResponse: false,
      },
    );
    await client.send(new DeleteGatewayResponseCommand({ restApiId, responseType: "UNAUTHORIZED" }));
    await expect(
      client.send(new DeleteGatewayResponseCommand({ restApiId, responseType: "UNAUTHORIZED" })),
    ).rejects.toThrow("Gateway response type not defined on api");
  });
});

describe("API keys and usage plans", () => {
  it("are made, listed, patched, and meter requests", async () => {
    const { url, restApiId: id } = await newApi(cloud, {
      httpMethod: "GET",
      method: { apiKeyRequired: true },
      integration: OK,
    });
    const key = await client.send(new CreateApiKeyCommand({ name: "customer", enabled: true }));
    expect(key.value).toMatch(/^[a-zA-Z0-9]{40}$/);
    expect((await client.send(new GetApiKeyCommand({ apiKey: key.id }))).value).toBeUndefined();
    const { items = [] } = await client.send(new GetApiKeysCommand({ nameQuery: "cust", includeValues: true }));
    expect(items.map(({ value }) => value)).toEqual([key.value]);
    const plan = await client.send(
      new CreateUsagePlanCommand({
        name: "gold",
        apiStages: [{ apiId: id, stage: "dev" }],
        quota: { limit: 3, period: "MONTH" },
      }),
    );
    const headers = { "x-api-key": key.value! };
    expect((await fetch(url, { headers })).status).toBe(403);
    await client.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" }));
    const { items: planKeys } = await client.send(new GetUsagePlanKeysCommand({ usagePlanId: plan.id }));
    expect(planKeys).toMatchObject([{ id: key.id, name: "customer", type: "API_KEY" }]);
    expect([(await fetch(url, { headers })).status, (await fetch(url, { headers })).status]).toEqual([200, 200]);
    const day = new Date(cloud.clock.now()).toISOString().slice(0, 10);
    const usage = await client.send(new GetUsageCommand({ usagePlanId: plan.id, startDate: day, endDate: day }));
    expect(usage.items).toEqual({ [key.id!]: [[2, 1]] });
    await client.send(
      new UpdateUsageCommand({
        usagePlanId: plan.id,
        keyId: key.id,
        patchOperations: [{ op: "replace", path: "/remaining", value: "0" }],
      }),
    );
    expect((await fetch(url, { headers })).status).toBe(429);
    await client.send(
      new UpdateUsagePlanCommand({ usagePlanId: plan.id, patchOperations: [{ op: "remove", path: "/quota" }] }),
    );
    expect((await fetch(url, { headers })).status).toBe(200);
    await client.send(
      new UpdateApiKeyCommand({
        apiKey: key.id,
        patchOperations: [{ op: "replace", path: "/enabled", value: "false" }],
      }),
    );
    expect((await fetch(url, { headers })).status).toBe(403);
    await expect(client.send(new DeleteUsagePlanCommand({ usagePlanId: plan.id }))).rejects.toMatchObject({
      name: "BadRequestException",
    });
    await expect(client.send(new DeleteStageCommand({ restApiId: id, stageName: "dev" }))).rejects.toThrow(
      "associated with a usage plan",
    );
  });

  it("throttle a key, and a key at one method", async () => {
    const { url, restApiId: id } = await newApi(cloud, {
      path: "a",
      httpMethod: "GET",
      method: { apiKeyRequired: true },
      integration: OK,
    });
    const key = await client.send(new CreateApiKeyCommand({ enabled: true }));
    const plan = await client.send(
      new CreateUsagePlanCommand({
        name: "slow",
        apiStages: [{ apiId: id, stage: "dev" }],
        throttle: { rateLimit: 1, burstLimit: 2 },
      }),
    );
    await client.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" }));
    await client.send(
      new UpdateUsagePlanCommand({
        usagePlanId: plan.id,
        patchOperations: [
          { op: "add", path: `/apiStages/${id}:dev/throttle/~1a/GET/rateLimit`, value: "1" },
          { op: "add", path: `/apiStages/${id}:dev/throttle/~1a/GET/burstLimit`, value: "1" },
        ],
      }),
    );
    const get = () => fetch(`${url}/a`, { headers: { "x-api-key": key.value! } });
    expect([(await get()).status, (await get()).status]).toEqual([200, 429]);
  });

  it("come from a file", async () => {
    const body = Buffer.from('Name,key,description,Enabled\nimported,abcdefghij0123456789,"a, b",TRUE\n');
    const { ids = [] } = await client.send(new ImportApiKeysCommand({ body, format: "csv" }));
    expect(await client.send(new GetApiKeyCommand({ apiKey: ids[0], includeValue: true }))).toMatchObject({
      name: "imported",
      value: "abcdefghij0123456789",
      description: "a, b",
      enabled: true,
    });
  });
});

describe("tags", () => {
  it("are added and removed", async () => {
    const resourceArn = `arn:aws:apigateway:us-east-1::/restapis/${restApiId}`;
    await client.send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }));
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect((await client.send(new GetTagsCommand({ resourceArn }))).tags).toEqual({ b: "2" });
  });
});

describe("test invocations", () => {
  it("run a method that is not deployed, without its authorizer, and tell the log", async () => {
    const { id } = await client.send(new CreateResourceCommand({ restApiId, parentId: rootId, pathPart: "tested" }));
    const { id: resourceId } = await client.send(
      new CreateResourceCommand({ restApiId, parentId: id, pathPart: "{id}" }),
    );
    const at = { restApiId, resourceId, httpMethod: "POST" };
    await client.send(new PutMethodCommand({ ...at, authorizationType: "AWS_IAM" }));
    await client.send(new PutIntegrationCommand({ ...at, ...OK }));
    await client.send(new PutMethodResponseCommand({ ...at, statusCode: "200" }));
    const template = `$input.params('id') $input.params('q') $stageVariables.v $input.params('X-H')`;
    await client.send(
      new PutIntegrationResponseCommand({
        ...at,
        statusCode: "200",
        responseTemplates: { "application/json": template },
      }),
    );
    const result = await client.send(
      new TestInvokeMethodCommand({
        ...at,
        pathWithQueryString: "/tested/7?q=8",
        headers: { "X-H": "10" },
        stageVariables: { v: "x" },
      }),
    );
    expect(result).toMatchObject({ status: 200, body: "7 8 x 10", headers: { "content-type": "application/json" } });
    expect(result.log!.split("\n").map((line) => line.replace(/^.* : /, ""))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Execution log for request [0-9a-f-]{36}$/),
        "HTTP Method: POST, Resource Path: /tested/7",
        "Method request path: {id=7}",
        "Method request query string: {q=8}",
        "Method response body after transformations: 7 8 x 10",
        "Successfully completed execution",
        "Method completed with status: 200",
      ]),
    );
  });

  it("ask an authorizer", async () => {
    const authorizerUri = await newFunction(
      cloud,
      "exports.handler = async (event) => ({ principalId: event.authorizationToken, policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: '*' }] }, context: { a: 1 } });",
    );
    const { id: authorizerId } = await client.send(
      new CreateAuthorizerCommand({
        restApiId,
        name: "t",
        type: "TOKEN",
        authorizerUri,
        identitySource: "method.request.header.Auth",
      }),
    );
    const result = await client.send(
      new TestInvokeAuthorizerCommand({ restApiId, authorizerId, headers: { Auth: "me" } }),
    );
    expect(result).toMatchObject({ clientStatus: 200, principalId: "me", authorization: { a: ["1"] } });
    expect((await client.send(new TestInvokeAuthorizerCommand({ restApiId, authorizerId }))).clientStatus).toBe(401);
  });
});

describe("what is not emulated", () => {
  it.each([
    ["VPC links", () => client.send(new CreateVpcLinkCommand({ name: "x", targetArns: ["a"] }))],
    ["client certificates", () => client.send(new GenerateClientCertificateCommand({}))],
    [
      "private APIs",
      () => client.send(new CreateRestApiCommand({ name: "x", endpointConfiguration: { types: ["PRIVATE"] } })),
    ],
    ["caches", () => client.send(new CreateDeploymentCommand({ restApiId, cacheClusterEnabled: true }))],
    ["canaries", () => client.send(new CreateDeploymentCommand({ restApiId, canarySettings: { percentTraffic: 1 } }))],
  ])("is refused by name: %s", async (_, call) => {
    await expect(call()).rejects.toMatchObject({
      name: "NotImplemented",
      message: expect.stringMatching(/^Katachi does not emulate /),
    });
  });
});
