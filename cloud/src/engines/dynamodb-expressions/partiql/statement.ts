/** PartiQL statements as parsed. Source: "PartiQL - a SQL-compatible query language for Amazon DynamoDB". */
import type { AttributeValue } from "../attribute-value.ts";
import type { ResolvedPath } from "../substitutions.ts";
import type { Comparator } from "../syntax.ts";

/** A value as written: with parameters (`?`, by position) still open. */
export type ValueTerm =
  | { readonly kind: "literal"; readonly value: AttributeValue }
  | { readonly kind: "parameter"; readonly position: number }
  | { readonly kind: "list"; readonly items: readonly ValueTerm[] }
  | { readonly kind: "set"; readonly items: readonly ValueTerm[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [name: string, value: ValueTerm])[] };

export type OperandTerm =
  | ValueTerm
  | { readonly kind: "path"; readonly path: ResolvedPath }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly OperandTerm[] };

export type ConditionTerm =
  | { readonly kind: "and" | "or"; readonly left: ConditionTerm; readonly right: ConditionTerm }
  | { readonly kind: "not"; readonly inner: ConditionTerm }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly args: readonly OperandTerm[] }
  | { readonly kind: "between" | "in"; readonly args: readonly OperandTerm[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly OperandTerm[] };

export type SetTerm =
  | OperandTerm
  | { readonly kind: "sum"; readonly operator: "+" | "-"; readonly args: readonly OperandTerm[] };

export type ActionTerm =
  | { readonly section: "SET"; readonly path: ResolvedPath; readonly value: SetTerm }
  | { readonly section: "REMOVE"; readonly path: ResolvedPath };

/** What a statement reads or writes: a table, or an index of it. */
export interface Source {
  readonly table: string;
  readonly index: string | undefined;
}

export type Returning = `${"ALL" | "MODIFIED"} ${"OLD" | "NEW"}`;

export interface SelectStatement {
  readonly kind: "select";
  readonly source: Source;
  /** Undefined: `*`. */
  readonly paths: readonly ResolvedPath[] | undefined;
  readonly where: ConditionTerm | undefined;
  readonly order: readonly { readonly name: string; readonly descending: boolean }[];
}

export type ParsedStatement =
  | SelectStatement
  | { readonly kind: "insert"; readonly source: Source; readonly item: ValueTerm }
  | {
      readonly kind: "update";
      readonly source: Source;
      readonly actions: readonly ActionTerm[];
      readonly where: ConditionTerm | undefined;
      readonly returning: Returning | undefined;
    }
  | {
      readonly kind: "delete";
      readonly source: Source;
      readonly where: ConditionTerm | undefined;
      readonly returning: Returning | undefined;
    }
  /** `EXISTS(SELECT …)`: the check of a transaction. */
  | { readonly kind: "exists"; readonly select: SelectStatement };

export interface Parsed {
  readonly statement: ParsedStatement;
  /** How many `?` there are. */
  readonly parameters: number;
}
