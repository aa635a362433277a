import type { ApiAddress } from "../../../gateway/address.ts";
import { bytesOf, toResponse, type Reply } from "../../../gateway/reply.ts";
import { decodePath } from "../../../gateway/request.ts";
import type { HttpRequest, HttpResponse } from "../../../http.ts";
import { realMs } from "../../../kernel/real-time.ts";
import { authorize } from "../authorizers/authorize.ts";
import type { Cx } from "../gateway.ts";
import { integrate } from "../integrations/integrate.ts";
import { requestArn } from "./arn.ts";
import { checkApiKey } from "./api-key.ts";
import { compress, unpack } from "./compression.ts";
import { newExchange, type CompiledStage, type Exchange } from "./exchange.ts";
import { ExecutionLog, logReply, logRequest, logWriter, writeExecutionLog } from "./execution-log.ts";
import { GatewayFault } from "./fault.ts";
import { faultReply } from "./gateway-response.ts";
import { logLine } from "./log-format.ts";
import { RestRequest } from "./request.ts";
import { checkRequest } from "./validation.ts";

/** AWS: "Total combined size of request line and header values". */
const HEAD_BYTES_MAX = 10_240;
/** AWS: "Payload size". */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/**
 * The way of a request through an API: stage → method → authorize → API key → throttle → validate → integrate → log.
 * Whatever a step refuses is answered with the API's gateway response for it.
 */
export async function executeApi(cx: Cx, http: HttpRequest, address: ApiAddress): Promise<HttpResponse> {
  const startMs = realMs();
  const found = findStage(cx, address);
  if (!found) return forbidden(cx);
  const { stage, path } = found;
  const request = new RestRequest({
    http,
    path,
    stageName: stage.record.stageName,
    requestId: cx.requestId,
    extendedRequestId: cx.kernel.random.bytes(11).toString("base64"),
    timeMs: cx.kernel.clock.now(),
    traceId: cx.span.traceId,
  });
  const exchange = newExchange(stage, request, logOf(cx, stage, cx.requestId));
  Object.assign(cx.span.attributes, {
    apiId: stage.api.id,
    apiName: stage.api.name,
    stage: stage.record.stageName,
  });
  cx.span.resource = requestArn(exchange);
  const reply = await answer(cx, exchange);
  reply.headers["x-amzn-requestid"] ??= [request.requestId];
  reply.headers["x-amz-apigw-id"] = [request.extendedRequestId];
  compress(exchange, reply);
  exchange.response = { status: reply.status, bytes: bytesOf(reply.body), latencyMs: Math.round(realMs() - startMs) };
  if (exchange.method?.settings.metricsEnabled)
    Object.assign(cx.span.attributes, {
      method: exchange.method.record.httpMethod,
      resourcePath: exchange.method.resource.path,
    });
  if (exchange.integration?.latencyMs !== undefined)
    cx.span.attributes["integrationLatencyMs"] = exchange.integration.latencyMs;
  writeLogs(cx, exchange);
  return toResponse(reply);
}

/** AWS: without a stage, or with the endpoint disabled, nothing is told but this. */
function forbidden(cx: Cx): HttpResponse {
  return {
    status: 403,
    headers: {
      "content-type": "application/json",
      "x-amzn-requestid": cx.requestId,
      "x-amzn-errortype": "ForbiddenException",
    },
    body: `{"message":"Forbidden"}`,
  };
}

/** The stage is the first segment of the path. */
function findStage(cx: Cx, { apiId, path, stageName }: ApiAddress): { stage: CompiledStage; path: string } | undefined {
  const stages = cx.state.stagesOf(apiId);
  const end = path.indexOf("/", 1);
  const name = stageName ?? decodePath(end < 0 ? path.slice(1) : path.slice(1, end));
  const rest = stageName === undefined ? (end < 0 ? "/" : path.slice(end)) : path;
  const stage = stages?.get(name ?? "");
  if (!stage || stage.api.disableExecuteApiEndpoint) return undefined;
  return { stage, path: rest.replace(/^\/+/, "/") };
}

function logOf(cx: Cx, { record }: CompiledStage, requestId: string): ExecutionLog | undefined {
  const settings = Object.values(record.methodSettings ?? {}).filter(
    ({ loggingLevel }) => loggingLevel === "INFO" || loggingLevel === "ERROR",
  );
  if (settings.length === 0) return undefined;
  const level = settings.some(({ loggingLevel }) => loggingLevel === "INFO") ? "INFO" : "ERROR";
  const tracesData = settings.some(({ dataTraceEnabled }) => dataTraceEnabled === true);
  return new ExecutionLog(requestId, level, tracesData, () => cx.kernel.clock.now());
}

function writeLogs(cx: Cx, exchange: Exchange): void {
  const { stage, request } = exchange;
  writeExecutionLog(cx, exchange);
  if (!stage.log) return;
  const target = {
    logGroupName: stage.log.logGroupName,
    logStreamName: `${stage.api.id}/${stage.record.stageName}`,
    as: () => logWriter(cx, stage),
    scope: stage.scope,
  };
  cx.state.logs.write(cx, target, { timestamp: request.timeMs, message: logLine(stage.log.format, exchange) });
}

async function answer(cx: Cx, exchange: Exchange): Promise<Reply> {
  try {
    return await proceed(cx, exchange);
  } catch (error) {
    if (!(error instanceof GatewayFault)) throw error;
    exchange.log?.error(
      `Execution failed due to ${error.type}: ${error.cause instanceof Error ? error.cause.message : (error.told ?? "")}`,
    );
    const reply = faultReply(exchange, error);
    exchange.log?.info(`Method completed with status: ${reply.status}`);
    return reply;
  }
}

async function proceed(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { stage, request, log } = exchange;
  log?.info(`Extended Request Id: ${request.extendedRequestId}`);
  if (headBytes(request.http) > HEAD_BYTES_MAX) throw new GatewayFault("REQUEST_TOO_LARGE", "Request Too Long");
  // AWS: a slash at the end of a path counts for nothing.
  const match = stage.routes.match(request.method, request.path.replace(/(?<=.)\/+$/, ""));
  if (!match) throw new GatewayFault("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token");
  if (request.body.length > BODY_BYTES_MAX) throw new GatewayFault("REQUEST_TOO_LARGE", "Request Too Long");
  exchange.method = match.value;
  exchange.pathParameters = decoded(match.parameters);
  logRequest(exchange);
  await authorize(cx, exchange);
  checkApiKey(cx, exchange);
  if (match.value.bucket?.take(cx.kernel.clock.now()) === false)
    throw new GatewayFault("THROTTLED", "Too Many Requests");
  unpack(exchange);
  await checkRequest(exchange);
  const reply = await integrate(cx, exchange);
  logReply(exchange, reply);
  return reply;
}

/** AWS: path variables come decoded. */
function decoded(parameters: Record<string, string> | undefined): Record<string, string> | null {
  if (!parameters) return null;
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, decodePath(value) ?? value]));
}

function headBytes({ method, target, rawHeaders }: HttpRequest): number {
  let bytes = method.length + target.length + 10;
  for (let at = 1; at < rawHeaders.length; at += 2) bytes += rawHeaders[at]!.length;
  return bytes;
}
