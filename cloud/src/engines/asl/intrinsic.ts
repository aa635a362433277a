/** The intrinsic functions. Source: Step Functions developer guide, "Intrinsics for JSONPath states". */
import { createHash } from "node:crypto";
import { StatesError } from "./error.ts";
import { parseIntrinsic, type IntrinsicArgument, type IntrinsicCall } from "./intrinsic-syntax.ts";
import { isObject, isSame, textOf, type Json } from "./json.ts";
import { findByPath, type PathData } from "./path.ts";
import { parsePath } from "./path-syntax.ts";
import { seededFraction, type SeededRandom } from "./random.ts";

export interface TemplateData extends PathData {
  readonly random: SeededRandom;
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};
const RANGE_MAX = 1000;
const TEXT_MAX = 10_000;

/**
 * What a call gives.
 * @throws StatesError `States.IntrinsicFailure` where arguments do not fit; `States.ParameterPathFailure` for a path
 */
export function evaluateIntrinsic(text: string, data: TemplateData): Json {
  const call = parseIntrinsic(text);
  const fail = (reason: string): never => {
    throw new StatesError("States.IntrinsicFailure", `The function '${text}' had the following error: ${reason}`);
  };
  return run(call, data, fail);
}

type Fail = (reason: string) => never;

function run(call: IntrinsicCall, data: TemplateData, fail: Fail): Json {
  return FUNCTIONS[call.name]!(
    call.args.map((argument) => valueOf(argument, data, fail)),
    fail,
    data,
  );
}

function valueOf(argument: IntrinsicArgument, data: TemplateData, fail: Fail): Json {
  if (argument.kind === "call") return run(argument, data, fail);
  if (argument.kind === "value") return argument.value;
  parsePath(argument.path);
  const found = findByPath(argument.path, data);
  if (found !== undefined) return found;
  return fail(
    `The JsonPath argument for the field '${argument.path}' could not be found in the input '${textOf(data.input)}'`,
  );
}

type Run = (args: readonly Json[], fail: Fail, data: TemplateData) => Json;

const FUNCTIONS: Readonly<Record<string, Run>> = {
  "States.Format": ([template, ...values], fail) => format(text(template, fail), values, fail),
  "States.StringToJson": ([value], fail) => {
    try {
      return value === "" ? null : (JSON.parse(text(value, fail)) as Json);
    } catch {
      return fail("Invalid JSON string.");
    }
  },
  "States.JsonToString": ([value]) => textOf(value!),
  "States.Array": (values) => [...values],
  "States.ArrayPartition": ([list, size], fail) => partition(array(list, fail), integer(size, fail), fail),
  "States.ArrayContains": ([list, value], fail) => array(list, fail).some((item) => isSame(item, value)),
  "States.ArrayRange": ([first, last, step], fail) =>
    range(integer(first, fail), integer(last, fail), integer(step, fail), fail),
  "States.ArrayGetItem": ([list, index], fail) =>
    array(list, fail)[integer(index, fail)] ?? fail(`Index out of range: ${String(index)}.`),
  "States.ArrayLength": ([list], fail) => array(list, fail).length,
  "States.ArrayUnique": ([list], fail) =>
    array(list, fail).filter((item, at, all) => all.findIndex((other) => isSame(other, item)) === at),
  "States.Base64Encode": ([value], fail) => Buffer.from(short(value, fail)).toString("base64"),
  "States.Base64Decode": ([value], fail) => {
    const encoded = short(value, fail);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return fail("Invalid Base64 string.");
    return Buffer.from(encoded, "base64").toString();
  },
  "States.Hash": ([value, algorithm], fail) => hash(value!, algorithm!, fail),
  "States.JsonMerge": ([a, b, deep], fail) => {
    if (!isObject(a) || !isObject(b)) return fail("The arguments to merge must be JSON objects.");
    if (deep !== false) return fail("Only the shallow merging mode (false) is supported.");
    return { ...a, ...b };
  },
  "States.MathRandom": ([from, to, seed], fail, { random }) => {
    const [low, high] = [integer(from, fail), integer(to, fail)];
    if (low >= high) return fail("The start number must be less than the end number.");
    const fraction = seed === undefined ? random.fraction() : seededFraction(integer(seed, fail));
    return low + Math.floor(fraction * (high - low));
  },
  "States.MathAdd": ([a, b], fail) => {
    const sum = integer(a, fail) + integer(b, fail);
    return sum > 2 ** 31 - 1 || sum < -(2 ** 31) ? fail("The result is out of the range of integers.") : sum;
  },
  "States.StringSplit": ([value, splitters], fail) => {
    const characters = new Set(text(splitters, fail));
    const parts: string[] = [""];
    for (const character of text(value, fail))
      if (characters.has(character)) parts.push("");
      else parts[parts.length - 1] += character;
    return parts.filter((part) => part !== "");
  },
  "States.UUID": (_, __, { random }) => random.uuid(),
};

function text(value: Json | undefined, fail: Fail): string {
  return typeof value === "string" ? value : fail("Expected a string argument.");
}

function short(value: Json | undefined, fail: Fail): string {
  const found = text(value, fail);
  return found.length > TEXT_MAX ? fail(`The string is longer than ${TEXT_MAX} characters.`) : found;
}

function array(value: Json | undefined, fail: Fail): Json[] {
  return Array.isArray(value) ? value : fail("Expected an array argument.");
}

/** AWS: numbers that are no integers are rounded down to the nearest. */
function integer(value: Json | undefined, fail: Fail): number {
  return typeof value === "number" ? Math.round(value) : fail("Expected a number argument.");
}

function format(template: string, values: readonly Json[], fail: Fail): string {
  let next = 0;
  const filled = template.replace(/\\([{}])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[next++];
    if (value === undefined) return fail("Number of arguments do not match the occurrences of {}.");
    return typeof value === "string" ? value : textOf(value);
  });
  return next === values.length ? filled : fail("Number of arguments do not match the occurrences of {}.");
}

/** `list` in chunks of `size` and a rest. */
export function partition(list: readonly Json[], size: number, fail: Fail): Json[] {
  if (size <= 0) return fail("The chunk size must be a positive integer.");
  const chunks: Json[] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.slice(at, at + size));
  return chunks;
}

/** From `first` to `last`, both included. */
export function range(first: number, last: number, step: number, fail: Fail): Json[] {
  if (step === 0) return fail("The step must not be zero.");
  const count = Math.floor((last - first) / step) + 1;
  if (count > RANGE_MAX) return fail(`The array would have more than ${RANGE_MAX} items.`);
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * step);
}

/** The digest of a text, or of a value as JSON, in hexadecimal. */
export function hash(value: Json, algorithm: Json, fail: Fail): string {
  const name = HASHES[String(algorithm)];
  if (name === undefined) return fail(`Unknown hash algorithm ${String(algorithm)}.`);
  const plain = typeof value === "string" ? value : textOf(value);
  return createHash(name).update(plain).digest("hex");
}
