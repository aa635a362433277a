import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  type CreateConnectionCommandInput,
  DeauthorizeConnectionCommand,
  DescribeApiDestinationCommand,
  DescribeConnectionCommand,
  ListApiDestinationsCommand,
  ListConnectionsCommand,
  type Target,
  UpdateConnectionCommand,
} from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, testCloud } from "./test-cloud.ts";

const test = testCloud();

interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let address: string;
let got: Got[] = [];
/** How the server answers; undefined: 200. */
let answer: (request: Got, response: ServerResponse) => void = () => undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const one = { method: request.method!, url: request.url!, headers: request.headers, body };
      got.push(one);
      answer(one, response);
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  got = [];
  answer = () => undefined;
});

type Connection = Omit<CreateConnectionCommandInput, "Name">;
const KEY: Connection = {
  AuthorizationType: "API_KEY",
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: "hush" } },
};

async function connect(connection: Connection): Promise<{ Name: string; ConnectionArn: string }> {
  const Name = test.name("connection");
  const { ConnectionArn } = await test.events.send(new CreateConnectionCommand({ Name, ...connection }));
  await test.cloud.settled();
  return { Name, ConnectionArn: ConnectionArn! };
}

/** A source whose events go to an API destination on the server. */
async function destination(
  connection: Connection,
  more: { path?: string; rate?: number; target?: Partial<Target> } = {},
) {
  const { Name: connectionName, ConnectionArn } = await connect(connection);
  const Name = test.name("destination");
  const { ApiDestinationArn } = await test.events.send(
    new CreateApiDestinationCommand({
      Name,
      ConnectionArn,
      InvocationEndpoint: address + (more.path ?? "/hook"),
      HttpMethod: "POST",
      ...(more.rate === undefined ? {} : { InvocationRateLimitPerSecond: more.rate }),
    }),
  );
  const source = test.name("source");
  const dead = await test.queue();
  const RoleArn = await test.role("events:InvokeApiDestination");
  await test.rule(
    { source: [source] },
    { Arn: ApiDestinationArn!, RoleArn, DeadLetterConfig: { Arn: dead.arn }, ...more.target },
  );
  const send = async (detail: object = {}) => {
    await test.put({ Source: source, DetailType: "t", Detail: JSON.stringify(detail) });
    await test.cloud.settled();
  };
  return { Name, connectionName, dead, send };
}

