import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { AwsError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";

/**
 * `aws-chunked` bodies, as S3 clients send them: each chunk with its length in front, signed or not, and after the last
 * one trailing headers (mostly a checksum). AWS: "Signature Calculations for the Authorization Header: Transferring a
 * payload in multiple chunks".
 */

/** Checks the signature of each chunk and of the trailers, in their order. @throws AwsError SignatureDoesNotMatch */
export interface ChunkSignatures {
  chunk(sha256: string, signature: string): void;
  trailers(text: string, signature: string): void;
}

/** Bytes with what followed them. The trailers are there once the bytes have been read to the end. */
export type Trailed<T> = T & { trailers: Readonly<Record<string, string>> };

const LINE_BYTES_MAX = 8 * 1024;
const TRAILERS_MAX = 20;

export function isAwsChunked(head: HttpHead): boolean {
  const { headers } = head;
  return (
    headers["x-amz-content-sha256"]?.startsWith("STREAMING-") === true ||
    headers["content-encoding"]?.includes("aws-chunked") === true
  );
}

function malformed(): AwsError {
  const message = "The request body terminated unexpectedly";
  return new AwsError("IncompleteBody", message, { status: 400 });
}

function malformedTrailer(): AwsError {
  const message =
    "The request contained trailing data that was not well-formed or did not conform to our published schema.";
  return new AwsError("MalformedTrailerError", message, { status: 400 });
}

type State = "size" | "data" | "data-end" | "trailers" | "end";

/** Takes the framing off, chunk by chunk of the network. */
class Unframer {
  readonly trailers: Record<string, string> = {};
  #state: State = "size";
  #line = "";
  #left = 0;
  #bytes = 0;
  #hash: Hash | undefined;
  #signature = "";
  #trailerText = "";

  readonly #signatures: ChunkSignatures | undefined;

  constructor(signatures: ChunkSignatures | undefined) {
    this.#signatures = signatures;
  }

  /** @returns the payload within these bytes */
  take(input: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let at = 0;
    while (at < input.length && this.#state !== "end") {
      if (this.#state === "data") {
        const end = Math.min(input.length, at + this.#left);
        const piece = input.subarray(at, end);
        this.#hash?.update(piece);
        out.push(piece);
        this.#bytes += piece.length;
        this.#left -= piece.length;
        at = end;
        if (this.#left === 0) this.#state = "data-end";
      } else at = this.#takeLine(input, at);
    }
    return out;
  }

  #takeLine(input: Buffer, from: number): number {
    const newline = input.indexOf(10, from);
    this.#line += input.toString("latin1", from, newline < 0 ? input.length : newline);
    if (this.#line.length > LINE_BYTES_MAX) throw malformed();
    if (newline < 0) return input.length;
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    if (this.#state === "size") this.#startChunk(line);
    else if (this.#state === "data-end") this.#endChunk(line);
    else this.#takeTrailer(line);
    return newline + 1;
  }

  #startChunk(line: string): void {
    const [size = "", ...extensions] = line.split(";");
    if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw malformed();
    this.#left = Number.parseInt(size, 16);
    const signature = extensions.find((extension) => extension.startsWith("chunk-signature="));
    this.#signature = signature?.slice("chunk-signature=".length) ?? "";
    if (this.#signatures) this.#hash = createHash("sha256");
    if (this.#left > 0) this.#state = "data";
    else {
      this.#verifyChunk();
      this.#state = "trailers";
    }
  }

  #endChunk(line: string): void {
    if (line !== "") throw malformed();
    this.#verifyChunk();
    this.#state = "size";
  }

  #verifyChunk(): void {
    if (this.#hash) this.#signatures?.chunk(this.#hash.digest("hex"), this.#signature);
  }

  #takeTrailer(line: string): void {
    if (line === "") {
      this.#state = "end";
      return;
    }
    const colon = line.indexOf(":");
    if (colon <= 0 || Object.keys(this.trailers).length >= TRAILERS_MAX) throw malformedTrailer();
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "x-amz-trailer-signature") this.#signatures?.trailers(this.#trailerText, value);
    else {
      this.trailers[name] = value;
      this.#trailerText += `${name}:${value}\n`;
    }
  }

  /** To be called when the body has ended. @throws AwsError where something is missing */
  finish({ bytes, announced }: { bytes: number | undefined; announced: readonly string[] }): void {
    // Clients that send no trailers may leave the last empty line out.
    if (this.#state !== "end" && !(this.#state === "trailers" && announced.length === 0)) throw malformed();
    if (bytes !== undefined && bytes !== this.#bytes) throw malformed();
    if (announced.some((name) => this.trailers[name] === undefined)) throw malformedTrailer();
  }
}

function expectations(head: HttpHead): { bytes: number | undefined; announced: readonly string[] } {
  const length = head.headers["x-amz-decoded-content-length"];
  const trailer = head.headers["x-amz-trailer"]?.toLowerCase() ?? "";
  const announced = trailer
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return { bytes: length === undefined ? undefined : Number(length), announced };
}

/** Takes the framing off a body that is all there. @throws AwsError IncompleteBody, MalformedTrailerError, SignatureDoesNotMatch */
export function unframe(body: Buffer, head: HttpHead, signatures?: ChunkSignatures): Trailed<Buffer> {
  const unframer = new Unframer(signatures);
  const pieces = unframer.take(body);
  unframer.finish(expectations(head));
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  return Object.assign(whole, { trailers: unframer.trailers });
}

/** The same for a body that is still coming in; the stream fails with what `unframe` throws. */
export function unframeStream(
  body: AsyncIterable<Buffer>,
  head: HttpHead,
  signatures?: ChunkSignatures,
): Trailed<Readable> {
  const unframer = new Unframer(signatures);
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const chunk of body) yield* unframer.take(chunk);
    unframer.finish(expectations(head));
  }
  return Object.assign(Readable.from(pieces(), { objectMode: false }), { trailers: unframer.trailers });
}
