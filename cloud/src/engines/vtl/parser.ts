import { ExpressionParser } from "./expression-parser.ts";
import { Scanner } from "./scanner.ts";
import { VtlError, type Branch, type Node } from "./syntax.ts";

/** A directive's name, plain or in braces: `#if`, `#{else}`. */
const DIRECTIVE = /#(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/y;
const LINE_END = /[ \t]*\r?\n/y;

/**
 * Parses a template of the Velocity Template Language (Apache Velocity Engine, "VTL Reference", 1.7).
 * @throws VtlError
 */
export function parseTemplate(text: string): readonly Node[] {
  const parser = new Parser(text);
  const nodes = parser.block(new Set());
  if (parser.ended !== undefined) throw new VtlError(`#${parser.ended} without a beginning`);
  return nodes;
}

class Parser {
  /** The directive that ended the last block. */
  ended: string | undefined;
  readonly #scanner: Scanner;
  readonly #expressions: ExpressionParser;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
    this.#expressions = new ExpressionParser(this.#scanner, parseTemplate);
  }

  /** Reads up to one of the directives that end a block, or the end of the template. */
  block(ends: ReadonlySet<string>): Node[] {
    const nodes: Node[] = [];
    let text = "";
    const flush = () => {
      if (text !== "") nodes.push({ kind: "text", text });
      text = "";
    };
    this.ended = undefined;
    while (!this.#scanner.isAtEnd) {
      text += this.#scanner.take(/[^$#\\]+/y) ?? "";
      if (this.#scanner.isAtEnd) break;
      const plain = this.#plain();
      if (plain !== undefined) {
        text += plain;
        continue;
      }
      const name = this.#directiveName();
      if (name !== undefined && ends.has(name)) {
        flush();
        this.ended = name;
        return nodes;
      }
      // `#set` takes the blanks before it on its line with it.
      if (name === "set") text = text.replace(/[ \t]+$/, "");
      flush();
      const node = this.#node(name);
      if (typeof node === "string") text += node;
      else nodes.push(node);
    }
    flush();
    return nodes;
  }

  /** Escapes, comments and unparsed text; undefined where something else stands here. */
  #plain(): string | undefined {
    const escaped = this.#scanner.take(/\\(?=[$#])[$#]|\\/y);
    if (escaped !== undefined) return escaped.length === 2 ? escaped[1]! : escaped;
    if (this.#scanner.take(/##[^\n]*(?:\n|$)/y) !== undefined) return "";
    if (this.#scanner.take(/#\*[^]*?\*#/y) !== undefined) return "";
    const literal = this.#scanner.take(/#\[\[[^]*?\]\]#/y);
    return literal?.slice(3, -3);
  }

  /** Takes a directive that is no macro; undefined, and nothing taken, where there is none. */
  #directiveName(): string | undefined {
    const start = this.#scanner.at;
    const found = this.#scanner.take(DIRECTIVE);
    const name = found?.replace(/[#{}]/g, "");
    if (name !== undefined && (DIRECTIVES.has(name) || ENDS.has(name))) {
      if (!DIRECTIVES.has(name) && name !== "elseif") this.#scanner.take(LINE_END);
      return name;
    }
    this.#scanner.at = start;
    return undefined;
  }

  #node(directive: string | undefined): Node | string {
    if (directive !== undefined) return this.#directive(directive);
    const sign = this.#scanner.take(/[$#]/y)!;
    if (sign === "#") return this.#macroCall();
    const reference = this.#expressions.reference();
    return reference ? { kind: "reference", reference } : "$";
  }

  #macroCall(): Node | string {
    const start = this.#scanner.at;
    const name = this.#scanner.take(/[A-Za-z_]\w*(?=[ \t]*\()/y);
    if (name === undefined) return "#";
    this.#scanner.take(/[ \t]*\(/y);
    const given = this.#spaced();
    return { kind: "call", name, given, source: `#${this.#scanner.text.slice(start, this.#scanner.at)}` };
  }

  /** What macros are given: expressions parted by blanks or commas. */
  #spaced() {
    const given = [];
    for (;;) {
      this.#scanner.take(/[\s,]*/y);
      if (this.#scanner.take(/\)/y) !== undefined) return given;
      given.push(this.#expressions.expression());
    }
  }

  #directive(name: string): Node | string {
    switch (name) {
      case "set":
        return this.#set();
      case "if":
        return this.#if();
      case "foreach":
        return this.#foreach();
      case "macro":
        return this.#macro();
      case "define": {
        this.#open();
        this.#scanner.expect(/\$!?\{?/y, "$");
        const defined = this.#scanner.expect(/[A-Za-z_][\w-]*/y, "a name");
        this.#scanner.take(/\}/y);
        this.#close();
        return { kind: "define", name: defined, body: this.#body() };
      }
      case "evaluate": {
        this.#open();
        const value = this.#expressions.expression();
        this.#close();
        return { kind: "evaluate", value };
      }
      case "stop":
      case "break":
        this.#scanner.take(LINE_END);
        return { kind: name };
      default:
        throw new VtlError(`Unexpected #${name}`);
    }
  }

  #set(): Node {
    this.#open();
    this.#scanner.expect(/\$/y, "$");
    const target = this.#expressions.reference();
    if (!target) throw new VtlError(`#set needs a reference: ${this.#scanner.rest(20)}`);
    this.#scanner.skipSpace();
    this.#scanner.expect(/=/y, "=");
    const value = this.#expressions.expression();
    this.#close();
    return { kind: "set", target, value };
  }

  #if(): Node {
    const branches: Branch[] = [];
    do {
      this.#open();
      const condition = this.#expressions.expression();
      this.#close();
      branches.push({ condition, body: this.block(ENDS) });
    } while (this.ended === "elseif");
    const otherwise = this.ended === "else" ? this.block(new Set(["end"])) : [];
    this.#ensureEnd("if");
    return { kind: "if", branches, otherwise };
  }

  #foreach(): Node {
    this.#open();
    this.#scanner.expect(/\$!?\{?/y, "$");
    const name = this.#scanner.expect(/[A-Za-z_][\w-]*/y, "a name");
    this.#scanner.take(/\}/y);
    this.#scanner.expect(/\s+in\s/y, "in");
    const items = this.#expressions.expression();
    this.#close();
    return { kind: "foreach", name, items, body: this.#body() };
  }

  #macro(): Node {
    this.#open();
    const name = this.#scanner.expect(/[A-Za-z_]\w*/y, "a name");
    const parameters: string[] = [];
    for (;;) {
      this.#scanner.take(/[\s,]*/y);
      if (this.#scanner.take(/\)/y) !== undefined) break;
      this.#scanner.expect(/\$!?\{?/y, "$");
      parameters.push(this.#scanner.expect(/[A-Za-z_][\w-]*/y, "a name"));
      this.#scanner.take(/\}/y);
    }
    this.#scanner.take(LINE_END);
    return { kind: "macro", name, parameters, body: this.#body() };
  }

  #body(): Node[] {
    const body = this.block(new Set(["end"]));
    this.#ensureEnd("block");
    return body;
  }

  #ensureEnd(what: string): void {
    if (this.ended !== "end") throw new VtlError(`#${what} without #end`);
    this.ended = undefined;
  }

  #open(): void {
    this.#scanner.skipSpace();
    this.#scanner.expect(/\(\s*/y, "(");
  }

  /** A directive takes the rest of its line with it where that is blank. */
  #close(): void {
    this.#scanner.skipSpace();
    this.#scanner.expect(/\)/y, ")");
    this.#scanner.take(LINE_END);
  }
}

const DIRECTIVES = new Set(["set", "if", "foreach", "macro", "define", "evaluate", "stop", "break"]);
const ENDS = new Set(["elseif", "else", "end"]);
