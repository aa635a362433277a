import type { MethodSetting, PatchOperation, Stage } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, limitExceeded } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getApi, getDeployment, getStage as findStage } from "../lookup.ts";
import { boolean, member, partsOf, patched, removableText, text, type PatchRules } from "../patch.ts";
import { checkStage } from "../stage-rules.ts";
import { dateOf, type StageRecord } from "../state.ts";
import { checkTags } from "../tags.ts";

/** AWS: "Quotas for configuring and running a REST API": stages per API. */
const STAGES_MAX = 10;

export function createStage(cx: Cx, input: Input<"apigateway", "CreateStage">): Stage {
  const api = getApi(cx, input.restApiId);
  const { stages } = cx.state.apis;
  getDeployment(cx, api.id, input.deploymentId);
  checkTags(input.tags);
  const now = cx.kernel.clock.now();
  const { restApiId: _, canarySettings, ...facts } = input;
  const stage: StageRecord = defined({
    ...facts,
    canarySettings: canarySettings as StageRecord["canarySettings"],
    stageName: input.stageName!,
    deploymentId: input.deploymentId!,
    cacheClusterEnabled: input.cacheClusterEnabled ?? false,
    cacheClusterStatus: "NOT_AVAILABLE" as const,
    methodSettings: {},
    tracingEnabled: input.tracingEnabled ?? false,
    createdMs: now,
    updatedMs: now,
  });
  checkStage(cx, stage);
  if (stages.has([api.id, stage.stageName])) throw conflict("Stage already exists");
  if (stages.count({ prefix: [api.id] }) >= STAGES_MAX)
    throw limitExceeded(
      "Maximum number of stages for this API has been reached. Please contact AWS if you need additional stages.",
    );
  stages.put([api.id, stage.stageName], stage);
  cx.state.changed(api.id);
  return describe(stage);
}

export function getStage(cx: Cx, { restApiId, stageName }: Input<"apigateway", "GetStage">): Stage {
  return describe(findStage(cx, restApiId, stageName));
}

export function getStages(cx: Cx, input: Input<"apigateway", "GetStages">): Output<"apigateway", "GetStages"> {
  const api = getApi(cx, input.restApiId);
  const stages = [...cx.state.apis.stages.values({ prefix: [api.id] })];
  const { deploymentId } = input;
  return {
    item: stages.filter((stage) => deploymentId === undefined || stage.deploymentId === deploymentId).map(describe),
  };
}

/** AWS: "UpdateStage" patch operations, besides those of method settings. */
const RULES: PatchRules = {
  "/deploymentId": text,
  "/description": text,
  "/clientCertificateId": text,
  "/documentationVersion": text,
  "/cacheClusterEnabled": boolean,
  "/cacheClusterSize": text,
  "/tracingEnabled": boolean,
  "/variables/*": member,
  "/accessLogSettings/destinationArn": removableText,
  "/accessLogSettings/format": removableText,
  "/accessLogSettings": { ops: ["remove"], kind: "text" },
  "/canarySettings/*": member,
  "/canarySettings/stageVariableOverrides/*": member,
};

export function updateStage(cx: Cx, input: Input<"apigateway", "UpdateStage">): Stage {
  const stage = findStage(cx, input.restApiId, input.stageName);
  const operations = input.patchOperations ?? [];
  const isPlain = ({ path = "" }: PatchOperation) =>
    Object.keys(RULES).some((rule) => rule.split("/")[1] === path.split("/")[1]);
  const changed = patched(stage, operations.filter(isPlain), RULES);
  changed.methodSettings = operations
    .filter((operation) => !isPlain(operation))
    .reduce(withSetting, changed.methodSettings ?? {});
  if (changed.deploymentId !== stage.deploymentId) getDeployment(cx, input.restApiId, changed.deploymentId);
  const updated = defined({ ...changed, updatedMs: cx.kernel.clock.now() });
  checkStage(cx, updated);
  cx.state.apis.stages.put([input.restApiId!, stage.stageName], updated);
  cx.state.changed(input.restApiId!);
  return describe(updated);
}

