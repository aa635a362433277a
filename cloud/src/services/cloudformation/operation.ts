import { AwsError } from "../../aws/error.ts";
import type { Principal } from "../../iam/principal.ts";
import { validationError } from "./errors.ts";
import type { Cx } from "./stacks.ts";
import type { OperationRecord, StackRecord } from "./state.ts";

type OperationInput = Pick<OperationRecord, "kind" | "phase" | "principal"> & Partial<OperationRecord>;

/** Puts an operation on a stack. It begins when the running transaction has ended. */
export function beginOperation(cx: Cx, stack: StackRecord, input: OperationInput): OperationRecord {
  const operation: OperationRecord = {
    id: cx.kernel.random.uuid(),
    token: undefined,
    startedMs: cx.kernel.clock.now(),
    onFailure: "ROLLBACK",
    formerTags: stack.definition?.tags ?? [],
    retain: [],
    forceDelete: false,
    cancelled: false,
    ...input,
  };
  stack.operation = operation;
  cx.state.stacks.put([stack.stackId], stack);
  cx.state.engine!.start(stack.stackId);
  return operation;
}

/**
 * On whose behalf a stack's resources are made: the stack's role, where it has one, else the caller.
 * @throws AwsError ValidationError where the role does not let CloudFormation assume it; AccessDenied without PassRole
 */
export async function deployingPrincipal(cx: Cx, roleArn: string | undefined): Promise<Principal> {
  if (roleArn === undefined) return cx.principal;
  cx.authorize({
    action: "iam:PassRole",
    resource: roleArn,
    context: { "iam:PassedToService": "cloudformation.amazonaws.com" },
  });
  const service: Principal = { kind: "service", service: "cloudformation.amazonaws.com" };
  try {
    const { AssumedRoleUser } = await cx.call(
      "sts",
      "AssumeRole",
      { RoleArn: roleArn, RoleSessionName: "AWSCloudFormation" },
      { as: service },
    );
    return {
      kind: "role",
      account: roleArn.split(":")[4] ?? cx.scope.account,
      arn: AssumedRoleUser?.Arn ?? "",
      roleArn,
      userId: AssumedRoleUser?.AssumedRoleId ?? "",
    };
  } catch (error) {
    if (!(error instanceof AwsError) || (error.status ?? 400) >= 500) throw error;
    throw validationError(`Role ${roleArn} is invalid or cannot be assumed`);
  }
}
