import { crc32 } from "node:zlib";

/** A running cyclic redundancy check. */
export interface Crc {
  update(chunk: Uint8Array): void;
  /** The check value, most significant byte first. */
  digest(): Buffer;
}

interface CrcShape {
  readonly bits: 32 | 64;
  /** The polynomial with its bits reversed. */
  readonly polynomial: bigint;
}

const SHAPES = {
  CRC32: { bits: 32, polynomial: 0xedb88320n },
  CRC32C: { bits: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
} as const satisfies Record<string, CrcShape>;

export type CrcName = keyof typeof SHAPES;

export function isCrc(name: string): name is CrcName {
  return name in SHAPES;
}

export function startCrc(name: CrcName): Crc {
  if (name === "CRC32") return new ZlibCrc32();
  return name === "CRC32C" ? new Crc32c() : new Crc64Nvme();
}

/** Node's own, at several gigabytes a second. */
class ZlibCrc32 implements Crc {
  #value = 0;

  update(chunk: Uint8Array): void {
    this.#value = crc32(chunk, this.#value);
  }

  digest(): Buffer {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(this.#value);
    return out;
  }
}

/** Eight tables, so that eight bytes are taken at a step ("slicing by 8"); `[k * 256 + byte]`. */
interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

const tables = new Map<CrcName, Tables>();

function tablesOf(name: CrcName): Tables {
  let made = tables.get(name);
  if (!made) {
    made = makeTables(SHAPES[name].polynomial);
    tables.set(name, made);
  }
  return made;
}

function makeTables(polynomial: bigint): Tables {
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    first.push(value);
  }
  let row = first;
  for (let k = 0; k < 8; k++) {
    for (const [byte, value] of row.entries()) {
      low[k * 256 + byte] = Number(value & 0xffffffffn) | 0;
      high[k * 256 + byte] = Number(value >> 32n) | 0;
    }
    row = row.map((value) => (value >> 8n) ^ first[Number(value & 0xffn)]!);
  }
  return { low, high };
}

class Crc32c implements Crc {
  #value = -1;

  update(chunk: Uint8Array): void {
    const t = tablesOf("CRC32C").low;
    let crc = this.#value;
    let at = 0;
    for (const end = chunk.length - 7; at < end; at += 8) {
      crc ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
      crc =
        t[1792 + (crc & 255)]! ^
        t[1536 + ((crc >>> 8) & 255)]! ^
        t[1280 + ((crc >>> 16) & 255)]! ^
        t[1024 + (crc >>> 24)]! ^
        t[768 + chunk[at + 4]!]! ^
        t[512 + chunk[at + 5]!]! ^
        t[256 + chunk[at + 6]!]! ^
        t[chunk[at + 7]!]!;
    }
    for (; at < chunk.length; at++) crc = t[(crc ^ chunk[at]!) & 255]! ^ (crc >>> 8);
    this.#value = crc;
  }

  digest(): Buffer {
    const out = Buffer.alloc(4);
    out.writeInt32BE(~this.#value);
    return out;
  }
}

class Crc64Nvme implements Crc {
  #low = -1;
  #high = -1;

  update(chunk: Uint8Array): void {
    const { low: l, high: h } = tablesOf("CRC64NVME");
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (const end = chunk.length - 7; at < end; at += 8) {
      low ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
      high ^= chunk[at + 4]! | (chunk[at + 5]! << 8) | (chunk[at + 6]! << 16) | (chunk[at + 7]! << 24);
      const a = 1792 + (low & 255);
      const b = 1536 + ((low >>> 8) & 255);
      const c = 1280 + ((low >>> 16) & 255);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 255);
      const f = 512 + ((high >>> 8) & 255);
      const g = 256 + ((high >>> 16) & 255);
      const i = high >>> 24;
      low = l[a]! ^ l[b]! ^ l[c]! ^ l[d]! ^ l[e]! ^ l[f]! ^ l[g]! ^ l[i]!;
      high = h[a]! ^ h[b]! ^ h[c]! ^ h[d]! ^ h[e]! ^ h[f]! ^ h[g]! ^ h[i]!;
    }
    for (; at < chunk.length; at++) {
      const index = (low ^ chunk[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ l[index]!;
      high = (high >>> 8) ^ h[index]!;
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeInt32BE(~this.#high, 0);
    out.writeInt32BE(~this.#low, 4);
    return out;
  }
}

/**
 * The check value of two texts one after the other, from that of each: what makes a full-object checksum of a multipart
 * upload without reading its bytes again. The method is zlib's `crc32_combine`: multiply by x^(8 · length) modulo the
 * polynomial.
 */
export class CrcJoiner {
  readonly #shape: CrcShape;
  readonly #factors = new Map<number, bigint>();

  constructor(name: CrcName) {
    this.#shape = SHAPES[name];
  }

  /** @param secondBytes length of the second text */
  join(first: Buffer, second: Buffer, secondBytes: number): Buffer {
    const joined = this.#times(this.#factor(secondBytes), toBigInt(first)) ^ toBigInt(second);
    return Buffer.from(joined.toString(16).padStart(this.#shape.bits / 4, "0"), "hex");
  }

  /** x^(8 · bytes) modulo the polynomial; the parts of an upload are mostly of one length. */
  #factor(bytes: number): bigint {
    const known = this.#factors.get(bytes);
    if (known !== undefined) return known;
    const one = 1n << BigInt(this.#shape.bits - 1);
    let square = one >> 8n; // x^8: the highest bit stands for x^0
    let factor = one;
    for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
      if (left & 1n) factor = this.#times(factor, square);
      square = this.#times(square, square);
    }
    this.#factors.set(bytes, factor);
    return factor;
  }

  /** Product of two polynomials of reversed bits, modulo the polynomial. */
  #times(a: bigint, b: bigint): bigint {
    const { bits, polynomial } = this.#shape;
    let product = 0n;
    for (let mask = 1n << BigInt(bits - 1); mask > 0n; mask >>= 1n) {
      if (a & mask) product ^= b;
      b = b & 1n ? (b >> 1n) ^ polynomial : b >> 1n;
    }
    return product;
  }
}

function toBigInt(value: Buffer): bigint {
  return BigInt(`0x${value.toString("hex")}`);
}
