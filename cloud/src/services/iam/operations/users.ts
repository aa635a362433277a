import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import { entityArn, type IamState, type UserRecord } from "../../../iam/state.ts";
import {
  boundaryOf,
  checkBoundary,
  checkFree,
  checkNoPolicies,
  entitiesOf,
  getEntity,
  putEntity,
  removeEntity,
  type Cx,
} from "../entity.ts";
import { mustFirst, noEntity, validationError } from "../errors.ts";
import { page } from "../page.ts";
import { addTags, fromTags, removeTags, shownTags, toTags } from "../tags.ts";

export function userDetail(user: UserRecord) {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn("user", user),
    CreateDate: new Date(user.createdMs),
  };
}

/** The user of that name; without a name the caller. AWS: root is told of by GetUser alone. */
export function getUserOrCaller(cx: Cx, name: string | undefined): UserRecord {
  if (name !== undefined) return getEntity(cx, "user", name);
  if (cx.principal.kind === "user") {
    const own = cx.principal.arn;
    return getEntity(cx, "user", own.slice(own.lastIndexOf("/") + 1));
  }
  throw validationError("Must specify userName when calling with non-User credentials");
}

export const users = {
  CreateUser(cx, { UserName = "", Path = "/", Tags, PermissionsBoundary }) {
    checkFree(cx, "user", UserName);
    checkBoundary(cx, PermissionsBoundary);
    const user: UserRecord = {
      account: cx.scope.account,
      name: UserName,
      path: Path,
      id: uniqueId(cx.kernel.random, "AIDA"),
      createdMs: cx.kernel.clock.seconds() * 1000,
      inline: {},
      attached: [],
      tags: toTags(Tags),
      boundary: PermissionsBoundary,
      groups: [],
      keys: [],
    };
    putEntity(cx, "user", user);
    return { User: { ...userDetail(user), ...boundaryOf(user.boundary), ...shownTags(user.tags) } };
  },

  GetUser(cx, { UserName }) {
    if (UserName === undefined && cx.principal.kind === "root") {
      const { account } = cx.principal;
      return {
        User: {
          Path: "/",
          UserName: "root",
          UserId: account,
          Arn: `arn:aws:iam::${account}:root`,
          CreateDate: new Date(0),
        },
      };
    }
    const user = getUserOrCaller(cx, UserName);
    return { User: { ...userDetail(user), ...boundaryOf(user.boundary), ...shownTags(user.tags) } };
  },

  ListUsers(cx, { PathPrefix, ...request }) {
    const { shown, ...paging } = page(entitiesOf(cx, "user", PathPrefix), (user) => user.name, request);
    return { Users: shown.map(userDetail), ...paging };
  },

  UpdateUser(cx, { UserName = "", NewUserName, NewPath }) {
    const user = getEntity(cx, "user", UserName);
    const name = NewUserName ?? UserName;
    if (name.toLowerCase() !== UserName.toLowerCase()) checkFree(cx, "user", name);
    removeEntity(cx, "user", UserName);
    putEntity(cx, "user", { ...user, name, path: NewPath ?? user.path });
    for (const { id } of user.keys) cx.state.keyOwners.put([id], { account: user.account, user: name });
    return {};
  },

  DeleteUser(cx, { UserName = "" }) {
    const user = getEntity(cx, "user", UserName);
    if (user.keys.length > 0) throw mustFirst("delete access keys");
    if (user.groups.length > 0) throw mustFirst("remove user from groups");
    checkNoPolicies(user);
    removeEntity(cx, "user", UserName);
    return {};
  },

  TagUser(cx, { UserName = "", Tags }) {
    const user = getEntity(cx, "user", UserName);
    putEntity(cx, "user", { ...user, tags: addTags(user.tags, Tags) });
    return {};
  },

  UntagUser(cx, { UserName = "", TagKeys }) {
    const user = getEntity(cx, "user", UserName);
    putEntity(cx, "user", { ...user, tags: removeTags(user.tags, TagKeys) });
    return {};
  },

  ListUserTags(cx, { UserName = "", ...request }) {
    const { shown, ...paging } = page(fromTags(getEntity(cx, "user", UserName).tags), ({ Key }) => Key, request);
    return { Tags: shown, ...paging };
  },

  PutUserPermissionsBoundary(cx, { UserName = "", PermissionsBoundary = "" }) {
    const user = getEntity(cx, "user", UserName);
    checkBoundary(cx, PermissionsBoundary);
    putEntity(cx, "user", { ...user, boundary: PermissionsBoundary });
    return {};
  },

  DeleteUserPermissionsBoundary(cx, { UserName = "" }) {
    const user = getEntity(cx, "user", UserName);
    if (user.boundary === undefined) throw noEntity("user", UserName);
    putEntity(cx, "user", { ...user, boundary: undefined });
    return {};
  },
} satisfies Operations<"iam", IamState>;
