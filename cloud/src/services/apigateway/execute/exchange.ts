import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import type { Scope } from "../../../aws/scope.ts";
import type { IamIdentity } from "../../../gateway/iam-identity.ts";
import type { RouteTable } from "../../../gateway/route-table.ts";
import type { TokenBucket } from "../../../gateway/throttle.ts";
import type {
  ApiRecord,
  AuthorizerRecord,
  GatewayResponseRecord,
  IntegrationRecord,
  MethodRecord,
  ModelRecord,
  ResourceRecord,
  StageRecord,
  ValidatorRecord,
} from "../state.ts";
import type { BodyCheck } from "./body-check.ts";
import type { ExecutionLog } from "./execution-log.ts";
import type { LogFormat } from "./log-format.ts";
import type { RestRequest } from "./request.ts";

/** A stage, compiled from its deployment once per change. */
export interface CompiledStage {
  /** As it was deployed. */
  readonly api: ApiRecord;
  readonly record: StageRecord;
  readonly scope: Scope;
  /** `ID.execute-api.REGION.amazonaws.com` */
  readonly domainName: string;
  readonly routes: RouteTable<CompiledMethod>;
  readonly gatewayResponses: ReadonlyMap<string, GatewayResponseRecord>;
  readonly log: AccessLog | undefined;
  /** As events show them: null where there are none. */
  readonly variables: Record<string, string> | null;
}

export interface AccessLog {
  readonly logGroupName: string;
  readonly format: LogFormat;
}

export interface CompiledMethod {
  readonly resource: ResourceRecord;
  readonly record: MethodRecord;
  readonly integration: IntegrationRecord;
  readonly authorizer: AuthorizerRecord | undefined;
  readonly validator: ValidatorRecord | undefined;
  /** The body's check for a content type; undefined where nothing is checked. */
  readonly bodyCheck: (contentType: string) => BodyCheck | undefined;
  readonly models: readonly ModelRecord[];
  readonly settings: MethodSetting;
  readonly bucket: TokenBucket | undefined;
}

/** What an authorizer let through, and what it says of the caller. */
export type Authorization =
  | { readonly kind: "claims"; readonly claims: Readonly<Record<string, string>> }
  | {
      readonly kind: "lambda";
      readonly principalId: string | undefined;
      readonly context: Readonly<Record<string, string>>;
      readonly latencyMs: number;
      readonly usageIdentifierKey?: string;
    }
  | { readonly kind: "iam"; readonly identity: IamIdentity };

/** What a mapping template may overwrite. AWS: "Override a request or response's parameters and status codes". */
export interface RequestOverride {
  path: Record<string, unknown>;
  header: Record<string, unknown>;
  querystring: Record<string, unknown>;
}

export interface ResponseOverride {
  status?: unknown;
  header: Record<string, unknown>;
}

/** One request on its way through an API: what each step found, for the next steps and for the logs. */
export interface Exchange {
  readonly stage: CompiledStage;
  readonly request: RestRequest;
  readonly log: ExecutionLog | undefined;
  method?: CompiledMethod;
  pathParameters?: Record<string, string> | null;
  authorization?: Authorization;
  apiKey?: { readonly id: string; readonly value: string };
  /** For the access log. */
  authorizer?: { status?: number; error?: string; latencyMs?: number; requestId?: string };
  integration?: { status?: number; latencyMs?: number; requestId?: string; error?: string };
  error?: { readonly message: string | null; readonly responseType: string; readonly validation?: string };
  response?: { readonly status: number; readonly bytes: number; readonly latencyMs: number };
  readonly requestOverride: RequestOverride;
  readonly responseOverride: ResponseOverride;
}

export function newExchange(stage: CompiledStage, request: RestRequest, log: ExecutionLog | undefined): Exchange {
  return {
    stage,
    request,
    log,
    requestOverride: { path: {}, header: {}, querystring: {} },
    responseOverride: { header: {} },
  };
}
