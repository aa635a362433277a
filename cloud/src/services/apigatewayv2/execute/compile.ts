import type { RouteSettings } from "@aws-sdk/client-apigatewayv2";
import { apiHost } from "../../../aws/addresses.ts";
import type { ApiRecord, HttpApis, IntegrationRecord, RouteRecord, Snapshot, StageRecord } from "../state.ts";
import { logGroupOf } from "../../../gateway/log-writer.ts";
import { compileCors } from "./cors.ts";
import type { AccessLog, CompiledIntegration, CompiledRoute, CompiledStage } from "./exchange.ts";
import { compileLogFormat } from "./log-format.ts";
import { compileRequestMapping, compileResponseMapping } from "./parameter-mapping.ts";
import { RouteTable } from "../../../gateway/route-table.ts";
import type { Buckets, TokenBucket } from "../../../gateway/throttle.ts";

/** AWS: the account's limits, which fill in for the one of rate and burst that is not set. */
const ACCOUNT_RATE = 10_000;
const ACCOUNT_BURST = 5_000;
const NOTHING: Snapshot = { routes: [], integrations: [], authorizers: [] };

/** Makes the stages of an API ready to serve, each from its deployment. */
export function compileStages(apis: HttpApis, api: ApiRecord, buckets: Buckets): ReadonlyMap<string, CompiledStage> {
  const stages = new Map<string, CompiledStage>();
  for (const record of apis.stages.values({ prefix: [api.ApiId] }))
    stages.set(record.StageName, compileStage(api, record, snapshotOf(apis, api, record), buckets));
  return stages;
}

/** AWS: a stage without a deployment has no routes. */
function snapshotOf(apis: HttpApis, api: ApiRecord, { DeploymentId }: StageRecord): Snapshot {
  const deployment = DeploymentId === undefined ? undefined : apis.deployments.get([api.ApiId, DeploymentId]);
  if (!deployment) return NOTHING;
  return deployment.snapshot ?? apis.snapshotOf(api);
}

function compileStage(api: ApiRecord, record: StageRecord, snapshot: Snapshot, buckets: Buckets): CompiledStage {
  const variables = record.StageVariables ?? {};
  const integrations = new Map(
    snapshot.integrations.map((made) => [made.IntegrationId, compileIntegration(made, variables)]),
  );
  const authorizers = new Map(snapshot.authorizers.map((authorizer) => [authorizer.AuthorizerId, authorizer]));
  const routes = snapshot.routes.map((route): [string, CompiledRoute] => [
    route.RouteKey,
    {
      record: route,
      authorizer: route.AuthorizerId === undefined ? undefined : authorizers.get(route.AuthorizerId),
      integration: integrations.get(integrationOf(route)),
      bucket: bucketOf(api, record, route, buckets),
    },
  ]);
  return {
    api,
    record,
    scope: api.scope,
    domainName: apiHost(api.ApiId, api.scope),
    routes: new RouteTable(routes),
    cors: compileCors(snapshot.cors),
    log: compileLog(record),
    variables: Object.keys(variables).length > 0 ? variables : undefined,
  };
}

/** The id in a route's target, `integrations/ID`. */
export function integrationOf({ Target }: Pick<RouteRecord, "Target">): string {
  return Target?.replace(/^integrations\//, "") ?? "";
}

function compileIntegration(record: IntegrationRecord, variables: Record<string, string>): CompiledIntegration {
  const responses = Object.entries(record.ResponseParameters ?? {});
  const uri = record.IntegrationUri?.replace(
    /\$\{stageVariables\.([\w-]+)\}/g,
    (_, name: string) => variables[name] ?? "",
  );
  return {
    record: { ...record, IntegrationUri: uri },
    // The parameters of an AWS service integration are the service's, not changes to a request.
    requestMapping: record.IntegrationSubtype ? [] : compileRequestMapping(record.RequestParameters),
    responseMappings: new Map(responses.map(([status, parameters]) => [status, compileResponseMapping(parameters)])),
  };
}

function compileLog({ AccessLogSettings }: StageRecord): AccessLog | undefined {
  const { DestinationArn, Format } = AccessLogSettings ?? {};
  const logGroupName = DestinationArn === undefined ? undefined : logGroupOf(DestinationArn);
  if (logGroupName === undefined || Format === undefined) return undefined;
  return { logGroupName, format: compileLogFormat(Format) };
}

/** AWS: a route's own settings, then those of the stage, then the account's. */
function bucketOf(
  api: ApiRecord,
  stage: StageRecord,
  { RouteKey }: RouteRecord,
  buckets: Buckets,
): TokenBucket | undefined {
  const own: RouteSettings | undefined = stage.RouteSettings?.[RouteKey];
  const rate = own?.ThrottlingRateLimit ?? stage.DefaultRouteSettings?.ThrottlingRateLimit;
  const burst = own?.ThrottlingBurstLimit ?? stage.DefaultRouteSettings?.ThrottlingBurstLimit;
  if (rate === undefined && burst === undefined) return undefined;
  const limits = { ratePerSecond: rate ?? ACCOUNT_RATE, burst: burst ?? ACCOUNT_BURST };
  return buckets.bucketOf(api.ApiId, stage.StageName, RouteKey, limits);
}
