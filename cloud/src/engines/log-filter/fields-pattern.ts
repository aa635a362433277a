import { numberOf, satisfies, type Comparison } from "./comparison.ts";
import { malformed } from "./error.ts";
import { Scanner } from "./scanner.ts";

type FieldCondition =
  | { readonly kind: "all" | "any"; readonly of: readonly FieldCondition[] }
  | { readonly kind: "test"; readonly comparison: Comparison };

interface Field {
  /** Empty for an unnamed one. */
  readonly name: string;
  readonly condition: FieldCondition | undefined;
}

export interface FieldsPattern {
  readonly fields: readonly Field[];
  /** How many fields stand before `...`; undefined without one. */
  readonly ellipsisAt: number | undefined;
  readonly regexes: number;
}

/**
 * Reads a space-delimited pattern: `[ip, user, ..., status = 4* && status != 404, bytes > 1000]`.
 * @throws FilterPatternError
 */
export function parseFieldsPattern(pattern: string): FieldsPattern {
  const scanner = new Scanner(pattern);
  const fields: Field[] = [];
  let ellipsisAt: number | undefined;
  scanner.expect("[");
  do {
    if (scanner.take("...")) {
      if (ellipsisAt !== undefined) throw malformed("more than one ellipsis");
      ellipsisAt = fields.length;
    } else fields.push(readField(scanner));
  } while (scanner.take(","));
  scanner.expect("]");
  if (!scanner.ended) throw malformed("text after the closing bracket");
  return { fields, ellipsisAt, regexes: scanner.regexes };
}

function readField(scanner: Scanner): Field {
  const name = readName(scanner);
  const operator = scanner.operator();
  if (!operator) return { name, condition: undefined };
  const any: FieldCondition[] = [];
  let all: FieldCondition[] = [{ kind: "test", comparison: scanner.comparison(operator) }];
  for (;;) {
    if (scanner.take("&&")) all.push(readFurther(scanner, name));
    else if (scanner.take("||")) {
      any.push({ kind: "all", of: all });
      all = [readFurther(scanner, name)];
    } else break;
  }
  any.push({ kind: "all", of: all });
  return { name, condition: { kind: "any", of: any } };
}

function readFurther(scanner: Scanner, name: string): FieldCondition {
  const again = readName(scanner);
  if (again !== name) throw malformed(`a condition on "${again}" in the place of "${name}"`);
  const operator = scanner.operator();
  if (!operator) throw malformed(`expected an operator at position ${scanner.at + 1}`);
  return { kind: "test", comparison: scanner.comparison(operator) };
}

function readName(scanner: Scanner): string {
  scanner.skipSpace();
  return scanner.takeMatch(/[A-Za-z0-9_-]+/y) ?? "";
}

/** A token of a message: its text without brackets or quotation marks, and where it begins. */
interface Token {
  readonly text: string;
  readonly start: number;
}

/** AWS: "Characters between brackets and double quotation marks are considered single fields." */
export function tokenize(message: string): Token[] {
  const tokens: Token[] = [];
  const expression = /\[([^\]]*)\](?=\s|$)|"((?:[^"\\]|\\[^])*)"(?=\s|$)|\S+/g;
  for (let match = expression.exec(message); match; match = expression.exec(message))
    tokens.push({ text: match[1] ?? match[2] ?? match[0], start: match.index });
  return tokens;
}

/** The value of each field of a message that fits the pattern, as `$name`, or `$4` for the unnamed fourth; else undefined. */
export function matchFields(pattern: FieldsPattern, message: string): Map<string, string> | undefined {
  const values = assign(pattern, message);
  if (!values) return undefined;
  const extracted = new Map<string, string>();
  for (const [i, { text, field }] of values.entries()) {
    if (field?.condition && !holds(field.condition, text)) return undefined;
    extracted.set(`$${field?.name || i + 1}`, text);
  }
  return extracted;
}

/** Deals the tokens out to the fields. What is left over goes to the ellipsis, or else, as it stands, to the last field. */
function assign(pattern: FieldsPattern, message: string): { text: string; field: Field | undefined }[] | undefined {
  const { fields, ellipsisAt } = pattern;
  const tokens = tokenize(message);
  if (tokens.length < fields.length) return undefined;
  if (ellipsisAt !== undefined) {
    const skipped = tokens.length - fields.length;
    return tokens.map(({ text }, i) => {
      if (i < ellipsisAt) return { text, field: fields[i] };
      return { text, field: i < ellipsisAt + skipped ? undefined : fields[i - skipped] };
    });
  }
  // AWS: `[w1=ERROR, w2]` matches a line of any length whose first word is ERROR ("Match terms in order").
  const last = fields.length - 1;
  return fields.map((field, i) => {
    const whole = i === last && tokens.length > fields.length;
    return { text: whole ? message.slice(tokens[i]!.start).trimEnd() : tokens[i]!.text, field };
  });
}

function holds(condition: FieldCondition, text: string): boolean {
  if (condition.kind !== "test")
    return condition.kind === "all"
      ? condition.of.every((inner) => holds(inner, text))
      : condition.of.some((inner) => holds(inner, text));
  return satisfies(condition.comparison, text, numberOf(text));
}
