import type { AwsError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { ServiceApi } from "../model.ts";
import { errorFactsOf, errorJson, queryErrorHeader } from "./errors.ts";
import { refuseNulls } from "../validation.ts";
import { readJson, SerializationError, takeNullSeen } from "./json-reader.ts";
import { writeJson } from "./json-writer.ts";
import type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";
import { eventStreamResponse } from "./event-stream.ts";

/**
 * AWS: the namespaces in `__type`, as seen in answers of the services; the others send the bare code.
 * Errors of the framework in front of DynamoDB have namespaces of their own, and `Message` with a capital M.
 */
const NAMESPACE: Record<string, string> = {
  dynamodb: "com.amazonaws.dynamodb.v20120810",
  dynamodbstreams: "com.amazonaws.dynamodb.v20120810",
  sqs: "com.amazonaws.sqs",
};
const FRAMEWORK_NAMESPACE: Record<string, string> = {
  ValidationException: "com.amazon.coral.validate",
  SerializationException: "com.amazon.coral.service",
  UnknownOperationException: "com.amazon.coral.service",
  AccessDeniedException: "com.amazon.coral.service",
  UnrecognizedClientException: "com.amazon.coral.service",
  InvalidSignatureException: "com.amazon.coral.service",
  IncompleteSignatureException: "com.amazon.coral.service",
  MissingAuthenticationTokenException: "com.amazon.coral.service",
  ExpiredTokenException: "com.amazon.coral.service",
  InternalFailure: "com.amazon.coral.service",
};

/** @param version content type to answer with, e.g. `application/x-amz-json-1.0` */
export function awsJson(version: "1.0" | "1.1"): Codec {
  const contentType = `application/x-amz-json-${version}`;
  return {
    decode({ operation, body }: ApiRequest) {
      const input = readJsonBody(operation.input, body);
      if (takeNullSeen()) refuseNulls(operation, input);
      return input;
    },
    encode(output: unknown, cx: Answered): HttpResponse {
      if (cx.operation.eventStream) return eventStreamResponse(output, cx, "rpc");
      const { members } = cx.operation.output;
      const body = members.length === 0 ? "{}" : writeJson(cx.operation.output, output ?? {});
      // AWS: an operation without output answers an empty body in 1.1, an empty object in 1.0.
      const empty = members.length === 0 && version === "1.1" && cx.operation.output.name === "Unit";
      return {
        status: 200,
        headers: { "x-amzn-RequestId": cx.requestId, "Content-Type": contentType },
        body: empty ? "" : body,
      };
    },
    encodeError(error: AwsError, cx: Refused): HttpResponse {
      const { status, shape } = errorFactsOf(error, cx.api);
      const head = { __type: typeOf(error.code, cx.api) };
      const body = errorJson(error, shape, head, isFramework(error.code, cx.api) ? "Message" : "message");
      return {
        status,
        headers: {
          "x-amzn-RequestId": cx.requestId,
          "Content-Type": contentType,
          ...queryErrorHeader(error, cx.api),
          ...error.headers,
        },
        body,
      };
    },
  };
}

function isFramework(code: string, api: ServiceApi | undefined): boolean {
  return (
    NAMESPACE[api?.name ?? ""] !== undefined &&
    code !== "ValidationException" &&
    FRAMEWORK_NAMESPACE[code] !== undefined
  );
}

function typeOf(code: string, api: ServiceApi | undefined): string {
  const namespace = NAMESPACE[api?.name ?? ""];
  if (namespace === undefined) return code;
  return `${FRAMEWORK_NAMESPACE[code] ?? namespace}#${code}`;
}

/** @throws SerializationError for what is not JSON or not of the shape */
export function readJsonBody(shape: Parameters<typeof readJson>[0], body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new SerializationError("");
  }
  return readJson(shape, value, undefined, "value") as Record<string, unknown>;
}
