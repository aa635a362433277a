import type { Input, Output } from "../../../aws/api-types.ts";
import type { StreamedAnswer } from "../../../functions/specification.ts";
import { StreamBroken } from "../../../functions/answer-stream.ts";
import type { CallContext } from "../../../service.ts";
import type { AsyncEvent } from "../async-invocation.ts";
import { invalidContent, tooLarge } from "../errors.ts";
import { getVersion } from "../function-lookup.ts";
import { readFunctionName, type FunctionReference } from "../function-name.ts";
import { run } from "../invocation.ts";
import type { LambdaState } from "../state.ts";

type Cx = CallContext<LambdaState>;

/** AWS: "Lambda quotas", invocation payload; asynchronous ones since October 2025. */
export const SYNC_BYTES_MAX = 6_291_456;
export const ASYNC_BYTES_MAX = 1_048_576;

export async function invoke(cx: Cx, input: Input<"lambda", "Invoke">): Promise<Output<"lambda", "Invoke">> {
  const reference = readFunctionName(cx.scope, input.FunctionName!, input.Qualifier);
  const type = input.InvocationType ?? "RequestResponse";
  const event = readEvent(cx, input.Payload as Uint8Array | undefined, type);
  if (type === "DryRun") {
    getVersion(cx.state, reference);
    return { StatusCode: 204 };
  }
  if (type === "Event") {
    acceptEvent(cx, reference, event);
    return { StatusCode: 202 };
  }
  const { result, version } = await run(
    cx,
    reference,
    { requestId: cx.requestId, event, tail: input.LogType === "Tail", ...readClientContext(input.ClientContext) },
    cx.source.headers?.["x-amzn-trace-id"],
  );
  return {
    StatusCode: 200,
    ...(result.error ? { FunctionError: "Unhandled" } : {}),
    ...(result.logTail === undefined ? {} : { LogResult: Buffer.from(result.logTail).toString("base64") }),
    // The SDK's type has methods that only its own client adds.
    Payload: result.payload as never,
    ExecutedVersion: version,
  };
}

export async function invokeAsync(
  cx: Cx,
  input: Input<"lambda", "InvokeAsync">,
): Promise<Output<"lambda", "InvokeAsync">> {
  const reference = readFunctionName(cx.scope, input.FunctionName!);
  const chunks: Uint8Array[] = [];
  const args = input.InvokeArgs as unknown as Uint8Array | string | AsyncIterable<Uint8Array> | undefined;
  if (typeof args === "string" || args instanceof Uint8Array) chunks.push(Buffer.from(args as Uint8Array));
  else if (args) for await (const chunk of args) chunks.push(chunk);
  acceptEvent(cx, reference, readEvent(cx, Buffer.concat(chunks), "Event"));
  return { Status: 202 };
}

export async function invokeWithResponseStream(
  cx: Cx,
  input: Input<"lambda", "InvokeWithResponseStream">,
): Promise<Output<"lambda", "InvokeWithResponseStream">> {
  const reference = readFunctionName(cx.scope, input.FunctionName!, input.Qualifier);
  const event = readEvent(cx, input.Payload as Uint8Array | undefined, "RequestResponse");
  const version = getVersion(cx.state, reference).version;
  if (input.InvocationType === "DryRun") return { StatusCode: 204, ExecutedVersion: version };
  const tail = input.LogType === "Tail";
  let begun: (answer: StreamedAnswer) => void = () => undefined;
  const streamed = new Promise<StreamedAnswer>((resolve) => (begun = resolve));
  const ran = run(
    cx,
    reference,
    { requestId: cx.requestId, event, tail, onStream: begun, ...readClientContext(input.ClientContext) },
    cx.source.headers?.["x-amzn-trace-id"],
  );
  const first = await Promise.race([streamed, ran]);
  const answer = "body" in first ? first : undefined;
  return {
    StatusCode: 200,
    ExecutedVersion: version,
    ResponseStreamContentType: answer?.contentType ?? "application/octet-stream",
    EventStream: pieces(answer, ran),
  };
}

async function* pieces(answer: StreamedAnswer | undefined, ran: ReturnType<typeof run>) {
  if (answer) {
    try {
      for await (const chunk of answer.body) yield { PayloadChunk: { Payload: chunk as Uint8Array } };
    } catch (error) {
      if (!(error instanceof StreamBroken)) throw error;
    }
  }
  const { result } = await ran;
  if (!answer && !result.error) yield { PayloadChunk: { Payload: result.payload as Uint8Array } };
  yield {
    InvokeComplete: {
      ...(result.error ? { ErrorCode: result.error.errorType, ErrorDetails: JSON.stringify(result.error) } : {}),
      ...(result.logTail === undefined ? {} : { LogResult: Buffer.from(result.logTail).toString("base64") }),
    },
  };
}

/** @throws AwsError where there is no such function */
export function acceptEvent(cx: Cx, reference: FunctionReference, event: Uint8Array | string): void {
  getVersion(cx.state, reference);
  const accepted: AsyncEvent = {
    scope: reference.scope,
    name: reference.name,
    ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
    requestId: cx.requestId,
    event: typeof event === "string" ? event : Buffer.from(event).toString("utf8"),
    functionErrors: 0,
    attempts: 0,
  };
  cx.state.running.acceptEvent(accepted, { parent: cx.span });
}

/** @throws AwsError for what is too large or no JSON */
function readEvent(cx: Cx, payload: Uint8Array | undefined, type: string): Uint8Array | string {
  if (!payload || payload.byteLength === 0) return "{}";
  const bytesMax = type === "Event" ? ASYNC_BYTES_MAX : SYNC_BYTES_MAX;
  if (payload.byteLength > bytesMax) throw tooLarge(payload.byteLength, type, bytesMax);
  // What other services of this cloud send is JSON of their own making.
  if (cx.principal.kind !== "service") checkJson(payload);
  return payload;
}

function checkJson(payload: Uint8Array): void {
  try {
    JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8"));
  } catch (error) {
    throw invalidContent(error instanceof Error ? error.message : String(error));
  }
}

/** AWS: base64 of JSON, up to 3,583 bytes. */
function readClientContext(text: string | undefined): { clientContext?: unknown } {
  if (text === undefined) return {};
  try {
    return { clientContext: JSON.parse(Buffer.from(text, "base64").toString("utf8")) };
  } catch {
    throw invalidContent("Client context must be a valid Base64-encoded JSON object.");
  }
}
