import { InvalidInput } from "../invalid-input.ts";

export interface Token {
  /** `word`: a bare name or keyword; `name`: a quoted one; `end`: nothing more. */
  readonly kind: "word" | "name" | "text" | "number" | "symbol" | "end";
  readonly text: string;
}

const END: Token = { kind: "end", text: "" };
const PATTERN =
  /\s+|--[^\n]*|([A-Za-z_$][A-Za-z0-9_$]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(<<|>>|<=|>=|<>|!=|[()[\]{},.:?*=<>+;-])/y;

/** The complaint about a text that is no statement. */
export function malformed(detail = ""): InvalidInput {
  return new InvalidInput(`Statement wasn't well formed, can't be processed: ${detail}`);
}

/** The tokens of a statement, taken one after the other. */
export class StatementTokens {
  readonly #tokens: Token[] = [];
  #at = 0;

  /** @throws InvalidInput for a character that begins no token */
  constructor(source: string) {
    let at = 0;
    while (at < source.length) {
      PATTERN.lastIndex = at;
      const match = PATTERN.exec(source);
      if (!match) throw malformed();
      at = PATTERN.lastIndex;
      const token = tokenOf(match);
      if (token) this.#tokens.push(token);
    }
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Whether the next token is this keyword or symbol. */
  is(text: string): boolean {
    const { kind, text: given } = this.next;
    if (kind === "symbol") return given === text;
    return kind === "word" && given.toUpperCase() === text;
  }

  /** Takes the next token if it is this keyword or symbol. */
  accept(text: string): boolean {
    const found = this.is(text);
    if (found) this.#at++;
    return found;
  }

  /** @throws InvalidInput where something else stands there */
  expect(text: string): void {
    if (!this.accept(text)) throw malformed(`Expected ${text}${this.#where()}`);
  }

  fail(wanted: string): never {
    throw malformed(`Expected ${wanted}${this.#where()}`);
  }

  #where(): string {
    return this.isAtEnd ? " at the end of the statement" : `, found '${this.next.text}'`;
  }
}

function tokenOf([, word, name, text, number, symbol]: RegExpExecArray): Token | undefined {
  if (word !== undefined) return { kind: "word", text: word };
  if (name !== undefined) return { kind: "name", text: name.replaceAll('""', '"') };
  if (text !== undefined) return { kind: "text", text: text.replaceAll("''", "'") };
  if (number !== undefined) return { kind: "number", text: number };
  return symbol === undefined ? undefined : { kind: "symbol", text: symbol };
}
