import { isPassedOn, type Reply } from "../../../gateway/reply.ts";

/**
 * Reads what a function gave back as an HTTP response.
 * AWS: "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda function response format".
 * @param payload the function's result, JSON text (of a custom runtime, any text)
 * @returns undefined where it is malformed: the client gets 500 {"message":"Internal Server Error"}
 */
export function readProxyResponse(payload: Uint8Array, format: "1.0" | "2.0"): Reply | undefined {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8");
  const result = parse(text);
  const isResponse = typeof result === "object" && result !== null && "statusCode" in result;
  if (isResponse) return explicit(result as ProxyResult, format);
  return format === "2.0" ? inferred(result, text) : undefined;
}

interface ProxyResult {
  readonly statusCode: unknown;
  readonly headers?: unknown;
  readonly multiValueHeaders?: unknown;
  readonly cookies?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}

/**
 * AWS: without a status code the result is the body of a 200, a string without its quotes, anything else as it is, JSON
 * or not.
 */
function inferred(result: unknown, text: string): Reply {
  const body = typeof result === "string" ? result : text;
  return { status: 200, headers: { "content-type": ["application/json"] }, body };
}

function explicit(result: ProxyResult, format: "1.0" | "2.0"): Reply | undefined {
  const status = statusOf(result.statusCode);
  const body = bodyOf(result);
  const headers: Record<string, string[]> = {};
  const headersRead =
    (format === "2.0" || addMultiValue(headers, result.multiValueHeaders)) &&
    addSingleValue(headers, result.headers) &&
    (format === "1.0" || addCookies(headers, result.cookies));
  if (status === undefined || body === undefined || !headersRead) return undefined;
  // AWS: the content type of a response that names none.
  headers["content-type"] ??= ["text/plain; charset=utf-8"];
  return { status, headers, body };
}

/** AWS: a number, or a text of digits as the blueprints return it. */
function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function bodyOf({ body, isBase64Encoded }: ProxyResult): Uint8Array | string | undefined {
  if (body === undefined || body === null) return "";
  if (typeof body !== "string") return undefined;
  if (isBase64Encoded !== true) return body;
  return body.length % 4 === 0 && BASE64.test(body) ? Buffer.from(body, "base64") : undefined;
}

function addSingleValue(headers: Record<string, string[]>, given: unknown): boolean {
  if (given === undefined || given === null) return true;
  if (typeof given !== "object" || Array.isArray(given)) return false;
  for (const [name, value] of Object.entries(given)) {
    const text = headerText(value);
    if (text === undefined || !isHeaderName(name)) return false;
    const lowerName = name.toLowerCase();
    if (!isPassedOn(lowerName)) continue;
    const values = headers[lowerName];
    if (!values) headers[lowerName] = [text];
    else if (!values.includes(text)) values.push(text);
  }
  return true;
}

function addMultiValue(headers: Record<string, string[]>, given: unknown): boolean {
  if (given === undefined || given === null) return true;
  if (typeof given !== "object" || Array.isArray(given)) return false;
  for (const [name, list] of Object.entries(given)) {
    if (!Array.isArray(list) || !isHeaderName(name)) return false;
    const values = list.map(headerText);
    if (values.includes(undefined)) return false;
    if (isPassedOn(name.toLowerCase())) (headers[name.toLowerCase()] ??= []).push(...(values as string[]));
  }
  return true;
}

function addCookies(headers: Record<string, string[]>, cookies: unknown): boolean {
  if (cookies === undefined || cookies === null) return true;
  if (!Array.isArray(cookies) || !cookies.every((cookie) => typeof cookie === "string" && isHeaderValue(cookie)))
    return false;
  if (cookies.length > 0) (headers["set-cookie"] ??= []).push(...(cookies as string[]));
  return true;
}

function headerText(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const text = String(value);
  return isHeaderValue(text) ? text : undefined;
}

/** What Node can send: printable Latin-1 and tabs. */
function isHeaderValue(text: string): boolean {
  return !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(text);
}

function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && name !== "__proto__";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
