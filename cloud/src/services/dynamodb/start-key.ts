/** `ExclusiveStartKey`: where a page begins. */
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import { importValue, type ApiItem } from "../../engines/dynamodb-expressions/attribute-input.ts";
import {
  attributeOf,
  equalValues,
  setAttribute,
  type Item,
} from "../../engines/dynamodb-expressions/attribute-value.ts";
import { matches, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import type { KeyCondition, KeyConditions } from "../../engines/dynamodb-expressions/key-condition.ts";
import type { Key } from "../../kernel/key.ts";
import { invalid } from "./errors.ts";
import { checkKeyValues } from "./item-check.ts";
import { entryKey, itemKey } from "./key.ts";
import { pageKey } from "./read-page.ts";
import type { Index, Table } from "./table.ts";

export const INVALID_START = "The provided starting key is invalid";
/** Quirk: complaints about these come without the words above. */
const BARE = /contains duplicates|number set|numeric value|significant digits|number with magnitude/i;

/** @throws ValidationException for a value that is none */
export function readStartKey(key: ApiItem | undefined): Item | undefined {
  if (!key) return undefined;
  const imported: Item = {};
  for (const [name, value] of Object.entries(key))
    try {
      setAttribute(imported, name, importValue(value));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      throw invalid(BARE.test(error.message) ? error.message : `${INVALID_START}: ${error.message}`);
    }
  return imported;
}

/** @throws ValidationException where the key is not one of the table or index */
export function checkStartKey(start: Item, table: Table, index: Index | undefined): void {
  const attributes = pageKey(table, index);
  if (Object.keys(start).length !== attributes.length || attributes.some(({ name }) => !attributeOf(start, name)))
    throw invalid(INVALID_START);
  if (index) checkKeyValues(index, start);
}

/** @throws ValidationException where the part that is the item's own key is none of the table's */
export function checkStartItem(start: Item, table: Table): void {
  try {
    checkKeyValues(table, start);
  } catch (error) {
    throw invalid(`${INVALID_START}: ${(error as Error).message}`);
  }
}

/** @throws ValidationException where the key lies outside of what the query reads */
export function checkStartWithin(start: Item, schema: Table | Index, conditions: KeyConditions): void {
  const within = schema.partition.every(({ name }) => equalValues(start[name]!, conditions.get(name)!.values[0]!));
  const sorted = schema.sort.filter(({ name }) => conditions.has(name));
  if (sorted.some(({ name }) => !matches(asCondition(name, conditions.get(name)!), start)))
    throw invalid("The provided starting key does not match the range key predicate");
  if (within) return;
  throw invalid(
    sorted.length > 0
      ? "The query can return at most one row and cannot be restarted"
      : "The provided starting key is outside query boundaries based on provided conditions",
  );
}

/** Where in the store the page begins. */
export function startPosition(start: Item, table: Table, index: Index | undefined): Key {
  return index ? entryKey(table, index, start)! : itemKey(table, start);
}

const COMPARATORS = { EQ: "=", LT: "<", LE: "<=", GT: ">", GE: ">=" } as const;

function asCondition(name: string, { operator, values }: KeyCondition): BoundCondition {
  const args = [{ kind: "path", path: [name] } as const, ...values.map((value) => ({ kind: "value", value }) as const)];
  if (operator === "BETWEEN") return { kind: "between", args };
  if (operator === "BEGINS_WITH") return { kind: "call", name: "begins_with", args };
  return { kind: "compare", operator: COMPARATORS[operator as keyof typeof COMPARATORS], args };
}
