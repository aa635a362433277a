import type { PasswordPolicyType } from "@aws-sdk/client-cognito-identity-provider";
import { invalidParameter, invalidPassword } from "./errors.ts";

/** AWS: the policy of a pool that says nothing. */
export const DEFAULT_POLICY: PasswordPolicyType = {
  MinimumLength: 8,
  RequireUppercase: true,
  RequireLowercase: true,
  RequireNumbers: true,
  RequireSymbols: true,
  TemporaryPasswordValidityDays: 7,
};

const LENGTH_MIN = 6;
const LENGTH_MAX = 99;
/** AWS: "Adding user pool password requirements", special characters; a space counts inside. */
const SYMBOL = /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/;

/** A given policy with what it leaves out. AWS: a policy that is given requires only what it says. */
export function completePolicy(given: PasswordPolicyType | undefined): PasswordPolicyType {
  if (!given) return DEFAULT_POLICY;
  const policy = {
    MinimumLength: 8,
    RequireUppercase: false,
    RequireLowercase: false,
    RequireNumbers: false,
    RequireSymbols: false,
    TemporaryPasswordValidityDays: 7,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  if (policy.MinimumLength < LENGTH_MIN || policy.MinimumLength > LENGTH_MAX)
    throw invalidParameter(`Invalid length for password: must be between ${LENGTH_MIN} and ${LENGTH_MAX}`);
  return policy;
}

/** @throws AwsError InvalidPasswordException naming the first rule that the password breaks */
export function checkPassword(password: string, policy: PasswordPolicyType): void {
  if (password.length < (policy.MinimumLength ?? LENGTH_MIN)) throw invalidPassword("Password not long enough");
  if (policy.RequireUppercase && !/[A-Z]/.test(password))
    throw invalidPassword("Password must have uppercase characters");
  if (policy.RequireLowercase && !/[a-z]/.test(password))
    throw invalidPassword("Password must have lowercase characters");
  if (policy.RequireNumbers && !/\d/.test(password)) throw invalidPassword("Password must have numeric characters");
  if (policy.RequireSymbols && !SYMBOL.test(password)) throw invalidPassword("Password must have symbol characters");
}
