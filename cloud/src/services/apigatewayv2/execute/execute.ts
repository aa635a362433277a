import type { HttpRequest, HttpResponse } from "../../../http.ts";
import { afterRealMs, realMs } from "../../../kernel/real-time.ts";
import { authorizeByIam, requestArn } from "../authorizers/iam.ts";
import { authorizeByToken } from "../authorizers/jwt.ts";
import { authorizeByFunction } from "../authorizers/lambda.ts";
import type { Cx } from "../gateway.ts";
import { callService } from "../integrations/aws-service.ts";
import { passOn } from "../integrations/http.ts";
import { invokeFunction } from "../integrations/lambda.ts";
import { writeAccessLog } from "./access-log.ts";
import type { ApiAddress } from "../../../gateway/address.ts";
import { addCors, isPreflight, preflightReply } from "./cors.ts";
import type { Authorization, CompiledStage, Exchange } from "./exchange.ts";
import { mapReply } from "./parameter-mapping.ts";
import { bytesOf, toResponse, type Reply } from "../../../gateway/reply.ts";
import { GatewayError } from "./reply.ts";
import { decodePath } from "../../../gateway/request.ts";
import { arrived } from "./request.ts";

/** AWS: "Total combined size of request line and header values". */
const HEAD_BYTES_MAX = 10_240;

/**
 * The way of a request through an API: stage → route → preflight → throttle → authorize → integrate → map → CORS → log.
 * Whatever a step refuses is answered in API Gateway's own words.
 */
export async function executeApi(cx: Cx, http: HttpRequest, address: ApiAddress): Promise<HttpResponse> {
  const startMs = realMs();
  const requestId = cx.kernel.random.bytes(11).toString("base64");
  const found = findStage(cx, address);
  if (!found) return toResponse({ ...new GatewayError(404).reply, headers: gatewayHeaders(requestId) });
  const { stage, path } = found;
  Object.assign(cx.span.attributes, { apiId: address.apiId, stage: stage.record.StageName });
  const routePath = decodePath(path) ?? "/";
  const isNamed = stage.record.StageName !== "$default";
  const request = arrived(
    {
      http,
      routePath,
      path: isNamed ? `/${stage.record.StageName}${routePath}` : routePath,
      requestId,
      timeMs: cx.kernel.clock.now(),
    },
    cx.span.traceId,
  );
  const exchange: Exchange = { stage, request };
  note(cx, exchange);
  const reply = await answer(cx, exchange, path);
  if (stage.cors && !isPreflight(request)) addCors(stage.cors, request, reply);
  reply.headers["apigw-requestid"] = [requestId];
  exchange.response = { status: reply.status, bytes: bytesOf(reply.body), latencyMs: Math.round(realMs() - startMs) };
  if (stage.log) writeAccessLog(cx, exchange);
  return toResponse(reply);
}

/** What the trace, the metrics and the console want to know. */
function note(cx: Cx, exchange: Exchange): void {
  cx.span.attributes["apiId"] = exchange.stage.api.ApiId;
  cx.span.attributes["stage"] = exchange.stage.record.StageName;
  cx.span.resource = requestArn(exchange);
}

function gatewayHeaders(requestId: string): Record<string, string[]> {
  return { "content-type": ["application/json"], "apigw-requestid": [requestId] };
}

/**
 * AWS: "Create routes for HTTP APIs": the stage that the first segment of the path names, else `$default`.
 */
function findStage(cx: Cx, { apiId, path, stageName }: ApiAddress): { stage: CompiledStage; path: string } | undefined {
  const stages = cx.state.stagesOf(apiId);
  if (!stages) return undefined;
  if (stageName !== undefined) return withStage(stages.get(stageName), path);
  const end = path.indexOf("/", 1);
  const named = stages.get(decodePath(end < 0 ? path.slice(1) : path.slice(1, end)) ?? "");
  if (named && named.record.StageName !== "$default") return withStage(named, end < 0 ? "/" : path.slice(end));
  return withStage(stages.get("$default"), path);
}

