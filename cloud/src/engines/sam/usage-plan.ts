import type { Context, Made, Source } from "./context.ts";
import { passedAttributes } from "./context.ts";
import { resourceError } from "./error.ts";
import { UsagePlanShare } from "./usage-plan-share.ts";
import { isObject, isSame, isTruthy, type Json } from "./json.ts";

const PROPERTIES = ["CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"];

/** `Auth.UsagePlan`: a usage plan, an API key and what joins them. @throws SamError */
export function makeUsagePlan(context: Context, source: Source, auth: Json, stage: Made): Made[] {
  const { logicalId, resource } = source;
  const plan = auth["UsagePlan"];
  if (plan === undefined || plan === null) return [];
  if (!isObject(plan)) throw resourceError(logicalId, "'UsagePlan' must be a dictionary");
  if (Object.keys(plan).some((name) => !PROPERTIES.includes(name)))
    throw resourceError(logicalId, "Invalid property for 'UsagePlan'");
  const kind = plan["CreateUsagePlan"];
  if (kind === undefined) throw resourceError(logicalId, "'CreateUsagePlan' is a required field for UsagePlan.");
  if (kind !== "SHARED" && kind !== "PER_API" && kind !== "NONE")
    throw resourceError(logicalId, "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].");
  if (kind === "NONE") return [];
  const isShared = kind === "SHARED";
  const prefix = isShared ? "Serverless" : logicalId;
  const share = isShared ? context.usagePlan : new UsagePlanShare();
  addOnce(share.dependsOn, logicalId);
  addOnce(share.apiStages, { ApiId: { Ref: logicalId }, Stage: { Ref: stage.logicalId } });
  addOnce(share.stageKeys, { RestApiId: { Ref: logicalId }, StageName: { Ref: stage.logicalId } });
  const passed = passedAttributes(resource);
  const attributes = isShared ? share.join(passed, context.conditions) : passed;
  const made = (suffix: string, type: string, dependsOn: unknown, properties: Json): Made => ({
    logicalId: prefix + suffix,
    type: `AWS::ApiGateway::${type}`,
    dependsOn,
    properties,
    attributes,
  });
  const more = Object.fromEntries(
    ["UsagePlanName", "Description", "Quota", "Tags", "Throttle"]
      .filter((name) => isTruthy(plan[name]))
      .map((name) => [name, plan[name]]),
  );
  return [
    made("UsagePlan", "UsagePlan", [...share.dependsOn], { ApiStages: [...share.apiStages], ...more }),
    made("ApiKey", "ApiKey", [`${prefix}UsagePlan`], { Enabled: true, StageKeys: [...share.stageKeys] }),
    made("UsagePlanKey", "UsagePlanKey", [`${prefix}ApiKey`], {
      KeyId: { Ref: `${prefix}ApiKey` },
      KeyType: "API_KEY",
      UsagePlanId: { Ref: `${prefix}UsagePlan` },
    }),
  ];
}

function addOnce<T>(list: T[], value: T): void {
  if (!list.some((one) => isSame(one, value))) list.push(value);
}
