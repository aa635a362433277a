/** The comparisons of Choice rules in JSONPath states. */
import type { ChoiceRule } from "./definition.ts";
import { runtimeError } from "./error.ts";
import type { Json } from "./json.ts";
import { findByPath, type PathData } from "./path.ts";

type Kind = "string" | "number" | "boolean" | "timestamp";

/** AWS: RFC 3339, with a capital T and Z. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

export function isTimestamp(value: unknown): value is string {
  return typeof value === "string" && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
}

const ORDERS = ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"];
const PREFIXES: readonly (readonly [string, Kind])[] = [
  ["String", "string"],
  ["Numeric", "number"],
  ["Timestamp", "timestamp"],
];
const COMPARISONS: Readonly<Record<string, { kind: Kind; order: string }>> = {
  ...Object.fromEntries(
    PREFIXES.flatMap(([prefix, kind]) => ORDERS.map((order) => [`${prefix}${order}`, { kind, order }])),
  ),
  BooleanEquals: { kind: "boolean", order: "Equals" },
};
const TESTS = ["IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"];

/** Every operator of a JSONPath Choice rule, without And, Or and Not. */
export const CHOICE_OPERATORS: ReadonlySet<string> = new Set([
  ...Object.keys(COMPARISONS),
  ...Object.keys(COMPARISONS).map((name) => `${name}Path`),
  ...TESTS,
  "StringMatches",
]);

/** @throws StatesError `States.Runtime` where a path names nothing */
export function matches(rule: ChoiceRule, data: PathData): boolean {
  if (rule.And) return rule.And.every((inner) => matches(inner, data));
  if (rule.Or) return rule.Or.some((inner) => matches(inner, data));
  if (rule.Not) return !matches(rule.Not, data);
  const operator = Object.keys(rule).find((name) => CHOICE_OPERATORS.has(name))!;
  const expected = rule[operator] as Json;
  const path = rule.Variable!;
  const value = findByPath(path, data);
  if (operator === "IsPresent") return (value !== undefined) === expected;
  if (value === undefined) return missing(path);
  const test = typeTest(operator, value);
  if (test !== undefined) return test === expected;
  if (operator === "StringMatches") return typeof value === "string" && wildcard(expected as string).test(value);
  const byPath = operator.endsWith("Path");
  const { kind, order } = COMPARISONS[byPath ? operator.slice(0, -4) : operator]!;
  const other = byPath ? (findByPath(expected as string, data) ?? missing(expected as string)) : expected;
  return compare(kind, order, value, other);
}

function missing(path: string): never {
  throw runtimeError(`Invalid path '${path}': The choice state's condition path references an invalid value.`);
}

function typeTest(operator: string, value: Json): boolean | undefined {
  if (operator === "IsNull") return value === null;
  if (operator === "IsNumeric") return typeof value === "number";
  if (operator === "IsString") return typeof value === "string";
  if (operator === "IsBoolean") return typeof value === "boolean";
  if (operator === "IsTimestamp") return isTimestamp(value);
  return undefined;
}

function compare(kind: Kind, order: string, value: Json, other: Json): boolean {
  if (kind === "timestamp")
    return isTimestamp(value) && isTimestamp(other) && ordered(order, Date.parse(value), Date.parse(other));
  return typeof value === kind && typeof other === kind && ordered(order, value, other);
}

function ordered(order: string, a: Json, b: Json): boolean {
  const [left, right] = [a as number, b as number];
  if (order === "Equals") return left === right;
  if (order === "LessThan") return left < right;
  if (order === "GreaterThan") return left > right;
  return order === "LessThanEquals" ? left <= right : left >= right;
}

/** `*` stands for any characters, `\*` for itself, `\\` for a backslash. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\([\\*])|(\*)|[.+?^${}()|[\]\\]/g, (whole, escaped?: string, star?: string) =>
    escaped ? `\\${escaped}` : star ? "[\\s\\S]*" : `\\${whole}`,
  );
  return new RegExp(`^${source}$`);
}
