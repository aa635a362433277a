import { invalidIdentifier, notFound } from "./errors.ts";
import type { Cx } from "./gateway.ts";
import {
  isIn,
  type ApiRecord,
  type AuthorizerRecord,
  type DeploymentRecord,
  type IntegrationRecord,
  type MethodRecord,
  type ModelRecord,
  type ResourceRecord,
  type StageRecord,
  type ValidatorRecord,
} from "./state.ts";

/** Finding what a call names. AWS: NotFoundException, in words that differ by kind. */

/** @throws AwsError NotFoundException */
export function getApi(cx: Cx, id: string | undefined): ApiRecord {
  const api = cx.state.apis.apis.get([id ?? ""]);
  if (!api || !isIn(api.scope, cx.scope)) throw notFound(`Invalid API identifier specified ${cx.scope.account}:${id}`);
  return api;
}

/** @throws AwsError NotFoundException */
export function getResource(cx: Cx, apiId: string | undefined, id: string | undefined): ResourceRecord {
  const api = getApi(cx, apiId);
  return found(cx.state.apis.resources.get([api.id, id ?? ""]), "Resource");
}

export interface MethodAt {
  readonly apiId: string;
  readonly resource: ResourceRecord;
  readonly method: MethodRecord;
}

interface MethodInput {
  restApiId: string | undefined;
  resourceId: string | undefined;
  httpMethod: string | undefined;
}

/** @throws AwsError NotFoundException */
export function getMethod(cx: Cx, { restApiId, resourceId, httpMethod }: MethodInput): MethodAt {
  const resource = getResource(cx, restApiId, resourceId);
  return { apiId: restApiId!, resource, method: found(resource.resourceMethods[httpMethod ?? ""], "Method") };
}

/** @throws AwsError NotFoundException */
export function getIntegration(cx: Cx, input: MethodInput): MethodAt & { integration: IntegrationRecord } {
  const at = getMethod(cx, input);
  return { ...at, integration: found(at.method.methodIntegration, "Integration") };
}

/** @throws AwsError NotFoundException */
export function getAuthorizer(cx: Cx, apiId: string | undefined, id: string | undefined): AuthorizerRecord {
  const authorizer = cx.state.apis.authorizers.get([getApi(cx, apiId).id, id ?? ""]);
  if (!authorizer) throw notFound(`Invalid Authorizer identifier specified ${cx.scope.account}:${apiId}:${id}`);
  return authorizer;
}

/** @throws AwsError NotFoundException */
export function getModel(cx: Cx, apiId: string | undefined, name: string | undefined): ModelRecord {
  const model = cx.state.apis.models.get([getApi(cx, apiId).id, name ?? ""]);
  if (!model) throw notFound(`Invalid model name specified: ${name}`);
  return model;
}

/** @throws AwsError NotFoundException */
export function getValidator(cx: Cx, apiId: string | undefined, id: string | undefined): ValidatorRecord {
  return found(cx.state.apis.validators.get([getApi(cx, apiId).id, id ?? ""]), "Request Validator");
}

/** @throws AwsError NotFoundException */
export function getDeployment(cx: Cx, apiId: string | undefined, id: string | undefined): DeploymentRecord {
  return found(cx.state.apis.deployments.get([getApi(cx, apiId).id, id ?? ""]), "Deployment");
}

/** @throws AwsError NotFoundException */
export function getStage(cx: Cx, apiId: string | undefined, name: string | undefined): StageRecord {
  return found(cx.state.apis.stages.get([getApi(cx, apiId).id, name ?? ""]), "stage");
}

function found<T>(record: T | undefined, kind: string): T {
  if (!record) throw invalidIdentifier(kind);
  return record;
}

/** Leaves out members without a value. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
