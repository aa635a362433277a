import type { Scope } from "../aws/scope.ts";
import { dependencyGraph, type Graph } from "./graph.ts";
import { containsUnknown, evaluate, UNKNOWN, type Environment } from "./intrinsics.ts";
import { coerceProperties, findNotHonoured, sameValue, type PropertyChange } from "./properties.ts";
import type { Properties } from "./resource.ts";
import { isCustomType, type ResourceTypes } from "./resource-types.ts";
import { isObject, type ResourceDeclaration, type Template } from "./template.ts";

/** A resource as the stack has it before the deployment. */
export interface ExistingResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string | undefined;
  /** What `Ref` gives. */
  readonly ref: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly properties: Properties;
  readonly metadata: unknown;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
}

export type Replacement = "True" | "False" | "Conditional";

/** Something about a resource besides its properties that a deployment changes. */
export type Aspect = "Metadata" | "DeletionPolicy" | "UpdateReplacePolicy" | "Tags";

export interface PlannedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly action: "Add" | "Modify" | "None";
  /** Of Modify. */
  readonly replacement: Replacement;
  /** Evaluated as far as can be known now. */
  readonly properties: Properties;
  readonly changes: readonly PropertyChange[];
  readonly aspects: readonly Aspect[];
  readonly existing: ExistingResource | undefined;
}

/** What a deployment would do. */
export interface Plan {
  readonly graph: Graph;
  readonly resources: ReadonlyMap<string, PlannedResource>;
  /** Resources of the stack that the template has no longer. */
  readonly removed: readonly ExistingResource[];
  /** What makes the deployment fail, by logical id, each in one sentence. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
  /** Properties that are left out since that cannot change behaviour here. */
  readonly warnings: readonly string[];
}

export interface PlanInput {
  readonly template: Template;
  readonly types: ResourceTypes;
  readonly existing: ReadonlyMap<string, ExistingResource>;
  readonly scope: Scope;
  /** Whether stack tags differ from those of the last deployment. */
  readonly tagsChanged: boolean;
  /** Builds the environment in which the template is evaluated, given how resources answer. */
  environment(resources: {
    ref(logicalId: string): unknown;
    attribute(logicalId: string, name: string): unknown;
  }): Environment;
}

/**
 * Works out what a deployment would do, without doing it: what each resource becomes as far as that can be known, which
 * changes replace, and everything that cannot be deployed here.
 * @throws AwsError ValidationError for what is wrong with the template as a whole (circles, unresolved references)
 */
export function planDeployment(input: PlanInput): Plan {
  const { template, existing } = input;
  const resources = new Map<string, PlannedResource>();
  const problems = new Map<string, string[]>();
  const warnings: string[] = [];
  const env = input.environment({
    ref: (logicalId) => plannedRef(resources.get(logicalId)),
    attribute: (logicalId, name) => plannedAttribute(resources.get(logicalId), name),
  });
  const graph = dependencyGraph(template, env.condition);
  for (const logicalId of inOrder(graph)) {
    const found: string[] = [];
    const planned = planResource(logicalId, template.resources[logicalId]!, env, input, found, warnings);
    resources.set(logicalId, planned);
    if (found.length > 0) problems.set(logicalId, found);
  }
  const removed = [...existing.values()].filter((resource) => !graph.has(resource.logicalId));
  return { graph, resources, removed, problems, warnings };
}

/** Whether a plan changes any resource. */
export function changesAnything(plan: Plan): boolean {
  return plan.removed.length > 0 || [...plan.resources.values()].some((resource) => resource.action !== "None");
}

/** The logical ids of a graph, each behind what it needs. */
export function inOrder(graph: Graph): string[] {
  const done = new Set<string>();
  const visit = (id: string): void => {
    if (done.has(id)) return;
    done.add(id);
    for (const need of graph.get(id) ?? []) visit(need);
    order.push(id);
  };
  const order: string[] = [];
  for (const id of graph.keys()) visit(id);
  return order;
}

function plannedRef(resource: PlannedResource | undefined): unknown {
  if (!resource?.existing || resource.action === "Add" || resource.replacement !== "False") return UNKNOWN;
  return resource.existing.ref;
}

/** AWS: an attribute of any resource that is modified may change ("ChangeSource: ResourceAttribute"). */
function plannedAttribute(resource: PlannedResource | undefined, name: string): unknown {
  if (!resource?.existing || resource.action !== "None") return UNKNOWN;
  const value = findAttribute(resource.existing.attributes, name);
  return value === undefined ? UNKNOWN : value;
}

/** An attribute by its name, which may lead into a nested one: `Endpoint.Address`. */
export function findAttribute(attributes: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(attributes, name)) return attributes[name];
  let at: unknown = attributes;
  for (const part of name.split(".")) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

