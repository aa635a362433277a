import { SUB_VARIABLE } from "./intrinsics.ts";
import { findSpecification } from "./specification.ts";
import { validationError } from "./template-error.ts";
import { isObject, type Template } from "./template.ts";

/** Something in an expression that names a parameter, a pseudo parameter or a resource. */
export interface Reference {
  readonly name: string;
  /** Of `Fn::GetAtt`. */
  readonly attribute?: string;
}

export const PSEUDO_PARAMETERS = [
  "AWS::AccountId",
  "AWS::NotificationARNs",
  "AWS::NoValue",
  "AWS::Partition",
  "AWS::Region",
  "AWS::StackId",
  "AWS::StackName",
  "AWS::URLSuffix",
] as const;

/** Told of what stands in an expression, in the order of the text. */
export interface Visitor {
  reference?(reference: Reference): void;
  condition?(name: string): void;
  map?(name: string): void;
}

/**
 * Walks an expression and tells what it refers to.
 * @param takes where given, only the branch of `Fn::If` that it chooses is walked
 */
export function walk(expression: unknown, visitor: Visitor, takes?: (condition: string) => boolean): void {
  if (Array.isArray(expression)) {
    for (const item of expression) walk(item, visitor, takes);
    return;
  }
  if (!isObject(expression)) return;
  const names = Object.keys(expression);
  const argument = expression[names[0] ?? ""];
  if (names.length !== 1 || !walkCall(names[0]!, argument, visitor, takes))
    for (const member of Object.values(expression)) walk(member, visitor, takes);
}

/** Walks a function call; false where its argument holds nothing but further expressions. */
function walkCall(name: string, argument: unknown, visitor: Visitor, takes?: (condition: string) => boolean): boolean {
  if (name === "Ref" && typeof argument === "string") {
    visitor.reference?.({ name: argument });
    return true;
  }
  if (name === "Fn::GetAtt") {
    walkGetAtt(argument, visitor, takes);
    return true;
  }
  if (name === "Fn::Sub") {
    walkSub(argument, visitor, takes);
    return true;
  }
  if (name === "Fn::If" && Array.isArray(argument)) {
    const [condition, whenTrue, whenFalse] = argument as [string, unknown, unknown];
    visitor.condition?.(condition);
    if (!takes || takes(condition)) walk(whenTrue, visitor, takes);
    if (!takes || !takes(condition)) walk(whenFalse, visitor, takes);
    return true;
  }
  if (name === "Fn::FindInMap" && Array.isArray(argument) && typeof argument[0] === "string")
    visitor.map?.(argument[0]);
  return false;
}

function walkGetAtt(argument: unknown, visitor: Visitor, takes?: (condition: string) => boolean): void {
  const parts =
    typeof argument === "string" ? [argument.split(".")[0], argument.split(".").slice(1).join(".")] : argument;
  if (!Array.isArray(parts)) return;
  const [name, ...path] = parts as unknown[];
  for (const part of path) walk(part, visitor, takes);
  if (typeof name !== "string") return;
  visitor.reference?.({ name, attribute: path.every((part) => typeof part === "string") ? path.join(".") : "*" });
}

function walkSub(argument: unknown, visitor: Visitor, takes?: (condition: string) => boolean): void {
  const [text, variables = {}] = Array.isArray(argument) ? (argument as [unknown, unknown]) : [argument, {}];
  walk(variables, visitor, takes);
  if (typeof text !== "string" || !isObject(variables)) return;
  for (const [, literal, written = ""] of text.matchAll(SUB_VARIABLE)) {
    const name = written.trim();
    if (literal === "!" || Object.hasOwn(variables, name)) continue;
    const dot = name.indexOf(".");
    visitor.reference?.(dot < 0 ? { name } : { name: name.slice(0, dot), attribute: name.slice(dot + 1) });
  }
}

/** The parts of a resource that may refer to something. */
export function expressionsOf(resource: Template["resources"][string]): unknown[] {
  return [
    resource.Properties,
    resource.Metadata,
    resource.CreationPolicy,
    resource.UpdatePolicy,
    resource.DeletionPolicy,
    resource.UpdateReplacePolicy,
  ];
}

