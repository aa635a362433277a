import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { SignatureV4 } from "@smithy/signature-v4";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

/** What the SDK's signer hashes with. */
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

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const NOW = START_MS / 1000;

let cloud: Cloud;
let client: ApiGatewayV2Client;
let server: Server;
let address: string;
let key: CryptoKey;
let otherKey: CryptoKey;
let asked: string[] = [];

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  client = cloud.client(ApiGatewayV2Client);
  const pair = await generateKeyPair("RS256", { extractable: true });
  key = pair.privateKey;
  otherKey = (await generateKeyPair("RS256")).privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", use: "sig", alg: "RS256" };
  // One server is the issuer and the backend.
  server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url!.endsWith("/.well-known/openid-configuration"))
      response.end(JSON.stringify({ issuer: `${address}/pool`, jwks_uri: `${address}/keys` }));
    else if (request.url === "/keys") response.end(JSON.stringify({ keys: [jwk] }));
    else response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await cloud.close();
  server.closeAllConnections();
  server.close();
});

async function newApi(route: object, authorizer?: object) {
  const { ApiId, ApiEndpoint } = await client.send(
    new CreateApiCommand({ Name: "x", ProtocolType: "HTTP", CorsConfiguration: { AllowOrigins: ["*"] } }),
  );
  const { IntegrationId } = await client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "ANY",
      IntegrationUri: `${address}/backend`,
      PayloadFormatVersion: "1.0",
      RequestParameters: {
        "append:header.sub": "$context.authorizer.claims.sub",
        "append:header.groups": "$context.authorizer.claims.groups",
        "append:header.arn": "$context.identity.userArn",
      },
    }),
  );
  const { AuthorizerId } = authorizer
    ? await client.send(new CreateAuthorizerCommand({ ApiId, ...authorizer } as never))
    : {};
  await client.send(
    new CreateRouteCommand({
      ApiId,
      RouteKey: "ANY /a",
      Target: `integrations/${IntegrationId}`,
      AuthorizerId,
      ...route,
    }),
  );
  await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
  return { ApiId: ApiId!, url: `${ApiEndpoint}/a` };
}

