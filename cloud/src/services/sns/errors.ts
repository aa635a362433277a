import { AwsError } from "../../aws/error.ts";

/** @param reason what stands after `Invalid parameter: ` */
export const invalidParameter = (reason: string) =>
  new AwsError("InvalidParameterException", `Invalid parameter: ${reason}`);
/** AWS: a few texts begin otherwise. */
export const invalid = (message: string) => new AwsError("InvalidParameterException", message);
/** What is wrong with a message attribute, in AWS's words. */
export const invalidValue = (message: string) => new AwsError("InvalidParameterValueException", message);
export const topicNotFound = () => new AwsError("NotFoundException", "Topic does not exist");
export const subscriptionNotFound = () => new AwsError("NotFoundException", "Subscription does not exist");
export const resourceNotFound = () => new AwsError("ResourceNotFoundException", "Resource does not exist");
export const notAuthorized = (message: string) => new AwsError("AuthorizationErrorException", message);
export const tagLimitExceeded = () =>
  new AwsError("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded");
export const filterPolicyLimitExceeded = () =>
  new AwsError("FilterPolicyLimitExceededException", "Filter policy limit exceeded");
export const kmsAccessDenied = () =>
  new AwsError(
    "KMSAccessDeniedException",
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
  );
export const tooManyEntries = () =>
  new AwsError("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible.");
export const emptyBatch = () =>
  new AwsError("EmptyBatchRequestException", "The batch request doesn't contain any entries.");
export const idsNotDistinct = () =>
  new AwsError("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.");
export const batchTooLong = () =>
  new AwsError("BatchRequestTooLongException", "The length of all the messages put together is more than the limit.");
export const invalidBatchEntryId = (fault: "too long" | "contains an impermissible character", id: string) =>
  new AwsError(
    "InvalidBatchEntryIdException",
    fault === "too long"
      ? `The Id of a batch entry in the batch request is too long: ${id}`
      : `The Id of a batch entry in the batch request contains an impermissible character: ${id}`,
  );

/** AWS: an ARN is taken apart before anything else. @param parameter e.g. `TopicArn` */
export const malformedArn = (parameter: string, text: string) =>
  invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${text.split(":").length}`);
