import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { executeArn } from "../../../gateway/arn.ts";
import { proxyEvent10, proxyEvent20 } from "../execute/event.ts";
import type { Exchange } from "../execute/exchange.ts";
import { readProxyResponse } from "../execute/lambda-response.ts";
import { mapRequest } from "../execute/parameter-mapping.ts";
import type { Reply } from "../../../gateway/reply.ts";
import { GatewayError } from "../execute/reply.ts";
import type { Cx } from "../gateway.ts";
import { functionArnOf } from "../../../gateway/function-uri.ts";

/**
 * Invokes the function of a Lambda proxy integration and reads its answer.
 * @throws GatewayError 500 where the function may not be invoked, fails or answers what is no response; 503 where it is
 *   throttled or runs into its timeout
 */
export async function invokeFunction(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { record, requestMapping } = exchange.route!.integration!;
  const changed =
    requestMapping.length === 0
      ? exchange
      : { ...exchange, request: exchange.request.changed(mapRequest(requestMapping, exchange)) };
  const format = record.PayloadFormatVersion === "1.0" ? "1.0" : "2.0";
  const event = format === "1.0" ? proxyEvent10(changed) : proxyEvent20(changed);
  const result = await invoke(cx, exchange, functionArnOf(record.IntegrationUri ?? ""), event);
  exchange.integration!.serviceStatus = 200;
  if (result.FunctionError) throw functionFailed(exchange, textOf(result.Payload));
  const reply = readProxyResponse(result.Payload ?? new Uint8Array(), format);
  if (!reply)
    throw failed(exchange, "The response from the Lambda function doesn't match the format that API Gateway expects");
  return reply;
}

async function invoke(cx: Cx, exchange: Exchange, FunctionName: string, event: object) {
  const { scope } = exchange.stage;
  const { CredentialsArn } = exchange.route!.integration!.record;
  try {
    const as = CredentialsArn
      ? await cx.state.roleSessions.assume(cx, CredentialsArn, scope)
      : ({
          kind: "service",
          service: "apigateway.amazonaws.com",
          sourceArn: routeArn(exchange),
          sourceAccount: scope.account,
        } as const);
    return await cx.call(
      "lambda",
      "Invoke",
      { FunctionName, Payload: Buffer.from(JSON.stringify(event)) },
      { as, scope },
    );
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.serviceStatus = error.status ?? 500;
    throw failed(exchange, error.message, error.code === "TooManyRequestsException" ? 503 : 500);
  }
}

/**
 * What the function's resource policy sees as `aws:SourceArn`: the route as configured, with the request's method.
 * AWS: the `$default` route has no method, `API/STAGE/$default`.
 */
function routeArn({ stage, route, request }: Exchange): string {
  const { RouteKey } = route!.record;
  const space = RouteKey.indexOf(" ");
  const start = [stage.api.ApiId, stage.record.StageName] as const;
  if (space < 0) return executeArn(stage.scope, ...start, RouteKey);
  return executeArn(stage.scope, ...start, request.method) + RouteKey.slice(space + 1);
}

/** AWS: a function that ran into its timeout is unavailable; any other failure of a function is an internal error. */
function functionFailed(exchange: Exchange, error: string): GatewayError {
  return failed(exchange, error, /Task timed out after \d/.test(error) ? 503 : 500);
}

function failed(exchange: Exchange, why: string, status: 500 | 503 = 500): GatewayError {
  exchange.integration!.error = why;
  return new GatewayError(status);
}

function textOf(payload: Uint8Array | undefined): string {
  return Buffer.from(payload ?? []).toString("utf8");
}
