/**
 * The JSONPath of Amazon States Language, as AWS's evaluator (Jayway JsonPath) reads it: `$` input, `$$` context object,
 * `$name` variable; names, indexes, unions, slices, wildcards, descent, filters and `length()` and its like.
 */
import type { Json } from "./json.ts";

export type Segment =
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "indexes"; readonly indexes: readonly number[] }
  | { readonly kind: "slice"; readonly from?: number; readonly to?: number; readonly step: number }
  | { readonly kind: "all" }
  | { readonly kind: "descend" }
  | { readonly kind: "filter"; readonly test: Test }
  | { readonly kind: "function"; readonly name: string };

export type Test =
  | { readonly kind: "or" | "and"; readonly left: Test; readonly right: Test }
  | { readonly kind: "not"; readonly test: Test }
  | { readonly kind: "exists"; readonly operand: Operand }
  | { readonly kind: "compare"; readonly operator: string; readonly left: Operand; readonly right: Operand };

export type Operand =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "regex"; readonly regex: RegExp }
  | { readonly kind: "current" | "root"; readonly segments: readonly Segment[] };

export interface Path {
  readonly text: string;
  /** `$`, `$$`, or the name of a variable. */
  readonly root: string;
  readonly segments: readonly Segment[];
  /** Whether it names one place at most, so that finding nothing is an error. */
  readonly definite: boolean;
}

export class PathSyntaxError extends Error {
  override name = "PathSyntaxError";
}

const CACHE_MAX = 5000;
const cache = new Map<string, Path>();

/** @throws PathSyntaxError where the text is no path */
export function parsePath(text: string): Path {
  const known = cache.get(text);
  if (known) return known;
  const path = new PathParser(text).path();
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(text, path);
  return path;
}

/** Whether the text is a reference path: `$.a.b[0]`, which names a place that can be written. */
export function isReferencePath(text: string): boolean {
  try {
    const path = parsePath(text);
    return (
      path.root === "$" && path.definite && path.segments.every(({ kind }) => kind === "names" || kind === "indexes")
    );
  } catch {
    return false;
  }
}

