import type { AwsError } from "../../aws/error.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { Shape } from "../model.ts";
import { malformedXml } from "../validation.ts";
import type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";
import { errorFactsOf } from "./errors.ts";
import { eventStreamResponse } from "./event-stream.ts";
import { SerializationError } from "./json-reader.ts";
import { hasBodyMembers, isRaw, readBindings, readRawPayload, writeBindings, writeRawPayload } from "./rest.ts";
import { S3_STATUS } from "./s3-errors.ts";
import { parseXml, readXml, XmlError } from "./xml-reader.ts";
import { escapeXml, writeXmlDocument } from "./xml-writer.ts";

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';

export const restXml: Codec = {
  decode(request: ApiRequest): Record<string, unknown> {
    const { operation, body } = request;
    const input = readBindings(request);
    const payload = operation.inputPayload;
    if (payload && isRaw(payload)) {
      const value = readRawPayload(payload, request);
      if (value !== undefined) input[payload.name] = value;
    } else if (payload) {
      if (body.length > 0) input[payload.name] = readDocument(payload.shape, body);
    } else if (body.length > 0 && hasBodyMembers(operation.input.members)) {
      Object.assign(input, readDocument(operation.input, body));
    }
    return input;
  },

  encode(output: unknown, cx: Answered): HttpResponse {
    const { operation } = cx;
    const source = (output ?? {}) as Record<string, unknown>;
    const bound = writeBindings(source, cx);
    const { headers } = bound;
    // AWS: S3 answers a part of an object with 206, of which its model says nothing.
    const status = headers["content-range"] === undefined ? bound.status : 206;
    Object.assign(headers, requestIds(cx.requestId));
    if (operation.eventStream) {
      const response = eventStreamResponse(source, cx, "rest", "xml");
      return { status, headers: { ...headers, ...response.headers }, body: response.body };
    }
    const payload = operation.outputPayload;
    if (payload && isRaw(payload)) return { status, headers, body: writeRawPayload(source[payload.name]) };
    const xml = writeOutput(source, cx);
    if (xml === undefined) return { status, headers, body: "" };
    headers["Content-Type"] = "application/xml";
    return { status, headers, body: PROLOG + xml };
  },

  encodeError(error: AwsError, cx: Refused): HttpResponse {
    const facts = errorFactsOf(error, cx.api);
    const status = error.status ?? S3_STATUS[error.code] ?? facts.status;
    const headers: Record<string, string> = { ...requestIds(cx.requestId), ...error.headers };
    if (cx.method === "HEAD" || status === 304) return { status, headers };
    headers["Content-Type"] = "application/xml";
    return { status, headers, body: PROLOG + errorXml(error, facts.fault, cx) };
  },
};

/** AWS: S3's ids are 16 capital characters and a long base64 text. */
function requestIds(requestId: string): Record<string, string> {
  const id = requestId.replaceAll("-", "").slice(0, 16).toUpperCase();
  return { "x-amz-request-id": id, "x-amz-id-2": Buffer.from(requestId.repeat(2).slice(0, 56)).toString("base64") };
}

/** @throws AwsError MalformedXML */
function readDocument(shape: Shape, body: Buffer): Record<string, unknown> {
  try {
    return readXml(shape, parseXml(body.toString("utf8"))) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof XmlError || error instanceof SerializationError) throw malformedXml();
    throw error;
  }
}

function writeOutput(source: Record<string, unknown>, { operation }: Answered): string | undefined {
  const { output, outputPayload: payload, api } = operation;
  if (payload) {
    const value = source[payload.name];
    if (value === undefined || value === null) return undefined;
    const root = payload.xmlNamed ? payload.xmlName : (payload.shape.xmlName ?? payload.shape.name);
    return writeXmlDocument(payload.shape, value, root, api.xmlNamespace);
  }
  if (!hasBodyMembers(output.members)) return undefined;
  // AWS: GetBucketLocation answers the text itself as root element.
  if (operation.name === "GetBucketLocation") {
    const text = escapeXml(String(source["LocationConstraint"] ?? ""));
    return `<LocationConstraint xmlns="${api.xmlNamespace}">${text}</LocationConstraint>`;
  }
  return writeXmlDocument(output, source, output.xmlName ?? output.name, api.xmlNamespace);
}

/** S3's bare `<Error>` with the members that the error has; `<ErrorResponse>` elsewhere. */
function errorXml(error: AwsError, fault: string, { api, requestId }: Refused): string {
  const text = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  const what = error instanceof NotEmulatedError ? `<NotEmulated>${escapeXml(error.what)}</NotEmulated>` : "";
  if (api?.name !== "s3")
    return `<ErrorResponse><Error><Type>${fault}</Type>${text}${what}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  const members = Object.entries(error.members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join("");
  const ids = requestIds(requestId);
  return `<Error>${text}${what}${members}<RequestId>${ids["x-amz-request-id"]}</RequestId><HostId>${ids["x-amz-id-2"]}</HostId></Error>`;
}