describe("API destinations", () => {
  it("get the event with the connection's key and parameters, which win over the target's", async () => {
    const parameter = (Key: string, Value: string, IsValueSecret = false) => ({ Key, Value, IsValueSecret });
    const { send, connectionName } = await destination(
      {
        ...KEY,
        AuthParameters: {
          ...KEY.AuthParameters,
          InvocationHttpParameters: {
            HeaderParameters: [parameter("x-team", "connection")],
            QueryStringParameters: [parameter("token", "t&t", true)],
            BodyParameters: [parameter("tenant", "a")],
          },
        },
      },
      {
        path: "/orders/*/items/*",
        target: {
          InputPath: "$.detail",
          HttpParameters: {
            PathParameterValues: ["$.detail.id", "all items"],
            HeaderParameters: { "x-team": "target", "x-source": "$.source" },
            QueryStringParameters: { n: "1" },
          },
        },
      },
    );
    await send({ id: "o/1" });
    expect(got).toHaveLength(1);
    const [request] = got;
    expect(request).toMatchObject({ method: "POST", url: "/orders/o%2F1/items/all%20items?n=1&token=t%26t" });
    expect(JSON.parse(request!.body)).toEqual({ id: "o/1", tenant: "a" });
    expect(request!.headers).toMatchObject({
      "x-api-key": "hush",
      "x-team": "connection",
      "x-source": expect.stringMatching(/^source-/),
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Amazon/EventBridge/ApiDestinations",
    });
    const shown = await test.events.send(new DescribeConnectionCommand({ Name: connectionName }));
    expect(shown).toMatchObject({ ConnectionState: "AUTHORIZED", AuthorizationType: "API_KEY" });
    expect(JSON.stringify(shown.AuthParameters)).not.toMatch(/hush|t&t/);
  });

  it("get a user's name and password", async () => {
    const { send } = await destination({
      AuthorizationType: "BASIC",
      AuthParameters: { BasicAuthParameters: { Username: "u", Password: "p w" } },
    });
    await send();
    expect(got[0]!.headers.authorization).toBe(`Basic ${Buffer.from("u:p w").toString("base64")}`);
  });

  it("are tried again on 429 when they say so, and 5xx, and on no other refusal", async () => {
    const { send, dead } = await destination(KEY);
    answer = (_request, response) => void response.writeHead(429, { "retry-after": "30" });
    await send({ n: 1 });
    await test.cloud.clock.advance("29 seconds");
    expect(got).toHaveLength(1);
    answer = (_request, response) => void response.writeHead(503);
    await test.cloud.clock.advance("2 seconds");
    expect(got).toHaveLength(2);
    answer = () => undefined;
    await test.cloud.clock.advance("10 seconds");
    expect(got).toHaveLength(3);
    await test.cloud.clock.advance("1 day");
    expect(got).toHaveLength(3);
    answer = (_request, response) => void response.writeHead(400);
    await send({ n: 2 });
    await test.cloud.clock.advance("1 day");
    expect(got).toHaveLength(4);
    const [message] = await test.take(dead);
    expect(message!.MessageAttributes!["ERROR_CODE"]!.StringValue).toBe("ERROR_FROM_TARGET");
    expect(message!.MessageAttributes!["ERROR_MESSAGE"]!.StringValue).toMatch(/status code 400/);
  });

  it("are called no more often than their rate", async () => {
    const { send } = await destination(KEY, { rate: 2 });
    for (let n = 0; n < 5; n++) await send({ n });
    expect(got).toHaveLength(2);
    await test.cloud.clock.advance("1 second");
    expect(got).toHaveLength(4);
    await test.cloud.clock.advance("1 second");
    expect(got).toHaveLength(5);
    await test.cloud.clock.advance("1 hour");
    expect(new Set(got.map(({ body }) => body)).size).toBe(5);
  });

  it("are not called by a role that may not", async () => {
    const { send, dead } = await destination(KEY, { target: { RoleArn: await test.role("sqs:*") } });
    await send();
    expect(got).toEqual([]);
    const [message] = await test.take(dead);
    expect(message!.MessageAttributes!["ERROR_CODE"]!.StringValue).toBe("NO_PERMISSIONS");
  });
});

describe("API Gateway", () => {
  it("routes are called, signed by the target's role", async () => {
    const call = test.cloud.call;
    const { ApiId = "" } = await call("apigatewayv2", "CreateApi", { Name: test.name("api"), ProtocolType: "HTTP" });
    const { IntegrationId } = await call("apigatewayv2", "CreateIntegration", {
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "POST",
      IntegrationUri: `${address}/behind`,
      PayloadFormatVersion: "1.0",
    });
    await call("apigatewayv2", "CreateRoute", {
      ApiId,
      RouteKey: "POST /orders/{id}",
      AuthorizationType: "AWS_IAM",
      Target: `integrations/${IntegrationId}`,
    });
    await call("apigatewayv2", "CreateStage", { ApiId, StageName: "prod", AutoDeploy: true });
    const source = test.name("source");
    const dead = await test.queue();
    const Arn = `arn:aws:execute-api:us-east-1:000000000000:${ApiId}/prod/POST/orders/*`;
    const target = {
      Arn,
      InputPath: "$.detail",
      HttpParameters: { PathParameterValues: ["$.detail.id"], QueryStringParameters: { q: "a b" } },
      DeadLetterConfig: { Arn: dead.arn },
    };
    await test.rule({ source: [source] }, { ...target, RoleArn: await test.role("execute-api:Invoke") });
    await test.rule({ source: [source] }, { ...target, RoleArn: await test.role("sqs:*") });
    await test.put({ Source: source, DetailType: "t", Detail: '{"id":"o-1"}' });
    await test.cloud.settled();
    expect(got).toMatchObject([{ method: "POST", body: '{"id":"o-1"}', url: "/behind?q=a%20b" }]);
    const [message] = await test.take(dead);
    expect(message!.MessageAttributes!["ERROR_CODE"]!.StringValue).toBe("NO_PERMISSIONS");
  });
});

