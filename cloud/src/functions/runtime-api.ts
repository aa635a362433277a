import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ErrorPayload, InvokeHead } from "../../runtime/node/messages.d.ts";
import { RESPONSE_BYTES_MAX } from "./environment.ts";

/** One event as the runtime is given it. */
export interface GivenEvent {
  readonly head: InvokeHead;
  /** Ms since 1970, on the machine's clock. */
  readonly deadlineMs: number;
  readonly event: Uint8Array | string;
}

/** Told of what the runtime asks and answers. */
export interface RuntimeApiListener {
  /** It asks for an event, so it is done with what it had before. */
  onNext(): void;
  onResponse(payload: Buffer): void;
  onError(error: ErrorPayload, payload: Buffer): void;
  onInitError(error: ErrorPayload, payload: Buffer): void;
  onStreamBegin(contentType: string): void;
  onStreamChunk(chunk: Buffer): void;
  onStreamEnd(error: ErrorPayload | undefined): void;
}

type State = "Started" | "InitError" | "Ready" | "Running" | "ResponseSent";

const VERSION = "/2018-06-01";
const ERROR_TYPE = "lambda-runtime-function-error-type";
const ERROR_BODY = "lambda-runtime-function-error-body";
const DEFAULT_TYPE = "application/octet-stream";

/**
 * The HTTP interface that custom runtimes speak, for one environment on a port of its own.
 * AWS: "Using the Lambda runtime API for custom runtimes", and the runtime interface emulator for the texts of errors.
 */
export class RuntimeApi {
  #server: Server | undefined;
  #state: State = "Started";
  #given: GivenEvent | undefined;
  /** The request that waits for the next event. */
  #asking: ServerResponse | undefined;
  #streaming: IncomingMessage | undefined;
  #closed = false;

  constructor(private readonly listener: RuntimeApiListener) {}

