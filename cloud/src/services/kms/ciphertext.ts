/** The ciphertexts of symmetric keys: AES-256-GCM; each carries the key's ARN and the id of the material it was made with. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../../kernel/random.ts";
import type { Material } from "./state.ts";

const VERSION = 1;
const MATERIAL_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type EncryptionContext = Readonly<Record<string, string>>;

export interface Sealed {
  readonly keyArn: string;
  readonly materialId: string;
  readonly header: Buffer;
  readonly nonce: Buffer;
  readonly tag: Buffer;
  readonly text: Buffer;
}

export function seal(
  random: Random,
  keyArn: string,
  material: Material,
  plaintext: Uint8Array,
  context: EncryptionContext = {},
): Buffer {
  const name = Buffer.from(keyArn);
  const header = Buffer.concat([Buffer.from([VERSION, name.length]), name, Buffer.from(material.id, "hex")]);
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", material.bytes, nonce).setAAD(bound(header, context));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, nonce, cipher.getAuthTag(), text]);
}

/** Takes a blob apart; undefined where it is none of ours. */
export function findSealed(blob: Uint8Array): Sealed | undefined {
  const bytes = Buffer.from(blob);
  const headerEnd = 2 + (bytes[1] ?? 0) + MATERIAL_BYTES;
  const start = headerEnd + NONCE_BYTES + TAG_BYTES;
  if (bytes[0] !== VERSION || bytes.length < start) return undefined;
  return {
    keyArn: bytes.toString("utf8", 2, headerEnd - MATERIAL_BYTES),
    materialId: bytes.toString("hex", headerEnd - MATERIAL_BYTES, headerEnd),
    header: bytes.subarray(0, headerEnd),
    nonce: bytes.subarray(headerEnd, headerEnd + NONCE_BYTES),
    tag: bytes.subarray(headerEnd + NONCE_BYTES, start),
    text: bytes.subarray(start),
  };
}

/** Undefined where blob, material or context do not belong together. */
export function unseal(sealed: Sealed, material: Material, context: EncryptionContext = {}): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", material.bytes, sealed.nonce);
  decipher.setAAD(bound(sealed.header, context)).setAuthTag(sealed.tag);
  try {
    return Buffer.concat([decipher.update(sealed.text), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** AWS: the pairs of an encryption context may come in any order. */
function bound(header: Buffer, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Buffer.concat([header, Buffer.from(JSON.stringify(pairs))]);
}
