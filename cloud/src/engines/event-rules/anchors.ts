/**
 * What an event must hold at the least for a pattern to match it: any one of a pattern's anchors. By them an index finds
 * the few patterns that may match an event, without looking at the rest.
 */
export interface Anchor {
  /** Names of the fields from the top, e.g. `["detail", "state"]`. */
  readonly path: readonly string[];
  readonly kind: "exact" | "prefix" | "suffix" | "lower" | "present";
  /** Of kind `present`: empty. */
  readonly value: string | number | boolean | null;
}

/** One of its anchors is met by every event that matches. */
export type Cover = readonly Anchor[];

type Json = Record<string, unknown>;

/**
 * All covers of a pattern that compiles, each from other fields of it; none where any event may match, e.g. because the
 * pattern asks only for what is absent.
 */
export function coversOf(pattern: unknown): Cover[] {
  return isObject(pattern) ? coversOfObject(pattern, []) : [];
}

function coversOfObject(pattern: Json, path: readonly string[]): Cover[] {
  return Object.entries(pattern).flatMap(([name, inner]) => {
    if (name === "$or" && Array.isArray(inner)) return coversOfAlternatives(inner, path);
    if (Array.isArray(inner)) return coverOfRules(inner, [...path, name]);
    return isObject(inner) ? coversOfObject(inner, [...path, name]) : [];
  });
}

/** Every alternative needs a cover; the smallest of each make one together. */
function coversOfAlternatives(alternatives: readonly unknown[], path: readonly string[]): Cover[] {
  const smallest = alternatives.map((alternative) =>
    isObject(alternative) ? coversOfObject(alternative, path).toSorted((a, b) => a.length - b.length)[0] : undefined,
  );
  return smallest.includes(undefined) ? [] : [smallest.flatMap((cover) => cover!)];
}

function coverOfRules(rules: readonly unknown[], path: readonly string[]): Cover[] {
  const anchors = rules.map((rule) => anchorOf(rule, path));
  return anchors.includes(undefined) ? [] : [anchors as Anchor[]];
}

/** Undefined where the rule may also match what is absent. */
function anchorOf(rule: unknown, path: readonly string[]): Anchor | undefined {
  if (!isObject(rule)) return { path, kind: "exact", value: rule as Anchor["value"] };
  const [operator, operand] = Object.entries(rule)[0]!;
  if (operator === "exists" && operand !== true) return undefined;
  const text = typeof operand === "string" && operand !== "" ? operand : undefined;
  if (text !== undefined)
    switch (operator) {
      case "prefix":
      case "suffix":
        return { path, kind: operator, value: text };
      case "equals-ignore-case":
        return { path, kind: "lower", value: text.toLowerCase() };
      case "wildcard":
        return anchorOfWildcard(text, path);
    }
  const isEqual = operator === "numeric" && Array.isArray(operand) && operand.length === 2 && operand[0] === "=";
  return isEqual ? { path, kind: "exact", value: operand[1] as number } : { path, kind: "present", value: "" };
}

function anchorOfWildcard(text: string, path: readonly string[]): Anchor {
  if (!text.includes("\\")) {
    const prefix = text.slice(0, text.indexOf("*"));
    if (!text.includes("*")) return { path, kind: "exact", value: text };
    if (prefix !== "") return { path, kind: "prefix", value: prefix };
    const suffix = text.slice(text.lastIndexOf("*") + 1);
    if (suffix !== "") return { path, kind: "suffix", value: suffix };
  }
  return { path, kind: "present", value: "" };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
