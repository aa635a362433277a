import { NotEmulatedError } from "../../aws/error.ts";
import { incompatiblePolicy, invalidPolicyAttribute, invalidPolicyType, policiesLimit } from "./errors.ts";

/** AWS: "Assigning parameter policies in Parameter Store". */
const POLICIES_MAX = 10;

interface Policy {
  Type?: unknown;
  Version?: unknown;
  Attributes?: { Timestamp?: unknown };
}

/**
 * Reads a parameter's policies.
 * @returns when it expires, in ms since 1970; undefined where it does not
 * @throws AwsError InvalidPolicyTypeException, InvalidPolicyAttributeException, …; NotEmulatedError for notifications
 */
export function readPolicies(text: string): number | undefined {
  let policies: Policy[];
  try {
    policies = JSON.parse(text) as Policy[];
  } catch {
    throw invalidPolicyAttribute("The parameter policies are not valid JSON.");
  }
  if (!Array.isArray(policies)) throw invalidPolicyAttribute("The parameter policies must be a JSON array.");
  if (policies.length > POLICIES_MAX)
    throw policiesLimit(`A parameter can have a maximum of ${POLICIES_MAX} policies.`);
  let expiresMs: number | undefined;
  for (const { Type, Attributes } of policies) {
    if (Type === "ExpirationNotification" || Type === "NoChangeNotification")
      throw new NotEmulatedError(`parameter policies of type ${Type}`);
    if (Type !== "Expiration")
      throw invalidPolicyType(
        "The policy type is not supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.",
      );
    if (expiresMs !== undefined)
      throw incompatiblePolicy(
        "There is a conflict in the policies specified for this parameter: two of type Expiration.",
      );
    expiresMs = Date.parse(String(Attributes?.Timestamp));
    if (Number.isNaN(expiresMs)) throw invalidPolicyAttribute("The policy attribute Timestamp is not valid.");
  }
  return expiresMs;
}
