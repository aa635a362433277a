import { compactVerify, decodeJwt, decodeProtectedHeader, type CryptoKey, type JWTPayload } from "jose";
import { KeySetError, type KeySets } from "./key-sets.ts";

/** AWS: "Currently, only RSA-based algorithms are supported". */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/** Why a token is refused, as access logs show it. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/**
 * Checks a token's signature against its issuer's keys. Claims are the caller's to check.
 * @param endpoint the cloud's own address, for issuers that are AWS's
 * @throws TokenError
 */
export async function verifyToken(
  keySets: KeySets,
  token: string,
  issuer: string,
  endpoint: string,
): Promise<JWTPayload> {
  const { alg, kid } = headerOf(token);
  if (alg === undefined || !ALGORITHMS.includes(alg))
    throw new TokenError(`signing method ${alg ?? "none"} is invalid`);
  if (kid === undefined) throw new TokenError("the token does not have a kid header");
  const key = await keyOf(keySets, issuer, kid, alg, endpoint);
  try {
    await compactVerify(token, key, { algorithms: ALGORITHMS });
    return decodeJwt(token);
  } catch {
    throw new TokenError("the token signature is invalid");
  }
}

function headerOf(token: string): { alg?: string | undefined; kid?: string | undefined } {
  if (token.split(".").length !== 3) throw new TokenError("token contains an invalid number of segments");
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new TokenError("the token header is malformed");
  }
}

async function keyOf(keySets: KeySets, issuer: string, kid: string, alg: string, endpoint: string): Promise<CryptoKey> {
  try {
    const key = await keySets.findKey(issuer, kid, alg, endpoint);
    if (key) return key;
  } catch (error) {
    throw new TokenError(error instanceof KeySetError ? error.message : "the public key is malformed");
  }
  throw new TokenError("the token kid does not match any key of the issuer");
}

/** The scopes that a token gives: `scope` or `scp`, a text or a list. */
export function scopesOf(payload: JWTPayload): string[] {
  const scopes = payload["scope"] ?? payload["scp"];
  if (typeof scopes === "string") return scopes.split(" ");
  return Array.isArray(scopes) ? scopes.map(String) : [];
}
