import { InvalidInput } from "./invalid-input.ts";
import { Tokens } from "./lexer.ts";
import {
  CONDITION_FUNCTIONS,
  isFunction,
  MISUSED_FUNCTION,
  UNKNOWN_FUNCTION,
  type Comparator,
  type Condition,
  type Operand,
  type Parsed,
} from "./syntax.ts";

const KEYWORDS = new Set(["AND", "OR", "NOT", "IN", "BETWEEN"]);
const COMPARATORS: readonly Comparator[] = ["<=", "<>", ">=", "=", "<", ">"];
const OPERATORS_MAX = 300;
const OPERANDS_MAX = 100;

export interface ParsedCondition extends Parsed<Condition> {
  /** A mistake in every condition but a key condition. */
  readonly redundantParentheses: boolean;
}

/**
 * Parses a condition, filter or key condition expression.
 * @throws InvalidInput for a syntax error, or what is too long or too deep
 */
export function parseCondition(source: string): ParsedCondition {
  const parser = new ConditionParser(new Tokens(source, KEYWORDS));
  return parser.parse();
}

class ConditionParser {
  /** Where the condition in parentheses that was read last began and ended. */
  #group = { start: -1, end: -1 };

  constructor(private readonly tokens: Tokens) {}

  parse(): ParsedCondition {
    const tree = this.#or();
    if (!this.tokens.atEnd) this.tokens.fail();
    if (this.tokens.operators > OPERATORS_MAX)
      throw new InvalidInput(`The expression contains too many operators; operator count: ${OPERATORS_MAX + 1}`);
    return { tree, problem: this.#problem(tree), redundantParentheses: this.tokens.redundantParentheses };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#operator("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#operator("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    return this.tokens.deeper(() =>
      this.#operator("NOT") ? ({ kind: "not", inner: this.#not() } as const) : this.#primary(),
    );
  }

  /** `(` opens a condition or an operand: which of them, only what follows the `)` tells. */
  #primary(): Condition {
    if (!this.tokens.isNext("(")) return this.#comparison();
    return this.tokens.either(
      () => this.#parentheses(),
      () => this.#comparison(),
    );
  }

  #parentheses(): Condition {
    const { tokens } = this;
    const start = tokens.position;
    tokens.expect("(");
    const inner = this.#or();
    if (this.#group.start === start + 1 && this.#group.end === tokens.position) tokens.redundantParentheses = true;
    tokens.expect(")");
    if (this.#operandFollows()) tokens.fail();
    this.#group = { start, end: tokens.position };
    return inner;
  }

  #operandFollows(): boolean {
    const { tokens } = this;
    return (
      [...COMPARATORS, ".", "["].some((symbol) => tokens.isNext(symbol)) ||
      tokens.isKeyword("BETWEEN") ||
      tokens.isKeyword("IN")
    );
  }

  #comparison(): Condition {
    const left = this.tokens.operand();
    const comparator = this.tokens.takeAny(COMPARATORS);
    if (comparator) {
      this.tokens.operators++;
      return { kind: "compare", operator: comparator, args: [left, this.tokens.operand()] };
    }
    if (this.#operator("BETWEEN")) {
      const low = this.tokens.operand();
      if (!this.tokens.takeKeyword("AND")) this.tokens.fail();
      return { kind: "between", args: [left, low, this.tokens.operand()] };
    }
    if (this.#operator("IN")) {
      this.tokens.expect("(");
      return { kind: "in", args: [left, ...this.#inList()] };
    }
    if (left.kind !== "call") this.tokens.fail();
    return left;
  }

  #inList(): Operand[] {
    const operands = this.tokens.operandList();
    if (operands.length > OPERANDS_MAX)
      throw new InvalidInput(
        `The IN operator is provided with too many operands; number of operands: ${operands.length}`,
      );
    return operands;
  }

  #operator(keyword: string): boolean {
    if (!this.tokens.takeKeyword(keyword)) return false;
    this.tokens.operators++;
    return true;
  }

  #problem(tree: Condition): string | undefined {
    const calls: Call[] = [];
    collectCalls(tree, calls);
    const unknown = calls.find(({ name }) => !isFunction(name));
    if (unknown) return UNKNOWN_FUNCTION + unknown.name;
    const misused = calls.find(({ name, operand }) =>
      operand ? name !== "size" : name === "size" || !Object.hasOwn(CONDITION_FUNCTIONS, name),
    );
    if (misused) return MISUSED_FUNCTION + misused.name;
    return this.tokens.reserved;
  }
}

/** A function as it is used: as an operand, or as a condition of its own. */
interface Call {
  readonly name: string;
  readonly operand: boolean;
}

function collectCalls(tree: Condition, calls: Call[]): void {
  switch (tree.kind) {
    case "and":
    case "or":
      collectCalls(tree.left, calls);
      collectCalls(tree.right, calls);
      return;
    case "not":
      collectCalls(tree.inner, calls);
      return;
    case "call":
      calls.push({ name: tree.name, operand: false });
  }
  collectOperandCalls(tree.args, calls);
}

function collectOperandCalls(operands: readonly Operand[], calls: Call[]): void {
  for (const operand of operands) {
    if (operand.kind !== "call") continue;
    calls.push({ name: operand.name, operand: true });
    collectOperandCalls(operand.args, calls);
  }
}
