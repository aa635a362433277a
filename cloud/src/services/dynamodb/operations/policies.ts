/** Policies of tables and streams; those of a table say for its indexes too. */
import type { Input, Output } from "../../../aws/api-types.ts";
import { policyNotFound } from "../errors.ts";
import type { Cx } from "../request.ts";
import { getResource, type NamedResource } from "../resource-arn.ts";
import type { PolicyRecord } from "../state.ts";
import { checkPolicy } from "../table-policy.ts";
import { newRevision } from "../table-record.ts";

/** AWS: given for a revision that must not be there. */
const NO_POLICY = "NO_POLICY";

export function putResourcePolicy(
  cx: Cx,
  input: Input<"dynamodb", "PutResourcePolicy">,
): Output<"dynamodb", "PutResourcePolicy"> {
  checkPolicy(input.Policy!);
  const resource = getResource(cx, input.ResourceArn!);
  const current = policyOf(resource);
  checkRevision(input.ResourceArn!, current, input.ExpectedRevisionId);
  if (current?.text === input.Policy) return { RevisionId: current!.revision };
  const policy = { text: input.Policy!, revision: newRevision(cx.kernel) };
  keep(cx, resource, policy);
  return { RevisionId: policy.revision };
}

export function getResourcePolicy(
  cx: Cx,
  input: Input<"dynamodb", "GetResourcePolicy">,
): Output<"dynamodb", "GetResourcePolicy"> {
  const policy = policyOf(getResource(cx, input.ResourceArn!));
  if (!policy) throw policyNotFound(input.ResourceArn!);
  return { Policy: policy.text, RevisionId: policy.revision };
}

export function deleteResourcePolicy(
  cx: Cx,
  input: Input<"dynamodb", "DeleteResourcePolicy">,
): Output<"dynamodb", "DeleteResourcePolicy"> {
  const resource = getResource(cx, input.ResourceArn!);
  const current = policyOf(resource);
  checkRevision(input.ResourceArn!, current, input.ExpectedRevisionId);
  // AWS: deleting a policy that is not there is no mistake.
  if (!current) return {};
  keep(cx, resource, undefined);
  return { RevisionId: current.revision };
}

function policyOf({ table, isStream }: NamedResource): PolicyRecord | undefined {
  return isStream ? table.record.streamPolicy : table.record.policy;
}

function checkRevision(arn: string, current: PolicyRecord | undefined, expected: string | undefined): void {
  if (expected !== undefined && expected !== (current?.revision ?? NO_POLICY)) throw policyNotFound(arn);
}

function keep(cx: Cx, { table, isStream }: NamedResource, policy: PolicyRecord | undefined): void {
  cx.state.putTable(table.scope, { ...table.record, [isStream ? "streamPolicy" : "policy"]: policy });
}
