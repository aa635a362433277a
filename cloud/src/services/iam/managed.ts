import { awsManagedPolicies, findAwsManagedPolicy, type AwsManagedPolicy } from "../../iam/managed-policy.ts";
import { entityArn, type PolicyRecord } from "../../iam/state.ts";
import type { Cx } from "./entity.ts";
import { entitiesOf } from "./entity.ts";
import { noPolicy, type Named } from "./errors.ts";

const KINDS: readonly Named[] = ["user", "group", "role"];

/** An entity that a managed policy is attached to or bounds. */
export interface PolicyUse {
  readonly kind: Named;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly as: "PermissionsPolicy" | "PermissionsBoundary";
}

/** What IAM answers of a managed policy, whoever keeps it. */
export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly defaultVersion: string;
  readonly description?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: readonly { readonly id: string; readonly document: string; readonly createdMs: number }[];
}

export function ofRecord(record: PolicyRecord): ManagedPolicy {
  return { ...record, arn: entityArn("policy", record) };
}

/** AWS: ids of its own policies are fixed; here they follow from the name. */
function ofAws(name: string, policy: AwsManagedPolicy): ManagedPolicy {
  const document = JSON.stringify(policy.document);
  const letters = Buffer.from(name)
    .toString("hex")
    .toUpperCase()
    .replace(/[^A-Z2-7]/g, "A");
  return {
    arn: `arn:aws:iam::aws:policy${policy.path}${name}`,
    name,
    path: policy.path,
    id: `ANPA${letters.padEnd(17, "A").slice(0, 17)}`,
    createdMs: Date.parse(policy.created),
    updatedMs: Date.parse(policy.updated),
    defaultVersion: policy.version,
    tags: {},
    versions: [{ id: policy.version, document, createdMs: Date.parse(policy.updated) }],
  };
}

/** A policy by its ARN, AWS's or a customer's. @throws AwsError NoSuchEntity */
export function getManaged(cx: Cx, arn: string): ManagedPolicy {
  const found = findManaged(cx, arn);
  if (!found) throw noPolicy(arn);
  return found;
}

export function findManaged(cx: Cx, arn: string): ManagedPolicy | undefined {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  const aws = findAwsManagedPolicy(arn);
  if (aws) return ofAws(name, aws);
  const record = findRecord(cx, arn);
  return record && ofRecord(record);
}

/** The customer's policy of an ARN. */
export function findRecord(cx: Cx, arn: string): PolicyRecord | undefined {
  const account = /^arn:aws:iam::(\d{12}):policy\//.exec(arn)?.[1];
  const record = account && cx.state.policies.get([account, arn.slice(arn.lastIndexOf("/") + 1).toLowerCase()]);
  return record && entityArn("policy", record) === arn ? record : undefined;
}

/** Every policy of the account, of AWS, or both. */
export function* managedPolicies(cx: Cx, scope: "All" | "AWS" | "Local"): Iterable<ManagedPolicy> {
  if (scope !== "AWS")
    for (const record of cx.state.policies.values({ prefix: [cx.scope.account] })) yield ofRecord(record);
  if (scope !== "Local") for (const [name, policy] of Object.entries(awsManagedPolicies())) yield ofAws(name, policy);
}

/** How each managed policy is used in the account, found in one pass over its entities. */
export function usesByArn(cx: Cx): Map<string, PolicyUse[]> {
  const uses = new Map<string, PolicyUse[]>();
  const add = (arn: string, use: PolicyUse) => {
    const known = uses.get(arn);
    if (known) known.push(use);
    else uses.set(arn, [use]);
  };
  for (const kind of KINDS) {
    for (const entity of entitiesOf(cx, kind)) {
      const { name, path, id, attached } = entity;
      for (const arn of attached) add(arn, { kind, name, path, id, as: "PermissionsPolicy" });
      const boundary = "boundary" in entity ? entity.boundary : undefined;
      if (boundary !== undefined) add(boundary, { kind, name, path, id, as: "PermissionsBoundary" });
    }
  }
  return uses;
}

/** What lists tell of a policy. */
export function policyDetail(policy: ManagedPolicy, uses: readonly PolicyUse[] = []) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: uses.filter((use) => use.as === "PermissionsPolicy").length,
    PermissionsBoundaryUsageCount: uses.filter((use) => use.as === "PermissionsBoundary").length,
    IsAttachable: true,
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.updatedMs),
  };
}
