import type { Cx } from "../gateway.ts";
import { quotaFault } from "../usage.ts";
import type { ApiKeyRecord, UsagePlanRecord } from "../state.ts";
import type { Exchange } from "./exchange.ts";
import { GatewayFault } from "./fault.ts";

/**
 * Checks the API key of a request, and what its usage plan allows.
 * AWS: "Usage plans and API keys for REST APIs in API Gateway".
 * @throws GatewayFault INVALID_API_KEY, THROTTLED, QUOTA_EXCEEDED
 */
export function checkApiKey(cx: Cx, exchange: Exchange): void {
  const { method, stage } = exchange;
  if (!method!.record.apiKeyRequired) return;
  exchange.log?.info(`API Key authorization for request: ${exchange.request.requestId}`);
  const value = valueOf(exchange);
  const key = value === undefined ? undefined : cx.state.keyOf(stage.scope, value);
  const plan = key?.enabled ? planOf(cx, exchange, key) : undefined;
  if (!key || !plan) throw new GatewayFault("INVALID_API_KEY", "Forbidden");
  exchange.apiKey = { id: key.id, value: key.value };
  throttle(cx, exchange, plan, key);
  if (quotaFault(cx, plan, key.id)) throw new GatewayFault("QUOTA_EXCEEDED", "Limit Exceeded");
}

function valueOf({ stage, request, authorization }: Exchange): string | undefined {
  if (stage.api.apiKeySource !== "AUTHORIZER") return request.header("X-API-Key");
  return authorization?.kind === "lambda" ? authorization.usageIdentifierKey : undefined;
}

/** The usage plan that has both the key and the stage. */
function planOf(cx: Cx, { stage }: Exchange, { id }: ApiKeyRecord): UsagePlanRecord | undefined {
  return cx.state.apis
    .plansOf(stage.scope)
    .find((plan) => plan.keyIds.includes(id) && plan.apiStages.some((at) => isStage(at, stage)));
}

function isStage(at: { apiId?: string; stage?: string }, { api, record }: Exchange["stage"]): boolean {
  return at.apiId === api.id && at.stage === record.stageName;
}

/** AWS: first the key's limit for the method, then its limit for the plan. */
function throttle(cx: Cx, { stage, method }: Exchange, plan: UsagePlanRecord, { id }: ApiKeyRecord): void {
  const at = plan.apiStages.find((one) => isStage(one, stage))!;
  const route = `${method!.resource.path}/${method!.record.httpMethod}`;
  const own = at.throttle?.[route];
  const now = cx.kernel.clock.now();
  for (const [name, limits] of [
    [`plan ${plan.id} ${id} ${route}`, own],
    [`plan ${plan.id} ${id}`, plan.throttle],
  ] as const) {
    if (!limits || (limits.rateLimit === undefined && limits.burstLimit === undefined)) continue;
    const bucket = cx.state.buckets.bucketOf(stage.api.id, stage.record.stageName, name, {
      ratePerSecond: limits.rateLimit ?? Infinity,
      burst: limits.burstLimit ?? limits.rateLimit ?? 0,
    });
    if (!bucket.take(now)) throw new GatewayFault("THROTTLED", "Too Many Requests");
  }
}
