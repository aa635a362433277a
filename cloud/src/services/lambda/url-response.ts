import type { Readable } from "node:stream";
import { PassThrough } from "node:stream";
import type { StreamedAnswer } from "../../functions/specification.ts";
import type { HttpResponse } from "../../http.ts";

const HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response";
const DELIMITER = Buffer.alloc(8);
/** A prelude that is longer than this is none. */
const PRELUDE_BYTES_MAX = 64 * 1024;

interface Shape {
  statusCode?: unknown;
  headers?: Record<string, unknown>;
  cookies?: unknown[];
  body?: unknown;
  isBase64Encoded?: unknown;
}

/** The answer where the function failed or answered nothing that can be sent. */
export function badGateway(): HttpResponse {
  return { status: 502, headers: { "Content-Type": "application/json" }, body: "Internal Server Error" };
}

/**
 * The HTTP response that a function's answer stands for, payload format 2.0.
 * AWS: "Invoking Lambda function URLs", Response payload format.
 */
export function urlResponse(payload: Buffer): HttpResponse {
  let answer: unknown;
  try {
    answer = JSON.parse(payload.toString("utf8"));
  } catch {
    return badGateway();
  }
  if (typeof answer !== "object" || answer === null || (answer as Shape).statusCode === undefined)
    return {
      status: 200,
      headers: { "Content-Type": "application/json" },
      body: typeof answer === "string" ? answer : JSON.stringify(answer),
    };
  const { body, isBase64Encoded } = answer as Shape;
  const head = readHead(answer as Shape);
  if (!head) return badGateway();
  const text = body === undefined || body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return { ...head, body: isBase64Encoded === true ? Buffer.from(text, "base64") : text };
}

/** The response to a streamed answer: head as soon as it is known, body as it comes. */
export async function streamedResponse({ contentType, body }: StreamedAnswer): Promise<HttpResponse> {
  if (contentType !== HTTP_INTEGRATION) return { status: 200, headers: { "Content-Type": contentType }, body };
  const { prelude, rest } = await readPrelude(body);
  const head = prelude === undefined ? undefined : readHead({ statusCode: 200, ...parse(prelude) });
  if (!head) {
    body.destroy();
    return badGateway();
  }
  const out = new PassThrough();
  out.write(rest);
  body.on("error", (error) => out.destroy(error));
  out.on("close", () => body.destroy());
  body.pipe(out);
  return { ...head, body: out };
}

async function readPrelude(body: Readable): Promise<{ prelude: string | undefined; rest: Buffer }> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk = (await next(body)) as Buffer | undefined;
    if (chunk === undefined) return { prelude: undefined, rest: seen };
    seen = Buffer.concat([seen, chunk]);
    const at = seen.indexOf(DELIMITER);
    if (at >= 0) return { prelude: seen.toString("utf8", 0, at), rest: seen.subarray(at + DELIMITER.length) };
    if (seen.length > PRELUDE_BYTES_MAX) return { prelude: undefined, rest: seen };
  }
}

/** The next piece of a stream; undefined at its end or failure. */
function next(stream: Readable): Promise<unknown> {
  return new Promise((resolve) => {
    const look = () => {
      const chunk: unknown = stream.read();
      if (chunk === null && !stream.readableEnded && !stream.destroyed) return;
      for (const event of ["readable", "end", "error", "close"]) stream.off(event, look);
      resolve(chunk ?? undefined);
    };
    for (const event of ["readable", "end", "error", "close"]) stream.on(event, look);
    look();
  });
}

function parse(text: string): Shape {
  try {
    return JSON.parse(text) as Shape;
  } catch {
    return { statusCode: "none" };
  }
}

function readHead({
  statusCode,
  headers = {},
  cookies = [],
}: Shape): { status: number; headers: HttpResponse["headers"] } | undefined {
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const sent: HttpResponse["headers"] = {};
  let typed = false;
  for (const [name, value] of Object.entries(headers)) {
    sent[name] = String(value);
    typed ||= name.toLowerCase() === "content-type";
  }
  if (!typed) sent["Content-Type"] = "application/json";
  if (cookies.length > 0) sent["Set-Cookie"] = cookies.map(String);
  return { status, headers: sent };
}
