import {
  ApiGatewayV2Client,
  CreateStageCommand,
  GetApiCommand,
  GetAuthorizersCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStagesCommand,
  ImportApiCommand,
  ReimportApiCommand,
} from "@aws-sdk/client-apigatewayv2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:orders";
const URI = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`;

let cloud: Cloud;
let client: ApiGatewayV2Client;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(ApiGatewayV2Client);
});
afterAll(() => cloud.close());

const DOCUMENT = `
openapi: "3.0.1"
info:
  title: Orders
  version: "7"
  description: All orders
servers:
  - url: https://api.example.com/{stage}/v1
    variables:
      stage: { default: prod }
tags:
  - name: team
    x-amazon-apigateway-tag-value: blue
x-amazon-apigateway-cors:
  allowOrigins: ["https://app.example"]
  allowMethods: [GET]
  maxAge: 60
paths:
  /orders:
    get:
      operationId: listOrders
      security:
        - cognito: [orders.read]
      x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/orders" }
    post:
      security:
        - gatekeeper: []
      x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/orders" }
  /orders/{id}:
    delete:
      security:
        - signed: []
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: DELETE
        uri: https://backend.example/{id}
        payloadFormatVersion: 1.0
        timeoutInMillis: 500
        requestParameters: { "append:header.x": "1" }
        responseParameters: { "200": { "overwrite:statuscode": "204" } }
  /{proxy+}:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration: { type: aws_proxy, uri: "${URI}", payloadFormatVersion: "2.0" }
  /$default:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/orders" }
components:
  securitySchemes:
    cognito:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: { issuer: "https://issuer.example", audience: [app] }
    gatekeeper:
      type: apiKey
      name: authorization
      in: header
      x-amazon-apigateway-authorizer:
        type: request
        identitySource: "$request.header.authorization,$request.querystring.a"
        authorizerUri: "${URI}"
        authorizerPayloadFormatVersion: "2.0"
        authorizerResultTtlInSeconds: 30
        enableSimpleResponses: true
    signed:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: awsSigv4
    documentation: { type: http, scheme: basic }
  x-amazon-apigateway-integrations:
    orders: { type: aws_proxy, httpMethod: POST, uri: "${URI}", payloadFormatVersion: "2.0" }
