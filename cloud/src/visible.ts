import { sensitiveMembers } from "./wire/model.ts";

const TEXT_MAX = 4096;
/** Above this many characters and bytes a nested member is shortened, so that ten thousand spans never hold gigabytes. */
const NESTED_MAX = 32_768;
const NESTED_TEXT_MAX = 1024;
const NESTED_ITEMS_MAX = 20;

/**
 * A call's input or output as it may stand in a trace: secrets left out (what the API model calls sensitive), bodies and
 * long texts shortened. What is below the top level is kept by reference where it is small, else as a shortened copy.
 */
export function visible(service: string, operation: string, side: "input" | "output", value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const hidden = sensitiveMembers(service, operation, side);
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (hidden?.has(name)) shown[name] = "***";
    else if (member instanceof Uint8Array && member.byteLength > TEXT_MAX) shown[name] = `<${member.byteLength} bytes>`;
    else if (typeof member === "string" && member.length > TEXT_MAX) shown[name] = head(member, TEXT_MAX);
    else if (isStream(member)) shown[name] = "<stream>";
    else shown[name] = weigh(member, NESTED_MAX) < 0 ? shorten(member) : member;
  }
  return shown;
}

/** The first characters, as a text of their own: a slice would keep the whole text in memory. */
function head(text: string, length: number): string {
  return `${Buffer.from(text.slice(0, length)).toString("utf8")}…`;
}

function isStream(value: unknown): boolean {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || "pipe" in value);
}

/** What is left of a budget after a value's texts and bytes; negative where it is too large. Stops as soon as it is. */
function weigh(value: unknown, budget: number): number {
  if (typeof value === "string") return budget - value.length;
  if (typeof value !== "object" || value === null) return budget - 8;
  if (value instanceof Uint8Array) return budget - value.byteLength;
  let left = budget - 16;
  for (const member of Object.values(value)) {
    left = weigh(member, left);
    if (left < 0) break;
  }
  return left;
}

function shorten(value: unknown): unknown {
  if (typeof value === "string" && value.length > NESTED_TEXT_MAX) return head(value, NESTED_TEXT_MAX);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return value.byteLength > NESTED_TEXT_MAX ? `<${value.byteLength} bytes>` : value;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shorten(member)]));
  const first = value.slice(0, NESTED_ITEMS_MAX).map(shorten);
  return value.length > NESTED_ITEMS_MAX ? [...first, `… ${value.length - NESTED_ITEMS_MAX} more`] : first;
}