describe("OAuth", () => {
  const oauth = (AuthorizationEndpoint: string): Connection => ({
    AuthorizationType: "OAUTH_CLIENT_CREDENTIALS",
    AuthParameters: {
      OAuthParameters: {
        AuthorizationEndpoint,
        HttpMethod: "POST",
        ClientParameters: { ClientID: "id", ClientSecret: "se&cret" },
        OAuthHttpParameters: { BodyParameters: [{ Key: "grant_type", Value: "client_credentials" }] },
      },
    },
  });
  let tokens = 0;
  /** Gives out tokens, and takes the newest one only. */
  const authorizationServer = (request: Got, response: ServerResponse) => {
    if (request.url === "/token") {
      tokens += 1;
      response.writeHead(200, { "content-type": "application/json" });
      response.write(JSON.stringify({ access_token: `token-${tokens}`, token_type: "bearer", expires_in: 3600 }));
    } else if (request.headers.authorization !== `Bearer token-${tokens}`) response.writeHead(401);
  };
  const calls = () => got.map(({ url, headers }) => `${url} ${headers.authorization ?? ""}`.trim());

  it("fetches a token once, again when it ends, and again when the server refuses it", async () => {
    answer = authorizationServer;
    const { send } = await destination(oauth(`${address}/token`));
    expect(got).toHaveLength(1);
    expect(new URLSearchParams(got[0]!.body)).toEqual(
      new URLSearchParams({ client_id: "id", client_secret: "se&cret", grant_type: "client_credentials" }),
    );
    await send();
    await send();
    expect(calls()).toEqual(["/token", "/hook Bearer token-1", "/hook Bearer token-1"]);
    await test.cloud.clock.advance("1 hour");
    got = [];
    await send();
    expect(calls()).toEqual(["/token", "/hook Bearer token-2"]);
    // The server forgets the token: the next try has another one.
    got = [];
    tokens += 1;
    await send();
    await test.cloud.clock.advance("10 seconds");
    expect(calls()).toEqual(["/hook Bearer token-2", "/token", "/hook Bearer token-4"]);
  });

  it("is not authorized where there is no token, and becomes so when that changes", async () => {
    answer = (_request, response) => void response.writeHead(400);
    const { Name, ConnectionArn } = await connect(oauth(`${address}/token`));
    expect(await test.events.send(new DescribeConnectionCommand({ Name }))).toMatchObject({
      ConnectionState: "DEAUTHORIZED",
      StateReason: "Failed to get an access token: the authorization endpoint answered 400.",
    });
    const destinationName = test.name("destination");
    await test.events.send(
      new CreateApiDestinationCommand({
        Name: destinationName,
        ConnectionArn,
        InvocationEndpoint: address,
        HttpMethod: "GET",
      }),
    );
    const state = async () =>
      (await test.events.send(new DescribeApiDestinationCommand({ Name: destinationName }))).ApiDestinationState;
    expect(await state()).toBe("INACTIVE");
    answer = authorizationServer;
    await test.events.send(new UpdateConnectionCommand({ Name, ...oauth(`${address}/token`) }));
    await test.cloud.settled();
    expect(await state()).toBe("ACTIVE");
    await test.events.send(new DeauthorizeConnectionCommand({ Name }));
    expect(await state()).toBe("INACTIVE");
    const listed = await test.events.send(new ListConnectionsCommand({ ConnectionState: "DEAUTHORIZED" }));
    expect(listed.Connections!.map((one) => one.Name)).toContain(Name);
    const destinations = await test.events.send(new ListApiDestinationsCommand({ ConnectionArn }));
    expect(destinations.ApiDestinations).toHaveLength(1);
  });

  it("needs HTTPS away from this machine", async () => {
    const { ConnectionArn } = await connect(KEY);
    const create = {
      Name: test.name("d"),
      ConnectionArn,
      InvocationEndpoint: "http://example.com/",
      HttpMethod: "POST" as const,
    };
    expect(await failure(test.events.send(new CreateApiDestinationCommand(create)))).toMatch(
      /^ValidationException: Parameter InvocationEndpoint is not valid\./,
    );
  });
});
