import { createHash } from "node:crypto";
import type { NameOptions } from "./resource.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const RANDOM_LENGTH = 12;

/**
 * The name that CloudFormation gives a resource: `STACK-LogicalId-RANDOM12`. Too long ones are shortened evenly, the
 * longer part first.
 * @param seed the same seed gives the same name
 * @param maxLength in characters
 */
export function physicalName(
  stackName: string,
  logicalId: string,
  seed: string,
  maxLength = 255,
  options: NameOptions = {},
): string {
  const { lowercase = false, suffix = "" } = options;
  const room = maxLength - RANDOM_LENGTH - suffix.length - 2;
  const half = Math.floor(room / 2);
  const stackLength = Math.max(half, room - logicalId.length);
  const stack = stackName.slice(0, stackLength);
  const logical = logicalId.slice(0, Math.max(0, room - stack.length));
  const name = `${stack}-${logical}-${randomTail(seed)}`;
  return (lowercase ? name.toLowerCase() : name) + suffix;
}

function randomTail(seed: string): string {
  const digest = createHash("sha256").update(`name:${seed}`).digest();
  return Array.from(digest.subarray(0, RANDOM_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** A client request token of 36 characters, the same for the same seed. */
export function stepToken(seed: string): string {
  const hex = createHash("sha256").update(`token:${seed}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
