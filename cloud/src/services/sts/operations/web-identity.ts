import {
  createLocalJWKSet,
  decodeJwt,
  errors as joseErrors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from "jose";
import { NotEmulatedError } from "../../../aws/error.ts";
import { decide } from "../../../iam/decision.ts";
import { compilePolicy } from "../../../iam/policy.ts";
import type { Principal } from "../../../iam/principal.ts";
import { CallContextKeys } from "../../../iam/request-context.ts";
import { findRoleByArn, type IamState, type OidcProviderRecord, type RoleRecord } from "../../../iam/state.ts";
import { suspends, type Operations } from "../../../service.ts";
import { accessDenied, expiredToken, invalidIdentityToken } from "../errors.ts";
import { openRoleSession, type Cx } from "../session.ts";

const TAGS_CLAIM = "https://aws.amazon.com/tags";

interface Identity {
  readonly provider: OidcProviderRecord;
  readonly claims: JWTPayload;
  readonly audience: string;
}

/** Checks a token with the keys that its provider publishes. @throws AwsError InvalidIdentityToken, ExpiredTokenException */
async function verify(cx: Cx, account: string, token: string): Promise<Identity> {
  const issuer = issuerOf(token);
  const provider = cx.state.providers.get([account, issuer.replace(/^https:\/\//, "")]);
  if (!provider) throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  const keys = createLocalJWKSet(await publishedKeys(issuer));
  let claims: JWTPayload;
  try {
    ({ payload: claims } = await jwtVerify(token, keys, { issuer, currentDate: cx.kernel.clock.date() }));
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired)
      throw expiredToken(
        `Token expired: current date/time ${cx.kernel.clock.seconds()} must be before the expiration date/time ${String(error.payload.exp)}`,
      );
    throw invalidIdentityToken("The web identity token that was passed could not be validated by AWS.");
  }
  const audience = [claims["azp"] ?? claims.aud ?? []].flat().find((one) => provider.clientIds.includes(String(one)));
  if (audience === undefined) throw invalidIdentityToken("Incorrect token audience");
  if (claims[TAGS_CLAIM] !== undefined) throw new NotEmulatedError("session tags in a web identity token");
  return { provider, claims, audience: String(audience) };
}

function issuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    if (iss !== undefined) return iss.replace(/\/$/, "");
  } catch {
    // Told below.
  }
  throw invalidIdentityToken(
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
  );
}

async function publishedKeys(issuer: string): Promise<JSONWebKeySet> {
  try {
    const configuration = (await fetchJson(`${issuer}/.well-known/openid-configuration`)) as { jwks_uri: string };
    return (await fetchJson(configuration.jwks_uri)) as JSONWebKeySet;
  } catch {
    throw invalidIdentityToken(
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: "error" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** The role's trust policy decides about the provider, with the token's claims as conditions. */
function isTrusted(
  role: RoleRecord,
  arn: string,
  { provider, claims, audience }: Identity,
  sessionName: string,
): boolean {
  const providerArn = `arn:aws:iam::${role.account}:oidc-provider/${provider.url}`;
  // A provider takes part as a service does; that it is none of AWS's is said with the other keys.
  const principal: Principal = { kind: "service", service: providerArn };
  const given: Record<string, string | string[]> = {
    "aws:PrincipalIsAWSService": "false",
    "aws:FederatedProvider": providerArn,
    "sts:RoleSessionName": sessionName,
    [`${provider.url}:aud`]: audience,
    [`${provider.url}:sub`]: claims.sub ?? "",
  };
  if (Array.isArray(claims["amr"])) given[`${provider.url}:amr`] = claims["amr"].map(String);
  const decision = decide({
    principal,
    action: "sts:AssumeRoleWithWebIdentity",
    resource: arn,
    resourceAccount: role.account,
    context: new CallContextKeys({ principal, facts: {}, given, resourceAccount: role.account }),
    policies: { identity: [], resource: { name: arn, source: "resource", compiled: compilePolicy(role.trust) } },
    resourcePolicyDecides: true,
  });
  return decision.outcome === "allowed";
}

export const webIdentity = {
  AssumeRoleWithWebIdentity: suspends(async (cx: Cx, input) => {
    const { RoleArn = "", WebIdentityToken = "", ProviderId, RoleSessionName = "" } = input;
    if (ProviderId !== undefined)
      throw new NotEmulatedError("OAuth 2.0 providers (ProviderId of AssumeRoleWithWebIdentity)");
    const account = /^arn:aws:iam::(\d{12}):role\//.exec(RoleArn)?.[1] ?? "";
    const identity = await verify(cx, account, WebIdentityToken);
    return cx.kernel.store.transaction(() => {
      const role = findRoleByArn(cx.state, RoleArn);
      if (!role || !isTrusted(role, RoleArn, identity, RoleSessionName))
        throw accessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity");
      const { provider, claims, audience } = identity;
      const federatedProvider = `arn:aws:iam::${account}:oidc-provider/${provider.url}`;
      const opened = openRoleSession(cx, role, { ...input, federatedProvider });
      return { ...opened, SubjectFromWebIdentityToken: claims.sub, Audience: audience, Provider: federatedProvider };
    });
  }),
} satisfies Operations<"sts", IamState>;