/** AWS: an API whose execute-api endpoint is disabled is not found there. */
function withStage(stage: CompiledStage | undefined, path: string) {
  return stage && !stage.api.DisableExecuteApiEndpoint ? { stage, path } : undefined;
}

async function answer(cx: Cx, exchange: Exchange, encodedPath: string): Promise<Reply> {
  try {
    return await proceed(cx, exchange, encodedPath);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    exchange.error = error;
    return error.reply;
  }
}

async function proceed(cx: Cx, exchange: Exchange, encodedPath: string): Promise<Reply> {
  const { stage, request } = exchange;
  if (headBytes(request.http) > HEAD_BYTES_MAX) throw new GatewayError(431);
  if (decodePath(encodedPath) === undefined) throw new GatewayError(400);
  const isAnsweredByCors = stage.cors !== undefined && isPreflight(request);
  const match = stage.routes.match(request.method, request.routePath);
  if (!match) {
    if (isAnsweredByCors) return preflightReply(stage.cors!, request);
    throw new GatewayError(404);
  }
  exchange.route = match.value;
  cx.span.attributes["routeKey"] = match.value.record.RouteKey;
  exchange.parameters = match.parameters;
  if (match.value.bucket?.take(cx.kernel.clock.now()) === false) throw new GatewayError(429);
  const authorized = authorize(cx, exchange);
  const authorization = authorized instanceof Promise ? await authorized : authorized;
  if (authorization) exchange.authorization = authorization;
  // AWS: a route that matches OPTIONS is authorized before the API answers for it ("Configure CORS for HTTP APIs").
  if (isAnsweredByCors) return preflightReply(stage.cors!, request);
  return integrate(cx, exchange);
}

function headBytes({ method, target, rawHeaders }: HttpRequest): number {
  let bytes = method.length + target.length + 10;
  for (let at = 1; at < rawHeaders.length; at += 2) bytes += rawHeaders[at]!.length;
  return bytes;
}

function authorize(cx: Cx, exchange: Exchange): Authorization | Promise<Authorization> | undefined {
  const { AuthorizationType } = exchange.route!.record;
  if (AuthorizationType === "NONE") return undefined;
  if (AuthorizationType === "AWS_IAM") return authorizeByIam(cx, exchange);
  // AWS: an authorizer that is gone lets nothing through.
  if (!exchange.route!.authorizer) throw new GatewayError(500);
  return AuthorizationType === "JWT" ? authorizeByToken(cx, exchange) : authorizeByFunction(cx, exchange);
}

async function integrate(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { integration } = exchange.route!;
  if (!integration) throw new GatewayError(500);
  const startMs = realMs();
  const outcome: NonNullable<Exchange["integration"]> = (exchange.integration = {});
  try {
    const reply = await withinTimeout(integration.record.TimeoutInMillis, outcome, (signal) => {
      if (integration.record.IntegrationType === "HTTP_PROXY") return passOn(cx, exchange, signal());
      return integration.record.IntegrationSubtype ? callService(cx, exchange) : invokeFunction(cx, exchange);
    });
    outcome.status = reply.status;
    const mapping = integration.responseMappings.get(String(reply.status));
    if (mapping) mapReply(mapping, exchange, reply);
    return reply;
  } finally {
    outcome.latencyMs = Math.round(realMs() - startMs);
  }
}

/**
 * Waits for an integration no longer than its timeout, in real time, as the user's code runs in real time.
 * @param work is given what makes a signal that is aborted at the end of the time
 * @throws GatewayError 503
 */
function withinTimeout(
  timeoutMs: number,
  outcome: { error?: string },
  work: (signal: () => AbortSignal) => Promise<Reply>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let controller: AbortController | undefined;
    const cancel = afterRealMs(timeoutMs, () => {
      outcome.error = "Integration timed out";
      reject(new GatewayError(503));
      controller?.abort();
    });
    work(() => (controller ??= new AbortController()).signal)
      .finally(cancel)
      .then(resolve, reject);
  });
}
