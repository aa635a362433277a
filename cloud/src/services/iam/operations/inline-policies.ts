import type { Operations } from "../../../service.ts";
import type { IamState } from "../../../iam/state.ts";
import { checkInlinePolicy, encodeDocument } from "../documents.ts";
import { getEntity, getOwn, putEntity, type Cx } from "../entity.ts";
import { noInlinePolicy, type Named } from "../errors.ts";
import { page, type PageRequest } from "../page.ts";

function put(cx: Cx, kind: Named, name: string, policyName: string, document: string) {
  const entity = getOwn(cx, kind, name);
  checkInlinePolicy(kind, entity, policyName, document);
  putEntity(cx, kind, { ...entity, inline: { ...entity.inline, [policyName]: document } });
  return {};
}

function get(cx: Cx, kind: Named, name: string, policyName: string) {
  const document = getEntity(cx, kind, name).inline[policyName];
  if (document === undefined) throw noInlinePolicy(kind, policyName);
  return { PolicyName: policyName, PolicyDocument: encodeDocument(document) };
}

function list(cx: Cx, kind: Named, name: string, request: PageRequest) {
  const { shown, ...paging } = page(Object.keys(getEntity(cx, kind, name).inline), (policyName) => policyName, request);
  return { PolicyNames: shown, ...paging };
}

function remove(cx: Cx, kind: Named, name: string, policyName: string) {
  const entity = getOwn(cx, kind, name);
  if (entity.inline[policyName] === undefined) throw noInlinePolicy(kind, policyName);
  const { [policyName]: _gone, ...inline } = entity.inline;
  putEntity(cx, kind, { ...entity, inline });
  return {};
}

export const inlinePolicies = {
  PutUserPolicy: (cx, { UserName = "", PolicyName = "", PolicyDocument = "" }) =>
    put(cx, "user", UserName, PolicyName, PolicyDocument),
  PutGroupPolicy: (cx, { GroupName = "", PolicyName = "", PolicyDocument = "" }) =>
    put(cx, "group", GroupName, PolicyName, PolicyDocument),
  PutRolePolicy: (cx, { RoleName = "", PolicyName = "", PolicyDocument = "" }) =>
    put(cx, "role", RoleName, PolicyName, PolicyDocument),
  GetUserPolicy: (cx, { UserName = "", PolicyName = "" }) => ({ UserName, ...get(cx, "user", UserName, PolicyName) }),
  GetGroupPolicy: (cx, { GroupName = "", PolicyName = "" }) => ({
    GroupName,
    ...get(cx, "group", GroupName, PolicyName),
  }),
  GetRolePolicy: (cx, { RoleName = "", PolicyName = "" }) => ({ RoleName, ...get(cx, "role", RoleName, PolicyName) }),
  ListUserPolicies: (cx, { UserName = "", ...request }) => list(cx, "user", UserName, request),
  ListGroupPolicies: (cx, { GroupName = "", ...request }) => list(cx, "group", GroupName, request),
  ListRolePolicies: (cx, { RoleName = "", ...request }) => list(cx, "role", RoleName, request),
  DeleteUserPolicy: (cx, { UserName = "", PolicyName = "" }) => remove(cx, "user", UserName, PolicyName),
  DeleteGroupPolicy: (cx, { GroupName = "", PolicyName = "" }) => remove(cx, "group", GroupName, PolicyName),
  DeleteRolePolicy: (cx, { RoleName = "", PolicyName = "" }) => remove(cx, "role", RoleName, PolicyName),
} satisfies Operations<"iam", IamState>;
