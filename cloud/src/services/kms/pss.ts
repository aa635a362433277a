/** EMSA-PSS of RFC 8017, section 9.1, on a digest: node signs only messages that it hashes itself. Salt as long as the digest. */
import { createHash } from "node:crypto";

const TRAILER = 0xbc;

export function encodePss(digest: Uint8Array, hash: string, modulusBits: number, salt: Uint8Array): Buffer {
  const length = Math.ceil((modulusBits - 1) / 8);
  const h = hashed(digest, salt, hash);
  const block = Buffer.alloc(length - h.length - 1);
  block.set(salt, block.length - salt.length);
  block[block.length - salt.length - 1] = 1;
  const masked = xor(block, mask(h, block.length, hash));
  masked[0]! &= 0xff >> (8 * length - (modulusBits - 1));
  return Buffer.concat([masked, h, Buffer.from([TRAILER])]);
}

export function isPss(encoded: Buffer, digest: Uint8Array, hash: string, modulusBits: number): boolean {
  if (encoded.at(-1) !== TRAILER) return false;
  const h = encoded.subarray(encoded.length - 1 - digest.length, -1);
  const masked = encoded.subarray(0, encoded.length - 1 - digest.length);
  const block = xor(masked, mask(h, masked.length, hash));
  block[0]! &= 0xff >> (8 * encoded.length - (modulusBits - 1));
  const one = block.length - digest.length - 1;
  if (block[one] !== 1 || block.subarray(0, one).some((byte) => byte !== 0)) return false;
  return hashed(digest, block.subarray(one + 1), hash).equals(h);
}

function hashed(digest: Uint8Array, salt: Uint8Array, hash: string): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

/** MGF1 */
function mask(seed: Uint8Array, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0, counter = 0; made < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(count).digest();
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ b[at]!));
}
