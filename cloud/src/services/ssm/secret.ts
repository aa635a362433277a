import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Cx } from "./state.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts the value of a SecureString (AES-256-GCM; the parameter's ARN is bound to it, as with AWS's KMS).
 * @returns base 64
 */
export function seal(cx: Cx, arn: string, value: string): string {
  const nonce = cx.kernel.random.bytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", keyOf(cx), nonce).setAAD(Buffer.from(arn));
  const text = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
}

export function unseal(cx: Cx, arn: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(cx), bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(arn));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
}

/** The account's key alias/aws/ssm in this Region, made when first needed. */
function keyOf(cx: Cx): Uint8Array {
  const where = [cx.scope.account, cx.scope.region];
  const known = cx.state.keys.get(where);
  if (known) return known;
  const made = cx.kernel.random.bytes(32);
  cx.state.keys.put(where, made);
  return made;
}
