/** The call expressions of JSONPath machines: `States.Format('Hello {}', $.name)`. */
import type { Json } from "./json.ts";

export type IntrinsicArgument =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "path"; readonly path: string }
  | IntrinsicCall;

export interface IntrinsicCall {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly IntrinsicArgument[];
}

export class IntrinsicSyntaxError extends Error {
  override name = "IntrinsicSyntaxError";
}

/** Of each function: the least and the most arguments that it takes. */
export const INTRINSICS: Readonly<Record<string, readonly [number, number]>> = {
  "States.Format": [1, Infinity],
  "States.StringToJson": [1, 1],
  "States.JsonToString": [1, 1],
  "States.Array": [0, Infinity],
  "States.ArrayPartition": [2, 2],
  "States.ArrayContains": [2, 2],
  "States.ArrayRange": [3, 3],
  "States.ArrayGetItem": [2, 2],
  "States.ArrayLength": [1, 1],
  "States.ArrayUnique": [1, 1],
  "States.Base64Encode": [1, 1],
  "States.Base64Decode": [1, 1],
  "States.Hash": [2, 2],
  "States.JsonMerge": [3, 3],
  "States.MathRandom": [2, 3],
  "States.MathAdd": [2, 2],
  "States.StringSplit": [2, 2],
  "States.UUID": [0, 0],
};

const CACHE_MAX = 5000;
const cache = new Map<string, IntrinsicCall>();

/** @throws IntrinsicSyntaxError where the text is no call of a known function with as many arguments as it takes */
export function parseIntrinsic(text: string): IntrinsicCall {
  const known = cache.get(text);
  if (known) return known;
  const parser = new IntrinsicParser(text);
  const call = parser.whole();
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(text, call);
  return call;
}

class IntrinsicParser {
  private at = 0;

  constructor(private readonly text: string) {}

  whole(): IntrinsicCall {
    const call = this.call();
    this.space();
    if (this.at < this.text.length) this.fail();
    return call;
  }

  private call(): IntrinsicCall {
    this.space();
    const name = /^States\.[A-Za-z0-9]+/.exec(this.text.slice(this.at))?.[0] ?? this.fail();
    this.at += name.length;
    const arity = INTRINSICS[name];
    if (!arity) throw new IntrinsicSyntaxError(`Unknown intrinsic function ${name}`);
    this.space();
    if (this.text[this.at++] !== "(") this.fail();
    const args: IntrinsicArgument[] = [];
    this.space();
    if (this.text[this.at] === ")") this.at++;
    else
      for (;;) {
        args.push(this.argument());
        this.space();
        const next = this.text[this.at++];
        if (next === ")") break;
        if (next !== ",") this.fail();
      }
    if (args.length < arity[0] || args.length > arity[1])
      throw new IntrinsicSyntaxError(`Invalid number of arguments for ${name}`);
    return { kind: "call", name, args };
  }

  private argument(): IntrinsicArgument {
    this.space();
    const next = this.text[this.at];
    if (next === "'") return { kind: "value", value: this.quoted() };
    if (next === "$") return { kind: "path", path: this.path() };
    if (this.text.startsWith("States.", this.at)) return this.call();
    const literal = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(this.text.slice(this.at))?.[0];
    if (literal === undefined) return this.fail();
    this.at += literal.length;
    return { kind: "value", value: JSON.parse(literal) as Json };
  }

  /** Keeps the escapes of braces: only `States.Format` reads them. */
  private quoted(): string {
    let value = "";
    for (let at = this.at + 1; at < this.text.length; at++) {
      const character = this.text[at]!;
      if (character === "'") {
        this.at = at + 1;
        return value;
      }
      if (character !== "\\") {
        value += character;
        continue;
      }
      const escaped = this.text[++at] ?? this.fail();
      if (escaped === "{" || escaped === "}") value += `\\${escaped}`;
      else if (escaped === "'" || escaped === "\\") value += escaped;
      else value += `\\${escaped}`;
    }
    return this.fail();
  }

  private path(): string {
    const start = this.at;
    let depth = 0;
    let quote = "";
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at]!;
      if (quote) {
        if (character === "\\") this.at++;
        else if (character === quote) quote = "";
      } else if (character === "'" || character === '"') quote = character;
      else if (character === "[" || character === "(") depth++;
      else if (character === ")" && depth === 0) break;
      else if (character === "]" || character === ")") depth--;
      else if (character === "," && depth === 0) break;
    }
    return this.text.slice(start, this.at).trimEnd();
  }

  private space(): void {
    while (this.text[this.at] === " ") this.at++;
  }

  private fail(): never {
    throw new IntrinsicSyntaxError(`The intrinsic function ${this.text} is not valid at position ${this.at}`);
  }
}
