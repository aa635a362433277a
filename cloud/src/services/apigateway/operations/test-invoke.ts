import type { Input, Output } from "../../../aws/api-types.ts";
import { realMs } from "../../../kernel/real-time.ts";
import { claimsOfToken } from "../authorizers/cognito.ts";
import { javaDate } from "../java-date.ts";
import { testAuthorizer } from "../authorizers/lambda.ts";
import { badRequest } from "../errors.ts";
import { compileMethod, compileStage } from "../execute/compile.ts";
import { newExchange, type Exchange } from "../execute/exchange.ts";
import { ExecutionLog, logReply, logRequest } from "../execute/execution-log.ts";
import { GatewayFault } from "../execute/fault.ts";
import { faultReply } from "../execute/gateway-response.ts";
import { valueOf } from "../execute/mapping.ts";
import { RestRequest } from "../execute/request.ts";
import { checkRequest } from "../execute/validation.ts";
import type { Cx } from "../gateway.ts";
import { integrate } from "../integrations/integrate.ts";
import { getApi, getAuthorizer, getMethod } from "../lookup.ts";
import type { MethodRecord, ResourceRecord, StageRecord } from "../state.ts";

/** AWS: the stage that tests seem to run in. */
const STAGE = "test-invoke-stage";

interface Given {
  restApiId: string | undefined;
  pathWithQueryString?: string | undefined;
  body?: string | undefined;
  headers?: Record<string, string> | undefined;
  multiValueHeaders?: Record<string, string[]> | undefined;
  stageVariables?: Record<string, string> | undefined;
}

/**
 * Runs a method as it is now, deployed or not. AWS: authorizers and API keys are left out.
 * "Use the API Gateway console to test a REST API method"
 */
export async function testInvokeMethod(
  cx: Cx,
  input: Input<"apigateway", "TestInvokeMethod">,
): Promise<Output<"apigateway", "TestInvokeMethod">> {
  const { resource, method } = getMethod(cx, input as Required<typeof input>);
  if (!method.methodIntegration) throw badRequest("No integration defined for method");
  const startMs = realMs();
  const exchange = exchangeFor(cx, input, resource, method);
  const reply = await answer(cx, exchange);
  const latency = Math.round(realMs() - startMs);
  const log = exchange.log!;
  const multiValueHeaders = reply.headers;
  return {
    status: reply.status,
    body: Buffer.from(reply.body).toString("utf8"),
    headers: Object.fromEntries(Object.entries(multiValueHeaders).map(([name, values]) => [name, values.at(-1)!])),
    multiValueHeaders,
    log: textOf(log),
    latency,
  };
}

