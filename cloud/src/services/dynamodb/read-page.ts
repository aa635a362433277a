/** Reading a page of a table or index: what Query, Scan and SELECT have in common. */
import { matches, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { Range } from "../../kernel/store.ts";
import { readUnits, type Consumption } from "./capacity.ts";
import { findItem, Found } from "./change.ts";
import { itemKey, keyOf } from "./key.ts";
import type { DynamoState } from "./state.ts";
import type { Index, KeyAttribute, Table } from "./table.ts";

/** AWS: a page ends with the item that brings it to 1 MB, counted before the filter. */
const PAGE_BYTES = 1_048_576;

export interface ReadPlan {
  readonly table: Table;
  readonly index?: Index | undefined;
  readonly range: Range;
  readonly filter?: BoundCondition | undefined;
  /** What is asked for is not all in the (local) index, so each item is fetched from the table. */
  readonly fetches?: boolean;
  /** How many items are looked at. */
  readonly limit?: number | undefined;
  readonly consistent?: boolean | undefined;
}

export interface Page {
  /** What the filter let pass. */
  readonly found: readonly Found[];
  readonly scanned: number;
  /** Key of the last item looked at, where there may be more. */
  readonly last: Item | undefined;
}

/** Reads a page and charges it. */
export function readPage(state: DynamoState, plan: ReadPlan, consumption: Consumption): Page {
  const { table, index, filter, consistent = false } = plan;
  const found: Found[] = [];
  let [scanned, bytes] = [0, 0];
  let last: Item | undefined;
  for (const stored of state.items.values(plan.range)) {
    const entry = new Found(stored);
    scanned++;
    bytes += entry.bytes;
    const whole = plan.fetches ? fetch(state, table, entry, consistent, consumption) : entry;
    if (!filter || matches(filter, whole.item)) found.push(whole);
    if (scanned !== plan.limit && bytes < PAGE_BYTES) continue;
    last = keyOf(pageKey(table, index), entry.item);
    break;
  }
  const units = readUnits(bytes, consistent);
  if (index) consumption.addIndex(index, units);
  else consumption.addTable(units);
  return { found, scanned, last };
}

/** The attributes that tell an item of a table or an entry of an index: what `ExclusiveStartKey` holds. */
export function pageKey(table: Table, index: Index | undefined): KeyAttribute[] {
  if (!index) return [...table.key];
  const own = [...index.partition, ...index.sort];
  return [...own, ...table.key.filter(({ name }) => !own.some((attribute) => attribute.name === name))];
}

function fetch(state: DynamoState, table: Table, entry: Found, consistent: boolean, consumption: Consumption): Found {
  const whole = findItem(state, itemKey(table, entry.item))!;
  consumption.addTable(readUnits(whole.bytes, consistent));
  return whole;
}
