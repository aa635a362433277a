import type { Cloud } from "../cloud.ts";
import { realMs } from "../kernel/real-time.ts";
import { ControlError, textOf } from "./error.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Text, or the bytes of what is none. */
  readonly body: string | { readonly $bytes: string };
  /** Real milliseconds until the whole answer was there. */
  readonly durationMs: number;
}

/**
 * `POST /api/http { method, url, headers, body }` → `HttpAnswer`: a request to this cloud as any HTTP client would make
 * it. The console's page cannot: APIs without CORS would not answer it. Redirects are shown, not followed.
 * @throws ControlError for an address that is not this cloud's, and for a request that HTTP does not know
 */
export async function sendHttp(cloud: Cloud, given: Record<string, unknown>): Promise<HttpAnswer> {
  const url = textOf(given, "url");
  const method = textOf(given, "method");
  if (!URL.canParse(url) || new URL(url).origin !== new URL(cloud.endpoint).origin)
    throw new ControlError(400, `url is ${JSON.stringify(url)}; allowed: addresses that begin with ${cloud.endpoint}`);
  const { headers = {}, body } = given as { headers?: Record<string, string>; body?: string };
  const startMs = realMs();
  let response: Response;
  try {
    const hasBody = typeof body === "string" && body !== "" && !/^(GET|HEAD)$/i.test(method);
    response = await fetch(url, { method, headers, redirect: "manual", ...(hasBody ? { body } : {}) });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new ControlError(400, cause instanceof Error ? `${message}: ${cause.message}` : message);
  }
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: [...response.headers],
    body: textIn(bytes) ?? { $bytes: bytes.toString("base64") },
    durationMs: realMs() - startMs,
  };
}

function textIn(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
