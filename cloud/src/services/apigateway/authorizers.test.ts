import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateAuthorizerCommand,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  UpdateRestApiCommand,
  type CreateAuthorizerCommandInput,
} from "@aws-sdk/client-api-gateway";
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  InitiateAuthCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { addMethod, deploy, newApi, newFunction } from "./test-api.ts";

let cloud: Cloud;
let client: APIGatewayClient;
let echo: string;

const ACCOUNT = "000000000000";
const OK = { type: "MOCK" as const, requestTemplates: { "application/json": '{"statusCode": 200}' } };
/** Answers by what the token says; counts how often it is asked. */
const AUTHORIZER = `
let asked = 0;
exports.handler = async (event) => {
  asked++;
  const token = event.authorizationToken ?? event.headers["x-token"];
  if (token === "unauthorized") throw new Error("Unauthorized");
  if (token === "broken") throw new Error("broken");
  if (token === "nothing") return {};
  if (token === "nested") return { principalId: "me", policyDocument: { Version: "2012-10-17", Statement: [] }, context: { a: { b: 1 } } };
  const statement = { Action: "execute-api:Invoke", Effect: token === "deny" ? "Deny" : "Allow", Resource: token === "other" ? event.methodArn + "x" : event.methodArn.replace(/\\/GET\\/.*/, "/*") };
  return {
    principalId: "me",
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { number: 1, yes: true, asked, type: event.type, token: String(token) },
    usageIdentifierKey: "k",
  };
};`;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(APIGatewayClient);
  echo = await newFunction(
    cloud,
    "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext) });",
  );
});
afterAll(() => cloud.close());

