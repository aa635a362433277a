import { userPoolAddress, userPoolIssuer } from "../../aws/addresses.ts";
import type { HttpResponse } from "../../http.ts";
import type { CallContext, DataPlane } from "../../service.ts";
import type { PoolRecord, UserPools } from "./state.ts";
import { publicKey } from "./tokens.ts";

interface Asked {
  readonly poolId: string;
  readonly document: "jwks.json" | "openid-configuration";
}

const PATH = /^\/([a-z]{2}(?:-[a-z]+)+-\d_[A-Za-z0-9]+)\/\.well-known\/(jwks\.json|openid-configuration)$/;

/** What issuers of tokens publish: by `/POOL/.well-known/…`, on any host. */
export const wellKnown: DataPlane<UserPools, Asked> = {
  operation: "GetWellKnown",
  match({ path }) {
    const match = path.includes("/.well-known/") ? PATH.exec(path) : null;
    return match ? { poolId: match[1]!, document: match[2] as Asked["document"] } : undefined;
  },
  // AWS: public.
  authorize: () => [],
  async handle(cx, _, { poolId, document }) {
    const pool = cx.state.pools.get([poolId]);
    if (!pool) return json(404, { message: `User pool ${poolId} does not exist.` });
    return json(200, document === "jwks.json" ? { keys: pool.keys.map(publicKey) } : configurationOf(cx, pool));
  },
};

function configurationOf(cx: CallContext<UserPools>, pool: PoolRecord): object {
  return {
    id_token_signing_alg_values_supported: ["RS256"],
    issuer: userPoolIssuer(pool.scope, pool.Id),
    // AWS: under the issuer; here where it can be fetched.
    jwks_uri: `${userPoolAddress(cx.endpoint(), pool.Id)}/.well-known/jwks.json`,
    response_types_supported: ["code", "token"],
    scopes_supported: ["openid", "email", "phone", "profile"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  };
}

function json(status: number, body: object): HttpResponse {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "public, max-age=86400",
      "access-control-allow-origin": "*",
    },
    body: JSON.stringify(body),
  };
}
