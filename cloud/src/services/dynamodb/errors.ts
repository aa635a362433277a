import { AwsError } from "../../aws/error.ts";
import { exportItem, type ApiItem } from "../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";

const CODES = { status: 400 } as const;

export const invalid = (message: string) => new AwsError("ValidationException", message, CODES);
export const invalidParameter = (message: string) => invalid(`One or more parameter values were invalid: ${message}`);
export const notFound = (what = "") =>
  new AwsError("ResourceNotFoundException", `Requested resource not found${what}`, CODES);
export const tableNotFound = (name: string) => notFound(`: Table: ${name} not found`);
export const backedUpTableNotFound = (name: string) =>
  new AwsError("TableNotFoundException", `Table not found: ${name}`, CODES);
export const inUse = (message: string) => new AwsError("ResourceInUseException", message, CODES);
export const limitExceeded = (message: string) => new AwsError("LimitExceededException", message, CODES);
export const accessDenied = (message: string) => new AwsError("AccessDeniedException", message, CODES);
export const duplicateItem = () =>
  new AwsError("DuplicateItemException", "Duplicate primary key exists in table", CODES);
export const tokenMismatch = () =>
  new AwsError(
    "IdempotentParameterMismatchException",
    "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.",
    CODES,
  );
export const policyNotFound = (arn: string) =>
  new AwsError(
    "PolicyNotFoundException",
    `Resource-based policy not found for the provided ResourceArn: ${arn}`,
    CODES,
  );
export const expiredIterator = () => new AwsError("ExpiredIteratorException", "The shard iterator has expired", CODES);
export const trimmedAccess = () =>
  new AwsError(
    "TrimmedDataAccessException",
    "The operation attempted to read past the oldest stream record in a shard.",
    CODES,
  );

export const KEY_MISMATCH = "The provided key element does not match the schema";
export const keyMismatch = () => invalid(KEY_MISMATCH);

/** @param item what stands there, where the caller asked to be told */
export function conditionFailed(item?: Item): AwsError {
  return new AwsError("ConditionalCheckFailedException", "The conditional request failed", {
    ...CODES,
    ...(item ? { members: { Item: exportItem(item) } } : {}),
  });
}

/** Why one action of a transaction did not go through. */
export interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: ApiItem;
}

export function cancelled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map((reason) => reason.Code).join(", ");
  return new AwsError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { ...CODES, members: { CancellationReasons: reasons } },
  );
}
