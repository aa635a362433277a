import type { Input, Output } from "../../../aws/api-types.ts";
import { resourceNotFound, validationError } from "../errors.ts";
import { getStack, type Cx } from "../stacks.ts";
import { resourceSignalKey } from "../wait-condition.ts";

export function signalResource(
  cx: Cx,
  input: Input<"cloudformation", "SignalResource">,
): Output<"cloudformation", "SignalResource"> {
  const stack = getStack(cx, input.StackName, (name) => validationError(`Stack '${name}' does not exist`));
  const record = cx.state.resources.get([stack.stackId, input.LogicalResourceId!]);
  if (!record) throw resourceNotFound(input.LogicalResourceId!, stack.stackName);
  if (!record.status.endsWith("_IN_PROGRESS"))
    throw validationError(`Signal cannot be sent to resource ${record.logicalId} in ${record.status} state`);
  const key = resourceSignalKey(stack.stackId, record.logicalId);
  const number = cx.state.signals.count({ prefix: [key] });
  const body = JSON.stringify({ Status: input.Status, UniqueId: input.UniqueId, Reason: "", Data: "" });
  cx.state.signals.put([key, number], { atMs: cx.kernel.clock.now(), body });
  cx.state.engine?.signalled(key);
  return {};
}
