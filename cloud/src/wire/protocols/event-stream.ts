import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { AwsError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { Member, Operation, Shape } from "../model.ts";
import type { Answered } from "./codec.ts";
import { asDate, writeJson } from "./json-writer.ts";
import { writeXmlDocument } from "./xml-writer.ts";

/** `application/vnd.amazon.eventstream`: answers that go on, as frames of headers and payload (Lambda, Logs, Kinesis, S3). */

export type FrameHeaders = Record<string, string | number | boolean | Date | Uint8Array>;

type Payloads = "json" | "xml";

/**
 * @param style `rpc` begins with an `initial-response` frame that holds the other members of the output; in `rest` they
 *   are HTTP headers, which the caller adds
 */
export function eventStreamResponse(
  output: unknown,
  cx: Answered,
  style: "rpc" | "rest",
  payloads: Payloads = "json",
): HttpResponse {
  const members = (output ?? {}) as Record<string, unknown>;
  return {
    status: 200,
    headers: { "x-amzn-RequestId": cx.requestId, "Content-Type": "application/vnd.amazon.eventstream" },
    body: Readable.from(frames(members, cx.operation, style, payloads), { objectMode: false }),
  };
}

async function* frames(
  output: Record<string, unknown>,
  operation: Operation,
  style: "rpc" | "rest",
  payloads: Payloads,
): AsyncGenerator<Buffer> {
  const stream = operation.eventStream!;
  if (style === "rpc") {
    const { [stream.name]: _, ...rest } = output;
    const initial = writeJson(operation.output, rest);
    yield frame(
      {
        ":message-type": "event",
        ":event-type": "initial-response",
        ":content-type": contentType(operation, payloads),
      },
      initial,
    );
  }
  const events = output[stream.name] as
    | AsyncIterable<Record<string, unknown>>
    | Iterable<Record<string, unknown>>
    | undefined;
  try {
    for await (const event of events ?? []) yield eventFrame(event, stream.shape, operation, payloads);
  } catch (error) {
    const known = error instanceof AwsError ? error : new AwsError("InternalFailure", "Internal server error");
    const body = JSON.stringify({ message: known.message, ...known.members });
    yield frame(
      { ":message-type": "exception", ":exception-type": known.code, ":content-type": "application/json" },
      body,
    );
  }
}

function contentType(operation: Operation, payloads: Payloads): string {
  if (payloads === "xml") return "text/xml";
  return operation.api.protocol === "awsJson1_1" ? "application/x-amz-json-1.1" : "application/json";
}

function eventFrame(event: Record<string, unknown>, union: Shape, operation: Operation, payloads: Payloads): Buffer {
  const [name, value] = Object.entries(event).find(([, item]) => item !== undefined) ?? [];
  const member = name === undefined ? undefined : union.byName.get(name);
  if (!member) throw new Error(`${operation.name} gave an event that its model does not have: ${name}`);
  const kind: FrameHeaders = member.shape.error
    ? { ":message-type": "exception", ":exception-type": member.shape.name }
    : { ":message-type": "event", ":event-type": member.name };
  return eventPayload(
    (value ?? {}) as Record<string, unknown>,
    member,
    kind,
    contentType(operation, payloads),
    payloads,
  );
}

function eventPayload(
  value: Record<string, unknown>,
  member: Member,
  kind: FrameHeaders,
  type: string,
  payloads: Payloads,
): Buffer {
  const headers: FrameHeaders = { ...kind };
  for (const part of member.shape.members) {
    if (part.eventHeader && value[part.name] !== undefined) headers[part.name] = headerValue(part, value[part.name]);
  }
  const whole = member.shape.members.find((part) => part.eventPayload);
  if (!whole) {
    if (member.shape.members.length === 0) return frame(headers, "");
    const body =
      payloads === "xml"
        ? writeXmlDocument(member.shape, value, member.shape.name, undefined)
        : writeJson(member.shape, value);
    return frame({ ...headers, ":content-type": type }, body);
  }
  const payload = value[whole.name];
  if (whole.shape.kind === "blob")
    return frame(
      { ...headers, ":content-type": "application/octet-stream" },
      (payload as Uint8Array | undefined) ?? "",
    );
  if (whole.shape.kind === "string")
    return frame({ ...headers, ":content-type": "text/plain" }, (payload as string | undefined) ?? "");
  const body =
    payloads === "xml"
      ? writeXmlDocument(whole.shape, payload ?? {}, whole.shape.name, undefined)
      : writeJson(whole.shape, payload ?? {});
  return frame({ ...headers, ":content-type": type }, body);
}

function headerValue(member: Member, value: unknown): FrameHeaders[string] {
  return member.shape.kind === "timestamp" ? asDate(value) : (value as FrameHeaders[string]);
}

/** One message: prelude (total and header length, their CRC), headers, payload, CRC of all. */
export function frame(headers: FrameHeaders, payload: Uint8Array | string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  const message = Buffer.alloc(12 + head.length + body.length + 4);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  head.copy(message, 12);
  message.set(body, 12 + head.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}

function header(name: string, value: FrameHeaders[string]): Buffer {
  const key = Buffer.from(name);
  return Buffer.concat([Buffer.from([key.length]), key, headerBytes(value)]);
}

function headerBytes(value: FrameHeaders[string]): Buffer {
  if (typeof value === "boolean") return Buffer.from([value ? 0 : 1]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(5);
    bytes[0] = 4;
    bytes.writeInt32BE(value, 1);
    return bytes;
  }
  if (value instanceof Date) {
    const bytes = Buffer.alloc(9);
    bytes[0] = 8;
    bytes.writeBigInt64BE(BigInt(value.getTime()), 1);
    return bytes;
  }
  const text = typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
  const bytes = Buffer.alloc(3);
  bytes[0] = typeof value === "string" ? 7 : 6;
  bytes.writeUInt16BE(text.length, 1);
  return Buffer.concat([bytes, text]);
}
