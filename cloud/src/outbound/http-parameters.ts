import type { HttpParameters } from "@aws-sdk/client-eventbridge";
import { parsePath } from "./json-path.ts";
import type { Parameter, Parameters } from "./connections.ts";

/** A value of a target's HTTP parameters: a text, or a path into the event. AWS: "Dynamic path parameters". */
export function valueOf(text: string, event: unknown): string {
  const found = text.startsWith("$.") ? parsePath(text)?.(event) : text;
  return typeof found === "string" ? found : found === undefined ? "" : JSON.stringify(found);
}

/** Puts path parameters in place of the stars, in their order. */
export function withPath(template: string, { PathParameterValues = [] }: HttpParameters, event: unknown): string {
  let next = 0;
  return template.replaceAll("*", (star) => {
    const value = PathParameterValues[next++];
    return value === undefined ? star : encodeURIComponent(valueOf(value, event));
  });
}

export function addParameters(url: URL, headers: Headers, parameters: HttpParameters, event: unknown): void {
  for (const [name, value] of Object.entries(parameters.HeaderParameters ?? {}))
    headers.set(name, valueOf(value, event));
  for (const [name, value] of Object.entries(parameters.QueryStringParameters ?? {}))
    setQuery(url, name, valueOf(value, event));
}

/** Spaces are `%20`, as signatures want them. */
function setQuery(url: URL, name: string, value: string): void {
  url.searchParams.set(name, value);
  url.search = url.search.replaceAll("+", "%20");
}

/** AWS: a connection's parameters take precedence over those of the target. */
export function addConnectionParameters(url: URL, headers: Headers, { header, query }: Parameters): void {
  for (const { key, value } of header) headers.set(key, value);
  for (const { key, value } of query) setQuery(url, key, value);
}

/** Merges a connection's body parameters into a body that is a JSON object. */
export function withBody(text: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return text;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) return text;
  return JSON.stringify({ ...body, ...Object.fromEntries(parameters.map(({ key, value }) => [key, value])) });
}
