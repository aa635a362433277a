import type { Reply } from "../../../gateway/reply.ts";
import { contextValue } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { findJsonPath } from "./json-path.ts";

/**
 * The value of a mapping source: `'constant'`, `method.request.header.name`, `method.request.body.json.path`,
 * `integration.response.header.name`, `context.name`, `stageVariables.name`.
 * AWS: "Parameter mapping for REST APIs in API Gateway".
 * @param reply the integration's response, where there is one already
 * @returns undefined where the request has no such value
 */
export function valueOf(source: string, exchange: Exchange, reply?: Reply): string | undefined {
  if (source.startsWith("'") && source.endsWith("'") && source.length > 1) return source.slice(1, -1);
  const values = valuesOf(source, exchange, reply);
  return values?.at(-1);
}

/** As `valueOf`, every value of a header or query parameter. */
export function valuesOf(source: string, exchange: Exchange, reply?: Reply): string[] | undefined {
  if (source.startsWith("'")) return [source.slice(1, -1)];
  if (source.startsWith("context.")) return one(contextValue(source.slice("context.".length), exchange));
  if (source.startsWith("stageVariables."))
    return one(exchange.stage.variables?.[source.slice("stageVariables.".length)]);
  if (source.startsWith("method.request.")) return ofRequest(source.slice("method.request.".length), exchange);
  if (source.startsWith("integration.response."))
    return reply && ofReply(source.slice("integration.response.".length), reply);
  return undefined;
}

function one(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

function ofRequest(source: string, { request, pathParameters }: Exchange): string[] | undefined {
  const [, kind, name = ""] = /^(\w+)\.?([^]*)$/.exec(source) ?? [];
  switch (kind) {
    case "header":
      return one(request.header(name));
    case "multivalueheader":
      return request.headerValues(name);
    case "querystring":
      return one(request.query.get(name)?.at(-1));
    case "multivaluequerystring":
      return request.query.get(name);
    case "path":
      return one(pathParameters?.[name]);
    case "body":
      return ofBody(source.slice("body".length), request.body.toString("utf8"));
    default:
      return undefined;
  }
}

function ofReply(source: string, { headers, body }: Reply): string[] | undefined {
  const [, kind, name = ""] = /^(\w+)\.?([^]*)$/.exec(source) ?? [];
  if (kind === "header") return one(headers[name.toLowerCase()]?.at(-1));
  if (kind === "multivalueheader") return headers[name.toLowerCase()];
  if (kind !== "body") return undefined;
  return ofBody(source.slice("body".length), typeof body === "string" ? body : Buffer.from(body).toString("utf8"));
}

/** @param path of JSON, e.g. `.order.id`; empty for the whole body */
function ofBody(path: string, text: string): string[] | undefined {
  if (path === "") return text === "" ? undefined : [text];
  try {
    const value = findJsonPath(JSON.parse(text), `$${path}`);
    if (value === undefined || value === null) return undefined;
    return [typeof value === "object" ? JSON.stringify(value) : String(value)];
  } catch {
    return undefined;
  }
}
