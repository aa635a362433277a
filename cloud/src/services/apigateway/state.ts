import type {
  ApiKey,
  Authorizer,
  Deployment,
  GatewayResponse,
  Integration,
  IntegrationResponse,
  Method,
  MethodResponse,
  Model,
  RequestValidator,
  Resource,
  RestApi,
  Stage,
  UsagePlan,
} from "@aws-sdk/client-api-gateway";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";

/** Wire shapes are kept as they are, except for times, which are kept in ms since 1970. */
type Kept<T, Required extends keyof T> = Omit<T, Required | "createdDate" | "lastUpdatedDate"> & {
  [K in Required]-?: NonNullable<T[K]>;
};

export interface ApiRecord extends Kept<RestApi, "id" | "name" | "rootResourceId" | "apiKeySource"> {
  readonly scope: Scope;
  readonly createdMs: number;
}

export type MethodResponseRecord = Kept<MethodResponse, "statusCode">;
export type IntegrationResponseRecord = Kept<IntegrationResponse, "statusCode">;
export interface IntegrationRecord extends Omit<
  Kept<Integration, "type" | "passthroughBehavior" | "timeoutInMillis" | "cacheNamespace" | "cacheKeyParameters">,
  "integrationResponses"
> {
  integrationResponses?: Record<string, IntegrationResponseRecord>;
}
export interface MethodRecord extends Omit<
  Kept<Method, "httpMethod" | "authorizationType" | "apiKeyRequired">,
  "methodResponses" | "methodIntegration"
> {
  methodResponses?: Record<string, MethodResponseRecord>;
  methodIntegration?: IntegrationRecord;
}
export interface ResourceRecord extends Omit<Kept<Resource, "id" | "path">, "resourceMethods"> {
  resourceMethods: Record<string, MethodRecord>;
}
export type AuthorizerRecord = Kept<Authorizer, "id" | "name" | "type">;
export type ModelRecord = Kept<Model, "id" | "name" | "contentType">;
export type ValidatorRecord = Kept<RequestValidator, "id" | "validateRequestBody" | "validateRequestParameters">;
export type GatewayResponseRecord = Kept<GatewayResponse, "responseType">;

/** What a deployment froze: all that a request's way through the API depends on. */
export interface Snapshot {
  readonly api: ApiRecord;
  readonly resources: readonly ResourceRecord[];
  readonly authorizers: readonly AuthorizerRecord[];
  readonly models: readonly ModelRecord[];
  readonly validators: readonly ValidatorRecord[];
  readonly gatewayResponses: readonly GatewayResponseRecord[];
}

export interface DeploymentRecord extends Kept<Deployment, "id"> {
  readonly createdMs: number;
  readonly snapshot: Snapshot;
}

export interface StageRecord extends Kept<Stage, "stageName" | "deploymentId"> {
  readonly createdMs: number;
  updatedMs: number;
}

export interface ApiKeyRecord extends Kept<ApiKey, "id" | "value" | "enabled" | "stageKeys"> {
  readonly scope: Scope;
  readonly createdMs: number;
  updatedMs: number;
}

export interface UsagePlanRecord extends Kept<UsagePlan, "id" | "name" | "apiStages"> {
  readonly scope: Scope;
  readonly createdMs: number;
  /** Ids of the API keys in the plan. */
  keyIds: string[];
}

/** What the service keeps. Everything of an API has its id as the first part of the key. */
export class RestApis {
  readonly apis: Collection<ApiRecord>;
  readonly resources: Collection<ResourceRecord>;
  readonly authorizers: Collection<AuthorizerRecord>;
  readonly models: Collection<ModelRecord>;
  readonly validators: Collection<ValidatorRecord>;
  readonly gatewayResponses: Collection<GatewayResponseRecord>;
  readonly deployments: Collection<DeploymentRecord>;
  readonly stages: Collection<StageRecord>;
  readonly keys: Collection<ApiKeyRecord>;
  readonly plans: Collection<UsagePlanRecord>;
  /** Requests of an API key in a usage plan, by plan, key and day (`2026-11-24`). */
  readonly usage: Collection<number>;
  /** What was granted on top of (or taken from) the quota, by plan, key and first day of the period. */
  readonly extensions: Collection<number>;
  /** The role that logs are written as, by account and Region. */
  readonly logRoles: Collection<string>;

  constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.apis = store.collection("apigateway.apis");
    this.resources = store.collection("apigateway.resources");
    this.authorizers = store.collection("apigateway.authorizers");
    this.models = store.collection("apigateway.models");
    this.validators = store.collection("apigateway.validators");
    this.gatewayResponses = store.collection("apigateway.gatewayResponses");
    this.deployments = store.collection("apigateway.deployments");
    this.stages = store.collection("apigateway.stages");
    this.keys = store.collection("apigateway.keys");
    this.plans = store.collection("apigateway.plans");
    this.usage = store.collection("apigateway.usage");
    this.extensions = store.collection("apigateway.extensions");
    this.logRoles = store.collection("apigateway.logRoles");
  }

  /** The APIs of an account in a Region, by id. */
  apisOf(scope: Scope): ApiRecord[] {
    return [...this.apis.values()].filter((api) => isIn(api.scope, scope));
  }

  keysOf(scope: Scope): ApiKeyRecord[] {
    return [...this.keys.values()].filter((key) => isIn(key.scope, scope)).sort((a, b) => a.createdMs - b.createdMs);
  }

  plansOf(scope: Scope): UsagePlanRecord[] {
    return [...this.plans.values()].filter((plan) => isIn(plan.scope, scope)).sort((a, b) => a.createdMs - b.createdMs);
  }

  removeApi({ id }: ApiRecord): void {
    this.apis.remove([id]);
    for (const within of [
      this.resources,
      this.authorizers,
      this.models,
      this.validators,
      this.gatewayResponses,
      this.deployments,
      this.stages,
    ])
      within.clear({ prefix: [id] });
  }

  /** The API as it stands now, as a deployment freezes it. */
  snapshotOf(api: ApiRecord): Snapshot {
    const range = { prefix: [api.id] };
    return {
      api,
      resources: [...this.resources.values(range)],
      authorizers: [...this.authorizers.values(range)],
      models: [...this.models.values(range)],
      validators: [...this.validators.values(range)],
      gatewayResponses: [...this.gatewayResponses.values(range)],
    };
  }

  /** A new id as AWS draws them: lower-case letters and digits, 10 for an API, 6 for most of what is in it. */
  newId(length: 6 | 10): string {
    return this.kernel.random.text(length, "abcdefghijklmnopqrstuvwxyz0123456789");
  }
}

/** A time as calls answer it. AWS: in whole seconds. */
export function dateOf(timeMs: number): Date {
  return new Date(timeMs - (timeMs % 1000));
}

export function isIn(scope: Scope, other: Scope): boolean {
  return scope.account === other.account && scope.region === other.region;
}
