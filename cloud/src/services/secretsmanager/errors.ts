import { AwsError } from "../../aws/error.ts";

/** Every error of Secrets Manager, with AWS's code and text. */
const error = (code: string) => (message: string) => new AwsError(code, message, { status: 400 });

export const validation = error("ValidationException");
export const invalidParameter = error("InvalidParameterException");
export const invalidRequest = error("InvalidRequestException");
export const resourceNotFound = error("ResourceNotFoundException");
export const accessDenied = error("AccessDeniedException");
const resourceExists = error("ResourceExistsException");

export const secretNotFound = () => resourceNotFound("Secrets Manager can't find the specified secret.");
export const stageNotFound = (stage: string) =>
  resourceNotFound(`Secrets Manager can't find the specified secret value for staging label: ${stage}`);
export const versionNotFound = (id: string) =>
  resourceNotFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
export const markedForDeletion = () =>
  invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
export const nameScheduledForDeletion = () =>
  invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.");
export const alreadyExists = (name: string) =>
  resourceExists(`The operation failed because the secret ${name} already exists.`);
export const tokenInUse = (token: string, arn: string) =>
  resourceExists(
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );
export const bothValues = () =>
  invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.");
export const noValue = () => invalidRequest("You must provide either SecretString or SecretBinary.");
export const stageMismatch = () =>
  invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.");
export const invalidName = () =>
  validation(
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  );
export const invalidToken = () => error("InvalidNextTokenException")("Invalid next token");
export const malformedPolicy = () =>
  error("MalformedPolicyDocumentException")("This resource policy contains a syntax error.");
export const publicPolicy = () =>
  error("PublicPolicyException")(
    "You can't attach this policy to the secret because it allows broad access to the secret.",
  );
export const rotationIncomplete = () =>
  invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
export const noRotationFunction = () =>
  invalidRequest("No Lambda rotation function ARN is associated with this secret.");
export const cannotInvoke = () =>
  accessDenied(
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
  );
