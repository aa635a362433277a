import type { Key } from "../../kernel/key.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { findItem } from "./change.ts";
import { armExpiry, EXPIRY_TIMER, expirySecond, type ExpiryPayload } from "./expiry.ts";
import { applyChange } from "./item-store.ts";
import { DynamoState } from "./state.ts";

const BATCH = 100;

/** Says what runs when items expire. */
export function handleExpiry(kernel: Kernel): void {
  kernel.timers.handle<ExpiryPayload>(EXPIRY_TIMER, (payload) => expire(DynamoState.of(kernel), payload));
}

function expire(state: DynamoState, payload: ExpiryPayload): void {
  const table = state.findTable(payload.scope, payload.table);
  if (!table) return;
  const due = Array.from(
    state.expiries.keys({ prefix: [table.number], to: [table.number, state.kernel.clock.seconds() + 1], limit: BATCH }),
  );
  for (const expiry of due) {
    state.expiries.remove(expiry);
    const key: Key = [table.number, ...expiry.slice(2)];
    const before = findItem(state, key);
    if (before && expirySecond(table, before.item) === expiry[1])
      applyChange(state, { table, key, before, after: undefined, expired: true });
  }
  armExpiry(state, table);
}