const NAME = /[^\s.[\](),'"=<>!&|~?*@:]/u;
const FUNCTIONS = new Set(["length", "size", "min", "max", "avg", "sum", "keys", "first", "last", "stddev"]);

class PathParser {
  private at = 0;

  constructor(private readonly text: string) {}

  path(): Path {
    this.expect("$");
    let root = "$";
    if (this.text[this.at] === "$") {
      this.at++;
      root = "$$";
    } else if (NAME.test(this.text[this.at] ?? "")) root = this.name();
    const segments = this.segments();
    if (this.at < this.text.length) this.fail();
    const definite = segments.every(
      (segment) =>
        (segment.kind === "names" && segment.names.length === 1) ||
        (segment.kind === "indexes" && segment.indexes.length === 1) ||
        segment.kind === "function",
    );
    return { text: this.text, root, segments, definite };
  }

  private segments(): Segment[] {
    const segments: Segment[] = [];
    for (;;) {
      if (this.text.startsWith("..", this.at)) {
        this.at += 2;
        segments.push({ kind: "descend" });
        if (this.text[this.at] !== "[") segments.push(this.dotted());
      } else if (this.text[this.at] === ".") {
        this.at++;
        segments.push(this.text[this.at] === "[" ? this.bracket() : this.dotted());
      } else if (this.text[this.at] === "[") segments.push(this.bracket());
      else return segments;
    }
  }

  private dotted(): Segment {
    if (this.take("*")) return { kind: "all" };
    const name = this.name();
    if (this.text.startsWith("()", this.at)) {
      if (!FUNCTIONS.has(name)) this.fail();
      this.at += 2;
      return { kind: "function", name };
    }
    return { kind: "names", names: [name] };
  }

  private bracket(): Segment {
    this.expect("[");
    this.space();
    let segment: Segment;
    const next = this.text[this.at];
    if (next === "*") {
      this.at++;
      segment = { kind: "all" };
    } else if (next === "?") segment = this.filter();
    else if (next === "'" || next === '"') {
      const names = [this.quoted()];
      while (this.comma()) names.push(this.quoted());
      segment = { kind: "names", names };
    } else segment = this.numbers();
    this.space();
    this.expect("]");
    return segment;
  }

  private numbers(): Segment {
    const first = this.integer();
    this.space();
    if (this.text[this.at] === ":") {
      this.at++;
      const to = this.integer();
      const step = this.take(":") ? (this.integer() ?? 1) : 1;
      return {
        kind: "slice",
        step,
        ...(first === undefined ? {} : { from: first }),
        ...(to === undefined ? {} : { to }),
      };
    }
    if (first === undefined) this.fail();
    const indexes = [first as number];
    while (this.comma()) indexes.push(this.integer() ?? this.fail());
    return { kind: "indexes", indexes };
  }

  private filter(): Segment {
    this.expect("?");
    this.space();
    this.expect("(");
    const test = this.or();
    this.space();
    this.expect(")");
    return { kind: "filter", test };
  }

  private or(): Test {
    let left = this.and();
    while (this.symbol("||")) left = { kind: "or", left, right: this.and() };
    return left;
  }

  private and(): Test {
    let left = this.unary();
    while (this.symbol("&&")) left = { kind: "and", left, right: this.unary() };
    return left;
  }

  private unary(): Test {
    if (this.symbol("!")) return { kind: "not", test: this.unary() };
    if (this.symbol("(")) {
      const test = this.or();
      if (!this.symbol(")")) this.fail();
      return test;
    }
    const left = this.operand();
    for (const operator of ["==", "!=", "<=", ">=", "=~", "<", ">", "in ", "nin "])
      if (this.symbol(operator)) return { kind: "compare", operator: operator.trim(), left, right: this.operand() };
    return { kind: "exists", operand: left };
  }

  private operand(): Operand {
    this.space();
    const next = this.text[this.at] ?? this.fail();
    if (next === "@" || next === "$") {
      this.at++;
      return { kind: next === "@" ? "current" : "root", segments: this.segments() };
    }
    if (next === "/") return this.regex();
    if (next === "'" || next === '"') return { kind: "value", value: this.quoted() };
    if (next === "[") return { kind: "value", value: this.list() };
    const literal = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(this.text.slice(this.at))?.[0];
    if (literal === undefined) return this.fail();
    this.at += literal.length;
    return { kind: "value", value: JSON.parse(literal) as Json };
  }

  private list(): Json[] {
    this.expect("[");
    const values: Json[] = [];
    this.space();
    while (!this.take("]")) {
      const item = this.operand();
      if (item.kind !== "value") return this.fail();
      values.push(item.value);
      this.comma();
    }
    return values;
  }

  private regex(): Operand {
    const found = /^\/((?:\\.|[^/\\])+)\/(i?)/.exec(this.text.slice(this.at));
    if (!found) return this.fail();
    this.at += found[0].length;
    try {
      return { kind: "regex", regex: new RegExp(`^(?:${found[1]!})$`, found[2]) };
    } catch {
      return this.fail();
    }
  }

  private quoted(): string {
    this.space();
    const quote = this.text[this.at];
    if (quote !== "'" && quote !== '"') return this.fail();
    let value = "";
    for (let at = this.at + 1; at < this.text.length; at++) {
      const character = this.text[at]!;
      if (character === quote) {
        this.at = at + 1;
        return value;
      }
      value += character === "\\" ? (this.text[++at] ?? "") : character;
    }
    return this.fail();
  }

  private name(): string {
    const start = this.at;
    while (this.at < this.text.length && NAME.test(this.text[this.at]!)) this.at++;
    return this.at === start ? this.fail() : this.text.slice(start, this.at);
  }

  private integer(): number | undefined {
    this.space();
    const digits = /^-?\d+/.exec(this.text.slice(this.at))?.[0];
    if (digits === undefined) return undefined;
    this.at += digits.length;
    this.space();
    return Number(digits);
  }

  private comma(): boolean {
    this.space();
    const found = this.take(",");
    this.space();
    return found;
  }

  private symbol(symbol: string): boolean {
    this.space();
    if (!this.text.startsWith(symbol, this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.take(character)) this.fail();
  }

  private space(): void {
    while (this.text[this.at] === " ") this.at++;
  }

  private fail(): never {
    throw new PathSyntaxError(`Illegal character at position ${this.at} of the path ${this.text}`);
  }
}
