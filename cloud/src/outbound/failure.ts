import { AwsError, NotEmulatedError } from "../aws/error.ts";

/** Why a target did not take an event, in the words of dead-letter queues. AWS: "Using dead-letter queues to process undelivered events". */
export class TargetFailure extends Error {
  override name = "TargetFailure";

  constructor(
    readonly code: string,
    message: string,
    readonly retriable: boolean,
    /** Milliseconds, where the target says when to come again. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** The rate of an API destination is used up: it is no failure of the event's. */
export class RateLimited extends Error {
  override name = "RateLimited";

  constructor(readonly delayMs: number) {
    super("The invocation rate limit of the API destination is reached.");
  }
}

const NO_PERMISSIONS = /AccessDenied|NotAuthorized|AuthorizationError|Forbidden|InvalidClientTokenId/i;
const NO_RESOURCE = /NonExistent|NotFound|DoesNotExist|NoSuch|DoesNotExists/i;
const THROTTLING = /Thrott|TooManyRequests|LimitExceeded|OverLimit|SlowDown/i;

/** What a call's error means for a delivery. AWS: only errors that may pass are tried again. */
export function failureOf(error: unknown): TargetFailure {
  if (error instanceof TargetFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotEmulatedError) return new TargetFailure("SDK_CLIENT_ERROR", message, false);
  if (!(error instanceof AwsError)) return new TargetFailure("CONNECTION_FAILURE", message, true);
  if (THROTTLING.test(error.code)) return new TargetFailure("THROTTLING", message, true);
  if (NO_PERMISSIONS.test(error.code)) return new TargetFailure("NO_PERMISSIONS", message, false);
  if (NO_RESOURCE.test(error.code)) return new TargetFailure("NO_RESOURCE", message, false);
  return (error.status ?? 400) >= 500
    ? new TargetFailure("ERROR_FROM_TARGET", message, true)
    : new TargetFailure("SDK_CLIENT_ERROR", message, false);
}
