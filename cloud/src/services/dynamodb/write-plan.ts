/** One write as it was asked for: read and checked without looking at any item. What all write operations are made of. */
import { importItem, type ApiItem, type ApiValue } from "../../engines/dynamodb-expressions/attribute-input.ts";
import { itemBytes, type Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import { attributesRead, matches, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import { readCondition } from "../../engines/dynamodb-expressions/expressions.ts";
import { bindExpected, type LegacyExpected } from "../../engines/dynamodb-expressions/legacy.ts";
import { Substitutions } from "../../engines/dynamodb-expressions/substitutions.ts";
import type { Key } from "../../kernel/key.ts";
import type { Consumption } from "./capacity.ts";
import { conditionFailed, duplicateItem, invalid } from "./errors.ts";
import { checkItem, checkKey, checkKeyPaths, ITEM_BYTES_MAX } from "./item-check.ts";
import { findItem, type Found, type Written } from "./change.ts";
import { applyChange } from "./item-store.ts";
import { itemKey } from "./key.ts";
import type { DynamoState } from "./state.ts";
import type { Table } from "./table.ts";

/** A write of one item, ready to be done. */
export interface Write {
  readonly table: Table;
  readonly key: Key;
  /** The item's key attributes. */
  readonly keyItem: Item;
  readonly condition?: BoundCondition | undefined;
  /** Answer the item that failed the condition. */
  readonly answersFailed?: boolean;
  /** There may be no such item yet. */
  readonly mustBeNew?: boolean;
  /** What is written depends on what is there. */
  readonly isRelative?: boolean;
  /** The item as it is to be; undefined: none. Must not change what it is given. */
  change(before: Item | undefined): Item | undefined;
}

export interface Done extends Written {
  readonly before: Found | undefined;
  readonly after: Item | undefined;
}

/**
 * Does a write.
 * @param wantsBefore the answer needs what was there
 * @throws ConditionalCheckFailedException, ValidationException
 */
export function perform(state: DynamoState, write: Write, consumption?: Consumption, wantsBefore = false): Done {
  const { table, key } = write;
  const blind =
    !wantsBefore && !write.condition && !write.mustBeNew && !consumption && !table.needsOld && !write.isRelative;
  const before = blind ? undefined : findItem(state, key);
  checkCondition(write, before);
  const after = write.change(before?.item);
  return { ...applyChange(state, { table, key, before, after }, consumption), before, after };
}

/** @throws ConditionalCheckFailedException, DuplicateItemException */
export function checkCondition({ condition, answersFailed, mustBeNew }: Write, before: Found | undefined): void {
  if (mustBeNew && before) throw duplicateItem();
  if (condition && !matches(condition, before?.item ?? {}))
    throw conditionFailed(answersFailed ? before?.item : undefined);
}

export interface ConditionParameters {
  readonly Expected?: Readonly<Record<string, unknown>> | undefined;
  readonly ConditionalOperator?: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

export function substitutionsOf(input: ConditionParameters): Substitutions {
  return new Substitutions(
    input.ExpressionAttributeNames,
    input.ExpressionAttributeValues as Readonly<Record<string, ApiValue>> | undefined,
  );
}

/** The condition of a write, from an expression or from `Expected`. */
export function conditionOf(input: ConditionParameters, legacy = expectedOf(input)): BoundCondition | undefined {
  if (input.ConditionExpression === undefined) return legacy;
  const substitutions = substitutionsOf(input);
  const condition = readCondition("ConditionExpression", input.ConditionExpression, substitutions);
  substitutions.checkUsed();
  return condition;
}

/** @throws InvalidInput for what `Expected` cannot hold */
export function expectedOf(input: ConditionParameters): BoundCondition | undefined {
  return bindExpected(input.Expected as Record<string, LegacyExpected> | undefined, input.ConditionalOperator);
}

/** An item that is to be put. @throws InvalidInput, ValidationException above 400 KB */
export function readPutItem(item: ApiItem): Item {
  const imported = importItem(item);
  checkPutSize(imported);
  return imported;
}

export function checkPutSize(item: Item): void {
  if (itemBytes(item) > ITEM_BYTES_MAX) throw invalid("Item size has exceeded the maximum allowed size");
}

/** @throws ValidationException where the item does not fit the table */
export function putWrite(table: Table, item: Item, condition?: BoundCondition, answersFailed?: boolean): Write {
  checkItem(table, item);
  if (condition) checkKeyPaths(table, attributesRead(condition));
  return { table, key: itemKey(table, item), keyItem: item, condition, answersFailed, change: () => item };
}

/** @throws ValidationException where the key does not fit the table */
export function deleteWrite(table: Table, key: Item, condition?: BoundCondition, answersFailed?: boolean): Write {
  checkKey(table, key);
  if (condition) checkKeyPaths(table, attributesRead(condition));
  return { table, key: itemKey(table, key), keyItem: key, condition, answersFailed, change: () => undefined };
}
