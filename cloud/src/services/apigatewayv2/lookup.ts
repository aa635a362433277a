import { badRequest, notFound } from "./errors.ts";
import type { Cx } from "./gateway.ts";
import type {
  ApiRecord,
  AuthorizerRecord,
  DeploymentRecord,
  IntegrationRecord,
  RouteRecord,
  StageRecord,
} from "./state.ts";

/** Finding what a call names. AWS: NotFoundException, naming the identifier. */

/** @throws AwsError NotFoundException */
export function getApi(cx: Cx, apiId: string | undefined): ApiRecord {
  const api = cx.state.apis.apis.get([apiId ?? ""]);
  const { account, region } = cx.scope;
  if (!api || api.scope.account !== account || api.scope.region !== region)
    throw notFound("API", `${account}:${apiId}`);
  return api;
}

/** @throws AwsError NotFoundException */
export function getRoute(cx: Cx, api: ApiRecord, id: string | undefined): RouteRecord {
  return found(cx.state.apis.routes.get([api.ApiId, id ?? ""]), "Route", id);
}

/** @throws AwsError NotFoundException */
export function getIntegration(cx: Cx, api: ApiRecord, id: string | undefined): IntegrationRecord {
  return found(cx.state.apis.integrations.get([api.ApiId, id ?? ""]), "Integration", id);
}

/** @throws AwsError NotFoundException */
export function getAuthorizer(cx: Cx, api: ApiRecord, id: string | undefined): AuthorizerRecord {
  return found(cx.state.apis.authorizers.get([api.ApiId, id ?? ""]), "Authorizer", id);
}

/** @throws AwsError NotFoundException */
export function getDeployment(cx: Cx, api: ApiRecord, id: string | undefined): DeploymentRecord {
  return found(cx.state.apis.deployments.get([api.ApiId, id ?? ""]), "Deployment", id);
}

/** @throws AwsError NotFoundException */
export function getStage(cx: Cx, api: ApiRecord, name: string | undefined): StageRecord {
  return found(cx.state.apis.stages.get([api.ApiId, name ?? ""]), "Stage", name);
}

function found<T>(record: T | undefined, kind: string, id: string | undefined): T {
  if (!record) throw notFound(kind, id ?? "");
  return record;
}

/** The members of an input that are set, without those that only say where. */
export function givenOf<T extends object, K extends keyof T>(input: T, ...without: K[]): Omit<T, K> {
  const entries = Object.entries(input).filter(([name, value]) => value !== undefined && !without.includes(name as K));
  return Object.fromEntries(entries) as Omit<T, K>;
}

/** @throws AwsError BadRequestException for what only WebSocket APIs have */
export function refuseForHttp(input: object, names: readonly string[]): void {
  const given = names.find((name) => {
    const value = (input as Record<string, unknown>)[name];
    return value !== undefined && value !== false && value !== null;
  });
  if (given !== undefined) throw badRequest(`${given} is not supported for HTTP APIs`);
}
