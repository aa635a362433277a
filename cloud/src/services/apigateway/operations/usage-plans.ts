import type { ApiStage, PatchOperation, UsagePlan, UsagePlanKey } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getStage } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { number, partsOf, patched, removableText, text, type PatchRules } from "../patch.ts";
import { isIn, type UsagePlanRecord } from "../state.ts";
import { checkTags } from "../tags.ts";
import { dayOf, periodStart, usedSince } from "../usage.ts";
import { findKey } from "./keys.ts";

export function createUsagePlan(cx: Cx, input: Input<"apigateway", "CreateUsagePlan">): UsagePlan {
  checkTags(input.tags);
  const plan: UsagePlanRecord = defined({
    id: cx.state.apis.newId(6),
    scope: cx.scope,
    createdMs: cx.kernel.clock.now(),
    name: input.name!,
    description: input.description,
    apiStages: input.apiStages ?? [],
    throttle: input.throttle,
    quota: input.quota && { offset: 0, ...input.quota },
    tags: input.tags,
    keyIds: [],
  });
  checkPlan(cx, plan);
  cx.state.apis.plans.put([plan.id], plan);
  return describe(plan);
}

/** @throws AwsError BadRequestException, NotFoundException */
function checkPlan(cx: Cx, { name, apiStages, quota }: UsagePlanRecord): void {
  if (name === "") throw badRequest("Usage Plan name cannot be blank");
  for (const { apiId, stage } of apiStages) getStage(cx, apiId, stage);
  if (!quota) return;
  const { limit = 0, offset = 0, period } = quota;
  if (limit < 0) throw badRequest("Usage Plan quota limit must not be negative");
  if (period === undefined) throw badRequest("Usage Plan quota period must be one of DAY, WEEK, MONTH");
  const offsetMax = period === "DAY" ? 0 : period === "WEEK" ? 6 : 27;
  if (offset < 0 || offset > offsetMax)
    throw badRequest(
      `Usage Plan quota offset must be ${offsetMax === 0 ? "zero in the DAY period" : `between zero and ${offsetMax}, inclusive, in the ${period} period`}`,
    );
}

/** @throws AwsError NotFoundException */
function findPlan(cx: Cx, id: string | undefined): UsagePlanRecord {
  const plan = cx.state.apis.plans.get([id ?? ""]);
  if (!plan || !isIn(plan.scope, cx.scope)) throw notFound("Invalid Usage Plan ID specified");
  return plan;
}

export function getUsagePlan(cx: Cx, input: Input<"apigateway", "GetUsagePlan">): UsagePlan {
  return describe(findPlan(cx, input.usagePlanId));
}

export function getUsagePlans(
  cx: Cx,
  input: Input<"apigateway", "GetUsagePlans">,
): Output<"apigateway", "GetUsagePlans"> {
  const plans = cx.state.apis
    .plansOf(cx.scope)
    .filter((plan) => input.keyId === undefined || plan.keyIds.includes(input.keyId));
  const page = pageOf(plans, input);
  return { ...page, items: page.items.map(describe) };
}

/** AWS: "UpdateUsagePlan" patch operations, besides those of its stages. */
const RULES: PatchRules = {
  "/name": text,
  "/description": text,
  "/productCode": text,
  "/throttle": { ops: ["remove"], kind: "text" },
  "/throttle/rateLimit": number,
  "/throttle/burstLimit": number,
  "/quota": { ops: ["remove"], kind: "text" },
  "/quota/limit": number,
  "/quota/offset": number,
  "/quota/period": removableText,
};

export function updateUsagePlan(cx: Cx, input: Input<"apigateway", "UpdateUsagePlan">): UsagePlan {
  const plan = findPlan(cx, input.usagePlanId);
  const operations = input.patchOperations ?? [];
  const isOfStage = ({ path }: PatchOperation) => path?.startsWith("/apiStages") ?? false;
  const changed = patched(
    plan,
    operations.filter((operation) => !isOfStage(operation)),
    RULES,
  );
  changed.apiStages = operations.filter(isOfStage).reduce(withStage, changed.apiStages);
  checkPlan(cx, changed);
  cx.state.apis.plans.put([plan.id], changed);
  return describe(changed);
}

