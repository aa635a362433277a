import type { Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "../execute/exchange.ts";
import { internalError } from "../execute/fault.ts";
import { valueOf, valuesOf } from "../execute/mapping.ts";
import { isBinaryType } from "../execute/request.ts";
import { renderMapping } from "../execute/template.ts";
import { wholeMatch } from "../java-regex.ts";
import type { IntegrationResponseRecord } from "../state.ts";
import { convert } from "./outbound.ts";

/**
 * Maps an integration's answer to the method's response.
 * AWS: "Set up an integration response using the API Gateway console", "Map method response".
 * @param selects what selection patterns are held against: a status code, or a function's error message; undefined where
 *   only the default response comes in question
 * @throws GatewayFault 500 where no response is set up for it
 */
export function mapReply(exchange: Exchange, reply: Reply, selects: string | undefined): Reply {
  const response = selectResponse(exchange, selects);
  if (!response) {
    exchange.log?.error(
      "Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: " +
        reply.status,
    );
    throw internalError("API_CONFIGURATION_ERROR");
  }
  const headers: Record<string, string[]> = {};
  for (const [target, source] of Object.entries(response.responseParameters ?? {})) {
    const [, , kind, ...rest] = target.split(".");
    const values =
      kind === "multivalueheader" || source.includes(".multivalue")
        ? valuesOf(source, exchange, reply)
        : one(valueOf(source, exchange, reply));
    if (values) headers[rest.join(".").toLowerCase()] = values;
  }
  const [type, body] = mapBody(exchange, reply, response);
  headers["content-type"] ??= [type];
  const { responseOverride } = exchange;
  for (const [name, value] of Object.entries(responseOverride.header))
    headers[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : [String(value)];
  const status = statusOf(responseOverride.status) ?? Number(response.statusCode);
  return { status, headers: remapped(headers), body };
}

/** AWS: anything but a whole number is no status. Gap: nor is one below 200, which ends no response. */
function statusOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 599 ? value : undefined;
}

/** AWS: headers that responses may not set by mapping come to the client under another name. */
const REMAPPED = new Set([
  "connection",
  "content-length",
  "date",
  "server",
  "authorization",
  "content-md5",
  "expect",
  "host",
  "max-forwards",
  "proxy-authenticate",
  "trailer",
  "upgrade",
  "user-agent",
  "www-authenticate",
]);

function remapped(headers: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [REMAPPED.has(name) ? `x-amzn-remapped-${name}` : name, values]),
  );
}

function one(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

/** AWS: the pattern must match as a whole; the response without a pattern is the default. */
function selectResponse(exchange: Exchange, selects: string | undefined): IntegrationResponseRecord | undefined {
  const responses = Object.values(exchange.method!.integration.integrationResponses ?? {});
  const matching =
    selects === undefined
      ? undefined
      : responses.find(({ selectionPattern }) => selectionPattern && wholeMatch(selectionPattern).test(selects));
  return matching ?? responses.find(({ selectionPattern }) => !selectionPattern);
}

/** AWS: "Content type conversions in API Gateway", table of responses. */
function mapBody(exchange: Exchange, reply: Reply, response: IntegrationResponseRecord): [type: string, body: Buffer] {
  const { request, stage } = exchange;
  const contentType = reply.headers["content-type"]?.[0];
  const isBinary = isBinaryType(contentType, stage.api.binaryMediaTypes);
  const acceptsBinary = isBinaryType(request.header("Accept"), stage.api.binaryMediaTypes);
  const handling = response.contentHandling ?? (acceptsBinary ? "CONVERT_TO_BINARY" : "CONVERT_TO_TEXT");
  const converted = convert(Buffer.from(reply.body as string), isBinary, handling);
  const template = findTemplate(exchange, response.responseTemplates);
  if (!template || template[1] === "") return [template?.[0] ?? contentType ?? "application/json", converted];
  if (handling === "CONVERT_TO_BINARY") throw internalError("API_CONFIGURATION_ERROR");
  return [template[0], Buffer.from(renderMapping(template[1], exchange, converted.toString("utf8")))];
}

/** AWS: the template of the type that the client accepts, else that of JSON, else the first. */
function findTemplate({ request }: Exchange, templates: Record<string, string> = {}): [string, string] | undefined {
  const entries = Object.entries(templates);
  const accepted = request.header("Accept")?.split(/[;,]/)[0]!.trim();
  return (
    entries.find(([type]) => type === accepted) ?? entries.find(([type]) => type === "application/json") ?? entries[0]
  );
}
