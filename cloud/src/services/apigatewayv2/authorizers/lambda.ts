import { compilePolicy } from "../../../iam/policy.ts";
import { policyEffect } from "../../../gateway/policy-effect.ts";
import { within } from "../../../gateway/time-limit.ts";
import { executeArn } from "../../../gateway/arn.ts";
import { authorizerEvent10, authorizerEvent20 } from "../execute/event.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayError } from "../execute/reply.ts";
import type { Cx } from "../gateway.ts";
import { functionArnOf } from "../../../gateway/function-uri.ts";
import { requestArn } from "./iam.ts";
import { identityOf } from "./identity-source.ts";
import type { Verdict } from "../../../gateway/verdicts.ts";

/** AWS: "Timeout for Lambda authorizer response". */
const TIMEOUT_MS = 10_000;

/**
 * Asks a Lambda authorizer, or its kept answer.
 * AWS: "Control access to HTTP APIs with AWS Lambda authorizers in API Gateway".
 * @throws GatewayError 401 where an identity source is missing, 403 where it says no, 500 where it fails
 */
export async function authorizeByFunction(cx: Cx, exchange: Exchange): Promise<Authorization> {
  const authorizer = exchange.route!.authorizer!;
  const identity = identityOf(authorizer.IdentitySource, exchange);
  if (!identity) throw new GatewayError(401);
  const { api, record } = exchange.stage;
  const ttlSeconds = identity.length > 0 ? (authorizer.AuthorizerResultTtlInSeconds ?? 0) : 0;
  const key = `${api.ApiId}/${record.StageName}/${authorizer.AuthorizerId}/${JSON.stringify(identity)}`;
  let verdict = ttlSeconds > 0 ? cx.state.verdicts.find(key) : undefined;
  if (!verdict) {
    verdict = await ask(cx, exchange, identity);
    if (ttlSeconds > 0) cx.state.verdicts.keep(key, verdict, ttlSeconds);
  }
  if (!allows(verdict, requestArn(exchange), exchange)) throw new GatewayError(403);
  return { kind: "lambda", principalId: verdict.principalId, context: verdict.context };
}

async function ask(cx: Cx, exchange: Exchange, identity: readonly string[]): Promise<Verdict> {
  const authorizer = exchange.route!.authorizer!;
  const isNew = authorizer.AuthorizerPayloadFormatVersion !== "1.0";
  const makeEvent = isNew ? authorizerEvent20 : authorizerEvent10;
  const event = makeEvent(exchange, requestArn(exchange), identity);
  const answer = await invoke(cx, exchange, event);
  const verdict = readVerdict(answer, authorizer.EnableSimpleResponses === true);
  if (!verdict) throw failed(exchange, "The Lambda authorizer's response is malformed");
  return verdict;
}

async function invoke(cx: Cx, exchange: Exchange, event: object): Promise<unknown> {
  const { stage, route } = exchange;
  const authorizer = route!.authorizer!;
  const FunctionName = functionArnOf(authorizer.AuthorizerUri ?? "");
  const sourceArn = executeArn(stage.scope, stage.api.ApiId, "authorizers", authorizer.AuthorizerId);
  const credentials = authorizer.AuthorizerCredentialsArn;
  try {
    const as = credentials
      ? await cx.state.roleSessions.assume(cx, credentials, stage.scope)
      : ({
          kind: "service",
          service: "apigateway.amazonaws.com",
          sourceArn,
          sourceAccount: stage.scope.account,
        } as const);
    const called = cx.call(
      "lambda",
      "Invoke",
      { FunctionName, Payload: Buffer.from(JSON.stringify(event)) },
      { as, scope: stage.scope },
    );
    const answer = await within(TIMEOUT_MS, called);
    if (!answer) throw new Error("The Lambda authorizer did not answer within 10 s");
    const text = Buffer.from(answer.Payload ?? []).toString("utf8");
    if (answer.FunctionError) throw new Error(`The Lambda authorizer failed: ${text}`);
    return JSON.parse(text);
  } catch (error) {
    throw failed(exchange, error instanceof Error ? error.message : String(error));
  }
}

function failed(exchange: Exchange, why: string): GatewayError {
  exchange.authorizerError = why;
  return new GatewayError(500);
}

function readVerdict(answer: unknown, isSimple: boolean): Verdict | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const { isAuthorized, principalId, policyDocument, context } = answer as Record<string, unknown>;
  if (context !== undefined && context !== null && (typeof context !== "object" || Array.isArray(context)))
    return undefined;
  const about = {
    principalId: typeof principalId === "string" ? principalId : undefined,
    context: (context ?? undefined) as Record<string, unknown> | undefined,
  };
  if (isSimple) return typeof isAuthorized === "boolean" ? { isAuthorized, ...about } : undefined;
  const policy =
    typeof policyDocument === "object" && policyDocument !== null ? JSON.stringify(policyDocument) : undefined;
  if (policy === undefined || about.principalId === undefined) return undefined;
  try {
    compilePolicy(policy);
  } catch {
    return undefined;
  }
  return { policy, ...about };
}

/** AWS: a kept policy is held against each route anew; nothing allowed is denied. */
function allows(verdict: Verdict, resource: string, exchange: Exchange): boolean {
  if (verdict.policy === undefined) return verdict.isAuthorized === true;
  const context = {
    "aws:SourceIp": exchange.request.http.sourceIp,
    "aws:UserAgent": exchange.request.userAgent,
  };
  return policyEffect(verdict.policy, resource, context) === "allow";
}
