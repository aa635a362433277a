import type { ApiName, Input, OperationName, Output } from "../aws/api-types.ts";
import { DEFAULT_SCOPE, type Scope } from "../aws/scope.ts";
import type { Cloud } from "../cloud.ts";

/** The trace of what the console asks only to show it: kept out of what people see as their application's traffic. */
export const CONSOLE_TRACE = { traceId: "console", spanId: "" } as const;

/** Reads as the account's root, in the console's own trace. */
export function read<S extends ApiName, O extends OperationName<S>>(
  cloud: Cloud,
  service: S,
  operation: O,
  input: Input<S, O>,
  scope: Scope = DEFAULT_SCOPE,
): Promise<Output<S, O>> {
  const as = { kind: "root", account: scope.account } as const;
  return cloud.gate.callAs(service, operation, input, { as, scope, parent: CONSOLE_TRACE });
}
