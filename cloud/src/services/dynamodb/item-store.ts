/** Items and what goes with them: index entries, expiry times and stream records change in one transaction. */
import {
  attributeOf,
  equalValues,
  itemBytes,
  setAttribute,
  type Item,
} from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { Key } from "../../kernel/key.ts";
import { writeUnits, type Consumption } from "./capacity.ts";
import type { Change, Written } from "./change.ts";
import { noteExpiry } from "./expiry.ts";
import { entryKey } from "./key.ts";
import type { DynamoState } from "./state.ts";
import { recordChange } from "./stream.ts";
import type { Index, Table } from "./table.ts";

/**
 * Makes a change and charges it. The caller has checked the item, and read what was there unless the table does not
 * need it (`Table.needsOld`) and nobody asks for the charge.
 */
export function applyChange(state: DynamoState, change: Change, consumption?: Consumption): Written {
  const { table, key, before, after } = change;
  const written = after
    ? { text: JSON.stringify(after), bytes: itemBytes(after) }
    : { text: undefined, bytes: before?.bytes ?? 0 };
  consumption?.addTable(writeUnits(Math.max(before?.bytes ?? 0, written.bytes)));
  if (after) state.items.put(key, [written.bytes, written.text!]);
  else state.items.remove(key);
  if (!table.needsOld || isUnchanged(change, written)) return written;
  for (const index of table.indexes) {
    const units = applyToIndex(state, change, index);
    consumption?.addIndex(index, units);
  }
  if (table.expiryAttribute !== undefined) noteExpiry(state, change);
  if (table.streamArn !== undefined) recordChange(state, change, written);
  return written;
}

/** Puts the index entry of an item that is there already; for an index that is added to a table. */
export function addEntry(state: DynamoState, table: Table, index: Index, item: Item): void {
  const key = entryKey(table, index, item);
  if (key) putEntry(state, key, entryOf(index, item));
}

function isUnchanged({ before, after }: Change, written: Written): boolean {
  if (!before || !after) return !before && !after;
  return before.text === written.text || equalValues({ M: before.item }, { M: after });
}

/** @returns the units that the index is charged; an entry that stays as it is costs nothing */
function applyToIndex(state: DynamoState, { table, before, after }: Change, index: Index): number {
  const oldKey = before && entryKey(table, index, before.item);
  const newKey = after && entryKey(table, index, after);
  if (!oldKey && !newKey) return 0;
  const old = oldKey && entryOf(index, before.item);
  const entry = newKey && entryOf(index, after);
  if (!old) return writeUnits(putEntry(state, newKey!, entry!));
  if (!entry) {
    state.items.remove(oldKey);
    return writeUnits(itemBytes(old));
  }
  if (sameKey(index, before.item, after)) {
    if (equalValues({ M: old }, { M: entry })) return 0;
    return writeUnits(Math.max(itemBytes(old), putEntry(state, newKey!, entry)));
  }
  state.items.remove(oldKey);
  return writeUnits(itemBytes(old)) + writeUnits(putEntry(state, newKey!, entry));
}

function putEntry(state: DynamoState, key: Key, entry: Item): number {
  const bytes = itemBytes(entry);
  state.items.put(key, [bytes, JSON.stringify(entry)]);
  return bytes;
}

/** What of an item the index holds. */
function entryOf(index: Index, item: Item): Item {
  if (!index.attributes) return item;
  const entry: Item = {};
  for (const name of index.attributes) {
    const value = attributeOf(item, name);
    if (value) setAttribute(entry, name, value);
  }
  return entry;
}

function sameKey(index: Index, a: Item, b: Item): boolean {
  return [...index.partition, ...index.sort].every(({ name }) => equalValues(a[name]!, b[name]!));
}
