import type { Operations } from "../../../service.ts";
import type { IamState } from "../../../iam/state.ts";
import { encodeDocument } from "../documents.ts";
import { boundaryOf, entitiesOf, type Cx } from "../entity.ts";
import { alreadyExists, noSuchEntity } from "../errors.ts";
import { findManaged, managedPolicies, policyDetail, usesByArn } from "../managed.ts";
import { page } from "../page.ts";
import { fromTags } from "../tags.ts";
import { groupDetail } from "./groups.ts";
import { profileDetail, profilesOf } from "./instance-profiles.ts";
import { roleDetail } from "./roles.ts";
import { userDetail } from "./users.ts";

function inlineList(inline: Readonly<Record<string, string>>) {
  return Object.entries(inline).map(([PolicyName, text]) => ({ PolicyName, PolicyDocument: encodeDocument(text) }));
}

function attachedList(cx: Cx, arns: readonly string[]) {
  return arns.map((PolicyArn) => ({ PolicyName: findManaged(cx, PolicyArn)?.name, PolicyArn }));
}

function userDetails(cx: Cx) {
  return [...entitiesOf(cx, "user")].map((user) => ({
    ...userDetail(user),
    UserPolicyList: inlineList(user.inline),
    GroupList: user.groups,
    AttachedManagedPolicies: attachedList(cx, user.attached),
    ...boundaryOf(user.boundary),
    Tags: fromTags(user.tags),
  }));
}

function groupDetails(cx: Cx) {
  return [...entitiesOf(cx, "group")].map((group) => ({
    ...groupDetail(group),
    GroupPolicyList: inlineList(group.inline),
    AttachedManagedPolicies: attachedList(cx, group.attached),
  }));
}

function roleDetails(cx: Cx) {
  return [...entitiesOf(cx, "role")].map((role) => ({
    ...roleDetail(cx, role),
    InstanceProfileList: profilesOf(cx)
      .filter((profile) => profile.role === role.name)
      .map((profile) => profileDetail(cx, profile)),
    RolePolicyList: inlineList(role.inline),
    AttachedManagedPolicies: attachedList(cx, role.attached),
    Tags: fromTags(role.tags),
  }));
}

/** AWS: of its own policies, those in use are told. */
function policyDetails(cx: Cx, local: boolean, aws: boolean) {
  const uses = usesByArn(cx);
  const scopes = [...(local ? managedPolicies(cx, "Local") : []), ...(aws ? managedPolicies(cx, "AWS") : [])];
  return scopes
    .filter(({ arn }) => !arn.startsWith("arn:aws:iam::aws:") || uses.has(arn))
    .map((policy) => ({
      ...policyDetail(policy, uses.get(policy.arn)),
      PolicyVersionList: policy.versions.map((version) => ({
        Document: encodeDocument(version.document),
        VersionId: version.id,
        IsDefaultVersion: version.id === policy.defaultVersion,
        CreateDate: new Date(version.createdMs),
      })),
    }));
}

type Detail =
  | { kind: "user"; name: string; detail: ReturnType<typeof userDetails>[number] }
  | { kind: "group"; name: string; detail: ReturnType<typeof groupDetails>[number] }
  | { kind: "role"; name: string; detail: ReturnType<typeof roleDetails>[number] }
  | { kind: "policy"; name: string; detail: ReturnType<typeof policyDetails>[number] };

/** AWS: "IAM and AWS STS quotas", what an account may hold by default. */
const QUOTAS = {
  UsersQuota: 5000,
  GroupsQuota: 300,
  RolesQuota: 1000,
  PoliciesQuota: 1500,
  InstanceProfilesQuota: 1000,
  GroupsPerUserQuota: 10,
  AttachedPoliciesPerUserQuota: 10,
  AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10,
  AccessKeysPerUserQuota: 2,
  VersionsPerPolicyQuota: 5,
  PolicySizeQuota: 6144,
  UserPolicySizeQuota: 2048,
  GroupPolicySizeQuota: 5120,
  RolePolicySizeQuota: 10240,
  AssumeRolePolicySizeQuota: 2048,
  SigningCertificatesPerUserQuota: 2,
  ServerCertificatesQuota: 20,
  PolicyVersionsInUseQuota: 10000,
};

export const account = {
  CreateAccountAlias(cx, { AccountAlias = "" }) {
    for (const [key, alias] of cx.state.aliases.entries())
      if (alias === AccountAlias && key[0] !== cx.scope.account)
        throw alreadyExists(`The account alias ${AccountAlias} already exists.`);
    // AWS: an account has one alias; a new one replaces it.
    cx.state.aliases.put([cx.scope.account], AccountAlias);
    return {};
  },

  ListAccountAliases(cx) {
    const alias = cx.state.aliases.get([cx.scope.account]);
    return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false };
  },

  DeleteAccountAlias(cx, { AccountAlias = "" }) {
    if (cx.state.aliases.get([cx.scope.account]) !== AccountAlias)
      throw noSuchEntity(`The account alias ${AccountAlias} cannot be found.`);
    cx.state.aliases.remove([cx.scope.account]);
    return {};
  },

  GetAccountSummary(cx) {
    const of = <T>(items: Iterable<T>) => [...items].length;
    const versions = [...managedPolicies(cx, "Local")].reduce((sum, policy) => sum + policy.versions.length, 0);
    return {
      SummaryMap: {
        ...QUOTAS,
        Users: of(entitiesOf(cx, "user")),
        Groups: of(entitiesOf(cx, "group")),
        Roles: of(entitiesOf(cx, "role")),
        Policies: of(managedPolicies(cx, "Local")),
        PolicyVersionsInUse: versions,
        InstanceProfiles: profilesOf(cx).length,
        Providers: of(cx.state.providers.values({ prefix: [cx.scope.account] })),
        ServerCertificates: 0,
        MFADevices: 0,
        MFADevicesInUse: 0,
        AccountMFAEnabled: 0,
        AccountAccessKeysPresent: 0,
        AccountSigningCertificatesPresent: 0,
        AccountPasswordPresent: 1,
        GlobalEndpointTokenVersion: 1,
      },
    };
  },

  GetAccountAuthorizationDetails(cx, { Filter = [], ...request }) {
    const wants = (kind: string) => Filter.length === 0 || Filter.some((one) => one === kind);
    const all: Detail[] = [
      ...(wants("User")
        ? userDetails(cx).map((detail) => ({ kind: "user" as const, name: detail.UserName, detail }))
        : []),
      ...(wants("Group")
        ? groupDetails(cx).map((detail) => ({ kind: "group" as const, name: detail.GroupName, detail }))
        : []),
      ...(wants("Role")
        ? roleDetails(cx).map((detail) => ({ kind: "role" as const, name: detail.RoleName, detail }))
        : []),
      ...policyDetails(cx, wants("LocalManagedPolicy"), wants("AWSManagedPolicy")).map((detail) => ({
        kind: "policy" as const,
        name: detail.Arn,
        detail,
      })),
    ];
    const { shown, ...paging } = page(all, ({ kind, name }) => `${kind} ${name}`, request);
    return {
      UserDetailList: shown.flatMap((one) => (one.kind === "user" ? [one.detail] : [])),
      GroupDetailList: shown.flatMap((one) => (one.kind === "group" ? [one.detail] : [])),
      RoleDetailList: shown.flatMap((one) => (one.kind === "role" ? [one.detail] : [])),
      Policies: shown.flatMap((one) => (one.kind === "policy" ? [one.detail] : [])),
      ...paging,
    };
  },
} satisfies Operations<"iam", IamState>;
