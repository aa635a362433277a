import type { Construct } from "constructs";

/**
 * Throws one error that names everything wrong with a construct's props.
 * @param rules pairs of "is it wrong" and "what is wrong, what was given, what is allowed"
 */
export function throwIfInvalid(scope: Construct, rules: readonly (readonly [wrong: boolean, message: string])[]): void {
  const wrong = rules.filter(([isWrong]) => isWrong).map(([, message]) => message);
  if (wrong.length > 0) throw new Error(`${scope.node.path}: ${wrong.join("; ")}`);
}
