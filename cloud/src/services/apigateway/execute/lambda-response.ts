import { isPassedOn, type Reply } from "../../../gateway/reply.ts";
import { isBinaryType } from "./request.ts";
import type { Exchange } from "./exchange.ts";

const MEMBERS = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);

/**
 * Reads what a function gave back as an HTTP response.
 * AWS: "Output format of a Lambda function for proxy integration".
 * @returns undefined where it is malformed: the client gets 502 {"message": "Internal server error"}
 */
export function readProxyResponse(payload: Uint8Array, exchange: Exchange): Reply | undefined {
  const result = parse(Buffer.from(payload).toString("utf8"));
  if (typeof result !== "object" || result === null || Array.isArray(result)) return undefined;
  if (Object.keys(result).some((name) => !MEMBERS.has(name))) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = result as Record<string, unknown>;
  const status = statusOf(statusCode);
  const text = bodyOf(body);
  const found = headersOf(headers, multiValueHeaders);
  if (status === undefined || text === undefined || !found) return undefined;
  found["content-type"] ??= ["application/json"];
  const decodes = isBase64Encoded === true && isBinaryWanted(exchange, found["content-type"][0]);
  return { status, headers: found, body: decodes ? Buffer.from(text, "base64") : text };
}

/** AWS: a base64 body is decoded where the first type that the client accepts, or the response's own, is a binary one. */
function isBinaryWanted({ request, stage }: Exchange, contentType: string | undefined): boolean {
  const { binaryMediaTypes } = stage.api;
  return isBinaryType(request.header("Accept"), binaryMediaTypes) || isBinaryType(contentType, binaryMediaTypes);
}

/** AWS: a number or a text of digits; 200 where there is none. */
function statusOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return 200;
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return "";
  if (typeof body === "string") return body;
  return typeof body === "number" || typeof body === "boolean" ? String(body) : undefined;
}

/** AWS: headers of both maps are merged; where both have one, only the values of `multiValueHeaders` count. */
function headersOf(single: unknown, multi: unknown): Record<string, string[]> | undefined {
  const headers: Record<string, string[]> = {};
  if (isMap(multi)) {
    for (const [name, values] of Object.entries(multi)) {
      if (!Array.isArray(values)) return undefined;
      if (!add(headers, name, values)) return undefined;
    }
  } else if (multi !== undefined && multi !== null) return undefined;
  if (isMap(single)) {
    for (const [name, value] of Object.entries(single)) {
      const lower = name.toLowerCase();
      if (headers[lower]) continue;
      if (!add(headers, name, [value])) return undefined;
    }
  } else if (single !== undefined && single !== null) return undefined;
  return headers;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** AWS: headers that belong to the connection come to the client under another name. */
const REMAPPED = new Set(["connection", "content-length", "date", "server", "x-amzn-requestid"]);

function add(headers: Record<string, string[]>, name: string, values: readonly unknown[]): boolean {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || name === "__proto__") return false;
  const lower = name.toLowerCase();
  const texts: string[] = [];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (typeof value === "object") return false;
    const text = String(value);
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(text)) return false;
    texts.push(text);
  }
  if (REMAPPED.has(lower)) headers[`x-amzn-remapped-${lower}`] = texts;
  else if (isPassedOn(lower) && texts.length > 0) (headers[lower] ??= []).push(...texts);
  return true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
