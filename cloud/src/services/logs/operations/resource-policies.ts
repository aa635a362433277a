import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Scope } from "../../../aws/scope.ts";
import { parsePolicy } from "../../../iam/document.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, limitExceeded, policyNotFound } from "../errors.ts";
import { pageByName } from "../page.ts";
import { scopeKey, type LogsState, type PolicyRecord } from "../state.ts";

type Cx = CallContext<LogsState>;

/** AWS: "An account can have a maximum of 10 policies without resourceARN". */
const POLICIES_MAX = 10;
const DESCRIBE_LIMIT = 50;

export function putResourcePolicy(
  cx: Cx,
  input: Input<"logs", "PutResourcePolicy">,
): Output<"logs", "PutResourcePolicy"> {
  const { state, scope, kernel } = cx;
  // AWS: revisions are those of policies on single log groups.
  for (const name of ["resourceArn", "expectedRevisionId"] as const)
    if (input[name] !== undefined) throw new NotEmulatedError(`the parameter ${name} of logs:PutResourcePolicy`);
  if (input.policyName === undefined || input.policyDocument === undefined)
    throw invalidParameter("policyName and policyDocument are required.");
  checkDocument(input.policyDocument);
  const key = [...scopeKey(scope), input.policyName];
  const known = state.policies.get(key);
  if (!known && state.policies.count({ prefix: scopeKey(scope) }) >= POLICIES_MAX) throw limitExceeded();
  const policy: PolicyRecord = {
    name: input.policyName,
    document: input.policyDocument,
    updatedMs: kernel.clock.now(),
  };
  state.policies.put(key, policy);
  return { resourcePolicy: describe(policy) };
}

/** @throws AwsError InvalidParameterException where IAM cannot read it */
function checkDocument(document: string): void {
  try {
    parsePolicy(document);
  } catch (error) {
    throw invalidParameter(`The policy document is not valid: ${(error as Error).message}`);
  }
}

function describe(policy: PolicyRecord) {
  return {
    policyName: policy.name,
    policyDocument: policy.document,
    lastUpdatedTime: policy.updatedMs,
    policyScope: "ACCOUNT" as const,
  };
}

export function describeResourcePolicies(
  cx: Cx,
  input: Input<"logs", "DescribeResourcePolicies">,
): Output<"logs", "DescribeResourcePolicies"> {
  if (input.resourceArn !== undefined || input.policyScope === "RESOURCE")
    throw new NotEmulatedError("resource policies of single log groups (logs:DescribeResourcePolicies)");
  const { page, nextToken } = pageByName(
    cx.state.policies.values({ prefix: scopeKey(cx.scope) }),
    (policy) => policy.name,
    { nextToken: input.nextToken, limit: input.limit ?? DESCRIBE_LIMIT },
  );
  return { resourcePolicies: page.map(describe), nextToken };
}

export function deleteResourcePolicy(cx: Cx, input: Input<"logs", "DeleteResourcePolicy">): object {
  if (input.resourceArn !== undefined)
    throw new NotEmulatedError("the parameter resourceArn of logs:DeleteResourcePolicy");
  const name = input.policyName ?? "";
  if (!cx.state.policies.remove([...scopeKey(cx.scope), name])) throw policyNotFound(name);
  return {};
}

/**
 * All resource policies of a scope as one, for IAM. AWS: "Policy only applies when operations are invoked by Amazon Web
 * Services service principals".
 */
export function mergedPolicy(state: LogsState, scope: Scope): string | undefined {
  const statements = [...state.policies.values({ prefix: scopeKey(scope) })].flatMap((policy) =>
    statementsOf(policy.document),
  );
  return statements.length === 0 ? undefined : JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

function statementsOf(document: string): unknown[] {
  const { Statement } = JSON.parse(document) as { Statement: unknown };
  return Array.isArray(Statement) ? Statement : [Statement];
}
