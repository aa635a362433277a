import type { AwsError } from "../../../aws/error.ts";

/**
 * The JSON form of the query protocol, which AWS services give to who accepts `application/json`, and which API Gateway
 * asks for: `{"SendMessageResponse":{"SendMessageResult":{…},"ResponseMetadata":{"RequestId":"…"}}}`.
 */
export function queryJson(operation: string, output: unknown, requestId: string): string {
  const members = Object.entries((output ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const hasResult = members.length > 0;
  // Quirk: SQS names its messages in lower case here, and only here.
  const result = Object.fromEntries(
    members.map(([name, value]) => [
      operation === "ReceiveMessage" && name === "Messages" ? "messages" : name,
      plain(value),
    ]),
  );
  if (operation === "ReceiveMessage") result["messages"] ??= null;
  return JSON.stringify({
    [`${operation}Response`]: {
      ...(hasResult || operation === "ReceiveMessage" ? { [`${operation}Result`]: result } : {}),
      ResponseMetadata: { RequestId: requestId },
    },
  });
}

export function queryJsonError(error: AwsError, requestId: string): string {
  const Type = error.fault === "Sender" ? "Sender" : "Receiver";
  return JSON.stringify({
    Error: { Code: error.code.replace(/^.*#/, ""), Message: error.message, Type },
    RequestId: requestId,
  });
}

/** Times as seconds, bytes as base64. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
