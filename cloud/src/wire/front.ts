import type { Readable } from "node:stream";
import { AwsError, NotEmulatedError } from "../aws/error.ts";
import type { ApiName } from "../aws/api-types.ts";
import type { Gate } from "../gate.ts";
import type { HttpHead, HttpRequest, HttpResponse, HttpUpload } from "../http.ts";
import type { Authority } from "../iam/authority.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { DataPlane } from "../service.ts";
import {
  bodyBytesMax,
  bodyTooLarge,
  headWithoutFraming,
  type Incoming,
  openBody,
  readBody,
  streamBody,
  unpack,
} from "./body.ts";
import { type ChunkSignatures, isAwsChunked, unframe } from "./aws-chunked.ts";
import { checkDigests } from "./digests.ts";
import { corsHeaders, foreignHost, foreignOrigin, isLocalOrigin, isOwnHost, isPreflight, preflight } from "./cors.ts";
import { Authentication, type AuthMode } from "./authentication.ts";
import { authError } from "./auth-errors.ts";
import { findSignature, type Signature } from "./identity.ts";
import type { Operation, Protocol, ServiceApi } from "./model.ts";
import { withHeadersOfQuery } from "./presigned.ts";
import { codecOf } from "./protocols/index.ts";
import { formOf, headOf, Source, traceParent } from "./head.ts";
import { type Outgoing, send } from "./respond.ts";
import { type Refusal, type Route, routeForm, routeHead } from "./route.ts";

export interface FrontOptions {
  readonly gate: Gate;
  readonly kernel: Kernel;
  readonly authority: Authority;
  readonly auth: AuthMode;
  /** Address that is listened on. */
  readonly host: string;
  /** Address of the console, empty where none is served. */
  readonly consoleUrl: () => string;
}

interface PlaneOf {
  readonly service: ApiName;
  readonly plane: DataPlane<unknown>;
  readonly state: unknown;
}

/** What is known of a request so far; errors are told with whatever of it is there. */
interface Exchange {
  readonly head: HttpHead;
  readonly incoming: Incoming;
  readonly requestId: string;
  signature: Signature | undefined;
  protocol: Protocol;
  api: ServiceApi | undefined;
  operation: Operation | undefined;
}

const EMPTY = Buffer.alloc(0);
const PLANE_BODY_BYTES_MAX = 10 * 1024 * 1024;

