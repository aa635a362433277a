import http from "node:http";
import https from "node:https";
import { dialAddress } from "../../../aws/addresses.ts";
import type { Exchange } from "../execute/exchange.ts";
import { mapRequest } from "../execute/parameter-mapping.ts";
import { GatewayError, isPassedOn, type Reply } from "../execute/reply.ts";
import { queryText } from "../execute/request.ts";
import type { Cx } from "../gateway.ts";

/** AWS: a response may have 10 MB. */
const RESPONSE_BYTES_MAX = 10 * 1024 * 1024;
/** Of the request's headers, those that API Gateway writes anew or keeps to itself. */
const NOT_SENT = new Set(["host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"]);

const agents = {
  "http:": new http.Agent({ keepAlive: true }),
  "https:": new https.Agent({ keepAlive: true }),
};

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

interface SendOptions {
  readonly method: string;
  readonly headers: Record<string, string[]>;
  readonly signal: AbortSignal;
  readonly servername: string | undefined;
}

function send(url: URL, { servername, ...options }: SendOptions, body: Buffer): Promise<Reply> {
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:") throw new Error(`Invalid endpoint address: ${url.href}`);
  const client = protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const sent = client.request(
      url,
      { ...options, agent: agents[protocol], ...(servername ? { servername } : {}) },
      (response) => read(response).then(resolve, reject),
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

async function read(response: http.IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > RESPONSE_BYTES_MAX) throw new Error(`The response is larger than ${RESPONSE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const headers: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(response.headersDistinct)) if (isPassedOn(name)) headers[name] = values!;
  return { status: response.statusCode ?? 500, headers, body: Buffer.concat(chunks) };
}
