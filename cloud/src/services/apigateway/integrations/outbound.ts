import { valueOf, valuesOf } from "../execute/mapping.ts";
import { GatewayFault, internalError } from "../execute/fault.ts";
import type { Exchange } from "../execute/exchange.ts";
import { cut } from "../execute/execution-log.ts";
import { isBinaryType } from "../execute/request.ts";
import { renderMapping } from "../execute/template.ts";

/** What goes on to an integration's endpoint. */
export interface Outbound {
  /** By name as mapped; the last one of a name counts where it differs in case only. */
  readonly headers: Map<string, string[]>;
  readonly query: Map<string, string[]>;
  readonly path: Map<string, string>;
  readonly body: Buffer;
}

/**
 * Maps a request to what the integration gets: parameters, then the body by template.
 * @throws GatewayFault UNSUPPORTED_MEDIA_TYPE; 500 for a template that cannot run
 */
export function mapRequest(exchange: Exchange): Outbound {
  const { integration } = exchange.method!;
  const headers = new Map<string, string[]>();
  const query = new Map<string, string[]>();
  const path = new Map<string, string>();
  for (const [target, source] of Object.entries(integration.requestParameters ?? {})) {
    const [, , kind = "", ...rest] = target.split(".");
    const name = rest.join(".");
    const values =
      kind.startsWith("multivalue") || source.includes(".multivalue")
        ? valuesOf(source, exchange)
        : one(valueOf(source, exchange));
    if (!values) continue;
    if (kind.endsWith("header")) headers.set(name, values);
    else if (kind.endsWith("querystring")) query.set(name, values);
    else path.set(name, values.at(-1)!);
  }
  const body = mapBody(exchange);
  override(exchange, { headers, query, path });
  if (!has(headers, "content-type"))
    headers.set("Content-Type", [exchange.request.header("Content-Type") ?? "application/json"]);
  return { headers, query, path, body };
}

function one(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

export function has(headers: ReadonlyMap<string, string[]>, lowerName: string): boolean {
  return [...headers.keys()].some((name) => name.toLowerCase() === lowerName);
}

/** AWS: "Override an API's request and response parameters and status codes". */
function override({ requestOverride }: Exchange, outbound: Omit<Outbound, "body">): void {
  for (const [name, value] of Object.entries(requestOverride.header)) outbound.headers.set(name, texts(value));
  for (const [name, value] of Object.entries(requestOverride.querystring)) outbound.query.set(name, texts(value));
  for (const [name, value] of Object.entries(requestOverride.path)) outbound.path.set(name, String(value));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/** AWS: "Method request behavior for payloads without mapping templates", "Content type conversions". */
function mapBody(exchange: Exchange): Buffer {
  const { integration } = exchange.method!;
  const { request, stage, log } = exchange;
  const templates = integration.requestTemplates ?? {};
  const isBinary = isBinaryType(request.header("Content-Type"), stage.api.binaryMediaTypes);
  const converted = convert(request.body, isBinary, integration.contentHandling);
  const template = templates[request.contentType] ?? templates["$default"];
  if (template === undefined) {
    const isRefused =
      integration.passthroughBehavior === "NEVER" ||
      (integration.passthroughBehavior === "WHEN_NO_TEMPLATES" && Object.keys(templates).length > 0);
    if (isRefused) throw new GatewayFault("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type");
    return converted;
  }
  // AWS: a template takes text, so a binary body must be converted to it.
  const isStillBinary =
    integration.contentHandling === "CONVERT_TO_BINARY" ||
    (isBinary && integration.contentHandling !== "CONVERT_TO_TEXT");
  if (isStillBinary) throw internalError("API_CONFIGURATION_ERROR");
  const text = renderMapping(template, exchange, converted.toString("utf8"));
  log?.data(() => `Endpoint request body after transformations: ${cut(text)}`);
  return Buffer.from(text);
}

/** Base64 to bytes and back, as `contentHandling` says. */
export function convert(body: Buffer, isBinary: boolean, handling: string | undefined): Buffer {
  if (handling === "CONVERT_TO_TEXT" && isBinary) return Buffer.from(body.toString("base64"));
  if (handling === "CONVERT_TO_BINARY" && !isBinary) return Buffer.from(body.toString("utf8"), "base64");
  return body;
}
