import { sensitiveMembers } from "./wire/model.ts";

const TEXT_MAX = 4096;

/**
 * A call's input or output as it may stand in a trace: secrets left out (what the API model calls sensitive), bodies and
 * long texts shortened. Shallow: what is below the top level is kept by reference.
 */
export function visible(service: string, operation: string, side: "input" | "output", value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const hidden = sensitiveMembers(service, operation, side);
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (hidden?.has(name)) shown[name] = "***";
    else if (member instanceof Uint8Array && member.byteLength > TEXT_MAX) shown[name] = `<${member.byteLength} bytes>`;
    else if (typeof member === "string" && member.length > TEXT_MAX) shown[name] = `${member.slice(0, TEXT_MAX)}…`;
    else if (isStream(member)) shown[name] = "<stream>";
    else shown[name] = member;
  }
  return shown;
}

function isStream(value: unknown): boolean {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || "pipe" in value);
}
