import type { PatchOperation, QuotaSettings } from "@aws-sdk/client-api-gateway";
import { defineResource, type ResourceTag } from "../../deploy/resource.ts";
import { retag } from "./resources-api.ts";
import { replacements } from "./resources-settings.ts";

/** The CloudFormation types of API keys and usage plans. */

interface KeyProps {
  Name?: string;
  Description?: string;
  CustomerId?: string;
  Enabled?: boolean;
  GenerateDistinctId?: boolean;
  StageKeys?: { RestApiId?: string; StageName?: string }[];
  Value?: string;
  Tags?: ResourceTag[];
}

export const apiKey = defineResource<KeyProps>({
  type: "AWS::ApiGateway::ApiKey",
  honours: {
    Name: true,
    Description: true,
    CustomerId: true,
    Enabled: true,
    GenerateDistinctId: { harmless: "Katachi gives every API key a value of its own" },
    StageKeys: true,
    Value: true,
    Tags: true,
  },
  async create(cx, props) {
    const made = await cx.call("apigateway", "CreateApiKey", {
      name: props.Name ?? cx.physicalName(128),
      description: props.Description,
      customerId: props.CustomerId,
      enabled: props.Enabled,
      value: props.Value,
      stageKeys: props.StageKeys?.map(({ RestApiId, StageName }) => ({ restApiId: RestApiId, stageName: StageName })),
      tags: cx.mergedTagMap(props.Tags),
    });
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId, props, previous }) {
    const patchOperations: PatchOperation[] = replacements({
      description: [previous.Description, props.Description],
      customerId: [previous.CustomerId, props.CustomerId],
      enabled: [String(previous.Enabled ?? false), String(props.Enabled ?? false)],
    });
    const [before, now] = [stagesOf(previous), stagesOf(props)];
    for (const value of before)
      if (!now.includes(value)) patchOperations.push({ op: "remove", path: "/stages", value });
    for (const value of now) if (!before.includes(value)) patchOperations.push({ op: "add", path: "/stages", value });
    await cx.call("apigateway", "UpdateApiKey", { apiKey: physicalId, patchOperations });
    await retag(cx, `arn:aws:apigateway:${cx.scope.region}::/apikeys/${physicalId}`, previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("apigateway", "DeleteApiKey", { apiKey: physicalId });
  },
  async attributes(_, physicalId) {
    return { APIKeyId: physicalId };
  },
});

function stagesOf({ StageKeys = [] }: KeyProps): string[] {
  return StageKeys.map(({ RestApiId, StageName }) => `${RestApiId}/${StageName}`);
}

interface ThrottleProps {
  BurstLimit?: number;
  RateLimit?: number;
}

interface PlanProps {
  UsagePlanName?: string;
  Description?: string;
  ApiStages?: { ApiId?: string; Stage?: string; Throttle?: Record<string, ThrottleProps> }[];
  Quota?: { Limit?: number; Offset?: number; Period?: string };
  Throttle?: ThrottleProps;
  Tags?: ResourceTag[];
}

export const usagePlan = defineResource<PlanProps>({
  type: "AWS::ApiGateway::UsagePlan",
  honours: { UsagePlanName: true, Description: true, ApiStages: true, Quota: true, Throttle: true, Tags: true },
  async create(cx, props) {
    const made = await cx.call("apigateway", "CreateUsagePlan", {
      name: props.UsagePlanName ?? cx.physicalName(128),
      description: props.Description,
      apiStages: (props.ApiStages ?? []).map(({ ApiId, Stage, Throttle }) => ({
        apiId: ApiId,
        stage: Stage,
        ...(Throttle
          ? { throttle: Object.fromEntries(Object.entries(Throttle).map(([route, one]) => [route, throttleOf(one)!])) }
          : {}),
      })),
      quota: quotaOf(props),
      throttle: throttleOf(props.Throttle),
      tags: cx.mergedTagMap(props.Tags),
    });
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId, props, previous }) {
    const patchOperations: PatchOperation[] = [
      ...replacements({
        name: [previous.UsagePlanName, props.UsagePlanName ?? previous.UsagePlanName],
        description: [previous.Description, props.Description],
      }),
      ...limitChanges("throttle", throttleOf(previous.Throttle), throttleOf(props.Throttle)),
      ...limitChanges("quota", quotaOf(previous), quotaOf(props)),
      ...stageChanges(previous, props),
    ];
    await cx.call("apigateway", "UpdateUsagePlan", { usagePlanId: physicalId, patchOperations });
    await retag(cx, `arn:aws:apigateway:${cx.scope.region}::/usageplans/${physicalId}`, previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId, props }) {
    // AWS: a plan with stages cannot be deleted; CloudFormation takes them out first.
    await cx.call("apigateway", "UpdateUsagePlan", {
      usagePlanId: physicalId,
      patchOperations: stageChanges(props, {}),
    });
    await cx.call("apigateway", "DeleteUsagePlan", { usagePlanId: physicalId });
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

function throttleOf(throttle: ThrottleProps | undefined) {
  return throttle && { burstLimit: throttle.BurstLimit, rateLimit: throttle.RateLimit };
}

function quotaOf({ Quota }: PlanProps): QuotaSettings | undefined {
  return Quota && { limit: Quota.Limit, offset: Quota.Offset ?? 0, period: Quota.Period as QuotaSettings["period"] };
}

function limitChanges(name: string, before: object | undefined, now: object | undefined): PatchOperation[] {
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  if (!now) return [{ op: "remove", path: `/${name}` }];
  return Object.entries(now)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ op: "replace", path: `/${name}/${key}`, value: String(value) }));
}

function stageChanges(previous: PlanProps, props: PlanProps): PatchOperation[] {
  const keyed = ({ ApiStages = [] }: PlanProps) =>
    new Map(ApiStages.map((stage) => [`${stage.ApiId}:${stage.Stage}`, stage]));
  const [before, now] = [keyed(previous), keyed(props)];
  const changes: PatchOperation[] = [];
  for (const [key, stage] of before)
    if (JSON.stringify(now.get(key)) !== JSON.stringify(stage))
      changes.push({ op: "remove", path: "/apiStages", value: key });
  for (const [key, stage] of now) {
    if (JSON.stringify(before.get(key)) === JSON.stringify(stage)) continue;
    changes.push({ op: "add", path: "/apiStages", value: key });
    for (const [route, limits] of Object.entries(stage.Throttle ?? {})) {
      const slash = route.lastIndexOf("/");
      const at = `/apiStages/${key}/throttle/${route.slice(0, slash).replaceAll("/", "~1")}/${route.slice(slash + 1)}`;
      for (const [name, value] of Object.entries(throttleOf(limits)!))
        if (value !== undefined) changes.push({ op: "replace", path: `${at}/${name}`, value: String(value) });
    }
  }
  return changes;
}

interface PlanKeyProps {
  KeyId: string;
  KeyType: string;
  UsagePlanId: string;
}

export const usagePlanKey = defineResource<PlanKeyProps>({
  type: "AWS::ApiGateway::UsagePlanKey",
  honours: { KeyId: true, KeyType: true, UsagePlanId: true },
  async create(cx, { KeyId, KeyType, UsagePlanId }) {
    await cx.call("apigateway", "CreateUsagePlanKey", { keyId: KeyId, keyType: KeyType, usagePlanId: UsagePlanId });
    return { physicalId: `${KeyId}:${UsagePlanId}` };
  },
  async delete(cx, { props }) {
    await cx.call("apigateway", "DeleteUsagePlanKey", { usagePlanId: props.UsagePlanId, keyId: props.KeyId });
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});
