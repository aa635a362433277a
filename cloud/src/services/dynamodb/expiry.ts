/**
 * Time to live: a table's items are kept in order of their expiry, and one durable timer stands at the earliest.
 *
 * Quirk: an item goes at the very second that it names, where AWS takes up to a few days.
 */
import { attributeOf, type Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Key } from "../../kernel/key.ts";
import type { Change } from "./change.ts";
import { itemKey } from "./key.ts";
import type { DynamoState } from "./state.ts";
import type { Table } from "./table.ts";

export const EXPIRY_TIMER = "dynamodb.expiry";
/** AWS: "Items with a TTL value more than five years in the past are not deleted." */
const AGE_MAX_SECONDS = 5 * 366 * 86_400;
const SECOND_MAX = 253_402_300_799;

/** What the timer is given. */
export interface ExpiryPayload {
  readonly scope: Scope;
  readonly table: string;
}

/** Keeps the order of expiry when an item changes. */
export function noteExpiry(state: DynamoState, { table, key, before, after }: Change): void {
  const old = before && expirySecond(table, before.item);
  const next = after && expirySecond(table, after);
  if (old === next) return;
  if (old !== undefined) state.expiries.remove(expiryKey(table, old, key));
  if (next !== undefined) schedule(state, table, key, next);
}

/** Notes the expiry of every item there is, when time to live is switched on. */
export function noteAllExpiries(state: DynamoState, table: Table): void {
  const items = Array.from(state.items.values({ prefix: [table.number] }), ([, text]) => JSON.parse(text) as Item);
  for (const item of items) {
    const second = expirySecond(table, item);
    if (second !== undefined) schedule(state, table, itemKey(table, item), second);
  }
}

/** Forgets all expiries of a table: time to live is switched off, or the table goes. */
export function forgetExpiries(state: DynamoState, tableNumber: number): void {
  state.expiries.clear({ prefix: [tableNumber] });
  state.kernel.timers.cancel(EXPIRY_TIMER, String(tableNumber));
}

function schedule(state: DynamoState, table: Table, key: Key, second: number): void {
  if (second < state.kernel.clock.seconds() - AGE_MAX_SECONDS) return;
  state.expiries.put(expiryKey(table, second, key), true);
  const standing = state.kernel.timers.find(EXPIRY_TIMER, String(table.number));
  if (standing === undefined || standing > second * 1000) armExpiry(state, table);
}

/** Sets the timer to the earliest expiry of a table. */
export function armExpiry(state: DynamoState, table: Table): void {
  const first = state.expiries.first({ prefix: [table.number] });
  if (!first) return;
  const payload: ExpiryPayload = { scope: table.scope, table: table.name };
  const atMs = Math.max(state.kernel.clock.now(), (first[0][1] as number) * 1000);
  state.kernel.timers.set(EXPIRY_TIMER, String(table.number), atMs, payload);
}

function expiryKey(table: Table, second: number, key: Key): Key {
  return [table.number, second, ...key.slice(1)];
}

/** When an item expires, in seconds since 1970; undefined: never. */
export function expirySecond(table: Table, item: Item): number | undefined {
  const value = table.expiryAttribute === undefined ? undefined : attributeOf(item, table.expiryAttribute);
  if (value?.N === undefined) return undefined;
  const second = Math.ceil(Number(value.N));
  return second <= SECOND_MAX ? second : undefined;
}
