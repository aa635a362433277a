import { isObject, type Json } from "./json.ts";
import { EventError, resourceError } from "./error.ts";

const NOUNS = { map: "a map", list: "a list", string: "a string", boolean: "a boolean" } as const;
type Kind = keyof typeof NOUNS;

function fits(value: unknown, kind: Kind): boolean {
  if (kind === "map") return isObject(value);
  if (kind === "list") return Array.isArray(value);
  return typeof value === kind;
}

/** @throws SamError "Property 'X' should be a map." */
export function expectMap(value: unknown, logicalId: string, property: string, message?: string): Json {
  if (!isObject(value)) throw resourceError(logicalId, message ?? wrong(property, "map"));
  return value;
}

export function expectList(value: unknown, logicalId: string, property: string): unknown[] {
  if (!Array.isArray(value)) throw resourceError(logicalId, wrong(property, "list"));
  return value;
}

export function expectString(value: unknown, logicalId: string, property: string): string {
  if (typeof value !== "string") throw resourceError(logicalId, wrong(property, "string"));
  return value;
}

export function expectBoolean(value: unknown, logicalId: string, property: string): boolean {
  if (typeof value !== "boolean") throw resourceError(logicalId, wrong(property, "boolean"));
  return value;
}

export function expectGiven(value: unknown, logicalId: string, property: string): unknown {
  if (value === undefined || value === null) throw resourceError(logicalId, `Property '${property}' is required.`);
  return value;
}

/** The same for a property of an event. */
export function expectInEvent(value: unknown, eventId: string, property: string, kind: Kind): unknown {
  if (!fits(value, kind)) throw new EventError(eventId, wrong(property, kind));
  return value;
}

function wrong(property: string, kind: Kind): string {
  return `Property '${property}' should be ${NOUNS[kind]}.`;
}
