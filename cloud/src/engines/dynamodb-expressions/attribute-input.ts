import { setAttribute, typeOf, type AttributeType, type AttributeValue, type Item } from "./attribute-value.ts";
import { InvalidInput } from "./invalid-input.ts";
import { canonicalNumber } from "./number.ts";

/** A value as the API gives and takes it: binaries are bytes. */
export interface ApiValue {
  S?: string;
  N?: string;
  B?: Uint8Array;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: Uint8Array[];
  L?: ApiValue[];
  M?: { [name: string]: ApiValue };
}

export type ApiItem = { [name: string]: ApiValue };

const LEVELS_MAX = 32;
const TYPES: ReadonlySet<string> = new Set(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);
const INVALID = "One or more parameter values were invalid: ";

/**
 * Checks a value of a request and brings it into the engine's form.
 * @param level how deep the value stands; an attribute is 1
 * @throws InvalidInput with AWS's message
 */
export function importValue(value: ApiValue, level = 1): AttributeValue {
  const type = firstType(value);
  if (type === undefined)
    throw new InvalidInput("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  if (level > LEVELS_MAX)
    throw new InvalidInput(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
    );
  const imported = importAs(type, value, level);
  for (const other in value)
    if (other !== type && value[other as AttributeType] !== undefined)
      throw new InvalidInput(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
      );
  return imported;
}

/** Checks every value of an item or key. @throws InvalidInput with AWS's message */
export function importItem(item: ApiItem, level = 1): Item {
  const imported: Item = {};
  for (const name in item) setAttribute(imported, name, importValue(item[name]!, level));
  return imported;
}

/** The value in the API's form, for callers within this process. */
export function exportValue(value: AttributeValue): ApiValue {
  switch (typeOf(value)) {
    case "B":
      return { B: Buffer.from(value.B!, "base64") };
    case "BS":
      return { BS: value.BS!.map((text) => Buffer.from(text, "base64")) };
    case "L":
      return { L: value.L!.map(exportValue) };
    case "M":
      return { M: exportItem(value.M!) };
    default:
      return value as ApiValue;
  }
}

export function exportItem(item: Item): ApiItem {
  const exported: ApiItem = {};
  for (const name in item) setAttribute(exported, name, exportValue(item[name]!));
  return exported;
}

function firstType(value: ApiValue): AttributeType | undefined {
  for (const type in value)
    if (TYPES.has(type) && value[type as AttributeType] !== undefined) return type as AttributeType;
  return undefined;
}

function importAs(type: AttributeType, value: ApiValue, level: number): AttributeValue {
  switch (type) {
    case "S":
      return { S: value.S! };
    case "BOOL":
      return { BOOL: value.BOOL! };
    case "N":
      return { N: canonicalNumber(value.N!) };
    case "B":
      return { B: base64(value.B!) };
    case "NULL":
      // AWS: `NULL: false` was refused until 2026 and is taken as null since.
      return { NULL: true };
    case "SS":
      return { SS: distinct(filled(value.SS!, "An string set  may not be empty"), " contains duplicates.") };
    case "NS":
      return { NS: distinctNumbers(filled(value.NS!, "An number set  may not be empty").map(canonicalNumber)) };
    case "BS":
      return {
        BS: distinct(
          filled(value.BS!, "Binary sets should not be empty").map(base64),
          "of type BS contains duplicates.",
        ),
      };
    case "L":
      return { L: value.L!.map((element) => importValue(element, level + 1)) };
    case "M":
      return { M: importItem(value.M!, level + 1) };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function filled<T>(set: T[], complaint: string): T[] {
  if (set.length === 0) throw new InvalidInput(INVALID + complaint);
  return set;
}

function distinct(set: string[], complaint: string): string[] {
  if (new Set(set).size < set.length)
    throw new InvalidInput(`${INVALID}Input collection [${set.join(", ")}]${complaint}`);
  return set;
}

function distinctNumbers(set: string[]): string[] {
  if (new Set(set).size < set.length) throw new InvalidInput("Input collection contains duplicates");
  return set;
}
