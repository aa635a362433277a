import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Random } from "./random.ts";
import type { Collection, Store } from "./store.ts";

/** A kept body: its id goes into the record that owns it. */
export interface Blob {
  readonly id: string;
  readonly bytes: number;
}

export interface ByteRange {
  /** First byte, from 0. */
  start: number;
  /** Last byte, included. */
  end: number;
}

/** Up to this size a body lives in the store beside its record; above, in a file of its own. */
const INLINE_BYTES_MAX = 32 * 1024;
const NAME = /^[0-9a-f]{32}$/;

/**
 * Bodies of any size, streamed. A blob is written whole or not at all and never changes; whoever keeps its id removes
 * it. Files have names of our own making, so that no key of a user's can lead out of the directory.
 */
export class Blobs {
  readonly #inline: Collection<Uint8Array>;
  readonly #directory: string;

  constructor(
    store: Store,
    private readonly random: Random,
  ) {
    this.#inline = store.collection("kernel.blobs");
    this.#directory = join(store.directory, "blobs");
    mkdirSync(join(this.#directory, "incoming"), { recursive: true });
    for (const name of readdirSync(join(this.#directory, "incoming")))
      rmSync(join(this.#directory, "incoming", name), { force: true });
  }

  /** Keeps bytes at hand; small ones without suspending, inside the running transaction. */
  putSmall(content: Uint8Array): Blob {
    const id = this.random.hex(32);
    this.#inline.put([id], content);
    return { id, bytes: content.byteLength };
  }

  /** Keeps bytes or a stream. A stream that fails leaves nothing. */
  async put(content: Uint8Array | Readable | AsyncIterable<Uint8Array>): Promise<Blob> {
    if (content instanceof Uint8Array && content.byteLength <= INLINE_BYTES_MAX) return this.putSmall(content);
    const id = this.random.hex(32);
    const incoming = join(this.#directory, "incoming", id);
    let bytes = 0;
    try {
      if (content instanceof Uint8Array) {
        bytes = content.byteLength;
        await writeFile(incoming, content);
      } else {
        const count = new Transform({
          transform(chunk: Uint8Array, _encoding, done) {
            bytes += chunk.byteLength;
            done(null, chunk);
          },
        });
        await pipeline(content, count, createWriteStream(incoming));
      }
      await mkdir(join(this.#directory, id.slice(0, 2)), { recursive: true });
      await rename(incoming, this.#path(id));
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
    return { id, bytes };
  }

  /** Streams a blob or a part of it. @throws Error where there is none of this id */
  read(blob: Blob, range?: ByteRange): Readable {
    const inline = this.findSmall(blob);
    if (inline) return Readable.from([range ? inline.subarray(range.start, range.end + 1) : inline]);
    const path = this.#path(blob.id);
    if (!existsSync(path)) throw new Error(`No blob ${blob.id}`);
    return createReadStream(path, range);
  }

  /** The bytes of a blob that is kept in the store; undefined where it is a file. */
  findSmall(blob: Blob): Buffer | undefined {
    const inline = this.#inline.get([blob.id]);
    return inline && Buffer.from(inline.buffer, inline.byteOffset, inline.byteLength);
  }

  /** All bytes of a blob. For bodies whose size is bounded elsewhere. */
  async bytes(blob: Blob): Promise<Buffer> {
    const inline = this.findSmall(blob);
    if (inline) return inline;
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(blob)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  remove(blob: Blob): void {
    if (!this.#inline.remove([blob.id])) rmSync(this.#path(blob.id), { force: true });
  }

  #path(id: string): string {
    if (!NAME.test(id)) throw new Error(`Not a blob id: ${id}`);
    return join(this.#directory, id.slice(0, 2), id);
  }
}
