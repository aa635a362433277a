/**
 * Filter policies: which messages a subscription gets.
 * AWS: "Amazon SNS message filtering", "Filter policy constraints in Amazon SNS".
 */
import { isIP, BlockList } from "node:net";
import type { Message, MessageAttribute } from "./message.ts";

export type FilterScope = "MessageAttributes" | "MessageBody";

type Json = Record<string, unknown>;
/** `undefined`: the field is absent. */
type Rule = (value: unknown) => boolean;
/** One alternative of a policy: for each field, by its path, the rules of which one must hold. */
type Alternative = ReadonlyMap<string, readonly Rule[]>;
/** The fields of a message by their path. An array in it makes one of these for each of its items. */
type Flat = ReadonlyMap<string, unknown>;

export type Filter = (attributes: Message["attributes"], text: string) => boolean;

/** AWS: "A filter policy can have a maximum of five keys"; of a nested policy the outermost count. */
const KEYS_MAX = 5;
/** AWS: "The total combination of values in a filter policy must not exceed 150." */
const COMBINATIONS_MAX = 150;
const BYTES_MAX = 262_144;

class PolicyFault extends Error {}

const fault = (text: string) => new PolicyFault(`FilterPolicy: ${text}`);

/** What is wrong with a policy, in AWS's words; undefined where nothing is. @param text JSON */
export function checkFilterPolicy(text: string, scope: FilterScope): string | undefined {
  try {
    compile(text, scope);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyFault) return error.message;
    throw error;
  }
}

const compiled = new Map<string, Filter>();
const COMPILED_MAX = 5000;

/** @param text a policy that was checked */
export function filterOf(text: string, scope: FilterScope): Filter {
  const key = scope + text;
  let filter = compiled.get(key);
  if (!filter) {
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    filter = compile(text, scope);
    compiled.set(key, filter);
  }
  return filter;
}

function compile(text: string, scope: FilterScope): Filter {
  const policy = parse(text);
  if (Buffer.byteLength(text) > BYTES_MAX) throw fault("Filter policy is too large");
  if (Object.keys(policy).length > KEYS_MAX) throw fault("Filter policy can not have more than 5 keys");
  if (countCombinations(policy, 1, 1, scope) > COMBINATIONS_MAX) throw fault("Filter policy is too complex");
  const alternatives = flattenPolicy(policy, [new Map()], "", scope);
  return scope === "MessageBody"
    ? (_, text) => matchesBody(alternatives, text)
    : (attributes) => alternatives.some((alternative) => matchesAttributes(alternative, attributes ?? {}));
}