  /** @returns `127.0.0.1:PORT`, for AWS_LAMBDA_RUNTIME_API */
  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      this.#route(request, response).catch(() => response.destroy());
    });
    // A runtime may wait for an event for as long as it likes.
    server.requestTimeout = 0;
    server.keepAliveTimeout = 0;
    server.on("connection", (socket) => socket.unref());
    await new Promise<void>((listening, failed) => {
      server.once("error", failed);
      server.listen(0, "127.0.0.1", () => listening());
    });
    server.unref();
    this.#server = server;
    if (this.#closed) server.close();
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Hands out an event, to the request that waits for one. */
  give(event: GivenEvent): void {
    this.#given = event;
    this.#handOut();
  }

  pause(): void {
    this.#streaming?.pause();
  }

  resume(): void {
    this.#streaming?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://runtime");
    const { method } = request;
    const [, id, what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(pathname) ?? [];
    if (pathname === `${VERSION}/ping`) response.end("pong");
    else if (pathname === `${VERSION}/runtime/invocation/next`)
      return method === "GET" ? this.#next(response) : notAllowed(response);
    else if (pathname === `${VERSION}/runtime/init/error`)
      return method === "POST" ? this.#initError(request, response) : notAllowed(response);
    else if (what !== undefined) {
      if (method !== "POST") notAllowed(response);
      else if (this.#given?.head.requestId !== id) refuse(response, 400, "InvalidRequestID", "Invalid request ID");
      else if (this.#state !== "Running")
        refuseTransition(response, this.#state, what === "error" ? "InvocationErrorResponse" : "InvocationResponse");
      else if (what === "error") await this.#error(request, response);
      else await this.#response(request, response);
    } else if (/^\/2020-0[18]-/.test(pathname) || pathname.startsWith("/2022-07-01/"))
      refuse(
        response,
        501,
        "NotEmulated",
        "Katachi does not emulate the extensions, logs and telemetry APIs of Lambda",
      );
    else response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("404 page not found\n");
  }

  #next(response: ServerResponse): void {
    if (this.#state === "Running" || this.#state === "InitError")
      return refuseTransition(response, this.#state, "Ready");
    // AWS: who asks twice is answered once; the earlier request is given up.
    this.#asking?.destroy();
    this.#asking = response;
    response.on("close", () => {
      if (this.#asking === response) this.#asking = undefined;
    });
    if (this.#state === "Ready") return this.#handOut();
    this.#state = "Ready";
    this.#given = undefined;
    this.listener.onNext();
  }

  #handOut(): void {
    const response = this.#asking;
    const given = this.#given;
    if (!response || !given || this.#state !== "Ready") return;
    this.#asking = undefined;
    this.#state = "Running";
    const { head, deadlineMs, event } = given;
    const json = (value: unknown) => JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": head.requestId,
      "Lambda-Runtime-Deadline-Ms": String(deadlineMs),
      "Lambda-Runtime-Invoked-Function-Arn": head.invokedArn,
      ...(head.traceHeader === undefined ? {} : { "Lambda-Runtime-Trace-Id": head.traceHeader }),
      ...(head.clientContext === undefined ? {} : { "Lambda-Runtime-Client-Context": json(head.clientContext) }),
      ...(head.identity === undefined ? {} : { "Lambda-Runtime-Cognito-Identity": json(head.identity) }),
      "Content-Length": String(typeof event === "string" ? Buffer.byteLength(event) : event.byteLength),
    });
    response.end(event);
  }

  async #response(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers["lambda-runtime-function-response-mode"] === "streaming")
      return this.#stream(request, response);
    const payload = await read(request);
    if (payload === undefined) {
      refuse(
        response,
        413,
        "RequestEntityTooLarge",
        `Exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
      );
      this.#state = "ResponseSent";
      const error = {
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
      };
      this.listener.onError(error, Buffer.from(JSON.stringify(error)));
      return;
    }
    this.#state = "ResponseSent";
    this.listener.onResponse(payload);
    accept(response);
  }

  /** AWS: "Response streaming": chunks as they come; an error in the middle stands in trailers, its body as base64. */
  async #stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#streaming = request;
    this.listener.onStreamBegin(request.headers["content-type"] ?? DEFAULT_TYPE);
    let broken = false;
    try {
      for await (const chunk of request) this.listener.onStreamChunk(chunk as Buffer);
    } catch {
      broken = true;
    }
    this.#streaming = undefined;
    if (broken) return;
    this.#state = "ResponseSent";
    const type = request.trailers[ERROR_TYPE];
    const body = Buffer.from(request.trailers[ERROR_BODY] ?? "", "base64");
    this.listener.onStreamEnd(type === undefined ? undefined : readError(body, type));
    accept(response);
  }

  async #error(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const payload = (await read(request)) ?? Buffer.alloc(0);
    this.#state = "ResponseSent";
    this.listener.onError(readError(payload, header(request, ERROR_TYPE)), payload);
    accept(response);
  }

  async #initError(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#state !== "Started") return refuseTransition(response, this.#state, "InitError");
    const payload = (await read(request)) ?? Buffer.alloc(0);
    this.#state = "InitError";
    this.listener.onInitError(readError(payload, header(request, ERROR_TYPE)), payload);
    accept(response);
  }
}

/** The body of a request; undefined where it is larger than an answer may be. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes <= RESPONSE_BYTES_MAX) chunks.push(chunk as Buffer);
  }
  return bytes > RESPONSE_BYTES_MAX ? undefined : Buffer.concat(chunks);
}

/** What a runtime tells of an error: type and message, which may also be missing. */
function readError(payload: Buffer, type: string | undefined): ErrorPayload {
  let body: Partial<ErrorPayload> = {};
  try {
    const parsed: unknown = JSON.parse(payload.toString("utf8"));
    if (typeof parsed === "object" && parsed !== null) body = parsed;
  } catch {
    // The caller gets it as it is.
  }
  return { ...body, errorType: body.errorType ?? type ?? "Runtime.Unknown", errorMessage: body.errorMessage ?? "" };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { "content-type": "application/json" }).end(`{"status":"OK"}\n`);
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response
    .writeHead(status, { "content-type": "application/json" })
    .end(`${JSON.stringify({ errorMessage, errorType })}\n`);
}

function refuseTransition(response: ServerResponse, from: State, to: string): void {
  const state = from === "InitError" ? "RuntimeInitError" : from;
  refuse(
    response,
    403,
    "InvalidStateTransition",
    `Transition from ${state} to ${to} failed for runtime. Error: State transition is not allowed`,
  );
}

function notAllowed(response: ServerResponse): void {
  response.writeHead(405).end();
}

/** Headers are ASCII: other characters stand as JSON's own escapes. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
