import { replacementOf, type ExistingResource } from "../../deploy/plan.ts";
import type { PropertyChange } from "../../deploy/properties.ts";
import { validationError } from "../../deploy/template-error.ts";
import { isObject } from "../../deploy/template.ts";

interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: {
    readonly StringEquals?: { ResourceType?: unknown };
    readonly StringLike?: { ResourceType?: unknown };
  };
}

/** Checks the form of a stack policy. @throws AwsError ValidationError */
export function checkStackPolicy(text: string): void {
  let policy: unknown;
  try {
    policy = JSON.parse(text) as unknown;
  } catch {
    throw validationError("Error validating stack policy: Invalid stack policy");
  }
  if (!isObject(policy) || !Array.isArray(policy["Statement"]))
    throw validationError("Error validating stack policy: Invalid stack policy");
  for (const statement of policy["Statement"] as unknown[]) {
    if (!isObject(statement) || (statement["Effect"] !== "Allow" && statement["Effect"] !== "Deny"))
      throw validationError("Error validating stack policy: Invalid stack policy");
    if (statement["Principal"] !== "*" && statement["NotPrincipal"] === undefined)
      throw validationError("Error validating stack policy: Principal must be *");
  }
}

/** Why a stack policy forbids a change ("Prevent updates to stack resources"); undefined where it does not. */
export function denialByPolicy(
  policyText: string | undefined,
  resource: ExistingResource,
  changes: readonly PropertyChange[],
): string | undefined {
  if (changes.length === 0) return undefined;
  return denialOf(policyText, resource, replacementOf(changes) === "True" ? "Update:Replace" : "Update:Modify");
}

/** The same for one action. */
export function denialOf(
  policyText: string | undefined,
  resource: ExistingResource,
  action: "Update:Modify" | "Update:Replace" | "Update:Delete",
): string | undefined {
  if (policyText === undefined) return undefined;
  const statements = (JSON.parse(policyText) as { Statement: Statement[] }).Statement;
  const applying = statements
    .map((statement, index) => ({ statement, number: index + 1 }))
    .filter(({ statement }) => applies(statement, resource, action));
  const denying = applying.find(({ statement }) => statement.Effect === "Deny");
  const where = `for resource [LogicalResourceId/${resource.logicalId}]`;
  if (denying) return `Action denied by stack policy: Statement [#${denying.number}] denies [${action}] ${where}`;
  if (applying.length === 0) return `Action denied by stack policy: no statement allows [${action}] ${where}`;
  return undefined;
}

function applies(statement: Statement, resource: ExistingResource, action: string): boolean {
  const target = `LogicalResourceId/${resource.logicalId}`;
  const actionFits =
    statement.Action === undefined ? !anyLike(statement.NotAction, action) : anyLike(statement.Action, action);
  const resourceFits =
    statement.Resource === undefined ? !anyLike(statement.NotResource, target) : anyLike(statement.Resource, target);
  const types = statement.Condition?.StringEquals?.ResourceType ?? statement.Condition?.StringLike?.ResourceType;
  return actionFits && resourceFits && (types === undefined || anyLike(types, resource.type));
}

function anyLike(patterns: unknown, text: string): boolean {
  return [patterns].flat().some((pattern) => like(String(pattern), text));
}

function like(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(text);
}
