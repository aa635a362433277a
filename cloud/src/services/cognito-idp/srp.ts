import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "../../kernel/random.ts";
import type { Verifier } from "./state.ts";

/**
 * Secure Remote Password as Cognito speaks it (RFC 5054's 3072-bit group, SHA-256, a key derived with "Caldera Derived
 * Key"), seen from the server. Numbers are hashed as hex with an even number of digits and a zero byte before a set sign
 * bit; clients depend on it.
 */
const N = BigInt(
  `0x${[
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
  ].join("")}`,
);
const G = 2n;
const K = numberOf(sha256(Buffer.concat([bytesOf(N), bytesOf(G)])));
const SALT_BYTES = 16;
/** RFC 5054: at least 256 bits. */
const SECRET_BYTES = 32;

/** The verifier of a password. @param poolName the pool's id without its Region; @param userId what the client hashes as the user */
export function makeVerifier(random: Random, poolName: string, userId: string, password: string): Verifier {
  const salt = random.hex(2 * SALT_BYTES);
  return { salt, verifier: power(G, secretOf(salt, poolName, userId, password)).toString(16) };
}

export function matches({ salt, verifier }: Verifier, poolName: string, userId: string, password: string): boolean {
  return power(G, secretOf(salt, poolName, userId, password)).toString(16) === verifier;
}

function secretOf(salt: string, poolName: string, userId: string, password: string): bigint {
  const inner = sha256(Buffer.from(`${poolName}${userId}:${password}`));
  return numberOf(sha256(Buffer.concat([bytesOf(BigInt(`0x${salt}`)), inner])));
}

/** The server's half of an exchange. */
export interface Half {
  readonly secret: string;
  readonly serverPublic: string;
}

export function beginExchange(random: Random, { verifier }: Verifier): Half {
  const secret = numberOf(random.bytes(SECRET_BYTES));
  const serverPublic = (K * BigInt(`0x${verifier}`) + power(G, secret)) % N;
  return { secret: secret.toString(16), serverPublic: serverPublic.toString(16) };
}

/** Whether what a client sent as A can be used: hex, and not a multiple of N. */
export function isPublic(clientPublic: string): boolean {
  return /^[0-9a-f]+$/i.test(clientPublic) && BigInt(`0x${clientPublic}`) % N !== 0n;
}

export interface Claim {
  readonly poolName: string;
  readonly userId: string;
  readonly secretBlock: Buffer;
  readonly timestamp: string;
  /** Base64. */
  readonly signature: string;
}

/** Whether the client's claim proves that it knows the password. */
export function proves(claim: Claim, { verifier }: Verifier, half: Half & { clientPublic: string }): boolean {
  const a = BigInt(`0x${half.clientPublic}`);
  const b = BigInt(`0x${half.secret}`);
  const u = numberOf(sha256(Buffer.concat([bytesOf(a), bytesOf(BigInt(`0x${half.serverPublic}`))])));
  if (u === 0n) return false;
  const shared = power((a * power(BigInt(`0x${verifier}`), u)) % N, b);
  const extracted = createHmac("sha256", bytesOf(u)).update(bytesOf(shared)).digest();
  const key = createHmac("sha256", extracted).update("Caldera Derived Key\u0001").digest().subarray(0, 16);
  const expected = createHmac("sha256", key)
    .update(claim.poolName)
    .update(claim.userId)
    .update(claim.secretBlock)
    .update(claim.timestamp)
    .digest();
  const given = Buffer.from(claim.signature, "base64");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 1 ? `0${hex}` : hex;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, "hex");
}

/** base^exponent mod N. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}