function parse(text: string): Json {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch (error) {
    throw fault(`failed to parse JSON. ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(policy)) throw fault("Filter must be an object");
  return policy;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** AWS: the values of each key times its depth, multiplied over all keys; alternatives are added. */
function countCombinations(policy: Json, depth: number, before: number, scope: FilterScope): number {
  if (depth > 1 && scope === "MessageAttributes")
    throw new PolicyFault("Filter policy scope MessageAttributes does not support nested filter policy");
  let count = before;
  for (const [name, value] of Object.entries(policy)) {
    if (isObject(value)) count = countCombinations(value, depth + 1, count, scope);
    else if (!Array.isArray(value)) throw fault(`"${name}" must be an object or an array`);
    else if (value.length === 0) throw fault("Empty arrays are not allowed");
    else if (isOr(name, value))
      count = value.reduce<number>((sum, alternative) => sum + countCombinations(alternative, depth, count, scope), 0);
    else count *= value.length * depth;
  }
  return count;
}

/** AWS: `$or` is an operator where it has two objects at least; else it is a field of that name. */
function isOr(name: string, value: unknown): value is Json[] {
  return name === "$or" && Array.isArray(value) && value.length > 1 && value.every(isObject);
}

/** Every alternative with the paths of its fields; `$or` multiplies them. */
function flattenPolicy(policy: Json, before: Alternative[], parent: string, scope: FilterScope): Alternative[] {
  let alternatives = before;
  for (const [name, value] of Object.entries(policy)) {
    const path = parent === "" ? name : `${parent}.${name}`;
    if (isOr(name, value)) alternatives = value.flatMap((one) => flattenPolicy(one, alternatives, parent, scope));
    else if (isObject(value)) alternatives = flattenPolicy(value, alternatives, path, scope);
    else {
      const rules = (value as unknown[]).map((rule) =>
        rule === null && scope === "MessageAttributes" ? isNothing : compileRule(rule),
      );
      alternatives = alternatives.map((alternative) => new Map(alternative).set(path, rules));
    }
  }
  return alternatives;
}

/** AWS (observed): `null` takes messages without the attribute. */
const isNothing: Rule = (value) => value === null || value === undefined;

// ---- messages ----

function matchesAttributes(alternative: Alternative, attributes: Readonly<Record<string, MessageAttribute>>): boolean {
  for (const [name, rules] of alternative) {
    const values = valuesOf(attributes[name]);
    if (!values.some((value) => rules.some((rule) => rule(value)))) return false;
  }
  return true;
}

/** AWS: "String, String.Array, Number"; attributes of other types are passed over, but for whether they exist. */
function valuesOf(attribute: MessageAttribute | undefined): readonly unknown[] {
  if (!attribute) return [undefined];
  const { type, value } = attribute;
  if (typeof value !== "string") return [OPAQUE];
  if (type !== "String.Array") return [type.startsWith("Number") ? Number(value) : value];
  try {
    const items: unknown = JSON.parse(value);
    return Array.isArray(items) && items.length > 0 ? items : [OPAQUE];
  } catch {
    return [OPAQUE];
  }
}

/** There, but nothing that can be compared. */
const OPAQUE = Symbol("opaque");

function matchesBody(alternatives: readonly Alternative[], text: string): boolean {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isObject(body)) return false;
  const flats = flattenBody(body, [new Map()], "");
  return alternatives.some((alternative) =>
    [...alternative].every(([path, rules]) =>
      flats.some((flat) => rules.some((rule) => rule(flat.has(path) ? flat.get(path) : undefined))),
    ),
  );
}

/**
 * AWS (observed): fields are told apart by their path alone, so `{"a.b": 1}` is `{"a": {"b": 1}}`; and a field inside
 * an array is looked for in every item.
 */
function flattenBody(value: unknown, before: Flat[], path: string): Flat[] {
  if (isObject(value)) {
    let flats = before;
    for (const [name, inner] of Object.entries(value))
      flats = flattenBody(inner, flats, path === "" ? name : `${path}.${name}`);
    return flats;
  }
  if (Array.isArray(value))
    return value.length === 0 ? before : value.flatMap((item) => flattenBody(item, before, path));
  return before.map((flat) => new Map(flat).set(path, value));
}

// ---- rules ----

function compileRule(rule: unknown): Rule {
  if (!isObject(rule)) {
    if (Array.isArray(rule)) throw fault("Match value must be String, number, true, false, or null");
    return (value) => value === rule;
  }
  const entries = Object.entries(rule);
  if (entries.length !== 1) throw fault("Only one key allowed in match expression");
  const [operator, operand] = entries[0]!;
  switch (operator) {
    case "exists":
      if (typeof operand !== "boolean") throw fault("exists match pattern must be either true or false.");
      return (value) => (value !== undefined) === operand;
    case "anything-but":
      return compileAnythingBut(operand);
    case "numeric":
      return compileNumeric(operand);
    case "cidr":
      return compileCidr(operand);
    default:
      return compileText(operator, operand);
  }
}

function compileText(operator: string, operand: unknown): Rule {
  const tests: Record<string, (text: string, wanted: string) => boolean> = {
    prefix: (text, wanted) => text.startsWith(wanted),
    suffix: (text, wanted) => text.endsWith(wanted),
    "equals-ignore-case": (text, wanted) => text.toLowerCase() === wanted.toLowerCase(),
  };
  const test = tests[operator];
  if (!test) throw fault(`Unrecognized match type ${operator}`);
  if (typeof operand !== "string") throw fault(`${operator} match pattern must be a string`);
  return (value) => typeof value === "string" && test(value, operand);
}

function compileAnythingBut(operand: unknown): Rule {
  if (isObject(operand)) {
    const operator = Object.keys(operand)[0];
    if (operator !== "prefix" && operator !== "suffix" && operator !== "equals-ignore-case")
      throw fault(`Unsupported anything-but pattern: ${operator}`);
  }
  const rules = (Array.isArray(operand) ? operand : [operand]).map((rule) => compileRule(rule));
  return (value) => isComparable(value) && !rules.some((rule) => rule(value));
}

function isComparable(value: unknown): boolean {
  return value !== undefined && value !== null && value !== OPAQUE;
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

/** `["=", 5]`, `[">", 0]` or `[">", 0, "<=", 5]` */
function compileNumeric(operand: unknown): Rule {
  if (!Array.isArray(operand) || operand.length === 0) throw fault("Invalid member in numeric match: ]");
  const [operator, low, second, high, ...rest] = operand as unknown[];
  if (typeof operator !== "string") throw fault(`Invalid member in numeric match: ${String(operator)}`);
  const compare = COMPARISONS[operator];
  if (!compare) throw fault(`Unrecognized numeric range operator: ${operator}`);
  if (typeof low !== "number") throw notNumeric(operator);
  if (operand.length === 2) return (value) => typeof value === "number" && compare(value, low);
  if (operator !== ">" && operator !== ">=") throw fault("Too many elements in numeric expression");
  if (typeof second !== "string") throw fault(`Bad value in numeric range: ${String(second)}`);
  if (second !== "<" && second !== "<=") throw fault(`Bad numeric range operator: ${second}`);
  if (typeof high !== "number") throw notNumeric(second);
  if (high <= low) throw fault("Bottom must be less than top");
  if (rest.length > 0) throw fault("Too many terms in numeric range expression");
  const compareHigh = COMPARISONS[second]!;
  return (value) => typeof value === "number" && compare(value, low) && compareHigh(value, high);
}

function notNumeric(operator: string): PolicyFault {
  return fault(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
}

function compileCidr(operand: unknown): Rule {
  // Quirk: AWS tells it of the prefix operator.
  if (typeof operand !== "string") throw fault("prefix match pattern must be a string");
  const [address = "", bits, ...rest] = operand.split("/");
  if (bits === undefined || rest.length > 0) throw fault("Malformed CIDR, one '/' required");
  if (!/^\d+$/.test(bits)) throw fault("Malformed CIDR, mask bits must be an integer");
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) throw fault(`Nonstandard IP address: ${address}`);
  const type = family === 4 ? "ipv4" : "ipv6";
  const block = new BlockList();
  block.addSubnet(address, Number(bits), type);
  return (value) => typeof value === "string" && isIP(value) === family && block.check(value, type);
}
