import { logTime } from "../../../gateway/request.ts";
import { isBinaryType } from "./request.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The event of a Lambda proxy integration. AWS: "Input format of a Lambda function for proxy integration".
 * Members without a value are null, as AWS has them.
 */
export function proxyEvent(exchange: Exchange): Record<string, unknown> {
  const { request, stage, method } = exchange;
  const { body } = request;
  const isBinary = body.length > 0 && isBinaryType(request.header("Content-Type"), stage.api.binaryMediaTypes);
  return {
    resource: method!.resource.path,
    path: request.path,
    httpMethod: request.method,
    ...parametersOf(exchange),
    pathParameters: exchange.pathParameters ?? null,
    stageVariables: stage.variables,
    requestContext: requestContext(exchange),
    body: body.length > 0 ? body.toString(isBinary ? "base64" : "utf8") : null,
    isBase64Encoded: isBinary,
  };
}

/** The event of a REQUEST authorizer. AWS: "Input to an API Gateway Lambda authorizer". */
export function requestAuthorizerEvent(exchange: Exchange, methodArn: string): Record<string, unknown> {
  const { request, stage, method } = exchange;
  const { headers, multiValueHeaders, queryStringParameters, multiValueQueryStringParameters } = parametersOf(exchange);
  return {
    type: "REQUEST",
    methodArn,
    resource: method!.resource.path,
    path: request.path,
    httpMethod: request.method,
    headers,
    multiValueHeaders,
    queryStringParameters: queryStringParameters ?? {},
    multiValueQueryStringParameters: multiValueQueryStringParameters ?? {},
    pathParameters: exchange.pathParameters ?? {},
    stageVariables: stage.variables ?? {},
    requestContext: requestContext(exchange),
  };
}

/** AWS: the single-value maps hold the last value. */
function parametersOf({ request }: Exchange) {
  const headers: Record<string, string> = {};
  for (const name in request.headers) headers[name] = request.headers[name]!.at(-1)!;
  const query = [...request.query];
  const hasQuery = query.length > 0;
  return {
    headers,
    multiValueHeaders: request.headers,
    queryStringParameters: hasQuery ? Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)!])) : null,
    multiValueQueryStringParameters: hasQuery ? Object.fromEntries(query) : null,
  };
}

function requestContext(exchange: Exchange): Record<string, unknown> {
  const { request, stage, method, authorization, apiKey } = exchange;
  const identity = authorization?.kind === "iam" ? authorization.identity : undefined;
  const authorizer = authorizerOf(exchange);
  return {
    resourceId: method!.resource.id,
    ...(authorizer ? { authorizer } : {}),
    resourcePath: method!.resource.path,
    httpMethod: request.method,
    extendedRequestId: request.extendedRequestId,
    requestTime: logTime(request.timeMs),
    path: request.stagePath,
    accountId: stage.scope.account,
    protocol: request.protocol,
    stage: stage.record.stageName,
    domainPrefix: stage.api.id,
    requestTimeEpoch: request.timeMs,
    requestId: request.requestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: identity?.accountId ?? null,
      cognitoIdentityId: null,
      caller: identity?.callerId ?? null,
      ...(apiKey ? { apiKey: apiKey.value, apiKeyId: apiKey.id } : {}),
      sourceIp: request.http.sourceIp,
      principalOrgId: null,
      accessKey: identity?.accessKey ?? null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: identity?.userArn ?? null,
      userAgent: request.userAgent,
      user: identity?.userId ?? null,
    },
    domainName: stage.domainName,
    deploymentId: stage.record.deploymentId,
    apiId: stage.api.id,
  };
}

function authorizerOf({ authorization }: Exchange): Record<string, unknown> | undefined {
  if (authorization?.kind === "claims") return { claims: authorization.claims };
  if (authorization?.kind !== "lambda") return undefined;
  const { principalId, context, latencyMs } = authorization;
  return { ...context, principalId, integrationLatency: latencyMs };
}
