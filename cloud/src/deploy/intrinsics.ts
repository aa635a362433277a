import { availabilityZones } from "../aws/availability-zones.ts";
import { cidrSubnets } from "./cidr.ts";
import { validationError } from "./template-error.ts";
import { isObject, type Template } from "./template.ts";

/**
 * A value that only the deployment will tell (a physical id, an attribute). It spreads: whatever is made of it is
 * unknown too. Previews and the checks before a deployment work with it.
 */
export const UNKNOWN = Symbol("known after deployment");

/** What `Ref: AWS::NoValue` gives: the property or list item is left out. */
export const NO_VALUE = Symbol("AWS::NoValue");

/** What an expression can ask for. Every lookup throws AwsError ValidationError for what does not exist. */
export interface Environment {
  readonly mappings: Template["mappings"];
  /** Parameters, pseudo parameters and resources. */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
  importValue(exportName: string): unknown;
  readonly region: string;
  /** Whether the template has `Transform: AWS::LanguageExtensions`, which allows functions in more places. */
  readonly languageExtensions: boolean;
}

type Evaluate = (argument: unknown, env: Environment) => unknown;

/** Replaces every function and reference in an expression by its value. @throws AwsError ValidationError */
export function evaluate(expression: unknown, env: Environment): unknown {
  if (Array.isArray(expression))
    return expression.map((item) => evaluate(item, env)).filter((item) => item !== NO_VALUE);
  if (!isObject(expression)) return expression;
  const call = findCall(expression);
  if (call) return FUNCTIONS[call.name]!(call.argument, env);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(expression)) {
    const value = evaluate(member, env);
    if (value !== NO_VALUE) result[name] = value;
  }
  return result;
}

/** The function call that an object stands for, if it is one: `{ "Fn::Join": [...] }`. */
export function findCall(expression: Record<string, unknown>): { name: string; argument: unknown } | undefined {
  const names = Object.keys(expression);
  const name = names[0];
  if (names.length !== 1 || name === undefined) return undefined;
  if (name !== "Ref" && !name.startsWith("Fn::")) return undefined;
  if (!Object.hasOwn(FUNCTIONS, name))
    throw validationError(`Template error: function ${name} is not a valid template function`);
  return { name, argument: expression[name] };
}

/** Evaluates what stands in `Conditions`, a rule, or the arguments of a condition function. */
export function evaluateCondition(expression: unknown, env: Environment): boolean {
  if (isObject(expression) && Object.keys(expression).length === 1) {
    const [name, argument] = Object.entries(expression)[0]!;
    // Quirk: SAM puts conditions that it joins into one another: `{ Condition: { Condition: Name } }`.
    if (name === "Condition" && isObject(argument)) return evaluateCondition(argument, env);
    if (name === "Condition") return env.condition(String(argument));
    if (name in FUNCTIONS) return asBoolean(FUNCTIONS[name]!(argument, env));
  }
  if (typeof expression === "boolean" || expression === "true" || expression === "false") return asBoolean(expression);
  throw validationError(
    "Template format error: Conditions can only be boolean operations on parameters and other conditions",
  );
}

function asBoolean(value: unknown): boolean {
  return value === true || value === "true";
}

