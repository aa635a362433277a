import { setMaxListeners } from "node:events";
import type { HttpHead } from "../http.ts";
import type { SpanContext } from "../kernel/trace.ts";
import type { CallSource } from "../service.ts";
import type { Incoming } from "./body.ts";

/** The head of a request of either HTTP version. */
export function headOf(incoming: Incoming): HttpHead {
  const url = incoming.url ?? "/";
  const target = url.startsWith("/") ? url : pathOfAbsolute(url);
  const question = target.indexOf("?");
  const headers = incoming.headers as Record<string, string | undefined>;
  const authority = headers["host"] ?? headers[":authority"] ?? "";
  return {
    method: incoming.method ?? "GET",
    target,
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? "" : target.slice(question + 1),
    headers,
    host: hostOf(authority),
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "",
    httpVersion: incoming.httpVersion,
  };
}

/** `GET http://host/path HTTP/1.1`, as proxies send it. */
function pathOfAbsolute(url: string): string {
  const match = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url);
  const rest = match?.[1] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const host = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  return host.toLowerCase();
}

/** The parameters of a query-protocol request. */
export function formOf(head: HttpHead, body: Buffer): URLSearchParams {
  return new URLSearchParams(head.method === "POST" ? body.toString("utf8") : head.query);
}

const TRACE_HEADER = /Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:.*?;\s*Parent=([0-9a-f]{16}))?/;

/** The trace that the caller is in, e.g. a function that calls on. */
export function traceParent(head: HttpHead): SpanContext | undefined {
  const header = head.headers["x-amzn-trace-id"];
  const match = header === undefined ? null : TRACE_HEADER.exec(header);
  return match ? { traceId: match[1]!, spanId: match[2] ?? "" } : undefined;
}

/** What the handler may ask about the HTTP request; costs nothing until asked. */
export class Source implements CallSource {
  readonly sourceIp: string;
  readonly headers: HttpHead["headers"];
  readonly #incoming: Incoming;

  constructor(head: HttpHead, incoming: Incoming) {
    this.sourceIp = head.sourceIp;
    this.headers = head.headers;
    this.#incoming = incoming;
  }

  get userAgent(): string {
    return this.headers["user-agent"] ?? "";
  }

  #signal: AbortSignal | undefined;
  get signal(): AbortSignal {
    this.#signal ??= goneSignal("stream" in this.#incoming ? this.#incoming.stream : this.#incoming.socket);
    return this.#signal;
  }
}

const goneSignals = new WeakMap<object, AbortSignal>();

/**
 * Aborted when a connection, or in HTTP/2 a stream, closes. One for all requests of a connection: a keep-alive
 * connection that polls for hours gathers no listeners.
 */
function goneSignal(connection: Pick<NodeJS.EventEmitter, "once">): AbortSignal {
  const known = goneSignals.get(connection);
  if (known) return known;
  const controller = new AbortController();
  // Each waiting request adds a listener of its own and takes it away again.
  setMaxListeners(0, controller.signal);
  connection.once("close", () => controller.abort());
  goneSignals.set(connection, controller.signal);
  return controller.signal;
}