/** The life of one HTTP request: data plane, or route → signature → body → decode → gate → encode. */
export class Front {
  readonly #options: FrontOptions;
  readonly #authentication: Authentication;
  readonly #isLoopback: boolean;
  #planes: PlaneOf[] | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#isLoopback = isOwnHost(options.host) || options.host === "::1";
    this.#authentication = new Authentication(options.auth, options.authority, options.kernel.clock);
  }

  /** Answers one request. Never throws: whatever goes wrong is told in the request's protocol. */
  async handle(incoming: Incoming, outgoing: Outgoing): Promise<void> {
    const head = headOf(incoming);
    try {
      const response = await this.#answer(head, incoming);
      await send(outgoing, response, head.method);
    } catch (error) {
      if (!incoming.destroyed) console.error(error);
      outgoing.destroy();
    } finally {
      // What no one read of the body must not stand in the way of the next request on this connection.
      if (!incoming.readableEnded) incoming.resume();
    }
  }

  async #answer(head: HttpHead, incoming: Incoming): Promise<HttpResponse> {
    if (head.path === "/_katachi") return this.#about();
    for (const candidate of this.#dataPlanes()) {
      const match = candidate.plane.match(head, candidate.state);
      if (match !== undefined) return this.#answerPlane(candidate, match, head, incoming);
    }
    if (this.#isLoopback && !isOwnHost(head.host)) return foreignHost(head.host);
    const origin = head.headers["origin"];
    const own = origin === undefined ? undefined : this.#crossOrigin(head);
    if (origin !== undefined && !isLocalOrigin(origin) && !own?.[ALLOW_ORIGIN]) return foreignOrigin(origin);
    if (isPreflight(head)) return preflight(head);
    const response = await this.#answerApi(head, incoming);
    // Only here: a data plane's CORS is the user's, and what is missing there must be missing here too.
    if (origin !== undefined && !hasCors(response)) Object.assign(response.headers, own ?? corsHeaders(origin));
    return response;
  }

  /** CORS headers that a user configured for the address that is asked for. */
  #crossOrigin(head: HttpHead): Readonly<Record<string, string>> | undefined {
    const { gate } = this.#options;
    for (const { api, crossOrigin } of gate.definitions()) {
      const headers = crossOrigin?.(head, gate.stateOf(api));
      if (headers) return headers;
    }
    return undefined;
  }

  /** By this the command line knows a Katachi, and where its control API is. */
  #about(): HttpResponse {
    const about = { katachi: true, endpoint: this.#options.gate.endpoint, console: this.#options.consoleUrl() };
    return { status: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(about) };
  }

  // ---- AWS APIs ----

  async #answerApi(head: HttpHead, incoming: Incoming): Promise<HttpResponse> {
    const requestId = this.#options.kernel.random.uuid();
    const exchange: Exchange = {
      head,
      incoming,
      requestId,
      signature: undefined,
      protocol: "restJson1",
      api: undefined,
      operation: undefined,
    };
    try {
      return await this.#callApi(exchange);
    } catch (error) {
      return this.#tell(error, exchange);
    }
  }

  async #callApi(exchange: Exchange): Promise<HttpResponse> {
    const { head, incoming, requestId } = exchange;
    const signature = this.#signatureOf(exchange);
    let route = routeHead(head, signature?.service);
    let body: Buffer | undefined;
    if (route === "form") {
      exchange.protocol = "awsQuery";
      body = await this.#readBody(exchange, undefined);
      route = routeForm(formOf(head, body), signature?.service);
    }
    const { api, operation, labels, protocol } = this.#accept(route, exchange);
    const claim = { head, signature, protocol, operation };
    const caller = this.#authentication.caller(claim);
    const found = codecOf(protocol);
    const codec = found instanceof Promise ? await found : found;
    const content = body
      ? { body }
      : await this.#readContent(exchange, operation, this.#authentication.chunks(claim, caller));
    this.#authentication.verify(claim, caller, content.stream ? undefined : content.body);
    const isPresignedS3 = api.name === "s3" && signature !== undefined && signature.kind !== "header";
    const told = isPresignedS3 ? withHeadersOfQuery(head) : head;
    const input = codec.decode({ head: headWithoutFraming(told), operation, labels, ...content });
    const output = await this.#options.gate.call({
      service: api.name as ApiName,
      operation: operation.name,
      input,
      principal: caller.principal,
      scope: caller.scope,
      requestId,
      source: new Source(head, incoming),
      parent: traceParent(head),
    });
    return codec.encode(output, { requestId, operation, method: head.method, headers: head.headers });
  }

  /** A broken signature is told in the protocol of the service that is asked. */
  #signatureOf(exchange: Exchange): Signature | undefined {
    try {
      return (exchange.signature = findSignature(exchange.head));
    } catch (error) {
      const route = routeHead(exchange.head, undefined);
      if (route === "form") exchange.protocol = "awsQuery";
      else Object.assign(exchange, { protocol: route.protocol, api: route.api });
      throw authError("incomplete", exchange.protocol, (error as Error).message);
    }
  }

  #accept(route: Route | Refusal, exchange: Exchange): Route {
    exchange.protocol = route.protocol;
    exchange.api = route.api;
    if ("error" in route) {
      if (route.error instanceof NotEmulatedError) this.#count(route.error);
      throw route.error;
    }
    exchange.operation = route.operation;
    return route;
  }

  #count(error: NotEmulatedError): void {
    const { refusals } = this.#options.gate;
    refusals.set(error.what, (refusals.get(error.what) ?? 0) + 1);
  }

  async #readContent(
    exchange: Exchange,
    operation: Operation,
    signatures: ChunkSignatures | undefined,
  ): Promise<{ body: Buffer; stream?: Readable | Buffer }> {
    const { head, incoming } = exchange;
    if (operation.inputPayload?.shape.streaming)
      return { body: EMPTY, stream: await openBody(incoming, head, signatures) };
    const body = await this.#readBody(exchange, operation);
    if (operation.api.name !== "s3" || body.length === 0) return { body };
    const framed = isAwsChunked(head) ? unframe(body, head, signatures) : undefined;
    checkDigests(head, framed ?? body, framed?.trailers);
    return { body: framed ?? body };
  }

  async #readBody({ head, incoming }: Exchange, operation: Operation | undefined): Promise<Buffer> {
    const bytesMax = operation ? bodyBytesMax(operation) : PLANE_BODY_BYTES_MAX;
    const sent = await readBody(incoming, bytesMax);
    // S3 keeps the encoding of what it is given.
    const body = sent && operation?.api.name !== "s3" ? unpack(sent, head.headers["content-encoding"], bytesMax) : sent;
    if (!body) throw bodyTooLarge(bytesMax, operation);
    return body;
  }

  async #tell(error: unknown, { head, requestId, protocol, api, operation }: Exchange): Promise<HttpResponse> {
    let known: AwsError;
    if (error instanceof AwsError) known = error;
    else {
      console.error(error);
      known = new AwsError("InternalFailure", "The request processing has failed because of an unknown error.", {
        status: 500,
      });
    }
    return (await codecOf(protocol)).encodeError(known, {
      requestId,
      api,
      operation,
      method: head.method,
      path: head.path,
      headers: head.headers,
    });
  }

  // ---- data planes ----

  #dataPlanes(): PlaneOf[] {
    const { gate } = this.#options;
    this.#planes ??= gate.definitions().flatMap(({ api, dataPlanes = [] }) => {
      const state = gate.stateOf(api);
      return dataPlanes.map((plane) => ({ service: api, plane: plane as DataPlane<unknown>, state }));
    });
    return this.#planes;
  }

  async #answerPlane(
    { service, plane }: PlaneOf,
    match: unknown,
    head: HttpHead,
    incoming: Incoming,
  ): Promise<HttpResponse> {
    const requestId = this.#options.kernel.random.uuid();
    const body = plane.streams ? EMPTY : await readBody(incoming, plane.bodyBytesMax ?? PLANE_BODY_BYTES_MAX);
    if (!body) return message(413, "Request Entity Too Large");
    const request: HttpRequest = {
      ...head,
      rawHeaders: incoming.rawHeaders,
      body,
      ...(plane.streams ? { upload: this.#uploadOf(incoming) } : {}),
    };
    try {
      const caller = this.#authentication.planeCaller(head, body);
      return await this.#options.gate.serve({
        service,
        plane,
        match,
        request,
        principal: caller.principal,
        scope: caller.scope,
        requestId,
        source: new Source(head, incoming),
        parent: traceParent(head),
      });
    } catch (error) {
      if (error instanceof AwsError) return message(error.status ?? 400, error.message);
      throw error;
    }
  }

  #uploadOf(incoming: Incoming): HttpUpload {
    return { stream: streamBody(incoming), findSigner: (signed) => this.#authentication.signer(signed) };
  }
}

const ALLOW_ORIGIN = "Access-Control-Allow-Origin";

function hasCors(response: HttpResponse): boolean {
  return Object.keys(response.headers).some((name) => name.toLowerCase() === ALLOW_ORIGIN.toLowerCase());
}

function message(status: number, text: string): HttpResponse {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ message: text }) };
}
