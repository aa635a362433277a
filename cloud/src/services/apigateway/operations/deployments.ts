import type { Deployment } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getDeployment as findDeployment } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { patched, text, type PatchRules } from "../patch.ts";
import { checkStage, refuseStageSettings, STAGE_NAME } from "../stage-rules.ts";
import { dateOf, type ApiRecord, type DeploymentRecord } from "../state.ts";

export function createDeployment(cx: Cx, input: Input<"apigateway", "CreateDeployment">): Deployment {
  const api = getApi(cx, input.restApiId);
  refuseStageSettings({ ...input, canarySettings: input.canarySettings });
  checkMethods(cx, api);
  if (input.stageName !== undefined && input.stageName !== "" && !STAGE_NAME.test(input.stageName))
    throw badRequest("Stage name only allows a-zA-Z0-9_");
  const deployment: DeploymentRecord = {
    id: cx.state.apis.newId(6),
    ...(input.description === undefined ? {} : { description: input.description }),
    createdMs: cx.kernel.clock.now(),
    snapshot: cx.state.apis.snapshotOf(api),
  };
  cx.state.apis.deployments.put([api.id, deployment.id], deployment);
  if (input.stageName) deployTo(cx, api, deployment, input as typeof input & { stageName: string });
  cx.state.changed(api.id);
  return describe(deployment);
}

/** AWS: a deployment needs methods, and every method an integration. */
function checkMethods(cx: Cx, api: ApiRecord): void {
  const resources = [...cx.state.apis.resources.values({ prefix: [api.id] })];
  const methods = resources.flatMap((resource) => Object.values(resource.resourceMethods));
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods");
  if (methods.some((method) => !method.methodIntegration)) throw badRequest("No integration defined for method");
}

/** AWS: a stage that is named and not there is made; one that is there gets the new deployment. */
function deployTo(
  cx: Cx,
  api: ApiRecord,
  deployment: DeploymentRecord,
  input: Input<"apigateway", "CreateDeployment"> & { stageName: string },
): void {
  const { stages } = cx.state.apis;
  const now = cx.kernel.clock.now();
  const known = stages.get([api.id, input.stageName]);
  const stage = {
    tracingEnabled: false,
    cacheClusterEnabled: false,
    cacheClusterStatus: "NOT_AVAILABLE" as const,
    methodSettings: {},
    createdMs: now,
    ...known,
    stageName: input.stageName,
    deploymentId: deployment.id,
    updatedMs: now,
    ...(input.stageDescription === undefined ? {} : { description: input.stageDescription }),
    ...(input.tracingEnabled === undefined ? {} : { tracingEnabled: input.tracingEnabled }),
    ...(input.variables === undefined ? {} : { variables: { ...known?.variables, ...input.variables } }),
  };
  checkStage(cx, stage);
  stages.put([api.id, stage.stageName], stage);
}

export function getDeployment(cx: Cx, input: Input<"apigateway", "GetDeployment">): Deployment {
  const deployment = findDeployment(cx, input.restApiId, input.deploymentId);
  const embeds = input.embed?.some((name) => name.toLowerCase() === "apisummary") ?? false;
  return embeds ? { ...describe(deployment), apiSummary: summaryOf(deployment) } : describe(deployment);
}

function summaryOf({ snapshot }: DeploymentRecord): Deployment["apiSummary"] {
  const withMethods = snapshot.resources.filter((resource) => Object.keys(resource.resourceMethods).length > 0);
  return Object.fromEntries(
    withMethods.map(({ path, resourceMethods }) => [
      path,
      Object.fromEntries(
        Object.values(resourceMethods).map(({ httpMethod, authorizationType, apiKeyRequired }) => [
          httpMethod,
          { authorizationType, apiKeyRequired },
        ]),
      ),
    ]),
  );
}

export function getDeployments(
  cx: Cx,
  input: Input<"apigateway", "GetDeployments">,
): Output<"apigateway", "GetDeployments"> {
  const api = getApi(cx, input.restApiId);
  const deployments = [...cx.state.apis.deployments.values({ prefix: [api.id] })];
  const page = pageOf(
    deployments.sort((a, b) => b.createdMs - a.createdMs),
    input,
  );
  return { ...page, items: page.items.map(describe) };
}

const RULES: PatchRules = { "/description": text };

export function updateDeployment(cx: Cx, input: Input<"apigateway", "UpdateDeployment">): Deployment {
  const deployment = findDeployment(cx, input.restApiId, input.deploymentId);
  const changed = patched(deployment, input.patchOperations, RULES);
  cx.state.apis.deployments.put([input.restApiId!, deployment.id], changed);
  return describe(changed);
}

export function deleteDeployment(cx: Cx, input: Input<"apigateway", "DeleteDeployment">): Record<string, never> {
  const api = getApi(cx, input.restApiId);
  const deployment = cx.state.apis.deployments.get([api.id, input.deploymentId ?? ""]);
  if (!deployment) throw notFound("Invalid Deployment identifier specified");
  for (const stage of cx.state.apis.stages.values({ prefix: [api.id] }))
    if (stage.deploymentId === deployment.id)
      throw badRequest("Active stages pointing to this deployment must be moved or deleted");
  if (!cx.state.apis.deployments.remove([api.id, deployment.id])) throw conflict("Unable to complete operation");
  return {};
}

function describe(record: DeploymentRecord): Deployment {
  const { createdMs, snapshot: _, ...deployment } = record;
  return { ...deployment, createdDate: dateOf(createdMs) };
}
