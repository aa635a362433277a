import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { executeArn } from "../../../gateway/arn.ts";
import { functionArnOf } from "../../../gateway/function-uri.ts";
import type { Reply } from "../../../gateway/reply.ts";
import { proxyEvent } from "../execute/event.ts";
import type { Exchange } from "../execute/exchange.ts";
import { cut } from "../execute/execution-log.ts";
import { internalError } from "../execute/fault.ts";
import { readProxyResponse } from "../execute/lambda-response.ts";
import type { Cx } from "../gateway.ts";
import { uriOf } from "./uri.ts";

/**
 * Invokes the function of a Lambda proxy integration and reads its answer.
 * @throws GatewayFault 502 where the function fails or answers what is no response; 500 where it may not be invoked
 */
export async function proxyToFunction(cx: Cx, exchange: Exchange): Promise<Reply> {
  if (exchange.method!.integration.httpMethod !== "POST") {
    // AWS: functions are invoked by POST, and only so.
    exchange.log?.error("Execution failed due to configuration error: the integration's HTTP method must be POST");
    throw internalError("API_CONFIGURATION_ERROR");
  }
  const payload = JSON.stringify(proxyEvent(exchange));
  exchange.log?.data(() => `Endpoint request body after transformations: ${cut(payload)}`);
  const result = await invokeFunction(cx, exchange, payload);
  exchange.integration!.status = 200;
  const text = Buffer.from(result.Payload ?? []).toString("utf8");
  exchange.log?.data(() => `Endpoint response body before transformations: ${cut(text)}`);
  const reply = result.FunctionError ? undefined : readProxyResponse(result.Payload ?? new Uint8Array(), exchange);
  if (!reply) {
    exchange.integration!.error = result.FunctionError ? text : "Malformed Lambda proxy response";
    exchange.log?.error(
      result.FunctionError
        ? `Lambda execution failed with status 200 due to customer function error: ${errorOf(text)}. Lambda request id: ${exchange.integration!.requestId}`
        : "Execution failed due to configuration error: Malformed Lambda proxy response",
    );
    throw internalError("API_CONFIGURATION_ERROR", { status: 502 });
  }
  return reply;
}

function errorOf(text: string): string {
  return /"errorMessage":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
}

interface InvokeOptions {
  readonly isAsynchronous?: boolean;
}

/**
 * Invokes an integration's function, as its credentials or as API Gateway itself.
 * @throws GatewayFault 500, as AWS tells whatever Lambda refuses
 */
export async function invokeFunction(
  cx: Cx,
  exchange: Exchange,
  payload: string,
  { isAsynchronous }: InvokeOptions = {},
) {
  const { scope } = exchange.stage;
  const { credentials } = exchange.method!.integration;
  const FunctionName = functionArnOf(uriOf(exchange));
  exchange.log?.info(`Sending request to ${uriOf(exchange)}`);
  try {
    const as = credentials
      ? await cx.state.roleSessions.assume(cx, credentials, scope)
      : ({
          kind: "service",
          service: "apigateway.amazonaws.com",
          sourceArn: methodArn(exchange),
          sourceAccount: scope.account,
        } as const);
    return await cx.call(
      "lambda",
      "Invoke",
      { FunctionName, Payload: Buffer.from(payload), ...(isAsynchronous ? { InvocationType: "Event" } : {}) },
      { as, scope },
    );
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.status = error.status ?? 500;
    exchange.integration!.error = error.message;
    exchange.log?.error(`Execution failed due to configuration error: ${error.message}`);
    // AWS: what may not be invoked is an error of the configuration, anything else one of the integration.
    throw internalError("API_CONFIGURATION_ERROR", {
      cause: error,
      status: error.code.startsWith("AccessDenied") ? 500 : 502,
    });
  }
}

/**
 * What the function's resource policy sees as `aws:SourceArn`: the method as configured, path variables as `*`.
 * AWS: "Grant API Gateway permissions to invoke": `API/STAGE/METHOD/resource/*`.
 */
export function methodArn({ stage, method, request }: Exchange): string {
  const path = method!.resource.path.replace(/\{[^}]+\}/g, "*");
  return executeArn(stage.scope, stage.api.id, stage.record.stageName, request.method) + path;
}
