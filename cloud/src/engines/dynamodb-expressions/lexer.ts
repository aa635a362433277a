import { InvalidInput } from "./invalid-input.ts";
import { isReserved } from "./reserved-words.ts";
import { RESERVED_NAME, type Operand, type Path, type PathStep } from "./syntax.ts";

type TokenKind = "name" | "alias" | "value" | "number" | "symbol" | "end";

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /\s*(?:([A-Za-z][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([0-9]+)|(<>|<=|>=|[^\s]))/uy;
const KINDS: readonly TokenKind[] = ["name", "alias", "value", "number", "symbol"];
const BYTES_MAX = 4096;
/** So deep that AWS would have said "too many operators" or "redundant parentheses" already. */
const DEPTH_MAX = 300;

/**
 * The tokens of an expression and how far they are read. What all expressions share stands here: paths, operands,
 * function calls, and the wording of a syntax error.
 */
export class Tokens {
  readonly #tokens: Token[] = [];
  #at = 0;
  #depth = 0;
  /** The first bare name met that is a reserved word, as AWS complains of it. */
  reserved: string | undefined;
  /** Operators and functions met. */
  operators = 0;
  redundantParentheses = false;

  /** @throws InvalidInput for an empty or too long text */
  constructor(
    private readonly source: string,
    private readonly keywords: ReadonlySet<string>,
  ) {
    if (source === "") throw new InvalidInput("The expression can not be empty;");
    const bytes = Buffer.byteLength(source);
    if (bytes > BYTES_MAX)
      throw new InvalidInput(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`);
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
      const group = match.findIndex((text, i) => i > 0 && text !== undefined);
      const text = match[group]!;
      const end = match.index + match[0].length;
      this.#tokens.push({ kind: KINDS[group - 1]!, text, start: end - text.length, end });
    }
    this.#tokens.push({ kind: "end", text: "<EOF>", start: source.length, end: source.length });
  }

  /** How many tokens are read. */
  get position(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#peek().kind === "end";
  }

  /** Takes the symbol if it is next. */
  take(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== "symbol" || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  isNext(symbol: string): boolean {
    const token = this.#peek();
    return token.kind === "symbol" && token.text === symbol;
  }

  /** Takes the keyword, in any case, if it is next. */
  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.#at++;
    return true;
  }

  isKeyword(keyword: string): boolean {
    const token = this.#peek();
    return token.kind === "name" && token.text.toUpperCase() === keyword;
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) this.fail();
  }

  /** Takes a value reference (`:v`). */
  value(): string {
    const token = this.#peek();
    if (token.kind !== "value") this.fail();
    this.#at++;
    return token.text;
  }

  /** Takes one of the symbols that are comparators. */
  takeAny<T extends string>(symbols: readonly T[]): T | undefined {
    return symbols.find((symbol) => this.take(symbol));
  }

  /** Takes a document path. */
  path(): Path {
    const steps: PathStep[] = [this.#step()];
    return this.pathTail(steps);
  }

  /** Takes what follows the head of a path: `.name`, `[0]`. */
  pathTail(steps: PathStep[]): Path {
    for (;;) {
      if (this.take(".")) steps.push(this.#step());
      else if (this.take("[")) {
        const token = this.#peek();
        if (token.kind !== "number") this.fail();
        this.#at++;
        this.expect("]");
        steps.push(Number(token.text));
      } else return steps;
    }
  }

  /** Takes an operand; parentheses may stand around it. */
  operand(): Operand {
    return this.deeper(() => {
      if (!this.isNext("(")) return this.#bareOperand();
      this.expect("(");
      const doubled = this.isNext("(");
      const operand = this.operand();
      const closing = this.#tokens[this.#at - 1]!;
      this.expect(")");
      if (doubled && closing.text === ")") this.redundantParentheses = true;
      return operand.kind === "path" ? { kind: "path", path: this.pathTail([...operand.path]) } : operand;
    });
  }

  /** Takes operands between parentheses, after the opening one. */
  operandList(): Operand[] {
    const operands = [this.operand()];
    while (this.take(",")) operands.push(this.operand());
    this.expect(")");
    return operands;
  }

  /** Guards against nesting without end. @throws InvalidInput */
  deeper<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX)
      throw new InvalidInput(`The expression contains too many operators; operator count: ${DEPTH_MAX + 1}`);
    const result = read();
    this.#depth--;
    return result;
  }

  /** @throws InvalidInput that names the next token and what stands around it */
  fail(): never {
    const token = this.#peek();
    const before = this.#tokens[this.#at - 1] ?? token;
    const after = this.#tokens[this.#at + 1] ?? token;
    const near = this.source.slice(before.start, after.end);
    throw new SyntaxFailure(`Syntax error; token: "${token.text}", near: "${near}"`, this.#at);
  }

  /** Reads in two ways: the second where the first fails. Of two failures the one that came further is told. */
  either<T>(first: () => T, second: () => T): T {
    const { reserved, operators, redundantParentheses } = this;
    const at = this.#at;
    const depth = this.#depth;
    try {
      return first();
    } catch (failure) {
      if (!(failure instanceof SyntaxFailure)) throw failure;
      Object.assign(this, { reserved, operators, redundantParentheses });
      this.#at = at;
      this.#depth = depth;
      try {
        return second();
      } catch (other) {
        throw other instanceof SyntaxFailure && other.position >= failure.position ? other : failure;
      }
    }
  }

  #bareOperand(): Operand {
    const token = this.#peek();
    if (token.kind === "value") return { kind: "value", ref: this.value() };
    const next = this.#tokens[this.#at + 1];
    if (token.kind === "name" && next?.text === "(" && !this.keywords.has(token.text.toUpperCase())) {
      this.#at += 2;
      this.operators++;
      return { kind: "call", name: token.text, args: this.operandList() };
    }
    return { kind: "path", path: this.path() };
  }

  #step(): PathStep {
    const token = this.#peek();
    if (token.kind === "alias") {
      this.#at++;
      return { alias: token.text };
    }
    if (token.kind !== "name" || this.keywords.has(token.text.toUpperCase())) this.fail();
    this.#at++;
    if (this.reserved === undefined && isReserved(token.text)) this.reserved = RESERVED_NAME + token.text;
    return { name: token.text };
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }
}

/** A syntax error with how far the reading came. */
class SyntaxFailure extends InvalidInput {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}
