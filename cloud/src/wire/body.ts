import { gunzipSync } from "node:zlib";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { Readable } from "node:stream";
import { AwsError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";
import { type ChunkSignatures, isAwsChunked, unframe, unframeStream } from "./aws-chunked.ts";
import type { Operation } from "./model.ts";

/** Request bodies: how large they may be, and reading them whole. */

export type Incoming = IncomingMessage | Http2ServerRequest;

const MIB = 1024 * 1024;
/** AWS: quotas of the request's size, from the services' quota pages. Anything else may have 16 MiB. */
const BYTES_MAX: Record<string, number> = {
  "lambda:Invoke": 6 * MIB,
  "lambda:CreateFunction": 70_167_211,
  "lambda:UpdateFunctionCode": 70_167_211,
  "lambda:PublishLayerVersion": 70_167_211,
  s3: 64 * MIB,
  kinesis: 15 * MIB,
};
const BYTES_MAX_DEFAULT = 16 * MIB;

/** AWS: Lambda names the operation as its metrics do. */
const TOLD_AS: Record<string, string> = { Invoke: "InvokeFunction" };

/** The most bytes that the body of an operation may have. */
export function bodyBytesMax(operation: Operation): number {
  return BYTES_MAX[`${operation.api.name}:${operation.name}`] ?? BYTES_MAX[operation.api.name] ?? BYTES_MAX_DEFAULT;
}

/** AWS: Lambda's words; the others answer 413 with the same code. */
export function bodyTooLarge(bytesMax: number, operation: Operation | undefined): AwsError {
  const name = operation && (TOLD_AS[operation.name] ?? operation.name);
  const message = `Request must be smaller than ${bytesMax} bytes${name ? ` for the ${name} operation` : ""}`;
  return new AwsError("RequestEntityTooLargeException", message, { status: 413 });
}

/**
 * A body as it was before the client packed it: CloudWatch's and Logs' clients do that with large ones.
 * @returns undefined where it unpacks to more than `bytesMax`
 * @throws AwsError for what is no gzip
 */
export function unpack(body: Buffer, encoding: string | undefined, bytesMax: number): Buffer | undefined {
  if (encoding !== "gzip" || body.length === 0) return body;
  try {
    return gunzipSync(body, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw new AwsError("SerializationException", "The request body is not gzip, as its Content-Encoding says.", {
      status: 400,
    });
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * Reads a whole body.
 * @returns undefined where it is larger than `bytesMax`; the rest of it is then thrown away as it comes
 * @throws AwsError IncompleteBody when the client goes away before the end
 */
export function readBody(request: Incoming, bytesMax: number): Promise<Buffer | undefined> {
  const { headers } = request;
  const length = headers["content-length"];
  if (
    length === "0" ||
    (length === undefined && headers["transfer-encoding"] === undefined && request.httpVersionMajor < 2)
  ) {
    request.resume();
    return Promise.resolve(EMPTY);
  }
  if (length !== undefined && Number(length) > bytesMax) {
    request.resume();
    return Promise.resolve(undefined);
  }
  return collect(request, bytesMax);
}

function collect(request: Incoming, bytesMax: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on("end", () =>
      resolve(bytes > bytesMax ? undefined : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
    );
    request.on("error", (cause) => reject(incomplete(cause)));
    request.on("aborted", () => reject(incomplete()));
  });
}

function incomplete(cause?: unknown): AwsError {
  return new AwsError("IncompleteBody", "The request body terminated unexpectedly", { status: 400, cause });
}

/** Up to this size the body of a streaming operation is read whole: that is cheaper than a stream. */
const SMALL_BYTES_MAX = 64 * 1024;

/**
 * The body of an operation that takes a stream, without the framing of `aws-chunked`. It has `trailers` where it was
 * framed, and fails with an AwsError where it ends too early.
 */
export async function openBody(
  request: Incoming,
  head: HttpHead,
  signatures?: ChunkSignatures,
): Promise<Readable | Buffer> {
  const length = Number(
    head.headers["content-length"] ??
      (head.headers["transfer-encoding"] === undefined && request.httpVersionMajor < 2 ? 0 : Infinity),
  );
  const framed = isAwsChunked(head);
  if (length <= SMALL_BYTES_MAX) {
    const body = (await readBody(request, SMALL_BYTES_MAX))!;
    return framed ? unframe(body, head, signatures) : body;
  }
  return framed ? unframeStream(receive(request), head, signatures) : streamBody(request);
}

/** A body as it comes, whatever its length. It fails with an AwsError where the client goes away. */
export function streamBody(request: Incoming): Readable {
  return Readable.from(receive(request), { objectMode: false });
}

/** Whoever stops reading early leaves the connection whole, so that the answer can still be sent. */
async function* receive(request: Incoming): AsyncGenerator<Buffer> {
  try {
    yield* (request as IncomingMessage).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw incomplete(cause);
  }
}

/** The head as a handler is to see it: length and encoding of the body without its framing. */
export function headWithoutFraming(head: HttpHead): HttpHead {
  if (!isAwsChunked(head)) return head;
  const {
    "content-encoding": encoding,
    "content-length": _,
    "x-amz-decoded-content-length": length,
    ...headers
  } = head.headers;
  const rest = encoding
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "aws-chunked")
    .join(",");
  return {
    ...head,
    headers: {
      ...headers,
      ...(length === undefined ? {} : { "content-length": length }),
      ...(rest ? { "content-encoding": rest } : {}),
    },
  };
}
