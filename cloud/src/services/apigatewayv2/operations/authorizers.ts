import type { Authorizer } from "@aws-sdk/client-apigatewayv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { isIdentitySource } from "../authorizers/identity-source.ts";
import { apiChanged } from "../deployment.ts";
import { badRequest, conflict, tooMany } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { isFunctionUri } from "../../../gateway/function-uri.ts";
import { getApi, getAuthorizer as findAuthorizer, getStage, givenOf, refuseForHttp } from "../lookup.ts";
import { pageOf } from "../page.ts";
import type { ApiRecord, AuthorizerRecord } from "../state.ts";

/** AWS: "Quotas for configuring and running an HTTP API". */
const AUTHORIZERS_MAX = 10;
const AUDIENCES_MAX = 50;
const REQUEST_ONLY = [
  "AuthorizerUri",
  "AuthorizerCredentialsArn",
  "AuthorizerPayloadFormatVersion",
  "AuthorizerResultTtlInSeconds",
  "EnableSimpleResponses",
];

export function createAuthorizer(cx: Cx, input: Input<"apigatewayv2", "CreateAuthorizer">): Authorizer {
  const api = getApi(cx, input.ApiId);
  if (cx.state.apis.authorizers.count({ prefix: [api.ApiId] }) >= AUTHORIZERS_MAX) throw tooMany("Authorizers");
  const authorizer = newAuthorizer(cx, givenOf(input, "ApiId"));
  return keep(cx, api, authorizer);
}

/** An authorizer, checked. Not kept yet. @throws AwsError */
export function newAuthorizer(cx: Cx, given: Partial<Authorizer>): AuthorizerRecord {
  refuseForHttp(given, ["IdentityValidationExpression"]);
  const authorizer = {
    ...given,
    AuthorizerId: cx.state.apis.newId(6),
    IdentitySource: given.IdentitySource ?? [],
  } as AuthorizerRecord;
  if (authorizer.Name.length < 1 || authorizer.Name.length > 128)
    throw badRequest("Authorizer name must be between 1 and 128 characters");
  const source = authorizer.IdentitySource.find((text) => !isIdentitySource(text));
  if (source !== undefined) throw badRequest(`Invalid identity source: ${source}`);
  if (authorizer.AuthorizerType === "JWT") checkJwt(authorizer);
  else checkRequest(cx, authorizer);
  return authorizer;
}

function checkJwt(authorizer: AuthorizerRecord): void {
  const { JwtConfiguration, IdentitySource } = authorizer;
  const given = REQUEST_ONLY.find((name) => authorizer[name as keyof AuthorizerRecord] !== undefined);
  if (given !== undefined) throw badRequest(`${given} is not supported for JWT authorizers`);
  if (IdentitySource.length !== 1) throw badRequest("Exactly one identity source is required for JWT authorizers");
  const { Issuer, Audience = [] } = JwtConfiguration ?? {};
  if (Issuer === undefined || !isIssuer(Issuer))
    throw badRequest(
      `Invalid issuer: ${Issuer}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`,
    );
  if (Audience.length === 0) throw badRequest("Audience is a required parameter for JWT authorizers");
  if (Audience.length > AUDIENCES_MAX) throw badRequest(`An authorizer may have at most ${AUDIENCES_MAX} audiences`);
}

/** AWS: https only. Quirk: an issuer on this machine may be http. Gap: AWS asks the issuer at once; here the first token does. */
function isIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false;
  const { protocol, hostname } = new URL(issuer);
  return protocol === "https:" || (protocol === "http:" && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname));
}

function checkRequest(cx: Cx, authorizer: AuthorizerRecord): void {
  const {
    AuthorizerPayloadFormatVersion: format,
    AuthorizerUri,
    AuthorizerResultTtlInSeconds,
    IdentitySource,
  } = authorizer;
  if (authorizer.JwtConfiguration !== undefined)
    throw badRequest("JwtConfiguration is not supported for REQUEST authorizers");
  if (AuthorizerUri === undefined || !isFunctionUri(AuthorizerUri))
    throw badRequest(
      `Invalid Authorizer URI: ${AuthorizerUri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.`,
    );
  if (format === undefined)
    throw badRequest("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer");
  if (format !== "1.0" && format !== "2.0")
    throw badRequest(`AuthorizerPayloadFormatVersion ${format} is not supported; allowed: 1.0, 2.0`);
  if (format === "1.0" && authorizer.EnableSimpleResponses)
    throw badRequest("EnableSimpleResponses is only supported for AuthorizerPayloadFormatVersion 2.0");
  if ((AuthorizerResultTtlInSeconds ?? 0) > 0 && IdentitySource.length === 0)
    throw badRequest("At least one identity source is required to enable caching");
  if (authorizer.AuthorizerCredentialsArn !== undefined)
    cx.authorize(passRole(authorizer.AuthorizerCredentialsArn, "apigateway.amazonaws.com"));
}

function keep(cx: Cx, api: ApiRecord, authorizer: AuthorizerRecord): Authorizer {
  cx.state.apis.authorizers.put([api.ApiId, authorizer.AuthorizerId], authorizer);
  apiChanged(cx, api);
  return authorizer;
}

export function getAuthorizer(cx: Cx, { ApiId, AuthorizerId }: Input<"apigatewayv2", "GetAuthorizer">): Authorizer {
  return findAuthorizer(cx, getApi(cx, ApiId), AuthorizerId);
}

export function getAuthorizers(
  cx: Cx,
  input: Input<"apigatewayv2", "GetAuthorizers">,
): Output<"apigatewayv2", "GetAuthorizers"> {
  const api = getApi(cx, input.ApiId);
  return pageOf([...cx.state.apis.authorizers.values({ prefix: [api.ApiId] })], input);
}

export function updateAuthorizer(cx: Cx, input: Input<"apigatewayv2", "UpdateAuthorizer">): Authorizer {
  const api = getApi(cx, input.ApiId);
  const former = findAuthorizer(cx, api, input.AuthorizerId);
  const given = givenOf(input, "ApiId", "AuthorizerId");
  const authorizer = newAuthorizer(cx, { ...former, ...given });
  cx.state.verdicts.forget(`${api.ApiId}/`);
  return keep(cx, api, { ...authorizer, AuthorizerId: former.AuthorizerId });
}

export function deleteAuthorizer(cx: Cx, { ApiId, AuthorizerId }: Input<"apigatewayv2", "DeleteAuthorizer">): object {
  const api = getApi(cx, ApiId);
  findAuthorizer(cx, api, AuthorizerId);
  const using = [...cx.state.apis.routes.values({ prefix: [api.ApiId] })].filter(
    (route) => route.AuthorizerId === AuthorizerId,
  );
  if (using.length > 0)
    throw conflict(
      `Cannot delete authorizer '${AuthorizerId}', is referenced in route: ${using.map((route) => route.RouteKey).join(", ")}`,
    );
  cx.state.apis.authorizers.remove([api.ApiId, AuthorizerId!]);
  apiChanged(cx, api);
  return {};
}

export function resetAuthorizersCache(
  cx: Cx,
  { ApiId, StageName }: Input<"apigatewayv2", "ResetAuthorizersCache">,
): object {
  const api = getApi(cx, ApiId);
  const stage = getStage(cx, api, StageName);
  cx.state.verdicts.forget(`${api.ApiId}/${stage.StageName}/`);
  return {};
}
