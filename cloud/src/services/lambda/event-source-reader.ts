import { findArn } from "../../aws/arn.ts";
import type { ServiceContext } from "../../service.ts";
import type { Reader } from "../../sources/reader.ts";
import { getVersion } from "./function-lookup.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import type { LambdaState } from "./state.ts";

type Cx = ServiceContext<LambdaState>;

/** The principal that polls: the function's role. @throws AwsError where there is no such function or role */
export async function assumeRole({ state }: Pick<Cx, "state">, reference: FunctionReference) {
  const { scope, name } = reference;
  const { role } = getVersion(state, reference);
  return (await state.running.roles.assume(scope, name, role, functionArn(scope, name))).principal;
}

/** Reads a source as the function's role. */
export function readerOf(cx: Pick<Cx, "state" | "call">, reference: FunctionReference, sourceArn: string): Reader {
  return { call: cx.call, sourceArn, source: findArn(sourceArn)!, principal: () => assumeRole(cx, reference) };
}
