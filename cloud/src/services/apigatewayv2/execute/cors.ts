import type { Cors } from "@aws-sdk/client-apigatewayv2";
import type { Reply } from "../../../gateway/reply.ts";
import type { GatewayRequest } from "./request.ts";

/** A CORS configuration, ready to answer with. AWS: "Configure CORS for HTTP APIs in API Gateway". */
export interface CompiledCors {
  readonly origins: ReadonlySet<string>;
  /** Headers of every answer to an allowed origin, besides the origin itself. */
  readonly answer: Readonly<Record<string, string[]>>;
  /** Headers of a preflight's answer. */
  readonly preflight: Readonly<Record<string, string[]>>;
}

/** @returns undefined where nothing is configured */
export function compileCors(cors: Cors | undefined): CompiledCors | undefined {
  if (!cors || Object.values(cors).every((value) => value === undefined)) return undefined;
  const credentials: Record<string, string[]> = cors.AllowCredentials
    ? { "access-control-allow-credentials": ["true"] }
    : {};
  return {
    origins: new Set(cors.AllowOrigins),
    answer: { ...credentials, ...list("access-control-expose-headers", cors.ExposeHeaders) },
    preflight: {
      ...credentials,
      ...list("access-control-allow-methods", cors.AllowMethods),
      ...list("access-control-allow-headers", cors.AllowHeaders),
      ...(cors.MaxAge === undefined || cors.MaxAge === 0 ? {} : { "access-control-max-age": [String(cors.MaxAge)] }),
    },
  };
}

function list(name: string, values: readonly string[] | undefined): Record<string, string[]> {
  return values && values.length > 0 ? { [name]: [values.join(",")] } : {};
}

/** Whether the API answers this itself: a preflight, which browsers send before a request across origins. */
export function isPreflight(request: GatewayRequest): boolean {
  return (
    request.method === "OPTIONS" &&
    request.headers["origin"] !== undefined &&
    request.headers["access-control-request-method"] !== undefined
  );
}

/** AWS: 204; the headers only for an allowed origin. */
export function preflightReply(cors: CompiledCors, request: GatewayRequest): Reply {
  const origin = allowedOrigin(cors, request.headers["origin"]?.[0]);
  const headers = origin === undefined ? {} : { "access-control-allow-origin": [origin], ...cors.preflight };
  return { status: 204, headers, body: "" };
}

/** AWS: with CORS configured the integration's own CORS headers are ignored and the API's are added. */
export function addCors(cors: CompiledCors, request: GatewayRequest, reply: Reply): void {
  for (const name in reply.headers) if (name.startsWith("access-control-")) delete reply.headers[name];
  const origin = allowedOrigin(cors, request.headers["origin"]?.[0]);
  if (origin === undefined) return;
  reply.headers["access-control-allow-origin"] = [origin];
  Object.assign(reply.headers, cors.answer);
}

function allowedOrigin({ origins }: CompiledCors, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (origins.has("*")) return "*";
  if (origins.has(origin)) return origin;
  if (origins.has("https://*") && origin.startsWith("https://")) return origin;
  return origins.has("http://*") && origin.startsWith("http://") ? origin : undefined;
}
