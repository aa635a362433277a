import { AwsError } from "../../aws/error.ts";

/** Every error of the service that is not one sentence of one operation, in AWS's words. */

export function notFound(message: string): AwsError {
  return new AwsError("NotFoundException", message, { status: 404 });
}

/** @param kind `Resource`, `Method`, `Stage`, … */
export function invalidIdentifier(kind: string): AwsError {
  return notFound(`Invalid ${kind} identifier specified`);
}

export function badRequest(message: string): AwsError {
  return new AwsError("BadRequestException", message, { status: 400 });
}

export function conflict(message: string): AwsError {
  return new AwsError("ConflictException", message, { status: 409 });
}

/** AWS: "Quotas for configuring and running a REST API in API Gateway". */
export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceededException", message, { status: 429 });
}
