import type { ResourceContext } from "../../../deploy/resource.ts";

/** What roles, users and groups of a template have in common, on top of IAM's own operations. */

export type Kind = "role" | "user" | "group";

/** A document as a template writes it: an object, or a text. */
export type Document = string | Readonly<Record<string, unknown>>;

export interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: Document;
}

export function textOf(document: Document): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}

export async function putInline(cx: ResourceContext, kind: Kind, name: string, policy: InlinePolicy): Promise<void> {
  const input = { PolicyName: policy.PolicyName, PolicyDocument: textOf(policy.PolicyDocument) };
  if (kind === "role") await cx.call("iam", "PutRolePolicy", { RoleName: name, ...input });
  else if (kind === "user") await cx.call("iam", "PutUserPolicy", { UserName: name, ...input });
  else await cx.call("iam", "PutGroupPolicy", { GroupName: name, ...input });
}

/** Deletes an inline policy; one that is gone already is fine. */
export async function deleteInline(cx: ResourceContext, kind: Kind, name: string, PolicyName: string): Promise<void> {
  await unlessGone(async () => {
    if (kind === "role") await cx.call("iam", "DeleteRolePolicy", { RoleName: name, PolicyName });
    else if (kind === "user") await cx.call("iam", "DeleteUserPolicy", { UserName: name, PolicyName });
    else await cx.call("iam", "DeleteGroupPolicy", { GroupName: name, PolicyName });
  });
}

export async function attach(cx: ResourceContext, kind: Kind, name: string, PolicyArn: string): Promise<void> {
  if (kind === "role") await cx.call("iam", "AttachRolePolicy", { RoleName: name, PolicyArn });
  else if (kind === "user") await cx.call("iam", "AttachUserPolicy", { UserName: name, PolicyArn });
  else await cx.call("iam", "AttachGroupPolicy", { GroupName: name, PolicyArn });
}

export async function detach(cx: ResourceContext, kind: Kind, name: string, PolicyArn: string): Promise<void> {
  await unlessGone(async () => {
    if (kind === "role") await cx.call("iam", "DetachRolePolicy", { RoleName: name, PolicyArn });
    else if (kind === "user") await cx.call("iam", "DetachUserPolicy", { UserName: name, PolicyArn });
    else await cx.call("iam", "DetachGroupPolicy", { GroupName: name, PolicyArn });
  });
}

interface PolicyProps {
  Policies?: readonly InlinePolicy[] | undefined;
  ManagedPolicyArns?: readonly string[] | undefined;
}

/** Brings the inline and attached policies of an entity from what they were to what they shall be. */
export async function changePolicies(
  cx: ResourceContext,
  kind: Kind,
  name: string,
  props: PolicyProps,
  previous: PolicyProps,
) {
  const { Policies = [], ManagedPolicyArns = [] } = props;
  for (const arn of previous.ManagedPolicyArns ?? [])
    if (!ManagedPolicyArns.includes(arn)) await detach(cx, kind, name, arn);
  for (const arn of ManagedPolicyArns)
    if (!previous.ManagedPolicyArns?.includes(arn)) await attach(cx, kind, name, arn);
  const kept = new Set(Policies.map(({ PolicyName }) => PolicyName));
  for (const { PolicyName } of previous.Policies ?? [])
    if (!kept.has(PolicyName)) await deleteInline(cx, kind, name, PolicyName);
  for (const policy of Policies) await putInline(cx, kind, name, policy);
}

/** Takes away what the template had given, so that the entity can be deleted. */
export async function dropPolicies(cx: ResourceContext, kind: Kind, name: string, props: PolicyProps): Promise<void> {
  for (const arn of props.ManagedPolicyArns ?? []) await detach(cx, kind, name, arn);
  for (const { PolicyName } of props.Policies ?? []) await deleteInline(cx, kind, name, PolicyName);
}

/** The roles, users and groups that a policy resource names. */
export interface Targets {
  Roles?: readonly string[] | undefined;
  Users?: readonly string[] | undefined;
  Groups?: readonly string[] | undefined;
}

export function targetsOf({ Roles = [], Users = [], Groups = [] }: Targets): [kind: Kind, name: string][] {
  return [
    ...Roles.map((name): [Kind, string] => ["role", name]),
    ...Users.map((name): [Kind, string] => ["user", name]),
    ...Groups.map((name): [Kind, string] => ["group", name]),
  ];
}

/** The targets of the first that the second does not name. */
export function targetsWithout(targets: Targets, others: Targets): [kind: Kind, name: string][] {
  const kept = new Set(targetsOf(others).map(([kind, name]) => `${kind} ${name}`));
  return targetsOf(targets).filter(([kind, name]) => !kept.has(`${kind} ${name}`));
}

export async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { code?: string }).code !== "NoSuchEntity") throw error;
  }
}
