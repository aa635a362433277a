import type { Authorizer } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { isFunctionUri } from "../../../gateway/function-uri.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { badRequest, conflict, limitExceeded } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { wholeMatch } from "../java-regex.ts";
import { defined, getApi, getAuthorizer as findAuthorizer } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { number, patched, removableText, text, values, type PatchRules } from "../patch.ts";
import type { AuthorizerRecord } from "../state.ts";

/** AWS: "Quotas for configuring and running a REST API": authorizers per API. */
const AUTHORIZERS_MAX = 10;
const TTL_DEFAULT_SECONDS = 300;
const TTL_MAX_SECONDS = 3_600;
const SOURCE =
  /^(?:method\.request\.(?:header|querystring|multivalueheader|multivaluequerystring)\.\S+|context\.\S+|stageVariables\.\S+)$/;
const POOL = /^arn:aws[\w-]*:cognito-idp:[\w-]+:\d{12}:userpool\/[\w-]+$/;

export function createAuthorizer(cx: Cx, input: Input<"apigateway", "CreateAuthorizer">): Authorizer {
  const api = getApi(cx, input.restApiId);
  const { restApiId: _, ...facts } = input;
  return addAuthorizer(cx, api.id, { ...facts, name: input.name!, type: input.type! });
}

/** @throws AwsError BadRequestException, ConflictException, LimitExceededException */
export function addAuthorizer(cx: Cx, apiId: string, facts: Omit<AuthorizerRecord, "id">): AuthorizerRecord {
  const { authorizers } = cx.state.apis;
  const others = [...authorizers.values({ prefix: [apiId] })];
  if (others.some(({ name }) => name === facts.name))
    throw conflict(`Authorizer name must be unique. Authorizer ${facts.name} already exists in this RestApi.`);
  if (others.length >= AUTHORIZERS_MAX)
    throw limitExceeded(
      "Maximum number of Authorizers for this API has been reached. Please contact AWS if you need additional Authorizers.",
    );
  const authorizer: AuthorizerRecord = defined({
    ...facts,
    id: cx.state.apis.newId(6),
    authType: facts.authType ?? (facts.type === "COGNITO_USER_POOLS" ? "cognito_user_pools" : "custom"),
    authorizerResultTtlInSeconds:
      facts.authorizerResultTtlInSeconds ?? (facts.type === "COGNITO_USER_POOLS" ? undefined : TTL_DEFAULT_SECONDS),
  });
  checkAuthorizer(authorizer);
  passCredentials(cx, authorizer);
  authorizers.put([apiId, authorizer.id], authorizer);
  cx.state.changed(apiId);
  return authorizer;
}

/** @throws AwsError BadRequestException */
function checkAuthorizer({
  type,
  authorizerUri = "",
  identitySource = "",
  providerARNs = [],
  ...rest
}: AuthorizerRecord): void {
  const ttl = rest.authorizerResultTtlInSeconds ?? 0;
  if (ttl < 0 || ttl > TTL_MAX_SECONDS)
    throw badRequest(`Authorizer result TTL must be between 0 and ${TTL_MAX_SECONDS} seconds`);
  if (type === "COGNITO_USER_POOLS") {
    if (providerARNs.length === 0 || !providerARNs.every((arn) => POOL.test(arn)))
      throw badRequest("Invalid Authorizer URI: Cognito user pool ARNs are required");
  } else if (!isFunctionUri(authorizerUri) || authorizerUri.startsWith("arn:aws:lambda"))
    throw badRequest(
      `Invalid Authorizer URI: ${authorizerUri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.`,
    );
  checkExpression(rest.identityValidationExpression);
  const sources = sourcesOf(identitySource);
  if (type !== "REQUEST" && sources.length !== 1) throw badRequest("Invalid identity source: one header is required");
  if (type === "REQUEST" && sources.length === 0 && ttl > 0)
    throw badRequest("Identity source must be specified when caching is enabled");
  const wrong = sources.find((source) => !SOURCE.test(source));
  if (wrong !== undefined || (type !== "REQUEST" && !sources[0]!.startsWith("method.request.header.")))
    throw badRequest(`Invalid identity source: ${wrong ?? sources[0]}`);
}

function checkExpression(expression: string | undefined): void {
  try {
    if (expression) wholeMatch(expression);
  } catch {
    throw badRequest(`Invalid identity validation expression: ${expression}`);
  }
}

/** @throws AwsError AccessDeniedException */
function passCredentials(cx: Cx, { authorizerCredentials }: AuthorizerRecord): void {
  if (authorizerCredentials) cx.authorize(passRole(authorizerCredentials, "apigateway.amazonaws.com"));
}

/** The identity sources in their text, which parts them by commas. */
export function sourcesOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((source) => source.trim())
    .filter((source) => source !== "");
}

export function getAuthorizer(cx: Cx, input: Input<"apigateway", "GetAuthorizer">): Authorizer {
  return findAuthorizer(cx, input.restApiId, input.authorizerId);
}

export function getAuthorizers(
  cx: Cx,
  input: Input<"apigateway", "GetAuthorizers">,
): Output<"apigateway", "GetAuthorizers"> {
  const api = getApi(cx, input.restApiId);
  return pageOf([...cx.state.apis.authorizers.values({ prefix: [api.id] })], input);
}

/** AWS: "UpdateAuthorizer" patch operations. */
const RULES: PatchRules = {
  "/name": text,
  "/type": text,
  "/authType": text,
  "/authorizerUri": text,
  "/authorizerCredentials": removableText,
  "/identitySource": text,
  "/identityValidationExpression": removableText,
  "/authorizerResultTtlInSeconds": number,
  "/providerARNs": values,
};

export function updateAuthorizer(cx: Cx, input: Input<"apigateway", "UpdateAuthorizer">): Authorizer {
  const authorizer = findAuthorizer(cx, input.restApiId, input.authorizerId);
  const changed = defined(patched(authorizer, input.patchOperations, RULES));
  checkAuthorizer(changed);
  if (changed.authorizerCredentials !== authorizer.authorizerCredentials) passCredentials(cx, changed);
  cx.state.apis.authorizers.put([input.restApiId!, changed.id], changed);
  cx.state.changed(input.restApiId!);
  return changed;
}

export function deleteAuthorizer(cx: Cx, input: Input<"apigateway", "DeleteAuthorizer">): Record<string, never> {
  const authorizer = findAuthorizer(cx, input.restApiId, input.authorizerId);
  for (const resource of cx.state.apis.resources.values({ prefix: [input.restApiId!] }))
    for (const method of Object.values(resource.resourceMethods))
      if (method.authorizerId === authorizer.id)
        throw conflict(
          `Cannot delete authorizer '${authorizer.name}', is referenced in method: ${resource.path}/${method.httpMethod}`,
        );
  cx.state.apis.authorizers.remove([input.restApiId!, authorizer.id]);
  cx.state.changed(input.restApiId!);
  return {};
}
