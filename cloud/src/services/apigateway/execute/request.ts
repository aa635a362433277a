import { HOP_HEADERS } from "../../../gateway/request.ts";
import type { HttpRequest } from "../../../http.ts";

/** AWS: neither integrations nor mappings see these. */
const DROPPED = new Set([
  ...HOP_HEADERS,
  "content-length",
  "content-md5",
  "max-forwards",
  "server",
  "www-authenticate",
]);
/** AWS: as these are written, however they were sent. */
const WRITTEN: Readonly<Record<string, string>> = {
  host: "Host",
  authorization: "Authorization",
  "user-agent": "User-Agent",
};

interface RequestParts {
  readonly http: HttpRequest;
  /** Without the stage, still encoded, as sent but for slashes before it. */
  readonly path: string;
  readonly stageName: string;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly timeMs: number;
  /** What `X-Amzn-Trace-Id` says where the client says nothing. */
  readonly traceId: string;
}

/** A request as a REST API sees it. What not every request needs is read when first asked for. */
export class RestRequest {
  readonly http: HttpRequest;
  readonly method: string;
  /** Without the stage, still encoded. */
  readonly path: string;
  /** With the stage: `/dev/orders/1`. */
  readonly stagePath: string;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly timeMs: number;
  /** `Root=1-…` */
  readonly traceHeader: string;
  #body: Buffer;
  /** Header values by name as sent, in the order sent. */
  readonly headers: Readonly<Record<string, string[]>>;
  readonly #byLowerName = new Map<string, string>();

  constructor(parts: RequestParts) {
    this.http = parts.http;
    this.method = parts.http.method;
    this.path = parts.path;
    this.stagePath = `/${parts.stageName}${parts.path}`;
    this.requestId = parts.requestId;
    this.extendedRequestId = parts.extendedRequestId;
    this.timeMs = parts.timeMs;
    this.#body = parts.http.body;
    this.headers = this.#readHeaders(parts);
    this.traceHeader = this.header("X-Amzn-Trace-Id")!;
  }

  get body(): Buffer {
    return this.#body;
  }

  /** Puts what the body unpacks to in its place. AWS: the header that named the coding goes. */
  unpack(body: Buffer): void {
    this.#body = body;
    const sent = this.#byLowerName.get("content-encoding");
    if (sent !== undefined) delete (this.headers as Record<string, string[]>)[sent];
    this.#byLowerName.delete("content-encoding");
  }

  get protocol(): string {
    return `HTTP/${this.http.httpVersion}`;
  }

  get userAgent(): string | null {
    return this.header("User-Agent") ?? null;
  }

  /** The last value of a header. @param name in any case */
  header(name: string): string | undefined {
    return this.headerValues(name)?.at(-1);
  }

  /** @param name in any case */
  headerValues(name: string): string[] | undefined {
    const sent = this.#byLowerName.get(name.toLowerCase());
    return sent === undefined ? undefined : this.headers[sent];
  }

  /** The media type of the body, without parameters. AWS: JSON where none is said. */
  get contentType(): string {
    return this.header("Content-Type")?.split(";")[0]!.trim().toLowerCase() || "application/json";
  }

  #query: Map<string, string[]> | undefined;
  /** Decoded query values by name. */
  get query(): ReadonlyMap<string, string[]> {
    if (this.#query) return this.#query;
    const query = new Map<string, string[]>();
    if (this.http.query !== "")
      for (const [name, value] of new URLSearchParams(this.http.query)) {
        const values = query.get(name);
        if (values) values.push(value);
        else query.set(name, [value]);
      }
    return (this.#query = query);
  }

  #readHeaders({ http, traceId }: RequestParts): Record<string, string[]> {
    const headers: Record<string, string[]> = {};
    const add = (name: string, value: string) => {
      const lower = name.toLowerCase();
      const known = this.#byLowerName.get(lower);
      if (known !== undefined) headers[known]!.push(value);
      else {
        this.#byLowerName.set(lower, name);
        headers[name] = [value];
      }
    };
    const set = (name: string, value: string) => {
      const known = this.#byLowerName.get(name.toLowerCase());
      if (known !== undefined) headers[known] = [value];
      else add(name, value);
    };
    const { rawHeaders } = http;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const lower = rawHeaders[at]!.toLowerCase();
      if (DROPPED.has(lower) || lower.startsWith(":") || lower === "__proto__") continue;
      add(WRITTEN[lower] ?? rawHeaders[at]!, rawHeaders[at + 1]!);
    }
    if (!this.#byLowerName.has("host")) add("Host", http.host);
    if (!this.#byLowerName.has("x-amzn-trace-id")) add("X-Amzn-Trace-Id", `Root=${traceId}`);
    const forwarded = this.#byLowerName.get("x-forwarded-for");
    const before = forwarded === undefined ? "" : `${headers[forwarded]!.join(", ")}, `;
    set("X-Forwarded-For", before + http.sourceIp);
    // Quirk: AWS says 443 and https; here it is what the client used, so that addresses built from it work.
    set("X-Forwarded-Port", /:(\d+)$/.exec(headers["Host"]?.[0] ?? "")?.[1] ?? "80");
    set("X-Forwarded-Proto", "http");
    return headers;
  }
}

/** Whether a media type is one of an API's binary ones: `image/png`, `image/*`, `*­/*`. */
export function isBinaryType(type: string | undefined, binaryTypes: readonly string[] | undefined): boolean {
  if (!binaryTypes || binaryTypes.length === 0) return false;
  const wanted = type?.split(/[;,]/)[0]!.trim().toLowerCase() ?? "";
  return binaryTypes.some((binary) => {
    const pattern = binary.toLowerCase().replaceAll("~1", "/");
    if (pattern === "*/*") return true;
    return pattern.endsWith("/*") ? wanted.startsWith(pattern.slice(0, -1)) : wanted === pattern;
  });
}
