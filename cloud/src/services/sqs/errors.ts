import { AwsError } from "../../aws/error.ts";

const XML_CHARACTERS = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";

/** AWS: the query protocol words it with the version of its description. */
export const queueDoesNotExist = (protocol: "json" | "query" = "json") =>
  new AwsError(
    "QueueDoesNotExist",
    protocol === "json"
      ? "The specified queue does not exist."
      : "The specified queue does not exist for this wsdl version.",
    { status: 400 },
  );
export const invalidAddress = (address: string) =>
  new AwsError("InvalidAddress", `The address ${address} is not valid for this endpoint.`);
export const queueNameExists = (attribute: string) =>
  new AwsError(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  );
export const queueDeletedRecently = () =>
  new AwsError(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
  );
export const purgeInProgress = (name: string) =>
  new AwsError("PurgeQueueInProgress", `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`);
export const unknownAttribute = (name: string) => new AwsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
export const oneEncryption = () =>
  new AwsError(
    "InvalidAttributeName",
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
  );
export const invalidAttributeValue = (name: string, reason?: string) =>
  new AwsError(
    "InvalidAttributeValue",
    `Invalid value for the parameter ${name}.${reason === undefined ? "" : ` Reason: ${reason}`}`,
  );
export const missingParameter = (name: string) =>
  new AwsError("MissingParameter", `The request must contain the parameter ${name}.`, { status: 400 });
export const invalidMessageContents = (code: number) =>
  new AwsError(
    "InvalidMessageContents",
    `Invalid binary character '#x${code.toString(16).toUpperCase()}' was found in the message body, the set of allowed characters is ${XML_CHARACTERS}`,
  );
export const receiptHandleIsInvalid = (handle: string) =>
  new AwsError("ReceiptHandleIsInvalid", `The input receipt handle "${handle}" is not a valid receipt handle.`);
export const overLimit = () =>
  new AwsError("OverLimit", "The maximum number of in flight messages is reached: 120000 messages.");
export const emptyBatch = (entry: string) =>
  new AwsError("EmptyBatchRequest", `There should be at least one ${entry} in the request.`);
export const tooManyEntries = (count: number) =>
  new AwsError("TooManyEntriesInBatchRequest", `Maximum number of entries per request are 10. You have sent ${count}.`);
export const invalidBatchEntryId = () =>
  new AwsError(
    "InvalidBatchEntryId",
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
  );
export const idsNotDistinct = (id: string) => new AwsError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
export const batchTooLong = (max: number, bytes: number) =>
  new AwsError(
    "BatchRequestTooLong",
    `Batch requests cannot be longer than ${max} bytes. You have sent ${bytes} bytes.`,
  );
export const kmsAccessDenied = () =>
  new AwsError(
    "KmsAccessDenied",
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
  );
export const resourceNotFound = (parameter: "SourceArn" | "DestinationArn") =>
  new AwsError(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
export const taskNotFound = () => new AwsError("ResourceNotFoundException", "Task does not exist.");

/** @param message AWS's whole text */
export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message, { status: 400 });
}

/** `Value … for parameter … is invalid. Reason: ….` */
export function invalidValue(value: unknown, parameter: string, reason: string): AwsError {
  return invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);
}