async function told(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

/** An API whose `GET /a` asks an authorizer. */
async function guarded(authorizer: Partial<CreateAuthorizerCommandInput>, method: object = {}) {
  const { id: restApiId, rootResourceId } = await client.send(new CreateRestApiCommand({ name: "guarded" }));
  const { id: authorizerId } = await client.send(
    new CreateAuthorizerCommand({ restApiId, name: "a", type: "TOKEN", ...authorizer }),
  );
  const authorizationType = authorizer.type === "COGNITO_USER_POOLS" ? "COGNITO_USER_POOLS" : "CUSTOM";
  await addMethod(cloud, restApiId!, rootResourceId!, {
    path: "a",
    httpMethod: "GET",
    method: { authorizationType, authorizerId, ...method },
    integration: { type: "AWS_PROXY", uri: echo },
  });
  await deploy(cloud, restApiId!);
  return {
    restApiId: restApiId!,
    authorizerId: authorizerId!,
    url: `${cloud.endpoint}/_aws/execute-api/${restApiId}/dev/a`,
  };
}

describe("TOKEN authorizers", () => {
  it("let through, or not, in API Gateway's words", async () => {
    const { url } = await guarded({
      authorizerUri: await newFunction(cloud, AUTHORIZER),
      identitySource: "method.request.header.Authorization",
      authorizerResultTtlInSeconds: 0,
    });
    const get = (authorization?: string) =>
      fetch(url, authorization === undefined ? {} : { headers: { authorization } });
    const context = (await (await get("allow")).json()) as { authorizer: object };
    expect(context.authorizer).toEqual({
      principalId: "me",
      number: "1",
      yes: "true",
      asked: "1",
      type: "TOKEN",
      token: "allow",
      integrationLatency: expect.any(Number),
    });
    expect(await told(await get())).toEqual([401, '{"message":"Unauthorized"}']);
    expect(await told(await get("unauthorized"))).toEqual([401, '{"message":"Unauthorized"}']);
    expect(await told(await get("deny"))).toEqual([
      403,
      '{"Message":"User is not authorized to access this resource with an explicit deny"}',
    ]);
    expect(await told(await get("other"))).toEqual([
      403,
      '{"Message":"User is not authorized to access this resource"}',
    ]);
    expect(await told(await get("broken"))).toEqual([500, '{"message":null}']);
    const malformed = await get("nothing");
    expect(malformed.headers.get("x-amzn-errortype")).toBe("AuthorizerConfigurationException");
    expect(await told(malformed)).toEqual([500, '{"message":null}']);
    expect((await get("nested")).status).toBe(500);
  });

  it("are asked again only when their answer is old, on the cloud's clock", async () => {
    const { url } = await guarded({
      authorizerUri: await newFunction(cloud, AUTHORIZER),
      identitySource: "method.request.header.X-Token",
      identityValidationExpression: "[a-z]+",
      authorizerResultTtlInSeconds: 60,
    });
    const asked = async () => {
      const response = await fetch(url, { headers: { "x-token": "allow" } });
      return ((await response.json()) as { authorizer: { asked: string } }).authorizer.asked;
    };
    expect([await asked(), await asked()]).toEqual(["1", "1"]);
    await cloud.clock.advance("61 s");
    expect(await asked()).toBe("2");
    expect(await told(await fetch(url, { headers: { "x-token": "ALLOW1" } }))).toEqual([
      401,
      '{"message":"Unauthorized"}',
    ]);
  });
});

describe("API keys of an authorizer", () => {
  it("are what the authorizer says", async () => {
    const { id: restApiId, rootResourceId } = await client.send(
      new CreateRestApiCommand({ name: "keyed", apiKeySource: "AUTHORIZER" }),
    );
    const code = `exports.handler = async (event) => ({ principalId: "me", usageIdentifierKey: event.authorizationToken, policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }] } });`;
    const { id: authorizerId } = await client.send(
      new CreateAuthorizerCommand({
        restApiId,
        name: "a",
        type: "TOKEN",
        authorizerUri: await newFunction(cloud, code),
        identitySource: "method.request.header.Authorization",
      }),
    );
    await addMethod(cloud, restApiId!, rootResourceId!, {
      path: "a",
      httpMethod: "GET",
      method: { authorizationType: "CUSTOM", authorizerId, apiKeyRequired: true },
      integration: OK,
    });
    await deploy(cloud, restApiId!);
    const value = "the-key-of-a-customer";
    const key = await client.send(new CreateApiKeyCommand({ enabled: true, value }));
    const plan = await client.send(
      new CreateUsagePlanCommand({ name: "p", apiStages: [{ apiId: restApiId, stage: "dev" }] }),
    );
    await client.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" }));
    const url = `${cloud.endpoint}/_aws/execute-api/${restApiId}/dev/a`;
    expect((await fetch(url, { headers: { authorization: value } })).status).toBe(200);
    expect(await told(await fetch(url, { headers: { authorization: "other" } }))).toEqual([
      403,
      '{"message":"Forbidden"}',
    ]);
  });
});

describe("REQUEST authorizers", () => {
  it("get the request, and need all identity sources", async () => {
    const { url } = await guarded({
      type: "REQUEST",
      authorizerUri: await newFunction(cloud, AUTHORIZER),
      identitySource: "method.request.header.x-token, method.request.querystring.q",
    });
    expect((await fetch(url, { headers: { "x-token": "t" } })).status).toBe(401);
    const response = await fetch(`${url}?q=1`, { headers: { "x-token": "t" } });
    expect(await response.json()).toMatchObject({ authorizer: { type: "REQUEST", token: "t" } });
  });
});

describe("user pools", () => {
  it("let through identity tokens, and access tokens with a scope", async () => {
    const cognito = cloud.client(CognitoIdentityProviderClient);
    const { UserPool } = await cognito.send(new CreateUserPoolCommand({ PoolName: "p" }));
    const { UserPoolClient } = await cognito.send(
      new CreateUserPoolClientCommand({
        UserPoolId: UserPool!.Id,
        ClientName: "c",
        ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
      }),
    );
    await cognito.send(new AdminCreateUserCommand({ UserPoolId: UserPool!.Id, Username: "aoi" }));
    await cognito.send(
      new AdminSetUserPasswordCommand({
        UserPoolId: UserPool!.Id,
        Username: "aoi",
        Password: "Secret-1234",
        Permanent: true,
      }),
    );
    const { AuthenticationResult } = await cognito.send(
      new InitiateAuthCommand({
        ClientId: UserPoolClient!.ClientId,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: "aoi", PASSWORD: "Secret-1234" },
      }),
    );
    const { IdToken = "", AccessToken = "" } = AuthenticationResult!;
    const authorizer = {
      type: "COGNITO_USER_POOLS" as const,
      providerARNs: [UserPool!.Arn!],
      identitySource: "method.request.header.Authorization",
    };
    const { url } = await guarded(authorizer);
    const get = (to: string, authorization: string) => fetch(to, { headers: { authorization } });
    const context = (await (await get(url, `Bearer ${IdToken}`)).json()) as {
      authorizer: { claims: Record<string, string> };
    };
    expect(context.authorizer.claims).toMatchObject({ "cognito:username": "aoi", token_use: "id" });
    expect(context.authorizer.claims["exp"]).toMatch(/^\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}$/);
    expect(await told(await get(url, AccessToken))).toEqual([401, '{"message":"Unauthorized"}']);
    expect(await told(await get(url, `${IdToken}x`))).toEqual([401, '{"message":"Unauthorized"}']);
    expect((await fetch(url)).status).toBe(401);
    const scoped = await guarded(authorizer, { authorizationScopes: ["aws.cognito.signin.user.admin"] });
    expect((await get(scoped.url, AccessToken)).status).toBe(200);
    expect((await get(scoped.url, IdToken)).status).toBe(401);
    await cloud.clock.advance("2 h");
    expect(await told(await get(url, IdToken))).toEqual([401, '{"message":"The incoming token has expired"}']);
  });
});

