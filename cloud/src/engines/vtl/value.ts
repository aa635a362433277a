/** Values of templates, and how Java prints them. */

/** What a template's host gives it beside plain data, e.g. `$input`: methods, and properties where it has some. */
export interface HostObject {
  readonly vtl: true;
  /** Undefined where there is no such method: the reference is null. */
  call(method: string, given: readonly unknown[]): unknown;
  get(property: string): unknown;
}

export function isHost(value: unknown): value is HostObject {
  return typeof value === "object" && value !== null && (value as { vtl?: unknown }).vtl === true;
}

/** A list that the template itself made: Java prints it otherwise than an array of JSON. */
export class MadeList extends Array<unknown> {}

export type VtlMap = Record<string, unknown>;

export function isMap(value: unknown): value is VtlMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isHost(value);
}

/** Whether a condition holds: all but null and false do. */
export function isTrue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

/**
 * A value as a template prints it: nothing for null; maps as Java's maps, `{a=1}`; arrays of JSON as JSON, since the
 * JSON library of API Gateway prints them so.
 */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (value instanceof MadeList) return `[${value.map(inner).join(", ")}]`;
  if (Array.isArray(value)) return JSON.stringify(value);
  if (isMap(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${inner(item)}`)
      .join(", ")}}`;
  return isHost(value) ? "" : String(value);
}

/** Inside of a list or map, null is printed by its name. */
function inner(value: unknown): string {
  return value === null || value === undefined ? "null" : textOf(value);
}

/** Java's `equals`, and Velocity's of numbers. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || left === undefined) return right === null || right === undefined;
  if (right === null || right === undefined) return false;
  if (typeof left === "object" && typeof right === "object") return JSON.stringify(left) === JSON.stringify(right);
  // Velocity: operands of different classes are compared as texts.
  return typeof left !== typeof right && textOf(left) === textOf(right);
}
