import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsError } from "../aws/error.ts";
import { ControlError } from "./error.ts";
import { ROUTES, type ControlParts, type Reply } from "./routes.ts";
import { loadStaticFiles, type StaticFile } from "./static-files.ts";

export interface ControlServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 10 * 1024 * 1024;
const LOCAL_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The API of console and command line, on a port of its own. It can do anything the account's root can, so it answers
 * this machine only: a foreign Host (DNS rebinding) or Origin (a page of somebody else's) is refused.
 * @param port 0 takes a free one
 */
export async function serveControl(
  parts: ControlParts,
  options: { host: string; port: number },
): Promise<ControlServer> {
  const files = parts.consoleDirectory === undefined ? new Map() : loadStaticFiles(parts.consoleDirectory);
  const server = createServer((request, response) => {
    answer(parts, files, request, response).catch((error: unknown) => sendError(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  parts.cloud.consoleUrl = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
  return {
    url: parts.cloud.consoleUrl,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  parts: ControlParts,
  files: ReadonlyMap<string, StaticFile>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  refuseForeigners(request);
  const url = new URL(request.url ?? "/", "http://control");
  const file = request.method === "GET" ? files.get(url.pathname) : undefined;
  if (file) return sendFile(response, file);
  const route = ROUTES[`${request.method} ${url.pathname}`];
  if (!route) throw new ControlError(404, `There is no ${request.method} ${url.pathname} here.`);
  const body = request.method === "POST" ? await readJson(request) : {};
  const reply = await route(parts, { query: url.searchParams, body });
  if (reply.lines) return sendLines(response, reply.lines);
  send(response, reply);
}

function refuseForeigners(request: IncomingMessage): void {
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  if (!LOCAL_HOSTS.has(host))
    throw new ControlError(403, `Host "${host}" is refused: this API serves this machine only.`);
  const { origin } = request.headers;
  if (origin === undefined) return;
  const originHost = /^https?:\/\/(.+?)(?::\d+)?$/.exec(origin)?.[1] ?? "";
  const samePort = origin.endsWith(`:${request.socket.localPort}`);
  if (!LOCAL_HOSTS.has(originHost) || !samePort) throw new ControlError(403, `Origin "${origin}" is refused.`);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw new ControlError(415, "Send JSON, with content-type: application/json.");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw new ControlError(413, `The body is larger than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk as Buffer);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}");
  } catch (error) {
    throw new ControlError(400, `The body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ControlError(400, "The body must be a JSON object.");
  return value as Record<string, unknown>;
}

/** What the console may load and talk to: itself, and the APIs that people try out. No page of another may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src blob:",
  "font-src 'self'",
  "connect-src 'self' http://127.0.0.1:* http://localhost:*",
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function sendFile(response: ServerResponse, file: StaticFile): void {
  response.writeHead(200, {
    "content-type": file.type,
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  });
  response.end(file.body);
}

function send(response: ServerResponse, reply: Reply): void {
  const isPage = reply.page !== undefined;
  response.writeHead(200, {
    "content-type": isPage ? "text/html; charset=utf-8" : "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(isPage ? reply.page : JSON.stringify(reply.json ?? {}));
  reply.after?.();
}

/** One JSON value a line, for as long as the caller listens. */
function sendLines(response: ServerResponse, lines: NonNullable<Reply["lines"]>): void {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  const stop = lines((value) => response.write(`${JSON.stringify(value)}\n`));
  response.on("close", stop);
}

function sendError(response: ServerResponse, error: unknown): void {
  const status = error instanceof ControlError ? error.status : error instanceof AwsError ? (error.status ?? 400) : 500;
  const code = error instanceof AwsError ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (status === 500) console.error(error);
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: message, ...(code ? { code } : {}) }));
}
