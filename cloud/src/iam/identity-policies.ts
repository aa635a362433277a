import type { NamedPolicy } from "./decision.ts";
import { findManagedDocument } from "./managed-policy.ts";
import { compilePolicy } from "./policy.ts";
import type { EntityRecord, IamState } from "./state.ts";

/** The policies inside a user, group or role and those attached to it. `source`: `user`, `group` or `role`. */
export function policiesOf(state: IamState, entity: EntityRecord, source: string): NamedPolicy[] {
  return [
    ...Object.entries(entity.inline).map(([name, text]) => ({ name, source, compiled: compilePolicy(text) })),
    ...entity.attached.flatMap((arn) => managedPolicy(state, arn)),
  ];
}

/** A managed policy, ready to be asked; empty where it is gone. */
export function managedPolicy(state: IamState, arn: string): NamedPolicy[] {
  const document = findManagedDocument(state, arn);
  if (document === undefined) return [];
  const source = arn.startsWith("arn:aws:iam::aws:") ? "aws-managed" : "user-managed";
  return [{ name: arn.slice(arn.lastIndexOf("/") + 1), source, compiled: compilePolicy(document) }];
}
