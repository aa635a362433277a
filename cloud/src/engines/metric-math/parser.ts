import { MetricMathError } from "./value.ts";

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "array"; readonly items: readonly Expression[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "negate"; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression };

/** Weakest first. Source: "Using math expressions with CloudWatch metrics", comparison and logical operators. */
const LEVELS: readonly (readonly string[])[] = [
  ["||", "OR"],
  ["&&", "AND"],
  ["==", "!=", "<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/"],
  ["^"],
];

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|"([^"]*)"|'([^']*)'|([A-Za-z_][A-Za-z0-9_]*)|(\|\||&&|==|!=|<=|>=|[-+*/^<>()[\],]))/y;

interface Token {
  readonly kind: "number" | "text" | "word" | "sign" | "end";
  readonly text: string;
}

/** @throws MetricMathError */
export function parseExpression(text: string): Expression {
  return new Parser(tokenize(text)).whole();
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(trimmed);
    if (!match) throw new MetricMathError(`Unexpected character at position ${at + 1}`);
    const [, numeral, double, single, word, sign] = match;
    if (numeral !== undefined) tokens.push({ kind: "number", text: numeral });
    else if (double !== undefined || single !== undefined) tokens.push({ kind: "text", text: double ?? single! });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else tokens.push({ kind: "sign", text: sign! });
  }
  return [...tokens, { kind: "end", text: "" }];
}

class Parser {
  #at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.#binary(0);
    if (this.#next.kind !== "end") throw new MetricMathError(`Unexpected "${this.#next.text}"`);
    return expression;
  }

  get #next(): Token {
    return this.tokens[this.#at]!;
  }

  #take(text: string): boolean {
    if (this.#next.kind !== "sign" || this.#next.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new MetricMathError(`Expected "${text}" before "${this.#next.text}"`);
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text } = this.#next;
      if ((kind !== "sign" && kind !== "word") || !operators.includes(text)) return left;
      this.#at++;
      left = { kind: "binary", operator: text, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    if (this.#take("-")) return { kind: "negate", operand: this.#unary() };
    if (this.#take("+")) return this.#unary();
    return this.#primary();
  }

  #primary(): Expression {
    const { kind, text } = this.#next;
    if (this.#take("(")) {
      const inner = this.#binary(0);
      this.#expect(")");
      return inner;
    }
    if (this.#take("[")) return { kind: "array", items: this.#list("]") };
    if (kind === "end" || kind === "sign") throw new MetricMathError(`Unexpected "${text || "end of expression"}"`);
    this.#at++;
    if (kind === "number") return { kind: "number", value: Number(text) };
    if (kind === "text") return { kind: "text", text };
    if (this.#take("(")) return { kind: "call", name: text.toUpperCase(), args: this.#list(")") };
    return { kind: "id", id: text };
  }

  #list(end: string): Expression[] {
    if (this.#take(end)) return [];
    const items = [this.#binary(0)];
    while (this.#take(",")) items.push(this.#binary(0));
    this.#expect(end);
    return items;
  }
}

/** The ids that an expression names. */
export function idsOf(expression: Expression): string[] {
  switch (expression.kind) {
    case "id":
      return [expression.id];
    case "array":
      return expression.items.flatMap(idsOf);
    case "call":
      return expression.args.flatMap(idsOf);
    case "negate":
      return idsOf(expression.operand);
    case "binary":
      return [...idsOf(expression.left), ...idsOf(expression.right)];
    default:
      return [];
  }
}
