import type { Cx } from "./gateway.ts";
import type { ApiRecord, DeploymentRecord, StageRecord } from "./state.ts";

/**
 * Called after every change to what an API serves: deploys it to the stages that deploy by themselves, and lets the
 * compiled stages be made anew.
 */
export function apiChanged(cx: Cx, api: ApiRecord): void {
  const { stages } = cx.state.apis;
  const deploying = Array.from(stages.values({ prefix: [api.ApiId] })).filter((stage) => stage.AutoDeploy);
  for (const stage of deploying) stages.put([api.ApiId, stage.StageName], deployAutomatically(cx, api, stage));
  cx.state.changed(api.ApiId);
}

/**
 * Gives a stage a deployment that follows the API.
 * Gap: AWS keeps the superseded automatic deployments, which hold what was deployed then; here they go.
 */
export function deployAutomatically(cx: Cx, api: ApiRecord, stage: StageRecord): StageRecord {
  const { deployments } = cx.state.apis;
  const former = stage.DeploymentId === undefined ? undefined : deployments.get([api.ApiId, stage.DeploymentId]);
  if (former?.AutoDeployed) deployments.remove([api.ApiId, former.DeploymentId]);
  const deployment = newDeployment(cx, {
    AutoDeployed: true,
    Description: "Automatic deployment triggered by changes to the Api configuration",
  });
  deployments.put([api.ApiId, deployment.DeploymentId], deployment);
  return deployed(cx, stage, deployment);
}

/** Freezes what a stage serves, when it stops to deploy by itself. */
export function freeze(cx: Cx, api: ApiRecord, { DeploymentId }: StageRecord): void {
  const { apis } = cx.state;
  const deployment = DeploymentId === undefined ? undefined : apis.deployments.get([api.ApiId, DeploymentId]);
  if (deployment && !deployment.snapshot)
    apis.deployments.put([api.ApiId, deployment.DeploymentId], { ...deployment, snapshot: apis.snapshotOf(api) });
}

/** The stage with another deployment. */
export function deployed(cx: Cx, stage: StageRecord, { DeploymentId }: DeploymentRecord): StageRecord {
  const LastDeploymentStatusMessage = `Successfully deployed stage with deployment ID '${DeploymentId}'`;
  return { ...stage, DeploymentId, LastDeploymentStatusMessage, updatedMs: cx.kernel.clock.now() };
}

export function newDeployment(
  cx: Cx,
  facts: Pick<DeploymentRecord, "AutoDeployed" | "Description" | "snapshot">,
): DeploymentRecord {
  return {
    ...facts,
    DeploymentId: cx.state.apis.newId(6),
    DeploymentStatus: "DEPLOYED",
    createdMs: cx.kernel.clock.now(),
  };
}
