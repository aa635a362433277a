import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import { entityArn, findRole, type IamState, type InstanceProfileRecord } from "../../../iam/state.ts";
import { getEntity, type Cx } from "../entity.ts";
import { alreadyExists, mustFirst, noEntity, noInstanceProfile, quotaExceeded } from "../errors.ts";
import { page } from "../page.ts";
import { addTags, fromTags, removeTags, shownTags, toTags } from "../tags.ts";
import { roleSummary } from "./roles.ts";

export function profileDetail(cx: Cx, profile: InstanceProfileRecord) {
  const role = profile.role === undefined ? undefined : findRole(cx.state, profile.account, profile.role);
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: entityArn("instance-profile", profile),
    CreateDate: new Date(profile.createdMs),
    Roles: role ? [roleSummary(role)] : [],
    ...shownTags(profile.tags),
  };
}

function getProfile(cx: Cx, name: string): InstanceProfileRecord {
  const profile = cx.state.profiles.get([cx.scope.account, name.toLowerCase()]);
  if (profile?.name !== name) throw noInstanceProfile(name);
  return profile;
}

function putProfile(cx: Cx, profile: InstanceProfileRecord): void {
  cx.state.profiles.put([profile.account, profile.name.toLowerCase()], profile);
}

export function profilesOf(cx: Cx): InstanceProfileRecord[] {
  return [...cx.state.profiles.values({ prefix: [cx.scope.account] })];
}

export const instanceProfiles = {
  CreateInstanceProfile(cx, { InstanceProfileName = "", Path = "/", Tags }) {
    if (cx.state.profiles.has([cx.scope.account, InstanceProfileName.toLowerCase()]))
      throw alreadyExists(`Instance Profile ${InstanceProfileName} already exists.`);
    const profile: InstanceProfileRecord = {
      account: cx.scope.account,
      name: InstanceProfileName,
      path: Path,
      id: uniqueId(cx.kernel.random, "AIPA"),
      createdMs: cx.kernel.clock.seconds() * 1000,
      tags: toTags(Tags),
    };
    putProfile(cx, profile);
    return { InstanceProfile: profileDetail(cx, profile) };
  },

  GetInstanceProfile: (cx, { InstanceProfileName = "" }) => ({
    InstanceProfile: profileDetail(cx, getProfile(cx, InstanceProfileName)),
  }),

  ListInstanceProfiles(cx, { PathPrefix = "/", ...request }) {
    const found = profilesOf(cx).filter(({ path }) => path.startsWith(PathPrefix));
    const { shown, ...paging } = page(found, (profile) => profile.name, request);
    return { InstanceProfiles: shown.map((profile) => profileDetail(cx, profile)), ...paging };
  },

  ListInstanceProfilesForRole(cx, { RoleName = "", ...request }) {
    getEntity(cx, "role", RoleName);
    const found = profilesOf(cx).filter(({ role }) => role === RoleName);
    const { shown, ...paging } = page(found, (profile) => profile.name, request);
    return { InstanceProfiles: shown.map((profile) => profileDetail(cx, profile)), ...paging };
  },

  DeleteInstanceProfile(cx, { InstanceProfileName = "" }) {
    const profile = getProfile(cx, InstanceProfileName);
    if (profile.role !== undefined) throw mustFirst("remove roles from instance profile");
    cx.state.profiles.remove([profile.account, profile.name.toLowerCase()]);
    return {};
  },

  AddRoleToInstanceProfile(cx, { InstanceProfileName = "", RoleName = "" }) {
    const profile = getProfile(cx, InstanceProfileName);
    getEntity(cx, "role", RoleName);
    if (profile.role !== undefined) throw quotaExceeded("InstanceSessionsPerInstanceProfile", 1);
    putProfile(cx, { ...profile, role: RoleName });
    return {};
  },

  RemoveRoleFromInstanceProfile(cx, { InstanceProfileName = "", RoleName = "" }) {
    const profile = getProfile(cx, InstanceProfileName);
    if (profile.role !== RoleName) throw noEntity("role", RoleName);
    putProfile(cx, { ...profile, role: undefined });
    return {};
  },

  TagInstanceProfile(cx, { InstanceProfileName = "", Tags }) {
    const profile = getProfile(cx, InstanceProfileName);
    putProfile(cx, { ...profile, tags: addTags(profile.tags, Tags) });
    return {};
  },

  UntagInstanceProfile(cx, { InstanceProfileName = "", TagKeys }) {
    const profile = getProfile(cx, InstanceProfileName);
    putProfile(cx, { ...profile, tags: removeTags(profile.tags, TagKeys) });
    return {};
  },

  ListInstanceProfileTags(cx, { InstanceProfileName = "", ...request }) {
    const { shown, ...paging } = page(fromTags(getProfile(cx, InstanceProfileName).tags), ({ Key }) => Key, request);
    return { Tags: shown, ...paging };
  },
} satisfies Operations<"iam", IamState>;