describe("JWT authorizers", () => {
  const withJwt = (AuthorizationScopes?: string[]) =>
    newApi(
      { AuthorizationType: "JWT", AuthorizationScopes },
      {
        Name: "j",
        AuthorizerType: "JWT",
        IdentitySource: ["$request.header.Authorization"],
        JwtConfiguration: { Issuer: `${address}/pool`, Audience: ["app"] },
      },
    );
  const token = (claims: JWTPayload = {}, { kid = "k1", signWith = key, alg = "RS256" } = {}) =>
    new SignJWT({ iss: `${address}/pool`, aud: "app", exp: NOW + 60, iat: NOW, sub: "user-1", ...claims })
      .setProtectedHeader({ alg, kid })
      .sign(signWith);
  const get = (url: string, authorization?: string) =>
    fetch(url, authorization === undefined ? {} : { headers: { authorization } });

  it("let a good token through, with or without Bearer, and pass its claims on", async () => {
    const { url } = await withJwt();
    const good = await token({ groups: ["a", "b"] });
    const response = await get(url, `Bearer ${good}`);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { headers: object }).headers).toMatchObject({ sub: "user-1", groups: "[a b]" });
    expect((await get(url, good)).status).toBe(200);
  });

  it("ask the issuer once", async () => {
    const { url } = await withJwt();
    const good = await token();
    await get(url, good);
    asked = [];
    await get(url, good);
    expect(asked.filter((path) => path !== "/backend")).toEqual([]);
    await cloud.clock.advance("3 hours");
    expect((await get(url, await token({ exp: NOW + 4 * 3600 }))).status).toBe(200);
    expect(asked.filter((path) => path !== "/backend")).toEqual(["/pool/.well-known/openid-configuration", "/keys"]);
  });

  it("answer 401 and say why in www-authenticate", async () => {
    const { url } = await withJwt();
    const late = { exp: NOW + 4 * 3600 };
    const why = async (authorization?: string) => {
      const response = await get(url, authorization);
      expect([response.status, await response.text()]).toEqual([401, '{"message":"Unauthorized"}']);
      return response.headers.get("www-authenticate");
    };
    const invalid = (description: string) => `Bearer scope="" error="invalid_token" error_description="${description}"`;
    expect(await why()).toBe("Bearer");
    expect(await why("Bearer x")).toBe(invalid("token contains an invalid number of segments"));
    expect(await why(`Bearer a.b.c`)).toBe(invalid("the token header is malformed"));
    expect(await why(await token({ ...late, aud: "other" }))).toBe(invalid("the token does not have a valid audience"));
    expect(await why(await token({ ...late, iss: "https://other" }))).toBe(
      invalid("the token does not have a valid issuer"),
    );
    expect(await why(await token({ exp: NOW + 60 }))).toBe(invalid("the token has expired"));
    expect(await why(await token({ ...late, nbf: NOW + 5 * 3600 }))).toBe(invalid("the token is not valid yet"));
    expect(await why(await token(late, { signWith: otherKey }))).toBe(invalid("the token signature is invalid"));
    expect(await why(await token(late, { kid: "unknown" }))).toBe(
      invalid("the token kid does not match any key of the issuer"),
    );
    const symmetric = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(Buffer.alloc(32));
    expect(await why(symmetric)).toBe(invalid("signing method HS256 is invalid"));
  });

  it("take client_id where there is no aud", async () => {
    const { url } = await withJwt();
    const exp = NOW + 4 * 3600;
    expect((await get(url, await token({ exp, aud: undefined, client_id: "app" }))).status).toBe(200);
    expect((await get(url, await token({ exp, aud: ["x", "app"] }))).status).toBe(200);
    expect((await get(url, await token({ exp, aud: "x", client_id: "app" }))).status).toBe(401);
  });

  it("want one of the route's scopes", async () => {
    const { url } = await withJwt(["orders.read", "orders.write"]);
    const exp = NOW + 4 * 3600;
    expect((await get(url, await token({ exp, scope: "email orders.write" }))).status).toBe(200);
    expect((await get(url, await token({ exp, scp: ["orders.read"] }))).status).toBe(200);
    const refused = await get(url, await token({ exp, scope: "email" }));
    expect([refused.status, await refused.text()]).toEqual([403, '{"message":"Forbidden"}']);
    expect(refused.headers.get("www-authenticate")).toContain(
      'scope="orders.read orders.write" error="insufficient_scope"',
    );
  });

  it("say when the issuer cannot be asked", async () => {
    const { url } = await newApi(
      { AuthorizationType: "JWT" },
      {
        Name: "j",
        AuthorizerType: "JWT",
        IdentitySource: ["$request.querystring.token"],
        JwtConfiguration: { Issuer: "http://127.0.0.1:1/nowhere", Audience: ["app"] },
      },
    );
    const response = await get(`${url}?token=${await token()}`);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("OIDC discovery endpoint communication error");
  });

  it("guard a route that matches OPTIONS also against preflights", async () => {
    const { url } = await withJwt();
    const response = await fetch(url, {
      method: "OPTIONS",
      headers: { origin: "https://a.example", "access-control-request-method": "GET" },
    });
    expect(response.status).toBe(401);
  });
});

describe("IAM authorization", () => {
  const signed = async (url: string, credentials: { accessKeyId: string; secretAccessKey: string }) => {
    const { hostname, port, pathname } = new URL(url);
    const signer = new SignatureV4({ service: "execute-api", region: "us-east-1", credentials, sha256: Sha256 });
    const request = {
      method: "GET",
      protocol: "http:",
      hostname,
      port: Number(port),
      path: pathname,
      headers: { host: `${hostname}:${port}` },
      query: {},
    };
    const { headers } = await signer.sign(request, { signingDate: new Date(START_MS) });
    return fetch(url, { headers });
  };

  it("lets a signer through whose policy allows it", async () => {
    const { ApiId, url } = await newApi({ AuthorizationType: "AWS_IAM" });
    const iam = cloud.client(IAMClient);
    await iam.send(new CreateUserCommand({ UserName: "kim" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "kim" }));
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const denied = await signed(url, credentials);
    expect([denied.status, await denied.text()]).toEqual([403, '{"message":"Forbidden"}']);
    const allow = (Resource: string) =>
      iam.send(
        new PutUserPolicyCommand({
          UserName: "kim",
          PolicyName: "invoke",
          PolicyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource }],
          }),
        }),
      );
    await allow(`arn:aws:execute-api:us-east-1:000000000000:${ApiId}/$default/POST/a`);
    expect((await signed(url, credentials)).status).toBe(403);
    await allow(`arn:aws:execute-api:us-east-1:000000000000:${ApiId}/$default/GET/a`);
    const response = await signed(url, credentials);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { headers: object }).headers).toMatchObject({
      arn: "arn:aws:iam::000000000000:user/kim",
    });
  });

  it("refuses unsigned requests", async () => {
    const { url } = await newApi({ AuthorizationType: "AWS_IAM" });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([403, '{"message":"Forbidden"}']);
  });
});
