import type { Deployment } from "@aws-sdk/client-apigatewayv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { deployed, newDeployment } from "../deployment.ts";
import { badRequest, conflict } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getDeployment as findDeployment, getStage } from "../lookup.ts";
import { pageOf } from "../page.ts";
import type { DeploymentRecord } from "../state.ts";

export function createDeployment(
  cx: Cx,
  { ApiId, Description, StageName }: Input<"apigatewayv2", "CreateDeployment">,
): Deployment {
  const api = getApi(cx, ApiId);
  const { apis } = cx.state;
  const stage = StageName === undefined ? undefined : getStage(cx, api, StageName);
  if (stage?.AutoDeploy) throw badRequest("Deployment cannot be created for a stage that has AutoDeploy enabled");
  const snapshot = apis.snapshotOf(api);
  if (snapshot.routes.length === 0) throw badRequest("At least one route is required before deploying the Api.");
  const deployment = newDeployment(cx, { AutoDeployed: false, Description, snapshot });
  apis.deployments.put([api.ApiId, deployment.DeploymentId], deployment);
  if (stage) apis.stages.put([api.ApiId, stage.StageName], deployed(cx, stage, deployment));
  cx.state.changed(api.ApiId);
  return describe(deployment);
}

export function getDeployment(cx: Cx, { ApiId, DeploymentId }: Input<"apigatewayv2", "GetDeployment">): Deployment {
  return describe(findDeployment(cx, getApi(cx, ApiId), DeploymentId));
}

export function getDeployments(
  cx: Cx,
  input: Input<"apigatewayv2", "GetDeployments">,
): Output<"apigatewayv2", "GetDeployments"> {
  const api = getApi(cx, input.ApiId);
  const deployments = [...cx.state.apis.deployments.values({ prefix: [api.ApiId] })].toSorted(
    (a, b) => b.createdMs - a.createdMs,
  );
  const { Items, ...rest } = pageOf(deployments, input);
  return { Items: Items.map(describe), ...rest };
}

export function updateDeployment(
  cx: Cx,
  { ApiId, DeploymentId, Description }: Input<"apigatewayv2", "UpdateDeployment">,
): Deployment {
  const api = getApi(cx, ApiId);
  const former = findDeployment(cx, api, DeploymentId);
  const deployment = { ...former, Description: Description ?? former.Description };
  cx.state.apis.deployments.put([api.ApiId, deployment.DeploymentId], deployment);
  return describe(deployment);
}

export function deleteDeployment(cx: Cx, { ApiId, DeploymentId }: Input<"apigatewayv2", "DeleteDeployment">): object {
  const api = getApi(cx, ApiId);
  findDeployment(cx, api, DeploymentId);
  for (const stage of cx.state.apis.stages.values({ prefix: [api.ApiId] }))
    if (stage.DeploymentId === DeploymentId)
      throw conflict("Active stages pointing to this deployment must be moved or deleted");
  cx.state.apis.deployments.remove([api.ApiId, DeploymentId!]);
  return {};
}

function describe(deployment: DeploymentRecord): Deployment {
  const { snapshot: _, createdMs, ...members } = deployment;
  return { ...members, CreatedDate: new Date(createdMs) };
}
