import { dialAddress } from "../../../aws/addresses.ts";
import type { Exchange } from "../execute/exchange.ts";
import { mapRequest } from "../execute/parameter-mapping.ts";
import { send } from "../../../gateway/http-call.ts";
import type { Reply } from "../../../gateway/reply.ts";
import { GatewayError } from "../execute/reply.ts";
import { queryText } from "../../../gateway/request.ts";
import type { Cx } from "../gateway.ts";

/** Of the request's headers, those that API Gateway writes anew or keeps to itself. */
const NOT_SENT = new Set(["host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"]);

/**
 * Passes a request on to the URL of an HTTP proxy integration. AWS: "Create HTTP proxy integrations for HTTP APIs".
 * @throws GatewayError 503 where the target cannot be reached
 */
export async function passOn(cx: Cx, exchange: Exchange, signal: AbortSignal): Promise<Reply> {
  const { record, requestMapping } = exchange.route!.integration!;
  const { request } = exchange;
  const outbound = mapRequest(requestMapping, exchange);
  const url = targetOf(exchange, outbound.path, cx.endpoint());
  const query = requestMapping.length === 0 ? request.rawQuery : queryText(outbound.query);
  if (query !== "") url.search = url.search === "" ? query : `${url.search}&${query}`;
  const headers: Record<string, string[]> = {};
  for (const name in outbound.headers) if (!NOT_SENT.has(name)) headers[name] = outbound.headers[name]!;
  const { domainName } = exchange.stage;
  headers["forwarded"] = [`for=${request.http.sourceIp};host=${domainName};proto=http`];
  headers["via"] = [`${request.protocol} AmazonAPIGateway`];
  const method =
    record.IntegrationMethod === "ANY" || record.IntegrationMethod === undefined
      ? request.method
      : record.IntegrationMethod;
  try {
    const reply = await send(
      url,
      { method, headers, signal, servername: record.TlsConfig?.ServerNameToVerify },
      request.http.body,
    );
    exchange.integration!.serviceStatus = reply.status;
    return reply;
  } catch (error) {
    exchange.integration!.error = error instanceof Error ? error.message : String(error);
    throw new GatewayError(503, {}, { cause: error });
  }
}

/**
 * AWS: path variables may stand in the URI, `https://example.com/{proxy}`; the `$default` route sends the whole request
 * path on.
 */
function targetOf({ route, request, parameters }: Exchange, overwritten: string | undefined, endpoint: string): URL {
  const { record } = route!.integration!;
  const uri = (record.IntegrationUri ?? "").replace(/\{([\w.:-]+)\+?\}/g, (whole, name: string) => {
    const value = parameters?.[name];
    return value === undefined ? whole : value.split("/").map(encodeURIComponent).join("/");
  });
  const url = new URL(dialAddress(uri, endpoint));
  if (overwritten !== undefined) url.pathname = overwritten;
  else if (route!.record.RouteKey === "$default")
    url.pathname = url.pathname.replace(/\/$/, "") + encodeURI(request.routePath);
  return url;
}
