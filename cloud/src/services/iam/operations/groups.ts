import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import { entityArn, findGroup, type GroupRecord, type IamState } from "../../../iam/state.ts";
import { checkFree, checkNoPolicies, entitiesOf, getEntity, putEntity, removeEntity, type Cx } from "../entity.ts";
import { mustFirst, quotaExceeded } from "../errors.ts";
import { page } from "../page.ts";
import { userDetail } from "./users.ts";

const GROUPS_PER_USER_MAX = 10;

export function groupDetail(group: GroupRecord) {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: entityArn("group", group),
    CreateDate: new Date(group.createdMs),
  };
}

function membersOf(cx: Cx, group: GroupRecord) {
  return [...entitiesOf(cx, "user")].filter((user) => user.groups.includes(group.name));
}

export const groups = {
  CreateGroup(cx, { GroupName = "", Path = "/" }) {
    checkFree(cx, "group", GroupName);
    const group: GroupRecord = {
      account: cx.scope.account,
      name: GroupName,
      path: Path,
      id: uniqueId(cx.kernel.random, "AGPA"),
      createdMs: cx.kernel.clock.seconds() * 1000,
      inline: {},
      attached: [],
    };
    putEntity(cx, "group", group);
    return { Group: groupDetail(group) };
  },

  GetGroup(cx, { GroupName = "", ...request }) {
    const group = getEntity(cx, "group", GroupName);
    const { shown, ...paging } = page(membersOf(cx, group), (user) => user.name, request);
    return { Group: groupDetail(group), Users: shown.map(userDetail), ...paging };
  },

  ListGroups(cx, { PathPrefix, ...request }) {
    const { shown, ...paging } = page(entitiesOf(cx, "group", PathPrefix), (group) => group.name, request);
    return { Groups: shown.map(groupDetail), ...paging };
  },

  UpdateGroup(cx, { GroupName = "", NewGroupName, NewPath }) {
    const group = getEntity(cx, "group", GroupName);
    const name = NewGroupName ?? GroupName;
    if (name.toLowerCase() !== GroupName.toLowerCase()) checkFree(cx, "group", name);
    const members = membersOf(cx, group);
    removeEntity(cx, "group", GroupName);
    putEntity(cx, "group", { ...group, name, path: NewPath ?? group.path });
    for (const user of members)
      putEntity(cx, "user", { ...user, groups: user.groups.map((one) => (one === GroupName ? name : one)) });
    return {};
  },

  DeleteGroup(cx, { GroupName = "" }) {
    const group = getEntity(cx, "group", GroupName);
    if (membersOf(cx, group).length > 0) throw mustFirst("remove users from group");
    checkNoPolicies(group);
    removeEntity(cx, "group", GroupName);
    return {};
  },

  AddUserToGroup(cx, { GroupName = "", UserName = "" }) {
    getEntity(cx, "group", GroupName);
    const user = getEntity(cx, "user", UserName);
    if (user.groups.includes(GroupName)) return {};
    if (user.groups.length >= GROUPS_PER_USER_MAX) throw quotaExceeded("GroupsPerUser", GROUPS_PER_USER_MAX);
    putEntity(cx, "user", { ...user, groups: [...user.groups, GroupName] });
    return {};
  },

  RemoveUserFromGroup(cx, { GroupName = "", UserName = "" }) {
    getEntity(cx, "group", GroupName);
    const user = getEntity(cx, "user", UserName);
    putEntity(cx, "user", { ...user, groups: user.groups.filter((group) => group !== GroupName) });
    return {};
  },

  ListGroupsForUser(cx, { UserName = "", ...request }) {
    const user = getEntity(cx, "user", UserName);
    const found = user.groups.flatMap((name) => findGroup(cx.state, user.account, name) ?? []);
    const { shown, ...paging } = page(found, (group) => group.name, request);
    return { Groups: shown.map(groupDetail), ...paging };
  },
} satisfies Operations<"iam", IamState>;
