import {
  attributeOf,
  setAttribute,
  typeOf,
  type AttributeType,
  type AttributeValue,
  type Item,
} from "./attribute-value.ts";
import { bindOperand, wrongType, type BoundOperand } from "./condition.ts";
import { InvalidInput } from "./invalid-input.ts";
import { addNumbers, subtractNumbers } from "./number.ts";
import { checkDisjoint, lookUp } from "./path.ts";
import type { ResolvedPath, Substitutions } from "./substitutions.ts";
import { UPDATE_FUNCTIONS, type Operand, type Parsed, type SetValue, type UpdateAction } from "./syntax.ts";

export type BoundSetValue =
  | BoundOperand
  | { readonly kind: "sum"; readonly operator: "+" | "-"; readonly args: readonly BoundOperand[] };

export type BoundAction =
  | { readonly section: "SET"; readonly path: ResolvedPath; readonly value: BoundSetValue }
  | { readonly section: "REMOVE"; readonly path: ResolvedPath }
  | { readonly section: "ADD" | "DELETE"; readonly path: ResolvedPath; readonly value: AttributeValue };

const TYPE_NAMES: Readonly<Partial<Record<AttributeType, string>>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};
const INCORRECT_TYPE = "An operand in the update expression has an incorrect data type";
const INVALID_PATH = "The document path provided in the update expression is invalid for update";
const NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item";

/**
 * Puts names and values into an update expression and checks its paths and the types of its operands.
 * @throws of several complaints the one that AWS tells first
 */
export function bindUpdate(
  parsed: Parsed<readonly UpdateAction[]>,
  substitutions: Substitutions,
): readonly BoundAction[] {
  if (parsed.problem !== undefined) throw new InvalidInput(parsed.problem);
  const actions = bindAll(parsed.tree, substitutions);
  checkActions(actions);
  return actions;
}

/** Checks paths and operands of an update. @throws of several complaints the one that AWS tells first */
export function checkActions(actions: readonly BoundAction[]): void {
  checkDisjoint(actions.map((action) => action.path));
  for (const action of actions) checkSetOperand(action);
  for (const action of actions) if (action.section === "SET") checkSetValue(action.value);
}

/** Whether the update makes an item where there is none: removing alone does not. */
export function makesItem(actions: readonly BoundAction[]): boolean {
  return actions.some((action) => action.section === "SET" || action.section === "ADD");
}

/** The type that an action gives its attribute whatever the item; undefined where the item decides, or it removes. */
export function typeGiven(action: BoundAction): AttributeType | undefined {
  if (action.section === "REMOVE") return undefined;
  if (action.section !== "SET") return typeOf(action.value);
  return action.value.kind === "sum" ? "N" : typeOfOperand(action.value);
}

/**
 * Applies an update to an item and returns the changed one; what the update leaves alone is shared with the old one.
 * All values are read before anything is written.
 * @throws InvalidInput where the item does not have what the update needs
 */
export function applyUpdate(actions: readonly BoundAction[], item: Item): Item {
  const values = actions.map((action) => (action.section === "SET" ? evaluate(action.value, item) : undefined));
  const draft = new Draft(item);
  for (const [i, action] of actions.entries()) {
    if (action.section === "SET") draft.set(action.path, values[i]!);
    else if (action.section === "REMOVE") draft.remove(action.path);
    else if (action.section === "ADD") draft.set(action.path, add(draft.find(action.path), action.value));
    else draft.replace(action.path, subtract(draft.find(action.path), action.value));
  }
  return draft.finish();
}

type Container = AttributeValue & ({ L: AttributeValue[] } | { M: Item });

/** An item that is being changed: containers on the way to a change are copied once, lists are closed up at the end. */
class Draft {
  readonly #root: AttributeValue & { M: Item };
  readonly #owned = new Set<AttributeValue>();
  readonly #lists = new Set<AttributeValue>();

  constructor(item: Item) {
    this.#root = { M: { ...item } };
    this.#owned.add(this.#root);
  }

  find(path: ResolvedPath): AttributeValue | undefined {
    return lookUp(this.#root.M, path);
  }

  set(path: ResolvedPath, value: AttributeValue): void {
    const step = path[path.length - 1]!;
    const parent = this.#parentOf(path);
    if (typeof step === "string") setAttribute(parent.M!, step, value);
    else {
      // Behind the end of a list, elements are appended in order of their indexes.
      parent.L![step] = value;
      this.#lists.add(parent);
    }
  }

  remove(path: ResolvedPath): void {
    const step = path[path.length - 1]!;
    const parent = this.#parentOf(path);
    if (typeof step === "string") delete parent.M![step];
    else if (step < parent.L!.length) {
      // Indexes of the same update go by the list as it was, so the gap stays until the end.
      delete parent.L![step];
      this.#lists.add(parent);
    }
  }

  /** Sets what is left of a set, or removes it when nothing is. */
  replace(path: ResolvedPath, value: AttributeValue | undefined): void {
    if (value) this.set(path, value);
    else this.remove(path);
  }

  finish(): Item {
    for (const list of this.#lists) list.L = list.L!.filter(() => true);
    return this.#root.M;
  }

  #parentOf(path: ResolvedPath): Container {
    let parent: Container = this.#root;
    for (let i = 0; i < path.length - 1; i++) {
      const step = path[i]!;
      const child: AttributeValue | undefined =
        typeof step === "number" ? parent.L?.[step] : attributeOf(parent.M!, step);
      if (!child || (typeof path[i + 1] === "number" ? !child.L : !child.M)) throw new InvalidInput(INVALID_PATH);
      parent = this.#own(parent, step, child as Container);
    }
    return parent;
  }

  #own(parent: Container, step: string | number, child: Container): Container {
    if (this.#owned.has(child)) return child;
    const copy = (child.L ? { L: [...child.L] } : { M: { ...child.M } }) as Container;
    if (typeof step === "number") parent.L![step] = copy;
    else setAttribute(parent.M!, step, copy);
    this.#owned.add(copy);
    return copy;
  }
}

/** What `ADD` makes of a value: a sum, or a union of sets. @throws InvalidInput for values of different types */
function add(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!existing) return value;
  if (existing.N !== undefined && value.N !== undefined) return { N: addNumbers(existing.N, value.N) };
  const type = sameSetType(existing, value);
  return { [type]: [...new Set([...existing[type]!, ...value[type]!])] };
}

