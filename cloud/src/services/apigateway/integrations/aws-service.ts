import type { Readable } from "node:stream";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { isPassedOn, type Reply } from "../../../gateway/reply.ts";
import type { CallOptions } from "../../../service.ts";
import { codecOf } from "../../../wire/protocols/index.ts";
import { routeForm, routeHead, type Route } from "../../../wire/route.ts";
import { formOf } from "../../../wire/head.ts";
import type { Exchange } from "../execute/exchange.ts";
import { cut } from "../execute/execution-log.ts";
import { internalError } from "../execute/fault.ts";
import type { Cx } from "../gateway.ts";
import { awsRequest, type AwsRequest } from "./aws-request.ts";
import { mapReply } from "./inbound.ts";
import { methodArn } from "./lambda-proxy.ts";
import { mapRequest } from "./outbound.ts";
import { queryJson, queryJsonError } from "./query-json.ts";

/** Which operation is called is known at run time only; its input is checked by the gate. */
type UntypedCall = (service: string, operation: string, input: unknown, options: CallOptions) => Promise<unknown>;

/**
 * Calls the AWS service of an integration as its role, through the same protocols that clients speak, and maps what the
 * service answers. AWS: "Set up an integration request in API Gateway", AWS service integrations.
 */
export async function callService(cx: Cx, exchange: Exchange): Promise<Reply> {
  const outbound = mapRequest(exchange);
  const request = awsRequest(exchange, outbound);
  exchange.log?.info(`Sending request to https://${request.head.host}${request.head.target}`);
  const reply = await answer(cx, exchange, request);
  exchange.integration!.status = reply.status;
  exchange.log?.data(
    () => `Endpoint response body before transformations: ${cut(Buffer.from(reply.body).toString("utf8"))}`,
  );
  return mapReply(exchange, reply, String(reply.status));
}

async function answer(cx: Cx, exchange: Exchange, request: AwsRequest): Promise<Reply> {
  const { head, body, region, signingName } = request;
  const headRoute = routeHead(head, signingName);
  const route = headRoute === "form" ? routeForm(formOf(head, body), signingName) : headRoute;
  if ("error" in route) {
    if (route.error instanceof NotEmulatedError) throw route.error;
    exchange.integration!.error = route.error.message;
    return encodeError(exchange, route, request, route.error);
  }
  const codec = await codecOf(route.protocol);
  const as = await principalOf(cx, exchange);
  const scope = { account: "account" in as ? as.account : exchange.stage.scope.account, region };
  try {
    const isStreamed = route.operation.inputPayload?.shape.streaming === true;
    const content = isStreamed ? { body: Buffer.alloc(0), stream: body } : { body };
    const input = codec.decode({ head, operation: route.operation, labels: route.labels, ...content });
    const output = await (cx.call as unknown as UntypedCall)(route.api.name, route.operation.name, input, {
      as,
      scope,
    });
    if (wantsJson(route, request))
      return jsonReply(200, queryJson(route.operation.name, output, exchange.request.requestId));
    return await toReply(
      codec.encode(output, {
        requestId: exchange.request.requestId,
        operation: route.operation,
        method: head.method,
        headers: head.headers,
      }),
    );
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.error = error.message;
    return encodeError(exchange, route, request, error);
  }
}

/** @throws GatewayFault 500 where the role cannot be assumed */
async function principalOf(cx: Cx, exchange: Exchange) {
  const { credentials } = exchange.method!.integration;
  const { scope } = exchange.stage;
  if (!credentials)
    return {
      kind: "service",
      service: "apigateway.amazonaws.com",
      sourceArn: methodArn(exchange),
      sourceAccount: scope.account,
    } as const;
  try {
    return await cx.state.roleSessions.assume(cx, credentials, scope);
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.error = error.message;
    exchange.log?.error(
      `Execution failed due to configuration error: API Gateway does not have permission to assume the provided role ${credentials}`,
    );
    throw internalError("API_CONFIGURATION_ERROR", { cause: error });
  }
}

/** AWS: API Gateway takes JSON of the query services, unless the integration asks for something else. */
function wantsJson({ protocol }: Pick<Route, "protocol">, { head }: AwsRequest): boolean {
  return protocol === "awsQuery" && /json|\*\/\*/.test(head.headers["accept"] ?? "application/json");
}

async function encodeError(
  exchange: Exchange,
  route: { protocol: Route["protocol"]; api: Route["api"] | undefined; operation?: Route["operation"] },
  request: AwsRequest,
  error: AwsError,
): Promise<Reply> {
  const { requestId } = exchange.request;
  const codec = await codecOf(route.protocol);
  const { method, path, headers } = request.head;
  const encoded = codec.encodeError(error, {
    requestId,
    api: route.api,
    operation: route.operation,
    method,
    path,
    headers,
  });
  if (!wantsJson(route, request)) return toReply(encoded);
  // AWS: the query protocol tells a denial with 403, also of services whose JSON protocol tells it with 400.
  const status = error.code.startsWith("AccessDenied") ? 403 : encoded.status;
  return jsonReply(status, queryJsonError(error, requestId));
}

function jsonReply(status: number, body: string): Reply {
  return { status, headers: { "content-type": ["application/json"] }, body };
}

async function toReply(response: {
  status: number;
  headers: Record<string, string | string[]>;
  body?: unknown;
}): Promise<Reply> {
  const entries = Object.entries(response.headers).map(
    ([name, value]) => [name.toLowerCase(), [value].flat()] as const,
  );
  return {
    status: response.status,
    headers: Object.fromEntries(entries.filter(([name]) => isPassedOn(name))),
    body: await bytesOf(response.body),
  };
}

async function bytesOf(body: unknown): Promise<Uint8Array | string> {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  const chunks: Buffer[] = [];
  for await (const chunk of body as Readable) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
