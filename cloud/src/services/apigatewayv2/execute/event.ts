import type { Exchange } from "./exchange.ts";
import { logTime } from "../../../gateway/request.ts";

/** The events that API Gateway gives to functions. AWS: "Create AWS Lambda proxy integrations for HTTP APIs". */

/** Payload format 2.0. Members without a value are left out, as AWS leaves them out. */
export function proxyEvent20(exchange: Exchange): Record<string, unknown> {
  const { request, stage } = exchange;
  const { body } = request.http;
  const event = base20(exchange);
  if (exchange.parameters) event["pathParameters"] = exchange.parameters;
  if (stage.variables) event["stageVariables"] = stage.variables;
  const isBinary = body.length > 0 && request.isBinary;
  if (body.length > 0) event["body"] = body.toString(isBinary ? "base64" : "utf8");
  event["isBase64Encoded"] = isBinary;
  return event;
}

/** What is the same in the events of integrations and of authorizers. */
function base20(exchange: Exchange): Record<string, unknown> {
  const { request } = exchange;
  const cookies = request.cookies;
  const event: Record<string, unknown> = {
    version: "2.0",
    routeKey: exchange.route!.record.RouteKey,
    rawPath: request.path,
    rawQueryString: request.rawQuery,
  };
  if (cookies.length > 0) event["cookies"] = cookies;
  event["headers"] = joinedHeaders(exchange);
  if (request.query.size > 0) event["queryStringParameters"] = joinedQuery(exchange);
  event["requestContext"] = context20(exchange);
  return event;
}

function context20(exchange: Exchange): Record<string, unknown> {
  const { request, stage } = exchange;
  const authorizer = authorizer20(exchange);
  return {
    accountId: stage.scope.account,
    apiId: stage.api.ApiId,
    ...(authorizer ? { authorizer } : {}),
    domainName: stage.domainName,
    domainPrefix: stage.api.ApiId,
    http: {
      method: request.method,
      path: request.path,
      protocol: request.protocol,
      sourceIp: request.http.sourceIp,
      userAgent: request.userAgent,
    },
    requestId: request.requestId,
    routeKey: exchange.route!.record.RouteKey,
    stage: stage.record.StageName,
    time: logTime(request.timeMs),
    timeEpoch: request.timeMs,
  };
}

function authorizer20({ authorization }: Exchange): Record<string, unknown> | undefined {
  switch (authorization?.kind) {
    case undefined:
      return undefined;
    case "jwt":
      return { jwt: { claims: authorization.claims, scopes: authorization.scopes } };
    case "lambda":
      return { lambda: authorization.context ?? null };
    case "iam": {
      const { identity } = authorization;
      return { iam: { ...identity, cognitoIdentity: null, principalOrgId: null } };
    }
  }
}

/** Payload format 1.0. Members without a value are null, as AWS has them. */
export function proxyEvent10(exchange: Exchange): Record<string, unknown> {
  const { request, stage } = exchange;
  const { body } = request.http;
  const isBinary = body.length > 0 && request.isBinary;
  return {
    version: "1.0",
    resource: resourceOf(exchange),
    path: request.path,
    httpMethod: request.method,
    headers: lastHeaders(exchange),
    multiValueHeaders: request.headers,
    queryStringParameters: lastQuery(exchange),
    multiValueQueryStringParameters: request.query.size > 0 ? Object.fromEntries(request.query) : null,
    requestContext: context10(exchange),
    pathParameters: exchange.parameters ?? null,
    stageVariables: stage.variables ?? null,
    body: body.length > 0 ? body.toString(isBinary ? "base64" : "utf8") : null,
    isBase64Encoded: isBinary,
  };
}

function context10(exchange: Exchange): Record<string, unknown> {
  const { request, stage, authorization } = exchange;
  const identity = authorization?.kind === "iam" ? authorization.identity : undefined;
  return {
    accountId: stage.scope.account,
    apiId: stage.api.ApiId,
    ...authorizer10(exchange),
    domainName: stage.domainName,
    domainPrefix: stage.api.ApiId,
    extendedRequestId: request.requestId,
    httpMethod: request.method,
    identity: {
      accessKey: identity?.accessKey ?? null,
      accountId: identity?.accountId ?? null,
      caller: identity?.callerId ?? null,
      cognitoAmr: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: request.http.sourceIp,
      user: identity?.userId ?? null,
      userAgent: request.userAgent,
      userArn: identity?.userArn ?? null,
    },
    path: request.path,
    protocol: request.protocol,
    requestId: request.requestId,
    requestTime: logTime(request.timeMs),
    requestTimeEpoch: request.timeMs,
    resourceId: exchange.route!.record.RouteKey,
    resourcePath: resourceOf(exchange),
    stage: stage.record.StageName,
  };
}

function authorizer10({ authorization }: Exchange): { authorizer?: Record<string, unknown> } {
  if (authorization?.kind === "jwt")
    return { authorizer: { claims: authorization.claims, scopes: authorization.scopes } };
  if (authorization?.kind !== "lambda") return {};
  const { principalId, context } = authorization;
  return { authorizer: { ...context, ...(principalId === undefined ? {} : { principalId }) } };
}

/** Payload format 2.0 of a Lambda authorizer. AWS: "Control access to HTTP APIs with AWS Lambda authorizers". */
export function authorizerEvent20(
  exchange: Exchange,
  routeArn: string,
  identitySource: readonly string[],
): Record<string, unknown> {
  const { version, ...rest } = base20(exchange);
  return {
    version,
    type: "REQUEST",
    routeArn,
    identitySource: identitySource.length > 0 ? identitySource : null,
    ...rest,
    ...(exchange.parameters ? { pathParameters: exchange.parameters } : {}),
    ...(exchange.stage.variables ? { stageVariables: exchange.stage.variables } : {}),
  };
}

/** Payload format 1.0 of a Lambda authorizer. */
export function authorizerEvent10(
  exchange: Exchange,
  methodArn: string,
  identitySource: readonly string[],
): Record<string, unknown> {
  const { request, stage } = exchange;
  const joined = identitySource.length > 0 ? identitySource.join(",") : null;
  return {
    version: "1.0",
    type: "REQUEST",
    methodArn,
    identitySource: joined,
    authorizationToken: joined,
    resource: resourceOf(exchange),
    path: request.path,
    httpMethod: request.method,
    headers: lastHeaders(exchange),
    queryStringParameters: lastQuery(exchange) ?? {},
    pathParameters: exchange.parameters ?? {},
    stageVariables: stage.variables ?? {},
    requestContext: context10(exchange),
  };
}

/** The path of the route as configured; `$default` for the default route. */
function resourceOf({ route }: Exchange): string {
  const { RouteKey } = route!.record;
  const space = RouteKey.indexOf(" ");
  return space < 0 ? RouteKey : RouteKey.slice(space + 1);
}

function joinedHeaders({ request }: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in request.headers) {
    if (name === "cookie") continue;
    const values = request.headers[name]!;
    headers[name] = values.length === 1 ? values[0]! : values.join(",");
  }
  return headers;
}

/** AWS: in format 1.0 the single-value maps hold the last value. */
function lastHeaders({ request }: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in request.headers) headers[name] = request.headers[name]!.at(-1)!;
  return headers;
}

function joinedQuery({ request }: Exchange): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, values] of request.query) joined[name] = values.length === 1 ? values[0]! : values.join(",");
  return joined;
}

function lastQuery({ request }: Exchange): Record<string, string> | null {
  if (request.query.size === 0) return null;
  const last: Record<string, string> = {};
  for (const [name, values] of request.query) last[name] = values.at(-1)!;
  return last;
}