const FUNCTIONS: Record<string, Evaluate> = {
  Ref: (argument, env) => {
    if (typeof argument !== "string") {
      if (!env.languageExtensions) throw validationError("Template format error: All Ref values must be strings");
      return env.ref(String(evaluate(argument, env)));
    }
    return argument === "AWS::NoValue" ? NO_VALUE : env.ref(argument);
  },
  "Fn::GetAtt": getAtt,
  "Fn::Sub": sub,
  "Fn::Join": join,
  "Fn::Select": select,
  "Fn::Split": split,
  "Fn::If": (argument, env) => {
    if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== "string")
      throw validationError(
        "Template error: Fn::If requires a list argument with three elements: a condition name and two values",
      );
    return evaluate(env.condition(argument[0]) ? argument[1] : argument[2], env);
  },
  "Fn::And": (argument, env) => conditions("Fn::And", argument, 2, 10).every((one) => evaluateCondition(one, env)),
  "Fn::Or": (argument, env) => conditions("Fn::Or", argument, 2, 10).some((one) => evaluateCondition(one, env)),
  "Fn::Not": (argument, env) => !evaluateCondition(conditions("Fn::Not", argument, 1, 1)[0], env),
  "Fn::Equals": (argument, env) => {
    if (!Array.isArray(argument) || argument.length !== 2)
      throw validationError("Template error: every Fn::Equals object requires a list of 2 string parameters.");
    const [left, right] = argument.map((side) => evaluate(side, env));
    return sameText(left, right);
  },
  "Fn::FindInMap": findInMap,
  "Fn::Base64": (argument, env) => {
    const text = evaluate(argument, env);
    if (text === UNKNOWN) return UNKNOWN;
    if (typeof text === "object")
      throw validationError("Template error: every Fn::Base64 object must have a String-typed value.");
    return Buffer.from(String(text)).toString("base64");
  },
  "Fn::Cidr": cidr,
  "Fn::GetAZs": (argument, env) => {
    const region = evaluate(argument, env);
    if (region === UNKNOWN) return UNKNOWN;
    return availabilityZones(region === "" || region === undefined ? env.region : String(region));
  },
  "Fn::ImportValue": (argument, env) => {
    const name = evaluate(argument, env);
    return name === UNKNOWN ? UNKNOWN : env.importValue(String(name));
  },
  "Fn::Length": (argument, env) => {
    requireExtensions("Fn::Length", env);
    const list = evaluate(argument, env);
    if (list === UNKNOWN) return UNKNOWN;
    if (!Array.isArray(list)) throw validationError("Template error: Fn::Length requires a list argument");
    return list.length;
  },
  "Fn::ToJsonString": (argument, env) => {
    requireExtensions("Fn::ToJsonString", env);
    const value = evaluate(argument, env);
    return containsUnknown(value) ? UNKNOWN : JSON.stringify(value);
  },
  "Fn::Transform": (argument) => {
    const name = isObject(argument) ? String(argument["Name"]) : String(argument);
    throw validationError(`Katachi does not emulate the transform ${name}`);
  },
  // The functions of rules ("Rule-specific intrinsic functions").
  "Fn::Contains": (argument, env) => {
    const [list, value] = pair("Fn::Contains", argument, env);
    return asList(list).some((item) => sameText(item, value));
  },
  "Fn::EachMemberEquals": (argument, env) => {
    const [list, value] = pair("Fn::EachMemberEquals", argument, env);
    return asList(list).every((item) => sameText(item, value));
  },
  "Fn::EachMemberIn": (argument, env) => {
    const [list, allowed] = pair("Fn::EachMemberIn", argument, env);
    return asList(list).every((item) => asList(allowed).some((one) => sameText(one, item)));
  },
};

/** The functions that rules alone know and that read facts of existing EC2 resources. */
for (const name of ["Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"])
  FUNCTIONS[name] = () => {
    throw validationError(`Katachi does not emulate the function ${name}`);
  };

function getAtt(argument: unknown, env: Environment): unknown {
  const parts = typeof argument === "string" ? splitAt(argument, ".") : argument;
  if (!Array.isArray(parts) || parts.length < 2 || parts[0] === "" || parts[1] === "")
    throw validationError(
      "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
    );
  const [logicalId, ...path] = parts.map((part) => evaluate(part, env));
  if (path.includes(UNKNOWN)) return UNKNOWN;
  return env.getAtt(String(logicalId), path.join("."));
}

