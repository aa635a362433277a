/** What AWS checks of keys and items against a table's schema, in its order and words. */
import {
  attributeOf,
  base64Bytes,
  typeOf,
  type AttributeValue,
  type Item,
} from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { ResolvedPath } from "../../engines/dynamodb-expressions/substitutions.ts";
import { invalid, invalidParameter, keyMismatch } from "./errors.ts";
import type { Index, KeyAttribute, KeySchema, Table } from "./table.ts";

export const ITEM_BYTES_MAX = 409_600;
const PARTITION_BYTES_MAX = 2048;
const SORT_BYTES_MAX = 1024;

/** Checks that `key` is a whole primary key. @throws ValidationException */
export function checkKey(table: Table, key: Item): void {
  if (Object.keys(key).length !== table.key.length) throw keyMismatch();
  checkKeyValues(table, key);
}

/** Checks the values of a table's or index's key attributes. @throws ValidationException */
export function checkKeyValues(schema: KeySchema, key: Item): void {
  for (const attribute of [...schema.partition, ...schema.sort]) {
    const value = attributeOf(key, attribute.name);
    if (value === undefined || value[attribute.type] === undefined) throw keyMismatch();
    checkFilled(attribute, value);
  }
  checkSizes(schema, key);
}

/** Checks the key within an item as `checkKey` does a key that stands alone. @throws ValidationException */
export function checkItemKey(table: Table, item: Item): void {
  checkKeyValues(table, item);
}

/** @throws ValidationException where a key attribute is empty; says nothing of other faults */
export function checkKeyFilled(table: Table, key: Item): void {
  for (const attribute of table.key) {
    const value = attributeOf(key, attribute.name);
    if (value) checkFilled(attribute, value);
  }
}

/** Checks that an item has its table's key, and that what indexes go by is of their types. @throws ValidationException */
export function checkItem(table: Table, item: Item): void {
  for (const attribute of table.key) {
    const value = attributeOf(item, attribute.name);
    if (value === undefined) throw invalidParameter(`Missing the key ${attribute.name} in the item`);
    if (value[attribute.type] === undefined)
      throw invalidParameter(
        `Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
      );
    checkFilled(attribute, value);
  }
  checkSizes(table, item);
  for (const index of table.indexes) checkIndexKey(index, item);
}

/** @throws ValidationException where an item's attribute does not fit the index that goes by it */
export function checkIndexKey(index: Index, item: Item): void {
  for (const attribute of [...index.partition, ...index.sort]) {
    const value = attributeOf(item, attribute.name);
    if (value === undefined) continue;
    if (value[attribute.type] === undefined) throw indexTypeMismatch(index, attribute, typeOf(value));
    const empty = emptyType(value);
    if (empty !== undefined)
      throw invalid(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. " +
          `The AttributeValue for a key attribute cannot contain an empty ${empty} value. ` +
          `IndexName: ${index.name}, IndexKey: ${attribute.name}`,
      );
  }
  checkSizes(index, item);
}

export function indexTypeMismatch(index: Index, attribute: KeyAttribute, actual: string) {
  return invalidParameter(
    `Type mismatch for Index Key ${attribute.name} Expected: ${attribute.type} Actual: ${actual} IndexName: ${index.name}`,
  );
}

/** @throws ValidationException where a path goes into a key attribute, which has nothing inside */
export function checkKeyPaths(table: Table, paths: Iterable<ResolvedPath>): void {
  const nested = new Set<unknown>();
  for (const path of paths) if (path.length > 1) nested.add(path[0]);
  if (nested.size === 0) return;
  for (const { name } of table.key) if (nested.has(name)) throw nestedKey("Key", name);
  for (const index of table.indexes)
    for (const { name } of [...index.partition, ...index.sort]) if (nested.has(name)) throw nestedKey("IndexKey", name);
}

/** `string` or `binary` where the value is an empty one of these, which no key may be. */
export function emptyType(value: AttributeValue): "string" | "binary" | undefined {
  return value.S === "" ? "string" : value.B === "" ? "binary" : undefined;
}

function checkFilled(attribute: KeyAttribute, value: AttributeValue): void {
  const empty = emptyType(value);
  if (empty === undefined) return;
  throw invalid(
    "One or more parameter values are not valid. " +
      `The AttributeValue for a key attribute cannot contain an empty ${empty} value. Key: ${attribute.name}`,
  );
}

function checkSizes(schema: KeySchema, item: Item): void {
  if (sizeOf(schema.partition, item) > PARTITION_BYTES_MAX)
    throw invalidParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  if (sizeOf(schema.sort, item) > SORT_BYTES_MAX)
    throw invalidParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}

function sizeOf(attributes: readonly KeyAttribute[], item: Item): number {
  let bytes = 0;
  for (const { name } of attributes) {
    const value = attributeOf(item, name);
    // Numbers are far below the limits. So are four short texts, at three bytes for a UTF-16 unit at most.
    if (value?.S !== undefined) bytes += value.S.length > 80 ? Buffer.byteLength(value.S) : value.S.length;
    else if (value?.B !== undefined) bytes += base64Bytes(value.B);
  }
  return bytes;
}

function nestedKey(kind: "Key" | "IndexKey", name: string) {
  return invalid(
    `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${kind}: ${name}`,
  );
}
