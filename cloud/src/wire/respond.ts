import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { HttpResponse } from "../http.ts";

export type Outgoing = ServerResponse | Http2ServerResponse;

/** Headers that HTTP/2 forbids. */
const CONNECTION_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "proxy-connection", "upgrade"]);

/**
 * Sends a response. A stream that fails after the head is sent ends the connection, so that the client does not take the
 * part for the whole.
 */
export async function send(response: Outgoing, { status, headers, body }: HttpResponse, method: string): Promise<void> {
  const outgoing = response as ServerResponse;
  if (response.writableEnded || response.destroyed) return;
  if (body instanceof Readable) {
    writeHead(outgoing, status, headers);
    if (method === "HEAD") {
      body.destroy();
      outgoing.end();
      return;
    }
    await pipeline(body, outgoing).catch(() => outgoing.destroy());
    return;
  }
  if (mayHaveBody(status) && method !== "HEAD" && !hasHeader(headers, "content-length"))
    headers = {
      ...headers,
      "Content-Length": String(typeof body === "string" ? Buffer.byteLength(body) : (body?.byteLength ?? 0)),
    };
  writeHead(outgoing, status, headers);
  if (body === undefined || method === "HEAD" || !mayHaveBody(status)) outgoing.end();
  else outgoing.end(body);
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304 && status >= 200;
}

function hasHeader(headers: HttpResponse["headers"], lowerName: string): boolean {
  for (const name in headers) if (name.length === lowerName.length && name.toLowerCase() === lowerName) return true;
  return false;
}

function writeHead(response: ServerResponse, status: number, headers: HttpResponse["headers"]): void {
  if (response.req.httpVersionMajor < 2) {
    response.writeHead(status, headers);
    return;
  }
  const allowed = Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.has(name.toLowerCase()));
  response.writeHead(status, Object.fromEntries(allowed));
}
