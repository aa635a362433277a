import type { Readable } from "node:stream";
import type { AwsError } from "../../aws/error.ts";
import type { HttpHead, HttpResponse } from "../../http.ts";
import type { Operation, ServiceApi } from "../model.ts";

/** A request whose operation is found, with what the router took out of its path. */
export interface ApiRequest {
  readonly head: HttpHead;
  readonly operation: Operation;
  /** Decoded path labels by member name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body of an operation whose input is a stream (a small one is a Buffer); `body` is empty then. */
  readonly stream?: Readable | Buffer | undefined;
}

export interface Answered {
  readonly requestId: string;
  readonly operation: Operation;
  /** Of the request: HEAD has no body. */
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface Refused {
  readonly requestId: string;
  /** Undefined where no service was found. */
  readonly api: ServiceApi | undefined;
  readonly operation: Operation | undefined;
  readonly method: string;
  /** Path of the request; S3 names it in its errors. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** One protocol, seen from the server: the request in, the answer or the error out. */
export interface Codec {
  /** @throws AwsError where the body cannot be read as the operation's input */
  decode(request: ApiRequest): Record<string, unknown>;
  encode(output: unknown, cx: Answered): HttpResponse;
  encodeError(error: AwsError, cx: Refused): HttpResponse;
}
