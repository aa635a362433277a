import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteApiCommand,
  UpdateApiCommand,
  UpdateIntegrationCommand,
  UpdateStageCommand,
  type Cors,
  type CreateIntegrationCommandInput,
  type CreateStageCommandInput,
} from "@aws-sdk/client-apigatewayv2";
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let client: ApiGatewayV2Client;
let backend: Server;
let backendUrl: string;

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 0, 2, 3, 4, 5) });
  client = cloud.client(ApiGatewayV2Client);
  backend = createServer(
    (request, response) =>
      void answer(request).then((told) => {
        const status = Number(request.headers["x-status"] ?? 200);
        if (request.headers["x-hang"]) return;
        response.writeHead(status, {
          "content-type": "application/json",
          "x-backend": "b1",
          "access-control-allow-origin": "backend",
        });
        response.end(JSON.stringify(told));
      }),
  );
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await cloud.close();
  backend.closeAllConnections();
  backend.close();
});

async function answer(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method!,
    url: request.url!,
    headers: request.headers as Record<string, string>,
    body: Buffer.concat(chunks).toString(),
  };
}

interface Setup {
  routes?: string[];
  integration?: Partial<CreateIntegrationCommandInput>;
  cors?: Cors;
  stage?: Partial<CreateStageCommandInput>;
}

/** An API whose routes all lead to the backend, and its address. */
async function newApi({ routes = ["$default"], integration = {}, cors, stage = {} }: Setup = {}) {
  const { ApiId, ApiEndpoint } = await client.send(
    new CreateApiCommand({ Name: "x", ProtocolType: "HTTP", CorsConfiguration: cors }),
  );
  const { IntegrationId } = await client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "ANY",
      IntegrationUri: backendUrl,
      PayloadFormatVersion: "1.0",
      ...integration,
    }),
  );
  for (const RouteKey of routes)
    await client.send(new CreateRouteCommand({ ApiId, RouteKey, Target: `integrations/${IntegrationId}` }));
  await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true, ...stage }));
  return { ApiId: ApiId!, url: ApiEndpoint!, IntegrationId: IntegrationId! };
}

async function seen(response: Response): Promise<Seen> {
  return (await response.json()) as Seen;
}

function byHost(host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port: cloud.port, host: "127.0.0.1", path, headers: { host } }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("addresses", () => {
  it("by path, by older tools' path and by host lead to the same API", async () => {
    const { ApiId, url } = await newApi();
    expect((await seen(await fetch(`${url}/a/b?x=1`))).url).toBe("/a/b?x=1");
    expect((await seen(await fetch(`${cloud.endpoint}/restapis/${ApiId}/$default/_user_request_/a`))).url).toBe("/a");
    expect(JSON.parse((await byHost(`${ApiId}.execute-api.us-east-1.amazonaws.com`, "/a/b")).body)).toMatchObject({
      url: "/a/b",
    });
    expect(JSON.parse((await byHost(`${ApiId}.execute-api.localhost:4566`, "/a")).body)).toMatchObject({ url: "/a" });
  });

  it("name a stage by the first segment, else are of $default", async () => {
    const { ApiId, url } = await newApi({ routes: ["GET /orders", "$default"] });
    await client.send(new CreateStageCommand({ ApiId, StageName: "dev", AutoDeploy: true }));
    expect((await seen(await fetch(`${url}/dev/orders`))).url).toBe("/");
    expect((await seen(await fetch(`${url}/dev/other`))).url).toBe("/other");
    expect((await seen(await fetch(`${url}/development`))).url).toBe("/development");
    expect((await seen(await fetch(`${url}/$default/dev/x`))).url).toBe("/dev/x");
    expect((await seen(await fetch(url))).url).toBe("/");
    expect((await seen(await fetch(`${url}/dev`))).url).toBe("/");
    expect(JSON.parse((await byHost(`${ApiId}.execute-api.us-east-1.amazonaws.com`, "/dev/other")).body)).toMatchObject(
      { url: "/other" },
    );
  });

  it("without an API, a stage or a route are not found", async () => {
    const { ApiId, url } = await newApi({ routes: ["GET /a"] });
    const missing = await fetch(`${cloud.endpoint}/_aws/execute-api/zzzzzzzzzz/a`);
    expect([missing.status, await missing.text()]).toEqual([404, '{"message":"Not Found"}']);
    for (const [path, method] of [
      ["/b", "GET"],
      ["/a", "POST"],
      ["/a/", "GET"],
    ] as const) {
      // prettier-ignore
      const response = await fetch(url + path, { method });
      expect([response.status, await response.text()]).toEqual([404, '{"message":"Not Found"}']);
      expect(response.headers.get("apigw-requestid")).toMatch(/^[A-Za-z0-9+/]{15}=$/);
      expect(response.headers.get("content-type")).toBe("application/json");
    }
    await client.send(new UpdateApiCommand({ ApiId, DisableExecuteApiEndpoint: true }));
    expect((await fetch(`${url}/a`)).status).toBe(404);
    await client.send(new DeleteApiCommand({ ApiId }));
    expect((await fetch(`${url}/a`)).status).toBe(404);
  });
});

