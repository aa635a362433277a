import type { CompiledPolicy, CompiledStatement, StatementRequest } from "./policy.ts";
import type { Naming } from "./principal-element.ts";
import type { Principal } from "./principal.ts";
import type { RequestContext } from "./request-context.ts";

/** The kinds of policies that take part (AWS: "Policy evaluation logic"). Organizations' policies are not emulated. */
export type PolicyType = "identity" | "resource" | "boundary" | "session";

/** A policy under the name that people know it by. */
export interface NamedPolicy {
  /** e.g. `OrdersPolicy`, or for a resource's policy the resource. */
  readonly name: string;
  /** Where it is attached, as the policy simulator says it: `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource`, `none`. */
  readonly source: string;
  readonly compiled: CompiledPolicy;
}

/** Every policy that has a say. An absent boundary or session policy does not limit; an empty one allows nothing. */
export interface PolicySet {
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: readonly NamedPolicy[] | undefined;
  readonly session?: readonly NamedPolicy[] | undefined;
  readonly resource?: NamedPolicy | undefined;
}

export interface DecisionRequest {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. */
  readonly resourceAccount: string;
  readonly context: RequestContext;
  readonly policies: PolicySet;
  /**
   * True where the resource's policy must allow in any case, and where its account is named the identity's too: role
   * trust policies and KMS key policies.
   */
  readonly resourcePolicyDecides?: boolean;
}

/** A statement that applied to the request. */
export interface Match {
  readonly type: PolicyType;
  readonly policy: NamedPolicy;
  readonly statement: CompiledStatement;
  readonly naming: Naming;
}

export interface Decision {
  readonly outcome: "allowed" | "explicitDeny" | "implicitDeny";
  /** The kind of policy that denied, explicitly or by not allowing; undefined where allowed. */
  readonly deniedBy?: PolicyType;
  /** Every statement that applied, allowing or denying. */
  readonly matches: readonly Match[];
  readonly policies: PolicySet;
}

/**
 * Decides as AWS documents it: "Policy evaluation logic" and "Cross-account policy evaluation logic". Pure; a few
 * microseconds.
 */
export function decide(request: DecisionRequest): Decision {
  const { policies } = request;
  const matches = findMatches(request);
  for (const match of matches)
    if (match.statement.effect === "Deny") return { outcome: "explicitDeny", deniedBy: match.type, matches, policies };
  const deniedBy = findMissingAllow(request, matches);
  return deniedBy === undefined
    ? { outcome: "allowed", matches, policies }
    : { outcome: "implicitDeny", deniedBy, matches, policies };
}

function findMatches(request: DecisionRequest): Match[] {
  const asked: StatementRequest = {
    action: request.action,
    lowerAction: request.action.toLowerCase(),
    resource: request.resource,
    principal: request.principal,
    context: request.context,
  };
  const matches: Match[] = [];
  const { identity, boundary, session, resource } = request.policies;
  collect("identity", identity, asked, matches);
  if (boundary) collect("boundary", boundary, asked, matches);
  if (session) collect("session", session, asked, matches);
  if (resource) collect("resource", [resource], asked, matches);
  return matches;
}

function collect(type: PolicyType, policies: readonly NamedPolicy[], asked: StatementRequest, into: Match[]): void {
  for (const policy of policies) {
    for (const statement of policy.compiled.statements) {
      const naming = statement.applies(asked);
      if (naming !== undefined) into.push({ type, policy, statement, naming });
    }
  }
}

/** The kind of policy whose allow is missing; undefined where nothing is. No match denies any more at this point. */
function findMissingAllow(request: DecisionRequest, matches: readonly Match[]): PolicyType | undefined {
  const { principal, policies, resourceAccount, resourcePolicyDecides } = request;
  const allows = (type: PolicyType) => matches.some((match) => match.type === type);
  const granted = (naming: Naming) => matches.some((match) => match.type === "resource" && match.naming === naming);

  if (principal.kind === "anonymous" || principal.kind === "service")
    return allows("resource") ? undefined : "resource";
  const sameAccount = principal.account === resourceAccount;
  if ((!sameAccount || resourcePolicyDecides) && !allows("resource")) {
    // AWS tells of the identity's side first: it is the one that the caller can change.
    return principal.kind !== "root" && !resourcePolicyDecides && !allows("identity") ? "identity" : "resource";
  }
  if (principal.kind === "root") return undefined;
  if (sameAccount && granted("direct")) return undefined;
  if (!allows("identity") && !(sameAccount && granted("role"))) return "identity";
  if (policies.boundary && !allows("boundary")) return "boundary";
  if (policies.session && !allows("session")) return "session";
  return undefined;
}