function planResource(
  logicalId: string,
  declaration: ResourceDeclaration,
  env: Environment,
  { types, existing: stack, scope, tagsChanged }: PlanInput,
  problems: string[],
  warnings: string[],
): PlannedResource {
  const type = declaration.Type;
  const existing = stack.get(logicalId);
  const properties = resolveProperties(declaration, env, types, logicalId, problems);
  collectRefusals(type, properties, types, scope, problems, warnings);
  problems.push(...refusedPolicies(declaration, types));
  const common = { logicalId, type, properties, existing };
  if (!existing) return { ...common, action: "Add", replacement: "False", changes: [], aspects: [] };
  const changes = types.changes(type, existing.properties, properties);
  const aspects = changedAspects(existing, declaration, env, tagsChanged && types.takesTags(type));
  const action = changes.length > 0 || aspects.length > 0 ? "Modify" : "None";
  return { ...common, action, replacement: replacementOf(changes), changes, aspects };
}

/**
 * Evaluates a resource's properties and turns them into the specification's types.
 * @param problems where the result does not fit the specification, CloudFormation's sentence about it is added
 */
export function resolveProperties(
  declaration: ResourceDeclaration,
  env: Environment,
  types: ResourceTypes,
  logicalId: string,
  problems: string[],
): Properties {
  const evaluated = evaluate(declaration.Properties ?? {}, env) as Properties;
  const specification = types.specification(declaration.Type);
  if (!specification || !types.find(declaration.Type)) return evaluated;
  const found: string[] = [];
  const properties = coerceProperties(evaluated, specification, found);
  const beyond = types.find(declaration.Type)!.beyondSpecification ?? [];
  for (const name of beyond) if (Object.hasOwn(evaluated, name)) properties[name] = evaluated[name];
  const told = found.filter(
    (problem) => !beyond.some((name) => problem === `#: extraneous key [${name}] is not permitted`),
  );
  if (told.length > 0)
    problems.push(`Properties validation failed for resource ${logicalId} with message:\n${told.join("\n")}`);
  return properties;
}

function collectRefusals(
  type: string,
  properties: Properties,
  types: ResourceTypes,
  scope: Scope,
  problems: string[],
  warnings: string[],
): void {
  const definition = types.find(type);
  if (!definition) {
    problems.push(`Katachi does not emulate ${type}`);
    return;
  }
  if (isCustomType(type)) return;
  const { refused, harmless } = findNotHonoured(properties, definition.honours, types.specification(type));
  for (const property of refused) problems.push(`Katachi does not emulate property ${property} of ${type}`);
  for (const { property, reason } of harmless)
    warnings.push(`Property ${property} of ${type} has no effect here: ${reason}`);
  if (definition.check) problems.push(...definition.check(knownOnly(properties), scope));
}

/** What stands beside the properties and changes what happens, and is not here. */
function refusedPolicies(declaration: ResourceDeclaration, types: ResourceTypes): string[] {
  const { Type, CreationPolicy, UpdatePolicy } = declaration;
  const isMissing = types.find(Type)?.snapshot === undefined;
  return [
    ...(["DeletionPolicy", "UpdateReplacePolicy"] as const)
      .filter((policy) => declaration[policy] === "Snapshot" && isMissing)
      .map((policy) => `Katachi does not emulate ${policy} Snapshot of ${Type}`),
    ...(UpdatePolicy === undefined ? [] : [`Katachi does not emulate UpdatePolicy of ${Type}`]),
    ...(CreationPolicy === undefined || Type === "AWS::CloudFormation::WaitCondition"
      ? []
      : [`Katachi does not emulate CreationPolicy of ${Type}`]),
  ];
}

/** The properties without those that are unknown yet, in part or as a whole. */
function knownOnly(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => !containsUnknown(value)));
}

function changedAspects(
  existing: ExistingResource,
  declaration: ResourceDeclaration,
  env: Environment,
  tags: boolean,
): Aspect[] {
  const aspects: Aspect[] = [];
  if (!sameValue(existing.metadata ?? {}, evaluate(declaration.Metadata ?? {}, env))) aspects.push("Metadata");
  const policy = (value: unknown): string | undefined =>
    value === undefined ? undefined : String(evaluate(value, env));
  if (existing.deletionPolicy !== policy(declaration.DeletionPolicy)) aspects.push("DeletionPolicy");
  if (existing.updateReplacePolicy !== policy(declaration.UpdateReplacePolicy)) aspects.push("UpdateReplacePolicy");
  if (tags) aspects.push("Tags");
  return aspects;
}

/** What the changes of a resource's properties mean for it. */
export function replacementOf(changes: readonly PropertyChange[]): Replacement {
  if (changes.some((change) => change.requiresRecreation === "Always" && change.certain)) return "True";
  return changes.some((change) => change.requiresRecreation !== "Never") ? "Conditional" : "False";
}
