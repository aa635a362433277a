import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpHead, HttpRequest, HttpResponse } from "../../http.ts";
import type { CallContext, DataPlane } from "../../service.ts";
import type { CloudFormationState } from "./state.ts";
import type { OwnContext } from "./step-context.ts";

/** How long a wait handle's and a custom resource's URL can be used, in seconds (as AWS signs them). */
const EXPIRES_SECONDS = { "custom-resource-response": 7200, waitcondition: 86_399 } as const;

type Purpose = keyof typeof EXPIRES_SECONDS;

/** A URL to which somebody outside answers, and where the answers are kept. */
export interface Callback {
  readonly key: string;
  readonly url: string;
}

/**
 * Gives out a presigned S3 URL, as CloudFormation does: whoever has it can put an answer there.
 * The bucket is CloudFormation's own and takes nothing else.
 */
export function issueCallback(cx: OwnContext, state: CloudFormationState, purpose: Purpose): Callback {
  const { region } = cx.scope;
  const bucket = `cloudformation-${purpose}-${purpose === "waitcondition" ? region : region.replaceAll("-", "")}`;
  const key = `${cx.stackId}|${cx.logicalId}|${cx.token}`;
  const secret = createHash("sha256").update(`callback:${cx.token}:${cx.stackId}`).digest("hex");
  const known = state.callbacks.get([key]);
  const issuedMs = known?.issuedMs ?? state.kernel.clock.now();
  const expires = EXPIRES_SECONDS[purpose];
  state.callbacks.put([key], { issuedMs, expiresMs: issuedMs + expires * 1000, signature: secret });
  const stamp = new Date(issuedMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const query = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Date": stamp,
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Expires": String(expires),
    "X-Amz-Credential": `KATACHI/${stamp.slice(0, 8)}/${region}/s3/aws4_request`,
    "X-Amz-Signature": secret,
  });
  const path = key.split("/").map(encodeURIComponent).join("/");
  return { key, url: `https://${bucket}.s3.amazonaws.com/${path}?${query.toString()}` };
}

const HOST = /^cloudformation-(?:custom-resource-response|waitcondition)-[a-z0-9-]+\.s3[a-z0-9.-]*\.amazonaws\.com$/;
const PATH = /^\/cloudformation-(?:custom-resource-response|waitcondition)-[a-z0-9-]+\//;

/** Takes the answers: `PUT` by the host name that the URL has, or by the same as a path on this cloud's port. */
export const callbackPlane: DataPlane<CloudFormationState, string> = {
  operation: "Callback",
  bodyBytesMax: 64 * 1024,
  match(head: HttpHead) {
    if (HOST.test(head.host)) return decodeURIComponent(head.path.slice(1));
    const path = PATH.exec(head.path);
    return path ? decodeURIComponent(head.path.slice(path[0].length)) : undefined;
  },
  // The signature in the URL is the permission; it is checked in `handle`.
  authorize: () => [],
  // oxlint-disable-next-line require-await
  async handle(cx: CallContext<CloudFormationState>, request: HttpRequest, key: string): Promise<HttpResponse> {
    const callback = cx.state.callbacks.get([key]);
    const given = new URLSearchParams(request.query).get("X-Amz-Signature") ?? "";
    if (request.method !== "PUT" || !callback || !sameText(given, callback.signature))
      return refusal("SignatureDoesNotMatch");
    if (cx.kernel.clock.now() > callback.expiresMs) return refusal("AccessDenied", "Request has expired");
    cx.kernel.store.transaction(() => {
      const number = cx.state.signals.count({ prefix: [key] });
      cx.state.signals.put([key, number], { atMs: cx.kernel.clock.now(), body: request.body.toString("utf8") });
    });
    cx.state.engine?.signalled(key);
    return { status: 200, headers: { etag: `"${createHash("md5").update(request.body).digest("hex")}"` } };
  },
};

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function refusal(
  code: string,
  message = "The request signature we calculated does not match the signature you provided.",
): HttpResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status: 403, headers: { "content-type": "application/xml" }, body };
}

/**
 * Waits for answers to a callback, without being in flight.
 * @param enough told of all that came so far; what it gives ends the wait
 * @returns undefined where the time ran out, or the step was called off
 */
export async function awaitSignals<T>(
  cx: OwnContext,
  state: CloudFormationState,
  key: string,
  timeoutSeconds: number,
  enough: (bodies: readonly string[]) => T | undefined,
): Promise<T | undefined> {
  const { clock } = state.kernel;
  const deadlineMs = (state.callbacks.get([key])?.issuedMs ?? clock.now()) + timeoutSeconds * 1000;
  for (;;) {
    const result = enough([...state.signals.values({ prefix: [key] })].map((signal) => signal.body));
    if (result !== undefined || clock.now() >= deadlineMs || cx.signal.aborted) return result;
    await cx.pause(() => state.engine!.awaitSignal(key, deadlineMs, cx.signal));
  }
}

/** Forgets a callback and its answers. */
export function withdrawCallback(state: CloudFormationState, key: string): void {
  state.kernel.store.transaction(() => {
    state.callbacks.remove([key]);
    for (const signal of Array.from(state.signals.keys({ prefix: [key] }))) state.signals.remove(signal);
  });
}
