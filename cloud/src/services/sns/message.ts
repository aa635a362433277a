import type { MessageAttributeValue, PublishBatchRequestEntry } from "@aws-sdk/client-sns";
import { invalidParameter, invalidValue } from "./errors.ts";
import type { Protocol, TopicKey } from "./records.ts";

export interface MessageAttribute {
  readonly type: string;
  readonly value: string | Uint8Array;
}

/** A message as it was published. */
export interface Message {
  readonly id: string;
  readonly topic: TopicKey;
  readonly publishedMs: number;
  readonly subject?: string;
  readonly text: string;
  /** What some protocols get in place of `text`. */
  readonly texts?: Partial<Record<Protocol, string>>;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** AWS's default is 1: SHA-1; 2 is SHA-256. Messages of FIFO topics are not signed. */
  readonly signatureVersion: "1" | "2";
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** Of a FIFO topic. */
  readonly sequenceNumber?: string;
  /** `X-Amzn-Trace-Id` of the publisher's request. */
  readonly traceHeader?: string;
}

/** What a publisher gives, of one message or of one entry of a batch. */
export type Given = Omit<PublishBatchRequestEntry, "Id">;

/** AWS: "Subjects must be ASCII text that begins with a letter, number, or punctuation mark; must not include line breaks or control characters; and must be less than 100 characters long." */
const SUBJECT = /^[!-~][ -~]{0,99}$/;
const TYPE = /^(String|Number|Binary)(\..+)?$/;
const NAME_BYTES_MAX = 256;

/** The checks that no topic is needed for. @throws AwsError InvalidParameter, ParameterValueInvalid */
export function checkGiven(given: Given): void {
  if (given.Subject !== undefined && !SUBJECT.test(given.Subject)) throw invalidParameter("Subject");
  if (given.Message === undefined || given.Message === "") throw invalidParameter("Empty message");
  for (const [name, value] of Object.entries(given.MessageAttributes ?? {})) checkAttribute(name, value);
}

/** How many bytes a message counts: text, and names, types and values of its attributes. */
export function bytesOf({ Message = "", MessageAttributes = {} }: Given): number {
  let bytes = Buffer.byteLength(Message);
  for (const [name, { DataType = "", StringValue, BinaryValue }] of Object.entries(MessageAttributes))
    bytes += Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue ?? BinaryValue ?? "");
  return bytes;
}

export function readAttributes(given: Given["MessageAttributes"]): Record<string, MessageAttribute> | undefined {
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { type: DataType!, value: (DataType!.startsWith("Binary") ? BinaryValue : StringValue)! },
    ]),
  );
}

const PROTOCOLS: ReadonlySet<string> = new Set<Protocol>(["http", "https", "email", "email-json", "sqs", "lambda"]);

/**
 * The texts of a message, one for all or by protocol. AWS: keys that are no protocol and values that are no text are
 * passed over.
 * @throws AwsError InvalidParameter
 */
export function readTexts({
  Message: message = "",
  MessageStructure: structure,
}: Given): Pick<Message, "text" | "texts"> {
  if (structure === undefined || structure === "") return { text: message };
  if (structure !== "json") throw invalidParameter("MessageStructure");
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalidParameter("Message Structure - JSON message body failed to parse");
  }
  const texts = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  const text = texts["default"];
  if (typeof text !== "string") throw invalidParameter("Message Structure - No default entry in JSON message body");
  const own = Object.entries(texts).filter(([name, value]) => PROTOCOLS.has(name) && typeof value === "string");
  return own.length === 0 ? { text } : { text, texts: Object.fromEntries(own) as Message["texts"] };
}

/** What the subscribers of a protocol get. */
export function textFor({ text, texts }: Message, protocol: Protocol): string {
  return texts?.[protocol] ?? text;
}

function checkAttribute(name: string, given: MessageAttributeValue): void {
  checkName(name);
  const type = given.DataType!;
  if (!TYPE.test(type))
    throw invalidValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  const field = type.startsWith("Binary") ? "Binary" : "String";
  const value = field === "Binary" ? given.BinaryValue : given.StringValue;
  const other = field === "Binary" ? given.StringValue : given.BinaryValue;
  if (value === undefined && other !== undefined)
    throw invalidValue(`The message attribute '${name}' with type '${type}' must use field '${field}'.`);
  if (value === undefined || value.length === 0)
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    );
  if (type.startsWith("Number") && !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(String(value)))
    throw invalidValue(`Could not cast message attribute '${name}' value to number.`);
}

/** AWS (observed): the order of the checks of a name. */
function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_BYTES_MAX)
    throw invalidValue("Length of message attribute name must be less than 256 bytes.");
  if (name.startsWith(".")) throw invalidValue("Invalid message attribute name starting with character '.' was found.");
  if (name.endsWith(".")) throw invalidValue("Invalid message attribute name ending with character '.' was found.");
  const strange = /[^A-Za-z0-9_.-]/u.exec(name);
  if (strange)
    throw invalidValue(
      `Invalid non-alphanumeric character '#x${strange[0].codePointAt(0)!.toString(16).toUpperCase()}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    );
  if (name.includes("..")) throw invalidValue("Message attribute name can not have successive '.' character.");
}
