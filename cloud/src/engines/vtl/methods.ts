import { isEqual, isMap, MadeList, textOf, type VtlMap } from "./value.ts";
import { VtlError } from "./syntax.ts";

/** The methods of Java's String, List, Map, Integer and Boolean that templates call. */

type Methods<T> = Readonly<Record<string, (self: T, ...given: never[]) => unknown>>;

const STRING: Methods<string> = {
  length: (self) => self.length,
  isEmpty: (self) => self === "",
  isBlank: (self) => self.trim() === "",
  charAt: (self, at: number) => self.charAt(at),
  concat: (self, other: string) => self + textOf(other),
  contains: (self, part: string) => self.includes(textOf(part)),
  startsWith: (self, part: string) => self.startsWith(part),
  endsWith: (self, part: string) => self.endsWith(part),
  equals: (self, other: unknown) => self === other,
  equalsIgnoreCase: (self, other: string) => self.toLowerCase() === textOf(other).toLowerCase(),
  compareTo: (self, other: string) => (self < other ? -1 : self > other ? 1 : 0),
  indexOf: (self, part: string, from?: number) => self.indexOf(part, from),
  lastIndexOf: (self, part: string) => self.lastIndexOf(part),
  matches: (self, pattern: string) => regex(`^(?:${pattern})$`).test(self),
  replace: (self, from: string, to: string) => self.replaceAll(textOf(from), () => textOf(to)),
  replaceAll: (self, pattern: string, to: string) => self.replace(regex(pattern, "g"), replacement(textOf(to))),
  replaceFirst: (self, pattern: string, to: string) => self.replace(regex(pattern), replacement(textOf(to))),
  split: (self, pattern: string, limit?: number) => split(self, pattern, limit),
  substring: (self, from: number, to?: number) => substring(self, from, to),
  toLowerCase: (self) => self.toLowerCase(),
  toUpperCase: (self) => self.toUpperCase(),
  trim: (self) => self.trim(),
  strip: (self) => self.trim(),
  toString: (self: string) => self,
  hashCode: (self) => hashCode(self),
  repeat: (self, count: number) => self.repeat(Math.min(count, 10_000)),
};

const LIST: Methods<unknown[]> = {
  size: (self) => self.length,
  isEmpty: (self) => self.length === 0,
  get: (self, at: number) => self[at],
  set: (self, at: number, value: unknown) => {
    const before = self[at];
    self[at] = value;
    return before;
  },
  add: (self, first: unknown, ...rest: unknown[]) => {
    if (rest.length === 0) self.push(first);
    else self.splice(Number(first), 0, rest[0]);
    return rest.length === 0 ? true : undefined;
  },
  addAll: (self, other: unknown[]) => {
    self.push(...(Array.isArray(other) ? other : []));
    return true;
  },
  remove: (self, which: unknown) => {
    const at = typeof which === "number" ? which : self.findIndex((item) => isEqual(item, which));
    const gone = at < 0 ? [] : self.splice(at, 1);
    return typeof which === "number" ? gone[0] : gone.length > 0;
  },
  clear: (self) => void self.splice(0),
  contains: (self, value: unknown) => self.some((item) => isEqual(item, value)),
  containsAll: (self, other: unknown[]) => other.every((value) => self.some((item) => isEqual(item, value))),
  indexOf: (self, value: unknown) => self.findIndex((item) => isEqual(item, value)),
  subList: (self, from: number, to: number) => MadeList.from(self.slice(from, to)),
  iterator: (self) => self,
  equals: (self, other: unknown) => isEqual(self, other),
  toString: (self: unknown[]) => textOf(self),
};