describe("HTTP proxy integrations", () => {
  it("pass on method, path, query, headers and body", async () => {
    const { url } = await newApi({
      routes: ["ANY /pets/{proxy+}"],
      integration: { IntegrationUri: `${backendUrl}/base/{proxy}` },
    });
    const response = await fetch(`${url}/pets/a/b%20c?q=1&q=2`, {
      method: "PUT",
      body: "hello",
      headers: { "x-a": "1", "content-type": "text/plain" },
    });
    expect(await seen(response)).toMatchObject({
      method: "PUT",
      url: "/base/a/b%20c?q=1&q=2",
      body: "hello",
      headers: { "x-a": "1", "content-type": "text/plain" },
    });
    expect(response.headers.get("x-backend")).toBe("b1");
    expect(response.headers.get("apigw-requestid")).toBeTruthy();
  });

  it("say who forwards", async () => {
    const { url, ApiId } = await newApi();
    const { headers } = await seen(await fetch(url));
    expect(headers["forwarded"]).toBe(`for=127.0.0.1;host=${ApiId}.execute-api.us-east-1.amazonaws.com;proto=http`);
    expect(headers["via"]).toBe("HTTP/1.1 AmazonAPIGateway");
    expect(headers["x-amzn-trace-id"]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(headers["host"]).toBe(backendUrl.slice("http://".length));
  });

  it("take another method and path variables of their own", async () => {
    const { url } = await newApi({
      routes: ["GET /pets/{id}"],
      integration: { IntegrationMethod: "POST", IntegrationUri: `${backendUrl}/animals/{id}?fixed=1` },
    });
    expect(await seen(await fetch(`${url}/pets/7?q=2`))).toMatchObject({
      method: "POST",
      url: "/animals/7?fixed=1&q=2",
    });
  });

  it("map requests and responses", async () => {
    const { url } = await newApi({
      routes: ["POST /in/{id}"],
      integration: {
        RequestParameters: {
          "overwrite:path": "/out",
          "append:header.x-id": "$request.path.id",
          "append:querystring.name": "$request.body.user.name",
          "remove:querystring.secret": "''",
          "overwrite:header.x-stage": "${stageVariables.level}-${context.stage}",
        },
        ResponseParameters: {
          "500": {
            "overwrite:statuscode": "403",
            "append:header.why": "$response.header.x-backend",
            "remove:header.x-backend": "''",
          },
        },
      },
      stage: { StageVariables: { level: "beta" } },
    });
    const ok = await fetch(`${url}/in/7?secret=1&a=2`, { method: "POST", body: '{"user":{"name":"kim"}}' });
    expect(await seen(ok)).toMatchObject({
      url: "/out?a=2&name=kim",
      headers: { "x-id": "7", "x-stage": "beta-$default" },
    });
    expect(ok.headers.get("why")).toBeNull();
    const failed = await fetch(`${url}/in/7`, { method: "POST", headers: { "x-status": "500" } });
    expect([failed.status, failed.headers.get("why"), failed.headers.get("x-backend")]).toEqual([403, "b1", null]);
  });

  it("take stage variables in their URL", async () => {
    const { port } = backend.address() as AddressInfo;
    const { url } = await newApi({
      integration: { IntegrationUri: "http://${stageVariables.host}/v" },
      stage: { StageVariables: { host: `127.0.0.1:${port}` } },
    });
    expect((await seen(await fetch(`${url}/x`))).url).toBe("/v/x");
  });

  it("answer 503 where the target cannot be reached or takes too long", async () => {
    const { url, ApiId, IntegrationId } = await newApi({ integration: { IntegrationUri: "http://127.0.0.1:1/" } });
    const unreachable = await fetch(url);
    expect([unreachable.status, await unreachable.text()]).toEqual([503, '{"message":"Service Unavailable"}']);
    await client.send(
      new UpdateIntegrationCommand({ ApiId, IntegrationId, IntegrationUri: backendUrl, TimeoutInMillis: 50 }),
    );
    const late = await fetch(url, { headers: { "x-hang": "1" } });
    expect([late.status, await late.text()]).toEqual([503, '{"message":"Service Unavailable"}']);
  });
});

describe("limits", () => {
  it("refuse a body above 10 MB", async () => {
    const { url } = await newApi();
    const response = await fetch(url, { method: "POST", body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect([response.status, await response.json()]).toEqual([413, { message: "Request Entity Too Large" }]);
  });

  it("refuse headers above 10,240 bytes", async () => {
    const { url } = await newApi();
    const response = await fetch(url, { headers: { "x-long": "a".repeat(10_300) } });
    expect([response.status, await response.json()]).toEqual([431, { message: "Request Header Fields Too Large" }]);
  });

  it("refuse a broken escape in the path", async () => {
    const { url } = await newApi();
    expect((await fetch(`${url}/%zz`)).status).toBe(400);
  });

  it("throttle by rate and burst, on the cloud's clock", async () => {
    const { url } = await newApi({
      routes: ["GET /a", "GET /b"],
      stage: {
        DefaultRouteSettings: { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 1 },
        RouteSettings: { "GET /b": { ThrottlingBurstLimit: 3 } },
      },
    });
    const statuses = async (path: string, times: number) => {
      const all: number[] = [];
      for (let n = 0; n < times; n++) all.push((await fetch(url + path)).status);
      return all;
    };
    expect(await statuses("/a", 3)).toEqual([200, 200, 429]);
    expect(await statuses("/b", 4)).toEqual([200, 200, 200, 429]);
    const refused = await fetch(`${url}/a`);
    expect(await refused.text()).toBe('{"message":"Too Many Requests"}');
    await cloud.clock.advance("1 second");
    expect(await statuses("/a", 2)).toEqual([200, 429]);
  });
});

describe("CORS", () => {
  const cors: Cors = {
    AllowOrigins: ["https://app.example"],
    AllowMethods: ["GET", "POST"],
    AllowHeaders: ["content-type"],
    MaxAge: 300,
  };
  const preflight = (url: string, origin = "https://app.example") =>
    fetch(url, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });

  it("answers preflights without a route", async () => {
    const { url } = await newApi({ routes: ["POST /orders"], cors });
    const response = await preflight(`${url}/orders`);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": "GET,POST",
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "300",
    });
    expect(
      (await preflight(`${url}/orders`, "https://evil.example")).headers.get("access-control-allow-origin"),
    ).toBeNull();
  });

  it("answers for the integration, and in its place", async () => {
    const { url } = await newApi({ cors });
    const allowed = await fetch(url, { headers: { origin: "https://app.example" } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
    const foreign = await fetch(url, { headers: { origin: "https://evil.example" } });
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    const missing = await fetch(`${(await newApi({ cors, routes: ["GET /a"] })).url}/b`, {
      headers: { origin: "https://app.example" },
    });
    expect([missing.status, missing.headers.get("access-control-allow-origin")]).toEqual([404, "https://app.example"]);
  });

  it("leaves the integration's headers alone where it is not configured, and adds none, also for pages of this machine", async () => {
    const { url } = await newApi();
    expect(
      (await fetch(url, { headers: { origin: "https://app.example" } })).headers.get("access-control-allow-origin"),
    ).toBe("backend");
    const { url: routed } = await newApi({ routes: ["GET /a"] });
    const response = await fetch(`${routed}/b`, { headers: { origin: "http://localhost:3000" } });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("deployments", () => {
  it("freeze what a stage serves until the next one", async () => {
    const { ApiId, url, IntegrationId } = await newApi({ routes: ["GET /a"], stage: { AutoDeploy: false } });
    expect((await fetch(`${url}/a`)).status).toBe(404);
    await client.send(new CreateDeploymentCommand({ ApiId, StageName: "$default" }));
    expect((await fetch(`${url}/a`)).status).toBe(200);
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /b", Target: `integrations/${IntegrationId}` }));
    expect((await fetch(`${url}/b`)).status).toBe(404);
    await client.send(new CreateDeploymentCommand({ ApiId, StageName: "$default" }));
    expect((await fetch(`${url}/b`)).status).toBe(200);
  });

  it("freeze what is there when a stage stops to deploy by itself", async () => {
    const { ApiId, url, IntegrationId } = await newApi({ routes: ["GET /a"] });
    await client.send(new UpdateStageCommand({ ApiId, StageName: "$default", AutoDeploy: false }));
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /b", Target: `integrations/${IntegrationId}` }));
    expect([(await fetch(`${url}/a`)).status, (await fetch(`${url}/b`)).status]).toEqual([200, 404]);
  });
});

describe("access logs", () => {
  it("are written to the log group after the response", async () => {
    const logs = cloud.client(CloudWatchLogsClient);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "access-logs" }));
    const Format =
      '{"id":"$context.requestId","ip":"$context.identity.sourceIp","route":"$context.routeKey","status":$context.status,"length":$context.responseLength,"error":"$context.error.message","integration":"$context.integration.status"}';
    const { url } = await newApi({
      routes: ["GET /a"],
      stage: {
        AccessLogSettings: { DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access-logs", Format },
      },
    });
    const served = await fetch(`${url}/a`);
    const length = (await served.text()).length;
    await Promise.all([fetch(`${url}/b`), fetch(`${url}/b`)]);
    await cloud.settled();
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "access-logs" }));
    const lines = events.map((event) => JSON.parse(event.message!) as Record<string, unknown>);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toEqual({
      id: served.headers.get("apigw-requestid"),
      ip: "127.0.0.1",
      route: "GET /a",
      status: 200,
      length,
      error: "-",
      integration: "200",
    });
    expect(lines[1]).toMatchObject({ route: "-", status: 404, error: "Not Found", integration: "-" });
  });
});
