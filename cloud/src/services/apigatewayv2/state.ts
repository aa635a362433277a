import type { Authorizer, Cors, Deployment, Integration, Route, Stage } from "@aws-sdk/client-apigatewayv2";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";

/** Wire shapes are kept as they are, except for times, which are kept in ms since 1970. */
type Kept<T, Required extends keyof T> = Omit<T, Required> & { [K in Required]-?: NonNullable<T[K]> };

export interface ApiRecord {
  readonly ApiId: string;
  readonly scope: Scope;
  readonly createdMs: number;
  Name: string;
  Description?: string | undefined;
  Version?: string | undefined;
  CorsConfiguration?: Cors | undefined;
  DisableExecuteApiEndpoint?: boolean | undefined;
  RouteSelectionExpression: string;
  ApiKeySelectionExpression: string;
  IpAddressType: "ipv4" | "dualstack";
  ImportInfo?: string[] | undefined;
  Warnings?: string[] | undefined;
  Tags?: Record<string, string> | undefined;
}

export type RouteRecord = Kept<Route, "RouteId" | "RouteKey" | "AuthorizationType">;
export type IntegrationRecord = Kept<
  Integration,
  "IntegrationId" | "IntegrationType" | "TimeoutInMillis" | "PayloadFormatVersion"
>;
export type AuthorizerRecord = Kept<Authorizer, "AuthorizerId" | "Name" | "AuthorizerType" | "IdentitySource">;

/** What a deployment froze: all that a request's way through the API depends on. */
export interface Snapshot {
  readonly cors?: Cors | undefined;
  readonly routes: readonly RouteRecord[];
  readonly integrations: readonly IntegrationRecord[];
  readonly authorizers: readonly AuthorizerRecord[];
}

export interface DeploymentRecord extends Kept<Omit<Deployment, "CreatedDate">, "DeploymentId" | "AutoDeployed"> {
  readonly createdMs: number;
  /** Undefined for an automatic deployment: its stage serves the API as it is now. */
  readonly snapshot?: Snapshot;
}

export interface StageRecord extends Kept<Omit<Stage, "CreatedDate" | "LastUpdatedDate">, "StageName" | "AutoDeploy"> {
  readonly createdMs: number;
  updatedMs: number;
}

/** What the service keeps. Everything of an API has its id as the first part of the key. */
export class HttpApis {
  readonly apis: Collection<ApiRecord>;
  readonly #byScope: Collection<string>;
  readonly routes: Collection<RouteRecord>;
  readonly integrations: Collection<IntegrationRecord>;
  readonly authorizers: Collection<AuthorizerRecord>;
  readonly deployments: Collection<DeploymentRecord>;
  readonly stages: Collection<StageRecord>;

  constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.apis = store.collection("apigatewayv2.apis");
    this.#byScope = store.collection("apigatewayv2.apisByScope");
    this.routes = store.collection("apigatewayv2.routes");
    this.integrations = store.collection("apigatewayv2.integrations");
    this.authorizers = store.collection("apigatewayv2.authorizers");
    this.deployments = store.collection("apigatewayv2.deployments");
    this.stages = store.collection("apigatewayv2.stages");
  }

  addApi(api: ApiRecord): void {
    this.apis.put([api.ApiId], api);
    this.#byScope.put([api.scope.account, api.scope.region, api.createdMs, api.ApiId], api.ApiId);
  }

  /** The APIs of an account in a Region, oldest first. */
  apisOf({ account, region }: Scope): ApiRecord[] {
    return [...this.#byScope.values({ prefix: [account, region] })].map((id) => this.apis.get([id])!);
  }

  removeApi(api: ApiRecord): void {
    const { ApiId, scope, createdMs } = api;
    this.apis.remove([ApiId]);
    this.#byScope.remove([scope.account, scope.region, createdMs, ApiId]);
    for (const collection of [this.routes, this.integrations, this.authorizers, this.deployments, this.stages])
      collection.clear({ prefix: [ApiId] });
  }

  /** The API as it stands now, as a deployment would freeze it. */
  snapshotOf(api: ApiRecord): Snapshot {
    const range = { prefix: [api.ApiId] };
    return {
      cors: api.CorsConfiguration,
      routes: [...this.routes.values(range)],
      integrations: [...this.integrations.values(range)],
      authorizers: [...this.authorizers.values(range)],
    };
  }

  /** A new id as AWS draws them: lower-case letters and digits, 10 for an API, 6 or 7 for what is in it. */
  newId(length: 6 | 7 | 10): string {
    return (
      this.kernel.random.text(1, "abcdefghijklmnopqrstuvwxyz") +
      this.kernel.random.text(length - 1, "abcdefghijklmnopqrstuvwxyz0123456789")
    );
  }
}
