import type { ApiKey, StageKey } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getStage } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { boolean, patched, text, values, type PatchRules } from "../patch.ts";
import { dateOf, isIn, type ApiKeyRecord } from "../state.ts";
import { checkTags } from "../tags.ts";

const VALUE_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

export function createApiKey(cx: Cx, input: Input<"apigateway", "CreateApiKey">): ApiKey {
  checkTags(input.tags);
  if (input.value !== undefined && (input.value.length < 20 || input.value.length > 128))
    throw badRequest("API Key value should be at least 20 characters");
  const value = input.value ?? cx.kernel.random.text(40, VALUE_ALPHABET);
  if (cx.state.keyOf(cx.scope, value)) throw conflict("API Key already exists");
  const now = cx.kernel.clock.now();
  const id = cx.state.apis.newId(10);
  const key: ApiKeyRecord = defined({
    id,
    scope: cx.scope,
    value,
    name: input.name ?? id,
    customerId: input.customerId,
    description: input.description,
    enabled: input.enabled ?? false,
    stageKeys: (input.stageKeys ?? []).map((stage) => stageKey(cx, stage)),
    tags: input.tags,
    createdMs: now,
    updatedMs: now,
  });
  cx.state.apis.keys.put([key.id], key);
  cx.state.keysChanged();
  return describe(key, true);
}

function stageKey(cx: Cx, { restApiId, stageName }: StageKey): string {
  getStage(cx, restApiId, stageName);
  return `${restApiId}/${stageName}`;
}

/** @throws AwsError NotFoundException */
export function findKey(cx: Cx, id: string | undefined): ApiKeyRecord {
  const key = cx.state.apis.keys.get([id ?? ""]);
  if (!key || !isIn(key.scope, cx.scope)) throw notFound("Invalid API Key identifier specified");
  return key;
}

export function getApiKey(cx: Cx, input: Input<"apigateway", "GetApiKey">): ApiKey {
  return describe(findKey(cx, input.apiKey), input.includeValue === true);
}

export function getApiKeys(cx: Cx, input: Input<"apigateway", "GetApiKeys">): Output<"apigateway", "GetApiKeys"> {
  const { nameQuery, customerId, includeValues } = input;
  const keys = cx.state.apis
    .keysOf(cx.scope)
    .filter((key) => nameQuery === undefined || key.name?.startsWith(nameQuery))
    .filter((key) => customerId === undefined || key.customerId === customerId);
  const page = pageOf(keys, input);
  return { ...page, items: page.items.map((key) => describe(key, includeValues === true)) };
}

const RULES: PatchRules = {
  "/name": text,
  "/description": text,
  "/customerId": text,
  "/enabled": boolean,
  "/stages": { ...values, at: ["stageKeys"] },
};

export function updateApiKey(cx: Cx, input: Input<"apigateway", "UpdateApiKey">): ApiKey {
  const changed = patched(findKey(cx, input.apiKey), input.patchOperations, RULES);
  const key = { ...changed, updatedMs: cx.kernel.clock.now() };
  cx.state.apis.keys.put([key.id], key);
  cx.state.keysChanged();
  return describe(key, false);
}

export function deleteApiKey(cx: Cx, input: Input<"apigateway", "DeleteApiKey">): Record<string, never> {
  const key = findKey(cx, input.apiKey);
  for (const plan of cx.state.apis.plansOf(cx.scope))
    if (plan.keyIds.includes(key.id))
      cx.state.apis.plans.put([plan.id], { ...plan, keyIds: plan.keyIds.filter((id) => id !== key.id) });
  cx.state.apis.keys.remove([key.id]);
  cx.state.keysChanged();
  return {};
}

function describe(record: ApiKeyRecord, withValue: boolean): ApiKey {
  const { scope: _, createdMs, updatedMs, value, ...key } = record;
  return {
    ...key,
    ...(withValue ? { value } : {}),
    createdDate: dateOf(createdMs),
    lastUpdatedDate: dateOf(updatedMs),
  };
}

/**
 * Keys from a CSV file. AWS: "Import API keys from a file": columns Name, Key, Description, Enabled, UsagePlanIds.
 */
export function importApiKeys(
  cx: Cx,
  input: Input<"apigateway", "ImportApiKeys">,
): Output<"apigateway", "ImportApiKeys"> {
  const lines = Buffer.from(input.body as Uint8Array)
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const columns = cellsOf(lines[0] ?? "").map((name) => name.toLowerCase());
  if (!columns.includes("name") || !columns.includes("key"))
    throw badRequest("Failed to parse file: the columns Name and Key are required");
  const made = lines.slice(1).map((line) => {
    const cells = cellsOf(line);
    const cell = (name: string) => cells[columns.indexOf(name)];
    const enabled = cell("enabled")?.toUpperCase() !== "FALSE";
    const { id } = createApiKey(cx, {
      name: cell("name"),
      value: cell("key"),
      description: cell("description"),
      enabled,
    });
    for (const planId of (cell("usageplanids") ?? "").split(",").filter((text) => text !== ""))
      addToPlan(cx, planId.trim(), id!);
    return id!;
  });
  return { ids: made, warnings: [] };
}

function addToPlan(cx: Cx, planId: string, keyId: string): void {
  const plan = cx.state.apis.plans.get([planId]);
  if (!plan) throw notFound("Invalid Usage Plan ID specified");
  cx.state.apis.plans.put([planId], { ...plan, keyIds: [...plan.keyIds, keyId] });
}

/** The cells of a line of a CSV file; a cell in quotes may hold commas. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  );
}
