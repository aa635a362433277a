import { AwsError } from "../../aws/error.ts";
import { FilterPatternError } from "../../engines/log-filter/pattern.ts";

export const groupNotFound = () =>
  new AwsError("ResourceNotFoundException", "The specified log group does not exist.", { status: 400 });
export const groupExists = () =>
  new AwsError("ResourceAlreadyExistsException", "The specified log group already exists", { status: 400 });
export const streamNotFound = () =>
  new AwsError("ResourceNotFoundException", "The specified log stream does not exist.", { status: 400 });
export const streamExists = () =>
  new AwsError("ResourceAlreadyExistsException", "The specified log stream already exists", { status: 400 });
export const metricFilterNotFound = () =>
  new AwsError("ResourceNotFoundException", "The specified metric filter does not exist.", { status: 400 });
export const subscriptionFilterNotFound = () =>
  new AwsError("ResourceNotFoundException", "The specified subscription filter does not exist.", { status: 400 });
export const policyNotFound = (name: string) =>
  new AwsError("ResourceNotFoundException", `Policy with name [${name}] does not exist.`, { status: 400 });
export const resourceNotFound = () =>
  new AwsError("ResourceNotFoundException", "The specified resource does not exist.", { status: 400 });
export const limitExceeded = () => new AwsError("LimitExceededException", "Resource limit exceeded.", { status: 400 });
export const tooManyTags = (arn: string) =>
  new AwsError("TooManyTagsException", "A resource can have no more than 50 tags.", {
    status: 400,
    members: { resourceName: arn },
  });
export const invalidOperation = (why = "The operation is not valid on the specified resource.") =>
  new AwsError("InvalidOperationException", why, { status: 400 });
export const deletionProtected = (name: string) =>
  new AwsError("ValidationException", `Log group ${name} cannot be deleted because deletion protection is enabled.`, {
    status: 400,
  });

export const crossAccountFunction = () =>
  new AwsError(
    "AccessDeniedException",
    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account lambda triggers.",
    { status: 400 },
  );

export function validation(message: string): AwsError {
  return new AwsError("ValidationException", message, { status: 400 });
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterException", message, { status: 400 });
}

/** AWS names the characters or brackets that are wrong, and says `generic` for all else. */
export function invalidPattern(error: unknown, generic: string): AwsError {
  if (!(error instanceof FilterPatternError)) throw error;
  return invalidParameter(error.specific ? error.message : generic);
}
