import type { Authorization, Exchange } from "./exchange.ts";
import { logTime } from "../../../gateway/request.ts";

/**
 * The `$context` variables of HTTP APIs. AWS: "Customize HTTP API access logs".
 * Those that exist but have no meaning here (mutual TLS, Cognito identities, organizations) are empty, as they are there
 * for a request without them.
 */
const VARIABLES: Record<string, (exchange: Exchange) => unknown> = {
  accountId: ({ stage }) => stage.scope.account,
  apiId: ({ stage }) => stage.api.ApiId,
  awsEndpointRequestId: ({ integration }) => integration?.requestId,
  awsEndpointRequestId2: () => undefined,
  "customDomain.basePathMatched": () => undefined,
  dataProcessed: ({ request, response }) => request.http.body.length + (response?.bytes ?? 0),
  domainName: ({ stage }) => stage.domainName,
  domainPrefix: ({ stage }) => stage.api.ApiId,
  "error.message": ({ error }) => error?.message,
  "error.messageString": ({ error }) => (error ? JSON.stringify(error.message) : undefined),
  "error.responseType": ({ error }) => error?.responseType,
  extendedRequestId: ({ request }) => request.requestId,
  httpMethod: ({ request }) => request.method,
  "identity.accountId": ({ authorization }) => iam(authorization)?.accountId,
  "identity.caller": ({ authorization }) => iam(authorization)?.callerId,
  "identity.sourceIp": ({ request }) => request.http.sourceIp,
  "identity.user": ({ authorization }) => iam(authorization)?.userId,
  "identity.userAgent": ({ request }) => request.userAgent,
  "identity.userArn": ({ authorization }) => iam(authorization)?.userArn,
  "integration.error": ({ integration }) => integration?.error,
  "integration.integrationStatus": ({ integration }) => integration?.serviceStatus,
  "integration.latency": ({ integration }) => integration?.latencyMs,
  "integration.requestId": ({ integration }) => integration?.requestId,
  "integration.status": ({ integration }) => integration?.status,
  integrationErrorMessage: ({ integration }) => integration?.error,
  integrationLatency: ({ integration }) => integration?.latencyMs,
  integrationStatus: ({ integration }) => integration?.serviceStatus,
  path: ({ request }) => request.path,
  protocol: ({ request }) => request.protocol,
  requestId: ({ request }) => request.requestId,
  requestTime: ({ request }) => logTime(request.timeMs),
  requestTimeEpoch: ({ request }) => request.timeMs,
  responseLatency: ({ response }) => response?.latencyMs,
  responseLength: ({ response }) => response?.bytes,
  routeKey: ({ route }) => route?.record.RouteKey,
  stage: ({ stage }) => stage.record.StageName,
  status: ({ response }) => response?.status,
};

/** @param name without `$context.`, e.g. `identity.sourceIp` or `authorizer.claims.sub` */
export function contextVariable(name: string, exchange: Exchange): string | undefined {
  const read = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  const value = read
    ? read(exchange)
    : name.startsWith("authorizer.")
      ? ofAuthorizer(name.slice("authorizer.".length), exchange)
      : undefined;
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function iam(authorization: Authorization | undefined) {
  return authorization?.kind === "iam" ? authorization.identity : undefined;
}

function ofAuthorizer(name: string, { authorization, authorizerError }: Exchange): unknown {
  if (name === "error") return authorizerError;
  if (authorization?.kind === "jwt" && name.startsWith("claims."))
    return authorization.claims[name.slice("claims.".length)];
  if (authorization?.kind !== "lambda") return undefined;
  return name === "principalId" ? authorization.principalId : authorization.context?.[name];
}
