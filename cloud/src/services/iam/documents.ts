import { parsePolicy } from "../../iam/document.ts";
import { findRoleByArn, findUser, type EntityRecord, type IamState } from "../../iam/state.ts";
import { findPolicyFault, invalidPrincipal } from "../../iam/validation.ts";
import { limitExceeded, malformedPolicy, quotaExceeded, type Named } from "./errors.ts";

/** AWS: "IAM and AWS STS quotas", characters without white space. */
const MANAGED_SIZE_MAX = 6_144;
const TRUST_SIZE_MAX = 2_048;
const INLINE_SIZE_MAX: Record<Named, number> = { user: 2_048, group: 5_120, role: 10_240 };

/** @throws AwsError MalformedPolicyDocument, LimitExceeded */
export function checkManagedPolicy(document: string): void {
  const fault = findPolicyFault(document, "managed");
  if (fault !== undefined) throw malformedPolicy(fault);
  if (sizeOf(document) > MANAGED_SIZE_MAX) throw quotaExceeded("PolicySize", MANAGED_SIZE_MAX);
}

/** Checks a policy to be put into an entity; what counts is the sum of its inline policies. */
export function checkInlinePolicy(kind: Named, entity: EntityRecord, policyName: string, document: string): void {
  const fault = findPolicyFault(document, "inline");
  if (fault !== undefined) throw malformedPolicy(fault);
  const others = Object.entries(entity.inline).filter(([name]) => name !== policyName);
  const size = others.reduce((sum, [, text]) => sum + sizeOf(text), sizeOf(document));
  if (size > INLINE_SIZE_MAX[kind])
    throw limitExceeded(`Maximum policy size of ${INLINE_SIZE_MAX[kind]} bytes exceeded for ${kind} ${entity.name}`);
}

/**
 * Checks a role's trust policy. AWS refuses principals that do not exist.
 * Gap: users and roles of other accounts are taken as they are, since those accounts may live elsewhere.
 */
export function checkTrustPolicy(state: IamState, account: string, document: string): void {
  const fault = findPolicyFault(document, "trust");
  if (fault !== undefined) throw malformedPolicy(fault);
  for (const { principal, notPrincipal } of parsePolicy(document).statements) {
    for (const name of (principal ?? notPrincipal)?.get("AWS") ?? [])
      if (!exists(state, account, name)) throw malformedPolicy(invalidPrincipal("AWS", name));
  }
  if (sizeOf(document) > TRUST_SIZE_MAX) throw quotaExceeded("ACLSizePerRole", TRUST_SIZE_MAX);
}

function exists(state: IamState, account: string, principal: string): boolean {
  if (principal.startsWith(`arn:aws:iam::${account}:role/`)) return findRoleByArn(state, principal) !== undefined;
  if (!principal.startsWith(`arn:aws:iam::${account}:user/`)) return true;
  return findUser(state, account, principal.slice(principal.lastIndexOf("/") + 1)) !== undefined;
}

function sizeOf(document: string): number {
  return document.replace(/\s/g, "").length;
}

/** IAM answers documents URL-encoded (RFC 3986). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
