import type { Shape } from "../model.ts";
import { SerializationError } from "./json-reader.ts";
import { readTimestamp } from "./timestamp.ts";

const INTEGER = /^[+-]?\d+$/;

/**
 * Simple values written as text: XML elements, query parameters, headers, path labels.
 * @throws SerializationError for text that is not of the type
 */
export function readText(shape: Shape, text: string): unknown {
  switch (shape.kind) {
    case "string":
      return text;
    case "boolean":
      if (text === "true" || text === "True" || text === "TRUE" || text === "1") return true;
      if (text === "false" || text === "False" || text === "FALSE" || text === "0") return false;
      throw malformed(shape, text);
    case "integer":
    case "long":
      if (!INTEGER.test(text.trim())) throw malformed(shape, text);
      return Number(text);
    case "float":
    case "double": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (Number.isNaN(value) && text !== "NaN") throw malformed(shape, text);
      return value;
    }
    case "timestamp": {
      const date = readTimestamp(text);
      if (!date) throw malformed(shape, text);
      return date;
    }
    case "blob":
      return Buffer.from(text, "base64");
    default:
      throw new SerializationError(`A ${shape.kind} cannot be written as text`);
  }
}

/** AWS: worded so by the query services. */
function malformed(shape: Shape, text: string): SerializationError {
  const type = shape.kind.charAt(0).toUpperCase() + shape.kind.slice(1);
  return new SerializationError(
    `${text} can not be converted to ${type === "Integer" || type === "Long" ? "an" : "a"} ${type}`,
  );
}
