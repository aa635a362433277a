import { AwsError } from "../../aws/error.ts";

/** Every error of the service, in AWS's words. Statuses are those of the JSON protocol: 400. */
function error(code: string, message: string): AwsError {
  return new AwsError(code, message, { status: 400 });
}

export const invalidParameter = (message: string) => error("InvalidParameterException", message);
export const notAuthorized = (message: string) => error("NotAuthorizedException", message);
export const poolNotFound = (id: string) => error("ResourceNotFoundException", `User pool ${id} does not exist.`);
export const clientNotFound = (id: string) =>
  error("ResourceNotFoundException", `User pool client ${id} does not exist.`);
export const groupNotFound = () => error("ResourceNotFoundException", "Group not found.");
export const groupExists = () => error("GroupExistsException", "A group with the name already exists.");
export const userNotFound = () => error("UserNotFoundException", "User does not exist.");
export const usernameExists = (message: string) => error("UsernameExistsException", message);
export const aliasExists = (name: string) =>
  error("AliasExistsException", `An account with the ${name} already exists.`);
export const userNotConfirmed = () => error("UserNotConfirmedException", "User is not confirmed.");
export const passwordResetRequired = () =>
  error("PasswordResetRequiredException", "Password reset required for the user");
export const invalidPassword = (why: string) =>
  error("InvalidPasswordException", `Password did not conform with policy: ${why}`);
export const codeMismatch = () =>
  error("CodeMismatchException", "Invalid verification code provided, please try again.");
export const codeExpired = () => error("ExpiredCodeException", "Invalid code provided, please request a code again.");
export const wrongPassword = () => notAuthorized("Incorrect username or password.");
