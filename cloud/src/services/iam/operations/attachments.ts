import type { Operations } from "../../../service.ts";
import type { IamState } from "../../../iam/state.ts";
import { getEntity, getOwn, putEntity, type Cx } from "../entity.ts";
import { noPolicy, notAttachable, quotaExceeded, type Named } from "../errors.ts";
import { findManaged } from "../managed.ts";
import { page, type PageRequest } from "../page.ts";

/** AWS: "IAM and AWS STS quotas". */
const ATTACHED_MAX = 10;
const QUOTA: Record<Named, string> = { user: "PoliciesPerUser", group: "PoliciesPerGroup", role: "PoliciesPerRole" };

function attach(cx: Cx, kind: Named, name: string, arn: string) {
  const entity = getOwn(cx, kind, name);
  if (!findManaged(cx, arn)) throw notAttachable(arn);
  if (entity.attached.includes(arn)) return {};
  if (entity.attached.length >= ATTACHED_MAX) throw quotaExceeded(QUOTA[kind], ATTACHED_MAX);
  putEntity(cx, kind, { ...entity, attached: [...entity.attached, arn] });
  return {};
}

function detach(cx: Cx, kind: Named, name: string, arn: string) {
  const entity = getOwn(cx, kind, name);
  if (!entity.attached.includes(arn)) throw noPolicy(arn);
  putEntity(cx, kind, { ...entity, attached: entity.attached.filter((one) => one !== arn) });
  return {};
}

function list(
  cx: Cx,
  kind: Named,
  name: string,
  { PathPrefix = "/", ...request }: PageRequest & { PathPrefix?: string | undefined },
) {
  const entity = getEntity(cx, kind, name);
  const found = entity.attached
    .flatMap((arn) => findManaged(cx, arn) ?? [])
    .filter(({ path }) => path.startsWith(PathPrefix));
  const { shown, ...paging } = page(found, (policy) => policy.name, request);
  return {
    AttachedPolicies: shown.map(({ name: PolicyName, arn: PolicyArn }) => ({ PolicyName, PolicyArn })),
    ...paging,
  };
}

export const attachments = {
  AttachUserPolicy: (cx, { UserName = "", PolicyArn = "" }) => attach(cx, "user", UserName, PolicyArn),
  AttachGroupPolicy: (cx, { GroupName = "", PolicyArn = "" }) => attach(cx, "group", GroupName, PolicyArn),
  AttachRolePolicy: (cx, { RoleName = "", PolicyArn = "" }) => attach(cx, "role", RoleName, PolicyArn),
  DetachUserPolicy: (cx, { UserName = "", PolicyArn = "" }) => detach(cx, "user", UserName, PolicyArn),
  DetachGroupPolicy: (cx, { GroupName = "", PolicyArn = "" }) => detach(cx, "group", GroupName, PolicyArn),
  DetachRolePolicy: (cx, { RoleName = "", PolicyArn = "" }) => detach(cx, "role", RoleName, PolicyArn),
  ListAttachedUserPolicies: (cx, { UserName = "", ...request }) => list(cx, "user", UserName, request),
  ListAttachedGroupPolicies: (cx, { GroupName = "", ...request }) => list(cx, "group", GroupName, request),
  ListAttachedRolePolicies: (cx, { RoleName = "", ...request }) => list(cx, "role", RoleName, request),
} satisfies Operations<"iam", IamState>;
