import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";

const AHEAD_BYTES = 8192;

/**
 * The one source of chance. With a seed it repeats itself, so that a run can be replayed; without, it is the machine's
 * cryptographic source.
 */
export class Random {
  #counter = 0;
  /** Drawn ahead, since asking the machine costs more than the few bytes that an id needs. Every byte is used once. */
  #ahead = Buffer.alloc(0);

  constructor(private readonly seed?: string) {}

  bytes(count: number): Buffer {
    if (this.seed === undefined) return count > AHEAD_BYTES ? randomBytes(count) : Buffer.from(this.#draw(count));
    const blocks: Buffer[] = [];
    for (let have = 0; have < count; have += 32)
      blocks.push(
        createHash("sha256")
          .update(`${this.seed}:${this.#counter++}`)
          .digest(),
      );
    return Buffer.concat(blocks).subarray(0, count);
  }

  /** A whole number from 0 up to, not including, `below`. */
  integer(below: number): number {
    return this.seed === undefined ? randomInt(below) : this.bytes(6).readUIntBE(0, 6) % below;
  }

  /** A number from 0 up to, not including, 1. */
  fraction(): number {
    return this.#few(6).readUIntBE(0, 6) / 2 ** 48;
  }

  hex(length: number): string {
    return this.#few(Math.ceil(length / 2))
      .toString("hex")
      .slice(0, length);
  }

  /** A text of `length` characters out of `alphabet`, e.g. the tail of a generated name. */
  text(length: number, alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"): string {
    let text = "";
    for (const byte of this.#few(length)) text += alphabet[byte % alphabet.length];
    return text;
  }

  /** A random UUID (RFC 9562, version 4). */
  uuid(): string {
    if (this.seed === undefined) return randomUUID();
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Bytes that are used at once and not kept. */
  #few(count: number): Buffer {
    return this.seed === undefined && count <= AHEAD_BYTES ? this.#draw(count) : this.bytes(count);
  }

  #draw(count: number): Buffer {
    if (this.#ahead.length < count) this.#ahead = randomBytes(AHEAD_BYTES);
    const drawn = this.#ahead.subarray(0, count);
    this.#ahead = this.#ahead.subarray(count);
    return drawn;
  }
}
