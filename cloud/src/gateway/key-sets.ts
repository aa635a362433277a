import { importJWK, type CryptoKey, type JWK } from "jose";
import { dialAddress } from "../aws/addresses.ts";
import type { Clock } from "../kernel/clock.ts";
import { afterRealMs } from "../kernel/real-time.ts";

/** AWS: "Quotas for configuring and running an HTTP API": discovery and key set each within 1.5 s, at most 150,000 bytes. */
const FETCH_TIMEOUT_MS = 1_500;
const KEY_SET_BYTES_MAX = 150_000;
/** AWS: "API Gateway can cache the public key for two hours". */
const KEPT_MS = 2 * 60 * 60 * 1000;
/** A key id that is not in the set asks for the set again, but not more often than this. */
const REFETCH_MS = 10_000;

interface KeySet {
  readonly fetchedMs: number;
  readonly keys: readonly JWK[];
  readonly imported: Map<string, CryptoKey>;
}

/** The issuer cannot be asked. The message is what the access log shows. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

/** The public keys of token issuers, fetched from them and kept for two hours. */
export class KeySets {
  readonly #sets = new Map<string, KeySet>();

  constructor(private readonly clock: Clock) {}

  /**
   * The key that signed a token; undefined where the issuer has none of this id.
   * @param endpoint the cloud's own address, for issuers that are AWS's
   * @throws KeySetError
   */
  async findKey(issuer: string, kid: string, alg: string, endpoint: string): Promise<CryptoKey | undefined> {
    let set = this.#sets.get(issuer);
    const ageMs = set ? this.clock.now() - set.fetchedMs : Infinity;
    const isKnown = set?.keys.some((key) => key.kid === kid) ?? false;
    if (!set || ageMs > KEPT_MS || (!isKnown && ageMs > REFETCH_MS)) set = await this.#fetch(issuer, endpoint);
    const jwk = set.keys.find((key) => key.kid === kid && key.kty === "RSA");
    if (!jwk) return undefined;
    const name = `${kid}/${alg}`;
    const imported = set.imported.get(name) ?? ((await importJWK(jwk, alg)) as CryptoKey);
    set.imported.set(name, imported);
    return imported;
  }

  async #fetch(issuer: string, endpoint: string): Promise<KeySet> {
    const discovery = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const configuration = (await fetchJson(dialAddress(discovery, endpoint), "OIDC discovery endpoint")) as {
      jwks_uri?: unknown;
    };
    if (typeof configuration.jwks_uri !== "string") throw new KeySetError("OIDC discovery endpoint has no jwks_uri");
    const found = (await fetchJson(dialAddress(configuration.jwks_uri, endpoint), "JWKS endpoint")) as {
      keys?: unknown;
    };
    if (!Array.isArray(found.keys)) throw new KeySetError("JWKS endpoint has no keys");
    const set = { fetchedMs: this.clock.now(), keys: found.keys as JWK[], imported: new Map<string, CryptoKey>() };
    this.#sets.set(issuer, set);
    return set;
  }
}

async function fetchJson(url: string, what: string): Promise<object> {
  const controller = new AbortController();
  const cancel = afterRealMs(FETCH_TIMEOUT_MS, () => controller.abort());
  try {
    const response = await fetch(url, { signal: controller.signal });
    const text = await response.text();
    if (!response.ok) throw new KeySetError(`${what} answered ${response.status}`);
    if (text.length > KEY_SET_BYTES_MAX) throw new KeySetError(`${what} answered more than ${KEY_SET_BYTES_MAX} bytes`);
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) throw new KeySetError(`${what} answered no JSON object`);
    return value;
  } catch (error) {
    if (error instanceof KeySetError) throw error;
    throw new KeySetError(`${what} communication error: ${url}`, { cause: error });
  } finally {
    cancel();
  }
}
