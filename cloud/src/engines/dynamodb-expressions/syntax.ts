/** One step of a document path as written: an attribute name, an alias (`#a`) or a list index. */
export type PathStep = { readonly name: string } | { readonly alias: string } | number;
export type Path = readonly PathStep[];

/** What stands beside an operator: a path, a value (`:v`) or a function's result. */
export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly ref: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Operand[] };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly inner: Condition }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly args: readonly [Operand, Operand] }
  | { readonly kind: "between"; readonly args: readonly [Operand, Operand, Operand] }
  | { readonly kind: "in"; readonly args: readonly Operand[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Operand[] };

export type UpdateSection = "SET" | "REMOVE" | "ADD" | "DELETE";

/** What is set: an operand, or two joined by `+` or `-`. */
export type SetValue =
  | Operand
  | { readonly kind: "sum"; readonly operator: "+" | "-"; readonly args: readonly [Operand, Operand] };

export type UpdateAction =
  | { readonly section: "SET"; readonly path: Path; readonly value: SetValue }
  | { readonly section: "REMOVE"; readonly path: Path }
  | { readonly section: "ADD" | "DELETE"; readonly path: Path; readonly ref: string };

/** A parsed expression; `problem` is what is wrong with it whatever the names and values are. */
export interface Parsed<T> {
  readonly tree: T;
  readonly problem: string | undefined;
}

/** The functions there are, in conditions and in updates. */
export const CONDITION_FUNCTIONS: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};
export const UPDATE_FUNCTIONS: Readonly<Record<string, number>> = { if_not_exists: 2, list_append: 2 };

export function isFunction(name: string): boolean {
  return Object.hasOwn(CONDITION_FUNCTIONS, name) || Object.hasOwn(UPDATE_FUNCTIONS, name);
}

export const UNKNOWN_FUNCTION = "Invalid function name; function: ";
export const MISUSED_FUNCTION = "The function is not allowed to be used this way in an expression; function: ";
export const RESERVED_NAME = "Attribute name is a reserved keyword; reserved keyword: ";
