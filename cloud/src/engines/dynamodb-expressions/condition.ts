import { InvalidInput } from "./invalid-input.ts";
import {
  beginsWith,
  compareValues,
  contains,
  equalValues,
  sizeOf,
  typeOf,
  type AttributeValue,
  type Item,
} from "./attribute-value.ts";
import { equalPaths, lookUp, pathText } from "./path.ts";
import type { ResolvedPath, Substitutions } from "./substitutions.ts";
import { CONDITION_FUNCTIONS, type Comparator, type Condition, type Operand, type Parsed } from "./syntax.ts";

/** An operand with its names and values put in. */
export type BoundOperand =
  | { readonly kind: "path"; readonly path: ResolvedPath }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly BoundOperand[] };

/** A condition with its names and values put in: ready to be asked of items. */
export type BoundCondition =
  | { readonly kind: "and" | "or"; readonly left: BoundCondition; readonly right: BoundCondition }
  | { readonly kind: "not"; readonly inner: BoundCondition }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly args: readonly BoundOperand[] }
  | { readonly kind: "between" | "in"; readonly args: readonly BoundOperand[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly BoundOperand[] };

const ORDERED: ReadonlySet<string> = new Set(["S", "N", "B"]);
const TYPES: ReadonlySet<string> = new Set(["S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"]);

/**
 * Puts names and values into a condition and checks the types of its operands.
 * @throws of several complaints the one that AWS tells first
 */
export function bindCondition(parsed: Parsed<Condition>, substitutions: Substitutions): BoundCondition {
  if (parsed.problem !== undefined) throw new InvalidInput(parsed.problem);
  return bind(parsed.tree, substitutions);
}

/** Whether an item meets a condition. What the item lacks is unequal to everything and has no order. */
export function matches(condition: BoundCondition, item: Item): boolean {
  switch (condition.kind) {
    case "and":
      return matches(condition.left, item) && matches(condition.right, item);
    case "or":
      return matches(condition.left, item) || matches(condition.right, item);
    case "not":
      return !matches(condition.inner, item);
    case "compare":
      return compares(condition.operator, evaluate(condition.args[0]!, item), evaluate(condition.args[1]!, item));
    case "between": {
      const value = evaluate(condition.args[0]!, item);
      const [low, high] = [evaluate(condition.args[1]!, item), evaluate(condition.args[2]!, item)];
      return compares(">=", value, low) && compares("<=", value, high);
    }
    case "in": {
      const value = evaluate(condition.args[0]!, item);
      return condition.args.slice(1).some((candidate) => compares("=", value, evaluate(candidate, item)));
    }
    case "call":
      return calls(condition.name, condition.args, item);
  }
}

/** The top-level attributes that a condition reads. */
export function* attributesRead(condition: BoundCondition): Generator<ResolvedPath> {
  switch (condition.kind) {
    case "and":
    case "or":
      yield* attributesRead(condition.left);
      yield* attributesRead(condition.right);
      return;
    case "not":
      yield* attributesRead(condition.inner);
      return;
    default:
      yield* pathsOf(condition.args);
  }
}

function* pathsOf(operands: readonly BoundOperand[]): Generator<ResolvedPath> {
  for (const operand of operands) {
    if (operand.kind === "path") yield operand.path;
    else if (operand.kind === "call") yield* pathsOf(operand.args);
  }
}

function evaluate(operand: BoundOperand, item: Item): AttributeValue | undefined {
  if (operand.kind === "value") return operand.value;
  if (operand.kind === "path") return lookUp(item, operand.path);
  const of = evaluate(operand.args[0]!, item);
  const size = of && sizeOf(of);
  return size === undefined ? undefined : { N: String(size) };
}

/** Compares as an operator says. */
export function compares(operator: Comparator, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (operator === "<>") return a === undefined || b === undefined || !equalValues(a, b);
  if (a === undefined || b === undefined) return false;
  if (operator === "=") return equalValues(a, b);
  const order = compareValues(a, b);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function calls(name: string, args: readonly BoundOperand[], item: Item): boolean {
  const first = evaluate(args[0]!, item);
  if (name === "attribute_exists") return first !== undefined;
  if (name === "attribute_not_exists") return first === undefined;
  const second = evaluate(args[1]!, item);
  if (first === undefined || second === undefined) return false;
  if (name === "begins_with") return beginsWith(first, second);
  if (name === "contains") return contains(first, second);
  return typeOf(first) === second.S;
}

function bind(tree: Condition, substitutions: Substitutions): BoundCondition {
  switch (tree.kind) {
    case "and":
    case "or":
      return { kind: tree.kind, left: bind(tree.left, substitutions), right: bind(tree.right, substitutions) };
    case "not":
      return { kind: "not", inner: bind(tree.inner, substitutions) };
  }
  return checkBound({ ...tree, args: tree.args.map((operand) => bindOperand(operand, substitutions)) });
}

/** Checks number and types of a condition's operands. @throws of several complaints the one that AWS tells first */
export function checkBound(condition: Simple): BoundCondition {
  checkCounts(condition);
  checkDistinct(condition);
  checkTypes(condition);
  return condition;
}

/** Puts names and values into an operand. @throws InvalidInput for one that is not defined */
export function bindOperand(operand: Operand, substitutions: Substitutions): BoundOperand {
  switch (operand.kind) {
    case "path":
      return { kind: "path", path: substitutions.path(operand.path) };
    case "value":
      return { kind: "value", value: substitutions.value(operand.ref) };
    case "call":
      return { kind: "call", name: operand.name, args: operand.args.map((arg) => bindOperand(arg, substitutions)) };
  }
}

type Simple = Exclude<BoundCondition, { kind: "and" | "or" | "not" }>;

function checkCounts(condition: Simple | BoundOperand): void {
  if (condition.kind === "path" || condition.kind === "value") return;
  for (const arg of condition.args) checkCounts(arg);
  if (condition.kind === "call" && CONDITION_FUNCTIONS[condition.name] !== condition.args.length)
    throw new InvalidInput(
      "Incorrect number of operands for operator or function; " +
        `operator or function: ${condition.name}, number of operands: ${condition.args.length}`,
    );
}

function checkDistinct(condition: Simple): void {
  if (condition.kind !== "compare" && condition.kind !== "call") return;
  const [first, second] = condition.args;
  if (first?.kind !== "path" || second?.kind !== "path" || !equalPaths(first.path, second.path)) return;
  throw new InvalidInput(
    "The first operand must be distinct from the remaining operands for this operator or function; " +
      `operator: ${condition.kind === "call" ? condition.name : condition.operator}, first operand: ${pathText(first.path)}`,
  );
}

function checkTypes(condition: Simple): void {
  for (const arg of condition.args) if (arg.kind === "call") checkSize(arg.args[0]!);
  switch (condition.kind) {
    case "compare":
      if (condition.operator !== "=" && condition.operator !== "<>") checkOrdered(condition.operator, condition.args);
      return;
    case "between":
      checkOrdered("BETWEEN", condition.args);
      checkBounds(condition.args[1]!, condition.args[2]!);
      return;
    case "call":
      checkCall(condition.name, condition.args);
  }
}

function checkSize(operand: BoundOperand): void {
  const type = typeOfOperand(operand);
  if (type === "N" || type === "BOOL" || type === "NULL") throw wrongType("size", type);
}

function checkOrdered(operator: string, operands: readonly BoundOperand[]): void {
  for (const operand of operands) {
    const type = typeOfOperand(operand);
    if (type !== undefined && !ORDERED.has(type)) throw wrongType(operator, type);
  }
}

function checkBounds(low: BoundOperand, high: BoundOperand): void {
  if (low.kind !== "value" || high.kind !== "value") return;
  const order = compareValues(low.value, high.value);
  if (order !== undefined && order <= 0) return;
  const complaint =
    order === undefined
      ? "The BETWEEN operator requires same data type for lower and upper bounds"
      : "The BETWEEN operator requires upper bound to be greater than or equal to lower bound";
  throw new InvalidInput(
    `${complaint}; lower bound operand: AttributeValue: ${valueText(low.value)}, ` +
      `upper bound operand: AttributeValue: ${valueText(high.value)}`,
  );
}

function checkCall(name: string, args: readonly BoundOperand[]): void {
  const [first, second] = args;
  if (name === "attribute_exists" || name === "attribute_not_exists") {
    if (first!.kind !== "path")
      throw new InvalidInput(`Operator or function requires a document path; operator or function: ${name}`);
  } else if (name === "begins_with") {
    for (const arg of args) {
      const type = typeOfOperand(arg);
      if (type !== undefined && type !== "S" && type !== "B") throw wrongType(name, type);
    }
  } else if (name === "attribute_type") checkTypeName(second!);
}

function checkTypeName(operand: BoundOperand): void {
  const type = typeOfOperand(operand);
  if (operand.kind !== "value" || type !== "S")
    throw wrongType("attribute_type", type ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
  if (!TYPES.has(operand.value.S!))
    throw new InvalidInput(
      `Invalid attribute type name found; type: ${operand.value.S!}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
}

/** The type that an operand has whatever the item; undefined for a path. */
function typeOfOperand(operand: BoundOperand): string | undefined {
  if (operand.kind === "value") return typeOf(operand.value);
  return operand.kind === "call" ? "N" : undefined;
}

/** The complaint about an operand of a type that the operator or function does not take. */
export function wrongType(operator: string, type: string): InvalidInput {
  return new InvalidInput(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

function valueText(value: AttributeValue): string {
  const type = typeOf(value);
  return `{${type}:${String(value[type])}}`;
}
