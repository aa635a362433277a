import type { JWTPayload } from "jose";
import { scopesOf, TokenError, verifyToken } from "../../../gateway/token.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayError } from "../execute/reply.ts";
import type { Cx } from "../gateway.ts";
import { identityOf } from "./identity-source.ts";

/**
 * Checks the token of a request. AWS: "Control access to HTTP APIs with JWT authorizers in API Gateway".
 * @throws GatewayError 401 with a `www-authenticate` that says why, 403 where a scope is missing
 */
export async function authorizeByToken(cx: Cx, exchange: Exchange): Promise<Authorization> {
  const { authorizer, record } = exchange.route!;
  const token = identityOf(authorizer!.IdentitySource, exchange)?.[0]?.replace(/^Bearer /i, "");
  const required = record.AuthorizationScopes ?? [];
  if (token === undefined || token === "") throw new GatewayError(401, { "www-authenticate": ["Bearer"] });
  const invalid = (why: string): GatewayError => {
    exchange.authorizerError = why;
    return new GatewayError(401, {
      "www-authenticate": [`Bearer scope="${required.join(" ")}" error="invalid_token" error_description="${why}"`],
    });
  };
  const { Issuer = "", Audience = [] } = authorizer!.JwtConfiguration ?? {};
  const payload = await verified(cx, token, Issuer, invalid);
  const fault = claimsFault(payload, Issuer, Audience, cx.kernel.clock.now() / 1000);
  if (fault !== undefined) throw invalid(fault);
  if (required.length > 0 && !scopesOf(payload).some((scope) => required.includes(scope))) {
    exchange.authorizerError = "the token does not have the required scopes";
    throw new GatewayError(403, {
      "www-authenticate": [
        `Bearer scope="${required.join(" ")}" error="insufficient_scope" error_description="${exchange.authorizerError}"`,
      ],
    });
  }
  return { kind: "jwt", claims: claimTexts(payload), scopes: required.length > 0 ? required : null };
}

async function verified(
  cx: Cx,
  token: string,
  issuer: string,
  invalid: (why: string) => GatewayError,
): Promise<JWTPayload> {
  try {
    return await verifyToken(cx.state.keySets, token, issuer, cx.endpoint());
  } catch (error) {
    if (error instanceof TokenError) throw invalid(error.message);
    throw error;
  }
}

/** What is wrong with the claims, in the order in which AWS lists its checks; undefined where nothing is. */
function claimsFault(
  payload: JWTPayload,
  issuer: string,
  audience: readonly string[],
  nowSeconds: number,
): string | undefined {
  if (payload.iss !== issuer) return "the token does not have a valid issuer";
  // AWS: `client_id` counts only where there is no `aud`.
  const meant = payload.aud ?? (payload["client_id"] as string | undefined) ?? [];
  if (![meant].flat().some((entry) => audience.includes(entry))) return "the token does not have a valid audience";
  if (typeof payload.exp !== "number" || payload.exp <= nowSeconds) return "the token has expired";
  if (payload.nbf !== undefined && payload.nbf > nowSeconds) return "the token is not valid yet";
  if (payload.iat !== undefined && payload.iat > nowSeconds) return "the token was issued in the future";
  return undefined;
}

/** AWS: functions get every claim as a text, printed as Go prints values: a list is `[a b]`. */
function claimTexts(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, goText(value)]));
}

function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "object" && value !== null)
    return `map[${Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => `${name}:${goText(item)}`)
      .join(" ")}]`;
  return value === null ? "<nil>" : String(value);
}
