import { AwsError } from "../../aws/error.ts";

/** Every error of KMS, with AWS's code and text. */
const error = (code: string) => (message: string) => new AwsError(code, message, { status: 400 });

export const validation = error("ValidationException");
export const notFound = error("NotFoundException");
export const invalidState = error("KMSInvalidStateException");
export const invalidUsage = error("InvalidKeyUsageException");
export const unsupported = error("UnsupportedOperationException");
export const malformedPolicy = error("MalformedPolicyDocumentException");
export const limitExceeded = error("LimitExceededException");
export const tagError = error("TagException");

export const keyNotFound = (arn: string) => notFound(`Key '${arn}' does not exist`);
export const invalidKeyId = (id: string) => notFound(`Invalid keyId '${id}'`);
export const aliasNotFound = (arn: string) => notFound(`Alias ${arn} is not found.`);
export const disabled = (arn: string) => error("DisabledException")(`${arn} is disabled.`);
export const pendingDeletion = (arn: string) => invalidState(`${arn} is pending deletion.`);
/** AWS: says no more than its code. */
export const invalidCiphertext = () => error("InvalidCiphertextException")("");
export const invalidSignature = () => error("KMSInvalidSignatureException")("");
export const invalidMac = () => error("KMSInvalidMacException")("");
export const incorrectKey = () =>
  error("IncorrectKeyException")("The key ID in the request does not identify a CMK that can perform this operation.");
export const aliasExists = (arn: string) =>
  error("AlreadyExistsException")(`An alias with the name ${arn} already exists`);
export const invalidMarker = () => error("InvalidMarkerException")("Could not deserialize marker");
export const invalidGrantId = (id: string) => error("InvalidGrantIdException")(`Grant ID '${id}' not found`);
export const invalidGrantToken = () => error("InvalidGrantTokenException")("Invalid grant token");
export const dryRun = () =>
  new AwsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", {
    status: 412,
  });
