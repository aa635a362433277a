import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import type { IamState, PolicyRecord } from "../../../iam/state.ts";
import { checkManagedPolicy } from "../documents.ts";
import type { Cx } from "../entity.ts";
import { alreadyExists, deleteConflict, noPolicy } from "../errors.ts";
import {
  findRecord,
  getManaged,
  managedPolicies,
  ofRecord,
  policyDetail,
  usesByArn,
  type PolicyUse,
} from "../managed.ts";
import { page } from "../page.ts";
import { addTags, fromTags, removeTags, shownTags, toTags } from "../tags.ts";

/** The customer's policy, to be changed. @throws AwsError NoSuchEntity, also for a policy of AWS's */
export function getRecord(cx: Cx, arn: string): PolicyRecord {
  const record = findRecord(cx, arn);
  if (!record) throw noPolicy(arn);
  return record;
}

export function putRecord(cx: Cx, record: PolicyRecord): void {
  cx.state.policies.put([record.account, record.name.toLowerCase()], record);
}

export const policies = {
  CreatePolicy(cx, { PolicyName = "", Path = "/", PolicyDocument = "", Description, Tags }) {
    checkManagedPolicy(PolicyDocument);
    const key = [cx.scope.account, PolicyName.toLowerCase()];
    if (cx.state.policies.has(key))
      throw alreadyExists(`A policy called ${PolicyName} already exists. Duplicate names are not allowed.`);
    const createdMs = cx.kernel.clock.seconds() * 1000;
    const record: PolicyRecord = {
      account: cx.scope.account,
      name: PolicyName,
      path: Path,
      id: uniqueId(cx.kernel.random, "ANPA"),
      createdMs,
      updatedMs: createdMs,
      description: Description,
      tags: toTags(Tags),
      versions: [{ id: "v1", document: PolicyDocument, createdMs }],
      defaultVersion: "v1",
      lastVersion: 1,
    };
    putRecord(cx, record);
    return { Policy: { ...policyDetail(ofRecord(record)), ...shownTags(record.tags) } };
  },

  GetPolicy(cx, { PolicyArn = "" }) {
    const policy = getManaged(cx, PolicyArn);
    const detail = policyDetail(policy, usesByArn(cx).get(PolicyArn));
    return { Policy: { ...detail, Description: policy.description, Tags: fromTags(policy.tags) } };
  },

  ListPolicies(cx, { Scope = "All", OnlyAttached = false, PathPrefix = "/", PolicyUsageFilter, ...request }) {
    const uses = usesByArn(cx);
    const wanted = [...managedPolicies(cx, Scope)].filter(({ arn, path }) => {
      if (!path.startsWith(PathPrefix)) return false;
      const filtered = (uses.get(arn) ?? []).filter(
        (use) => PolicyUsageFilter === undefined || use.as === PolicyUsageFilter,
      );
      return filtered.length > 0 || (!OnlyAttached && PolicyUsageFilter === undefined);
    });
    const { shown, ...paging } = page(wanted, (policy) => `${policy.name} ${policy.arn}`, request);
    return { Policies: shown.map((policy) => policyDetail(policy, uses.get(policy.arn))), ...paging };
  },

  DeletePolicy(cx, { PolicyArn = "" }) {
    const record = getRecord(cx, PolicyArn);
    if ((usesByArn(cx).get(PolicyArn) ?? []).length > 0)
      throw deleteConflict("Cannot delete a policy attached to entities.");
    if (record.versions.length > 1)
      throw deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
          "The default version is deleted with the policy.",
      );
    cx.state.policies.remove([record.account, record.name.toLowerCase()]);
    return {};
  },

  ListEntitiesForPolicy(cx, { PolicyArn = "", EntityFilter, PathPrefix = "/", PolicyUsageFilter, ...request }) {
    getManaged(cx, PolicyArn);
    const kinds: Record<string, string> = { User: "user", Group: "group", Role: "role" };
    const uses = (usesByArn(cx).get(PolicyArn) ?? []).filter(
      (use) =>
        use.path.startsWith(PathPrefix) &&
        (PolicyUsageFilter === undefined || use.as === PolicyUsageFilter) &&
        (EntityFilter === undefined || kinds[EntityFilter] === use.kind),
    );
    const { shown, ...paging } = page(uses, (use) => `${use.kind} ${use.name} ${use.as}`, request);
    const of = (kind: PolicyUse["kind"]) => shown.filter((use) => use.kind === kind);
    return {
      PolicyUsers: of("user").map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyGroups: of("group").map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyRoles: of("role").map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...paging,
    };
  },

  TagPolicy(cx, { PolicyArn = "", Tags }) {
    const record = getRecord(cx, PolicyArn);
    putRecord(cx, { ...record, tags: addTags(record.tags, Tags) });
    return {};
  },

  UntagPolicy(cx, { PolicyArn = "", TagKeys }) {
    const record = getRecord(cx, PolicyArn);
    putRecord(cx, { ...record, tags: removeTags(record.tags, TagKeys) });
    return {};
  },

  ListPolicyTags(cx, { PolicyArn = "", ...request }) {
    const { shown, ...paging } = page(fromTags(getManaged(cx, PolicyArn).tags), ({ Key }) => Key, request);
    return { Tags: shown, ...paging };
  },
} satisfies Operations<"iam", IamState>;
