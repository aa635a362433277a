import { isObject } from "./json.ts";

/**
 * SAM names an API's deployment after the hash of what Python 2.7 would have printed of its OpenAPI document, members
 * in the order of Python 2.7's hash tables ("AWS::Serverless::Api", generated resources). For the same logical ids,
 * the document is kept here in dictionaries of that order, and strings know whether Python 2.7 would have had them as
 * `unicode` (those of the template) or as `str` (those that SAM adds).
 */
export type PythonValue = string | number | boolean | null | Unicode | PythonList | PythonDict | PlainDict;
export type PythonList = PythonValue[];
/** A dictionary in the order of insertion, as SAM makes them for functions such as `{ Ref: … }`. */
export interface PlainDict {
  [name: string]: PythonValue;
}

/** A string of the template. */
export class Unicode {
  constructor(readonly text: string) {}
}

/** The text of a string of either kind; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  if (value instanceof Unicode) return value.text;
  return typeof value === "string" ? value : undefined;
}

type Key = string | Unicode;

/** A dictionary that goes through its members in the order of Python 2.7 (dictobject.c: open addressing). */
export class PythonDict {
  readonly #values = new Map<string, PythonValue>();
  #slots = new Map<number, Key | undefined>();
  #size = 0;
  #fill = 0;
  #mask = SIZE_MIN - 1;

  static of(members: Readonly<Record<string, PythonValue>>): PythonDict {
    const dict = new PythonDict();
    dict.update(Object.entries(members));
    return dict;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: string): PythonValue | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  set(key: Key, value: PythonValue): void {
    this.#values.set(nameOf(key), value);
    this.#add(key);
  }

