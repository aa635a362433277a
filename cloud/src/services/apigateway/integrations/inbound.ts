import type { Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "../execute/exchange.ts";
import { cut } from "../execute/execution-log.ts";
import { internalError } from "../execute/fault.ts";
import { valueOf, valuesOf } from "../execute/mapping.ts";
import { isBinaryType } from "../execute/request.ts";
import { renderMapping } from "../execute/template.ts";
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
  const status = Number(responseOverride.status ?? response.statusCode);
  exchange.log?.data(() => `Method response body after transformations: ${cut(Buffer.from(body).toString("utf8"))}`);
  exchange.log?.info(`Method completed with status: ${status}`);
  return { status: Number.isInteger(status) && status >= 200 && status <= 599 ? status : 500, headers, body };
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
      : responses.find(
          ({ selectionPattern }) => selectionPattern && new RegExp(`^(?:${selectionPattern})$`, "s").test(selects),
        );
  return matching ?? responses.find(({ selectionPattern }) => !selectionPattern);
}

function mapBody(exchange: Exchange, reply: Reply, response: IntegrationResponseRecord): [type: string, body: Buffer] {
  const { request, stage } = exchange;
  const contentType = reply.headers["content-type"]?.[0];
  const isBinary = isBinaryType(contentType, stage.api.binaryMediaTypes);
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : Buffer.from(reply.body);
  // AWS: without conversion a binary answer reaches a client that accepts binary types as it is.
  const acceptsBinary = isBinaryType(request.header("Accept"), stage.api.binaryMediaTypes);
  const handling = response.contentHandling ?? (isBinary && !acceptsBinary ? "CONVERT_TO_TEXT" : undefined);
  const converted = convert(
    body,
    isBinary,
    handling === "CONVERT_TO_TEXT" && acceptsBinary && !response.contentHandling ? undefined : handling,
  );
  const template = findTemplate(exchange, response.responseTemplates);
  if (!template || template[1] === "") return [template?.[0] ?? contentType ?? "application/json", converted];
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
