import { NotEmulatedError } from "../../../aws/error.ts";
import { executeArn } from "../../../gateway/arn.ts";
import { functionArnOf } from "../../../gateway/function-uri.ts";
import { policyEffect, type PolicyEffect } from "../../../gateway/policy-effect.ts";
import { within } from "../../../gateway/time-limit.ts";
import type { Verdict } from "../../../gateway/verdicts.ts";
import { compilePolicy } from "../../../iam/policy.ts";
import { realMs } from "../../../kernel/real-time.ts";
import { requestArn } from "../execute/arn.ts";
import { requestAuthorizerEvent } from "../execute/event.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";
import { valueOf } from "../execute/mapping.ts";
import type { Cx } from "../gateway.ts";
import { sourcesOf } from "../operations/authorizers.ts";
import type { AuthorizerRecord } from "../state.ts";
import { matches } from "./cognito.ts";
import { conditionKeys } from "./resource-policy.ts";

/** AWS: "Timeout for Lambda authorizer": as long as any integration. */
const TIMEOUT_MS = 30_000;

/**
 * Asks a Lambda authorizer, or its kept answer. AWS: "Use API Gateway Lambda authorizers".
 * @param resourcePolicy what the API's resource policy says: it may allow what the authorizer does not speak of
 * @throws GatewayFault UNAUTHORIZED where an identity source is missing, ACCESS_DENIED where it says no,
 *   AUTHORIZER_FAILURE and AUTHORIZER_CONFIGURATION_ERROR where it fails
 */
export async function authorizeByFunction(
  cx: Cx,
  exchange: Exchange,
  resourcePolicy: PolicyEffect,
): Promise<Authorization> {
  const { authorizer } = exchange.method!;
  if (!authorizer) throw new GatewayFault("AUTHORIZER_CONFIGURATION_ERROR", null);
  const identity = identityOf(authorizer, exchange);
  if (!identity) throw new GatewayFault("UNAUTHORIZED", "Unauthorized");
  const startMs = realMs();
  const answer = await verdictOf(cx, exchange, authorizer, identity);
  const latencyMs = Math.round(realMs() - startMs);
  exchange.authorizer = { status: 200, latencyMs };
  const hasPolicy = exchange.stage.api.policy !== undefined;
  decide(exchange, answer.policy!, hasPolicy && resourcePolicy === "allow");
  const { usageIdentifierKey } = answer;
  return {
    kind: "lambda",
    principalId: answer.principalId,
    context: texts(answer.context),
    latencyMs,
    ...(usageIdentifierKey === undefined ? {} : { usageIdentifierKey }),
  };
}

/** AWS: a kept policy is held against each method anew. */
function decide(exchange: Exchange, policy: string, isAllowedByResource: boolean): void {
  const effect = policyEffect(policy, requestArn(exchange), conditionKeys(exchange));
  if (effect === "allow" || (effect === "none" && isAllowedByResource)) return;
  exchange.authorizer = { ...exchange.authorizer, status: 403 };
  exchange.log?.info("The client is not authorized to perform this operation.");
  const how = effect === "deny" ? " with an explicit deny" : "";
  throw new GatewayFault("ACCESS_DENIED", `User is not authorized to access this resource${how}`);
}

/** The values of the identity sources; undefined where one is missing or does not look right. */
function identityOf(authorizer: AuthorizerRecord, exchange: Exchange): string[] | undefined {
  const found = sourcesOf(authorizer.identitySource).map((source) => valueOf(source, exchange));
  if (found.some((value) => value === undefined || value === "")) return undefined;
  const expression = authorizer.identityValidationExpression;
  if (authorizer.type === "TOKEN" && expression && !matches(expression, found[0])) return undefined;
  return found as string[];
}

interface Answer extends Verdict {
  readonly usageIdentifierKey?: string;
}

async function verdictOf(
  cx: Cx,
  exchange: Exchange,
  authorizer: AuthorizerRecord,
  identity: string[],
): Promise<Answer> {
  const { api, record } = exchange.stage;
  const ttlSeconds = identity.length > 0 ? (authorizer.authorizerResultTtlInSeconds ?? 0) : 0;
  const key = `${api.id}/${record.stageName}/${authorizer.id}/${JSON.stringify(identity)}`;
  const kept = ttlSeconds > 0 ? cx.state.verdicts.find(key) : undefined;
  if (kept) {
    exchange.log?.info(`Using cached authorizer result`);
    return kept;
  }
  const verdict = await ask(cx, exchange, authorizer, identity[0]);
  if (ttlSeconds > 0) cx.state.verdicts.keep(key, verdict, ttlSeconds);
  return verdict;
}