/** `/apiStages` with `api:stage`, and `/apiStages/api:stage/throttle/{path~1to}/METHOD/rateLimit`. */
function withStage(stages: ApiStage[], { op, path = "", value = "" }: PatchOperation): ApiStage[] {
  const parts = partsOf(path);
  const named = parts.length === 1 ? value : parts[1]!;
  const [apiId = "", stage = ""] = named.split(":");
  const known = stages.find((one) => one.apiId === apiId && one.stage === stage);
  if (parts.length === 1) {
    if (op === "remove") {
      if (!known) throw notFound("Invalid API Stage specified");
      return stages.filter((one) => one !== known);
    }
    return known ? stages : [...stages, { apiId, stage }];
  }
  if (!known || parts[2] !== "throttle" || (op !== "remove" && parts.length !== 6))
    throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`);
  const route = parts.slice(3, 5).join("/");
  const { [route]: own = {}, ...rest } = known.throttle ?? {};
  const throttle =
    op === "remove" ? (parts.length > 3 ? rest : {}) : { ...rest, [route]: { ...own, [parts[5]!]: Number(value) } };
  return stages.map((one) => (one === known ? { ...known, throttle } : one));
}

export function deleteUsagePlan(cx: Cx, input: Input<"apigateway", "DeleteUsagePlan">): Record<string, never> {
  const plan = findPlan(cx, input.usagePlanId);
  if (plan.apiStages.length > 0)
    throw badRequest(
      `Cannot delete Usage Plan '${plan.name}' because it is associated with API Stages: ${plan.apiStages.map((at) => `${at.apiId}:${at.stage}`).join(", ")}. Please remove all API Stages from the Usage Plan and try again.`,
    );
  cx.state.apis.plans.remove([plan.id]);
  cx.state.apis.usage.clear({ prefix: [plan.id] });
  cx.state.apis.extensions.clear({ prefix: [plan.id] });
  return {};
}

function describe(record: UsagePlanRecord): UsagePlan {
  const { scope: _, createdMs: __, keyIds: ___, ...plan } = record;
  return plan;
}

// ---- keys of a plan ----

export function createUsagePlanKey(cx: Cx, input: Input<"apigateway", "CreateUsagePlanKey">): UsagePlanKey {
  const plan = findPlan(cx, input.usagePlanId);
  if (input.keyType !== "API_KEY") throw badRequest("Usage Plan key type must be API_KEY");
  const key = findKey(cx, input.keyId);
  if (plan.keyIds.includes(key.id)) throw conflict(`Usage Plan already contains API Key with ID ${key.id}`);
  const stages = new Set(plan.apiStages.map((at) => `${at.apiId}:${at.stage}`));
  for (const other of cx.state.apis.plansOf(cx.scope))
    if (other.keyIds.includes(key.id) && other.apiStages.some((at) => stages.has(`${at.apiId}:${at.stage}`)))
      throw conflict(`API Key ${key.id} is already associated with another usage plan of the same API stage`);
  cx.state.apis.plans.put([plan.id], { ...plan, keyIds: [...plan.keyIds, key.id] });
  return describeKey(cx, key.id);
}

function describeKey(cx: Cx, keyId: string): UsagePlanKey {
  const { id, name, value } = findKey(cx, keyId);
  return { id, type: "API_KEY", value, ...(name === undefined ? {} : { name }) };
}

export function getUsagePlanKey(cx: Cx, input: Input<"apigateway", "GetUsagePlanKey">): UsagePlanKey {
  if (!findPlan(cx, input.usagePlanId).keyIds.includes(input.keyId ?? ""))
    throw notFound("Invalid Usage Plan Key identifier specified");
  return describeKey(cx, input.keyId!);
}

export function getUsagePlanKeys(
  cx: Cx,
  input: Input<"apigateway", "GetUsagePlanKeys">,
): Output<"apigateway", "GetUsagePlanKeys"> {
  const keys = findPlan(cx, input.usagePlanId).keyIds.map((id) => describeKey(cx, id));
  return pageOf(
    keys.filter((key) => input.nameQuery === undefined || key.name?.startsWith(input.nameQuery)),
    input,
  );
}

export function deleteUsagePlanKey(cx: Cx, input: Input<"apigateway", "DeleteUsagePlanKey">): Record<string, never> {
  const plan = findPlan(cx, input.usagePlanId);
  if (!plan.keyIds.includes(input.keyId ?? "")) throw notFound("Invalid Usage Plan Key identifier specified");
  cx.state.apis.plans.put([plan.id], { ...plan, keyIds: plan.keyIds.filter((id) => id !== input.keyId) });
  return {};
}

// ---- usage ----

const DAY_MS = 86_400_000;

/** AWS: for each key, `[used, remaining]` of each day. */
export function getUsage(cx: Cx, input: Input<"apigateway", "GetUsage">): Output<"apigateway", "GetUsage"> {
  const plan = findPlan(cx, input.usagePlanId);
  const [start, end] = [Date.parse(`${input.startDate}T00:00:00Z`), Date.parse(`${input.endDate}T00:00:00Z`)];
  if (Number.isNaN(start) || Number.isNaN(end) || end < start || end - start > 90 * DAY_MS)
    throw badRequest("Usage date range must be of valid dates, at most 90 days apart");
  const page = pageOf(
    plan.keyIds.filter((id) => input.keyId === undefined || id === input.keyId),
    input,
  );
  const { items: ids, ...rest } = page;
  const items = Object.fromEntries(ids.map((id) => [id, daysOf(cx, plan, id, start, end)]));
  return { usagePlanId: plan.id, startDate: input.startDate, endDate: input.endDate, items, ...rest };
}

function daysOf(cx: Cx, plan: UsagePlanRecord, keyId: string, startMs: number, endMs: number): number[][] {
  const days: number[][] = [];
  for (let day = startMs; day <= endMs; day += DAY_MS) {
    const used = cx.state.apis.usage.get([plan.id, keyId, dayOf(day)]) ?? 0;
    days.push([used, remainingOf(cx, plan, keyId, day)]);
  }
  return days;
}

/** What is left of the quota at the end of a day; 0 without a quota. */
function remainingOf(cx: Cx, { id, quota }: UsagePlanRecord, keyId: string, dayMs: number): number {
  if (quota?.limit === undefined || quota.period === undefined) return 0;
  const start = periodStart(dayMs, quota.period, quota.offset);
  const after = usedSince(cx, id, keyId, start) - usedSince(cx, id, keyId, dayOf(dayMs + DAY_MS));
  return quota.limit + (cx.state.apis.extensions.get([id, keyId, start]) ?? 0) - after;
}

/** AWS: `/remaining` grants a key more or less of the quota for the rest of the period. */
export function updateUsage(cx: Cx, input: Input<"apigateway", "UpdateUsage">): Output<"apigateway", "UpdateUsage"> {
  const plan = findPlan(cx, input.usagePlanId);
  const keyId = input.keyId ?? "";
  if (!plan.keyIds.includes(keyId)) throw notFound("Invalid API Key identifier specified");
  if (plan.quota?.period === undefined) throw badRequest("Usage Plan has no quota");
  const now = cx.kernel.clock.now();
  for (const { op, path, value } of input.patchOperations ?? []) {
    if (op !== "replace" || path !== "/remaining")
      throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [/remaining]`);
    const start = periodStart(now, plan.quota.period, plan.quota.offset);
    const granted = Number(value) - remainingOf(cx, plan, keyId, now);
    const key = [plan.id, keyId, start];
    cx.state.apis.extensions.put(key, (cx.state.apis.extensions.get(key) ?? 0) + granted);
  }
  const today = dayOf(now);
  const items = { [keyId]: daysOf(cx, plan, keyId, Date.parse(today), Date.parse(today)) };
  return { usagePlanId: plan.id, startDate: today, endDate: today, items };
}