`;

function refused(Body: string, message: RegExp, more: object = {}) {
  return expect(client.send(new ImportApiCommand({ Body, ...more }))).rejects.toMatchObject({
    name: "BadRequestException",
    message: expect.stringMatching(message),
  });
}

describe("an OpenAPI document", () => {
  it("becomes an API with routes, integrations and authorizers", async () => {
    const { ApiId } = await client.send(new ImportApiCommand({ Body: DOCUMENT }));
    expect(await client.send(new GetApiCommand({ ApiId }))).toMatchObject({
      Name: "Orders",
      Version: "7",
      Description: "All orders",
      Tags: { team: "blue" },
      CorsConfiguration: { AllowOrigins: ["https://app.example"], AllowMethods: ["GET"], MaxAge: 60 },
    });
    const { Items: authorizers = [] } = await client.send(new GetAuthorizersCommand({ ApiId }));
    const byName = Object.fromEntries(authorizers.map((authorizer) => [authorizer.Name, authorizer]));
    expect(byName["cognito"]).toMatchObject({
      AuthorizerType: "JWT",
      IdentitySource: ["$request.header.Authorization"],
      JwtConfiguration: { Issuer: "https://issuer.example", Audience: ["app"] },
    });
    expect(byName["gatekeeper"]).toMatchObject({
      AuthorizerType: "REQUEST",
      IdentitySource: ["$request.header.authorization", "$request.querystring.a"],
      AuthorizerUri: URI,
      AuthorizerResultTtlInSeconds: 30,
      EnableSimpleResponses: true,
    });
    expect(authorizers).toHaveLength(2);
    const { Items: routes = [] } = await client.send(new GetRoutesCommand({ ApiId }));
    const byKey = Object.fromEntries(routes.map((route) => [route.RouteKey, route]));
    expect(Object.keys(byKey).toSorted()).toEqual([
      "$default",
      "ANY /{proxy+}",
      "DELETE /orders/{id}",
      "GET /orders",
      "POST /orders",
    ]);
    expect(byKey["GET /orders"]).toMatchObject({
      AuthorizationType: "JWT",
      AuthorizerId: byName["cognito"]!.AuthorizerId,
      AuthorizationScopes: ["orders.read"],
      OperationName: "listOrders",
    });
    expect(byKey["POST /orders"]).toMatchObject({
      AuthorizationType: "CUSTOM",
      AuthorizerId: byName["gatekeeper"]!.AuthorizerId,
    });
    expect(byKey["DELETE /orders/{id}"]).toMatchObject({ AuthorizationType: "AWS_IAM" });
    expect(byKey["$default"]).toMatchObject({ AuthorizationType: "NONE" });
    const { Items: integrations = [] } = await client.send(new GetIntegrationsCommand({ ApiId }));
    const target = integrations.find(
      ({ IntegrationId }) => byKey["DELETE /orders/{id}"]!.Target === `integrations/${IntegrationId}`,
    );
    expect(target).toMatchObject({
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "DELETE",
      IntegrationUri: "https://backend.example/{id}",
      PayloadFormatVersion: "1.0",
      TimeoutInMillis: 500,
      RequestParameters: { "append:header.x": "1" },
      ResponseParameters: { "200": { "overwrite:statuscode": "204" } },
    });
  });

  it("is replaced as a whole, but for its stages", async () => {
    const { ApiId } = await client.send(new ImportApiCommand({ Body: DOCUMENT }));
    await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
    const small = {
      openapi: "3.0.1",
      info: { title: "Small", version: "8" },
      paths: {
        "/a": {
          get: { "x-amazon-apigateway-integration": { type: "aws_proxy", uri: URI, payloadFormatVersion: "2.0" } },
        },
      },
    };
    const api = await client.send(new ReimportApiCommand({ ApiId, Body: JSON.stringify(small) }));
    expect(api).toMatchObject({ ApiId, Name: "Small", Version: "8" });
    expect(api.CorsConfiguration).toBeUndefined();
    expect((await client.send(new GetRoutesCommand({ ApiId }))).Items).toMatchObject([{ RouteKey: "GET /a" }]);
    expect((await client.send(new GetAuthorizersCommand({ ApiId }))).Items).toEqual([]);
    expect((await client.send(new GetStagesCommand({ ApiId }))).Items).toMatchObject([{ StageName: "$default" }]);
  });

  it.each([
    ["ignore", "GET /orders"],
    ["prepend", "GET /prod/v1/orders"],
    ["split", "GET /v1/orders"],
  ])("with base path %s has the route %s", async (Basepath, routeKey) => {
    const { ApiId } = await client.send(new ImportApiCommand({ Body: DOCUMENT, Basepath }));
    const { Items = [] } = await client.send(new GetRoutesCommand({ ApiId }));
    expect(Items.map((route) => route.RouteKey)).toContain(routeKey);
  });

  it("tells what it does not honour", async () => {
    const Body = JSON.stringify({
      openapi: "3.0.1",
      info: { title: "t", version: "1" },
      paths: { "/a": { get: { "x-amazon-apigateway-request-validator": "all" } } },
    });
    const { Warnings } = await client.send(new ImportApiCommand({ Body }));
    expect(Warnings).toEqual([expect.stringContaining("x-amazon-apigateway-request-validator on GET /a")]);
    await refused(Body, /Warnings found during import/, { FailOnWarnings: true });
  });

  it.each([
    ["{", /malformed document/],
    ["[]", /Invalid OpenAPI input/],
    ['{"swagger":"2.0"}', /HTTP APIs support OpenAPI 3.0 definitions only/],
    ['{"openapi":"4.0"}', /unsupported or missing openapi version/],
    ['{"openapi":"3.0.1"}', /info.title is missing/],
    [
      '{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/a":{"get":{"security":[{"x":[]}]}}}}',
      /security scheme x of GET \/a is not defined/,
    ],
    [
      '{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"$ref":"#/x"}}}}}',
      /integration #\/x of GET \/a is not defined/,
    ],
    [
      '{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}}}',
      /proxy integrations/,
    ],
    ['{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/{a":{"get":{}}}}', /not a valid path/],
  ])("is refused: %s", async (Body, message) => {
    await refused(Body, message);
  });

  it("that is refused leaves nothing", async () => {
    const west = cloud.client(ApiGatewayV2Client, { region: "eu-west-3" });
    const Body = DOCUMENT.replace('"#/components/x-amazon-apigateway-integrations/orders"', '"#/nowhere"');
    await expect(west.send(new ImportApiCommand({ Body }))).rejects.toMatchObject({ name: "BadRequestException" });
    expect(await cloud.call("apigatewayv2", "GetApis", {}, { account: "000000000000", region: "eu-west-3" })).toEqual({
      Items: [],
    });
  });
});