function splitAt(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `${Name}`, `${Name.Attribute}`; `${!Literal}` stands for itself. */
export const SUB_VARIABLE = /\$\{(!?)([^{}]*)\}/g;

function sub(argument: unknown, env: Environment): unknown {
  const [template, variables] = Array.isArray(argument) ? (argument as [unknown, unknown]) : [argument, {}];
  if (typeof template !== "string" || !isObject(variables ?? {}) || (Array.isArray(argument) && argument.length !== 2))
    throw validationError(
      "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
    );
  let unknown = false;
  const text = template.replace(SUB_VARIABLE, (_whole, literal: string, written: string) => {
    if (literal === "!") return `\${${written}}`;
    const name = written.trim();
    if (!/^[A-Za-z0-9_.:]+$/.test(name))
      throw validationError(
        "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
      );
    const value = Object.hasOwn(variables as object, name)
      ? evaluate((variables as Record<string, unknown>)[name], env)
      : name.includes(".")
        ? env.getAtt(...(splitAt(name, ".") as [string, string]))
        : name === "AWS::NoValue"
          ? ""
          : env.ref(name);
    if (value === UNKNOWN) unknown = true;
    return value === UNKNOWN ? "" : textOf(value, "Fn::Sub");
  });
  return unknown ? UNKNOWN : text;
}

/** A value inside a text. Lists are joined by commas, as CloudFormation does for list parameters in `Fn::Sub`. */
function textOf(value: unknown, name: string): string {
  if (Array.isArray(value) && name === "Fn::Sub") return value.map((item) => textOf(item, name)).join(",");
  if (typeof value === "object")
    throw validationError(`Template error: every ${name} object requires string values; one of them is not a string`);
  return String(value);
}

function join(argument: unknown, env: Environment): unknown {
  const wrong = () =>
    validationError(
      "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
    );
  if (!Array.isArray(argument) || argument.length !== 2) throw wrong();
  const delimiter = evaluate(argument[0], env);
  const list = evaluate(argument[1], env);
  if (list === UNKNOWN || delimiter === UNKNOWN) return UNKNOWN;
  if (typeof delimiter !== "string" || !Array.isArray(list)) throw wrong();
  if (list.includes(UNKNOWN)) return UNKNOWN;
  if (list.some((item) => typeof item === "object")) throw wrong();
  return list.map(String).join(delimiter);
}

function select(argument: unknown, env: Environment): unknown {
  const wrong = () =>
    validationError(
      "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
    );
  if (!Array.isArray(argument) || argument.length !== 2) throw wrong();
  const index = evaluate(argument[0], env);
  const list = evaluate(argument[1], env);
  if (index === UNKNOWN || list === UNKNOWN) return UNKNOWN;
  if (!Array.isArray(list) || !/^-?\d+$/.test(String(index))) throw wrong();
  const value = list[Number(index)];
  if (value === undefined)
    throw validationError(`Template error: Fn::Select  cannot select nonexistent value at index ${String(index)}`);
  return value;
}

function split(argument: unknown, env: Environment): unknown {
  const wrong = () =>
    validationError(
      "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.",
    );
  if (!Array.isArray(argument) || argument.length !== 2) throw wrong();
  const delimiter = evaluate(argument[0], env);
  const text = evaluate(argument[1], env);
  if (delimiter === UNKNOWN || text === UNKNOWN) return UNKNOWN;
  if (typeof delimiter !== "string" || delimiter === "" || typeof text === "object") throw wrong();
  return String(text).split(delimiter);
}

function findInMap(argument: unknown, env: Environment): unknown {
  if (!Array.isArray(argument) || argument.length < 3)
    throw validationError(
      "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
    );
  const [map, first, second] = argument.slice(0, 3).map((part) => evaluate(part, env));
  if (map === UNKNOWN || first === UNKNOWN || second === UNKNOWN) return UNKNOWN;
  const fallback = argument[3] as { DefaultValue?: unknown } | undefined;
  const found = lookUp(env.mappings, String(map), String(first), String(second));
  if (found !== undefined) return found;
  if (fallback !== undefined && "DefaultValue" in fallback) {
    requireExtensions("DefaultValue of Fn::FindInMap", env);
    return evaluate(fallback.DefaultValue, env);
  }
  if (!Object.hasOwn(env.mappings, String(map)))
    throw validationError(
      `Template error: Mapping named '${String(map)}' is not present in the 'Mappings' section of template.`,
    );
  throw validationError(`Template error: Unable to get mapping for ${[map, first, second].map(String).join("::")}`);
}

function lookUp(mappings: Template["mappings"], ...path: string[]): unknown {
  let at: unknown = mappings;
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

function cidr(argument: unknown, env: Environment): unknown {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 3)
    throw validationError(
      "Template error: every Fn::Cidr object requires an IP block, a count and optionally a number of subnet bits",
    );
  const [block, count, bits] = argument.map((part) => evaluate(part, env));
  if (block === UNKNOWN || count === UNKNOWN || bits === UNKNOWN) return UNKNOWN;
  const subnets = cidrSubnets(String(block), Number(count), bits === undefined ? undefined : Number(bits));
  if (!subnets)
    throw validationError(
      `Template error: Fn::Cidr cannot divide ${String(block)} into ${String(count)} blocks of ${String(bits)} subnet bits`,
    );
  return subnets;
}

function conditions(name: string, argument: unknown, min: number, max: number): unknown[] {
  if (!Array.isArray(argument) || argument.length < min || argument.length > max)
    throw validationError(
      min === max
        ? `Template error: every ${name} object requires one boolean parameter.`
        : `Template error: every ${name} object requires a list of at least ${min} and at most ${max} boolean parameters.`,
    );
  return argument;
}

function pair(name: string, argument: unknown, env: Environment): [unknown, unknown] {
  if (!Array.isArray(argument) || argument.length !== 2)
    throw validationError(`Template error: every ${name} object requires two parameters.`);
  return [evaluate(argument[0], env), evaluate(argument[1], env)];
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Conditions compare texts: `true` and "true", 1 and "1" are the same. */
function sameText(a: unknown, b: unknown): boolean {
  if (typeof a === "object" || typeof b === "object") return JSON.stringify(a) === JSON.stringify(b);
  return String(a) === String(b);
}

function requireExtensions(what: string, env: Environment): void {
  if (!env.languageExtensions)
    throw validationError(`Template error: ${what} requires the transform AWS::LanguageExtensions`);
}

/** Whether anything in a value is known only after deployment. */
export function containsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(containsUnknown);
}
