import type { GroupType } from "@aws-sdk/client-cognito-identity-provider";
import type { Input, Output } from "../../../aws/api-types.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { groupExists, groupNotFound } from "../errors.ts";
import { getPool, getUser, type Cx } from "../lookup.ts";
import { pageOf } from "../page.ts";
import type { GroupRecord, PoolRecord } from "../state.ts";
import { describeUser } from "../users.ts";

const LIST_MAX = 60;

function getGroupOf(cx: Cx, pool: PoolRecord, name: string | undefined): GroupRecord {
  const group = cx.state.groups.get([pool.Id, name ?? ""]);
  if (!group) throw groupNotFound();
  return group;
}

function describe(pool: PoolRecord, { createdMs, updatedMs, ...members }: GroupRecord): GroupType {
  return { ...members, UserPoolId: pool.Id, CreationDate: new Date(createdMs), LastModifiedDate: new Date(updatedMs) };
}

export function createGroup(
  cx: Cx,
  { UserPoolId, GroupName, Description, Precedence, RoleArn }: Input<"cognito-idp", "CreateGroup">,
): Output<"cognito-idp", "CreateGroup"> {
  const pool = getPool(cx, UserPoolId);
  if (cx.state.groups.has([pool.Id, GroupName!])) throw groupExists();
  if (RoleArn !== undefined) cx.authorize(passRole(RoleArn, "cognito-idp.amazonaws.com"));
  const now = cx.kernel.clock.now();
  const group: GroupRecord = {
    GroupName: GroupName!,
    Description,
    Precedence,
    RoleArn,
    createdMs: now,
    updatedMs: now,
  };
  cx.state.groups.put([pool.Id, group.GroupName], group);
  return { Group: describe(pool, group) };
}

export function getGroup(
  cx: Cx,
  { UserPoolId, GroupName }: Input<"cognito-idp", "GetGroup">,
): Output<"cognito-idp", "GetGroup"> {
  const pool = getPool(cx, UserPoolId);
  return { Group: describe(pool, getGroupOf(cx, pool, GroupName)) };
}

export function updateGroup(
  cx: Cx,
  { UserPoolId, GroupName, Description, Precedence, RoleArn }: Input<"cognito-idp", "UpdateGroup">,
): Output<"cognito-idp", "UpdateGroup"> {
  const pool = getPool(cx, UserPoolId);
  const former = getGroupOf(cx, pool, GroupName);
  if (RoleArn !== undefined) cx.authorize(passRole(RoleArn, "cognito-idp.amazonaws.com"));
  const group = {
    ...former,
    Description: Description ?? former.Description,
    Precedence: Precedence ?? former.Precedence,
    RoleArn: RoleArn ?? former.RoleArn,
    updatedMs: cx.kernel.clock.now(),
  };
  cx.state.groups.put([pool.Id, group.GroupName], group);
  return { Group: describe(pool, group) };
}

export function deleteGroup(cx: Cx, { UserPoolId, GroupName }: Input<"cognito-idp", "DeleteGroup">): object {
  const pool = getPool(cx, UserPoolId);
  cx.state.removeGroup(pool.Id, getGroupOf(cx, pool, GroupName).GroupName);
  return {};
}

export function listGroups(
  cx: Cx,
  { UserPoolId, Limit, NextToken }: Input<"cognito-idp", "ListGroups">,
): Output<"cognito-idp", "ListGroups"> {
  const pool = getPool(cx, UserPoolId);
  const { page, next } = pageOf(
    Array.from(cx.state.groups.values({ prefix: [pool.Id] })),
    Limit ?? LIST_MAX,
    NextToken,
  );
  return { Groups: page.map((group) => describe(pool, group)), NextToken: next };
}

export function adminAddUserToGroup(
  cx: Cx,
  { UserPoolId, Username, GroupName }: Input<"cognito-idp", "AdminAddUserToGroup">,
): object {
  const pool = getPool(cx, UserPoolId);
  const user = getUser(cx, pool, Username);
  cx.state.join(pool.Id, user.Username, getGroupOf(cx, pool, GroupName).GroupName);
  return {};
}

export function adminRemoveUserFromGroup(
  cx: Cx,
  { UserPoolId, Username, GroupName }: Input<"cognito-idp", "AdminRemoveUserFromGroup">,
): object {
  const pool = getPool(cx, UserPoolId);
  const user = getUser(cx, pool, Username);
  cx.state.leave(pool.Id, user.Username, getGroupOf(cx, pool, GroupName).GroupName);
  return {};
}

export function adminListGroupsForUser(
  cx: Cx,
  { UserPoolId, Username, Limit, NextToken }: Input<"cognito-idp", "AdminListGroupsForUser">,
): Output<"cognito-idp", "AdminListGroupsForUser"> {
  const pool = getPool(cx, UserPoolId);
  const groups = cx.state.groupsOf(pool.Id, getUser(cx, pool, Username).Username);
  const { page, next } = pageOf(groups, Limit ?? LIST_MAX, NextToken);
  return { Groups: page.map((group) => describe(pool, group)), NextToken: next };
}

export function listUsersInGroup(
  cx: Cx,
  { UserPoolId, GroupName, Limit, NextToken }: Input<"cognito-idp", "ListUsersInGroup">,
): Output<"cognito-idp", "ListUsersInGroup"> {
  const pool = getPool(cx, UserPoolId);
  const names = cx.state.usernamesIn(pool.Id, getGroupOf(cx, pool, GroupName).GroupName);
  const { page, next } = pageOf(names, Limit ?? LIST_MAX, NextToken);
  return { Users: page.map((name) => describeUser(cx.state.users.get([pool.Id, name])!)), NextToken: next };
}