async function answer(cx: Cx, exchange: Exchange) {
  try {
    logRequest(exchange);
    await checkRequest(exchange);
    const reply = await integrate(cx, exchange);
    logReply(exchange, reply);
    return reply;
  } catch (error) {
    if (!(error instanceof GatewayFault)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : (error.told ?? "");
    exchange.log!.error(`Execution failed due to ${error.type}: ${why}`);
    const reply = faultReply(exchange, error);
    exchange.log!.info(`Method completed with status: ${reply.status}`);
    return reply;
  }
}

function textOf(log: ExecutionLog): string {
  const lines = log.lines.map(({ timestamp, text }) => `${javaDate(timestamp)} : ${text}\n`);
  return `Execution log for request ${log.requestId}\n${lines.join("")}`;
}

function exchangeFor(cx: Cx, input: Given, resource?: ResourceRecord, method?: MethodRecord): Exchange {
  const api = getApi(cx, input.restApiId);
  const now = cx.kernel.clock.now();
  const record: StageRecord = {
    stageName: STAGE,
    deploymentId: "test",
    variables: input.stageVariables ?? {},
    createdMs: now,
    updatedMs: now,
  };
  const snapshot = cx.state.apis.snapshotOf(api);
  const stage = compileStage(record, { ...snapshot, resources: [] }, cx.state.buckets);
  const request = requestFor(cx, input, method?.httpMethod ?? "GET", resource?.path ?? "/");
  const log = new ExecutionLog(request.requestId, "INFO", true, () => cx.kernel.clock.now());
  const exchange = newExchange(stage, request, log);
  if (resource && method) {
    exchange.method = compileMethod({ record, snapshot, resource, method }, cx.state.buckets);
    exchange.pathParameters = parametersOf(resource.path, request.path);
  }
  return exchange;
}

function requestFor(cx: Cx, input: Given, httpMethod: string, path: string): RestRequest {
  const target = input.pathWithQueryString || path;
  const [requestPath = "/", query = ""] = target.split("?");
  const rawHeaders = [
    ...Object.entries(input.headers ?? {}).flat(),
    ...Object.entries(input.multiValueHeaders ?? {}).flatMap(([name, values]) =>
      values.flatMap((value) => [name, value]),
    ),
  ];
  return new RestRequest({
    http: {
      method: httpMethod === "ANY" ? "GET" : httpMethod,
      target,
      path: requestPath,
      query,
      headers: {},
      host: "",
      sourceIp: "test-invoke-source-ip",
      httpVersion: "1.1",
      rawHeaders,
      body: Buffer.from(input.body ?? ""),
    },
    path: requestPath.startsWith("/") ? requestPath : `/${requestPath}`,
    stageName: STAGE,
    requestId: cx.requestId,
    extendedRequestId: cx.kernel.random.bytes(11).toString("base64"),
    timeMs: cx.kernel.clock.now(),
    traceId: cx.span.traceId,
  });
}

/** The values of a resource's path variables in a path. */
function parametersOf(resourcePath: string, path: string): Record<string, string> | null {
  const names: string[] = [];
  const pattern = resourcePath.replace(
    /\{([^}+]+)(\+?)\}|[.*+?^$()|[\]\\]/g,
    (whole, name?: string, greedy?: string) => {
      if (name === undefined) return `\\${whole}`;
      names.push(name);
      return greedy ? "(.+)" : "([^/]+)";
    },
  );
  const values = new RegExp(`^${pattern}$`).exec(path)?.slice(1);
  if (!values || names.length === 0) return null;
  return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(values[at]!)]));
}

/** Asks an authorizer, without its cache. AWS: "TestInvokeAuthorizer". */
export async function testInvokeAuthorizer(
  cx: Cx,
  input: Input<"apigateway", "TestInvokeAuthorizer">,
): Promise<Output<"apigateway", "TestInvokeAuthorizer">> {
  const authorizer = getAuthorizer(cx, input.restApiId, input.authorizerId);
  const startMs = realMs();
  const root: ResourceRecord = { id: "test", path: "/", resourceMethods: {} };
  const method = { httpMethod: "GET", authorizationType: "CUSTOM", apiKeyRequired: false } as MethodRecord;
  const exchange = exchangeFor(cx, input, root, method);
  const told = (clientStatus: number, more: object = {}) => ({
    clientStatus,
    log: textOf(exchange.log!),
    latency: Math.round(realMs() - startMs),
    ...more,
  });
  try {
    if (authorizer.type === "COGNITO_USER_POOLS") {
      const token = valueOf(authorizer.identitySource ?? "", exchange)?.replace(/^Bearer /i, "") ?? "";
      const found = await claimsOfToken(cx, exchange, {
        token,
        providerArns: authorizer.providerARNs ?? [],
        scopes: [],
      });
      return told(200, found.kind === "claims" ? { claims: found.claims } : {});
    }
    const verdict = await testAuthorizer(cx, exchange, authorizer);
    if (!verdict) return told(401);
    const { principalId, policy, context } = verdict;
    const authorization = Object.fromEntries(
      Object.entries(context ?? {}).map(([name, value]) => [name, [String(value)]]),
    );
    return told(200, { principalId, policy, ...(context ? { authorization } : {}) });
  } catch (error) {
    if (!(error instanceof GatewayFault)) throw error;
    return told(faultReply(exchange, error).status);
  }
}
