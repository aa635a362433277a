/**
 * AWS Security Token Service.
 *
 * Gap: GetFederationToken, AssumeRoleWithSAML, AssumeRoot and MFA are refused by name.
 * Gap: credentials of GetSessionToken may do all that their user may; AWS keeps them from IAM and most of STS.
 * Gap: AssumeRoleWithWebIdentity needs the provider to be reachable from this machine.
 * Quirk: root may assume roles, see operations/assume-role.ts.
 */
import { openIamState } from "../../iam/state.ts";
import { defineService } from "../../service.ts";
import { askAssumeRole, assumeRole } from "./operations/assume-role.ts";
import { caller } from "./operations/caller.ts";
import { webIdentity } from "./operations/web-identity.ts";

export const sts = defineService({
  api: "sts",
  iamPrefix: "sts",
  state: openIamState,
  operations: { ...assumeRole, ...webIdentity, ...caller },
  authorize: {
    AssumeRole: askAssumeRole,
    // The token says who asks; the operation holds it against the trust policy.
    AssumeRoleWithWebIdentity: () => [],
    // AWS: needs no permission, and none can forbid it.
    GetCallerIdentity: () => [],
    GetSessionToken: () => [],
    GetAccessKeyInfo: () => ({ resource: "*" }),
    DecodeAuthorizationMessage: () => ({ resource: "*" }),
  },
});
