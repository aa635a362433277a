/** A template of the Velocity Template Language, parsed. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "set"; readonly target: Reference; readonly value: Expression }
  | { readonly kind: "if"; readonly branches: readonly Branch[]; readonly otherwise: readonly Node[] }
  | { readonly kind: "foreach"; readonly name: string; readonly items: Expression; readonly body: readonly Node[] }
  | {
      readonly kind: "macro";
      readonly name: string;
      readonly parameters: readonly string[];
      readonly body: readonly Node[];
    }
  | { readonly kind: "call"; readonly name: string; readonly given: readonly Expression[]; readonly source: string }
  | { readonly kind: "define"; readonly name: string; readonly body: readonly Node[] }
  | { readonly kind: "evaluate"; readonly value: Expression }
  | { readonly kind: "break" }
  | { readonly kind: "stop" };

export interface Branch {
  readonly condition: Expression;
  readonly body: readonly Node[];
}

/** `$name.property.method(a)[0]` */
export interface Reference {
  readonly name: string;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "method"; readonly name: string; readonly given: readonly Expression[] }
  | { readonly kind: "index"; readonly index: Expression };

export type Operator = "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%";

export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  /** A text in double quotes: a template of its own. */
  | { readonly kind: "interpolated"; readonly nodes: readonly Node[] }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "range"; readonly from: Expression; readonly to: Expression }
  | { readonly kind: "map"; readonly entries: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "negative"; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: Operator; readonly left: Expression; readonly right: Expression };

/** A template that cannot be read or run. */
export class VtlError extends Error {
  override readonly name = "VtlError";
}
