import type { HttpHead, HttpResponse } from "../http.ts";

/**
 * Browsers: pages on this machine may use the AWS APIs, pages from elsewhere may not. Otherwise any website could write
 * to the local cloud of whoever visits it, since the default mode accepts made-up credentials.
 */

const LOCAL_HOSTS = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|(?:[a-z0-9-]+\.)+localhost)$/i;

/** Names that only this machine, or AWS, can be meant by. */
const OWN_HOSTS =
  /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|.+\.localhost|.+\.amazonaws\.com(?:\.cn)?|.+\.on\.aws|(?:.+\.)?localhost\.localstack\.cloud)$/;

/**
 * Whether a request that came in on this machine's own address means this machine. Another name can only be one that
 * somebody made to point here, so that a page of theirs reaches the local cloud as its own (DNS rebinding).
 */
export function isOwnHost(host: string): boolean {
  return host === "127.0.0.1" || host === "localhost" || OWN_HOSTS.test(host);
}

/** Whether a page of this origin may call: it is served from this machine, or is a file. */
export function isLocalOrigin(origin: string): boolean {
  if (origin === "null") return true;
  try {
    return LOCAL_HOSTS.test(new URL(origin).hostname);
  } catch {
    return false;
  }
}

export function isPreflight(head: HttpHead): boolean {
  return (
    head.method === "OPTIONS" &&
    head.headers["origin"] !== undefined &&
    head.headers["access-control-request-method"] !== undefined
  );
}

export function preflight(head: HttpHead): HttpResponse {
  return {
    status: 200,
    headers: {
      ...corsHeaders(head.headers["origin"] ?? "*"),
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "Access-Control-Allow-Headers": head.headers["access-control-request-headers"] ?? "*",
      "Access-Control-Max-Age": "600",
      // Pages served from a public address on this machine's name ask for this (Private Network Access).
      "Access-Control-Allow-Private-Network": "true",
    },
    body: "",
  };
}

export function corsHeaders(origin: string): Record<string, string> {
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Expose-Headers":
      "*, x-amzn-RequestId, x-amzn-ErrorType, x-amz-request-id, x-amz-id-2, x-amz-version-id, ETag, Date",
    Vary: "Origin",
  };
}

export function foreignOrigin(origin: string): HttpResponse {
  return refuse(`Pages of ${origin} may not call this local cloud; only pages of this machine may.`);
}

export function foreignHost(host: string): HttpResponse {
  return refuse(
    `This local cloud listens on the loopback address only, where the host ${host} cannot mean it. Call it as 127.0.0.1 or localhost, or let it listen on another address.`,
  );
}

function refuse(message: string): HttpResponse {
  return { status: 403, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ message }) };
}
