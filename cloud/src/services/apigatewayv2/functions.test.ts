import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  ResetAuthorizersCacheCommand,
  type CreateAuthorizerCommandInput,
  type CreateIntegrationCommandInput,
} from "@aws-sdk/client-apigatewayv2";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

const ACCOUNT = "000000000000";
const ECHO =
  "exports.handler = async (event) => ({ statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) });";

let cloud: Cloud;
let gateway: ApiGatewayV2Client;
let lambda: LambdaClient;
let role: string;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  gateway = cloud.client(ApiGatewayV2Client);
  lambda = cloud.client(LambdaClient);
  role = await newRole("functions", "lambda.amazonaws.com", ["logs:*"]);
});
afterAll(() => cloud.close());

async function newRole(RoleName: string, service: string, actions: string[]): Promise<string> {
  const iam = cloud.client(IAMClient);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  };
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: JSON.stringify(policy) }));
  return Role!.Arn!;
}

async function newFunction(code: string, more: object = {}): Promise<string> {
  const FunctionName = `fn-${++count}`;
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: await createArchive({ "index.js": code }) },
      ...more,
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });
  return FunctionArn!;
}

interface Setup {
  /** Left out: the function's policy allows the whole API. `null`: nothing. Else the end of the source ARN. */
  permission?: string | null;
  route?: string;
  integration?: Partial<CreateIntegrationCommandInput>;
  stageVariables?: Record<string, string>;
}

async function newApi(
  functionArn: string,
  { permission = "*", route = "ANY /a/{id}", integration = {}, stageVariables }: Setup = {},
) {
  const { ApiId, ApiEndpoint } = await gateway.send(new CreateApiCommand({ Name: "x", ProtocolType: "HTTP" }));
  if (permission !== null) await allow(functionArn, `${ApiId}/${permission}`);
  const { IntegrationId } = await gateway.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "AWS_PROXY",
      IntegrationUri: functionArn,
      PayloadFormatVersion: "2.0",
      ...integration,
    }),
  );
  const Target = `integrations/${IntegrationId}`;
  const { RouteId } = await gateway.send(new CreateRouteCommand({ ApiId, RouteKey: route, Target }));
  await gateway.send(
    new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true, StageVariables: stageVariables }),
  );
  return { ApiId: ApiId!, RouteId: RouteId!, Target, url: ApiEndpoint! };
}

function allow(functionArn: string, source: string) {
  return lambda.send(
    new AddPermissionCommand({
      FunctionName: functionArn,
      StatementId: `s${++count}`,
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: `arn:aws:execute-api:us-east-1:${ACCOUNT}:${source}`,
    }),
  );
}

