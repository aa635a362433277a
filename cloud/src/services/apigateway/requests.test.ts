import {
  APIGatewayClient,
  CreateModelCommand,
  CreateRequestValidatorCommand,
  PutGatewayResponseCommand,
  PutMethodCommand,
  PutIntegrationCommand,
  CreateResourceCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { addMethod, deploy, newApi, newFunction } from "./test-api.ts";

let cloud: Cloud;
let client: APIGatewayClient;
let server: Server;
let backend: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(APIGatewayClient);
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (request.url === "/base64") return response.end(Buffer.from("a png").toString("base64"));
      const status = Number(/status\/(\d+)/.exec(request.url!)?.[1] ?? 200);
      response.writeHead(status, { "content-type": "application/json", "x-back": "end", server: "mine" });
      return response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  backend = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await cloud.close();
});

async function told(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

const OK = { requestTemplates: { "application/json": '{"statusCode": 200}' } };

describe("finding the method", () => {
  it("tells nothing of APIs and stages that are not there, nor of paths without a method", async () => {
    const { url, restApiId } = await newApi(cloud, {
      path: "orders/{id}",
      httpMethod: "GET",
      integration: { type: "MOCK", ...OK },
    });
    const missing = await fetch(`${url}/nothing`);
    expect(missing.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
    expect(await told(missing)).toEqual([403, '{"message":"Missing Authentication Token"}']);
    expect(await told(await fetch(`${url}/orders/1`, { method: "POST" }))).toEqual([
      403,
      '{"message":"Missing Authentication Token"}',
    ]);
    expect(await told(await fetch(url.replace("/dev", "/nostage/orders/1")))).toEqual([403, '{"message":"Forbidden"}']);
    expect((await fetch(`${url}/orders/1/`)).status).toBe(200);
    const byPath = `${cloud.endpoint}/restapis/${restApiId}/dev/_user_request_/orders/1`;
    expect((await fetch(byPath)).status).toBe(200);
  });

  it("prefers what is literal, then variables, then what is greedy", async () => {
    const template = (text: string) => ({ responseTemplates: { "application/json": text } });
    const { url, restApiId, rootId } = await newApi(cloud, {
      path: "{proxy+}",
      integration: { type: "MOCK", ...OK },
      responses: [template("greedy $input.params('proxy')")],
    });
    const orders = await addMethod(cloud, restApiId, rootId, {
      path: "orders",
      httpMethod: "GET",
      integration: { type: "MOCK", ...OK },
      responses: [template("orders")],
    });
    await addMethod(cloud, restApiId, orders, {
      path: "{id}",
      httpMethod: "GET",
      integration: { type: "MOCK", ...OK },
      responses: [template("order $input.params('id')")],
    });
    await deploy(cloud, restApiId);
    expect(await (await fetch(`${url}/orders`)).text()).toBe("orders");
    expect(await (await fetch(`${url}/orders/a%20b`)).text()).toBe("order a b");
    expect(await (await fetch(`${url}/orders/1/items`)).text()).toBe("greedy orders/1/items");
    expect(await (await fetch(`${url}/orders`, { method: "POST" })).text()).toBe("greedy orders");
  });

  it("serves what was deployed, not what was changed since", async () => {
    const { url, restApiId, rootId } = await newApi(cloud, { httpMethod: "GET", integration: { type: "MOCK", ...OK } });
    const { id } = await client.send(new CreateResourceCommand({ restApiId, parentId: rootId, pathPart: "new" }));
    const at = { restApiId, resourceId: id, httpMethod: "GET" };
    await client.send(new PutMethodCommand({ ...at, authorizationType: "NONE" }));
    await client.send(
      new PutIntegrationCommand({ ...at, type: "HTTP_PROXY", integrationHttpMethod: "GET", uri: backend }),
    );
    expect((await fetch(`${url}/new`)).status).toBe(403);
    await deploy(cloud, restApiId);
    expect((await fetch(`${url}/new`)).status).toBe(200);
  });
});

describe("mock integrations", () => {
  it("answer by the status code of the request template, with mapped headers and templates", async () => {
    const { url } = await newApi(cloud, {
      path: "a/{id}",
      integration: {
        type: "MOCK",
        requestTemplates: {
          "application/json": `#if($input.params('fail') == "yes"){"statusCode": 500}#else{"statusCode": 200}#end`,
        },
      },
      responses: [
        {
          declared: {
            responseParameters: {
              "method.response.header.X-Const": true,
              "method.response.header.X-Path": true,
              "method.response.header.X-Stage": true,
            },
          },
          responseParameters: {
            "method.response.header.X-Const": "'fixed'",
            "method.response.header.X-Path": "context.resourcePath",
            "method.response.header.X-Stage": "context.stage",
          },
          responseTemplates: {
            "application/json": `{"id": "$input.params('id')", "ip": "$context.identity.sourceIp", "v": "$stageVariables.level"}`,
          },
        },
        { statusCode: "500", selectionPattern: "5\\d\\d", responseTemplates: { "application/json": "failed" } },
      ],
    });
    const response = await fetch(`${url}/a/7`);
    expect(await response.json()).toEqual({ id: "7", ip: "127.0.0.1", v: "" });
    expect([response.headers.get("x-const"), response.headers.get("x-path"), response.headers.get("x-stage")]).toEqual([
      "fixed",
      "/a/{id}",
      "dev",
    ]);
    expect(await told(await fetch(`${url}/a/7?fail=yes`))).toEqual([500, "failed"]);
  });

  it("answer 500 without a status code", async () => {
    const { url } = await newApi(cloud, {
      integration: { type: "MOCK", requestTemplates: { "application/json": "{}" } },
    });
    expect(await told(await fetch(url))).toEqual([500, '{"message": "Internal server error"}']);
  });

  it("let a template overwrite the response's status and headers", async () => {
    const { url } = await newApi(cloud, {
      integration: { type: "MOCK", ...OK },
      responses: [
        {
          responseTemplates: {
            "application/json": `#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-Tea = "pot")short`,
            "text/plain": `#set($context.responseOverride.status = "418")text`,
          },
        },
      ],
    });
    const response = await fetch(url);
    expect(response.headers.get("x-tea")).toBe("pot");
    expect(await told(response)).toEqual([418, "short"]);
    expect(await told(await fetch(url, { headers: { accept: "text/plain" } }))).toEqual([200, "text"]);
  });
});

describe("bodies", () => {
  it("reach templates as JSON, by path and whole", async () => {
    const { url } = await newApi(cloud, {
      integration: {
        type: "HTTP",
        uri: `${backend}/x`,
        requestTemplates: {
          "application/json": `#set($root = $input.path('$'))
{"name": "$root.name", "tags": [#foreach($t in $root.tags)"$t"#if($foreach.hasNext),#end#end], "raw": $input.json('$.deep'), "esc": "$util.escapeJavaScript($root.quote)", "b64": "$util.base64Encode($root.name)", "missing": "$input.path('$.nothing')"}`,
        },
      },
    });
    const body = JSON.stringify({ name: "Aoi", tags: ["a", "b"], deep: { x: [1] }, quote: 'say "hi"' });
    const seen = (await (
      await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } })
    ).json()) as { body: string };
    expect(JSON.parse(seen.body)).toEqual({
      name: "Aoi",
      tags: ["a", "b"],
      raw: { x: [1] },
      esc: 'say "hi"',
      b64: "QW9p",
      missing: "",
    });
  });

  it("may overwrite what is mapped", async () => {
    const template = `#set($context.requestOverride.path.id = "9")#set($context.requestOverride.querystring.q = "x")#set($context.requestOverride.header.X-Over = $context.requestOverride.path.id){}`;
    const { url } = await newApi(cloud, {
      path: "{id}",
      method: { requestParameters: { "method.request.path.id": true } },
      integration: {
        type: "HTTP",
        uri: `${backend}/{id}`,
        requestParameters: { "integration.request.path.id": "method.request.path.id" },
        requestTemplates: { "application/json": template },
      },
    });
    expect(await (await fetch(`${url}/1`)).json()).toMatchObject({ url: "/9?q=x", headers: { "x-over": "9" } });
  });

  it.each([
    ["WHEN_NO_MATCH", "text/plain", 200],
    ["WHEN_NO_TEMPLATES", "text/plain", 415],
    ["NEVER", "text/plain", 415],
    ["NEVER", "application/json", 200],
  ])("pass through %s for %s: %d", async (passthroughBehavior, type, status) => {
    const { url } = await newApi(cloud, {
      integration: { type: "HTTP", uri: backend, passthroughBehavior, requestTemplates: { "application/json": "{}" } },
    });
    const response = await fetch(url, { method: "POST", body: "hello", headers: { "content-type": type } });
    if (status === 415) expect(await told(response)).toEqual([415, '{"message": "Unsupported Media Type"}']);
    else expect(response.status).toBe(status);
  });

  it("of binary types reach functions as base64 and come back decoded", async () => {
    const uri = await newFunction(
      cloud,
      "exports.handler = async (event) => ({ statusCode: 200, headers: { 'content-type': 'image/png' }, body: event.body, isBase64Encoded: event.isBase64Encoded });",
    );
    const { url } = await newApi(
      cloud,
      { integration: { type: "AWS_PROXY", uri } },
      { binaryMediaTypes: ["image/png"] },
    );
    const bytes = Buffer.from([0, 1, 254, 255]);
    const response = await fetch(url, {
      method: "POST",
      body: bytes,
      headers: { "content-type": "image/png", accept: "image/png" },
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  it("of text are decoded where the client accepts binary types", async () => {
    const uri = await newFunction(cloud, "exports.handler = async () => ({ a: 1 });");
    const { url } = await newApi(
      cloud,
      {
        integration: { type: "AWS", uri },
        responses: [{ contentHandling: "CONVERT_TO_TEXT" }],
      },
      { binaryMediaTypes: ["image/png"] },
    );
    expect(await (await fetch(url, { headers: { accept: "image/png" } })).text()).toBe('{"a":1}');
    const binary = await newApi(
      cloud,
      { integration: { type: "HTTP", uri: `${backend}/base64` } },
      { binaryMediaTypes: ["image/png"] },
    );
    expect(await (await fetch(binary.url, { headers: { accept: "image/png" } })).text()).toBe("a png");
  });

  it("of more than 10 MB are refused", async () => {
    const { url } = await newApi(cloud, { integration: { type: "MOCK", ...OK } });
    const response = await fetch(url, { method: "POST", body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect(await told(response)).toEqual([413, '{"message":"Request Too Long"}']);
  });

  it("are unpacked where the API compresses", async () => {
    const { url } = await newApi(
      cloud,
      { integration: { type: "HTTP_PROXY", uri: backend } },
      { minimumCompressionSize: 0 },
    );
    const headers = { "content-encoding": "gzip", "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", body: gzipSync('{"a":1}'), headers });
    const seen = (await response.json()) as { body: string; headers: object };
    expect(seen.body).toBe('{"a":1}');
    expect(seen.headers).not.toHaveProperty("content-encoding");
    expect(await told(await fetch(url, { method: "POST", body: "no gzip", headers }))).toEqual([
      400,
      '{"message": "Invalid request body"}',
    ]);
  });

  it("are compressed where the API compresses", async () => {
    const { url } = await newApi(
      cloud,
      {
        integration: { type: "MOCK", ...OK },
        responses: [{ responseTemplates: { "application/json": "x".repeat(500) } }],
      },
      { minimumCompressionSize: 100 },
    );
    const response = await fetch(url, { headers: { "accept-encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toBe("x".repeat(500));
  });
});

describe("HTTP integrations", () => {
  it("of type HTTP_PROXY pass the request on, with what is mapped", async () => {
    const { url } = await newApi(cloud, {
      path: "{proxy+}",
      method: { requestParameters: { "method.request.path.proxy": true } },
      integration: {
        type: "HTTP_PROXY",
        integrationHttpMethod: "ANY",
        uri: `${backend}/base/{proxy}`,
        requestParameters: {
          "integration.request.path.proxy": "method.request.path.proxy",
          "integration.request.header.X-Stage": "context.stage",
        },
      },
    });
    const response = await fetch(`${url}/a/b?x=1&y=2`, { method: "PUT", body: "hi", headers: { "x-mine": "1" } });
    expect(response.headers.get("x-back")).toBe("end");
    expect(response.headers.get("x-amzn-remapped-server")).toBe("mine");
    expect(await response.json()).toMatchObject({
      method: "PUT",
      url: "/base/a/b?x=1&y=2",
      body: "hi",
      headers: { "x-mine": "1", "x-stage": "dev" },
    });
  });

  it("of type HTTP pass on only what is mapped, and select the response by status", async () => {
    const { url } = await newApi(cloud, {
      path: "{code}",
      method: { requestParameters: { "method.request.path.code": true, "method.request.querystring.q": false } },
      integration: {
        type: "HTTP",
        integrationHttpMethod: "GET",
        uri: `${backend}/status/{code}`,
        requestParameters: {
          "integration.request.path.code": "method.request.path.code",
          "integration.request.querystring.asked": "method.request.querystring.q",
        },
      },
      responses: [
        {
          declared: { responseParameters: { "method.response.header.X-Url": true } },
          responseParameters: { "method.response.header.X-Url": "integration.response.body.url" },
        },
        {
          statusCode: "404",
          selectionPattern: "4\\d{2}",
          responseTemplates: { "application/json": `{"was": "$input.path('$.url')"}` },
        },
      ],
    });
    const response = await fetch(`${url}/200?q=yes&other=no`, { headers: { "x-mine": "1" } });
    expect(response.headers.get("x-url")).toBe("/status/200?asked=yes");
    expect(((await response.json()) as { headers: object }).headers).not.toHaveProperty("x-mine");
    expect(await told(await fetch(`${url}/451`))).toEqual([404, '{"was": "/status/451"}']);
  });

  it("answer 504 where the endpoint cannot be reached or takes too long", async () => {
    const { url } = await newApi(cloud, { integration: { type: "HTTP_PROXY", uri: "http://127.0.0.1:1/" } });
    expect(await told(await fetch(url))).toEqual([504, '{"message": "Network error communicating with endpoint"}']);
    const uri = await newFunction(cloud, "exports.handler = () => new Promise((done) => setTimeout(done, 3000));", {
      Timeout: 10,
    });
    const slow = await newApi(cloud, { integration: { type: "AWS_PROXY", uri, timeoutInMillis: 100 } });
    expect(await told(await fetch(slow.url))).toEqual([504, '{"message": "Endpoint request timed out"}']);
  });
});

describe("functions", () => {
  it.each([
    ["an unknown member", "({ statusCode: 200, bodyy: 'x' })"],
    ["a body that is no text", "({ statusCode: 200, body: { a: 1 } })"],
    ["a text", "'hello'"],
    ["an error", "(() => { throw new Error('broken'); })()"],
  ])("behind a proxy integration that give %s answer 502", async (_, result) => {
    const uri = await newFunction(cloud, `exports.handler = async () => ${result};`);
    const { url } = await newApi(cloud, { integration: { type: "AWS_PROXY", uri } });
    const response = await fetch(url);
    expect(response.headers.get("x-amzn-errortype")).toBe("InternalServerErrorException");
    expect(await told(response)).toEqual([502, '{"message": "Internal server error"}']);
  });

  it("behind a custom integration get the template's output, and errors select the response", async () => {
    const uri = await newFunction(
      cloud,
      "exports.handler = async (event) => { if (event.id === 'none') throw new Error('[404] no such order'); return { got: event }; };",
    );
    const { url } = await newApi(cloud, {
      path: "{id}",
      integration: { type: "AWS", uri, requestTemplates: { "application/json": `{"id": "$input.params('id')"}` } },
      responses: [
        {},
        {
          statusCode: "404",
          selectionPattern: "(?i).*\\[404\\] NO SUCH.*",
          responseTemplates: { "application/json": `{"error": "$input.path('$.errorMessage')"}` },
        },
      ],
    });
    expect(await (await fetch(`${url}/1`)).json()).toEqual({ got: { id: "1" } });
    expect(await told(await fetch(`${url}/none`))).toEqual([404, '{"error": "[404] no such order"}']);
  });

  it("that are invoked asynchronously answer at once", async () => {
    const uri = await newFunction(cloud, "exports.handler = async () => { throw new Error('later'); };");
    const { url } = await newApi(cloud, {
      integration: {
        type: "AWS",
        uri,
        requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" },
      },
      responses: [{ statusCode: "202" }],
    });
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(202);
  });

  it("are invoked by POST only, and see the path as it was sent", async () => {
    const uri = await newFunction(cloud, "exports.handler = async (event) => ({ statusCode: 200, body: event.path });");
    const wrong = await newApi(cloud, { integration: { type: "AWS_PROXY", integrationHttpMethod: "GET", uri } });
    expect(await told(await fetch(wrong.url))).toEqual([500, '{"message": "Internal server error"}']);
    const right = await newApi(cloud, { path: "{proxy+}", integration: { type: "AWS_PROXY", uri } });
    expect(await (await fetch(`${right.url}/a%2Fb/`)).text()).toBe("/a%2Fb/");
  });

  it("are named by stage variables too", async () => {
    const uri = await newFunction(
      cloud,
      "exports.handler = async (event) => ({ statusCode: 200, body: event.stageVariables.fn });",
    );
    const [, name] = /function:([\w-]+)/.exec(uri)!;
    const { url, restApiId } = await newApi(cloud, {
      integration: { type: "AWS_PROXY", uri: uri.replace(name!, "${stageVariables.fn}") },
    });
    const patchOperations = [{ op: "replace" as const, path: "/variables/fn", value: name }];
    await client.send(new UpdateStageCommand({ restApiId, stageName: "dev", patchOperations }));
    expect(await (await fetch(url)).text()).toBe(name);
  });

  it("that API Gateway may not invoke answer 500", async () => {
    const uri =
      "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:none/invocations";
    const { url } = await newApi(cloud, { integration: { type: "AWS_PROXY", uri } });
    expect(await told(await fetch(url))).toEqual([500, '{"message": "Internal server error"}']);
  });
});

describe("request validation", () => {
  it("refuses what lacks a required parameter or does not fit the model", async () => {
    const { url, restApiId, rootId } = await newApi(cloud, { httpMethod: "GET", integration: { type: "MOCK", ...OK } });
    await client.send(
      new CreateModelCommand({
        restApiId,
        name: "Item",
        contentType: "application/json",
        schema: JSON.stringify({
          $schema: "http://json-schema.org/draft-04/schema#",
          type: "object",
          required: ["sku"],
          properties: { sku: { type: "string" }, n: { type: "integer", minimum: 0, exclusiveMinimum: true } },
        }),
      }),
    );
    await client.send(
      new CreateModelCommand({
        restApiId,
        name: "Order",
        contentType: "application/json",
        schema: JSON.stringify({
          type: "object",
          required: ["items"],
          properties: {
            items: {
              type: "array",
              items: { $ref: `https://apigateway.amazonaws.com/restapis/${restApiId}/models/Item` },
            },
          },
        }),
      }),
    );
    const { id: requestValidatorId } = await client.send(
      new CreateRequestValidatorCommand({
        restApiId,
        name: "all",
        validateRequestBody: true,
        validateRequestParameters: true,
      }),
    );
    await client.send(
      new PutGatewayResponseCommand({
        restApiId,
        responseType: "BAD_REQUEST_BODY",
        statusCode: "422",
        responseParameters: { "gatewayresponse.header.X-Why": "'body'" },
        responseTemplates: {
          "application/json": `{"m":$context.error.messageString,"type":"$context.error.responseType","why":$context.error.validationErrorString}`,
        },
      }),
    );
    await addMethod(cloud, restApiId, rootId, {
      path: "orders",
      httpMethod: "POST",
      method: {
        requestValidatorId,
        requestModels: { "application/json": "Order" },
        requestParameters: {
          "method.request.querystring.q": true,
          "method.request.header.X-Customer": true,
          "method.request.header.X-Optional": false,
        },
      },
      integration: { type: "MOCK", ...OK },
    });
    await deploy(cloud, restApiId);
    const post = (query: string, body: object, headers: Record<string, string> = { "x-customer": "c" }) =>
      fetch(`${url}/orders${query}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      });
    expect(await told(await post("", {}, {}))).toEqual([
      400,
      '{"message": "Missing required request parameters: [q, X-Customer]"}',
    ]);
    const wrong = await post("?q=1", { items: [{ n: 0 }] });
    expect(wrong.headers.get("x-why")).toBe("body");
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({
      m: "Invalid request body",
      type: "BAD_REQUEST_BODY",
      why: expect.stringContaining("sku"),
    });
    expect((await post("?q=1", { items: [{ sku: "a", n: 1 }] })).status).toBe(200);
  });
});

describe("metrics", () => {
  it("count requests by API, stage and, where asked for, method", async () => {
    const { url, restApiId } = await newApi(
      cloud,
      { path: "a", httpMethod: "GET", integration: { type: "MOCK", ...OK } },
      { name: "measured" },
    );
    const patchOperations = [{ op: "replace" as const, path: "/*/*/metrics/enabled", value: "true" }];
    await client.send(new UpdateStageCommand({ restApiId, stageName: "dev", patchOperations }));
    await fetch(`${url}/a`);
    await fetch(`${url}/b`);
    await cloud.settled();
    const sum = async (MetricName: string, dimensions: Record<string, string>) => {
      const { Datapoints = [] } = await cloud.client(CloudWatchClient).send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/ApiGateway",
          MetricName,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          StartTime: new Date(cloud.clock.now() - 600_000),
          EndTime: new Date(cloud.clock.now() + 600_000),
          Period: 60,
          Statistics: ["Sum", "SampleCount"],
        }),
      );
      return Datapoints[0]?.Sum;
    };
    const stage = { ApiName: "measured", Stage: "dev" };
    expect(await sum("Count", { ApiName: "measured" })).toBe(2);
    expect(await sum("4XXError", stage)).toBe(1);
    expect(await sum("5XXError", stage)).toBe(0);
    expect(await sum("Count", { ...stage, Method: "GET", Resource: "/a" })).toBe(1);
    expect(await sum("IntegrationLatency", stage)).toBeGreaterThanOrEqual(0);
  });
});

describe("addresses", () => {
  it("are host names too", async () => {
    const { restApiId } = await newApi(cloud, { path: "a", integration: { type: "MOCK", ...OK } });
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `${restApiId}.execute-api.us-east-1.amazonaws.com` };
      httpRequest(`${cloud.endpoint}/dev/a`, { headers }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("answer nothing where the endpoint is disabled", async () => {
    const { url } = await newApi(cloud, { integration: { type: "MOCK", ...OK } }, { disableExecuteApiEndpoint: true });
    expect(await told(await fetch(url))).toEqual([403, '{"message":"Forbidden"}']);
  });
});

describe("throttling", () => {
  it("refuses what is more than a method's limit", async () => {
    const { url, restApiId } = await newApi(cloud, {
      path: "a",
      httpMethod: "GET",
      integration: { type: "MOCK", ...OK },
    });
    await client.send(
      new UpdateStageCommand({
        restApiId,
        stageName: "dev",
        patchOperations: [
          { op: "replace", path: "/~1a/GET/throttling/rateLimit", value: "1" },
          { op: "replace", path: "/~1a/GET/throttling/burstLimit", value: "2" },
        ],
      }),
    );
    expect([(await fetch(`${url}/a`)).status, (await fetch(`${url}/a`)).status]).toEqual([200, 200]);
    const third = await fetch(`${url}/a`);
    expect(third.headers.get("x-amzn-errortype")).toBe("TooManyRequestsException");
    expect(await told(third)).toEqual([429, '{"message":"Too Many Requests"}']);
    await cloud.clock.advance("2 s");
    expect((await fetch(`${url}/a`)).status).toBe(200);
  });
});
