/** Longest first, so that `>=` is not read as `>`. */
export const OPERATORS = ["!=", ">=", "<=", "=", ">", "<"] as const;
export type Operator = (typeof OPERATORS)[number];

export type Operand =
  | { readonly kind: "regex"; readonly source: string; readonly expression: RegExp }
  | {
      readonly kind: "text";
      readonly text: string;
      readonly quoted: boolean;
      /** The value of an unquoted number. */
      readonly number: number | undefined;
    };

export interface Comparison {
  readonly operator: Operator;
  readonly operand: Operand;
}

/** The number that a bare text is ("An integer or decimal with an optional sign, or scientific notation"); else undefined. */
export function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/**
 * Whether a value satisfies a comparison.
 * @param text the value as text
 * @param number the value as a number, where it is one; what is none satisfies no `<`, `<=`, `>`, `>=`
 */
export function satisfies(comparison: Comparison, text: string, number: number | undefined): boolean {
  const { operator, operand } = comparison;
  if (operator === "=") return equals(operand, text, number);
  if (operator === "!=") return !equals(operand, text, number);
  if (operand.kind !== "text" || operand.number === undefined || number === undefined) return false;
  switch (operator) {
    case ">":
      return number > operand.number;
    case "<":
      return number < operand.number;
    case ">=":
      return number >= operand.number;
    case "<=":
      return number <= operand.number;
  }
}

function equals(operand: Operand, text: string, number: number | undefined): boolean {
  if (operand.kind === "regex") return operand.expression.test(text);
  // AWS: an unquoted number compares as a number (123 = 123.0), a quoted one as text.
  if (operand.number !== undefined && number !== undefined) return number === operand.number;
  return matchesWildcard(operand.text, text);
}

/**
 * AWS: the asterisk stands for any text before or after; inside a term it is itself ("Ev*ent will only match the actual
 * string Ev*ent").
 */
function matchesWildcard(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  const open = pattern.startsWith("*");
  const openEnd = pattern.length > 1 && pattern.endsWith("*");
  const core = pattern.slice(open ? 1 : 0, openEnd ? -1 : undefined);
  if (open && openEnd) return text.includes(core);
  if (open) return text.endsWith(core);
  if (openEnd) return text.startsWith(core);
  return text === core;
}
