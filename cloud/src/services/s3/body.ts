import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Blob, ByteRange } from "../../kernel/blobs.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { startDigest, type ChecksumAlgorithm } from "./checksum.ts";
import { entityTooLarge } from "./errors.ts";

/** Up to this size content is held in memory until the record that owns it is written, and lives beside it. */
const SMALL_BYTES_MAX = 32 * 1024;

/** Bytes that came in, measured, and not yet part of any object. */
export interface Intake {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64, in the algorithms asked for. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
  /** Hexadecimal; only where asked for. */
  readonly sha256: string | undefined;
  /** Small content, or where it was put. */
  readonly content: Buffer | Blob;
}

export interface IntakeOptions {
  readonly algorithms: readonly ChecksumAlgorithm[];
  readonly bytesMax: number;
  readonly sha256?: boolean;
}

export type BodySource = string | Uint8Array | AsyncIterable<Uint8Array> | undefined;

/**
 * The bytes of objects. Whoever reads an object keeps its bytes there to the end, even where it is overwritten or
 * deleted meanwhile: files that are no longer needed are noted with the change that frees them and removed once nobody
 * reads them, at the latest when the cloud starts again.
 */
export class Bodies {
  readonly #discarded: Collection<Blob>;
  readonly #readers = new Map<string, number>();
  /** Whether there may be something to sweep. */
  #unswept = true;

  constructor(private readonly kernel: Kernel) {
    this.#discarded = kernel.store.collection("s3.discarded");
  }

  /**
   * Takes bytes in, streaming, and measures them on the way.
   * @throws AwsError EntityTooLarge, or what the source throws; then nothing is kept
   */
  async take(source: BodySource, options: IntakeOptions): Promise<Intake> {
    const meter = new Meter(options);
    if (source === undefined || typeof source === "string" || source instanceof Uint8Array) {
      const whole = toBuffer(source);
      meter.add(whole);
      return meter.result(whole.length <= SMALL_BYTES_MAX ? whole : await this.kernel.blobs.put(whole));
    }
    const chunks = source[Symbol.asyncIterator]();
    const first: Uint8Array[] = [];
    while (meter.bytes <= SMALL_BYTES_MAX) {
      const { done, value } = await chunks.next();
      if (done) return meter.result(first.length === 1 ? toBuffer(first[0]) : Buffer.concat(first));
      meter.add(value);
      first.push(value);
    }
    return meter.result(await this.kernel.blobs.put(measured(first, chunks, meter)));
  }

  /** Makes an intake the body of a record, inside the transaction that writes the record. */
  keep(intake: Intake): Blob {
    return Buffer.isBuffer(intake.content) ? this.kernel.blobs.putSmall(intake.content) : intake.content;
  }

  /** Drops an intake that became part of nothing. */
  drop(intake: Intake): void {
    if (!Buffer.isBuffer(intake.content)) this.kernel.blobs.remove(intake.content);
  }

  /** Frees blobs, inside the transaction that gives them up. Call `sweep` after it. */
  discard(blobs: Iterable<Blob>): void {
    for (const blob of blobs) {
      if (blob.bytes <= SMALL_BYTES_MAX && this.kernel.blobs.findSmall(blob)) this.kernel.blobs.remove(blob);
      else {
        this.#discarded.put([blob.id], blob);
        this.#unswept = true;
      }
    }
  }

  /** Removes the files of freed blobs, after the transaction. */
  sweep(): void {
    if (!this.#unswept) return;
    this.#unswept = this.#readers.size > 0;
    const free = [...this.#discarded.values()].filter((blob) => !this.#readers.has(blob.id));
    for (const blob of free) {
      this.kernel.blobs.remove(blob);
      this.#discarded.remove([blob.id]);
    }
  }

  /** The bytes of an object, whole or in part, as a stream; small ones as they are. */
  open(blobs: readonly Blob[], range: ByteRange): Buffer | Readable {
    const pieces = slices(blobs, range);
    const only = pieces.length === 1 ? pieces[0] : undefined;
    if (pieces.length === 0) return Buffer.alloc(0);
    if (only && only.blob.bytes <= SMALL_BYTES_MAX) {
      const small = this.kernel.blobs.findSmall(only.blob);
      if (small) return small.subarray(only.range.start, only.range.end + 1);
    }
    for (const { blob } of pieces) this.#readers.set(blob.id, (this.#readers.get(blob.id) ?? 0) + 1);
    const stream = only ? this.kernel.blobs.read(only.blob, only.range) : Readable.from(this.#read(pieces));
    stream.once("close", () => this.#release(pieces));
    return stream;
  }

  async *#read(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
    for (const { blob, range } of pieces) yield* this.kernel.blobs.read(blob, range) as AsyncIterable<Buffer>;
  }

  #release(pieces: readonly Piece[]): void {
    for (const { blob } of pieces) {
      const left = (this.#readers.get(blob.id) ?? 1) - 1;
      if (left > 0) this.#readers.set(blob.id, left);
      else this.#readers.delete(blob.id);
    }
    this.sweep();
  }
}

interface Piece {
  readonly blob: Blob;
  readonly range: ByteRange;
}

/** The blobs, and the bytes of each, that make up a range of them all. */
function slices(blobs: readonly Blob[], { start, end }: ByteRange): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  for (const blob of blobs) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, blob.bytes - 1);
    if (from <= to) pieces.push({ blob, range: { start: from, end: to } });
    offset += blob.bytes;
  }
  return pieces;
}

class Meter {
  bytes = 0;
  readonly #md5 = createHash("md5");
  readonly #digests;
  readonly #sha256;
  readonly #bytesMax;

  constructor(options: IntakeOptions) {
    this.#digests = options.algorithms.map((algorithm) => [algorithm, startDigest(algorithm)] as const);
    this.#sha256 = options.sha256 ? createHash("sha256") : undefined;
    this.#bytesMax = options.bytesMax;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.#bytesMax) throw entityTooLarge(this.bytes, this.#bytesMax);
    this.#md5.update(chunk);
    for (const [, digest] of this.#digests) digest.update(chunk);
    this.#sha256?.update(chunk);
  }

  result(content: Buffer | Blob): Intake {
    return {
      bytes: this.bytes,
      md5: this.#md5.digest("hex"),
      checksums: new Map(this.#digests.map(([name, digest]) => [name, digest.digest().toString("base64")])),
      sha256: this.#sha256?.digest("hex"),
      content,
    };
  }
}

async function* measured(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  meter: Meter,
): AsyncGenerator<Uint8Array> {
  yield* first;
  for (;;) {
    const { done, value } = await rest.next();
    if (done) return;
    meter.add(value);
    yield value;
  }
}

function toBuffer(source: string | Uint8Array | undefined): Buffer {
  if (source === undefined) return Buffer.alloc(0);
  if (typeof source === "string") return Buffer.from(source);
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
}
