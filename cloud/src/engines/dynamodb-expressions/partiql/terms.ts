/** Parsing of values, paths and operands. */
import { canonicalNumber } from "../number.ts";
import type { ResolvedPath } from "../substitutions.ts";
import { malformed, type StatementTokens } from "./lexer.ts";
import type { OperandTerm, ValueTerm } from "./statement.ts";

const FUNCTIONS: ReadonlySet<string> = new Set([
  "attribute_type",
  "begins_with",
  "contains",
  "size",
  "list_append",
  "set_add",
  "set_delete",
]);
/** Bare words that end a path or value and so are no names. */
const KEYWORDS: ReadonlySet<string> = new Set([
  "SELECT",
  "FROM",
  "WHERE",
  "INSERT",
  "INTO",
  "VALUE",
  "UPDATE",
  "SET",
  "REMOVE",
  "DELETE",
  "RETURNING",
  "ORDER",
  "BY",
  "AND",
  "OR",
  "NOT",
  "IN",
  "IS",
  "BETWEEN",
  "EXISTS",
  "MISSING",
  "NULL",
  "TRUE",
  "FALSE",
]);

/** Hands out the positions of parameters in the order in which they are met. */
export class Parameters {
  count = 0;
}

/** A name: bare or in double quotes. */
export function parseName(tokens: StatementTokens): string {
  const { kind, text } = tokens.next;
  if (kind !== "name" && (kind !== "word" || KEYWORDS.has(text.toUpperCase()))) tokens.fail("identifier");
  return tokens.take().text;
}

/** A path into an item: `a.b[0]."c d"`. */
export function parsePath(tokens: StatementTokens): ResolvedPath {
  const path: (string | number)[] = [parseName(tokens)];
  for (;;) {
    if (tokens.accept(".")) path.push(parseName(tokens));
    else if (tokens.accept("[")) {
      const { kind, text } = tokens.take();
      if (kind === "number" && /^[0-9]+$/.test(text)) path.push(Number(text));
      else if (kind === "text") path.push(text);
      else throw malformed("Expected a list index");
      tokens.expect("]");
    } else return path;
  }
}

/** What may stand beside an operator. */
export function parseOperand(tokens: StatementTokens, parameters: Parameters): OperandTerm {
  const value = tryParseValue(tokens, parameters);
  if (value) return value;
  const path = parsePath(tokens);
  const name = String(path[0]).toLowerCase();
  if (path.length > 1 || !tokens.is("(")) return { kind: "path", path };
  if (!FUNCTIONS.has(name)) throw malformed(`No such function: ${name}`);
  return { kind: "call", name, args: parseList(tokens, "(", ")", () => parseOperand(tokens, parameters)) };
}

/** @throws InvalidInput where no value stands there */
export function parseValue(tokens: StatementTokens, parameters: Parameters): ValueTerm {
  return tryParseValue(tokens, parameters) ?? tokens.fail("a value");
}

/** Items between brackets, parted by commas. */
export function parseList<T>(tokens: StatementTokens, open: string, close: string, parseItem: () => T): T[] {
  tokens.expect(open);
  const items: T[] = [];
  if (tokens.accept(close)) return items;
  do items.push(parseItem());
  while (tokens.accept(","));
  tokens.expect(close);
  return items;
}

function tryParseValue(tokens: StatementTokens, parameters: Parameters): ValueTerm | undefined {
  const { kind, text } = tokens.next;
  const parseItem = () => parseValue(tokens, parameters);
  switch (kind) {
    case "text":
      tokens.take();
      return { kind: "literal", value: { S: text } };
    case "number":
      tokens.take();
      return { kind: "literal", value: { N: canonicalNumber(text) } };
    case "word":
      return parseConstant(tokens);
    case "symbol":
      break;
    default:
      return undefined;
  }
  if (tokens.accept("?")) return { kind: "parameter", position: parameters.count++ };
  if (text === "-") return parseNegative(tokens);
  if (text === "[") return { kind: "list", items: parseList(tokens, "[", "]", parseItem) };
  if (text === "<<") return { kind: "set", items: parseList(tokens, "<<", ">>", parseItem) };
  if (text === "{") return { kind: "map", entries: parseList(tokens, "{", "}", () => parseEntry(tokens, parameters)) };
  return undefined;
}

function parseConstant(tokens: StatementTokens): ValueTerm | undefined {
  if (tokens.accept("TRUE")) return { kind: "literal", value: { BOOL: true } };
  if (tokens.accept("FALSE")) return { kind: "literal", value: { BOOL: false } };
  if (tokens.accept("NULL")) return { kind: "literal", value: { NULL: true } };
  return undefined;
}

function parseNegative(tokens: StatementTokens): ValueTerm {
  tokens.expect("-");
  const { kind, text } = tokens.take();
  if (kind !== "number") throw malformed("Expected a number");
  return { kind: "literal", value: { N: canonicalNumber(`-${text}`) } };
}

function parseEntry(tokens: StatementTokens, parameters: Parameters): readonly [string, ValueTerm] {
  const { kind, text } = tokens.take();
  if (kind !== "text") throw malformed("Expected an attribute name in single quotes");
  tokens.expect(":");
  return [text, parseValue(tokens, parameters)];
}
