import { importValue, type ApiValue } from "./attribute-input.ts";
import type { AttributeValue } from "./attribute-value.ts";
import { InvalidInput } from "./invalid-input.ts";
import { type Path } from "./syntax.ts";

/** A path with its aliases resolved: attribute names and list indexes. */
export type ResolvedPath = readonly (string | number)[];

/** What `ExpressionAttributeNames` and `ExpressionAttributeValues` say, and what of them was used. */
export class Substitutions {
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Record<string, AttributeValue> = {};
  readonly #unusedNames: Set<string>;
  readonly #unusedValues: Set<string>;

  /** @throws InvalidInput for an empty map, a malformed key or an invalid value, in AWS's words and order */
  constructor(
    names: Readonly<Record<string, string>> | undefined,
    values: Readonly<Record<string, ApiValue>> | undefined,
  ) {
    this.#names = names ?? {};
    checkKeys("ExpressionAttributeNames", names, /^#[0-9a-zA-Z_]+$/);
    checkKeys("ExpressionAttributeValues", values, /^:[0-9a-zA-Z_]+$/);
    for (const ref in values) this.#values[ref] = importReferenced(ref, values[ref]!);
    this.#unusedNames = new Set(Object.keys(this.#names));
    this.#unusedValues = new Set(Object.keys(this.#values));
  }

  /** @throws InvalidInput where the value is not defined */
  value(ref: string): AttributeValue {
    const value = Object.hasOwn(this.#values, ref) ? this.#values[ref] : undefined;
    if (!value)
      throw new InvalidInput(
        `An expression attribute value used in expression is not defined; attribute value: ${ref}`,
      );
    this.#unusedValues.delete(ref);
    return value;
  }

  /** @throws InvalidInput where an alias is not defined */
  path(path: Path): ResolvedPath {
    return path.map((step) => (typeof step === "number" ? step : "name" in step ? step.name : this.#name(step.alias)));
  }

  /** @throws InvalidInput for a name or value that no expression used */
  checkUsed(): void {
    checkUnused("ExpressionAttributeNames", this.#unusedNames);
    checkUnused("ExpressionAttributeValues", this.#unusedValues);
  }

  #name(alias: string): string {
    const name = Object.hasOwn(this.#names, alias) ? this.#names[alias] : undefined;
    if (name === undefined)
      throw new InvalidInput(
        `An expression attribute name used in the document path is not defined; attribute name: ${alias}`,
      );
    this.#unusedNames.delete(alias);
    return name;
  }
}

function checkKeys(parameter: string, entries: Readonly<Record<string, unknown>> | undefined, pattern: RegExp): void {
  if (entries === undefined) return;
  const keys = Object.keys(entries);
  if (keys.length === 0) throw new InvalidInput(`${parameter} must not be empty`);
  const malformed = keys.find((key) => !pattern.test(key));
  if (malformed !== undefined)
    throw new InvalidInput(`${parameter} contains invalid key: Syntax error; key: "${malformed}"`);
}

function checkUnused(parameter: string, unused: ReadonlySet<string>): void {
  if (unused.size > 0)
    throw new InvalidInput(`Value provided in ${parameter} unused in expressions: keys: {${[...unused].join(", ")}}`);
}

function importReferenced(ref: string, value: ApiValue): AttributeValue {
  try {
    return importValue(value);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(`ExpressionAttributeValues contains invalid value: ${error.message} for key ${ref}`);
  }
}
