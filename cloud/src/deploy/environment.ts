import { PARTITION, URL_SUFFIX, type Scope } from "../aws/scope.ts";
import { evaluateCondition, type Environment } from "./intrinsics.ts";
import { parameterRef, type ParameterValues } from "./parameters.ts";
import { validationError } from "./template-error.ts";
import type { Template } from "./template.ts";

/** What an environment is made of: a template, the values given to it, and the stack that it belongs to. */
export interface EnvironmentParts {
  readonly template: Template;
  readonly parameters: ParameterValues;
  readonly scope: Scope;
  readonly stackId: string;
  readonly stackName: string;
  readonly notificationArns: readonly string[];
  /** What `Ref` of a resource gives. */
  resourceRef(logicalId: string): unknown;
  resourceAttribute(logicalId: string, attribute: string): unknown;
  importValue(exportName: string): unknown;
}

/** Builds what expressions of a template are evaluated in. Conditions are evaluated when first asked for. */
export function environmentOf(parts: EnvironmentParts): Environment {
  const { template, parameters } = parts;
  const known = new Map<string, boolean>();
  const evaluating = new Set<string>();
  const pseudo = pseudoParameters(parts);
  const env: Environment = {
    mappings: template.mappings,
    region: parts.scope.region,
    languageExtensions: usesLanguageExtensions(template),
    ref(name) {
      if (pseudo.has(name)) return pseudo.get(name);
      const declaration = Object.hasOwn(template.parameters, name) ? template.parameters[name] : undefined;
      if (declaration) return parameterRef(declaration, parameters[name]!);
      if (Object.hasOwn(template.resources, name)) return parts.resourceRef(name);
      throw validationError(
        `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
      );
    },
    getAtt(logicalId, attribute) {
      if (!Object.hasOwn(template.resources, logicalId))
        throw validationError(`Template error: instance of Fn::GetAtt references undefined resource ${logicalId}`);
      return parts.resourceAttribute(logicalId, attribute);
    },
    condition(name) {
      const value = known.get(name);
      if (value !== undefined) return value;
      if (!Object.hasOwn(template.conditions, name))
        throw validationError(
          `Template format error: Unresolved condition dependency ${name} in the Conditions block of the template`,
        );
      if (evaluating.has(name))
        throw validationError(
          `Template format error: Circular dependencies for condition: ${[...evaluating, name].join(", ")}`,
        );
      evaluating.add(name);
      const result = evaluateCondition(template.conditions[name], env);
      evaluating.delete(name);
      known.set(name, result);
      return result;
    },
    importValue: parts.importValue,
  };
  return env;
}

function pseudoParameters({
  scope,
  stackId,
  stackName,
  notificationArns,
}: EnvironmentParts): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ["AWS::AccountId", scope.account],
    ["AWS::NotificationARNs", [...notificationArns]],
    ["AWS::Partition", PARTITION],
    ["AWS::Region", scope.region],
    ["AWS::StackId", stackId],
    ["AWS::StackName", stackName],
    ["AWS::URLSuffix", URL_SUFFIX],
  ]);
}

export function usesLanguageExtensions(template: Pick<Template, "transforms">): boolean {
  return template.transforms.includes("AWS::LanguageExtensions");
}

/**
 * Checks the assertions of the template's rules ("Rules" section).
 * @throws AwsError ValidationError naming each assertion that does not hold
 */
export function checkRules(template: Template, env: Environment): void {
  const failed: string[] = [];
  for (const [name, rule] of Object.entries(template.rules)) {
    if (rule.RuleCondition !== undefined && !evaluateCondition(rule.RuleCondition, env)) continue;
    for (const { Assert, AssertDescription } of rule.Assertions)
      if (!evaluateCondition(Assert, env)) failed.push(AssertDescription ?? `Rule ${name} is not satisfied`);
  }
  if (failed.length > 0) throw validationError(`Template error: Rules validation failed: ${failed.join("; ")}`);
}