describe("IAM and resource policies", () => {
  async function signed(url: string, credentials: { accessKeyId: string; secretAccessKey: string }): Promise<Response> {
    const { pathname, host, protocol, hostname, port } = new URL(url);
    const signer = new SignatureV4({
      service: "execute-api",
      region: "us-east-1",
      credentials,
      sha256: Sha256,
    });
    const request = await signer.sign(
      { method: "GET", protocol, hostname, port: Number(port), path: pathname, headers: { host } },
      { signingDate: new Date(cloud.clock.now()) },
    );
    return fetch(url, { headers: request.headers });
  }

  it("let signers through whose policy allows it", async () => {
    const { url, restApiId } = await newApi(cloud, {
      path: "a",
      httpMethod: "GET",
      method: { authorizationType: "AWS_IAM" },
      integration: { type: "AWS_PROXY", uri: echo },
    });
    expect(await told(await fetch(`${url}/a`))).toEqual([403, '{"message":"Missing Authentication Token"}']);
    const iam = cloud.client(IAMClient);
    await iam.send(new CreateUserCommand({ UserName: "reader" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "reader" }));
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    expect(await told(await signed(`${url}/a`, credentials))).toEqual([
      403,
      `{"Message":"User: arn:aws:iam::${ACCOUNT}:user/reader is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:${restApiId}/dev/GET/a"}`,
    ]);
    const policy = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "execute-api:Invoke",
          Resource: `arn:aws:execute-api:us-east-1:${ACCOUNT}:${restApiId}/*/GET/a`,
        },
      ],
    };
    await iam.send(
      new PutUserPolicyCommand({ UserName: "reader", PolicyName: "p", PolicyDocument: JSON.stringify(policy) }),
    );
    const response = await signed(`${url}/a`, credentials);
    expect(await response.json()).toMatchObject({
      identity: { userArn: `arn:aws:iam::${ACCOUNT}:user/reader`, accessKey: credentials.accessKeyId },
    });
  });

  it("refuse by the API's resource policy, once it is deployed", async () => {
    const { url, restApiId } = await newApi(cloud, { path: "a", httpMethod: "GET", integration: OK });
    const policy = (statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const allow = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
    const put = async (text: string) => {
      await client.send(
        new UpdateRestApiCommand({ restApiId, patchOperations: [{ op: "replace", path: "/policy", value: text }] }),
      );
      await deploy(cloud, restApiId);
    };
    await put(policy([allow]));
    expect((await fetch(`${url}/a`)).status).toBe(200);
    await put(
      policy([allow, { ...allow, Effect: "Deny", Condition: { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } } }]),
    );
    expect(await told(await fetch(`${url}/a`))).toEqual([
      403,
      `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:${restApiId}/dev/GET/a with an explicit deny"}`,
    ]);
    await put(policy([{ ...allow, Resource: "execute-api:/dev/GET/b" }]));
    expect((await fetch(`${url}/a`)).status).toBe(403);
  });
});

/** What the signer wants of a hash. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}
