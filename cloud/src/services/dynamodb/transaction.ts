/** Doing several writes as one: what transactions of items and of statements share. */
import { AwsError } from "../../aws/error.ts";
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import type { ApiItem } from "../../engines/dynamodb-expressions/attribute-input.ts";
import { itemBytes } from "../../engines/dynamodb-expressions/attribute-value.ts";
import { writeUnits, type Consumption } from "./capacity.ts";
import { findItem, type Change } from "./change.ts";
import { cancelled, invalid, type CancellationReason } from "./errors.ts";
import { applyChange } from "./item-store.ts";
import type { DynamoState } from "./state.ts";
import { checkCondition, type Write } from "./write-plan.ts";

/** A write, or a look at an item that only has to meet its condition. */
export interface Action extends Write {
  readonly isCheck?: boolean;
}

const BYTES_MAX = 4 * 1_048_576;
const REASON_CODES: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  DuplicateItemException: "DuplicateItem",
  ValidationException: "ValidationError",
};

/**
 * Does all actions or none.
 * @throws TransactionCanceledException with a reason for each action
 */
export function commit(
  state: DynamoState,
  actions: readonly Action[],
  consumptionOf: (i: number) => Consumption | undefined,
): Change[] {
  const reasons: CancellationReason[] = [];
  const changes: Change[] = [];
  for (const action of actions)
    try {
      const { table, key } = action;
      const before = findItem(state, key);
      checkCondition(action, before);
      changes.push({ table, key, before, after: action.isCheck ? before?.item : action.change(before?.item) });
      reasons.push({ Code: "None" });
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  if (changes.length < actions.length) throw cancelled(reasons);
  checkBytes(changes);
  for (const [i, change] of changes.entries())
    if (!actions[i]!.isCheck) applyChange(state, change, consumptionOf(i));
    else consumptionOf(i)?.addTable(writeUnits(change.before?.bytes ?? 0));
  return changes;
}

/** Why an action cannot be done. @throws what is no fault of the action */
export function reasonOf(error: unknown): CancellationReason {
  if (error instanceof InvalidInput) return { Code: "ValidationError", Message: error.message };
  const code = error instanceof AwsError ? REASON_CODES[error.code] : undefined;
  if (code === undefined) throw error;
  const { message, members } = error as AwsError;
  const item = members["Item"] as ApiItem | undefined;
  return { Code: code, Message: message, ...(item ? { Item: item } : {}) };
}

function checkBytes(changes: readonly Change[]): void {
  let bytes = 0;
  for (const { before, after } of changes) bytes += after ? itemBytes(after) : (before?.bytes ?? 0);
  // Source: "TransactWriteItems", errors; the wording there, as the service's own is not known.
  if (bytes > BYTES_MAX) throw invalid("The aggregate size of the items in the transaction exceeded 4 MBs");
}
