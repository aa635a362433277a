import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import { apiHost } from "../../../aws/addresses.ts";
import { logGroupOf } from "../../../gateway/log-writer.ts";
import { RouteTable } from "../../../gateway/route-table.ts";
import type { Buckets, TokenBucket } from "../../../gateway/throttle.ts";
import { ACCOUNT_THROTTLE } from "../operations/account.ts";
import type { ApiRecord, MethodRecord, ResourceRecord, RestApis, Snapshot, StageRecord } from "../state.ts";
import { compileBodyCheck, type BodyCheck } from "./body-check.ts";
import type { AccessLog, CompiledMethod, CompiledStage } from "./exchange.ts";
import { compileLogFormat } from "./log-format.ts";

/** Makes the stages of an API ready to serve, each from its deployment. */
export function compileStages(apis: RestApis, api: ApiRecord, buckets: Buckets): ReadonlyMap<string, CompiledStage> {
  const stages = new Map<string, CompiledStage>();
  for (const record of apis.stages.values({ prefix: [api.id] })) {
    const deployment = apis.deployments.get([api.id, record.deploymentId]);
    if (deployment) stages.set(record.stageName, compileStage(record, deployment.snapshot, buckets));
  }
  return stages;
}

/** A stage that serves what a snapshot holds. */
export function compileStage(record: StageRecord, snapshot: Snapshot, buckets: Buckets): CompiledStage {
  const { api } = snapshot;
  const methods = snapshot.resources.flatMap((resource) =>
    Object.values(resource.resourceMethods).map((method): [string, CompiledMethod] => [
      `${method.httpMethod} ${resource.path}`,
      compileMethod({ record, snapshot, resource, method }, buckets),
    ]),
  );
  const variables = record.variables ?? {};
  return {
    api,
    record,
    scope: api.scope,
    domainName: apiHost(api.id, api.scope),
    routes: new RouteTable(methods),
    gatewayResponses: new Map(snapshot.gatewayResponses.map((response) => [response.responseType, response])),
    log: compileLog(record),
    variables: Object.keys(variables).length > 0 ? variables : null,
  };
}

interface MethodParts {
  readonly record: StageRecord;
  readonly snapshot: Snapshot;
  readonly resource: ResourceRecord;
  readonly method: MethodRecord;
}

/** A method as it runs in a stage. */
export function compileMethod({ record, snapshot, resource, method }: MethodParts, buckets: Buckets): CompiledMethod {
  const settings = settingsOf(record, resource, method);
  const validator = snapshot.validators.find(({ id }) => id === method.requestValidatorId);
  const checks = new Map<string, BodyCheck | undefined>();
  return {
    resource,
    record: method,
    integration: method.methodIntegration!,
    authorizer: snapshot.authorizers.find(({ id }) => id === method.authorizerId),
    validator,
    models: snapshot.models,
    bodyCheck(contentType) {
      const model = method.requestModels?.[contentType] ?? method.requestModels?.["$default"];
      if (model === undefined) return undefined;
      if (!checks.has(model)) checks.set(model, compileBodyCheck(snapshot.models, model));
      return checks.get(model);
    },
    settings,
    bucket: bucketOf(snapshot.api, record, `${method.httpMethod} ${resource.path}`, settings, buckets),
  };
}

/** AWS: a method's own settings, then those of all methods of the stage (`*­/*`). */
function settingsOf(
  { methodSettings = {} }: StageRecord,
  { path }: ResourceRecord,
  method: MethodRecord,
): MethodSetting {
  const own = methodSettings[`${path.slice(1)}/${method.httpMethod}`] ?? methodSettings[`${path}/${method.httpMethod}`];
  return own ?? methodSettings["*/*"] ?? {};
}

/** AWS: limits of -1 are those of the account. */
function bucketOf(
  api: ApiRecord,
  stage: StageRecord,
  route: string,
  { throttlingRateLimit: rate, throttlingBurstLimit: burst }: MethodSetting,
  buckets: Buckets,
): TokenBucket | undefined {
  if (rate === undefined && burst === undefined) return undefined;
  const limits = {
    ratePerSecond: rate === undefined || rate < 0 ? ACCOUNT_THROTTLE.rateLimit : rate,
    burst: burst === undefined || burst < 0 ? ACCOUNT_THROTTLE.burstLimit : burst,
  };
  return buckets.bucketOf(api.id, stage.stageName, route, limits);
}

function compileLog({ accessLogSettings }: StageRecord): AccessLog | undefined {
  const { destinationArn, format } = accessLogSettings ?? {};
  const logGroupName = destinationArn === undefined ? undefined : logGroupOf(destinationArn);
  if (logGroupName === undefined || format === undefined) return undefined;
  return { logGroupName, format: compileLogFormat(format) };
}
