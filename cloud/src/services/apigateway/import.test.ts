import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetAuthorizersCommand,
  GetMethodCommand,
  GetModelCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  ImportRestApiCommand,
  PutRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { deploy } from "./test-api.ts";

let cloud: Cloud;
let client: APIGatewayClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(APIGatewayClient);
});
afterAll(() => cloud.close());

const MOCK = {
  type: "mock",
  requestTemplates: { "application/json": { statusCode: 200 } },
  responses: { default: { statusCode: 200, responseTemplates: { "application/json": `{"q": "$input.params('q')"}` } } },
};

const DOCUMENT = {
  openapi: "3.0.1",
  info: { title: "orders", version: "2", description: "Orders" },
  servers: [{ url: "https://example.com/{stage}/v1", variables: { stage: { default: "prod" } } }],
  tags: [{ name: "team", "x-amazon-apigateway-tag-value": "blue" }, { name: "plain" }],
  "x-amazon-apigateway-binary-media-types": ["image/png"],
  "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
  "x-amazon-apigateway-request-validator": "all",
  "x-amazon-apigateway-gateway-responses": {
    BAD_REQUEST_PARAMETERS: { statusCode: 422, responseParameters: { "gatewayresponse.header.X-Why": "'missing'" } },
  },
  paths: {
    "/orders/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      get: {
        operationId: "GetOrder",
        parameters: [{ $ref: "#/components/parameters/Q" }],
        responses: {
          200: {
            description: "ok",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } },
          },
        },
        "x-amazon-apigateway-integration": MOCK,
      },
      post: {
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } } },
        responses: { 200: { description: "ok" } },
        security: [{ token: [] }, { key: [] }],
        "x-amazon-apigateway-integration": MOCK,
      },
    },
    "/{proxy+}": {
      "x-amazon-apigateway-any-method": {
        responses: { 200: { description: "ok" } },
        "x-amazon-apigateway-integration": MOCK,
      },
    },
  },
  components: {
    parameters: { Q: { name: "q", in: "query", required: true } },
    schemas: {
      Order: {
        type: "object",
        required: ["items"],
        properties: { items: { type: "array", items: { $ref: "#/components/schemas/Item" } } },
      },
      Item: { type: "object", required: ["sku"] },
    },
    securitySchemes: {
      key: { type: "apiKey", name: "x-api-key", in: "header" },
      token: {
        type: "apiKey",
        name: "X-Token",
        in: "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
          type: "token",
          authorizerUri:
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:a/invocations",
          authorizerResultTtlInSeconds: 0,
        },
      },
    },
  },
};

async function imported(document: object, parameters?: Record<string, string>): Promise<string> {
  const { id } = await client.send(
    new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)), parameters }),
  );
  return id!;
}

async function pathsOf(restApiId: string): Promise<string[]> {
  const { items = [] } = await client.send(new GetResourcesCommand({ restApiId }));
  return items.map(({ path }) => path!).sort();
}

