import type { RequestContext } from "./request-context.ts";

/** Says whether a text of the request matches; the context gives the values of policy variables. */
export type Matcher = (text: string, context: RequestContext) => boolean;

/** A pattern after its variables are filled in: UTF-16 code units, and these two in between. */
type Glob = readonly number[];
const MANY = -1;
const ONE = -2;
const COLON = 58;

interface Variable {
  readonly key: string;
  readonly fallback: string | undefined;
}

type Part = Glob | Variable;

export interface PatternOptions {
  /** Whether `${…}` is a variable: in policies of version 2012-10-17, nowhere else. */
  readonly variables: boolean;
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;
}

const ALWAYS: Matcher = () => true;
const NEVER: Matcher = () => false;

/**
 * Compiles a pattern of a policy (AWS: "IAM JSON policy elements: Resource", "Variables and tags").
 * What a variable stands for is taken literally: a `*` inside it is a star. A variable without a value and without a
 * default matches nothing.
 */
export function compilePattern(pattern: string, options: PatternOptions): Matcher {
  const parts = parse(pattern, options);
  if (!isStatic(parts)) {
    return (text, context) => {
      const glob = fill(parts, context);
      return glob !== undefined && matches(glob, text);
    };
  }
  const glob = parts.flat();
  const wild = glob.findIndex((code) => code < 0);
  if (wild === -1) {
    const literal = String.fromCharCode(...glob);
    return (text) => text === literal;
  }
  if (glob[wild] === MANY && wild === glob.length - 1) {
    if (wild === 0) return ALWAYS;
    const start = String.fromCharCode(...glob.slice(0, wild));
    return (text) => text.startsWith(start);
  }
  return (text) => matches(glob, text);
}

/**
 * Compiles an ARN pattern for `ArnLike` and `ArnEquals`: each of the six parts is compared by itself, so that a star
 * does not reach over a colon except in the last (AWS: "IAM JSON policy elements: Condition operators").
 */
export function compileArnPattern(pattern: string, options: { readonly variables: boolean }): Matcher {
  const parts = parse(pattern, { ...options, wildcards: true });
  if (!isStatic(parts)) {
    return (text, context) => {
      const glob = fill(parts, context);
      return glob !== undefined && matchesArn(splitGlob(glob), text);
    };
  }
  const glob = parts.flat();
  if (glob.length === 1 && glob[0] === MANY) return (text) => text.startsWith("arn:");
  const sections = splitGlob(glob);
  return sections.length === 6 ? (text) => matchesArn(sections, text) : NEVER;
}

function parse(pattern: string, options: PatternOptions): Part[] {
  const parts: Part[] = [];
  let codes: number[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const end = options.variables && pattern.startsWith("${", at) ? pattern.indexOf("}", at) : -1;
    if (end !== -1) {
      const inside = pattern.slice(at + 2, end);
      // `${*}`, `${?}` and `${$}` write the character itself.
      if (inside === "*" || inside === "?" || inside === "$") codes.push(inside.charCodeAt(0));
      else {
        parts.push(codes, variable(inside));
        codes = [];
      }
      at = end;
    } else if (options.wildcards && pattern[at] === "*") codes.push(MANY);
    else if (options.wildcards && pattern[at] === "?") codes.push(ONE);
    else codes.push(pattern.charCodeAt(at));
  }
  parts.push(codes);
  return parts;
}

function variable(inside: string): Variable {
  const [, key = inside, fallback] = /^([^,]*?)\s*,\s*'(.*)'\s*$/s.exec(inside) ?? [];
  return { key: key.trim().toLowerCase(), fallback };
}

function isStatic(parts: readonly Part[]): parts is Glob[] {
  return parts.every((part) => Array.isArray(part));
}

/** Puts the values in; undefined where a variable has none. A key with several values has no value as a variable. */
function fill(parts: readonly Part[], context: RequestContext): Glob | undefined {
  const codes: number[] = [];
  for (const part of parts) {
    if (!("key" in part)) {
      codes.push(...part);
      continue;
    }
    const found = context.find(part.key);
    const value = typeof found === "string" ? found : part.fallback;
    if (value === undefined) return undefined;
    for (let at = 0; at < value.length; at++) codes.push(value.charCodeAt(at));
  }
  return codes;
}

/** Matches without backtracking further than to the last star, so in time of pattern times text at most. */
function matches(glob: Glob, text: string): boolean {
  let at = 0;
  let inGlob = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const code = glob[inGlob];
    if (code === MANY) {
      star = inGlob++;
      starAt = at;
    } else if (code === ONE || code === text.charCodeAt(at)) {
      inGlob++;
      at++;
    } else if (star !== -1) {
      inGlob = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (glob[inGlob] === MANY) inGlob++;
  return inGlob === glob.length;
}

function matchesArn(sections: readonly Glob[], text: string): boolean {
  if (sections.length !== 6) return false;
  let start = 0;
  for (let index = 0; index < 5; index++) {
    const end = text.indexOf(":", start);
    if (end === -1 || !matches(sections[index]!, text.slice(start, end))) return false;
    start = end + 1;
  }
  return matches(sections[5]!, text.slice(start));
}

function splitGlob(glob: Glob): Glob[] {
  const sections: Glob[] = [];
  let start = 0;
  while (sections.length < 5) {
    const end = glob.indexOf(COLON, start);
    if (end === -1) break;
    sections.push(glob.slice(start, end));
    start = end + 1;
  }
  sections.push(glob.slice(start));
  return sections;
}
