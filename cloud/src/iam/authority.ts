import type { Scope } from "../aws/scope.ts";
import type { Principal } from "./principal.ts";

/** A key that we gave out, and whom it speaks for. */
export interface KnownCredentials {
  readonly principal: Principal;
  readonly secretAccessKey: string;
  /** For temporary credentials. */
  readonly sessionToken?: string;
  readonly expiresMs?: number;
}

/** What the IAM decision is asked. */
export interface AccessRequest {
  readonly principal: Principal;
  readonly scope: Scope;
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** An ARN, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Condition keys, e.g. `{ "dynamodb:LeadingKeys": ["a"] }`; asked for only where a policy has a condition. */
  readonly context: () => Readonly<Record<string, string | readonly string[]>>;
  /** The policy on the resource, as JSON text, where it has one. */
  readonly resourcePolicy?: string | undefined;
  /** The account that owns the resource; default: the scope's. */
  readonly resourceAccount?: string | undefined;
}

/** How it was decided, and by which statement. */
export interface AccessDecision {
  readonly allowed: boolean;
  readonly action: string;
  readonly resource: string;
  /** e.g. `allowed by statement "WriteOrders" of identity policy "OrdersPolicy"`, or why it is denied, in AWS's words. */
  readonly reason: string;
  /** AWS's message for the caller; empty where allowed. */
  readonly message: string;
}

/** By this the gate and the wire ask IAM; the IAM and STS services answer. */
export interface Authority {
  /** Whose access key this is; undefined where we never gave it out. */
  findCredentials(accessKeyId: string): KnownCredentials | undefined;
  decide(request: AccessRequest): AccessDecision;
}