describe("an OpenAPI 3.0 document", () => {
  it("becomes an API that serves", async () => {
    const restApiId = await imported(DOCUMENT);
    expect(await client.send(new GetRestApiCommand({ restApiId }))).toMatchObject({
      name: "orders",
      description: "Orders",
      version: "2",
      binaryMediaTypes: ["image/png"],
      tags: { team: "blue" },
    });
    expect(await pathsOf(restApiId)).toEqual(["/", "/orders", "/orders/{id}", "/{proxy+}"]);
    await deploy(cloud, restApiId);
    const url = `${cloud.endpoint}/_aws/execute-api/${restApiId}/dev`;
    expect(await (await fetch(`${url}/orders/1?q=x`)).json()).toEqual({ q: "x" });
    const refused = await fetch(`${url}/orders/1`);
    expect([refused.status, refused.headers.get("x-why")]).toEqual([422, "missing"]);
    expect((await fetch(`${url}/any/thing`, { method: "DELETE" })).status).toBe(200);
  });

  it("gives methods their models, validators, authorizers and keys", async () => {
    const restApiId = await imported(DOCUMENT);
    const { items = [] } = await client.send(new GetResourcesCommand({ restApiId, embed: ["methods"] }));
    const resourceId = items.find(({ path }) => path === "/orders/{id}")!.id!;
    const get = await client.send(new GetMethodCommand({ restApiId, resourceId, httpMethod: "GET" }));
    expect(get).toMatchObject({
      operationName: "GetOrder",
      requestParameters: { "method.request.path.id": true, "method.request.querystring.q": true },
      methodResponses: { 200: { responseModels: { "application/json": "Order" } } },
    });
    const { items: authorizers = [] } = await client.send(new GetAuthorizersCommand({ restApiId }));
    expect(authorizers).toMatchObject([
      { name: "token", type: "TOKEN", identitySource: "method.request.header.X-Token" },
    ]);
    const post = await client.send(new GetMethodCommand({ restApiId, resourceId, httpMethod: "POST" }));
    expect(post).toMatchObject({
      authorizationType: "CUSTOM",
      authorizerId: authorizers[0]!.id,
      apiKeyRequired: true,
      requestModels: { "application/json": "Order" },
    });
    const model = await client.send(new GetModelCommand({ restApiId, modelName: "Order" }));
    expect(JSON.parse(model.schema!)).toMatchObject({
      properties: { items: { items: { $ref: `https://apigateway.amazonaws.com/restapis/${restApiId}/models/Item` } } },
    });
  });

  it("tells what it leaves out, and fails on it where asked to", async () => {
    const securitySchemes = { oauth: { type: "oauth2" } };
    const body = Buffer.from(
      JSON.stringify({ openapi: "3.0.1", info: { title: "w" }, paths: {}, components: { securitySchemes } }),
    );
    const { warnings } = await client.send(new ImportRestApiCommand({ body }));
    expect(warnings).toEqual(["Ignoring the security scheme oauth: it names no authorizer"]);
    await expect(client.send(new ImportRestApiCommand({ body, failOnWarnings: true }))).rejects.toMatchObject({
      name: "BadRequestException",
    });
  });

  it.each([
    ["ignore", "/orders"],
    ["prepend", "/prod/v1/orders"],
    ["split", "/v1/orders"],
  ])("with basepath %s puts %s", async (basepath, path) => {
    const restApiId = await imported(DOCUMENT, { basepath });
    expect(await pathsOf(restApiId)).toContain(path);
  });
});

describe("a Swagger 2.0 document", () => {
  const swagger = (paths: object) => ({ swagger: "2.0", info: { title: "s" }, basePath: "/base", paths });

  it("replaces or joins what is there", async () => {
    const operation = { responses: { 200: { description: "ok" } }, "x-amazon-apigateway-integration": MOCK };
    const restApiId = await imported(swagger({ "/a": { get: operation } }));
    const put = (paths: object, mode: "merge" | "overwrite") =>
      client.send(new PutRestApiCommand({ restApiId, mode, body: Buffer.from(JSON.stringify(swagger(paths))) }));
    await put({ "/b": { get: operation } }, "merge");
    expect(await pathsOf(restApiId)).toEqual(["/", "/a", "/b"]);
    await put({ "/c": { get: operation } }, "overwrite");
    expect(await pathsOf(restApiId)).toEqual(["/", "/c"]);
  });

  it("may be YAML", async () => {
    const body = Buffer.from("swagger: '2.0'\ninfo: {title: y}\npaths:\n  /a:\n    get:\n      responses: {}\n");
    const { id } = await client.send(new ImportRestApiCommand({ body }));
    expect(await pathsOf(id!)).toEqual(["/", "/a"]);
    await expect(client.send(new CreateDeploymentCommand({ restApiId: id }))).rejects.toMatchObject({
      name: "BadRequestException",
      message: "No integration defined for method",
    });
  });

  it.each([
    ["no document", "hello"],
    ["another version", '{"openapi": "3.1.0"}'],
    [
      "an unknown integration",
      JSON.stringify(swagger({ "/a": { get: { "x-amazon-apigateway-integration": { type: "x" } } } })),
    ],
    ["an unknown security scheme", JSON.stringify(swagger({ "/a": { get: { security: [{ x: [] }] } } }))],
  ])("with %s is refused", async (_, text) => {
    await expect(client.send(new ImportRestApiCommand({ body: Buffer.from(text) }))).rejects.toMatchObject({
      name: "BadRequestException",
    });
  });
});
