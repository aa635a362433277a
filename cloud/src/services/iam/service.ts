/**
 * AWS Identity and Access Management.
 *
 * Gap: users' passwords, MFA devices, certificates, SSH keys, SAML providers, password policies, reports and
 * access advisor are refused by name; so are Organizations' policies, which have no say here.
 * Gap: principals of other accounts in a trust policy are not checked for existence.
 * Gap: a change takes effect at once; AWS takes some seconds.
 * Gap: AWS managed policies are those that templates for serverless applications use, in one version each; any other
 * ARN is answered NoSuchEntity.
 * Quirk: an access key that was given out here and is deleted or inactive is refused even in relaxed mode, where any
 * other well-formed key stands for root.
 */
import { openIamState } from "../../iam/state.ts";
import { defineService } from "../../service.ts";
import { accessKeys } from "./operations/access-keys.ts";
import { account } from "./operations/account.ts";
import { attachments } from "./operations/attachments.ts";
import { groups } from "./operations/groups.ts";
import { inlinePolicies } from "./operations/inline-policies.ts";
import { instanceProfiles } from "./operations/instance-profiles.ts";
import { oidcProviders } from "./operations/oidc-providers.ts";
import { policies } from "./operations/policies.ts";
import { policyVersions } from "./operations/policy-versions.ts";
import { roles } from "./operations/roles.ts";
import { serviceLinkedRoles } from "./operations/service-linked-roles.ts";
import { simulation } from "./operations/simulation.ts";
import { users } from "./operations/users.ts";
import { onAnything, onGroup, onNewPolicy, onPolicy, onProfile, onProvider, onRole, onUser } from "./permissions.ts";
import { resources } from "./resources.ts";

export const iam = defineService({
  api: "iam",
  iamPrefix: "iam",
  state: openIamState,
  resources,
  operations: {
    ...users,
    ...groups,
    ...roles,
    ...serviceLinkedRoles,
    ...policies,
    ...policyVersions,
    ...attachments,
    ...inlinePolicies,
    ...accessKeys,
    ...instanceProfiles,
    ...oidcProviders,
    ...account,
    ...simulation,
  },
  authorize: {
    CreateUser: onUser,
    GetUser: onUser,
    ListUsers: onAnything,
    UpdateUser: onUser,
    DeleteUser: onUser,
    TagUser: onUser,
    UntagUser: onUser,
    ListUserTags: onUser,
    PutUserPermissionsBoundary: onUser,
    DeleteUserPermissionsBoundary: onUser,
    CreateGroup: onGroup,
    GetGroup: onGroup,
    ListGroups: onAnything,
    UpdateGroup: onGroup,
    DeleteGroup: onGroup,
    AddUserToGroup: onGroup,
    RemoveUserFromGroup: onGroup,
    ListGroupsForUser: onUser,
    CreateRole: onRole,
    GetRole: onRole,
    ListRoles: onAnything,
    UpdateRole: onRole,
    UpdateRoleDescription: onRole,
    UpdateAssumeRolePolicy: onRole,
    DeleteRole: onRole,
    TagRole: onRole,
    UntagRole: onRole,
    ListRoleTags: onRole,
    PutRolePermissionsBoundary: onRole,
    DeleteRolePermissionsBoundary: onRole,
    CreateServiceLinkedRole: ({ AWSServiceName = "" }, cx) => ({
      resource: `arn:aws:iam::${cx.scope.account}:role/aws-service-role/${AWSServiceName}/*`,
      context: { "iam:AWSServiceName": AWSServiceName },
    }),
    DeleteServiceLinkedRole: onRole,
    GetServiceLinkedRoleDeletionStatus: onAnything,
    CreatePolicy: onNewPolicy,
    GetPolicy: onPolicy,
    ListPolicies: onAnything,
    DeletePolicy: onPolicy,
    ListEntitiesForPolicy: onPolicy,
    TagPolicy: onPolicy,
    UntagPolicy: onPolicy,
    ListPolicyTags: onPolicy,
    CreatePolicyVersion: onPolicy,
    GetPolicyVersion: onPolicy,
    ListPolicyVersions: onPolicy,
    SetDefaultPolicyVersion: onPolicy,
    DeletePolicyVersion: onPolicy,
    AttachUserPolicy: onUser,
    AttachGroupPolicy: onGroup,
    AttachRolePolicy: onRole,
    DetachUserPolicy: onUser,
    DetachGroupPolicy: onGroup,
    DetachRolePolicy: onRole,
    ListAttachedUserPolicies: onUser,
    ListAttachedGroupPolicies: onGroup,
    ListAttachedRolePolicies: onRole,
    PutUserPolicy: onUser,
    PutGroupPolicy: onGroup,
    PutRolePolicy: onRole,
    GetUserPolicy: onUser,
    GetGroupPolicy: onGroup,
    GetRolePolicy: onRole,
    ListUserPolicies: onUser,
    ListGroupPolicies: onGroup,
    ListRolePolicies: onRole,
    DeleteUserPolicy: onUser,
    DeleteGroupPolicy: onGroup,
    DeleteRolePolicy: onRole,
    CreateAccessKey: onUser,
    ListAccessKeys: onUser,
    UpdateAccessKey: onUser,
    DeleteAccessKey: onUser,
    GetAccessKeyLastUsed: onAnything,
    CreateInstanceProfile: onProfile,
    GetInstanceProfile: onProfile,
    ListInstanceProfiles: onAnything,
    ListInstanceProfilesForRole: onRole,
    DeleteInstanceProfile: onProfile,
    // AWS: whoever puts a role into a profile hands it to EC2.
    AddRoleToInstanceProfile: (input, cx) => [
      onProfile(input, cx),
      { ...onRole(input, cx), action: "iam:PassRole", context: { "iam:PassedToService": "ec2.amazonaws.com" } },
    ],
    RemoveRoleFromInstanceProfile: onProfile,
    TagInstanceProfile: onProfile,
    UntagInstanceProfile: onProfile,
    ListInstanceProfileTags: onProfile,
    CreateOpenIDConnectProvider: onProvider,
    GetOpenIDConnectProvider: onProvider,
    ListOpenIDConnectProviders: onAnything,
    DeleteOpenIDConnectProvider: onProvider,
    AddClientIDToOpenIDConnectProvider: onProvider,
    RemoveClientIDFromOpenIDConnectProvider: onProvider,
    UpdateOpenIDConnectProviderThumbprint: onProvider,
    TagOpenIDConnectProvider: onProvider,
    UntagOpenIDConnectProvider: onProvider,
    ListOpenIDConnectProviderTags: onProvider,
    CreateAccountAlias: onAnything,
    ListAccountAliases: onAnything,
    DeleteAccountAlias: onAnything,
    GetAccountSummary: onAnything,
    GetAccountAuthorizationDetails: onAnything,
    SimulateCustomPolicy: onAnything,
    SimulatePrincipalPolicy: ({ PolicySourceArn = "*" }) => ({ resource: PolicySourceArn }),
    GetContextKeysForCustomPolicy: onAnything,
    GetContextKeysForPrincipalPolicy: ({ PolicySourceArn = "*" }) => ({ resource: PolicySourceArn }),
  },
});
