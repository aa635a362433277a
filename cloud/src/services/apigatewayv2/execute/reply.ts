import type { HttpResponse } from "../../../http.ts";

/** A response on its way back to the client: lower-case header names, each with all its values. */
export interface Reply {
  status: number;
  headers: Record<string, string[]>;
  body: Uint8Array | string;
}

/** What API Gateway itself answers. AWS: the words are those of real HTTP APIs. */
const MESSAGES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type GatewayStatus = keyof typeof MESSAGES;

/** AWS: `$context.error.responseType`, the names of gateway responses. */
const RESPONSE_TYPES: Record<GatewayStatus, string> = {
  400: "BAD_REQUEST_BODY",
  401: "UNAUTHORIZED",
  403: "ACCESS_DENIED",
  404: "RESOURCE_NOT_FOUND",
  413: "REQUEST_TOO_LARGE",
  429: "THROTTLED",
  431: "REQUEST_TOO_LARGE",
  500: "INTEGRATION_FAILURE",
  503: "INTEGRATION_TIMEOUT",
};

/** Thrown where API Gateway answers in its own words instead of the integration. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";

  constructor(
    readonly status: GatewayStatus,
    readonly headers: Readonly<Record<string, string[]>> = {},
    options?: { cause?: unknown },
  ) {
    super(MESSAGES[status], options);
  }

  get responseType(): string {
    return RESPONSE_TYPES[this.status];
  }

  get reply(): Reply {
    return {
      status: this.status,
      headers: { ...this.headers, "content-type": ["application/json"] },
      body: `{"message":"${this.message}"}`,
    };
  }
}

/** Headers that belong to a connection or are counted anew. */
const NOT_PASSED = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a header of an integration's response goes on to the client. @param name lower case */
export function isPassedOn(name: string): boolean {
  return !NOT_PASSED.has(name);
}

export function bytesOf(body: Uint8Array | string): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

/** The reply as the server sends it. */
export function toResponse({ status, headers, body }: Reply): HttpResponse {
  const sent: Record<string, string | string[]> = {};
  for (const name in headers) {
    const values = headers[name]!;
    sent[name] = values.length === 1 ? values[0]! : values;
  }
  return { status, headers: sent, body };
}
