/** One part of a key. Numbers sort before strings, strings before bytes; within a kind by value (strings by UTF-8). */
export type KeyPart = string | number | Uint8Array;
/** The key of a record: its parts sort one after the other, as the columns of an index do. */
export type Key = readonly KeyPart[];

const NUMBER = 1;
const TEXT = 2;
const BYTES = 3;
const scratch = Buffer.allocUnsafe(16_384);
const double = Buffer.alloc(8);

/** Writes a key so that comparing the bytes compares the keys (the tuple encoding of FoundationDB, cut to three kinds). */
export function encodeKey(prefix: number, key: Key): Buffer {
  scratch.writeUInt16BE(prefix, 0);
  let at = 2;
  for (const part of key) {
    if (typeof part === "number") at = writeNumber(part, at);
    else if (typeof part === "string") at = writeText(part, at);
    else at = writeBytes(part, BYTES, at);
  }
  return Buffer.from(scratch.subarray(0, at));
}

/** The smallest encoded key that is greater than every key beginning with `encoded`. */
export function afterPrefix(encoded: Buffer): Buffer {
  return Buffer.concat([encoded, Buffer.from([0xff])]);
}

export function decodeKey(encoded: Uint8Array): KeyPart[] {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const parts: KeyPart[] = [];
  let at = 2;
  while (at < bytes.length) {
    const kind = bytes[at++];
    if (kind === NUMBER) {
      parts.push(readNumber(bytes, at));
      at += 8;
      continue;
    }
    const { value, end } = readBytes(bytes, at);
    parts.push(kind === TEXT ? value.toString("utf8") : value);
    at = end;
  }
  return parts;
}

function writeNumber(value: number, start: number): number {
  scratch[start] = NUMBER;
  scratch.writeDoubleBE(value, start + 1);
  // A double sorts as its bytes once the sign bit is flipped (positive) or all bits are (negative).
  const flip = value < 0 || Object.is(value, -0) ? 0xff : 0x80;
  scratch[start + 1]! ^= flip;
  if (flip === 0xff) for (let i = 2; i <= 8; i++) scratch[start + i]! ^= 0xff;
  return start + 9;
}

function readNumber(bytes: Buffer, at: number): number {
  bytes.copy(double, 0, at, at + 8);
  const negative = (double[0]! & 0x80) === 0;
  if (negative) for (let i = 0; i < 8; i++) double[i]! ^= 0xff;
  else double[0]! ^= 0x80;
  return double.readDoubleBE(0);
}

function writeText(value: string, start: number): number {
  if (value.includes("\0")) return writeBytes(Buffer.from(value, "utf8"), TEXT, start);
  scratch[start] = TEXT;
  const end = start + 1 + scratch.write(value, start + 1, "utf8");
  scratch[end] = 0;
  return end + 1;
}

/** A zero byte inside is written as 00 FF and 00 alone ends the part, so a shorter part sorts first. */
function writeBytes(value: Uint8Array, kind: number, start: number): number {
  let at = start;
  scratch[at++] = kind;
  for (const byte of value) {
    scratch[at++] = byte;
    if (byte === 0) scratch[at++] = 0xff;
  }
  scratch[at] = 0;
  return at + 1;
}

function readBytes(bytes: Buffer, start: number): { value: Buffer; end: number } {
  const out: number[] = [];
  let at = start;
  for (;;) {
    const byte = bytes[at++]!;
    if (byte === 0) {
      if (bytes[at] !== 0xff) return { value: Buffer.from(out), end: at };
      at++;
    }
    out.push(byte);
  }
}
