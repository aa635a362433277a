import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { invalidMessageContents, invalidParameter } from "./errors.ts";
import type { MessageAttribute } from "./messages.ts";

const ATTRIBUTES_MAX = 10;
const NAME = /^[A-Za-z0-9_\-.]{1,256}$/;
const TYPE = /^(String|Number|Binary)(\..+)?$/;
/** AWS: "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF" */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** @throws AwsError InvalidMessageContents */
export function checkCharacters(text: string): void {
  const found = FORBIDDEN.exec(text);
  if (found) throw invalidMessageContents(found[0].codePointAt(0)!);
}

/**
 * Checks message attributes and takes from them what is kept.
 * @throws AwsError InvalidParameterValue, InvalidMessageContents
 */
export function readAttributes(given: Record<string, MessageAttributeValue>): Record<string, MessageAttribute> {
  const entries = Object.entries(given);
  if (entries.length > ATTRIBUTES_MAX)
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    );
  return Object.fromEntries(entries.map(([name, value]) => [name, readAttribute(name, value)]));
}

function readAttribute(name: string, given: MessageAttributeValue): MessageAttribute {
  checkName(name);
  const type = given.DataType ?? "";
  if (type === "")
    throw invalidParameter(`The message attribute '${name}' must contain non-empty message attribute type.`);
  if (!TYPE.test(type) || type.length > 256)
    throw invalidParameter(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  const binary = type.startsWith("Binary");
  const value = binary ? given.BinaryValue : given.StringValue;
  if (value === undefined || value.length === 0)
    throw invalidParameter(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${binary ? "Binary" : "String"}'.`,
    );
  if (typeof value === "string") {
    checkCharacters(value);
    if (type.startsWith("Number") && !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value))
      throw invalidParameter(`Could not cast message (user) attribute '${name}' value to number.`);
  }
  return { type, value };
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw invalidParameter(
      `Message (user) attribute name is invalid: '${name}'. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
    );
  if (/^(aws|amazon)\./i.test(name))
    throw invalidParameter(
      `You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.`,
    );
  if (name.startsWith(".") || name.endsWith(".") || name.includes(".."))
    throw invalidParameter(
      "You can't use message attribute names beginning or ending with '.', or with successive periods.",
    );
}

/** How many bytes attributes count: names, types and values. */
export function attributeBytes(attributes: Record<string, MessageAttribute>): number {
  let bytes = 0;
  for (const [name, { type, value }] of Object.entries(attributes))
    bytes += name.length + type.length + Buffer.byteLength(value);
  return bytes;
}

/** Source: "Amazon SQS message metadata", "Calculating the MD5 message digest for message attributes". */
export function attributesMd5(attributes: Record<string, MessageAttribute>): string {
  const hash = createHash("md5");
  const add = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).toSorted()) {
    const { type, value } = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(type));
    hash.update(Buffer.from([typeof value === "string" ? 1 : 2]));
    add(typeof value === "string" ? Buffer.from(value) : value);
  }
  return hash.digest("hex");
}

/** AWS: names as they are, `prefix.*`, or all by `All` and `.*`. */
export function selectAttributes(
  attributes: Record<string, MessageAttribute> | undefined,
  names: readonly string[] | undefined,
): Record<string, MessageAttribute> | undefined {
  if (!attributes || !names || names.length === 0) return undefined;
  if (names.includes("All") || names.includes(".*")) return attributes;
  const chosen = Object.entries(attributes).filter(([name]) =>
    names.some((wanted) => (wanted.endsWith(".*") ? name.startsWith(wanted.slice(0, -2)) : wanted === name)),
  );
  return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
}

export function writeAttributes(attributes: Record<string, MessageAttribute>): Record<string, MessageAttributeValue> {
  const written = Object.entries(attributes).map(([name, { type, value }]) => [
    name,
    typeof value === "string" ? { StringValue: value, DataType: type } : { BinaryValue: value, DataType: type },
  ]);
  return Object.fromEntries(written) as Record<string, MessageAttributeValue>;
}
