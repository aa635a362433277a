import { AwsError } from "../../aws/error.ts";

/** Every error of STS, with AWS's code, status and text. */

export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message, { status: 400 });
}

export function accessDenied(message: string): AwsError {
  return new AwsError("AccessDenied", message, { status: 403 });
}

export function malformedPolicy(message: string): AwsError {
  return new AwsError("MalformedPolicyDocument", message, { status: 400 });
}

export function invalidIdentityToken(message: string): AwsError {
  return new AwsError("InvalidIdentityToken", message, { status: 400 });
}

export function expiredToken(message: string): AwsError {
  return new AwsError("ExpiredTokenException", message, { status: 400 });
}

export function packedPolicyTooLarge(percent: number): AwsError {
  const message = `Packed size of session policy and session tags consumes ${percent}% of allotted space.`;
  return new AwsError("PackedPolicyTooLarge", message, { status: 400 });
}

export const missingToken = () =>
  new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", { status: 403 });

export const invalidAuthorizationMessage = () =>
  new AwsError("InvalidAuthorizationMessageException", "Message is not valid", { status: 400 });
