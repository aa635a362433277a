import { isObject, type Json } from "./json.ts";

const REFERENCE = /\$\{([A-Za-z0-9.]+)\}/g;

/**
 * Follows resources whose logical ids SAM has changed, and references to what it has made of a resource:
 * `Ref: Layer` becomes `Ref: Layer1a2b3c`, `Ref: Function.Alias` becomes `Ref: FunctionAliaslive`.
 * @param renamed new logical ids by old ones
 * @param derived logical ids by `Resource.Property`
 */
export function renameReferences(
  value: unknown,
  renamed: ReadonlyMap<string, string>,
  derived: ReadonlyMap<string, string>,
): unknown {
  const visit = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(visit);
    if (!isObject(one)) return one;
    const names = Object.keys(one);
    if (names.length === 1 && isReference(names[0]!)) return reference(one, names[0]!);
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, visit(member)]));
  };
  const reference = (one: Json, name: string): Json => {
    const argument = one[name];
    if (name === "Ref") return { Ref: typeof argument === "string" ? refTo(argument) : argument };
    if (name === "Fn::GetAtt") return { "Fn::GetAtt": attributeOf(argument) };
    if (typeof argument === "string") return { "Fn::Sub": text(argument) };
    if (Array.isArray(argument) && typeof argument[0] === "string")
      return { "Fn::Sub": [text(argument[0]), ...argument.slice(1).map(visit)] };
    return { "Fn::Sub": visit(argument) };
  };
  const refTo = (target: string): string => renamed.get(target) ?? derived.get(target) ?? target;
  const attributeOf = (argument: unknown): unknown => {
    if (!Array.isArray(argument) || argument.some((part) => typeof part !== "string")) return visit(argument);
    const [first = "", ...rest] = (argument as string[]).join(".").split(".");
    const made = derived.get(`${first}.${rest[0] ?? ""}`);
    if (made !== undefined && rest.length > 1) return [made, rest.slice(1).join(".")];
    return renamed.has(first) ? [renamed.get(first), ...argument.slice(1)] : argument;
  };
  const text = (given: string): string => given.replaceAll(REFERENCE, (_, path: string) => `\${${follow(path)}}`);
  const follow = (path: string): string => {
    const [first = "", second, ...rest] = path.split(".");
    const made = second === undefined ? undefined : derived.get(`${first}.${second}`);
    if (made !== undefined) return [made, ...rest].join(".");
    return [renamed.get(first) ?? first, ...path.split(".").slice(1)].join(".");
  };
  const result = visit(value) as Json;
  const resources = (result["Resources"] ?? {}) as Record<string, Json>;
  for (const resource of Object.values(resources)) followNeeds(resource, renamed);
  return result;
}

function isReference(name: string): boolean {
  return name === "Ref" || name === "Fn::GetAtt" || name === "Fn::Sub";
}

function followNeeds(resource: Json, renamed: ReadonlyMap<string, string>): void {
  const needs = resource["DependsOn"];
  if (typeof needs === "string") resource["DependsOn"] = renamed.get(needs) ?? needs;
  else if (Array.isArray(needs)) resource["DependsOn"] = (needs as string[]).map((id) => renamed.get(id) ?? id);
}
