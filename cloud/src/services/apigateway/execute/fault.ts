import type { GatewayResponseType } from "@aws-sdk/client-api-gateway";

interface Response {
  readonly status: number;
  /** What `x-amzn-ErrorType` says. */
  readonly errorType: string;
  /** How the body is written where nobody configured it. */
  readonly body: (message: string) => string;
}

const tight = (message: string) => `{"message":${message}}`;
const spaced = (message: string) => `{"message": ${message}}`;
const capital = (message: string) => `{"Message":${message}}`;

/**
 * What API Gateway answers by itself. AWS: "Gateway response types for API Gateway"; error types and the spaces in the
 * bodies are those of real APIs.
 */
export const RESPONSES: Readonly<Record<GatewayResponseType, Response>> = {
  ACCESS_DENIED: { status: 403, errorType: "AccessDeniedException", body: capital },
  API_CONFIGURATION_ERROR: { status: 500, errorType: "InternalServerErrorException", body: spaced },
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, errorType: "AuthorizerConfigurationException", body: tight },
  AUTHORIZER_FAILURE: { status: 500, errorType: "AuthorizerFailureException", body: tight },
  BAD_REQUEST_BODY: { status: 400, errorType: "BadRequestException", body: spaced },
  BAD_REQUEST_PARAMETERS: { status: 400, errorType: "BadRequestException", body: spaced },
  DEFAULT_4XX: { status: 400, errorType: "BadRequestException", body: tight },
  DEFAULT_5XX: { status: 500, errorType: "InternalServerErrorException", body: tight },
  EXPIRED_TOKEN: { status: 403, errorType: "ExpiredTokenException", body: tight },
  INTEGRATION_FAILURE: { status: 504, errorType: "InternalServerErrorException", body: spaced },
  INTEGRATION_TIMEOUT: { status: 504, errorType: "InternalServerErrorException", body: spaced },
  INVALID_API_KEY: { status: 403, errorType: "ForbiddenException", body: tight },
  INVALID_SIGNATURE: { status: 403, errorType: "InvalidSignatureException", body: tight },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, errorType: "MissingAuthenticationTokenException", body: tight },
  QUOTA_EXCEEDED: { status: 429, errorType: "LimitExceededException", body: tight },
  REQUEST_TOO_LARGE: { status: 413, errorType: "RequestTooLargeException", body: tight },
  RESOURCE_NOT_FOUND: { status: 404, errorType: "NotFoundException", body: tight },
  THROTTLED: { status: 429, errorType: "TooManyRequestsException", body: tight },
  UNAUTHORIZED: { status: 401, errorType: "UnauthorizedException", body: tight },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, errorType: "BadRequestException", body: spaced },
  WAF_FILTERED: { status: 403, errorType: "ForbiddenException", body: tight },
};

interface FaultOptions {
  cause?: unknown;
  /** AWS: a malformed answer of a function is 502, other failures of integrations 504 or 500. */
  status?: number;
  /** AWS: `$context.error.validationErrorString`. */
  validation?: string;
}

/** Thrown where API Gateway answers in its own words instead of the integration. */
export class GatewayFault extends Error {
  override readonly name = "GatewayFault";
  readonly status: number | undefined;
  readonly validation: string | undefined;

  constructor(
    readonly type: GatewayResponseType,
    /** What the client is told; null where AWS tells nothing. */
    readonly told: string | null,
    { cause, status, validation }: FaultOptions = {},
  ) {
    super(told ?? type, cause === undefined ? undefined : { cause });
    this.status = status;
    this.validation = validation;
  }
}

/** AWS: what a client is told of everything that is wrong inside. */
export function internalError(
  type: "API_CONFIGURATION_ERROR" | "INTEGRATION_FAILURE",
  options?: FaultOptions,
): GatewayFault {
  return new GatewayFault(type, "Internal server error", options);
}
