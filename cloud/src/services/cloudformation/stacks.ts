import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { CallContext } from "../../service.ts";
import { stackNotFound } from "./errors.ts";
import type { CloudFormationState, StackRecord } from "./state.ts";

export type Cx = CallContext<CloudFormationState>;

/** Statuses in which a stack has no operation running and may be updated. */
const UPDATABLE = new Set([
  "CREATE_COMPLETE",
  "UPDATE_COMPLETE",
  "UPDATE_ROLLBACK_COMPLETE",
  "IMPORT_COMPLETE",
  "IMPORT_ROLLBACK_COMPLETE",
  "CREATE_FAILED",
  "UPDATE_FAILED",
]);

export function isUpdatable(stack: StackRecord): boolean {
  return UPDATABLE.has(stack.status);
}

export function stackArn(scope: Scope, name: string, id: string): string {
  return arn("cloudformation", scope, `stack/${name}/${id}`);
}

/**
 * A stack by its name or id. By name only one that has not been deleted; the record that a running operation works on,
 * where there is one, so that what is changed here is not overwritten.
 */
export function findStack(state: CloudFormationState, scope: Scope, nameOrId: string): StackRecord | undefined {
  const stackId = nameOrId.startsWith("arn:") ? nameOrId : state.names.get([scope.account, scope.region, nameOrId]);
  if (stackId === undefined) return undefined;
  const stack = state.engine?.live(stackId) ?? state.stacks.get([stackId]);
  return stack?.account === scope.account && stack.region === scope.region ? stack : undefined;
}

/** @throws AwsError ValidationError "Stack [X] does not exist", also for a deleted one */
export function getStack(cx: Cx, nameOrId: string | undefined, notFound = stackNotFound): StackRecord {
  const stack = findStack(cx.state, cx.scope, nameOrId ?? "");
  if (!stack || stack.status === "DELETE_COMPLETE") throw notFound(nameOrId ?? "");
  return stack;
}

/** ARN for the permission check of an operation on a stack: the stack's own, or one by its name. */
export function stackResource(nameOrId: string | undefined, cx: Cx): { resource: string } {
  const known = findStack(cx.state, cx.scope, nameOrId ?? "");
  if (known) return { resource: known.stackId };
  return { resource: nameOrId?.startsWith("arn:") ? nameOrId : stackArn(cx.scope, nameOrId ?? "*", "*") };
}
