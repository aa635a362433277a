import type { Readable } from "node:stream";

/** The head of a request as it came in, before its body is read. */
export interface HttpHead {
  readonly method: string;
  /** Path and query as sent, still encoded: `/orders/a%2Fb?x=1`. */
  readonly target: string;
  /** The path of `target`, still encoded. */
  readonly path: string;
  /** The query of `target` without `?`, still encoded; empty for none. */
  readonly query: string;
  /** Lower-case names; repeated headers joined as Node joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Host header without port, lower case. */
  readonly host: string;
  readonly sourceIp: string;
  readonly httpVersion: string;
}

export interface HttpRequest extends HttpHead {
  /** Names and values as sent, in order, for data planes that pass repeated headers on. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface HttpResponse {
  status: number;
  /** An array sends the header once for each value. */
  headers: Record<string, string | string[]>;
  body?: Uint8Array | string | Readable;
}