const MAP: Methods<VtlMap> = {
  size: (self) => Object.keys(self).length,
  isEmpty: (self) => Object.keys(self).length === 0,
  get: (self, key: unknown) => own(self, textOf(key)),
  getOrDefault: (self, key: unknown, otherwise: unknown) => own(self, textOf(key)) ?? otherwise,
  put: (self, key: unknown, value: unknown) => {
    const before = own(self, textOf(key));
    setOwn(self, textOf(key), value);
    return before;
  },
  putAll: (self, other: VtlMap) => {
    for (const [key, value] of Object.entries(other ?? {})) setOwn(self, key, value);
    return undefined;
  },
  remove: (self, key: unknown) => {
    const before = own(self, textOf(key));
    delete self[textOf(key)];
    return before;
  },
  clear: (self) => {
    for (const key of Object.keys(self)) delete self[key];
    return undefined;
  },
  containsKey: (self, key: unknown) => Object.hasOwn(self, textOf(key)),
  containsValue: (self, value: unknown) => Object.values(self).some((item) => isEqual(item, value)),
  keySet: (self) => MadeList.from(Object.keys(self)),
  values: (self) => MadeList.from(Object.values(self)),
  entrySet: (self) => MadeList.from(Object.entries(self).map(([key, value]) => ({ key, value }))),
  getKey: (self) => own(self, "key"),
  getValue: (self) => own(self, "value"),
  equals: (self, other: unknown) => isEqual(self, other),
  toString: (self: VtlMap) => textOf(self),
};

const NUMBER: Methods<number> = {
  intValue: (self) => Math.trunc(self),
  longValue: (self) => Math.trunc(self),
  doubleValue: (self) => self,
  floatValue: (self) => self,
  parseInt: (_, text: unknown) => whole(text),
  parseLong: (_, text: unknown) => whole(text),
  parseDouble: (_, text: unknown) => Number(textOf(text)),
  valueOf: (_: number, text: unknown) => Number(textOf(text)),
  compareTo: (self, other: number) => Math.sign(self - other),
  equals: (self, other: unknown) => self === other,
  toString: (self: number) => textOf(self),
};

const BOOLEAN: Methods<boolean> = {
  booleanValue: (self) => self,
  parseBoolean: (_, text: unknown) => textOf(text).toLowerCase() === "true",
  equals: (self, other: unknown) => self === other,
  toString: (self: boolean) => String(self),
};

/** Calls a method of a value. @returns undefined where the value has no such method: the reference is null then */
export function callMethod(self: unknown, name: string, given: readonly unknown[]): unknown {
  const methods = methodsOf(self);
  if (!methods || !Object.hasOwn(methods, name)) return undefined;
  return (methods as Methods<unknown>)[name]!(self, ...(given as never[]));
}

function methodsOf(self: unknown): object | undefined {
  if (typeof self === "string") return STRING;
  if (typeof self === "number") return NUMBER;
  if (typeof self === "boolean") return BOOLEAN;
  if (Array.isArray(self)) return LIST;
  return isMap(self) ? MAP : undefined;
}

export function own(map: VtlMap, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Sets a member as plain data, whatever its name. */
export function setOwn(map: VtlMap, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}

/** @throws VtlError for what is no number, as Java's NumberFormatException ends a template */
function whole(text: unknown): number {
  const read = textOf(text);
  if (!/^[+-]?\d+$/.test(read)) throw new VtlError(`For input string: "${read}"`);
  return Number(read);
}

function substring(self: string, from: number, to = self.length): string {
  if (from < 0 || to > self.length || from > to)
    throw new VtlError(`String index out of range: ${from}, ${to} of ${self.length}`);
  return self.slice(from, to);
}

/** Java leaves empty texts at the end out. */
function split(self: string, pattern: string, limit = 0): unknown[] {
  const parts = self.split(regex(pattern));
  if (limit > 0 && parts.length > limit) {
    const head = parts.slice(0, limit - 1);
    return MadeList.from([...head, self.slice(head.join("-").length + (head.length > 0 ? 1 : 0))]);
  }
  if (limit === 0) while (parts.length > 1 && parts.at(-1) === "") parts.pop();
  return MadeList.from(parts);
}

function regex(pattern: string, flags = ""): RegExp {
  try {
    // Java's flags at the beginning, `(?i)`, are the only syntax of its own that templates use.
    const [, own = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
    return new RegExp(pattern.replace(/^\(\?[ims]+\)/, ""), flags + own);
  } catch {
    throw new VtlError(`Not a regular expression: ${pattern}`);
  }
}

/** Java writes groups as JavaScript does, and escapes with a backslash. */
function replacement(text: string): string {
  return text.replace(/\\([^])/g, (_, escaped: string) => (escaped === "$" ? "$$" : escaped));
}

function hashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}
