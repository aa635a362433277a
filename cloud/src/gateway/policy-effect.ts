import { compilePolicy } from "../iam/policy.ts";
import type { Principal } from "../iam/principal.ts";
import { GivenContext, type ContextValue } from "../iam/request-context.ts";

/** What a policy by itself says to a request: `none` where no statement applies. */
export type PolicyEffect = "allow" | "deny" | "none";

/**
 * Holds a policy (of an authorizer, or of an API) against the invocation of a route.
 * @param resource `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path`
 * @throws PolicySyntaxError
 */
export function policyEffect(
  policy: string,
  resource: string,
  context: Readonly<Record<string, ContextValue>>,
  principal: Principal = { kind: "anonymous" },
): PolicyEffect {
  const asked = {
    action: "execute-api:Invoke",
    lowerAction: "execute-api:invoke",
    resource,
    principal,
    context: new GivenContext(context),
  };
  const effects = compilePolicy(policy).statements.filter((statement) => statement.applies(asked) !== undefined);
  if (effects.some(({ effect }) => effect === "Deny")) return "deny";
  return effects.length > 0 ? "allow" : "none";
}
