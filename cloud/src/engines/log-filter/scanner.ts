import { badTerm, malformed } from "./error.ts";
import { compileRegex } from "./regex.ts";
import { numberOf, OPERATORS, type Comparison, type Operand, type Operator } from "./comparison.ts";

/** Reads a pattern from left to right. Shared by JSON and space-delimited patterns, whose conditions look alike. */
export class Scanner {
  at = 0;
  /** How many regular expressions the pattern holds. */
  regexes = 0;

  constructor(readonly text: string) {}

  get ended(): boolean {
    this.skipSpace();
    return this.at >= this.text.length;
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  /** Takes `token` if it stands next. */
  take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  /** Takes a keyword, which must end where it ends. */
  takeWord(word: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(word, this.at) || /\w/.test(this.text[this.at + word.length] ?? "")) return false;
    this.at += word.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw malformed(`expected "${token}" at position ${this.at + 1}`);
  }

  /** Takes what a sticky expression matches right here; undefined where it does not. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    return found;
  }

  operator(): Operator | undefined {
    return OPERATORS.find((operator) => this.take(operator));
  }

  /** Reads the right side of a comparison: a quoted text, `%regex%`, a number or a bare text with `*` at its ends. */
  comparison(operator: Operator): Comparison {
    this.skipSpace();
    const operand = this.#operand();
    if (operator === "=" || operator === "!=") return { operator, operand };
    if (operand.kind !== "text" || operand.quoted || operand.number === undefined)
      throw badTerm(operand.kind === "text" ? `"${operand.text}"` : operand.source);
    return { operator, operand };
  }

  #operand(): Operand {
    if (this.text[this.at] === '"') return { kind: "text", text: this.quoted(), quoted: true, number: undefined };
    if (this.text[this.at] === "%") return this.regex();
    const bare = this.takeMatch(/[^\s&|,()\]}"%]+/y);
    if (bare === undefined) throw malformed(`expected a value at position ${this.at + 1}`);
    if (!/^[A-Za-z0-9_.*+-]+$/.test(bare)) throw badTerm(bare);
    return { kind: "text", text: bare, quoted: false, number: numberOf(bare) };
  }

  /** Reads a text in double quotes; `\"` and `\\` inside stand for themselves. */
  quoted(): string {
    const body = this.takeMatch(/"(?:[^"\\]|\\[^])*"/y);
    if (body === undefined) throw malformed(`the quotation mark at position ${this.at + 1} is not closed`);
    return body.slice(1, -1).replace(/\\(["\\])/g, "$1");
  }

  regex(): Operand & { kind: "regex" } {
    const source = this.takeMatch(/%[^%]*%/y);
    if (source === undefined) throw malformed(`the % at position ${this.at + 1} is not closed`);
    this.regexes++;
    return { kind: "regex", source, expression: compileRegex(source) };
  }
}
