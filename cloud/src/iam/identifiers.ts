import type { Random } from "../kernel/random.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** AWS: "IAM identifiers", unique ID prefixes. */
export type IdPrefix = "AIDA" | "AGPA" | "AROA" | "ANPA" | "AIPA";

/** A unique id, e.g. `AROA` and 17 characters. */
export function uniqueId(random: Random, prefix: IdPrefix): string {
  return prefix + random.text(17, BASE32);
}

/**
 * An access key id: `AKIA` for a user's key, `ASIA` for a temporary one. As AWS's own it carries its account, in the
 * bits behind the first.
 */
export function accessKeyId(random: Random, prefix: "AKIA" | "ASIA", account: string): string {
  const bytes = random.bytes(10);
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt(bytes[5]! & 0x7f);
  bytes.writeUIntBE(Number(head), 0, 6);
  return prefix + toBase32(bytes);
}

/** The account that an access key id belongs to; undefined where it is no such id. */
export function accountOfKey(id: string): string | undefined {
  if (!/^A(KIA|SIA)[A-Z2-7]{16}$/.test(id)) return undefined;
  let bits = 0n;
  for (const character of id.slice(4)) bits = (bits << 5n) | BigInt(BASE32.indexOf(character));
  const account = (bits >> 39n) & 0xff_ffff_ffffn;
  const text = account.toString().padStart(12, "0");
  return text.length === 12 ? text : undefined;
}

/** A secret access key: 40 characters of base 64. */
export function secretAccessKey(random: Random): string {
  return random.bytes(30).toString("base64");
}

/** 80 bits as 16 characters. */
function toBase32(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let shift = 75n; shift >= 0n; shift -= 5n) text += BASE32[Number((bits >> shift) & 31n)];
  return text;
}
