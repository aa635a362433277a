import { HOP_HEADERS, queryText } from "../../../gateway/request.ts";
import type { HttpRequest } from "../../../http.ts";

interface RequestParts {
  readonly http: HttpRequest;
  /** Decoded path as events show it: with the stage in front, unless it is `$default`. */
  readonly path: string;
  /** Decoded path without the stage: what routes are matched with. */
  readonly routePath: string;
  readonly rawQuery: string;
  /** Header values by lower-case name, in the order sent; cookies are under `cookie`. */
  readonly headers: Record<string, string[]>;
  readonly requestId: string;
  readonly timeMs: number;
}

/** A request as it comes in. @param traceId X-Ray's, for the header that functions see */
export function arrived(parts: Omit<RequestParts, "headers" | "rawQuery">, traceId: string): GatewayRequest {
  return new GatewayRequest({ ...parts, rawQuery: parts.http.query, headers: headersOf(parts.http, traceId) });
}

/** A request as API Gateway sees it. What not every request needs is read when first asked for. */
export class GatewayRequest {
  readonly http: HttpRequest;
  readonly path: string;
  readonly routePath: string;
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, string[]>>;
  readonly requestId: string;
  readonly timeMs: number;
  readonly method: string;

  constructor(parts: RequestParts) {
    this.http = parts.http;
    this.path = parts.path;
    this.routePath = parts.routePath;
    this.rawQuery = parts.rawQuery;
    this.headers = parts.headers;
    this.requestId = parts.requestId;
    this.timeMs = parts.timeMs;
    this.method = parts.http.method;
  }

  /** The same request as a parameter mapping changes it for the integration. */
  changed({
    headers,
    query,
    path,
  }: {
    headers: Record<string, string[]>;
    query: ReadonlyMap<string, string[]>;
    path: string | undefined;
  }): GatewayRequest {
    return new GatewayRequest({ ...this, headers, rawQuery: queryText(query), path: path ?? this.path });
  }

  get protocol(): string {
    return `HTTP/${this.http.httpVersion}`;
  }

  get userAgent(): string {
    return this.headers["user-agent"]?.[0] ?? "";
  }

  /** All values of a header joined by commas. @param name in any case */
  header(name: string): string | undefined {
    return this.headers[name.toLowerCase()]?.join(",");
  }

  #query: Map<string, string[]> | undefined;
  /** Decoded query values by name. */
  get query(): ReadonlyMap<string, string[]> {
    if (this.#query) return this.#query;
    const query = new Map<string, string[]>();
    if (this.rawQuery !== "")
      for (const [name, value] of new URLSearchParams(this.rawQuery)) {
        const values = query.get(name);
        if (values) values.push(value);
        else query.set(name, [value]);
      }
    return (this.#query = query);
  }

  /** Each cookie as sent: `name=value`. */
  get cookies(): string[] {
    const sent = this.headers["cookie"];
    return sent
      ? sent
          .flatMap((line) => line.split(";"))
          .map((cookie) => cookie.trim())
          .filter((cookie) => cookie !== "")
      : [];
  }

  /**
   * AWS: only these content types travel as text; everything else, also forms and bodies without a content type, is
   * base64 (observed on real HTTP APIs in 2026). A compressed body is binary whatever its type.
   */
  get isBinary(): boolean {
    const encoding = this.headers["content-encoding"]?.[0];
    if (encoding !== undefined && encoding !== "identity") return true;
    return !TEXT_TYPE.test(this.headers["content-type"]?.[0] ?? "");
  }

  #json: { value: unknown } | undefined;
  /** The body as JSON; undefined where it is none. */
  get json(): unknown {
    return (this.#json ??= { value: parseJson(this.http.body) }).value;
  }
}

const TEXT_TYPE = /^\s*(?:text\/[^;\s]+|application\/(?:json|xml|javascript))\s*(?:;|$)/i;

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function headersOf(http: HttpRequest, traceId: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  const { rawHeaders } = http;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (HOP_HEADERS.has(name) || name.startsWith(":") || name === "__proto__") continue;
    const values = headers[name];
    if (values) values.push(rawHeaders[at + 1]!);
    else headers[name] = [rawHeaders[at + 1]!];
  }
  // AWS: a request without a body shows this header too.
  headers["content-length"] = [String(http.body.length)];
  headers["host"] ??= [http.host];
  headers["x-amzn-trace-id"] ??= [`Root=${traceId}`];
  const forwarded = headers["x-forwarded-for"];
  headers["x-forwarded-for"] = [forwarded ? `${forwarded.join(", ")}, ${http.sourceIp}` : http.sourceIp];
  // Quirk: AWS says 443 and https; here it is what the client used, so that addresses built from it work.
  const host = headers["host"][0]!;
  headers["x-forwarded-port"] = [/:(\d+)$/.exec(host)?.[1] ?? "80"];
  headers["x-forwarded-proto"] = ["http"];
  return headers;
}
