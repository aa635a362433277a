import { AwsError } from "../../aws/error.ts";

/** Every error of IAM, with AWS's code, status and text. */

export type Named = "user" | "group" | "role";

export function noSuchEntity(message: string): AwsError {
  return new AwsError("NoSuchEntity", message, { status: 404 });
}

export const noEntity = (kind: Named, name: string) => noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
export const noInlinePolicy = (kind: Named, name: string) =>
  noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
export const noPolicy = (arn: string) => noSuchEntity(`Policy ${arn} was not found.`);
export const notAttachable = (arn: string) => noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
export const noBoundary = (arn: string) => noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
export const noPolicyVersion = (arn: string, version: string) =>
  noSuchEntity(`Policy ${arn} version ${version} does not exist or is not attachable.`);
export const noAccessKey = (id: string) => noSuchEntity(`The Access Key with id ${id} cannot be found.`);
export const noInstanceProfile = (name: string) => noSuchEntity(`Instance Profile ${name} cannot be found.`);
export const noProvider = (arn: string) => noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);

export function alreadyExists(message: string): AwsError {
  return new AwsError("EntityAlreadyExists", message, { status: 409 });
}

const CAPITALIZED: Record<Named, string> = { user: "User", group: "Group", role: "Role" };
export const entityExists = (kind: Named, name: string) =>
  alreadyExists(`${CAPITALIZED[kind]} with name ${name} already exists.`);

export function deleteConflict(message: string): AwsError {
  return new AwsError("DeleteConflict", message, { status: 409 });
}

/** What must go first before an entity can be deleted. */
export const mustFirst = (what: string) => deleteConflict(`Cannot delete entity, must ${what} first.`);

export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceeded", message, { status: 409 });
}

export const quotaExceeded = (quota: string, value: number) =>
  limitExceeded(`Cannot exceed quota for ${quota}: ${value}`);

export function malformedPolicy(message: string): AwsError {
  return new AwsError("MalformedPolicyDocument", message, { status: 400 });
}

export function invalidInput(message: string): AwsError {
  return new AwsError("InvalidInput", message, { status: 400 });
}

export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message, { status: 400 });
}

export const protectedRole = (name: string) =>
  new AwsError(
    "UnmodifiableEntity",
    `Cannot perform the operation on the protected role '${name}' - this role is only modifiable by AWS`,
    { status: 400 },
  );
