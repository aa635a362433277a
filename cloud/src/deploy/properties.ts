import { containsUnknown, UNKNOWN } from "./intrinsics.ts";
import { isHarmless, type Harmless, type Honours } from "./resource.ts";
import type { PropertySpecification, TypeSpecification, ValueType } from "./specification.ts";
import { isObject } from "./template.ts";

/** A property that is not as it should be, in the words of CloudFormation's schema check, e.g. `#/Tags: expected type: JSONArray, found: String`. */
export type Problem = string;

type Structure = ReadonlyMap<string, PropertySpecification>;

/**
 * Checks properties against the published specification and turns values into its types, as CloudFormation does:
 * `"30"` into 30 where a number is wanted, 30 into `"30"` where a text is. What is unknown yet passes.
 * @returns the coerced properties; problems are added to `problems`
 */
export function coerceProperties(
  properties: Readonly<Record<string, unknown>>,
  specification: TypeSpecification,
  problems: Problem[],
): Record<string, unknown> {
  return coerceStructure(properties, specification.properties, "#", problems);
}

function coerceStructure(
  value: Readonly<Record<string, unknown>>,
  structure: Structure,
  path: string,
  problems: Problem[],
) {
  for (const [name, { required }] of structure)
    if (required && !Object.hasOwn(value, name)) problems.push(`${path}: required key [${name}] not found`);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const specification = structure.get(name);
    if (!specification) problems.push(`${path}: extraneous key [${name}] is not permitted`);
    else result[name] = coerce(member, specification.type, `${path}/${name}`, problems);
  }
  return result;
}

function coerce(value: unknown, type: ValueType, path: string, problems: Problem[]): unknown {
  if (value === UNKNOWN) return value;
  switch (type.kind) {
    case "json":
      return value;
    case "string":
      return typeof value === "object" ? mismatch("String", value, path, problems) : String(value);
    case "boolean":
      return asBoolean(value) ?? mismatch("Boolean", value, path, problems);
    case "number":
    case "integer":
      return (
        asNumber(value, type.kind) ?? mismatch(type.kind === "integer" ? "Integer" : "Number", value, path, problems)
      );
    case "list":
      if (!Array.isArray(value)) return mismatch("JSONArray", value, path, problems);
      return value.map((item, index) => coerce(item, type.element, `${path}/${index}`, problems));
    case "map":
      if (!isObject(value)) return mismatch("JSONObject", value, path, problems);
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, coerce(member, type.element, `${path}/${key}`, problems)]),
      );
    case "structure":
      if (!isObject(value)) return mismatch("JSONObject", value, path, problems);
      return coerceStructure(value, type.properties(), path, problems);
    case "union":
      return coerceUnion(value, type.types, path, problems);
  }
}

/** The first alternative that the value fits without a problem; where none does, the first one's problems. */
function coerceUnion(value: unknown, types: readonly ValueType[], path: string, problems: Problem[]): unknown {
  const own = types.find((type) => type.kind === "json" || (type.kind === "string" && typeof value === "string"));
  if (own) return coerce(value, own, path, problems);
  let firstProblems: Problem[] | undefined;
  for (const type of types) {
    const found: Problem[] = [];
    const result = coerce(value, type, path, found);
    if (found.length === 0) return result;
    firstProblems ??= found;
  }
  problems.push(...(firstProblems ?? []));
  return value;
}

function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const text = value.toLowerCase();
  return text === "true" ? true : text === "false" ? false : undefined;
}

function asNumber(value: unknown, kind: "number" | "integer"): number | undefined {
  const isNumber = typeof value === "number" || (typeof value === "string" && value.trim() !== "");
  const number = isNumber ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || (kind === "integer" && !Number.isInteger(number))) return undefined;
  return number;
}

function mismatch(expected: string, value: unknown, path: string, problems: Problem[]): unknown {
  problems.push(`${path}: expected type: ${expected}, found: ${foundType(value)}`);
  return value;
}

function foundType(value: unknown): string {
  if (Array.isArray(value)) return "JSONArray";
  if (typeof value === "object") return "JSONObject";
  if (typeof value === "boolean") return "Boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "Integer" : "Double";
  return "String";
}

/** What of a resource's properties Katachi does not do, and what it leaves out since that cannot change behaviour. */
export interface NotHonoured {
  /** Dotted names. */
  readonly refused: readonly string[];
  readonly harmless: readonly { property: string; reason: string }[];
}

