import type { Stage } from "@aws-sdk/client-apigatewayv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { apiChanged, deployAutomatically, deployed, freeze } from "../deployment.ts";
import { conflict, tooMany, unknownRouteSettings } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { allowLogDelivery } from "../log-delivery.ts";
import { getApi, getDeployment, getStage as findStage, givenOf } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { checkStage } from "../stage-rules.ts";
import type { StageRecord } from "../state.ts";
import { checkTags } from "../tags.ts";

/** AWS: "Quotas for configuring and running an HTTP API". */
const STAGES_MAX = 10;

export async function createStage(cx: Cx, input: Input<"apigatewayv2", "CreateStage">): Promise<Stage> {
  const api = getApi(cx, input.ApiId);
  const { stages } = cx.state.apis;
  checkStage(cx, api, input);
  checkTags(input.Tags);
  await allowLogDelivery(cx, input.AccessLogSettings);
  return cx.kernel.store.transaction(() => {
    if (stages.has([api.ApiId, input.StageName!])) throw conflict("Stage already exists");
    if (stages.count({ prefix: [api.ApiId] }) >= STAGES_MAX) throw tooMany("Stages");
    const now = cx.kernel.clock.now();
    const facts = givenOf(input, "ApiId", "DeploymentId");
    const made: StageRecord = {
      ...facts,
      StageName: input.StageName!,
      AutoDeploy: input.AutoDeploy ?? false,
      createdMs: now,
      updatedMs: now,
    };
    const stage = made.AutoDeploy
      ? deployAutomatically(cx, api, made)
      : input.DeploymentId === undefined
        ? made
        : deployed(cx, made, getDeployment(cx, api, input.DeploymentId));
    stages.put([api.ApiId, stage.StageName], stage);
    cx.state.changed(api.ApiId);
    return describe(stage);
  });
}

export function getStage(cx: Cx, { ApiId, StageName }: Input<"apigatewayv2", "GetStage">): Stage {
  return describe(findStage(cx, getApi(cx, ApiId), StageName));
}

export function getStages(cx: Cx, input: Input<"apigatewayv2", "GetStages">): Output<"apigatewayv2", "GetStages"> {
  const api = getApi(cx, input.ApiId);
  const { Items, ...rest } = pageOf([...cx.state.apis.stages.values({ prefix: [api.ApiId] })], input);
  return { Items: Items.map(describe), ...rest };
}

export async function updateStage(cx: Cx, input: Input<"apigatewayv2", "UpdateStage">): Promise<Stage> {
  const api = getApi(cx, input.ApiId);
  const found = findStage(cx, api, input.StageName);
  const given = givenOf(input, "ApiId");
  checkStage(cx, api, { ...given, AutoDeploy: given.AutoDeploy ?? found.AutoDeploy });
  await allowLogDelivery(cx, input.AccessLogSettings);
  return cx.kernel.store.transaction(() => {
    const former = findStage(cx, api, input.StageName);
    const { DeploymentId, ...facts } = given;
    let stage: StageRecord = {
      ...former,
      ...facts,
      StageName: former.StageName,
      AutoDeploy: given.AutoDeploy ?? former.AutoDeploy,
      ...(given.RouteSettings ? { RouteSettings: { ...former.RouteSettings, ...given.RouteSettings } } : {}),
      ...(given.StageVariables ? { StageVariables: mergedVariables(former.StageVariables, given.StageVariables) } : {}),
      updatedMs: cx.kernel.clock.now(),
    };
    if (former.AutoDeploy && !stage.AutoDeploy) freeze(cx, api, former);
    if (stage.AutoDeploy) stage = deployAutomatically(cx, api, stage);
    else if (DeploymentId !== undefined) stage = deployed(cx, stage, getDeployment(cx, api, DeploymentId));
    cx.state.apis.stages.put([api.ApiId, stage.StageName], stage);
    cx.state.changed(api.ApiId);
    return describe(stage);
  });
}

/** AWS: an update adds to the variables; an empty value takes one away. */
function mergedVariables(
  former: Readonly<Record<string, string>> | undefined,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...former, ...given }).filter(([, value]) => value !== ""));
}

export function deleteStage(cx: Cx, { ApiId, StageName }: Input<"apigatewayv2", "DeleteStage">): object {
  const api = getApi(cx, ApiId);
  const stage = findStage(cx, api, StageName);
  const { apis } = cx.state;
  const deployment =
    stage.DeploymentId === undefined ? undefined : apis.deployments.get([api.ApiId, stage.DeploymentId]);
  if (deployment?.AutoDeployed) apis.deployments.remove([api.ApiId, deployment.DeploymentId]);
  apis.stages.remove([api.ApiId, stage.StageName]);
  cx.state.changed(api.ApiId);
  return {};
}

export function deleteAccessLogSettings(
  cx: Cx,
  { ApiId, StageName }: Input<"apigatewayv2", "DeleteAccessLogSettings">,
): object {
  const api = getApi(cx, ApiId);
  const { AccessLogSettings: _, ...stage } = findStage(cx, api, StageName);
  cx.state.apis.stages.put([api.ApiId, stage.StageName], stage);
  apiChanged(cx, api);
  return {};
}

export function deleteRouteSettings(
  cx: Cx,
  { ApiId, StageName, RouteKey }: Input<"apigatewayv2", "DeleteRouteSettings">,
): object {
  const api = getApi(cx, ApiId);
  const stage = findStage(cx, api, StageName);
  if (stage.RouteSettings?.[RouteKey!] === undefined) throw unknownRouteSettings(RouteKey!);
  const { [RouteKey!]: _, ...RouteSettings } = stage.RouteSettings;
  cx.state.apis.stages.put([api.ApiId, stage.StageName], { ...stage, RouteSettings });
  apiChanged(cx, api);
  return {};
}

function describe({ createdMs, updatedMs, ...members }: StageRecord): Stage {
  return {
    DefaultRouteSettings: { DetailedMetricsEnabled: false },
    RouteSettings: {},
    StageVariables: {},
    Tags: {},
    ...members,
    CreatedDate: new Date(createdMs),
    LastUpdatedDate: new Date(updatedMs),
  };
}
