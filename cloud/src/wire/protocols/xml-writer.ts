import type { Member, Shape } from "../model.ts";
import { asDate, writeBlob } from "./json-writer.ts";
import { isoWithoutZeroFraction, writeTimestamp } from "./timestamp.ts";

/** SDK values → XML, along a shape. REST XML, AWS query and EC2 query differ in a few names only. */
export type XmlStyle = "rest" | "query" | "ec2";

/** Markup, control characters, and line separators that a reader would change. */
const UNSAFE = /[&<>"\p{Cc}\u2028\ufffe\uffff]/u;
const ALL_UNSAFE = new RegExp(UNSAFE, "gu");
const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "\t" };

/** Escapes text for an element or attribute. Characters that XML cannot hold become references, as S3 does it. */
export function escapeXml(text: string): string {
  return UNSAFE.test(text) ? text.replace(ALL_UNSAFE, (c) => ENTITIES[c] ?? `&#${c.charCodeAt(0)};`) : text;
}

/** A whole document with one root element. */
export function writeXmlDocument(shape: Shape, value: unknown, root: string, namespace: string | undefined): string {
  const xmlns = namespace === undefined ? "" : ` xmlns="${escapeXml(namespace)}"`;
  return `<${root}${xmlns}${attributes(shape, value)}>${writeXml(shape, value, "rest")}</${root}>`;
}

/** The inside of an element that holds `value`. */
export function writeXml(shape: Shape, value: unknown, style: XmlStyle, member?: Member): string {
  switch (shape.kind) {
    case "structure":
    case "union":
      return writeMembers(shape.members, value as Record<string, unknown>, style);
    case "list":
      return writeItems(shape, value as unknown[], itemName(shape, style), style);
    case "map":
      return writeEntries(shape, value as Record<string, unknown>, "entry", style);
    default:
      return escapeXml(writeXmlText(shape, value, member, style));
  }
}

/** The members of a structure as elements; what travels elsewhere (headers, attributes) is left out. */
export function writeMembers(members: readonly Member[], source: Record<string, unknown>, style: XmlStyle): string {
  let xml = "";
  for (const member of members) {
    const value = source[member.name];
    if (
      value === undefined ||
      value === null ||
      member.xmlAttribute ||
      !(member.location === "body" || style !== "rest")
    )
      continue;
    xml += writeMember(member, value, style);
  }
  return xml;
}

function writeMember(member: Member, value: unknown, style: XmlStyle): string {
  const { shape } = member;
  if (member.flattened && shape.kind === "list") return writeItems(shape, value as unknown[], member.xmlName, style);
  if (member.flattened && shape.kind === "map")
    return writeEntries(shape, value as Record<string, unknown>, member.xmlName, style);
  return writeElement(member.xmlName, shape, value, style, member);
}

function writeElement(name: string, shape: Shape, value: unknown, style: XmlStyle, member: Member): string {
  const inner = writeXml(shape, value, style, member);
  return `<${name}${namespaceOf(member)}${attributes(shape, value)}>${inner}</${name}>`;
}

function writeItems(list: Shape, items: unknown[], name: string, style: XmlStyle): string {
  const element = list.element!;
  let xml = "";
  for (const item of items)
    if (item !== undefined && item !== null) xml += writeElement(name, element.shape, item, style, element);
  return xml;
}

function writeEntries(map: Shape, entries: Record<string, unknown>, name: string, style: XmlStyle): string {
  const key = map.key!;
  const value = map.value!;
  let xml = "";
  for (const [entryKey, entryValue] of Object.entries(entries)) {
    if (entryValue === undefined || entryValue === null) continue;
    const keyXml = `<${key.xmlName}>${escapeXml(entryKey)}</${key.xmlName}>`;
    xml += `<${name}>${keyXml}${writeElement(value.xmlName, value.shape, entryValue, style, value)}</${name}>`;
  }
  return xml;
}

function itemName(list: Shape, style: XmlStyle): string {
  const element = list.element!;
  return element.xmlNamed ? element.xmlName : style === "ec2" ? "item" : "member";
}

function namespaceOf(member: Member): string {
  if (!member.xmlNamespace) return "";
  const [prefix, uri] = member.xmlNamespace;
  return ` xmlns${prefix ? `:${prefix}` : ""}="${escapeXml(uri)}"`;
}

function attributes(shape: Shape, value: unknown): string {
  let text = "";
  for (const member of shape.members) {
    if (!member.xmlAttribute) continue;
    const attribute = (value as Record<string, unknown>)[member.name];
    if (attribute === undefined || attribute === null) continue;
    text += ` ${member.xmlName}="${escapeXml(writeXmlText(member.shape, attribute, member, "rest"))}"`;
  }
  return text;
}

/** A simple value as text, unescaped. */
function writeXmlText(shape: Shape, value: unknown, member: Member | undefined, style: XmlStyle): string {
  if (shape.kind === "blob") return writeBlob(value);
  if (shape.kind !== "timestamp") return String(value);
  const format = member?.timestampFormat ?? "date-time";
  if (format !== "date-time") return writeTimestamp(asDate(value), format);
  // AWS: S3 and EC2 always write the fraction, `.000Z`; the query services only where there is one.
  return style === "query" ? isoWithoutZeroFraction(asDate(value)) : asDate(value).toISOString();
}
