import type { Member, Shape } from "../model.ts";
import { SerializationError } from "./json-reader.ts";
import { readText } from "./text-values.ts";

/**
 * XML → SDK values, along a shape. A reader of our own: a request's body is plain elements, and fast-xml-parser takes
 * 34 ms to load, 15 µs for each part of a multipart upload, lets two roots pass and leaves `&#13;` as it is (measured
 * with 5.12). Document types are refused, so there are no entities to expand.
 */
export interface XmlElement {
  /** Without prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

/** What is no well-formed XML. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

const DEPTH_MAX = 100;
const NAME = /[^\s/>=]+/y;
const ATTRIBUTE = /\s+([^\s/>=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const ENTITY = /&(#x[0-9a-fA-F]+|#\d+|\w+);?/g;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Parses a document.
 * @throws XmlError
 */
export function parseXml(source: string): XmlElement {
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  const stack: XmlElement[] = [];
  let root: XmlElement | undefined;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("<", at);
    appendText(stack.at(-1), text.slice(at, open < 0 ? undefined : open));
    if (open < 0) break;
    if (text.startsWith("<!--", open)) at = after(text, "-->", open);
    else if (text.startsWith("<?", open)) at = after(text, "?>", open);
    else if (text.startsWith("<![CDATA[", open)) {
      at = after(text, "]]>", open);
      const parent = stack.at(-1);
      if (!parent) throw new XmlError("Text outside of the root element");
      parent.text += text.slice(open + 9, at - 3);
    } else if (text[open + 1] === "!") throw new XmlError("Document types are not allowed");
    else if (text[open + 1] === "/") {
      at = after(text, ">", open);
      const element = stack.pop();
      if (element === undefined || localName(text.slice(open + 2, at - 1).trim()) !== element.name)
        throw new XmlError("An end tag has no start tag");
    } else {
      const start = readStartTag(text, open + 1);
      const parent = stack.at(-1);
      if (parent) parent.children.push(start.element);
      else if (root) throw new XmlError("More than one root element");
      else root = start.element;
      if (!start.closed && stack.push(start.element) > DEPTH_MAX) throw new XmlError("Elements nest too deep");
      at = start.end;
    }
  }
  if (!root || stack.length > 0)
    throw new XmlError(root ? `Element ${stack.at(-1)?.name} does not end` : "There is no element");
  return root;
}

function appendText(parent: XmlElement | undefined, text: string): void {
  if (text === "") return;
  if (parent) parent.text += unescapeXml(text);
  else if (text.trim() !== "") throw new XmlError("Text outside of the root element");
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  if (at < 0) throw new XmlError(`${end} is missing`);
  return at + end.length;
}

function readStartTag(text: string, from: number): { element: XmlElement; closed: boolean; end: number } {
  NAME.lastIndex = from;
  const name = NAME.exec(text)?.[0];
  if (name === undefined || name.includes("<")) throw new XmlError("A tag has no name");
  const attributes: Record<string, string> = {};
  let at = from + name.length;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(text);
    if (!match) break;
    attributes[match[1]!] = unescapeXml(match[2] ?? match[3] ?? "");
    at = ATTRIBUTE.lastIndex;
  }
  while (/\s/.test(text[at] ?? "")) at++;
  const closed = text[at] === "/";
  if (closed) at++;
  if (text[at] !== ">") throw new XmlError(`Tag ${name} does not end`);
  return { element: { name: localName(name), attributes, children: [], text: "" }, closed, end: at + 1 };
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(ENTITY, (all, entity: string) => {
    if (entity.startsWith("#")) {
      const code = entity[1] === "x" ? Number.parseInt(entity.slice(2), 16) : Number.parseInt(entity.slice(1), 10);
      if (code <= 0x10ffff && all.endsWith(";")) return String.fromCodePoint(code);
    } else if (Object.hasOwn(ENTITIES, entity) && all.endsWith(";")) return ENTITIES[entity]!;
    throw new XmlError(`Unknown entity ${all}`);
  });
}

/**
 * Reads an element as a shape.
 * @throws SerializationError for text that is not of the type
 */
export function readXml(shape: Shape, element: XmlElement): unknown {
  switch (shape.kind) {
    case "structure":
    case "union":
      return readStructure(shape, element);
    case "list":
      return element.children.map((child) => readXml(shape.element!.shape, child));
    case "map":
      return readEntries(shape, element.children);
    default:
      if (element.children.length > 0)
        throw new SerializationError(`Element ${element.name} holds elements where text is expected`);
      return readText(shape, element.text);
  }
}

function readStructure(shape: Shape, element: XmlElement): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const member of shape.members) {
    const value = readMember(member, element);
    if (value !== undefined) target[member.name] = value;
  }
  return target;
}

function readMember(member: Member, element: XmlElement): unknown {
  if (member.xmlAttribute) {
    const text = element.attributes[member.xmlName];
    return text === undefined ? undefined : readText(member.shape, text);
  }
  const name = localName(member.xmlName);
  if (member.flattened) {
    const items = element.children.filter((child) => child.name === name);
    if (items.length === 0) return undefined;
    const { shape } = member;
    return shape.kind === "map" ? readEntries(shape, items) : items.map((item) => readXml(shape.element!.shape, item));
  }
  const child = element.children.find((candidate) => candidate.name === name);
  return child && readXml(member.shape, child);
}

function readEntries(map: Shape, entries: readonly XmlElement[]): Record<string, unknown> {
  const target: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const entry of entries) {
    const key = entry.children.find((child) => child.name === map.key!.xmlName);
    const value = entry.children.find((child) => child.name === map.value!.xmlName);
    if (key && value) target[key.text] = readXml(map.value!.shape, value);
  }
  return { ...target };
}
