import { AwsError } from "../../aws/error.ts";

/** Every error of the service, in AWS's words. */

/** @param kind `API`, `Route`, `Integration`, `Stage`, … */
export function notFound(kind: string, id: string): AwsError {
  return new AwsError("NotFoundException", `Invalid ${kind} identifier specified ${id}`, { status: 404 });
}

export function unknownRouteSettings(routeKey: string): AwsError {
  return new AwsError(
    "NotFoundException",
    `Unable to find Route by key ${routeKey} within the provided RouteSettings`,
    { status: 404 },
  );
}

export function badRequest(message: string): AwsError {
  return new AwsError("BadRequestException", message, { status: 400 });
}

export function conflict(message: string): AwsError {
  return new AwsError("ConflictException", message, { status: 409 });
}

/** AWS: quotas of "Quotas for configuring and running an HTTP API". */
export function tooMany(what: string): AwsError {
  return new AwsError(
    "TooManyRequestsException",
    `Maximum number of ${what} for this API has been reached. Please contact AWS if you need additional ${what}.`,
    {
      status: 429,
      members: { LimitType: what },
    },
  );
}
