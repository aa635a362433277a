import { InvalidInput } from "../invalid-input.ts";
import type { Comparator } from "../syntax.ts";
import { malformed, StatementTokens } from "./lexer.ts";
import type {
  ActionTerm,
  ConditionTerm,
  OperandTerm,
  Parsed,
  ParsedStatement,
  Returning,
  SelectStatement,
  SetTerm,
  Source,
} from "./statement.ts";
import { parseList, parseName, Parameters, parseOperand, parsePath, parseValue } from "./terms.ts";

const COMPARATORS: Readonly<Record<string, Comparator>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};
/** The functions that say yes or no, and so are conditions. */
const PREDICATES: ReadonlySet<string> = new Set(["attribute_type", "begins_with", "contains"]);

/** @throws InvalidInput for what is no statement */
export function parseStatement(source: string): Parsed {
  const parser = new Parser(new StatementTokens(source));
  const statement = parser.statement();
  return { statement, parameters: parser.parameters.count };
}

class Parser {
  readonly parameters = new Parameters();

  constructor(private readonly tokens: StatementTokens) {}

  statement(): ParsedStatement {
    const statement = this.#body();
    this.tokens.accept(";");
    if (!this.tokens.isAtEnd) throw malformed(`Unexpected '${this.tokens.next.text}'`);
    return statement;
  }

  #body(): ParsedStatement {
    const { tokens } = this;
    if (tokens.is("SELECT")) return this.#select();
    if (tokens.accept("INSERT")) return this.#insert();
    if (tokens.accept("UPDATE")) return this.#update();
    if (tokens.accept("DELETE")) {
      tokens.expect("FROM");
      return { kind: "delete", source: this.#source(), where: this.#where(), returning: this.#returning() };
    }
    if (!tokens.accept("EXISTS")) throw malformed("Expected data manipulation");
    tokens.expect("(");
    const select = this.#select();
    tokens.expect(")");
    return { kind: "exists", select };
  }

  #select(): SelectStatement {
    const { tokens } = this;
    tokens.expect("SELECT");
    const paths = tokens.accept("*") ? undefined : this.#several(() => parsePath(tokens));
    tokens.expect("FROM");
    const source = this.#source();
    const where = this.#where();
    return { kind: "select", source, paths, where, order: this.#order() };
  }

  #insert(): ParsedStatement {
    this.tokens.expect("INTO");
    const source = this.#source();
    this.tokens.expect("VALUE");
    return { kind: "insert", source, item: parseValue(this.tokens, this.parameters) };
  }

  #update(): ParsedStatement {
    const { tokens } = this;
    const source = this.#source();
    const actions: ActionTerm[] = [];
    for (;;)
      if (tokens.accept("SET")) actions.push(...this.#several(() => this.#setAction()));
      else if (tokens.accept("REMOVE"))
        actions.push(...this.#several(() => ({ section: "REMOVE" as const, path: parsePath(tokens) })));
      else break;
    if (actions.length === 0) tokens.fail("SET or REMOVE");
    return { kind: "update", source, actions, where: this.#where(), returning: this.#returning() };
  }

  #setAction(): ActionTerm {
    const path = parsePath(this.tokens);
    this.tokens.expect("=");
    return { section: "SET", path, value: this.#setValue() };
  }

  #setValue(): SetTerm {
    const left = this.#operand();
    for (const operator of ["+", "-"] as const)
      if (this.tokens.accept(operator)) return { kind: "sum", operator, args: [left, this.#operand()] };
    return left;
  }

  #source(): Source {
    const names = [parseName(this.tokens)];
    while (this.tokens.accept(".")) names.push(parseName(this.tokens));
    if (names.includes("")) throw new InvalidInput("Path component cannot be an empty string");
    if (names.length > 2) throw new InvalidInput("A path may contain at most 2 components in the FROM clause");
    return { table: names[0]!, index: names[1] };
  }

  #where(): ConditionTerm | undefined {
    return this.tokens.accept("WHERE") ? this.#condition() : undefined;
  }

  #order(): SelectStatement["order"] {
    if (!this.tokens.accept("ORDER")) return [];
    this.tokens.expect("BY");
    return this.#several(() => {
      const name = parseName(this.tokens);
      const descending = this.tokens.accept("DESC");
      if (!descending) this.tokens.accept("ASC");
      return { name, descending };
    });
  }

  #returning(): Returning | undefined {
    const { tokens } = this;
    if (!tokens.accept("RETURNING")) return undefined;
    const what = tokens.accept("ALL") ? "ALL" : tokens.accept("MODIFIED") ? "MODIFIED" : tokens.fail("ALL or MODIFIED");
    const when = tokens.accept("OLD") ? "OLD" : tokens.accept("NEW") ? "NEW" : tokens.fail("OLD or NEW");
    tokens.expect("*");
    return `${what} ${when}`;
  }

  #condition(): ConditionTerm {
    let left = this.#conjunction();
    while (this.tokens.accept("OR")) left = { kind: "or", left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): ConditionTerm {
    let left = this.#negation();
    while (this.tokens.accept("AND")) left = { kind: "and", left, right: this.#negation() };
    return left;
  }

  #negation(): ConditionTerm {
    if (this.tokens.accept("NOT")) return { kind: "not", inner: this.#negation() };
    if (!this.tokens.accept("(")) return this.#predicate();
    const inner = this.#condition();
    this.tokens.expect(")");
    return inner;
  }

  #predicate(): ConditionTerm {
    const { tokens } = this;
    const operand = this.#operand();
    const operator = tokens.next.kind === "symbol" ? COMPARATORS[tokens.next.text] : undefined;
    if (operator) {
      tokens.take();
      return { kind: "compare", operator, args: [operand, this.#operand()] };
    }
    if (tokens.accept("IS")) return this.#is(operand);
    const negated = tokens.accept("NOT");
    const term = this.#rangeOrMembership(operand);
    if (term) return negated ? { kind: "not", inner: term } : term;
    if (negated || operand.kind !== "call" || !PREDICATES.has(operand.name)) return tokens.fail("an operator");
    return { kind: "call", name: operand.name, args: operand.args };
  }

  #rangeOrMembership(operand: OperandTerm): ConditionTerm | undefined {
    const { tokens } = this;
    if (tokens.accept("BETWEEN")) {
      const low = this.#operand();
      tokens.expect("AND");
      return { kind: "between", args: [operand, low, this.#operand()] };
    }
    if (!tokens.accept("IN")) return undefined;
    const [open, close] = tokens.is("(") ? ["(", ")"] : ["[", "]"];
    return { kind: "in", args: [operand, ...parseList(tokens, open, close, () => this.#operand())] };
  }

  #is(operand: OperandTerm): ConditionTerm {
    const { tokens } = this;
    const negated = tokens.accept("NOT");
    const isMissing = tokens.accept("MISSING");
    if (!isMissing && !tokens.accept("NULL")) tokens.fail("MISSING or NULL");
    const term: ConditionTerm = isMissing
      ? { kind: "call", name: "attribute_not_exists", args: [operand] }
      : { kind: "call", name: "attribute_type", args: [operand, { kind: "literal", value: { S: "NULL" } }] };
    return negated ? { kind: "not", inner: term } : term;
  }

  #operand(): OperandTerm {
    return parseOperand(this.tokens, this.parameters);
  }

  #several<T>(parse: () => T): T[] {
    const items = [parse()];
    while (this.tokens.accept(",")) items.push(parse());
    return items;
  }
}
