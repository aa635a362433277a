import type { Scanner } from "./scanner.ts";
import { VtlError, type Expression, type Node, type Operator, type Reference, type Step } from "./syntax.ts";

const IDENTIFIER = /[A-Za-z_][\w-]*/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** From the loosest to the tightest. Words stand for signs: `$a eq $b`. */
const LEVELS: readonly (readonly (readonly [sign: RegExp, operator: Operator])[])[] = [
  [[/\|\||or\b/y, "||"]],
  [[/&&|and\b/y, "&&"]],
  [
    [/==|eq\b/y, "=="],
    [/!=|ne\b/y, "!="],
  ],
  [
    [/<=|le\b/y, "<="],
    [/>=|ge\b/y, ">="],
    [/<|lt\b/y, "<"],
    [/>|gt\b/y, ">"],
  ],
  [
    [/\+/y, "+"],
    [/-/y, "-"],
  ],
  [
    [/\*/y, "*"],
    [/\//y, "/"],
    [/%/y, "%"],
  ],
];

/** Reads expressions and references. `parseText` reads the inside of a text in double quotes. */
export class ExpressionParser {
  constructor(
    private readonly scanner: Scanner,
    private readonly parseText: (text: string) => readonly Node[],
  ) {}

  /** @throws VtlError */
  expression(level = 0): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.expression(level + 1);
    for (;;) {
      this.scanner.skipSpace();
      const found = operators.find(([sign]) => this.scanner.take(sign) !== undefined);
      if (!found) return left;
      left = { kind: "binary", operator: found[1], left, right: this.expression(level + 1) };
    }
  }

  /**
   * Reads what follows a `$`, or leaves the scanner where it is.
   * @returns undefined where no reference follows: the `$` is text
   */
  reference(): Reference | undefined {
    const start = this.scanner.at;
    this.scanner.take(/!/y);
    const isBraced = this.scanner.take(/\{/y) !== undefined;
    const name = this.scanner.take(IDENTIFIER);
    if (name === undefined) {
      this.scanner.at = start;
      return undefined;
    }
    const steps = this.#steps();
    if (isBraced && this.scanner.take(/\s*\}/y) === undefined) {
      this.scanner.at = start;
      return undefined;
    }
    return { name, steps };
  }

  /** The expressions up to a closing sign, which is taken. */
  list(close: RegExp): Expression[] {
    const items: Expression[] = [];
    for (;;) {
      this.scanner.skipSpace();
      if (this.scanner.take(close) !== undefined) return items;
      if (items.length > 0) this.scanner.expect(/,/y, ",");
      items.push(this.expression());
    }
  }

  #steps(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (this.scanner.take(/\[/y) !== undefined) {
        const index = this.expression();
        this.scanner.skipSpace();
        this.scanner.expect(/\]/y, "]");
        steps.push({ kind: "index", index });
        continue;
      }
      const name = this.scanner.take(/\.(?=[A-Za-z_])/y) === undefined ? undefined : this.scanner.take(IDENTIFIER);
      if (name === undefined) return steps;
      if (this.scanner.take(/\(/y) === undefined) steps.push({ kind: "property", name });
      else steps.push({ kind: "method", name, given: this.list(/\)/y) });
    }
  }

  #unary(): Expression {
    this.scanner.skipSpace();
    if (this.scanner.take(/!(?!=)|not\b/y) !== undefined) return { kind: "not", operand: this.#unary() };
    if (this.scanner.take(/-/y) !== undefined) return { kind: "negative", operand: this.#unary() };
    return this.#primary();
  }

  #primary(): Expression {
    const { scanner } = this;
    if (scanner.take(/\(/y) !== undefined) {
      const inner = this.expression();
      scanner.skipSpace();
      scanner.expect(/\)/y, ")");
      return inner;
    }
    if (scanner.take(/\$/y) !== undefined) {
      const reference = this.reference();
      if (!reference) throw new VtlError(`Not a reference: ${scanner.rest(20)}`);
      return { kind: "reference", reference };
    }
    const quote = scanner.take(/["']/y);
    if (quote !== undefined) return this.#quoted(quote);
    const number = scanner.take(NUMBER);
    if (number !== undefined) return { kind: "literal", value: Number(number) };
    if (scanner.take(/\[/y) !== undefined) return this.#listOrRange();
    if (scanner.take(/\{/y) !== undefined) return this.#map();
    const word = scanner.take(/(?:true|false|null)\b/y);
    if (word !== undefined) return { kind: "literal", value: word === "null" ? null : word === "true" };
    throw new VtlError(`Unexpected: ${scanner.rest(20) || "the end of the template"}`);
  }

  /** A quote stands doubled inside its own kind of quotes. */
  #quoted(quote: string): Expression {
    const body = quote === '"' ? /(?:[^"\\]|\\[^]|"")*/y : /(?:[^']|'')*/y;
    const text = this.scanner.take(body) ?? "";
    this.scanner.expect(quote === '"' ? /"/y : /'/y, quote);
    const plain = text.replaceAll(quote + quote, quote);
    if (quote === "'") return { kind: "literal", value: plain };
    // Velocity knows no escapes in texts but the one that hides the closing quote.
    const inner = plain.replaceAll('\\"', '"');
    return /[$#]/.test(inner)
      ? { kind: "interpolated", nodes: this.parseText(inner) }
      : { kind: "literal", value: inner };
  }

  #listOrRange(): Expression {
    this.scanner.skipSpace();
    if (this.scanner.take(/\]/y) !== undefined) return { kind: "list", items: [] };
    const first = this.expression();
    this.scanner.skipSpace();
    if (this.scanner.take(/\.\./y) === undefined) {
      if (this.scanner.take(/\]/y) !== undefined) return { kind: "list", items: [first] };
      this.scanner.expect(/,/y, ",");
      return { kind: "list", items: [first, ...this.list(/\]/y)] };
    }
    const to = this.expression();
    this.scanner.skipSpace();
    this.scanner.expect(/\]/y, "]");
    return { kind: "range", from: first, to };
  }

  #map(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    for (;;) {
      this.scanner.skipSpace();
      if (this.scanner.take(/\}/y) !== undefined) return { kind: "map", entries };
      if (entries.length > 0) this.scanner.expect(/,/y, ",");
      this.scanner.skipSpace();
      const bare = this.scanner.take(/[A-Za-z_]\w*(?=\s*:)/y);
      const key: Expression = bare === undefined ? this.expression() : { kind: "literal", value: bare };
      this.scanner.skipSpace();
      this.scanner.expect(/:/y, ":");
      entries.push([key, this.expression()]);
    }
  }
}
