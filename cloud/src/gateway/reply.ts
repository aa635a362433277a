import type { HttpResponse } from "../http.ts";

/** A response on its way back to the client: lower-case header names, each with all its values. */
export interface Reply {
  status: number;
  headers: Record<string, string[]>;
  body: Uint8Array | string;
}

/** Headers that belong to a connection or are counted anew. */
const NOT_PASSED = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a header of an integration's response goes on to the client. @param name lower case */
export function isPassedOn(name: string): boolean {
  return !NOT_PASSED.has(name);
}

export function bytesOf(body: Uint8Array | string): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

/** The reply as the server sends it. */
export function toResponse({ status, headers, body }: Reply): HttpResponse {
  const sent: Record<string, string | string[]> = {};
  for (const name in headers) {
    const values = headers[name]!;
    sent[name] = values.length === 1 ? values[0]! : values;
  }
  return { status, headers: sent, body };
}
