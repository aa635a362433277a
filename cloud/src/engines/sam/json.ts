import { createHash } from "node:crypto";

/** A JSON object as templates have them. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a function call: one member that is `Ref`, `Condition` or `Fn::…`. */
export function isIntrinsic(value: unknown): value is Json {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  const name = names[0];
  return names.length === 1 && (name === "Ref" || name === "Condition" || name!.startsWith("Fn::"));
}

export function isNoValue(value: unknown): boolean {
  return isIntrinsic(value) && value["Ref"] === "AWS::NoValue";
}

/** The three arguments of an `Fn::If`, or undefined for anything else. @throws Error for a malformed one */
export function ifArguments(value: unknown): [string, unknown, unknown] | undefined {
  if (!isIntrinsic(value) || !("Fn::If" in value)) return undefined;
  const items = value["Fn::If"];
  if (!Array.isArray(items) || items.length !== 3) throw new Error("Fn::If requires 3 arguments");
  return items as [string, unknown, unknown];
}

const NO_VALUE: Json = { Ref: "AWS::NoValue" };

export function ref(logicalId: unknown): Json {
  return { Ref: logicalId };
}

export function getAtt(logicalId: string, attribute: string): Json {
  return { "Fn::GetAtt": [logicalId, attribute] };
}

export function sub(text: string, variables?: Json): Json {
  return { "Fn::Sub": variables ? [text, variables] : text };
}

export function conditional(condition: unknown, yes: unknown, no: unknown = NO_VALUE): Json {
  return { "Fn::If": [condition, yes, no] };
}

/** The resource that a `Ref` or `Fn::GetAtt` names. */
export function targetOf(value: unknown): string | undefined {
  if (!isIntrinsic(value)) return undefined;
  if (typeof value["Ref"] === "string") return value["Ref"];
  const attribute = value["Fn::GetAtt"];
  if (Array.isArray(attribute) && attribute.length === 2 && typeof attribute[0] === "string") return attribute[0];
  if (typeof attribute === "string" && attribute.split(".").length === 2) return attribute.split(".")[0];
  return undefined;
}

export function isAlphanumeric(text: string): boolean {
  return /^[\p{L}\p{N}]+$/u.test(text);
}

/** A value that Python takes for true. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Whether two JSON values are the same, whatever the order of members. */
export function isSame(a: unknown, b: unknown): boolean {
  return sortedText(a) === sortedText(b);
}

/** JSON with sorted members and without spaces, in ASCII: what SAM takes the hash of. */
export function sortedText(value: unknown): string {
  return asciiText(JSON.stringify(sorted(value)));
}

/** JSON with sorted members, indented by four: what SAM makes of a state machine's definition. */
export function indentedText(value: unknown): string {
  return asciiText(JSON.stringify(sorted(value), undefined, 4));
}

/** JSON with sorted members. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

function asciiText(text: string): string {
  return text.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const HASH_LENGTH = 10;

/** SAM's generated logical ids: the prefix and the first digits of the data's SHA-1. No data, no digits. */
export function hashedId(prefix: string, data: unknown, length = HASH_LENGTH): string {
  const text = typeof data === "string" ? data : isTruthy(data) ? sortedText(data) : "";
  return text === "" ? prefix : prefix + createHash("sha1").update(text).digest("hex").slice(0, length);
}
