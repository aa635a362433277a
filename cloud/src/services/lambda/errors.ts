import { AwsError } from "../../aws/error.ts";

/** Errors of Lambda, in its words. Each carries who is at fault as `Type`. */

function user(code: string, status: number, message: string, members: Record<string, unknown> = {}): AwsError {
  return new AwsError(code, message, { status, members: { Type: "User", ...members } });
}

export const invalidParameter = (message: string) => user("InvalidParameterValueException", 400, message);
export const validation = (message: string) => new AwsError("ValidationException", message, { status: 400 });
export const notFound = (message: string) => user("ResourceNotFoundException", 404, message);
export const conflict = (message: string) => user("ResourceConflictException", 409, message);

export const functionNotFound = (arn: string) => notFound(`Function not found: ${arn}`);
export const functionExists = (name: string) => conflict(`Function already exist: ${name}`);
export const aliasNotFound = (arn: string) => notFound(`Cannot find alias arn: ${arn}`);
export const aliasExists = (arn: string) => conflict(`Alias already exists: ${arn}`);
export const noSuchResource = () => notFound("The resource you requested does not exist.");
export const wrongRevision = () =>
  user(
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
  );
export const cannotAssume = () => invalidParameter("The role defined for the function cannot be assumed by Lambda.");
export const tooLarge = (bytes: number, type: string, bytesMax: number) =>
  user(
    "RequestTooLargeException",
    413,
    `${bytes} byte payload is too large for the ${type} invocation type (limit ${bytesMax} bytes)`,
  );
export const invalidContent = (why: string) =>
  user(
    "InvalidRequestContentException",
    400,
    `Could not parse request body into json: Could not parse payload into json: ${why}`,
  );
export const badArchive = () =>
  invalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.");
export const unpackedTooLarge = (bytesMax: number) =>
  invalidParameter(`Unzipped size must be smaller than ${bytesMax} bytes`);

export type ThrottleReason = "ReservedFunctionConcurrentInvocationLimitExceeded" | "ConcurrentInvocationLimitExceeded";

export const throttled = (reason: ThrottleReason) =>
  user("TooManyRequestsException", 429, "Rate Exceeded.", { Reason: reason });