function subtract(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  if (!existing) return undefined;
  const type = sameSetType(existing, value);
  const gone = new Set(value[type]!);
  const left = existing[type]!.filter((member) => !gone.has(member));
  return left.length > 0 ? { [type]: left } : undefined;
}

function sameSetType(existing: AttributeValue, value: AttributeValue): "SS" | "NS" | "BS" {
  const type = typeOf(value);
  if (typeOf(existing) !== type) throw new InvalidInput(INCORRECT_TYPE);
  return type as "SS" | "NS" | "BS";
}

function evaluate(value: BoundSetValue, item: Item): AttributeValue {
  if (value.kind === "sum") {
    const [left, right] = value.args.map((arg) => evaluate(arg, item));
    if (left!.N === undefined || right!.N === undefined) throw new InvalidInput(INCORRECT_TYPE);
    return { N: value.operator === "+" ? addNumbers(left!.N, right!.N) : subtractNumbers(left!.N, right!.N) };
  }
  if (value.kind === "value") return value.value;
  if (value.kind === "path") return lookUp(item, value.path) ?? fail(NO_ATTRIBUTE);
  if (value.name === "if_not_exists")
    return lookUp(item, (value.args[0] as { path: ResolvedPath }).path) ?? evaluate(value.args[1]!, item);
  const [head, tail] = value.args.map((arg) => evaluate(arg, item));
  if (!head!.L || !tail!.L) throw new InvalidInput(INCORRECT_TYPE);
  return { L: [...head!.L, ...tail!.L] };
}

function fail(message: string): never {
  throw new InvalidInput(message);
}

function bindAll(tree: readonly UpdateAction[], substitutions: Substitutions): BoundAction[] {
  try {
    return tree.map((action) => bindAction(action, substitutions));
  } catch (error) {
    // AWS complains of any name that is not defined before it complains of a value.
    for (const action of tree) resolveNames(action, substitutions);
    throw error;
  }
}

function bindAction(action: UpdateAction, substitutions: Substitutions): BoundAction {
  const path = substitutions.path(action.path);
  switch (action.section) {
    case "REMOVE":
      return { section: "REMOVE", path };
    case "SET":
      return { section: "SET", path, value: bindSetValue(action.value, substitutions) };
    default:
      return { section: action.section, path, value: substitutions.value(action.ref) };
  }
}

function bindSetValue(value: SetValue, substitutions: Substitutions): BoundSetValue {
  if (value.kind !== "sum") return bindOperand(value, substitutions);
  return { ...value, args: value.args.map((arg) => bindOperand(arg, substitutions)) };
}

function resolveNames(action: UpdateAction, substitutions: Substitutions): void {
  substitutions.path(action.path);
  if (action.section !== "SET") return;
  const { value } = action;
  resolveOperandNames(value.kind === "sum" ? value.args : [value], substitutions);
}

function resolveOperandNames(operands: readonly Operand[], substitutions: Substitutions): void {
  for (const operand of operands) {
    if (operand.kind === "path") substitutions.path(operand.path);
    else if (operand.kind === "call") resolveOperandNames(operand.args, substitutions);
  }
}

function checkSetOperand(action: BoundAction): void {
  if (action.section !== "ADD" && action.section !== "DELETE") return;
  const type = typeOf(action.value);
  const name = TYPE_NAMES[type];
  if (name === undefined || (action.section === "ADD" && type === "N")) return;
  throw new InvalidInput(
    `Incorrect operand type for operator or function; operator: ${action.section}, operand type: ${name}`,
  );
}

function checkSetValue(value: BoundSetValue): void {
  if (value.kind === "path" || value.kind === "value") return;
  for (const arg of value.args) checkSetValue(arg);
  if (value.kind === "sum") return checkImmediateTypes(value.operator, value.args, "N");
  if (UPDATE_FUNCTIONS[value.name] !== value.args.length)
    throw new InvalidInput(
      "Incorrect number of operands for operator or function; " +
        `operator or function: ${value.name}, number of operands: ${value.args.length}`,
    );
  if (value.name === "list_append") return checkImmediateTypes("list_append", value.args, "L");
  if (value.args[0]!.kind !== "path")
    throw new InvalidInput("Operator or function requires a document path; operator or function: if_not_exists");
}

function checkImmediateTypes(operator: string, operands: readonly BoundOperand[], wanted: AttributeType): void {
  for (const operand of operands) {
    const type = operand.kind === "value" ? typeOf(operand.value) : wanted;
    if (type !== wanted) throw wrongType(operator, type);
  }
}

function typeOfOperand(operand: BoundOperand): AttributeType | undefined {
  if (operand.kind === "value") return typeOf(operand.value);
  if (operand.kind === "path") return undefined;
  return operand.name === "list_append" ? "L" : typeOfOperand(operand.args[1]!);
}