async function told(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

describe("Lambda proxy integrations", () => {
  it("give the function an event in format 2.0", async () => {
    const { ApiId, url } = await newApi(await newFunction(ECHO), { stageVariables: { level: "beta" } });
    const response = await fetch(`${url}/a/x%20y?q=1&q=2`, {
      method: "POST",
      body: "héllo",
      headers: { "content-type": "text/plain", cookie: "a=1; b=2", "x-one": "1" },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      version: "2.0",
      routeKey: "ANY /a/{id}",
      rawPath: "/a/x y",
      rawQueryString: "q=1&q=2",
      cookies: ["a=1", "b=2"],
      headers: { "x-one": "1", host: new URL(cloud.endpoint).host, "content-length": "6" },
      queryStringParameters: { q: "1,2" },
      requestContext: {
        accountId: ACCOUNT,
        apiId: ApiId,
        http: { method: "POST", path: "/a/x y", protocol: "HTTP/1.1", sourceIp: "127.0.0.1" },
        requestId: response.headers.get("apigw-requestid"),
        stage: "$default",
        timeEpoch: cloud.clock.now(),
      },
      pathParameters: { id: "x y" },
      stageVariables: { level: "beta" },
      body: "héllo",
      isBase64Encoded: false,
    });
  });

  it("give the function an event in format 1.0, and take headers of several values back", async () => {
    const fn = await newFunction(
      "exports.handler = async (event) => ({ statusCode: 201, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] }, body: JSON.stringify(event) });",
    );
    const { url } = await newApi(fn, { integration: { PayloadFormatVersion: "1.0" } });
    const response = await fetch(`${url}/a/7?q=1&q=2`);
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.json()).toMatchObject({
      version: "1.0",
      resource: "/a/{id}",
      path: "/a/7",
      httpMethod: "GET",
      multiValueQueryStringParameters: { q: ["1", "2"] },
      pathParameters: { id: "7" },
      body: null,
    });
  });

  it("carry binary bodies both ways", async () => {
    const fn = await newFunction(
      "exports.handler = async (event) => ({ statusCode: 200, headers: { 'content-type': 'image/png' }, isBase64Encoded: true, body: event.isBase64Encoded ? event.body : '' });",
    );
    const { url } = await newApi(fn);
    const bytes = Buffer.from([0, 255, 128, 10]);
    const response = await fetch(`${url}/a/1`, {
      method: "POST",
      body: bytes,
      headers: { "content-type": "application/octet-stream" },
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.get("content-type")).toBe("image/png");
  });

  it("infer a response without a status code", async () => {
    const { url } = await newApi(await newFunction("exports.handler = async () => ({ hello: 'world' });"));
    const response = await fetch(`${url}/a/1`);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "application/json",
      '{"hello":"world"}',
    ]);
  });

  it.each([
    ["throws", "exports.handler = async () => { throw new Error('boom'); };"],
    ["answers a malformed response", "exports.handler = async () => ({ statusCode: 'x' });"],
    ["answers a body that is no text", "exports.handler = async () => ({ statusCode: 200, body: {} });"],
    ["exits", "exports.handler = async () => { process.exit(1); };"],
  ])("answer 500 where the function %s", async (_, code) => {
    const { url } = await newApi(await newFunction(code));
    expect(await told(await fetch(`${url}/a/1`))).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it("answer 503 where the function takes longer than the integration may, or than it may itself", async () => {
    const code = "exports.handler = () => new Promise((resolve) => setTimeout(resolve, 2000));";
    const slow = await newApi(await newFunction(code), { integration: { TimeoutInMillis: 100 } });
    expect(await told(await fetch(`${slow.url}/a/1`))).toEqual([503, '{"message":"Service Unavailable"}']);
    const own = await newApi(await newFunction(code, { Timeout: 1 }));
    expect(await told(await fetch(`${own.url}/a/1`))).toEqual([503, '{"message":"Service Unavailable"}']);
  });

  it("answer 503 where the function is throttled", async () => {
    const fn = await newFunction(ECHO);
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: fn, ReservedConcurrentExecutions: 0 }));
    const { url } = await newApi(fn);
    expect(await told(await fetch(`${url}/a/1`))).toEqual([503, '{"message":"Service Unavailable"}']);
  });

  it("need the function's permission for the route", async () => {
    const fn = await newFunction(ECHO);
    const { ApiId, url } = await newApi(fn, { permission: null });
    expect(await told(await fetch(`${url}/a/1`))).toEqual([500, '{"message":"Internal Server Error"}']);
    await allow(fn, `${ApiId}/*/POST/a/{id}`);
    expect((await fetch(`${url}/a/1`)).status).toBe(500);
    expect((await fetch(`${url}/a/1`, { method: "POST" })).status).toBe(200);
    const other = await newApi(fn, { permission: "*/$default", route: "$default" });
    expect((await fetch(`${other.url}/anything`)).status).toBe(200);
  });

  it("answer 500 where there is no such function", async () => {
    const { url } = await newApi(`arn:aws:lambda:us-east-1:${ACCOUNT}:function:nowhere`, { permission: null });
    expect((await fetch(`${url}/a/1`)).status).toBe(500);
  });

  it("invoke as a role where one is given", async () => {
    const CredentialsArn = await newRole("gateway", "apigateway.amazonaws.com", ["lambda:InvokeFunction"]);
    const { url } = await newApi(await newFunction(ECHO), { permission: null, integration: { CredentialsArn } });
    expect((await fetch(`${url}/a/1`)).status).toBe(200);
    const untrusted = await newRole("not-gateway", "lambda.amazonaws.com", ["lambda:InvokeFunction"]);
    const refused = await newApi(await newFunction(ECHO), {
      permission: null,
      integration: { CredentialsArn: untrusted },
    });
    expect((await fetch(`${refused.url}/a/1`)).status).toBe(500);
  });

  it("take AWS's URI of a function, and stage variables in it", async () => {
    const fn = await newFunction(ECHO);
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${fn.replace(/[^:]+$/, "${stageVariables.fn}")}/invocations`;
    const { url, ApiId } = await newApi(fn, {
      permission: null,
      integration: { IntegrationUri: uri },
      stageVariables: { fn: fn.split(":").at(-1)! },
    });
    await allow(fn, `${ApiId}/*`);
    expect((await fetch(`${url}/a/1`)).status).toBe(200);
  });

  it("change the event by parameter mapping", async () => {
    const RequestParameters = {
      "append:header.x-id": "$request.path.id",
      "overwrite:path": "/changed",
      "overwrite:querystring.q": "9",
    };
    const { url } = await newApi(await newFunction(ECHO), { integration: { RequestParameters } });
    expect(await (await fetch(`${url}/a/7?q=1`)).json()).toMatchObject({
      rawPath: "/changed",
      rawQueryString: "q=9",
      headers: { "x-id": "7" },
    });
  });

  it("stand in the trace, with who invoked and why it was allowed", async () => {
    const { url } = await newApi(await newFunction(ECHO));
    await fetch(`${url}/a/1`);
    const spans = cloud.trace.spans();
    const execute = spans.findLast((span) => span.name === "apigatewayv2:ExecuteApi")!;
    const invoke = spans.findLast((span) => span.name === "lambda:Invoke")!;
    expect(invoke).toMatchObject({
      traceId: execute.traceId,
      parentId: execute.spanId,
      principal: "apigateway.amazonaws.com",
      decision: { allowed: true },
    });
  });
});

describe("Lambda authorizers", () => {
  async function guarded(code: string, authorizer: Partial<CreateAuthorizerCommandInput> = {}, grant = true) {
    const api = await newApi(await newFunction(ECHO), { route: "GET /open" });
    const fn = await newFunction(code);
    const { AuthorizerId } = await gateway.send(
      new CreateAuthorizerCommand({
        ApiId: api.ApiId,
        Name: "l",
        AuthorizerType: "REQUEST",
        AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${fn}/invocations`,
        AuthorizerPayloadFormatVersion: "2.0",
        EnableSimpleResponses: true,
        IdentitySource: ["$request.header.authorization"],
        ...authorizer,
      }),
    );
    if (grant) await allow(fn, `${api.ApiId}/authorizers/${AuthorizerId}`);
    for (const RouteKey of ["GET /a/{id}", "GET /b"])
      await gateway.send(
        new CreateRouteCommand({
          ApiId: api.ApiId,
          RouteKey,
          Target: api.Target,
          AuthorizationType: "CUSTOM",
          AuthorizerId,
        }),
      );
    return api;
  }
  const get = (url: string, authorization?: string) =>
    fetch(url, authorization === undefined ? {} : { headers: { authorization } });
  const SIMPLE =
    "let calls = 0; exports.handler = async (event) => ({ isAuthorized: event.identitySource[0] === 'yes', context: { calls: ++calls, event, list: ['a'] } });";
  const context = async (response: Response) =>
    ((await response.json()) as { requestContext: { authorizer: { lambda: Record<string, unknown> } } }).requestContext
      .authorizer.lambda;

  it("of simple responses decide, and pass their context on", async () => {
    const { ApiId, url } = await guarded(SIMPLE);
    const allowed = await get(`${url}/a/1?x=1`, "yes");
    expect(allowed.status).toBe(200);
    expect(await context(allowed)).toMatchObject({
      calls: 1,
      list: ["a"],
      event: {
        version: "2.0",
        type: "REQUEST",
        routeArn: `arn:aws:execute-api:us-east-1:${ACCOUNT}:${ApiId}/$default/GET/a/1`,
        identitySource: ["yes"],
        routeKey: "GET /a/{id}",
        rawPath: "/a/1",
        pathParameters: { id: "1" },
      },
    });
    expect(await told(await get(`${url}/a/1`, "no"))).toEqual([403, '{"message":"Forbidden"}']);
    expect(await told(await get(`${url}/a/1`))).toEqual([401, '{"message":"Unauthorized"}']);
    expect((await get(`${url}/open`)).status).toBe(200);
  });

  it("are asked again when their answer is old, on the cloud's clock", async () => {
    const { ApiId, url } = await guarded(SIMPLE, { AuthorizerResultTtlInSeconds: 60 });
    const calls = async (path = "/a/1") => (await context(await get(url + path, "yes")))["calls"];
    expect([await calls(), await calls(), await calls("/b")]).toEqual([1, 1, 1]);
    await cloud.clock.advance("61 seconds");
    expect(await calls()).toBe(2);
    await gateway.send(new ResetAuthorizersCacheCommand({ ApiId, StageName: "$default" }));
    expect(await calls()).toBe(3);
  });

  it("are kept per route where the route is an identity source", async () => {
    const { url } = await guarded(SIMPLE, {
      AuthorizerResultTtlInSeconds: 60,
      IdentitySource: ["$request.header.authorization", "$context.routeKey"],
    });
    const calls = async (path: string) => (await context(await get(url + path, "yes")))["calls"];
    expect([await calls("/a/1"), await calls("/a/2"), await calls("/b")]).toEqual([1, 1, 2]);
  });

  it("of IAM policies are held against each route", async () => {
    const code = `exports.handler = async (event) => ({
      principalId: "kim",
      policyDocument: { Version: "2012-10-17", Statement: [
        { Effect: "Allow", Action: "execute-api:Invoke", Resource: event.methodArn.split("/")[0] + "/*/GET/a/*" },
        { Effect: "Deny", Action: "execute-api:*", Resource: "*/GET/a/secret" } ] },
      context: { n: 1 } });`;
    const { url } = await guarded(code, {
      AuthorizerPayloadFormatVersion: "1.0",
      EnableSimpleResponses: false,
      AuthorizerResultTtlInSeconds: 60,
    });
    const allowed = await get(`${url}/a/1`, "x");
    expect(allowed.status).toBe(200);
    expect(await context(allowed)).toEqual({ n: 1 });
    expect((await get(`${url}/a/secret`, "x")).status).toBe(403);
    expect((await get(`${url}/b`, "x")).status).toBe(403);
  });

  it.each([
    ["throw", "exports.handler = async () => { throw new Error('Unauthorized'); };"],
    ["answer nothing", "exports.handler = async () => undefined;"],
    ["answer the other form", "exports.handler = async () => ({ principalId: 'p', policyDocument: {} });"],
  ])("answer 500 where they %s", async (_, code) => {
    const { url } = await guarded(code);
    expect(await told(await get(`${url}/a/1`, "x"))).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it("answer 500 where the gateway may not invoke them", async () => {
    const { url } = await guarded(SIMPLE, {}, false);
    expect((await get(`${url}/a/1`, "yes")).status).toBe(500);
  });
});