async function ask(
  cx: Cx,
  exchange: Exchange,
  authorizer: AuthorizerRecord,
  token: string | undefined,
): Promise<Answer> {
  const methodArn = requestArn(exchange);
  const event =
    authorizer.type === "TOKEN"
      ? { type: "TOKEN", methodArn, authorizationToken: token }
      : requestAuthorizerEvent(exchange, methodArn);
  const verdict = readVerdict(await invoke(cx, exchange, authorizer, event));
  if (verdict) return verdict;
  throw configurationError(exchange, "The authorizer's response is no principal and policy document");
}

async function invoke(cx: Cx, exchange: Exchange, authorizer: AuthorizerRecord, event: object): Promise<unknown> {
  const text = await invokeAuthorizer(cx, exchange, authorizer, event);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What the authorizer's function answers, as text.
 * @throws GatewayFault UNAUTHORIZED where it fails with the message `Unauthorized`; AUTHORIZER_FAILURE where it fails
 *   otherwise; AUTHORIZER_CONFIGURATION_ERROR where it may not be invoked
 */
async function invokeAuthorizer(
  cx: Cx,
  exchange: Exchange,
  authorizer: AuthorizerRecord,
  event: object,
): Promise<string> {
  const { stage, log } = exchange;
  const { scope, api } = stage;
  const uri = (authorizer.authorizerUri ?? "").replace(
    /\$\{stageVariables\.([\w-]+)\}/g,
    (_, name: string) => stage.variables?.[name] ?? "",
  );
  log?.info(`Sending request to ${uri}`);
  let answer;
  try {
    const as = authorizer.authorizerCredentials
      ? await cx.state.roleSessions.assume(cx, authorizer.authorizerCredentials, scope)
      : ({
          kind: "service",
          service: "apigateway.amazonaws.com",
          sourceArn: executeArn(scope, api.id, "authorizers", authorizer.id),
          sourceAccount: scope.account,
        } as const);
    const input = { FunctionName: functionArnOf(uri), Payload: Buffer.from(JSON.stringify(event)) };
    answer = await within(TIMEOUT_MS, cx.call("lambda", "Invoke", input, { as, scope }));
  } catch (error) {
    if (error instanceof NotEmulatedError) throw error;
    throw configurationError(exchange, error instanceof Error ? error.message : String(error));
  }
  if (!answer) throw failure(exchange, "The authorizer did not answer in time");
  const text = Buffer.from(answer.Payload ?? []).toString("utf8");
  if (!answer.FunctionError) return text;
  if (/"errorMessage"\s*:\s*"Unauthorized"/.test(text)) {
    exchange.authorizer = { status: 401, error: "Unauthorized" };
    throw new GatewayFault("UNAUTHORIZED", "Unauthorized");
  }
  throw failure(exchange, text);
}

function configurationError(exchange: Exchange, why: string): GatewayFault {
  exchange.authorizer = { status: 500, error: why };
  exchange.log?.error(`Execution failed due to configuration error: ${why}`);
  return new GatewayFault("AUTHORIZER_CONFIGURATION_ERROR", null, { cause: new Error(why) });
}

function failure(exchange: Exchange, why: string): GatewayFault {
  exchange.authorizer = { status: 500, error: why };
  exchange.log?.error(`Authorizer error: ${why}`);
  return new GatewayFault("AUTHORIZER_FAILURE", null, { cause: new Error(why) });
}

/** AWS: "Output from an API Gateway Lambda authorizer": a principal, a policy, and a flat context. */
function readVerdict(answer: unknown): Answer | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const { principalId, policyDocument, context, usageIdentifierKey } = answer as Record<string, unknown>;
  if (typeof principalId !== "string" || typeof policyDocument !== "object" || policyDocument === null)
    return undefined;
  if (context !== undefined && context !== null && !isFlat(context)) return undefined;
  const policy = JSON.stringify(policyDocument);
  try {
    compilePolicy(policy);
  } catch {
    return undefined;
  }
  return {
    policy,
    principalId,
    context: (context ?? undefined) as Record<string, unknown> | undefined,
    ...(typeof usageIdentifierKey === "string" ? { usageIdentifierKey } : {}),
  };
}

function isFlat(context: unknown): boolean {
  if (typeof context !== "object" || Array.isArray(context)) return false;
  return Object.values(context as object).every((value) => value === null || typeof value !== "object");
}

/** AWS: numbers and booleans of the context reach templates and functions as texts. */
function texts(context: Record<string, unknown> | undefined): Record<string, string> {
  const entries = Object.entries(context ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** For TestInvokeAuthorizer: asks without the cache. */
export async function testAuthorizer(
  cx: Cx,
  exchange: Exchange,
  authorizer: AuthorizerRecord,
): Promise<Answer | undefined> {
  const identity = identityOf(authorizer, exchange);
  return identity && ask(cx, exchange, authorizer, identity[0]);
}
