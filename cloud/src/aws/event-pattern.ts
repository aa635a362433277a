import { BlockList, isIP } from "node:net";

/** What is wrong with a pattern. Each service tells it in its own words. */
export class PatternError extends Error {
  override name = "PatternError";
}

/** Whether an event matches; made by `compilePattern`. */
export type EventPattern = (event: unknown) => boolean;

type Json = Record<string, unknown>;
/** `undefined`: the field is absent. */
type Rule = (value: unknown) => boolean;
/** All fields of one alternative hold in the same event. */
type Node = (value: unknown) => boolean;

const NUMBER_MAX = 5_000_000_000;

/**
 * Compiles an event pattern as EventBridge, Pipes and Lambda's filters have it.
 * AWS: "Comparison operators for use in event patterns in Amazon EventBridge".
 * @param text JSON
 * @throws PatternError saying what is wrong
 */
export function compilePattern(text: string): EventPattern {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch (error) {
    throw new PatternError(
      `Event pattern is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isObject(pattern)) throw new PatternError("Event pattern must be a JSON object");
  return compileObject(pattern, "");
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function compileObject(pattern: Json, path: string): Node {
  const names = Object.keys(pattern);
  if (names.length === 0 && path !== "") throw new PatternError(`Empty objects are not allowed (${path})`);
  const nodes = names.map((name) => compileField(name, pattern[name], path === "" ? name : `${path}.${name}`));
  return (value) => nodes.every((node) => node(value));
}

function compileField(name: string, pattern: unknown, path: string): Node {
  if (name === "$or" && Array.isArray(pattern)) return compileOr(pattern, path);
  if (Array.isArray(pattern)) {
    const rules = compileRules(pattern, path);
    return (value) => isObject(value) && anyOf(value[name], rules);
  }
  if (!isObject(pattern)) throw new PatternError(`"${path}" must be an object or an array`);
  const inner = compileObject(pattern, path);
  return (value) => {
    // What is absent may still match: `{ "exists": false }` further in.
    const found = isObject(value) ? value[name] : undefined;
    return Array.isArray(found) ? found.some((item) => inner(item)) : inner(isObject(found) ? found : {});
  };
}

function compileOr(alternatives: unknown[], path: string): Node {
  if (alternatives.length < 2) throw new PatternError(`"${path}" needs two alternatives at least`);
  const nodes = alternatives.map((alternative) => {
    if (!isObject(alternative) || Object.keys(alternative).length === 0)
      throw new PatternError(`Each alternative of "${path}" must be an object that is not empty`);
    return compileObject(alternative, path);
  });
  return (value) => nodes.some((node) => node(value));
}

function compileRules(rules: unknown[], path: string): Rule[] {
  if (rules.length === 0) throw new PatternError(`Empty arrays are not allowed (${path})`);
  return rules.map((rule) => compileRule(rule, path));
}

/** An array in the event matches where one of its items does. */
function anyOf(value: unknown, rules: Rule[]): boolean {
  const values = Array.isArray(value)
    ? value.length === 0
      ? [undefined]
      : (value.flat(Infinity) as unknown[])
    : [value];
  return values.some((one) => rules.some((rule) => rule(one)));
}

function compileRule(rule: unknown, path: string): Rule {
  if (Array.isArray(rule)) throw new PatternError(`"${path}" may not hold an array inside an array`);
  if (!isObject(rule)) return (value) => value === rule;
  const entries = Object.entries(rule);
  if (entries.length !== 1) throw new PatternError(`Each match expression of "${path}" must have one operator`);
  const [operator, operand] = entries[0]!;
  switch (operator) {
    case "exists":
      if (typeof operand !== "boolean") throw new PatternError(`exists must be true or false (${path})`);
      return (value) => (value !== undefined && !isObject(value)) === operand;
    case "numeric":
      return compileNumeric(operand, path);
    case "cidr":
      return compileCidr(operand, path);
    case "anything-but":
      return compileAnythingBut(operand, path);
    default:
      return compileText(operator, operand, path);
  }
}

function textOf(operand: unknown, operator: string, path: string): string {
  if (typeof operand !== "string") throw new PatternError(`${operator} must be a string (${path})`);
  return operand;
}

/** Rules about text: prefix, suffix, equals-ignore-case, wildcard. */
function compileText(operator: string, operand: unknown, path: string): Rule {
  const ignored = isObject(operand) && Object.keys(operand).length === 1 ? operand["equals-ignore-case"] : undefined;
  const onText = (test: (text: string) => boolean): Rule => {
    return (value) => typeof value === "string" && test(value);
  };
  switch (operator) {
    case "prefix": {
      if (ignored !== undefined) {
        const lower = textOf(ignored, operator, path).toLowerCase();
        return onText((text) => text.toLowerCase().startsWith(lower));
      }
      const prefix = textOf(operand, operator, path);
      return onText((text) => text.startsWith(prefix));
    }
    case "suffix": {
      if (ignored !== undefined) {
        const lower = textOf(ignored, operator, path).toLowerCase();
        return onText((text) => text.toLowerCase().endsWith(lower));
      }
      const suffix = textOf(operand, operator, path);
      return onText((text) => text.endsWith(suffix));
    }
    case "equals-ignore-case": {
      const lower = textOf(operand, operator, path).toLowerCase();
      return onText((text) => text.toLowerCase() === lower);
    }
    case "wildcard": {
      const parts = wildcardParts(textOf(operand, operator, path), path);
      return onText((text) => matchesWildcard(parts, text));
    }
    default:
      throw new PatternError(`Unrecognized match type ${operator} (${path})`);
  }
}

/** The literal pieces between the stars. `\*` and `\\` stand for themselves. */
function wildcardParts(text: string, path: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === "\\") {
      const next = text[++at];
      if (next !== "*" && next !== "\\") throw new PatternError(`Invalid escape character in wildcard (${path})`);
      parts[parts.length - 1] += next;
    } else if (letter === "*") {
      if (text[at + 1] === "*") throw new PatternError(`Consecutive wildcard characters (${path})`);
      parts.push("");
    } else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** Each piece at its first possible place: linear, however many stars. */
function matchesWildcard(parts: string[], text: string): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

/** `["=", 5]`, `[">", 0]` or `[">", 0, "<=", 5]` */
function compileNumeric(operand: unknown, path: string): Rule {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    throw new PatternError(`numeric must be an array of one or two comparisons (${path})`);
  const tests: Rule[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const [operator, bound] = operand.slice(at, at + 2) as [unknown, unknown];
    const compare = typeof operator === "string" ? COMPARISONS[operator] : undefined;
    if (!compare) throw new PatternError(`Unrecognized numeric range operator: ${String(operator)} (${path})`);
    if (typeof bound !== "number" || Math.abs(bound) > NUMBER_MAX)
      throw new PatternError(`Value of ${String(operator)} must be a number between -5e9 and 5e9 (${path})`);
    tests.push((value) => typeof value === "number" && compare(value, bound));
  }
  const signs = operand.filter((_, at) => at % 2 === 0) as string[];
  if (signs.length === 2 && !(signs[0]!.startsWith(">") && signs[1]!.startsWith("<")))
    throw new PatternError(`A numeric range is a lower, then an upper bound (${path})`);
  return (value) => tests.every((test) => test(value));
}

function compileCidr(operand: unknown, path: string): Rule {
  const [address = "", bits = ""] = textOf(operand, "cidr", path).split("/");
  const family = isIP(address);
  const prefix = Number(bits);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || prefix > (family === 4 ? 32 : 128))
    throw new PatternError(`Malformed CIDR: ${String(operand)} (${path})`);
  const block = new BlockList();
  block.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return (value) =>
    typeof value === "string" && isIP(value) === family && block.check(value, family === 4 ? "ipv4" : "ipv6");
}

/** All but a value, a list of values, or what a text rule matches. An absent field does not match. */
function compileAnythingBut(operand: unknown, path: string): Rule {
  const not = (rules: Rule[]): Rule => {
    return (value) => value !== undefined && !isObject(value) && !rules.some((rule) => rule(value));
  };
  if (isObject(operand)) {
    const entries = Object.entries(operand);
    if (entries.length !== 1) throw new PatternError(`anything-but must have one operator (${path})`);
    const [operator, inner] = entries[0]!;
    const all = Array.isArray(inner) ? inner : [inner];
    if (all.length === 0) throw new PatternError(`Empty arrays are not allowed (${path})`);
    return not(all.map((one) => compileText(operator, one, path)));
  }
  const values: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) throw new PatternError(`Empty arrays are not allowed (${path})`);
  if (values.some((one) => typeof one === "object" && one !== null))
    throw new PatternError(`anything-but list must hold only strings or numbers (${path})`);
  return not(values.map((one) => (value) => value === one));
}
