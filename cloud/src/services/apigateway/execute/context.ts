import { logTime } from "../../../gateway/request.ts";
import type { Exchange } from "./exchange.ts";

/**
 * `$context` of a request. AWS: "Variables for data transformations", "Variables for access logging".
 * Mapping templates see the same tree as access logs; what has no value is left out.
 */
export function contextTree(exchange: Exchange): Record<string, unknown> {
  const { request, stage, method, authorization, error, response, integration } = exchange;
  return {
    accountId: stage.scope.account,
    apiId: stage.api.id,
    authorizer: authorizerTree(exchange),
    awsEndpointRequestId: integration?.requestId,
    deploymentId: stage.record.deploymentId,
    domainName: stage.domainName,
    domainPrefix: stage.api.id,
    error: error && {
      message: error.message,
      messageString: JSON.stringify(error.message),
      responseType: error.responseType,
      validationErrorString: error.validation === undefined ? undefined : JSON.stringify(error.validation),
    },
    extendedRequestId: request.extendedRequestId,
    httpMethod: request.method,
    identity: identityTree(exchange),
    integration: integration && {
      error: integration.error,
      integrationStatus: integration.status,
      latency: integration.latencyMs,
      requestId: integration.requestId,
      status: integration.status,
    },
    integrationErrorMessage: integration?.error,
    integrationLatency: integration?.latencyMs,
    integrationStatus: integration?.status,
    isCanaryRequest: undefined,
    path: request.stagePath,
    protocol: request.protocol,
    requestId: request.requestId,
    requestOverride: exchange.requestOverride,
    requestTime: logTime(request.timeMs),
    requestTimeEpoch: request.timeMs,
    resourceId: method?.resource.id,
    resourcePath: method?.resource.path,
    responseLatency: response?.latencyMs,
    responseLength: response?.bytes,
    responseOverride: exchange.responseOverride,
    stage: stage.record.stageName,
    status: response?.status,
    authenticate: undefined,
    authorize: authorization && { status: exchange.authorizer?.status ?? 200, error: exchange.authorizer?.error },
    xrayTraceId: stage.record.tracingEnabled ? request.traceHeader.replace(/^Root=/, "") : undefined,
  };
}

function authorizerTree({ authorization, authorizer }: Exchange): Record<string, unknown> | undefined {
  const facts = authorizer && {
    error: authorizer.error,
    latency: authorizer.latencyMs,
    requestId: authorizer.requestId,
    status: authorizer.status,
    integrationLatency: authorizer.latencyMs,
  };
  if (authorization?.kind === "claims") return { ...facts, claims: authorization.claims };
  if (authorization?.kind === "lambda")
    return { ...facts, ...authorization.context, principalId: authorization.principalId };
  return facts;
}

function identityTree({ request, authorization, apiKey }: Exchange): Record<string, unknown> {
  const identity = authorization?.kind === "iam" ? authorization.identity : undefined;
  return {
    accessKey: identity?.accessKey,
    accountId: identity?.accountId,
    apiKey: apiKey?.value,
    apiKeyId: apiKey?.id,
    caller: identity?.callerId,
    sourceIp: request.http.sourceIp,
    user: identity?.userId,
    userAgent: request.userAgent,
    userArn: identity?.userArn,
  };
}

/** @param name without `$context.`, e.g. `identity.sourceIp` or `authorizer.claims.sub` */
export function contextValue(name: string, exchange: Exchange): string | undefined {
  const tree = contextTree(exchange);
  const value = descend(tree, name.split("."));
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Names of claims and context keys may have dots of their own. */
function descend(value: unknown, parts: readonly string[]): unknown {
  if (parts.length === 0) return value;
  if (typeof value !== "object" || value === null) return undefined;
  for (let count = parts.length; count > 0; count--) {
    const key = parts.slice(0, count).join(".");
    if (Object.hasOwn(value, key)) return descend((value as Record<string, unknown>)[key], parts.slice(count));
  }
  return undefined;
}
