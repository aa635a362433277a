import { dialAddress } from "../aws/addresses.ts";
import { afterRealMs } from "../kernel/real-time.ts";
import { TargetFailure } from "./failure.ts";

export interface Outbound {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly text: string;
}

const TEXT_MAX = 65_536;

/**
 * Sends an HTTP request to where it says, or here where that is one of AWS's addresses.
 * @param endpoint the cloud's own
 * @param timeoutMs real milliseconds
 * @param textMax how many characters of the answer are wanted
 * @throws TargetFailure TIMEOUT, CONNECTION_FAILURE
 */
export async function request(
  outbound: Outbound,
  endpoint: string,
  timeoutMs: number,
  textMax: number = TEXT_MAX,
): Promise<Answer> {
  const { url, method, headers, body } = outbound;
  const controller = new AbortController();
  const cancel = afterRealMs(timeoutMs, () => controller.abort());
  try {
    const response = await fetch(dialAddress(url.href, endpoint), {
      method,
      headers,
      redirect: "manual",
      signal: controller.signal,
      ...(body === undefined || method === "GET" || method === "HEAD" ? {} : { body }),
    });
    const text = await response.text();
    const { status, statusText, headers: told } = response;
    return { status, statusText, headers: told, text: text.slice(0, textMax) };
  } catch (error) {
    if (controller.signal.aborted)
      throw new TargetFailure("TIMEOUT", `No answer of ${url.origin} in ${timeoutMs} ms.`, true);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new TargetFailure("CONNECTION_FAILURE", cause instanceof Error ? cause.message : String(cause), true);
  } finally {
    cancel();
  }
}

/** When a busy server wants to be asked again, in milliseconds from now. @param nowMs the cloud's time */
export function retryAfterOf(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
