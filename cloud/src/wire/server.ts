import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { AuthMode } from "./authentication.ts";
import { Front, type FrontOptions } from "./front.ts";

export type { AuthMode };

export interface ServerOptions extends FrontOptions {
  /** 0 takes a free one. */
  readonly port: number;
}

export interface Server {
  readonly endpoint: string;
  readonly port: number;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** The server cannot start. */
export class ServerError extends Error {
  override readonly name = "ServerError";
}

const HEADER_BYTES_MAX = 64 * 1024;
/** Longer than the keep-alive of any usual client, so that it is the client who ends an idle connection. */
const KEEP_ALIVE_MS = 120_000;
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Serves every AWS API and data plane on one port, HTTP/1.1 and HTTP/2 (with prior knowledge).
 * @throws ServerError where the port is taken or not ours to take
 */
export async function serve(options: ServerOptions): Promise<Server> {
  const front = new Front(options);
  const http2Server = http2.createServer(
    { settings: { maxConcurrentStreams: 1000 } },
    (request, response) => void front.handle(request, response),
  );
  const sessions = new Set<http2.Http2Session>();
  http2Server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    session.setTimeout(KEEP_ALIVE_MS, () => session.close());
  });
  const server = http.createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, noDelay: true },
    (request, response) => void front.handle(request, response),
  );
  server.on("clientError", (error: ClientError, socket: Socket) => answerClientError(error, socket, http2Server));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: `http://${options.host.includes(":") ? `[${options.host}]` : options.host === "0.0.0.0" ? "127.0.0.1" : options.host}:${port}`,
    close: () => close(server, sessions),
  };
}

type ClientError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

function listen(server: http.Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "is in use by another process" : `cannot be used (${error.code})`;
      reject(new ServerError(`Port ${port} of ${host} ${reason}`, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}

/** What is no HTTP/1: the start of HTTP/2, or rubbish. */
function answerClientError(error: ClientError, socket: Socket, http2Server: http2.Http2Server): void {
  if (error.code === "HPE_PAUSED_H2_UPGRADE" && error.rawPacket) {
    handOver(socket, Buffer.concat([HTTP2_PREFACE, error.rawPacket.subarray(error.bytesParsed ?? 0)]), http2Server);
    return;
  }
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Replays the bytes that the HTTP/1 parser has taken to the HTTP/2 server. */
function handOver(socket: Socket, bytes: Buffer, http2Server: http2.Http2Server): void {
  // Quirk: without a name, removeAllListeners also schedules a resume that would lose the bytes.
  for (const name of socket.eventNames()) if (name !== "readable") socket.removeAllListeners(name);
  socket.pause();
  socket.unshift(bytes);
  http2Server.emit("connection", socket);
  // As in a server that was HTTP/2 from the start: the client's end is the end, and it is seen.
  socket.allowHalfOpen = false;
  socket.once("readable", () => socket.resume());
}

/** Requests in flight are cut: what was acknowledged is durable, and a long poll could last for ever on a frozen clock. */
async function close(server: http.Server, sessions: Set<http2.Http2Session>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    for (const session of sessions) session.destroy();
    server.closeAllConnections();
  });
}
