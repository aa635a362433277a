import type { Reply } from "../../../gateway/reply.ts";

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
