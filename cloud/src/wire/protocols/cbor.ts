import { cbor, tag } from "@smithy/core/cbor";
import type { AwsError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { Shape } from "../model.ts";
import type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";
import { errorFactsOf, errorMembers, errorMessage, queryErrorHeader } from "./errors.ts";
import { eventStreamResponse } from "./event-stream.ts";
import { refuseNulls } from "../validation.ts";
import { noteNull, SerializationError, takeNullSeen } from "./json-reader.ts";
import { asDate } from "./json-writer.ts";

/** RPC v2 CBOR and the older `application/x-amz-cbor-1.1`. Loaded when first spoken: few clients do. */

interface Dialect {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How many of a timestamp's units make a second. Quirk: the old dialect counts milliseconds. */
  readonly perSecond: 1 | 1000;
}

function codec(dialect: Dialect): Codec {
  return {
    decode({ operation, body }: ApiRequest): Record<string, unknown> {
      if (body.length === 0) return {};
      const input = readCbor(operation.input, parse(body), dialect) as Record<string, unknown>;
      if (takeNullSeen()) refuseNulls(operation, input);
      return input;
    },
    encode(output: unknown, cx: Answered): HttpResponse {
      if (cx.operation.eventStream) return eventStreamResponse(output, cx, "rpc");
      const headers = { "x-amzn-RequestId": cx.requestId, ...dialect.headers };
      if (cx.operation.output.name === "Unit") return { status: 200, headers, body: "" };
      const body = cbor.serialize(writeCbor(cx.operation.output, output ?? {}, dialect));
      return { status: 200, headers: { ...headers, "Content-Type": dialect.contentType }, body };
    },
    encodeError(error: AwsError, cx: Refused): HttpResponse {
      const { status, shape } = errorFactsOf(error, cx.api);
      const members = errorMembers(error, shape);
      const modelled = (shape ? writeCbor(shape, members, dialect) : members) as Record<string, unknown>;
      const body = cbor.serialize({ __type: error.code, ...modelled, ...errorMessage(error, shape) });
      const headers = { "x-amzn-RequestId": cx.requestId, "Content-Type": dialect.contentType, ...dialect.headers };
      return { status, headers: { ...headers, ...queryErrorHeader(error, cx.api), ...error.headers }, body };
    },
  };
}

function parse(body: Buffer): unknown {
  try {
    return cbor.deserialize(body) as unknown;
  } catch {
    throw new SerializationError("");
  }
}

interface Tagged {
  readonly tag: number | bigint;
  readonly value: unknown;
}

function isTagged(value: unknown): value is Tagged {
  return typeof value === "object" && value !== null && "tag" in value && "value" in value;
}

/** @throws SerializationError where the CBOR type is not the shape's */
function readCbor(shape: Shape, value: unknown, dialect: Dialect): unknown {
  switch (shape.kind) {
    case "structure":
    case "union": {
      const target: Record<string, unknown> = {};
      for (const [name, item] of Object.entries(record(value))) {
        const member = shape.byName.get(name);
        if (member && item !== null && item !== undefined) target[name] = readCbor(member.shape, item, dialect);
      }
      return target;
    }
    case "list":
      if (!Array.isArray(value)) throw new SerializationError("Unexpected field type");
      return value.map((item) => (item === null ? noteNull() : readCbor(shape.element!.shape, item, dialect)));
    case "map": {
      const entries = Object.entries(record(value));
      return Object.fromEntries(
        entries.map(([key, item]) => [key, item === null ? noteNull() : readCbor(shape.value!.shape, item, dialect)]),
      );
    }
    case "timestamp": {
      const time = Number(isTagged(value) ? value.value : value);
      if (Number.isNaN(time)) throw new SerializationError("Unexpected field type");
      return new Date(Math.round((time * 1000) / dialect.perSecond));
    }
    case "blob":
      if (!(value instanceof Uint8Array)) throw new SerializationError("Unexpected field type");
      return Buffer.from(value);
    case "document":
      return value;
    default:
      return readSimple(shape, value);
  }
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array)
    throw new SerializationError("Unexpected field type");
  return value as Record<string, unknown>;
}

function readSimple(shape: Shape, value: unknown): unknown {
  const wanted = shape.kind === "string" || shape.kind === "boolean" ? shape.kind : "number";
  if (typeof value === "bigint" && wanted === "number") return Number(value);
  if (typeof value !== wanted) throw new SerializationError("Unexpected field type");
  return value;
}

function writeCbor(shape: Shape, value: unknown, dialect: Dialect): unknown {
  switch (shape.kind) {
    case "structure":
    case "union": {
      const source = value as Record<string, unknown>;
      const target: Record<string, unknown> = {};
      for (const { name, shape: inner } of shape.members) {
        if (source[name] !== undefined && source[name] !== null) target[name] = writeCbor(inner, source[name], dialect);
      }
      return target;
    }
    case "list":
      return (value as unknown[]).map((item) => writeCbor(shape.element!.shape, item, dialect));
    case "map":
      return Object.fromEntries(
        Object.entries(value as Record<string, unknown>).map(([key, item]) => [
          key,
          writeCbor(shape.value!.shape, item, dialect),
        ]),
      );
    case "timestamp":
      return tag({ tag: 1, value: (asDate(value).getTime() / 1000) * dialect.perSecond });
    case "blob":
      return value instanceof Uint8Array ? value : Buffer.from(String(value));
    default:
      return value;
  }
}

export const rpcv2Cbor = codec({
  contentType: "application/cbor",
  headers: { "smithy-protocol": "rpc-v2-cbor" },
  perSecond: 1,
});
export const awsCbor = codec({ contentType: "application/x-amz-cbor-1.1", headers: {}, perSecond: 1000 });
