import type { IamIdentity } from "../../../gateway/iam-identity.ts";
import type { Scope } from "../../../aws/scope.ts";
import type { ApiRecord, AuthorizerRecord, IntegrationRecord, RouteRecord, StageRecord } from "../state.ts";
import type { CompiledCors } from "./cors.ts";
import type { RequestMapping, ResponseMapping } from "./parameter-mapping.ts";
import type { GatewayRequest } from "./request.ts";
import type { RouteTable } from "../../../gateway/route-table.ts";
import type { LogFormat } from "./log-format.ts";
import type { TokenBucket } from "../../../gateway/throttle.ts";

/** A stage, compiled from its deployment once per change. */
export interface CompiledStage {
  readonly api: ApiRecord;
  readonly record: StageRecord;
  readonly scope: Scope;
  /** `ID.execute-api.REGION.amazonaws.com` */
  readonly domainName: string;
  readonly routes: RouteTable<CompiledRoute>;
  readonly cors: CompiledCors | undefined;
  readonly log: AccessLog | undefined;
  /** As events show them: undefined where there are none. */
  readonly variables: Record<string, string> | undefined;
}

export interface AccessLog {
  readonly logGroupName: string;
  readonly format: LogFormat;
}

export interface CompiledRoute {
  readonly record: RouteRecord;
  readonly authorizer: AuthorizerRecord | undefined;
  /** Undefined for a route without a target. */
  readonly integration: CompiledIntegration | undefined;
  readonly bucket: TokenBucket | undefined;
}

export interface CompiledIntegration {
  readonly record: IntegrationRecord;
  readonly requestMapping: RequestMapping;
  /** By status code of the integration's response. */
  readonly responseMappings: ReadonlyMap<string, ResponseMapping>;
}

/** What an authorizer let through, and what it says of the caller. */
export type Authorization =
  | { readonly kind: "jwt"; readonly claims: Record<string, string>; readonly scopes: readonly string[] | null }
  | {
      readonly kind: "lambda";
      readonly principalId: string | undefined;
      readonly context: Record<string, unknown> | undefined;
    }
  | { readonly kind: "iam"; readonly identity: IamIdentity };

/** One request on its way through an API: what each step found, for the next steps and for the access log. */
export interface Exchange {
  readonly stage: CompiledStage;
  readonly request: GatewayRequest;
  route?: CompiledRoute;
  parameters?: Record<string, string> | undefined;
  authorization?: Authorization;
  /** For the access log. */
  authorizerError?: string;
  integration?: { status?: number; serviceStatus?: number; latencyMs?: number; requestId?: string; error?: string };
  error?: { readonly message: string; readonly responseType: string };
  response?: { readonly status: number; readonly bytes: number; readonly latencyMs: number };
}
