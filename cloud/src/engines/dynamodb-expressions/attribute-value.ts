import { compareNumbers, numberBytes } from "./number.ts";

/**
 * A value as the engine holds it: AWS's own JSON form, so with binaries in Base64 and numbers in canonical text.
 * Exactly one member is set. So an item is stored, compared and answered without being turned round.
 */
export interface AttributeValue {
  S?: string;
  N?: string;
  /** Base64. */
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  /** Base64 each. */
  BS?: string[];
  L?: AttributeValue[];
  M?: Item;
}

export type Item = { [name: string]: AttributeValue };
export type AttributeType = keyof AttributeValue;

/** The type of a value: the name of its one member. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new TypeError("an attribute value without a type");
}

/** An attribute of an item; what every object has by itself (`constructor`) is none. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** Sets an attribute, also one named `__proto__`. */
export function setAttribute<V>(item: { [name: string]: V }, name: string, value: V): void {
  if (name !== "__proto__") item[name] = value;
  else Object.defineProperty(item, name, { value, enumerable: true, writable: true, configurable: true });
}

/** Whether two values are equal: of one type, sets in any order, lists in order, maps by name. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (b[type] === undefined) return false;
  switch (type) {
    case "SS":
    case "NS":
    case "BS":
      return equalSets(a[type]!, b[type]!);
    case "L":
      return a.L!.length === b.L!.length && a.L!.every((element, i) => equalValues(element, b.L![i]!));
    case "M":
      return equalMaps(a.M!, b.M!);
    default:
      return a[type] === b[type];
  }
}

/** Negative, zero or positive; undefined where the two have no order: different types, or a type without one. */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.S !== undefined && b.S !== undefined) return compareTexts(a.S, b.S);
  if (a.N !== undefined && b.N !== undefined) return compareNumbers(a.N, b.N);
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(bytesOf(a.B), bytesOf(b.B));
  return undefined;
}

/** Compares as UTF-8 bytes, which differs from JavaScript's order for characters beyond U+FFFF. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** Whether a text or binary begins with another of its type. */
export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.S !== undefined && prefix.S !== undefined) return value.S.startsWith(prefix.S);
  if (value.B === undefined || prefix.B === undefined) return false;
  const start = bytesOf(prefix.B);
  return bytesOf(value.B).subarray(0, start.length).equals(start);
}

/** Whether a text or binary has another within, or a set or list has the element. */
export function contains(value: AttributeValue, part: AttributeValue): boolean {
  switch (typeOf(value)) {
    case "S":
      return part.S !== undefined && value.S!.includes(part.S);
    case "B":
      return part.B !== undefined && bytesOf(value.B!).includes(bytesOf(part.B));
    case "SS":
      return part.S !== undefined && value.SS!.includes(part.S);
    case "NS":
      return part.N !== undefined && value.NS!.includes(part.N);
    case "BS":
      return part.B !== undefined && value.BS!.includes(part.B);
    case "L":
      return value.L!.some((element) => equalValues(element, part));
    default:
      return false;
  }
}

/** What `size()` says: bytes of a text or binary, elements of a set, list or map; undefined for the other types. */
export function sizeOf(value: AttributeValue): number | undefined {
  const type = typeOf(value);
  switch (type) {
    case "S":
      return Buffer.byteLength(value.S!);
    case "B":
      return base64Bytes(value.B!);
    case "SS":
    case "NS":
    case "BS":
    case "L":
      return value[type]!.length;
    case "M":
      return Object.keys(value.M!).length;
    default:
      return undefined;
  }
}

/** Bytes that an item counts for limits and capacity. Source: "DynamoDB item sizes and formats". */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += Buffer.byteLength(name) + valueBytes(item[name]!);
  return bytes;
}

/** Bytes that a value counts, without its attribute's name. */
export function valueBytes(value: AttributeValue): number {
  switch (typeOf(value)) {
    case "S":
      return Buffer.byteLength(value.S!);
    case "N":
      return numberBytes(value.N!);
    case "B":
      return base64Bytes(value.B!);
    case "BOOL":
    case "NULL":
      return 1;
    case "SS":
      return value.SS!.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
    case "NS":
      return value.NS!.reduce((bytes, text) => bytes + numberBytes(text), 0);
    case "BS":
      return value.BS!.reduce((bytes, text) => bytes + base64Bytes(text), 0);
    case "L":
      return value.L!.reduce((bytes, element) => bytes + 1 + valueBytes(element), 3);
    case "M":
      return 3 + Object.keys(value.M!).length + itemBytes(value.M!);
  }
}

/** The bytes that a Base64 text stands for. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}

/** How many bytes a Base64 text stands for. */
export function base64Bytes(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length * 3) / 4 - padding;
}

function equalSets(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a);
  return b.every((member) => members.has(member));
}

function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = attributeOf(b, name);
    return other !== undefined && equalValues(a[name]!, other);
  });
}

/** A UTF-16 code unit's rank among UTF-8 bytes: surrogates stand for what lies behind all other characters. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
