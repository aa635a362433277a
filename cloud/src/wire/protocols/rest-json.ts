import { AwsError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { ServiceApi, Shape } from "../model.ts";
import type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";
import { errorFactsOf, errorHeaders, errorJson } from "./errors.ts";
import { eventStreamResponse } from "./event-stream.ts";
import { refuseNulls } from "../validation.ts";
import { readJson, SerializationError, takeNullSeen } from "./json-reader.ts";
import { writeJson, writeMembers } from "./json-writer.ts";
import { hasBodyMembers, isRaw, readBindings, readRawPayload, writeBindings, writeRawPayload } from "./rest.ts";

const CONTENT_TYPE = "application/json";

export const restJson1: Codec = {
  decode(request: ApiRequest): Record<string, unknown> {
    const { operation, body } = request;
    const input = readBindings(request);
    const payload = operation.inputPayload;
    if (payload) {
      const value = isRaw(payload)
        ? readRawPayload(payload, request)
        : body.length > 0
          ? readJson(payload.shape, parse(body, operation.api))
          : undefined;
      if (value !== undefined) input[payload.name] = value;
    } else if (body.length > 0 && hasBodyMembers(operation.input.members)) {
      readBodyMembers(operation.input, parse(body, operation.api), input);
    }
    if (takeNullSeen()) refuseNulls(operation, input);
    return input;
  },

  encode(output: unknown, cx: Answered): HttpResponse {
    const { operation } = cx;
    const source = (output ?? {}) as Record<string, unknown>;
    const { status, headers } = writeBindings(source, cx);
    headers["x-amzn-RequestId"] = cx.requestId;
    if (operation.eventStream) {
      const response = eventStreamResponse(source, cx, "rest");
      delete headers["content-type"]; // AWS: that of the frames wins
      return { status, headers: { ...headers, ...response.headers }, body: response.body };
    }
    const payload = operation.outputPayload;
    if (payload && isRaw(payload))
      return { status, headers: withType(headers, payload.shape), body: writeRawPayload(source[payload.name]) };
    if (status === 204 || operation.output.name === "Unit") return { status, headers, body: "" };
    headers["Content-Type"] ??= CONTENT_TYPE;
    const body = payload
      ? writeJson(payload.shape, source[payload.name] ?? {})
      : `{${writeMembers(operation.output, source, "body")}}`;
    return { status, headers, body };
  },

  encodeError(error: AwsError, cx: Refused): HttpResponse {
    const { status, shape } = errorFactsOf(error, cx.api);
    const headers = { "x-amzn-RequestId": cx.requestId, "x-amzn-ErrorType": error.code, "Content-Type": CONTENT_TYPE };
    const body = errorJson(error, shape, {});
    return { status, headers: { ...headers, ...errorHeaders(error, shape), ...error.headers }, body };
  },
};

function withType(headers: HttpResponse["headers"], shape: Shape): HttpResponse["headers"] {
  headers["content-type"] ??= shape.kind === "string" ? "text/plain" : "application/octet-stream";
  return headers;
}

/** AWS: each service has its own words for a body that is no JSON. */
const NOT_JSON: Record<string, (reason: string) => AwsError> = {
  lambda: (reason) =>
    new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${reason}`, {
      status: 400,
    }),
  apigatewayv2: () => new AwsError("BadRequestException", "Invalid request input", { status: 400 }),
};

function parse(body: Buffer, api: ServiceApi): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    const words = NOT_JSON[api.name];
    throw words ? words((error as Error).message) : new SerializationError("");
  }
}

function readBodyMembers(shape: Shape, value: unknown, input: Record<string, unknown>): void {
  const body = readJson(shape, value, undefined, "value") as Record<string, unknown>;
  for (const member of shape.members) {
    if (member.location === "body" && body[member.name] !== undefined) input[member.name] = body[member.name];
  }
}
