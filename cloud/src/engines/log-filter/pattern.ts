/**
 * The filter patterns of CloudWatch Logs, for metric filters, subscription filters, FilterLogEvents and Live Tail.
 * Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
 *
 * Gap: a quoted number is compared with the number's shortest text, so `"12.0"` does not equal a JSON `12.0`.
 */
import { FilterPatternError, malformed } from "./error.ts";
import { matchFields, parseFieldsPattern } from "./fields-pattern.ts";
import { holds, parseJsonPattern, parseSelector, select } from "./json-pattern.ts";
import { compileRegex } from "./regex.ts";
import { hasTerms, parseTerms } from "./terms.ts";

export { FilterPatternError } from "./error.ts";

/** A message that matches. */
export interface PatternMatch {
  /** The values that the pattern names: `$.latency` of JSON, `$bytes` of fields; empty for terms. */
  extracted(): Record<string, string>;
  /** The value of a reference such as `$.latency` or `$bytes`, which the pattern need not name; undefined where there is none. */
  value(reference: string): string | undefined;
}

export interface FilterPattern {
  readonly kind: "terms" | "regex" | "json" | "fields";
  /** How many regular expressions it holds. */
  readonly regexes: number;
  match(message: string): PatternMatch | undefined;
}

const REGEXES_MAX = 2;
const NOTHING: PatternMatch = { extracted: () => ({}), value: () => undefined };

/**
 * Compiles a pattern; an empty one matches everything.
 * @throws FilterPatternError in AWS's words where it has some
 */
export function compilePattern(pattern: string): FilterPattern {
  const compiled = compile(pattern);
  if (compiled.regexes > REGEXES_MAX && compiled.kind !== "regex")
    throw malformed(`${compiled.regexes} regular expressions; allowed: ${REGEXES_MAX}`);
  return compiled;
}

function compile(pattern: string): FilterPattern {
  if (pattern.startsWith("{")) return compileJson(pattern);
  if (pattern.startsWith("[")) return compileFields(pattern);
  if (pattern.startsWith("%")) return compileStandaloneRegex(pattern);
  const terms = parseTerms(pattern);
  return { kind: "terms", regexes: 0, match: (message) => (hasTerms(terms, message) ? NOTHING : undefined) };
}

function compileStandaloneRegex(pattern: string): FilterPattern {
  const source = pattern.trimEnd();
  if (!/^%[^%]+%$/.test(source)) throw malformed("a regular expression stands alone between two %");
  const expression = compileRegex(source);
  return { kind: "regex", regexes: 1, match: (message) => (expression.test(message) ? NOTHING : undefined) };
}

function compileJson(pattern: string): FilterPattern {
  if (!pattern.endsWith("}"))
    throw new FilterPatternError("If a filter pattern starts with '{' it must end with '}'", true);
  const { condition, selectors, regexes } = parseJsonPattern(pattern);
  return {
    kind: "json",
    regexes,
    match(message) {
      const root = parseObject(message);
      if (root === undefined || !holds(condition, root)) return undefined;
      return {
        extracted() {
          const values = selectors.map(({ source }) => [source, valueAt(source, root)] as const);
          return Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== undefined));
        },
        value: (reference) => valueAt(reference, root),
      };
    },
  };
}

function parseObject(message: string): unknown {
  // Most lines that are no JSON show it by their first character.
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

function valueAt(reference: string, root: unknown): string | undefined {
  if (!reference.startsWith("$.")) return undefined;
  const [value] = select(parseSelector(reference), root);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

function compileFields(pattern: string): FilterPattern {
  if (!pattern.endsWith("]"))
    throw new FilterPatternError("If a filter pattern starts with '[' it must end with ']'", true);
  const fields = parseFieldsPattern(pattern);
  return {
    kind: "fields",
    regexes: fields.regexes,
    match(message) {
      const values = matchFields(fields, message);
      return values && { extracted: () => Object.fromEntries(values), value: (reference) => values.get(reference) };
    },
  };
}

/**
 * Whether a text may stand as the value or dimension of a metric filter with this pattern: `$.selector` for JSON,
 * `$field` for space-delimited.
 */
export function isReference(pattern: FilterPattern, text: string): boolean {
  if (pattern.kind === "fields") return /^\$[A-Za-z0-9_-]+$/.test(text);
  if (pattern.kind !== "json") return false;
  try {
    parseSelector(text);
    return true;
  } catch {
    return false;
  }
}
