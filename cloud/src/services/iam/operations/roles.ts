import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import { entityArn, type IamState, type RoleRecord } from "../../../iam/state.ts";
import { checkTrustPolicy, encodeDocument } from "../documents.ts";
import {
  boundaryOf,
  checkBoundary,
  checkFree,
  checkNoPolicies,
  entitiesOf,
  getEntity,
  getOwnRole,
  putEntity,
  removeEntity,
  type Cx,
} from "../entity.ts";
import { mustFirst, noEntity, validationError } from "../errors.ts";
import { page } from "../page.ts";
import { addTags, fromTags, removeTags, shownTags, toTags } from "../tags.ts";

const SESSION_SECONDS_DEFAULT = 3_600;

/** What lists tell of a role. */
export function roleSummary(role: RoleRecord) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn("role", role),
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodeDocument(role.trust),
    ...(role.description === undefined ? {} : { Description: role.description }),
    MaxSessionDuration: role.sessionSecondsMax,
  };
}

/** What GetRole tells of a role besides. */
export function roleDetail(cx: Cx, role: RoleRecord) {
  const use = cx.state.uses.get([role.id]);
  return {
    ...roleSummary(role),
    ...boundaryOf(role.boundary),
    ...shownTags(role.tags),
    RoleLastUsed: use ? { LastUsedDate: new Date(use.atMs), Region: use.region } : {},
  };
}

/** @throws AwsError ValidationError; the API model knows no bounds that IAM tells so */
function checkPath(path: string): void {
  if (path.startsWith("/aws-service-role/"))
    throw validationError("The path cannot begin with /aws-service-role/: it is reserved for service-linked roles.");
}

export const roles = {
  CreateRole(cx, input) {
    const { RoleName = "", Path = "/", AssumeRolePolicyDocument = "", PermissionsBoundary } = input;
    checkPath(Path);
    checkTrustPolicy(cx.state, cx.scope.account, AssumeRolePolicyDocument);
    checkFree(cx, "role", RoleName);
    checkBoundary(cx, PermissionsBoundary);
    const role: RoleRecord = {
      account: cx.scope.account,
      name: RoleName,
      path: Path,
      id: uniqueId(cx.kernel.random, "AROA"),
      createdMs: cx.kernel.clock.seconds() * 1000,
      inline: {},
      attached: [],
      tags: toTags(input.Tags),
      boundary: PermissionsBoundary,
      trust: AssumeRolePolicyDocument,
      description: input.Description,
      sessionSecondsMax: input.MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
    };
    putEntity(cx, "role", role);
    return { Role: { ...roleSummary(role), ...boundaryOf(role.boundary), ...shownTags(role.tags) } };
  },

  GetRole(cx, { RoleName = "" }) {
    return { Role: roleDetail(cx, getEntity(cx, "role", RoleName)) };
  },

  ListRoles(cx, { PathPrefix, ...request }) {
    const { shown, ...paging } = page(entitiesOf(cx, "role", PathPrefix), (role) => role.name, request);
    return { Roles: shown.map(roleSummary), ...paging };
  },

  UpdateRole(cx, { RoleName = "", Description, MaxSessionDuration }) {
    const role = getOwnRole(cx, RoleName);
    putEntity(cx, "role", {
      ...role,
      description: Description ?? role.description,
      sessionSecondsMax: MaxSessionDuration ?? role.sessionSecondsMax,
    });
    return {};
  },

  UpdateRoleDescription(cx, { RoleName = "", Description }) {
    const role = { ...getEntity(cx, "role", RoleName), description: Description };
    putEntity(cx, "role", role);
    return { Role: roleDetail(cx, role) };
  },

  UpdateAssumeRolePolicy(cx, { RoleName = "", PolicyDocument = "" }) {
    const role = getOwnRole(cx, RoleName);
    checkTrustPolicy(cx.state, cx.scope.account, PolicyDocument);
    putEntity(cx, "role", { ...role, trust: PolicyDocument });
    return {};
  },

  DeleteRole(cx, { RoleName = "" }) {
    const role = getOwnRole(cx, RoleName);
    const profiles = [...cx.state.profiles.values({ prefix: [cx.scope.account] })];
    if (profiles.some((profile) => profile.role === RoleName)) throw mustFirst("remove roles from instance profile");
    checkNoPolicies(role);
    removeEntity(cx, "role", RoleName);
    return {};
  },

  TagRole(cx, { RoleName = "", Tags }) {
    const role = getOwnRole(cx, RoleName);
    putEntity(cx, "role", { ...role, tags: addTags(role.tags, Tags) });
    return {};
  },

  UntagRole(cx, { RoleName = "", TagKeys }) {
    const role = getOwnRole(cx, RoleName);
    putEntity(cx, "role", { ...role, tags: removeTags(role.tags, TagKeys) });
    return {};
  },

  ListRoleTags(cx, { RoleName = "", ...request }) {
    const { shown, ...paging } = page(fromTags(getEntity(cx, "role", RoleName).tags), ({ Key }) => Key, request);
    return { Tags: shown, ...paging };
  },

  PutRolePermissionsBoundary(cx, { RoleName = "", PermissionsBoundary = "" }) {
    const role = getOwnRole(cx, RoleName);
    checkBoundary(cx, PermissionsBoundary);
    putEntity(cx, "role", { ...role, boundary: PermissionsBoundary });
    return {};
  },

  DeleteRolePermissionsBoundary(cx, { RoleName = "" }) {
    const role = getOwnRole(cx, RoleName);
    if (role.boundary === undefined) throw noEntity("role", RoleName);
    putEntity(cx, "role", { ...role, boundary: undefined });
    return {};
  },
} satisfies Operations<"iam", IamState>;