/** Compares the properties that a template gives with those that the type honours. */
export function findNotHonoured(
  properties: Readonly<Record<string, unknown>>,
  honours: Honours,
  specification: TypeSpecification | undefined,
): NotHonoured {
  const refused: string[] = [];
  const harmless: { property: string; reason: string }[] = [];
  const visit = (
    value: unknown,
    honoured: true | Harmless | Honours | undefined,
    type: ValueType | undefined,
    path: string,
  ) => {
    if (honoured === true || value === undefined) return;
    if (honoured === undefined) refused.push(path);
    else if (isHarmless(honoured)) harmless.push({ property: path, reason: honoured.harmless });
    else visitMembers(value, honoured, type, path);
  };
  const visitMembers = (value: unknown, honoured: Honours, type: ValueType | undefined, path: string): void => {
    if (Array.isArray(value)) {
      const element = type?.kind === "list" ? type.element : undefined;
      for (const item of value) visitMembers(item, honoured, element, path);
    } else if (isObject(value)) {
      if (type?.kind === "map")
        for (const member of Object.values(value)) visitMembers(member, honoured, type.element, path);
      else
        for (const [name, member] of Object.entries(value))
          visit(member, own(honoured, name), memberType(type, name), join(path, name));
    }
  };
  for (const [name, value] of Object.entries(properties))
    visit(value, own(honours, name), specification?.properties.get(name)?.type, name);
  return { refused: [...new Set(refused)], harmless: dedupe(harmless) };
}

function own(honours: Honours, name: string): true | Harmless | Honours | undefined {
  return Object.hasOwn(honours, name) ? honours[name] : undefined;
}

function memberType(type: ValueType | undefined, name: string): ValueType | undefined {
  if (type?.kind === "union") return type.types.map((one) => memberType(one, name)).find((one) => one !== undefined);
  return type?.kind === "structure" ? type.properties().get(name)?.type : undefined;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function dedupe(list: { property: string; reason: string }[]) {
  return [...new Map(list.map((entry) => [entry.property, entry])).values()];
}

/** A property that differs between two states of a resource. */
export interface PropertyChange {
  /** Dotted, as deep as the specification tells members apart; list positions are left out. */
  readonly path: string;
  readonly requiresRecreation: "Always" | "Conditionally" | "Never";
  /** Whether the difference is certain, or a value is unknown yet. */
  readonly certain: boolean;
  readonly before: unknown;
  readonly after: unknown;
}

/** Names the properties that differ, each with what changing it means. */
export function compareProperties(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  specification: TypeSpecification | undefined,
): PropertyChange[] {
  const changes: PropertyChange[] = [];
  const structure = specification?.properties ?? new Map<string, PropertySpecification>();
  compareMembers(before, after, structure, "", "Never", changes);
  return [...new Map(changes.map((change) => [change.path, change])).values()];
}

type Recreation = PropertyChange["requiresRecreation"];

function compareMembers(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  structure: Structure,
  path: string,
  inherited: Recreation,
  changes: PropertyChange[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const a = Object.hasOwn(before, name) ? before[name] : undefined;
    const b = Object.hasOwn(after, name) ? after[name] : undefined;
    if (sameValue(a, b)) continue;
    const specification = structure.get(name);
    compareValues(a, b, specification?.type, join(path, name), stronger(inherited, recreation(specification)), changes);
  }
}

function compareValues(
  before: unknown,
  after: unknown,
  type: ValueType | undefined,
  path: string,
  requires: Recreation,
  changes: PropertyChange[],
): void {
  if (type?.kind === "structure" && isObject(before) && isObject(after))
    return compareMembers(before, after, type.properties(), path, requires, changes);
  if (type?.kind === "list" && Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    const element = type.element;
    for (const [index, item] of before.entries())
      if (!sameValue(item, after[index])) compareValues(item, after[index], element, path, requires, changes);
    return;
  }
  changes.push({ path, requiresRecreation: requires, certain: !containsUnknown(after), before, after });
}

function recreation(specification: PropertySpecification | undefined): Recreation {
  return specification
    ? ({ always: "Always", conditionally: "Conditionally", never: "Never" } as const)[specification.replaces]
    : "Never";
}

function stronger(a: Recreation, b: Recreation): Recreation {
  const order = ["Never", "Conditionally", "Always"];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

/** Whether two values are the same JSON, whatever the order of members. What is unknown equals nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === UNKNOWN || b === UNKNOWN) return false;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameValue(item, b[index]))
    );
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) && sameValue((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
