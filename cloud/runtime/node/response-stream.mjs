import { Writable } from "node:stream";
import { InvalidStreamingOperation } from "./errors.mjs";
import { Frame } from "./frames.mjs";

const DEFAULT_CONTENT_TYPE = "application/octet-stream";
const HTTP_INTEGRATION_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER_BYTES = 8;

/** @typedef {import("./channel.mjs").Channel} Channel */

/** What a streaming handler writes its answer to. */
export class ResponseStream extends Writable {
  #channel;
  #contentType = DEFAULT_CONTENT_TYPE;
  #written = false;
  #begun = false;
  #ended = false;
  /** @type {((write: (chunk: string | Uint8Array) => void) => void) | undefined} */
  _onBeforeFirstWrite;

  /**
   * @param {Channel} channel
   * @param {number | undefined} highWaterMark
   */
  constructor(channel, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#channel = channel;
  }

  /** @param {string} contentType */
  setContentType(contentType) {
    if (this.#written) throw new InvalidStreamingOperation("Cannot set content-type, too late.");
    this.#contentType = contentType;
  }

  /**
   * @override
   * @param {unknown} chunk text, bytes, or anything else, which is written as JSON
   * @param {unknown} [encoding]
   * @param {unknown} [callback]
   * @returns {boolean}
   */
  write(chunk, encoding, callback) {
    if (!this.#written) {
      this.#written = true;
      this._onBeforeFirstWrite?.((bytes) => void super.write(bytes));
    }
    const data = typeof chunk === "string" || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
    return super.write(
      data,
      /** @type {BufferEncoding} */ (encoding),
      /** @type {(error: Error | null | undefined) => void} */ (callback),
    );
  }

  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {(error?: Error | null) => void} done
   */
  _write(chunk, _encoding, done) {
    this.#begin();
    this.#channel.send(Frame.StreamChunk, chunk);
    // Later, so that a handler that writes for ever lets timers and the cloud's frames in.
    setImmediate(done);
  }

  /**
   * @override
   * @param {(error?: Error | null) => void} done
   */
  _final(done) {
    this.finish();
    done();
  }

  /**
   * Tells the cloud that the answer is complete; with an error where it broke off.
   * @param {import("./messages.d.ts").ErrorPayload} [error]
   */
  finish(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#begin();
    this.#channel.send(Frame.StreamEnd, JSON.stringify({ error }));
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.#channel.send(Frame.StreamBegin, JSON.stringify({ contentType: this.#contentType }));
  }
}

/** `awslambda.HttpResponseStream` */
export class HttpResponseStream {
  /**
   * Puts status, headers and cookies before the body, as function URLs and API Gateway read them.
   * @param {ResponseStream} stream
   * @param {unknown} prelude
   */
  static from(stream, prelude) {
    stream.setContentType(HTTP_INTEGRATION_CONTENT_TYPE);
    const metadata = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(metadata);
      write(new Uint8Array(DELIMITER_BYTES));
    };
    return stream;
  }
}
