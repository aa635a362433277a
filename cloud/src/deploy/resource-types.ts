import { compareProperties, type PropertyChange } from "./properties.ts";
import type { Properties, ResourceType } from "./resource.ts";
import { findSpecification, isPublishedType, type TypeSpecification } from "./specification.ts";
import { validationError } from "./template-error.ts";
import type { Template } from "./template.ts";

/** Whether the type's lifecycle is a function of the user's. */
export function isCustomType(type: string): boolean {
  return type.startsWith("Custom::") || type === "AWS::CloudFormation::CustomResource";
}

/** The resource types that can be deployed here, and what AWS publishes of them. */
export class ResourceTypes {
  readonly #types: ReadonlyMap<string, ResourceType>;

  /** @param custom the type that stands for all custom resources */
  constructor(
    types: readonly ResourceType[],
    private readonly custom?: ResourceType,
  ) {
    this.#types = new Map(types.map((type) => [type.type, type]));
  }

  find(type: string): ResourceType | undefined {
    return isCustomType(type) ? this.custom : this.#types.get(type);
  }

  specification(type: string): TypeSpecification | undefined {
    return isCustomType(type) ? undefined : findSpecification(type);
  }

  names(): string[] {
    return [...this.#types.keys()];
  }

  /** @throws AwsError ValidationError naming the types that AWS does not have either */
  checkKnown(template: Template): void {
    const unknown = Object.values(template.resources)
      .map((resource) => resource.Type)
      .filter((type) => !isCustomType(type) && !this.#types.has(type) && !isPublishedType(type));
    if (unknown.length > 0)
      throw validationError(
        `Template format error: Unrecognized resource types: [${[...new Set(unknown)].join(", ")}]`,
      );
  }

  /** What differs between two states of a resource, and which differences replace it: the specification's word, unless the type has its own. */
  changes(typeName: string, before: Properties, after: Properties): PropertyChange[] {
    const type = this.find(typeName);
    const changes = compareProperties(before, after, this.specification(typeName));
    if (!type || changes.length === 0) return changes;
    const forced = new Set([...(type.replaceOn ?? []), ...(type.replaces?.(before, after) ?? [])]);
    const noUpdate = type.update === undefined;
    return changes.map((change) => {
      if (noUpdate || covers(forced, change.path)) return { ...change, requiresRecreation: "Always" };
      if (covers(new Set(type.keepOn ?? []), change.path)) return { ...change, requiresRecreation: "Never" };
      return change;
    });
  }

  /** Whether stack tags reach the resource, so that changing them changes it. */
  takesTags(typeName: string): boolean {
    const property = this.specification(typeName)?.tagProperty;
    const honours = this.find(typeName)?.honours;
    return property !== undefined && honours !== undefined && honours[property] === true;
  }
}

/** Whether a set of dotted names has the path itself or one above it. */
function covers(names: ReadonlySet<string>, path: string): boolean {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("."))) {
    if (names.has(at)) return true;
    if (!at.includes(".")) return false;
  }
}