  /** Returns what is there, else puts the value there. */
  setDefault(key: Key, value: PythonValue): PythonValue {
    const name = nameOf(key);
    if (!this.#values.has(name)) this.set(key, value);
    return this.#values.get(name)!;
  }

  /** Adds many members at once: the table grows before, not in between. */
  update(members: readonly (readonly [Key, PythonValue])[]): void {
    if (members.length === 0) return;
    if ((this.#fill + members.length) * 3 >= (this.#mask + 1) * 2) this.#resize((this.#size + members.length) * 2);
    for (const [key] of members) this.#add(key);
    for (const [key, value] of members) this.set(key, value);
  }

  delete(name: string): void {
    if (!this.#values.delete(name)) return;
    this.#slots.set(this.#slotOf(name), undefined);
    this.#size -= 1;
  }

  keys(): Key[] {
    return [...this.#slots]
      .sort(([a], [b]) => a - b)
      .map(([, key]) => key)
      .filter((key) => key !== undefined);
  }

  names(): string[] {
    return this.keys().map(nameOf);
  }

  entries(): [Key, PythonValue][] {
    return this.keys().map((key) => [key, this.#values.get(nameOf(key))!]);
  }

  /** A deep copy. As in Python, members that share a slot may change places. */
  copy(): PythonDict {
    const copied = new PythonDict();
    for (const key of this.keys()) copied.#add(key);
    for (const [name, value] of this.#values) copied.#values.set(name, copyOf(value));
    return copied;
  }

  #add(key: Key): void {
    const sizeBefore = this.#size;
    const slot = this.#slotOf(nameOf(key));
    if (!this.#slots.has(slot)) {
      this.#size += 1;
      this.#fill += 1;
      this.#slots.set(slot, key);
    } else if (this.#slots.get(slot) === undefined) {
      this.#size += 1;
      this.#slots.set(slot, key);
    }
    if (this.#size > sizeBefore && this.#fill * 3 >= (this.#mask + 1) * 2)
      this.#resize(this.#size * (this.#size > LARGE_SIZE ? 2 : 4));
  }

  /** The slot of a key, or the one that it would take. A slot whose key was deleted holds undefined. */
  #slotOf(name: string): number {
    const hash = pythonHash(name);
    const mask = BigInt(this.#mask);
    let walker = hash & mask;
    let perturb = hash;
    let free: number | undefined;
    for (;;) {
      const slot = Number(walker & mask);
      if (!this.#slots.has(slot)) return free ?? slot;
      const held = this.#slots.get(slot);
      if (held === undefined) free ??= slot;
      else if (nameOf(held) === name) return slot;
      walker = BigInt.asUintN(64, walker * 5n + perturb + 1n);
      perturb >>= PERTURB_SHIFT;
    }
  }

  #resize(request: number): void {
    let size = SIZE_MIN;
    while (size <= request) size *= 2;
    const keys = this.keys();
    this.#mask = size - 1;
    this.#slots = new Map();
    this.#size = 0;
    this.#fill = 0;
    for (const key of keys) this.#add(key);
  }
}

const SIZE_MIN = 8;
const LARGE_SIZE = 50_000;
const PERTURB_SHIFT = 5n;

function nameOf(key: Key): string {
  return key instanceof Unicode ? key.text : key;
}

/** Python 2.7's string hash on 64 bits. */
function pythonHash(text: string): bigint {
  const points = Array.from(text, (character) => BigInt(character.codePointAt(0)!));
  if (points.length === 0) return 0n;
  let hash = points[0]! << 7n;
  for (const point of points) hash = BigInt.asUintN(64, 1000003n * hash) ^ point;
  return BigInt.asUintN(64, hash ^ BigInt(points.length));
}

/** A part of the template, with its strings and dictionaries as Python 2.7 has them. */
export function toPython(value: unknown): PythonValue {
  if (typeof value === "string") return new Unicode(value);
  if (Array.isArray(value)) return value.map(toPython);
  if (!isObject(value) || value instanceof PythonDict || value instanceof Unicode) return value as PythonValue;
  const dict = new PythonDict();
  for (const [name, member] of Object.entries(value)) dict.set(new Unicode(name), toPython(member));
  return dict;
}

/** Names in the order in which a dictionary goes through them that they were put into. */
export function pythonOrder(names: readonly string[]): string[] {
  const dict = new PythonDict();
  for (const name of names) dict.set(name, null);
  return dict.names();
}

/** Plain JSON again. */
export function fromPython(value: PythonValue | undefined): unknown {
  if (value instanceof Unicode) return value.text;
  if (Array.isArray(value)) return value.map(fromPython);
  if (value instanceof PythonDict)
    return Object.fromEntries(value.entries().map(([key, member]) => [nameOf(key), fromPython(member)]));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fromPython(member as PythonValue)]));
}

/** A deep copy, as Python's `copy.deepcopy`. */
function copyOf(value: PythonValue): PythonValue {
  if (value instanceof PythonDict) return value.copy();
  if (value instanceof Unicode) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member as PythonValue)]));
}

/** What Python prints of a value. */
export function pythonText(value: PythonValue): string {
  if (value instanceof Unicode) return `u${quoted(unicodeEscaped(value.text))}`;
  if (typeof value === "string") return quoted(stringEscaped(value));
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  const members = value instanceof PythonDict ? value.entries() : Object.entries(value);
  return `{${members.map(([key, member]) => `${pythonText(key)}: ${pythonText(member)}`).join(", ")}}`;
}

function quoted(text: string): string {
  if (text.includes("'") && !text.includes('"')) return `"${text}"`;
  return `'${text.replaceAll("'", "\\'")}'`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function stringEscaped(text: string): string {
  return text.replaceAll(/[\\\p{Cc}]/gu, (one) => ESCAPES[one] ?? hex(one, 2, "x"));
}

function unicodeEscaped(text: string): string {
  return Array.from(text, (one) => {
    const point = one.codePointAt(0)!;
    if (ESCAPES[one] !== undefined) return ESCAPES[one];
    if (point >= 0x20 && point < 0x7f) return one;
    if (point < 0x100) return hex(one, 2, "x");
    return point < 0x10000 ? hex(one, 4, "u") : hex(one, 8, "U");
  }).join("");
}

function hex(one: string, digits: number, letter: string): string {
  return `\\${letter}${one.codePointAt(0)!.toString(16).padStart(digits, "0")}`;
}
