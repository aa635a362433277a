import type { JWTPayload } from "jose";
import { userPoolIssuer } from "../../../aws/addresses.ts";
import { findArn } from "../../../aws/arn.ts";
import { scopesOf, TokenError, verifyToken } from "../../../gateway/token.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";
import { valueOf } from "../execute/mapping.ts";
import type { Cx } from "../gateway.ts";
import { javaDate } from "../java-date.ts";
import { wholeMatch } from "../java-regex.ts";

/**
 * Checks the token of a request against the authorizer's user pools.
 * AWS: "Control access to REST APIs using Amazon Cognito user pools as an authorizer": without scopes on the method the
 * token is an identity token, with scopes an access token.
 * @throws GatewayFault UNAUTHORIZED
 */
export async function authorizeByPool(cx: Cx, exchange: Exchange): Promise<Authorization> {
  const { authorizer, record } = exchange.method!;
  if (!authorizer) throw new GatewayFault("AUTHORIZER_CONFIGURATION_ERROR", null);
  const token = valueOf(authorizer.identitySource ?? "", exchange)?.replace(/^Bearer /i, "");
  const isRefused = authorizer.identityValidationExpression && !matches(authorizer.identityValidationExpression, token);
  if (token === undefined || token === "" || isRefused) throw new GatewayFault("UNAUTHORIZED", "Unauthorized");
  return claimsOfToken(cx, exchange, {
    token,
    providerArns: authorizer.providerARNs ?? [],
    scopes: record.authorizationScopes ?? [],
  });
}

interface TokenFacts {
  readonly token: string;
  readonly providerArns: readonly string[];
  readonly scopes: readonly string[];
}

/** @throws GatewayFault UNAUTHORIZED */
export async function claimsOfToken(
  cx: Cx,
  exchange: Exchange,
  { token, providerArns, scopes }: TokenFacts,
): Promise<Authorization> {
  const refuse = (why: string, told = "Unauthorized"): GatewayFault => {
    exchange.authorizer = { status: 401, error: why };
    exchange.log?.error(`Unauthorized request: ${exchange.request.requestId}: ${why}`);
    return new GatewayFault("UNAUTHORIZED", told);
  };
  const claims = await verified(cx, token, providerArns, refuse);
  if (typeof claims.exp !== "number" || claims.exp <= cx.kernel.clock.now() / 1000)
    throw refuse("The incoming token has expired", "The incoming token has expired");
  const use = claims["token_use"];
  if (scopes.length === 0 && use !== "id") throw refuse("the token is no identity token");
  if (scopes.length > 0 && (use !== "access" || !scopesOf(claims).some((scope) => scopes.includes(scope))))
    throw refuse("the token does not have the required scopes");
  exchange.authorizer = { status: 200 };
  return { kind: "claims", claims: claimTexts(claims) };
}

async function verified(
  cx: Cx,
  token: string,
  providerArns: readonly string[],
  refuse: (why: string) => GatewayFault,
): Promise<JWTPayload> {
  const issuer = issuerOf(token, providerArns);
  if (issuer === undefined) throw refuse("the token's issuer is none of the authorizer's user pools");
  try {
    return await verifyToken(cx.state.keySets, token, issuer, cx.endpoint());
  } catch (error) {
    if (error instanceof TokenError) throw refuse(error.message);
    throw error;
  }
}

/** Which of the pools a token says that it is from. */
function issuerOf(token: string, providerArns: readonly string[]): string | undefined {
  try {
    const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as {
      iss?: unknown;
    };
    const issuers = providerArns.map((text) => {
      const { region, resource } = findArn(text)!;
      return userPoolIssuer({ region }, resource.replace(/^userpool\//, ""));
    });
    return issuers.find((issuer) => issuer === payload.iss);
  } catch {
    return undefined;
  }
}

export function matches(expression: string, token: string | undefined): boolean {
  return token !== undefined && wholeMatch(expression).test(token);
}

/** AWS: claims come as texts; lists joined by commas, times of issue and expiry as Java prints dates. */
function claimTexts(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => {
      if ((name === "exp" || name === "iat") && typeof value === "number") return [name, javaDate(value * 1000)];
      if (Array.isArray(value)) return [name, value.join(",")];
      return [name, typeof value === "object" ? JSON.stringify(value) : String(value)];
    }),
  );
}
