import { findArn } from "../aws/arn.ts";
import type { ServiceContext } from "../service.ts";

/** Asks IAM whether a role may do something, where no call asks. @param resource ARN */
export async function isAllowed(
  call: ServiceContext["call"],
  roleArn: string,
  action: string,
  resource: string,
): Promise<boolean> {
  const { account } = findArn(roleArn)!;
  const scope = { account, region: findArn(resource)?.region || "us-east-1" };
  const { EvaluationResults } = await call(
    "iam",
    "SimulatePrincipalPolicy",
    { PolicySourceArn: roleArn, ActionNames: [action], ResourceArns: [resource] },
    { as: { kind: "root", account }, scope },
  );
  return EvaluationResults?.[0]?.EvalDecision === "allowed";
}