type Settings = Record<string, MethodSetting>;

const SETTINGS: Readonly<Record<string, [member: keyof MethodSetting, read: (value: string) => unknown]>> = {
  "logging/loglevel": ["loggingLevel", String],
  "logging/dataTrace": ["dataTraceEnabled", (value) => value === "true"],
  "metrics/enabled": ["metricsEnabled", (value) => value === "true"],
  "throttling/burstLimit": ["throttlingBurstLimit", Number],
  "throttling/rateLimit": ["throttlingRateLimit", Number],
  "caching/enabled": ["cachingEnabled", (value) => value === "true"],
  "caching/ttlInSeconds": ["cacheTtlInSeconds", Number],
  "caching/dataEncrypted": ["cacheDataEncrypted", (value) => value === "true"],
  "caching/requireAuthorizationForCacheControl": ["requireAuthorizationForCacheControl", (value) => value === "true"],
  "caching/unauthorizedCacheControlHeaderStrategy": ["unauthorizedCacheControlHeaderStrategy", String],
};

/** AWS: what a method's settings are where only some are given. */
const SETTING_DEFAULTS: MethodSetting = {
  metricsEnabled: false,
  dataTraceEnabled: false,
  throttlingBurstLimit: 5000,
  throttlingRateLimit: 10_000,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
};

/** Applies `/{resourcePath}/{httpMethod}/logging/loglevel` and so on; the resource's path is escaped, `~1pets`. */
function withSetting(settings: Settings, { op, path = "", value = "" }: PatchOperation): Settings {
  const parts = partsOf(path);
  const [resource = "", method = ""] = parts;
  // AWS: method settings are listed without the slash that the path begins with.
  const key = `${resource.replace(/^\//, "")}/${method}`;
  if (parts.length === 2 && op === "remove") {
    const { [key]: gone, ...rest } = settings;
    if (!gone)
      throw badRequest(`Cannot remove method setting ${key} because there is no method setting for this method `);
    return rest;
  }
  const known = SETTINGS[parts.slice(2).join("/")];
  if (!known || parts.length !== 4)
    throw badRequest(`Invalid method setting path: ${path}. Must be one of: [${validPaths().join(", ")}]`);
  if (op !== "replace" && op !== "add")
    throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`);
  return { ...settings, [key]: { ...SETTING_DEFAULTS, ...settings[key], [known[0]]: known[1](value) } };
}

function validPaths(): string[] {
  const plain = Object.keys(RULES).map((rule) => rule.replaceAll("*", "{name}"));
  return [...plain, ...Object.keys(SETTINGS).map((name) => `/{resourcePath}/{httpMethod}/${name}`)];
}

export function deleteStage(
  cx: Cx,
  { restApiId, stageName }: Input<"apigateway", "DeleteStage">,
): Record<string, never> {
  const stage = findStage(cx, restApiId, stageName);
  const inPlan = cx.state.apis
    .plansOf(cx.scope)
    .some((plan) => plan.apiStages.some((at) => at.apiId === restApiId && at.stage === stage.stageName));
  if (inPlan)
    throw badRequest(
      `Cannot delete stage '${stageName}', because it is associated with a usage plan. Please disassociate the stage from the usage plan and try again.`,
    );
  cx.state.apis.stages.remove([restApiId!, stage.stageName]);
  cx.state.changed(restApiId!);
  return {};
}

/** Gap: there is no cache, so there is nothing to flush but authorizers' answers. */
export function flushStageAuthorizersCache(
  cx: Cx,
  { restApiId, stageName }: Input<"apigateway", "FlushStageAuthorizersCache">,
): Record<string, never> {
  findStage(cx, restApiId, stageName);
  cx.state.verdicts.forget(`${restApiId}/${stageName}/`);
  return {};
}

function describe({ createdMs, updatedMs, ...stage }: StageRecord): Stage {
  return { ...stage, createdDate: dateOf(createdMs), lastUpdatedDate: dateOf(updatedMs) };
}
