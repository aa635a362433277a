import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { functionNotFound, invalidParameter } from "./errors.ts";

/** What a `FunctionName` names. */
export interface FunctionReference {
  readonly scope: Scope;
  readonly name: string;
  /** Version or alias; undefined where none was said. */
  readonly qualifier: string | undefined;
}

/**
 * Reads a function's name in any of its forms: `my-function`, `my-function:live`, `123456789012:function:my-function`,
 * a full ARN with or without version or alias.
 * @throws AwsError where a qualifier is given twice and differs
 */
export function readFunctionName(scope: Scope, text: string, qualifier?: string): FunctionReference {
  const { reference, inner } = take(scope, text);
  if (inner !== undefined && qualifier !== undefined && inner !== qualifier)
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  return { ...reference, qualifier: qualifier || inner };
}

function take(scope: Scope, text: string) {
  const full = findArn(text);
  if (full) {
    const [, name = "", inner] = full.resource.split(":");
    return { reference: { scope: { account: full.account, region: full.region }, name }, inner };
  }
  const partial = /^(?:(\d{12}):)?function:([^:]+)(?::(.+))?$/.exec(text);
  if (partial) {
    const [, account = scope.account, name = "", inner] = partial;
    return { reference: { scope: { ...scope, account }, name }, inner };
  }
  const [name = "", inner] = text.split(":");
  return { reference: { scope, name }, inner };
}

export function functionArn(scope: Scope, name: string, qualifier?: string): string {
  return arn("lambda", scope, qualifier ? `function:${name}:${qualifier}` : `function:${name}`);
}

/** @throws AwsError where the function is another account's or Region's, as AWS does for what it cannot see */
export function requireOwn(scope: Scope, reference: FunctionReference): void {
  if (reference.scope.account !== scope.account || reference.scope.region !== scope.region)
    throw functionNotFound(functionArn(reference.scope, reference.name, reference.qualifier));
}
