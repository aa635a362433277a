import type { HttpRequest, HttpResponse } from "../../http.ts";
import type { UrlRecord } from "./state.ts";

/**
 * The CORS headers of a function URL's answer; none where CORS is not configured or the origin is not allowed.
 * AWS: "Creating and managing Lambda function URLs", Cross-origin resource sharing.
 */
export function corsHeaders({ cors }: UrlRecord, request: HttpRequest): Record<string, string> {
  const { origin } = request.headers;
  if (!cors || origin === undefined) return {};
  const allowed = cors.AllowOrigins ?? [];
  if (!allowed.includes("*") && !allowed.some((pattern) => matches(pattern, origin))) return {};
  return {
    "Access-Control-Allow-Origin": allowed.includes("*") && !cors.AllowCredentials ? "*" : origin,
    Vary: "Origin",
    ...(cors.AllowCredentials ? { "Access-Control-Allow-Credentials": "true" } : {}),
    ...(cors.ExposeHeaders?.length ? { "Access-Control-Expose-Headers": cors.ExposeHeaders.join(",") } : {}),
  };
}

/** The answer to a preflight; undefined where the function itself has to answer. */
export function preflight(record: UrlRecord, request: HttpRequest): HttpResponse | undefined {
  const { cors } = record;
  if (!cors || request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined)
    return undefined;
  return {
    status: 200,
    headers: {
      ...corsHeaders(record, request),
      ...(cors.AllowMethods?.length ? { "Access-Control-Allow-Methods": cors.AllowMethods.join(",") } : {}),
      ...(cors.AllowHeaders?.length ? { "Access-Control-Allow-Headers": cors.AllowHeaders.join(",") } : {}),
      ...(cors.MaxAge === undefined ? {} : { "Access-Control-Max-Age": String(cors.MaxAge) }),
    },
  };
}

function matches(pattern: string, origin: string): boolean {
  const [before = "", after] = pattern.split("*");
  return after === undefined ? pattern === origin : origin.startsWith(before) && origin.endsWith(after);
}
