import type {
  Change,
  ResourceAttribute,
  ResourceChange,
  ResourceChangeDetail,
  ResourceTargetDefinition,
} from "@aws-sdk/client-cloudformation";
import { UNKNOWN } from "./intrinsics.ts";
import type { ParameterValues } from "./parameters.ts";
import type { Plan, PlannedResource } from "./plan.ts";
import { sameValue, type PropertyChange } from "./properties.ts";
import { walk, type Reference } from "./references.ts";
import type { Template } from "./template.ts";

export interface ChangesInput {
  readonly plan: Plan;
  readonly template: Template;
  readonly parameters: ParameterValues;
  /** Template and parameters that the stack has now. */
  readonly previous: { readonly template: Template | undefined; readonly parameters: ParameterValues };
}

/** Tells a plan as DescribeChangeSet does: removed first, then in the template's order; what stays is left out. */
export function changesOf(input: ChangesInput): Change[] {
  const removed = input.plan.removed.map((resource): ResourceChange => ({
    Action: "Remove",
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: resource.type,
    PolicyAction: policyAction(resource.deletionPolicy),
    Scope: [],
    Details: [],
  }));
  const touched = Object.keys(input.template.resources)
    .map((logicalId) => input.plan.resources.get(logicalId))
    .filter((resource): resource is PlannedResource => resource !== undefined && resource.action !== "None")
    .map((resource) => (resource.action === "Add" ? addition(resource) : modification(resource, input)));
  return [...removed, ...touched].map((change) => ({ Type: "Resource", ResourceChange: change }));
}

function addition(resource: PlannedResource): ResourceChange {
  return {
    Action: "Add",
    LogicalResourceId: resource.logicalId,
    ResourceType: resource.type,
    Scope: [],
    Details: [],
    AfterContext: context(resource.properties),
  };
}

function modification(resource: PlannedResource, input: ChangesInput): ResourceChange {
  const { changes, aspects, existing } = resource;
  const scope: ResourceAttribute[] = [...(changes.length > 0 ? ["Properties" as const] : []), ...aspects];
  return {
    Action: "Modify",
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: existing!.physicalId,
    ResourceType: resource.type,
    Replacement: resource.replacement,
    ...(resource.replacement === "True" && {
      PolicyAction:
        existing!.updateReplacePolicy === "Retain"
          ? "ReplaceAndRetain"
          : existing!.updateReplacePolicy === "Snapshot"
            ? "ReplaceAndSnapshot"
            : "ReplaceAndDelete",
    }),
    Scope: scope,
    Details: [
      ...changes.flatMap((change) => propertyDetails(resource.logicalId, change, input)),
      ...aspects.map((aspect): ResourceChangeDetail => ({
        Target: { Attribute: aspect, RequiresRecreation: "Never" },
        Evaluation: "Static",
        ChangeSource: "DirectModification",
      })),
    ],
    BeforeContext: context(existing!.properties),
    AfterContext: context(resource.properties),
  };
}

function context(properties: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ Properties: properties }, (_name, value: unknown) =>
    value === UNKNOWN ? "{{changeSet:KNOWN_AFTER_APPLY}}" : value,
  );
}

/** Why a property changes: its own text, a parameter, or what another resource gives. */
function propertyDetails(logicalId: string, change: PropertyChange, input: ChangesInput): ResourceChangeDetail[] {
  const [name = ""] = change.path.split(".");
  const target: ResourceTargetDefinition = {
    Attribute: "Properties",
    Name: name,
    Path: `/Properties/${change.path.replaceAll(".", "/")}`,
    RequiresRecreation: change.requiresRecreation,
    ...shown("BeforeValue", change.before),
    ...shown("AfterValue", change.after),
    AttributeChangeType: change.before === undefined ? "Add" : change.after === undefined ? "Remove" : "Modify",
  };
  const expression = input.template.resources[logicalId]?.Properties?.[name];
  const former = input.previous.template?.resources[logicalId]?.Properties?.[name];
  const causes = referencesOf(expression).flatMap((reference) => causedBy(reference, target, input));
  const isDirect = !sameValue(former, expression) || causes.length === 0;
  // AWS: a property that a parameter changes is told twice, once statically by the parameter and once as a dynamic
  // modification ("DescribeChangeSet", examples).
  const byParameter = causes.some((cause) => cause.ChangeSource === "ParameterReference");
  if (!isDirect && !byParameter) return causes;
  const direct: ResourceChangeDetail = {
    Target: target,
    Evaluation: isDirect && change.certain ? "Static" : "Dynamic",
    ChangeSource: "DirectModification",
  };
  return [...causes, direct];
}

function referencesOf(expression: unknown): Reference[] {
  const references = new Map<string, Reference>();
  walk(expression, {
    reference: (reference) => void references.set(`${reference.name}.${reference.attribute ?? ""}`, reference),
  });
  return [...references.values()];
}

function causedBy(
  { name, attribute }: Reference,
  target: ResourceTargetDefinition,
  input: ChangesInput,
): ResourceChangeDetail[] {
  if (Object.hasOwn(input.template.parameters, name)) {
    const before = input.previous.parameters[name];
    const after = input.parameters[name];
    if (before?.value === after?.value && before?.resolved === after?.resolved) return [];
    return [{ Target: target, Evaluation: "Static", ChangeSource: "ParameterReference", CausingEntity: name }];
  }
  const other = input.plan.resources.get(name);
  if (!other || other.action === "None") return [];
  if (attribute !== undefined)
    return [
      {
        Target: target,
        Evaluation: "Dynamic",
        ChangeSource: "ResourceAttribute",
        CausingEntity: `${name}.${attribute}`,
      },
    ];
  if (other.action === "Modify" && other.replacement === "False") return [];
  return [{ Target: target, Evaluation: "Dynamic", ChangeSource: "ResourceReference", CausingEntity: name }];
}

function shown(name: "BeforeValue" | "AfterValue", value: unknown): Partial<ResourceTargetDefinition> {
  if (value === undefined) return {};
  const text =
    typeof value === "string"
      ? value
      : JSON.stringify(value, (_key, member: unknown) =>
          member === UNKNOWN ? "{{changeSet:KNOWN_AFTER_APPLY}}" : member,
        );
  return { [name]: value === UNKNOWN ? "{{changeSet:KNOWN_AFTER_APPLY}}" : text };
}

function policyAction(deletionPolicy: string | undefined): "Delete" | "Retain" | "Snapshot" {
  return deletionPolicy === "Retain" || deletionPolicy === "RetainExceptOnCreate"
    ? "Retain"
    : deletionPolicy === "Snapshot"
      ? "Snapshot"
      : "Delete";
}

/** A change as DescribeChangeSet gives it where `IncludePropertyValues` was not asked for. */
export function withoutValues(change: Change): Change {
  const resource = change.ResourceChange;
  if (!resource) return change;
  const { BeforeContext: _before, AfterContext: _after, ...rest } = resource;
  const details = rest.Details?.map(({ Target, ...detail }): ResourceChangeDetail => {
    if (!Target) return detail;
    const { BeforeValue: _b, AfterValue: _a, Path: _p, AttributeChangeType: _t, ...target } = Target;
    return { ...detail, Target: target };
  });
  return { ...change, ResourceChange: { ...rest, ...(details ? { Details: details } : {}) } };
}
