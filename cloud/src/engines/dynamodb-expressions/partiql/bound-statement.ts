/** Statements with their parameters put in. */
import { importValue, type ApiValue } from "../attribute-input.ts";
import { setAttribute, typeOf, type AttributeValue, type Item } from "../attribute-value.ts";
import { checkBound, type BoundCondition, type BoundOperand } from "../condition.ts";
import { InvalidInput } from "../invalid-input.ts";
import { ParseCache } from "../parse-cache.ts";
import { equalPaths } from "../path.ts";
import type { ResolvedPath } from "../substitutions.ts";
import { checkActions, type BoundAction, type BoundSetValue } from "../update.ts";
import { malformed } from "./lexer.ts";
import { parseStatement } from "./parser.ts";
import type {
  ActionTerm,
  ConditionTerm,
  OperandTerm,
  Returning,
  SelectStatement,
  SetTerm,
  Source,
  ValueTerm,
} from "./statement.ts";

export interface BoundSelect {
  readonly kind: "select";
  readonly source: Source;
  readonly paths: readonly ResolvedPath[] | undefined;
  readonly where: BoundCondition | undefined;
  readonly order: SelectStatement["order"];
}

export interface BoundInsert {
  readonly kind: "insert";
  readonly source: Source;
  readonly item: Item;
}

export interface BoundUpdate {
  readonly kind: "update";
  readonly source: Source;
  readonly actions: readonly BoundAction[];
  readonly where: BoundCondition | undefined;
  readonly returning: Returning | undefined;
}

export interface BoundDelete {
  readonly kind: "delete";
  readonly source: Source;
  readonly where: BoundCondition | undefined;
  readonly returning: Returning | undefined;
}

export interface BoundExists {
  readonly kind: "exists";
  readonly select: BoundSelect;
}

export type BoundStatement = BoundSelect | BoundInsert | BoundUpdate | BoundDelete | BoundExists;

const statements = new ParseCache(parseStatement);
const SET_TYPES: Readonly<Record<string, "SS" | "NS" | "BS">> = { S: "SS", N: "NS", B: "BS" };

/**
 * Reads a statement and puts its parameters in.
 * @throws InvalidInput with AWS's message
 */
export function readStatement(source: string, parameters: readonly ApiValue[] | undefined): BoundStatement {
  const { statement, parameters: wanted } = statements.get(source);
  if ((parameters?.length ?? 0) !== wanted)
    throw new InvalidInput("Number of parameters in request and statement don't match.");
  const binder = new Binder((parameters ?? []).map((value) => importValue(value)));
  switch (statement.kind) {
    case "select":
      return binder.select(statement);
    case "exists":
      return { kind: "exists", select: binder.select(statement.select) };
    case "insert":
      return { kind: "insert", source: statement.source, item: binder.item(statement.item) };
    case "update":
      return { ...statement, actions: binder.actions(statement.actions), where: binder.where(statement.where) };
    case "delete":
      return { ...statement, where: binder.where(statement.where) };
  }
}

class Binder {
  constructor(private readonly parameters: readonly AttributeValue[]) {}

  select(statement: SelectStatement): BoundSelect {
    return { ...statement, where: this.where(statement.where) };
  }

  item(term: ValueTerm): Item {
    const { M: item } = this.#value(term);
    if (!item) throw malformed("Expected a tuple");
    return item;
  }

  where(term: ConditionTerm | undefined): BoundCondition | undefined {
    return term && this.#condition(term);
  }

  actions(terms: readonly ActionTerm[]): readonly BoundAction[] {
    const actions = terms.map((term) => this.#action(term));
    checkActions(actions);
    return actions;
  }

  #condition(term: ConditionTerm): BoundCondition {
    switch (term.kind) {
      case "and":
      case "or":
        return { kind: term.kind, left: this.#condition(term.left), right: this.#condition(term.right) };
      case "not":
        return { kind: "not", inner: this.#condition(term.inner) };
      default:
        return checkBound({ ...term, args: term.args.map((arg) => this.#operand(arg)) });
    }
  }

  #operand(term: OperandTerm): BoundOperand {
    if (term.kind === "path") return term;
    if (term.kind === "call") return { ...term, args: term.args.map((arg) => this.#operand(arg)) };
    return { kind: "value", value: this.#value(term) };
  }

  #action(term: ActionTerm): BoundAction {
    if (term.section === "REMOVE") return term;
    const { path, value } = term;
    if (value.kind !== "call" || value.name === "list_append") return { section: "SET", path, value: this.#set(value) };
    return this.#setFunction(path, value.name, value.args);
  }

  #set(term: SetTerm): BoundSetValue {
    if (term.kind !== "sum") return this.#operand(term);
    return { ...term, args: term.args.map((arg) => this.#operand(arg)) };
  }

  /** `SET a = set_add(a, <<…>>)` is what an update expression says as `ADD a …`. */
  #setFunction(path: ResolvedPath, name: string, args: readonly OperandTerm[]): BoundAction {
    const section = name === "set_add" ? "ADD" : name === "set_delete" ? "DELETE" : undefined;
    const [target, operand] = args.map((arg) => this.#operand(arg));
    if (!section || args.length !== 2 || target?.kind !== "path" || operand?.kind !== "value")
      throw malformed(`Function ${name} cannot be used this way in a SET clause`);
    if (!equalPaths(target.path, path))
      throw malformed(`The first operand of ${name} must be the attribute that is set`);
    return { section, path, value: operand.value };
  }

  #value(term: ValueTerm): AttributeValue {
    switch (term.kind) {
      case "literal":
        return term.value;
      case "parameter":
        return this.parameters[term.position]!;
      case "list":
        return { L: term.items.map((item) => this.#value(item)) };
      case "set":
        return this.#setValue(term.items.map((item) => this.#value(item)));
      case "map": {
        const map: Item = {};
        for (const [name, value] of term.entries) setAttribute(map, name, this.#value(value));
        return { M: map };
      }
    }
  }

  #setValue(items: readonly AttributeValue[]): AttributeValue {
    const first = items[0] && typeOf(items[0]);
    const type = first === undefined ? undefined : SET_TYPES[first];
    if (type === undefined || items.some((item) => typeOf(item) !== first))
      throw malformed("A set holds texts, numbers or binaries, all of one type, and at least one");
    const members = items.map((item) => item[first as "S" | "N" | "B"]!);
    if (new Set(members).size < members.length) throw malformed("A set holds no member twice");
    return { [type]: members };
  }
}
