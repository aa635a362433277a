import { AwsError } from "../../aws/error.ts";
import type { Kind, Shape, TimestampFormat } from "../model.ts";
import { readTimestamp } from "./timestamp.ts";

/**
 * Parsed JSON → SDK values (Uint8Array, Date), along a shape. It is changed in place: it is ours alone, and most requests
 * hold nothing but strings.
 *
 * AWS: texts and coercions as DynamoDB's front end words them (observed by the dynalite test suite against the service).
 */

export class SerializationError extends AwsError {
  constructor(message: string) {
    super("SerializationException", message, { status: 400 });
  }
}

const CAST =
  "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')";
const JAVA_CLASS: Partial<Record<Kind, string>> = {
  string: "java.lang.String",
  boolean: "java.lang.Boolean",
  integer: "java.lang.Integer",
  long: "java.lang.Long",
  float: "java.lang.Float",
  double: "java.lang.Double",
  blob: "java.nio.ByteBuffer",
  timestamp: "java.util.Date",
};
const INTEGER_MAX = 2 ** 31 - 1;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Where a value stands: AWS words a wrong type by it. */
type Place = "field" | "value";

let nullSeen = false;

/** Whether there was a `null` inside a list or map since this was last asked. */
export function takeNullSeen(): boolean {
  const seen = nullSeen;
  nullSeen = false;
  return seen;
}

/** To be called for a `null` inside a list or map. */
export function noteNull(): null {
  nullSeen = true;
  return null;
}

/**
 * Turns a parsed JSON value into what the SDK's types say.
 * @throws SerializationError where the JSON type is not the shape's
 */
export function readJson(shape: Shape, value: unknown, format?: TimestampFormat, place: Place = "field"): unknown {
  switch (shape.kind) {
    case "string":
      return typeof value === "string" ? value : wrongScalar(shape, value);
    case "structure":
    case "union":
      return readStructure(shape, value, place);
    case "list":
      return readList(shape, value, place);
    case "map":
      return readMap(shape, value, place);
    case "boolean":
      return typeof value === "boolean" ? value : readLooseBoolean(shape, value);
    case "integer":
    case "long":
      if (typeof value === "number")
        return Number.isInteger(value) ? within(shape.kind, value) : within(shape.kind, Math.trunc(value));
      return wrongScalar(shape, value);
    case "float":
    case "double":
      return typeof value === "number" ? value : readSpecialFloat(shape, value);
    case "blob":
      return readBlob(shape, value);
    case "timestamp":
      return readTime(shape, value, format);
    case "document":
      return value;
  }
}

function readStructure(shape: Shape, value: unknown, place: Place): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrongStructure(shape, value, place);
  const source = value as Record<string, unknown>;
  if (shape.renamed) return readRenamed(shape, source);
  for (const key in source) {
    const item = source[key];
    const member = shape.byName.get(key);
    if (member === undefined || item === null) delete source[key];
    else {
      const read = readJson(member.shape, item, member.timestampFormat);
      if (read !== item) source[key] = read;
    }
  }
  return source;
}

/** API Gateway v2 alone writes its members in another case. */
function readRenamed(shape: Shape, source: Record<string, unknown>): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const key in source) {
    const member = shape.byJsonName.get(key);
    if (member && source[key] !== null)
      target[member.name] = readJson(member.shape, source[key], member.timestampFormat);
  }
  return target;
}

function readList(shape: Shape, value: unknown, place: Place): unknown {
  if (!Array.isArray(value)) return wrongCollection(shape, value, place);
  const element = shape.element!;
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    if (item === null) nullSeen = true;
    else {
      const read = readJson(element.shape, item, element.timestampFormat, "value");
      if (read !== item) value[i] = read;
    }
  }
  return value;
}

function readMap(shape: Shape, value: unknown, place: Place): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrongCollection(shape, value, place);
  const map = value as Record<string, unknown>;
  const member = shape.value!;
  for (const key in map) {
    const item = map[key];
    if (item === null) nullSeen = true;
    else {
      const read = readJson(member.shape, item, member.timestampFormat, "value");
      if (read !== item) map[key] = read;
    }
  }
  return map;
}

function within(kind: "integer" | "long", value: number): number {
  if (kind === "long") return value;
  return value > INTEGER_MAX ? INTEGER_MAX : value < -INTEGER_MAX - 1 ? -INTEGER_MAX - 1 : value;
}

function readLooseBoolean(shape: Shape, value: unknown): unknown {
  if (typeof value !== "string") return wrongScalar(shape, value);
  const text = value.toUpperCase();
  if (text === "TRUE" || text === "YES" || text === "1") return true;
  if (text === "FALSE" || text === "NO" || text === "0") return false;
  throw new SerializationError("Unexpected token received from parser");
}

function readSpecialFloat(shape: Shape, value: unknown): unknown {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return wrongScalar(shape, value);
}

function readBlob(shape: Shape, value: unknown): Uint8Array {
  if (typeof value !== "string") {
    if (typeof value !== "object")
      throw new SerializationError("only base-64-encoded strings are convertible to bytes");
    return wrongScalar(shape, value);
  }
  if (value.length % 4 !== 0)
    throw new SerializationError(`Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`);
  if (!BASE64.test(value))
    throw new SerializationError(`Invalid Base64 character: '${/[^A-Za-z0-9+/]/.exec(value)?.[0]}'`);
  const bytes = Buffer.from(value, "base64");
  // The bits that padding leaves unused must be zero.
  if (value.endsWith("=") && bytes.toString("base64") !== value)
    throw new SerializationError("Invalid last non-pad Base64 character dectected");
  return bytes;
}

function readTime(shape: Shape, value: unknown, format: TimestampFormat | undefined): unknown {
  if (typeof value === "number") return new Date(Math.round(value * 1000));
  if (typeof value === "string" && format !== "epoch") {
    const date = readTimestamp(value);
    if (date) return date;
  }
  return wrongScalar(shape, value);
}

function wrongScalar(shape: Shape, value: unknown): never {
  if (Array.isArray(value))
    throw new SerializationError(`Unrecognized collection type class ${JAVA_CLASS[shape.kind]}`);
  if (typeof value === "object") throw new SerializationError("Start of structure or map found where not expected");
  throw new SerializationError(
    `${tokenName(value)} cannot be converted to ${JAVA_CLASS[shape.kind]?.replace(/^.*\./, "")}`,
  );
}

function tokenName(value: unknown): string {
  if (value === true) return "TRUE_VALUE";
  if (value === false) return "FALSE_VALUE";
  if (typeof value === "number") return Number.isInteger(value) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  return "STRING_VALUE";
}

function wrongStructure(shape: Shape, value: unknown, place: Place): never {
  if (Array.isArray(value)) throw new SerializationError(`Unrecognized collection type class ${className(shape)}`);
  throw new SerializationError(place === "value" ? "Unexpected value type in payload" : "Unexpected field type");
}

function wrongCollection(shape: Shape, value: unknown, place: Place): never {
  if (Array.isArray(value))
    throw new SerializationError(
      `Unrecognized collection type java.util.Map<java.lang.String, ${className(shape.value!.shape)}>`,
    );
  if (typeof value === "object" && value !== null)
    throw new SerializationError("Start of structure or map found where not expected");
  throw new SerializationError(place === "value" ? CAST : "Unexpected field type");
}

function className(shape: Shape): string {
  return (
    JAVA_CLASS[shape.kind] ??
    (shape.kind === "list" ? `java.util.List<${className(shape.element!.shape)}>` : `${shape.namespace}.${shape.name}`)
  );
}
