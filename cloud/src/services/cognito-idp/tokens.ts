import { decodeJwt, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK, type JWTPayload } from "jose";
import { userPoolIssuer } from "../../aws/addresses.ts";
import { notAuthorized } from "./errors.ts";
import type { Cx } from "./lookup.ts";
import type { ClientRecord, PoolRecord, SignInRecord, UserRecord } from "./state.ts";

type Unit = "seconds" | "minutes" | "hours" | "days";
const UNIT_SECONDS: Record<Unit, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

/** AWS: ID and access tokens are valid an hour, refresh tokens 30 days, unless the client says otherwise. */
export function validitySeconds(client: ClientRecord, token: "IdToken" | "AccessToken" | "RefreshToken"): number {
  const isRefresh = token === "RefreshToken";
  const value = client[`${token}Validity`];
  const unit = (client.TokenValidityUnits?.[token] ?? (isRefresh ? "days" : "hours")) as Unit;
  if (value === undefined || value === 0) return isRefresh ? 30 * UNIT_SECONDS.days : UNIT_SECONDS.hours;
  return value * UNIT_SECONDS[unit];
}

export interface TokenSet {
  AccessToken: string;
  IdToken: string;
  ExpiresIn: number;
  TokenType: "Bearer";
  RefreshToken?: string;
}

const imported = new Map<string, CryptoKey>();

async function privateKeyOf(key: JWK): Promise<CryptoKey> {
  const known = imported.get(key.kid!);
  if (known) return known;
  const made = (await importJWK(key, "RS256")) as CryptoKey;
  imported.set(key.kid!, made);
  return made;
}

/** What of a pool's key may be known. AWS: the members of its `jwks.json`. */
export function publicKey({ kid, n, e }: JWK): JWK {
  return { alg: "RS256", e: e!, kid: kid!, kty: "RSA", n: n!, use: "sig" };
}

/** AWS: "Understanding the identity (ID) token", "Understanding the access token". */
export async function signTokens(
  cx: Cx,
  pool: PoolRecord,
  client: ClientRecord,
  user: UserRecord,
  signIn: SignInRecord,
): Promise<TokenSet> {
  const now = cx.kernel.clock.seconds();
  const groups = cx.state.groupsOf(pool.Id, user.Username).map((group) => group.GroupName);
  const roles = cx.state.groupsOf(pool.Id, user.Username).flatMap((group) => group.RoleArn ?? []);
  const shared = {
    sub: user.sub,
    ...(groups.length > 0 ? { "cognito:groups": groups } : {}),
    iss: userPoolIssuer(pool.scope, pool.Id),
    origin_jti: signIn.originId,
    event_id: cx.kernel.random.uuid(),
    auth_time: Math.floor(signIn.authMs / 1000),
    iat: now,
  };
  const idClaims = {
    ...shared,
    ...Object.fromEntries(user.attributes.map(({ Name, Value }) => [Name, claimOf(Name, Value)])),
    "cognito:username": user.Username,
    ...(roles.length > 0 ? { "cognito:roles": roles, "cognito:preferred_role": roles[0] } : {}),
    aud: client.ClientId,
    token_use: "id",
    exp: now + validitySeconds(client, "IdToken"),
    jti: cx.kernel.random.uuid(),
  };
  const accessClaims = {
    ...shared,
    client_id: client.ClientId,
    token_use: "access",
    scope: "aws.cognito.signin.user.admin",
    exp: now + validitySeconds(client, "AccessToken"),
    jti: cx.kernel.random.uuid(),
    username: user.Username,
  };
  const [IdToken, AccessToken] = await Promise.all([sign(pool.keys[0], idClaims), sign(pool.keys[1], accessClaims)]);
  return { AccessToken, IdToken, ExpiresIn: validitySeconds(client, "AccessToken"), TokenType: "Bearer" };
}

async function sign(key: JWK, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ kid: key.kid!, alg: "RS256" }).sign(await privateKeyOf(key));
}

/** AWS: whether an address is verified is a truth value in tokens; every other attribute is a text. */
function claimOf(name: string, value: string): string | boolean {
  return name === "email_verified" || name === "phone_number_verified" ? value === "true" : value;
}

/** Whom an access token speaks for. */
export interface Bearer {
  readonly pool: PoolRecord;
  readonly client: ClientRecord;
  readonly user: UserRecord;
  readonly claims: JWTPayload;
}

/** @throws AwsError NotAuthorizedException for a token that is not ours, old, revoked, or of a user that is gone or disabled */
export async function verifyAccessToken(cx: Cx, token: string | undefined): Promise<Bearer> {
  const pool = poolOfToken(cx, token ?? "");
  const claims = pool && (await verified(pool, token ?? ""));
  if (!pool || claims?.["token_use"] !== "access") throw notAuthorized("Invalid Access Token");
  if ((claims.exp ?? 0) <= cx.kernel.clock.now() / 1000) throw notAuthorized("Access Token has expired");
  const user = cx.state.users.get([pool.Id, claims["username"] as string]);
  const client = cx.state.clients.get([claims["client_id"] as string]);
  if (!user || !client) throw notAuthorized("Invalid Access Token");
  const authMs = (claims["auth_time"] as number) * 1000;
  if (cx.state.revoked.has([claims["origin_jti"] as string]) || isSignedOut(user, authMs))
    throw notAuthorized("Access Token has been revoked");
  if (!user.enabled) throw notAuthorized("User is disabled.");
  return { pool, client, user, claims };
}

/** Whether the user was signed out everywhere after a sign-in. */
export function isSignedOut(user: UserRecord, authMs: number): boolean {
  return user.signedOutMs !== undefined && Math.floor(authMs / 1000) <= Math.floor(user.signedOutMs / 1000);
}

function poolOfToken(cx: Cx, token: string): PoolRecord | undefined {
  try {
    const issuer = decodeJwt(token).iss ?? "";
    return cx.state.pools.get([issuer.slice(issuer.lastIndexOf("/") + 1)]);
  } catch {
    return undefined;
  }
}

async function verified(pool: PoolRecord, token: string): Promise<JWTPayload | undefined> {
  try {
    const key = (await importJWK(publicKey(pool.keys[1]), "RS256")) as CryptoKey;
    // Its times are held against the cloud's clock by the caller.
    const { payload } = await jwtVerify(token, key, { currentDate: new Date(0), algorithms: ["RS256"] });
    return payload;
  } catch {
    return undefined;
  }
}