/**
 * Checks that everything a template refers to is there: conditions, mappings, parameters, resources, attributes.
 * @throws AwsError ValidationError in CloudFormation's words
 */
export function checkReferences(template: Template): void {
  for (const expression of Object.values(template.conditions)) checkConditionExpression(template, expression);
  const unresolved = new Set<string>();
  for (const [logicalId, resource] of Object.entries(template.resources)) {
    if (resource.Condition !== undefined && !Object.hasOwn(template.conditions, resource.Condition))
      throw validationError(
        `Template format error: Unresolved condition dependency ${resource.Condition} in the Resources block of the template`,
      );
    for (const name of resource.DependsOn) if (!Object.hasOwn(template.resources, name)) unresolved.add(name);
    for (const expression of expressionsOf(resource)) checkExpression(template, expression, unresolved);
    if (resource.DependsOn.includes(logicalId))
      throw validationError(`Circular dependency between resources: [${logicalId}]`);
  }
  if (unresolved.size > 0) throw unresolvedIn([...unresolved], "Resources");
  for (const output of Object.values(template.outputs)) {
    if (output.Condition !== undefined && !Object.hasOwn(template.conditions, output.Condition))
      throw validationError(
        `Template format error: Unresolved condition dependency ${output.Condition} in the Outputs block of the template`,
      );
    checkExpression(template, output.Value, unresolved);
    checkExpression(template, output.Export, unresolved);
  }
  if (unresolved.size > 0) throw unresolvedIn([...unresolved], "Outputs");
}

function unresolvedIn(names: readonly string[], block: string) {
  return validationError(
    `Template format error: Unresolved resource dependencies [${names.join(", ")}] in the ${block} block of the template`,
  );
}

function checkExpression(template: Template, expression: unknown, unresolved: Set<string>): void {
  walk(expression, {
    condition(name) {
      if (!Object.hasOwn(template.conditions, name))
        throw validationError(`Template error: unresolved condition dependency ${name} in Fn::If`);
    },
    reference({ name, attribute }) {
      const resource = Object.hasOwn(template.resources, name) ? template.resources[name] : undefined;
      if (attribute === undefined) {
        if (!resource && !Object.hasOwn(template.parameters, name) && !isPseudo(name)) unresolved.add(name);
        return;
      }
      if (!resource)
        throw validationError(`Template error: instance of Fn::GetAtt references undefined resource ${name}`);
      if (attribute !== "*" && !hasAttribute(resource.Type, attribute))
        throw validationError(
          `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
        );
    },
  });
}

function isPseudo(name: string): boolean {
  return (PSEUDO_PARAMETERS as readonly string[]).includes(name);
}

/** Whether `Fn::GetAtt` may ask a resource type for an attribute. Custom resources answer what their function gives. */
function hasAttribute(type: string, attribute: string): boolean {
  const specification = findSpecification(type);
  if (!specification || type === "AWS::CloudFormation::CustomResource") return true;
  if (type === "AWS::CloudFormation::Stack")
    return attribute.startsWith("Outputs.") || specification.attributes.has(attribute);
  if (specification.attributes.has(attribute)) return true;
  // The first member of a structured attribute stands for all below it; older attributes are missing in the schemas.
  return (
    [...specification.attributes].some((known) => attribute.startsWith(`${known}.`)) ||
    specification.properties.has(attribute)
  );
}

function checkConditionExpression(template: Template, expression: unknown): void {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isObject(value)) return;
    if (typeof value["Condition"] === "string" && Object.keys(value).length === 1) names.push(value["Condition"]);
    else Object.values(value).forEach(visit);
  };
  visit(expression);
  for (const name of names)
    if (!Object.hasOwn(template.conditions, name))
      throw validationError(
        `Template format error: Unresolved condition dependency ${name} in the Conditions block of the template`,
      );
  walk(expression, {
    reference({ name }) {
      if (!Object.hasOwn(template.parameters, name) && !isPseudo(name))
        throw validationError(
          `Template format error: Unresolved dependencies [${name}]. Cannot reference resources in the Conditions block of the template`,
        );
    },
  });
}
