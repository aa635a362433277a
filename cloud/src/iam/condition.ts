import { BlockList, isIP } from "node:net";
import { compileArnPattern, compilePattern, type Matcher } from "./pattern.ts";
import type { ContextValue, RequestContext } from "./request-context.ts";

/** Whether a condition holds for a request. */
export type Test = (context: RequestContext) => boolean;

interface Operator {
  /** Compiles one value of the policy. Undefined: the value is none of its type. */
  readonly compile: (value: string, variables: boolean) => Matcher | undefined;
  /** `…Not…`: holds where none of the values matches. */
  readonly negated: boolean;
}

const positive = (compile: Operator["compile"]): Operator => ({ compile, negated: false });
const negative = (compile: Operator["compile"]): Operator => ({ compile, negated: true });

const exact: Operator["compile"] = (value, variables) => compilePattern(value, { variables, wildcards: false });
const like: Operator["compile"] = (value, variables) => compilePattern(value, { variables, wildcards: true });
const arn: Operator["compile"] = (value, variables) => compileArnPattern(value, { variables });

/** AWS: "IAM JSON policy elements: Condition operators". Variables work with text and ARN operators only. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: positive(exact),
  StringNotEquals: negative(exact),
  StringEqualsIgnoreCase: positive(ignoringCase),
  StringNotEqualsIgnoreCase: negative(ignoringCase),
  StringLike: positive(like),
  StringNotLike: negative(like),
  NumericEquals: positive(numeric((given, wanted) => given === wanted)),
  NumericNotEquals: negative(numeric((given, wanted) => given === wanted)),
  NumericLessThan: positive(numeric((given, wanted) => given < wanted)),
  NumericLessThanEquals: positive(numeric((given, wanted) => given <= wanted)),
  NumericGreaterThan: positive(numeric((given, wanted) => given > wanted)),
  NumericGreaterThanEquals: positive(numeric((given, wanted) => given >= wanted)),
  DateEquals: positive(date((given, wanted) => given === wanted)),
  DateNotEquals: negative(date((given, wanted) => given === wanted)),
  DateLessThan: positive(date((given, wanted) => given < wanted)),
  DateLessThanEquals: positive(date((given, wanted) => given <= wanted)),
  DateGreaterThan: positive(date((given, wanted) => given > wanted)),
  DateGreaterThanEquals: positive(date((given, wanted) => given >= wanted)),
  Bool: positive(boolean),
  BinaryEquals: positive(binary),
  IpAddress: positive(address),
  NotIpAddress: negative(address),
  ArnEquals: positive(arn),
  ArnLike: positive(arn),
  ArnNotEquals: negative(arn),
  ArnNotLike: negative(arn),
};

interface OperatorName {
  readonly quantifier: "ForAllValues" | "ForAnyValue" | undefined;
  readonly base: string;
  readonly ifExists: boolean;
}

/** Takes `ForAnyValue:StringLikeIfExists` apart; undefined where there is no such operator. */
export function findOperator(name: string): OperatorName | undefined {
  const [, quantifier, base = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  if (base !== "Null" && OPERATORS[base] === undefined) return undefined;
  if (base === "Null" && ifExists) return undefined;
  return { quantifier: quantifier as OperatorName["quantifier"], base, ifExists: ifExists !== undefined };
}

/** Whether the operator knows what to do with a value, e.g. `IpAddress` with `10.0.0.0/8`. */
export function isConditionValue(base: string, value: string): boolean {
  if (base === "Null") return /^(true|false)$/i.test(value);
  return OPERATORS[base]?.compile(value, true) !== undefined;
}

/**
 * Compiles one key of one operator of a Condition element. An operator that does not exist never holds: policies are
 * checked when they are stored.
 */
export function compileCondition(operator: string, key: string, values: readonly string[], variables: boolean): Test {
  const name = findOperator(operator);
  const lowerKey = key.toLowerCase();
  if (!name) return () => false;
  if (name.base === "Null") return nullTest(lowerKey, values);
  const { compile, negated } = OPERATORS[name.base]!;
  const matchers = values.map((value) => compile(value, variables)).filter((matcher) => matcher !== undefined);
  const test = valuesTest(matchers, negated, name.quantifier);
  return (context) => {
    const value = context.find(lowerKey);
    if (value === undefined || isEmpty(value, name)) return whenMissing(value, name, negated);
    return test(value, context);
  };
}

/** An empty text is a value like others, save for the set operators. */
function isEmpty(value: ContextValue, name: OperatorName): boolean {
  return value.length === 0 && (typeof value !== "string" || name.quantifier !== undefined);
}

/**
 * AWS: a missing key fails an operator, except the negated ones, `…IfExists` and `ForAllValues`, which it satisfies;
 * `ForAnyValue` is never satisfied by nothing.
 */
function whenMissing(value: ContextValue | undefined, name: OperatorName, negated: boolean): boolean {
  if (name.ifExists && value === undefined) return true;
  if (name.quantifier === "ForAllValues") return true;
  if (name.quantifier === "ForAnyValue") return false;
  return negated;
}

/**
 * Tests the values of a request's key against those of the policy (AWS: "Set operators for multivalued context keys").
 * Several values of a policy are alternatives; for a negated operator none of them may match. Without a set operator a
 * key with several values matches where one of them does.
 */
function valuesTest(matchers: readonly Matcher[], negated: boolean, quantifier: OperatorName["quantifier"]) {
  const matchesOne = (text: string, context: RequestContext) => {
    for (const matcher of matchers) if (matcher(text, context)) return true;
    return false;
  };
  const holds = (text: string, context: RequestContext) => matchesOne(text, context) !== negated;
  const every = quantifier === "ForAllValues" || (quantifier === undefined && negated);
  return (value: ContextValue, context: RequestContext): boolean => {
    if (typeof value === "string") return holds(value, context);
    return every ? value.every((text) => holds(text, context)) : value.some((text) => holds(text, context));
  };
}

function nullTest(key: string, values: readonly string[]): Test {
  const wanted = values.map((value) => value.toLowerCase() === "true");
  return (context) => {
    const value = context.find(key);
    return wanted.includes(value === undefined || (Array.isArray(value) && value.length === 0));
  };
}

function ignoringCase(value: string, variables: boolean): Matcher {
  // Variables must be found by their own names and compared in lower case afterwards.
  if (!variables || !value.includes("${")) {
    const wanted = value.toLowerCase();
    return (text) => text.toLowerCase() === wanted;
  }
  const matcher = compilePattern(value.toLowerCase(), { variables, wildcards: false });
  return (text, context) =>
    matcher(text.toLowerCase(), {
      find: (key) => {
        const found = context.find(key);
        return typeof found === "string" ? found.toLowerCase() : found;
      },
    });
}

function numeric(compare: (given: number, wanted: number) => boolean): Operator["compile"] {
  return (value) => {
    const wanted = toNumber(value);
    if (wanted === undefined) return undefined;
    return (text) => {
      const given = toNumber(text);
      return given !== undefined && compare(given, wanted);
    };
  };
}

function toNumber(text: string): number | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function date(compare: (given: number, wanted: number) => boolean): Operator["compile"] {
  return (value) => {
    const wanted = toTimeMs(value);
    if (wanted === undefined) return undefined;
    return (text) => {
      const given = toTimeMs(text);
      return given !== undefined && compare(given, wanted);
    };
  };
}

/** Dates are written in one of the W3C forms of ISO 8601 or as seconds since 1970. */
function toTimeMs(text: string): number | undefined {
  if (/^\d{5,}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^[+-]?\d{4}/.test(text)) return undefined;
  const ms = Date.parse(/T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/i.test(text) ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}

function boolean(value: string): Matcher | undefined {
  const wanted = value.toLowerCase();
  if (wanted !== "true" && wanted !== "false") return undefined;
  return (text) => text.toLowerCase() === wanted;
}

function binary(value: string): Matcher {
  const wanted = Buffer.from(value, "base64");
  return (text) => Buffer.from(text, "base64").equals(wanted);
}

function address(value: string): Matcher | undefined {
  const [host = "", bits] = value.split("/");
  const family = isIP(host);
  const longest = family === 4 ? 32 : 128;
  const length = bits === undefined ? longest : Number(bits);
  if (family === 0 || !Number.isInteger(length) || length < 0 || length > longest) return undefined;
  const block = new BlockList();
  block.addSubnet(host, length, family === 4 ? "ipv4" : "ipv6");
  return (text) => {
    const given = isIP(text);
    return given !== 0 && block.check(text, given === 4 ? "ipv4" : "ipv6");
  };
}
