import type { DynamoState } from "./state.ts";

const LIVE_MAX = 10_000;
const AGE_MAX_MS = 6 * 3_600_000;

/** How much a table or index holds. */
export interface Size {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Measures a table or index by its number. What holds up to ten thousand items is measured at once; more is measured
 * anew after six hours.
 *
 * Quirk: AWS refreshes these figures every six hours or so for tables of any size.
 */
export function measure(state: DynamoState, number: number): Size {
  const known = state.sizes.get([number]);
  if (known && state.kernel.clock.now() - known.atMs < AGE_MAX_MS && known.items > LIVE_MAX) return known;
  let [items, bytes] = [0, 0];
  for (const [each] of state.items.values({ prefix: [number] })) {
    items++;
    bytes += each;
  }
  if (items > LIVE_MAX) state.sizes.put([number], { items, bytes, atMs: state.kernel.clock.now() });
  return { items, bytes };
}
