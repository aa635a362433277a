import { Readable } from "node:stream";
import type { ErrorPayload } from "../../runtime/node/messages.d.ts";

/** Ends a streamed answer that broke off; carries what the function's error was. */
export class StreamBroken extends Error {
  override name = "StreamBroken";
  constructor(readonly payload: ErrorPayload) {
    super(payload.errorMessage);
  }
}

const WAITING_BYTES_MAX = 256 * 1024;

/**
 * What a streaming handler has written and the caller not yet read. An error comes to the reader only after everything
 * that was written before it.
 */
export class AnswerStream extends Readable {
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #failure: StreamBroken | undefined;
  #wanted = false;

  /** @param onRoom told when the writer may go on, also when nobody reads any more */
  constructor(private readonly onRoom: () => void) {
    // One piece ahead and no more, so that none is buffered when the stream is destroyed for an error.
    super({ highWaterMark: 1 });
  }

  /** @returns false where the writer should wait for `onRoom` */
  add(chunk: Buffer): boolean {
    if (this.destroyed) return true;
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    this.#pass();
    return this.#bytes < WAITING_BYTES_MAX;
  }

  finish(error?: ErrorPayload): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error && new StreamBroken(error);
    this.#pass();
  }

  override _read(): void {
    this.#wanted = true;
    this.#pass();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.onRoom();
    done(error);
  }

  #pass(): void {
    if (!this.#wanted) return;
    const next = this.#waiting.shift();
    if (next) {
      this.#wanted = false;
      this.#bytes -= next.length;
      this.push(next);
      if (this.#bytes < WAITING_BYTES_MAX) this.onRoom();
    } else if (this.#failure) this.destroy(this.#failure);
    else if (this.#ended) this.push(null);
  }
}
