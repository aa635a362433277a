import { satisfies, type Comparison } from "./comparison.ts";
import { malformed } from "./error.ts";
import { Scanner } from "./scanner.ts";

/** One step into a JSON value: a property, an element, or any of them. */
type Step = { readonly property: string } | { readonly index: number } | { readonly any: "property" | "element" };

/** `$.users[0].email` */
export interface Selector {
  readonly source: string;
  readonly steps: readonly Step[];
}

type Test =
  | { readonly kind: "compare"; readonly comparison: Comparison }
  | { readonly kind: "is"; readonly value: null | boolean }
  | { readonly kind: "absent" };

export type JsonCondition =
  | { readonly kind: "all" | "any"; readonly of: readonly JsonCondition[] }
  | { readonly kind: "test"; readonly selector: Selector; readonly test: Test };

const SELECTOR_WILDCARDS_MAX = 1;
const WILDCARDS_MAX = 3;

export interface JsonPattern {
  readonly condition: JsonCondition;
  readonly selectors: readonly Selector[];
  readonly regexes: number;
}

/**
 * Reads `{ … }`: selectors, comparisons, IS NULL/TRUE/FALSE, NOT EXISTS, && before ||, parentheses.
 * @throws FilterPatternError
 */
export function parseJsonPattern(pattern: string): JsonPattern {
  const scanner = new Scanner(pattern);
  const selectors: Selector[] = [];
  scanner.expect("{");
  const condition = readAny(scanner, selectors);
  scanner.expect("}");
  if (!scanner.ended) throw malformed("text after the closing brace");
  const wildcards = selectors.reduce((count, { steps }) => count + wildcardsOf(steps), 0);
  if (wildcards > WILDCARDS_MAX)
    throw malformed(`${wildcards} wildcard selectors; allowed: ${WILDCARDS_MAX} in a pattern`);
  return { condition, selectors, regexes: scanner.regexes };
}

function readAny(scanner: Scanner, selectors: Selector[]): JsonCondition {
  const of = [readAll(scanner, selectors)];
  while (scanner.take("||")) of.push(readAll(scanner, selectors));
  return of.length === 1 ? of[0]! : { kind: "any", of };
}

function readAll(scanner: Scanner, selectors: Selector[]): JsonCondition {
  const of = [readOne(scanner, selectors)];
  while (scanner.take("&&")) of.push(readOne(scanner, selectors));
  return of.length === 1 ? of[0]! : { kind: "all", of };
}

function readOne(scanner: Scanner, selectors: Selector[]): JsonCondition {
  if (scanner.take("(")) {
    const inner = readAny(scanner, selectors);
    scanner.expect(")");
    return inner;
  }
  const selector = readSelector(scanner);
  selectors.push(selector);
  return { kind: "test", selector, test: readTest(scanner) };
}

function readTest(scanner: Scanner): Test {
  if (scanner.takeWord("NOT")) {
    if (!scanner.takeWord("EXISTS")) throw malformed("expected EXISTS after NOT");
    return { kind: "absent" };
  }
  if (scanner.takeWord("IS")) {
    if (scanner.takeWord("NULL")) return { kind: "is", value: null };
    if (scanner.takeWord("TRUE")) return { kind: "is", value: true };
    if (scanner.takeWord("FALSE")) return { kind: "is", value: false };
    throw malformed("expected NULL, TRUE or FALSE after IS");
  }
  const operator = scanner.operator();
  if (!operator) throw malformed(`expected an operator at position ${scanner.at + 1}`);
  return { kind: "compare", comparison: scanner.comparison(operator) };
}

/** @throws FilterPatternError where the text is no selector */
export function parseSelector(source: string): Selector {
  const scanner = new Scanner(source);
  const selector = readSelector(scanner);
  if (!scanner.ended) throw malformed(`"${source}" is not a selector`);
  return selector;
}

function readSelector(scanner: Scanner): Selector {
  scanner.skipSpace();
  const start = scanner.at;
  if (!scanner.take("$.")) throw malformed(`expected a selector ($.name) at position ${start + 1}`);
  const steps: Step[] = [readProperty(scanner)];
  for (;;) {
    const next = scanner.text[scanner.at];
    if (next === ".") {
      scanner.at++;
      steps.push(readProperty(scanner));
    } else if (next === "[") steps.push(readElement(scanner));
    else break;
  }
  if (wildcardsOf(steps) > SELECTOR_WILDCARDS_MAX) throw malformed("more than one wildcard in a selector");
  return { source: scanner.text.slice(start, scanner.at), steps };
}

function readProperty(scanner: Scanner): Step {
  const bracketed = scanner.takeMatch(/\['[^']+'\]/y);
  if (bracketed !== undefined) return { property: bracketed.slice(2, -2) };
  if (scanner.takeMatch(/\*/y)) return { any: "property" };
  const property = scanner.takeMatch(/[A-Za-z0-9_-]+/y);
  if (property === undefined) throw malformed(`expected a property name at position ${scanner.at + 1}`);
  return { property };
}

function readElement(scanner: Scanner): Step {
  const element = scanner.takeMatch(/\[(\d+|\*|'[^']+')\]/y)?.slice(1, -1);
  if (element === undefined) throw malformed(`expected [number] or [*] at position ${scanner.at + 1}`);
  if (element === "*") return { any: "element" };
  return element.startsWith("'") ? { property: element.slice(1, -1) } : { index: Number(element) };
}

function wildcardsOf(steps: readonly Step[]): number {
  return steps.filter((step) => "any" in step).length;
}

/** Every value that a selector points to: none, one, or with a wildcard several. */
export function select(selector: Selector, root: unknown): unknown[] {
  let found: unknown[] = [root];
  for (const step of selector.steps) found = found.flatMap((value) => stepInto(value, step));
  return found;
}

function stepInto(value: unknown, step: Step): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if ("any" in step) {
    const wanted = step.any === "element" ? Array.isArray(value) : !Array.isArray(value);
    return wanted ? Object.values(value) : [];
  }
  const key = "index" in step ? step.index : step.property;
  if (Array.isArray(value) !== (typeof key === "number") || !Object.hasOwn(value, key)) return [];
  return [(value as Record<string | number, unknown>)[key]];
}

export function holds(condition: JsonCondition, root: unknown): boolean {
  if (condition.kind !== "test")
    return condition.kind === "all"
      ? condition.of.every((inner) => holds(inner, root))
      : condition.of.some((inner) => holds(inner, root));
  const { selector, test } = condition;
  const values = select(selector, root);
  if (test.kind === "absent") return values.length === 0;
  if (test.kind === "is") return values.includes(test.value);
  return values.some((value) => compare(test.comparison, value));
}

/** AWS: only texts and numbers are compared; a selector that points to anything else, or to nothing, never matches. */
function compare(comparison: Comparison, value: unknown): boolean {
  if (typeof value === "number") return satisfies(comparison, String(value), value);
  return typeof value === "string" && satisfies(comparison, value, undefined);
}
