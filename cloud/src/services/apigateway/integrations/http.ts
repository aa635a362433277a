import { dialAddress } from "../../../aws/addresses.ts";
import { send } from "../../../gateway/http-call.ts";
import type { Reply } from "../../../gateway/reply.ts";
import { queryText } from "../../../gateway/request.ts";
import type { Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";
import type { Cx } from "../gateway.ts";
import { mapReply } from "./inbound.ts";
import { mapRequest, type Outbound } from "./outbound.ts";
import { uriOf } from "./uri.ts";

/** Of the request's headers, those that API Gateway writes anew or keeps to itself. */
const NOT_SENT = new Set(["host", "content-length", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"]);
/** AWS: headers of an endpoint's answer that come to the client under another name. */
const REMAPPED = new Set(["connection", "content-length", "date", "server", "x-amzn-requestid", "www-authenticate"]);

/** A custom HTTP integration: only what is mapped goes on and comes back. */
export async function callHttp(cx: Cx, exchange: Exchange, signal: AbortSignal): Promise<Reply> {
  const outbound = mapRequest(exchange);
  const reply = await request(cx, exchange, outbound, signal);
  return mapReply(exchange, reply, String(reply.status));
}

/** An HTTP proxy integration: the request goes on as it is, with what is mapped over it. */
export async function proxyToHttp(cx: Cx, exchange: Exchange, signal: AbortSignal): Promise<Reply> {
  const mapped = mapRequest(exchange);
  const { request: incoming } = exchange;
  const headers = new Map<string, string[]>();
  for (const [name, values] of Object.entries(incoming.headers))
    if (!NOT_SENT.has(name.toLowerCase())) headers.set(name.toLowerCase(), values);
  for (const [name, values] of mapped.headers) headers.set(name.toLowerCase(), values);
  const query = new Map([...incoming.query, ...mapped.query]);
  const reply = await request(cx, exchange, { ...mapped, headers, query, body: incoming.body }, signal);
  const passed: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(reply.headers))
    if (name !== "via") passed[REMAPPED.has(name) ? `x-amzn-remapped-${name}` : name] = values;
  return { ...reply, headers: passed };
}

/** @throws GatewayFault INTEGRATION_FAILURE where the endpoint cannot be reached */
async function request(cx: Cx, exchange: Exchange, outbound: Outbound, signal: AbortSignal): Promise<Reply> {
  const { integration } = exchange.method!;
  const url = targetOf(cx, exchange, outbound);
  const headers: Record<string, string[]> = {};
  for (const [name, values] of outbound.headers) headers[name.toLowerCase()] = values;
  headers["x-amzn-apigateway-api-id"] = [exchange.stage.api.id];
  headers["x-forwarded-for"] = exchange.request.headerValues("X-Forwarded-For") ?? [];
  headers["x-amzn-trace-id"] ??= [exchange.request.traceHeader];
  headers["user-agent"] ??= [`AmazonAPIGateway_${exchange.stage.api.id}`];
  const method = integration.httpMethod === "ANY" ? exchange.request.method : integration.httpMethod!;
  exchange.log?.info(`Sending request to ${url.href}`);
  try {
    const reply = await send(
      url,
      {
        method,
        headers,
        signal,
        servername: undefined,
        isInsecure: integration.tlsConfig?.insecureSkipVerification === true,
      },
      outbound.body,
    );
    exchange.integration!.status = reply.status;
    exchange.log?.info(`Received response. Status: ${reply.status}, Integration latency: 0 ms`);
    return reply;
  } catch (error) {
    exchange.integration!.error = error instanceof Error ? error.message : String(error);
    throw new GatewayFault("INTEGRATION_FAILURE", "Network error communicating with endpoint", { cause: error });
  }
}

/** AWS: path variables stand in the URI, `https://example.com/{proxy}`, and are filled from `integration.request.path`. */
function targetOf(cx: Cx, exchange: Exchange, { path, query }: Outbound): URL {
  const uri = uriOf(exchange).replace(/\{([^}]+)\}/g, (whole, name: string) => {
    const value = path.get(name.replace(/\+$/, ""));
    return value === undefined ? whole : value.split("/").map(encodeURIComponent).join("/");
  });
  const url = new URL(dialAddress(uri, cx.endpoint()));
  const text = queryText(query);
  if (text !== "") url.search = url.search === "" ? text : `${url.search}&${text}`;
  return url;
}
