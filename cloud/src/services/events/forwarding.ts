import type { BridgeEvent } from "./event.ts";

/** Entries of PutEvents that carry another bus's event as it is: its id, time, account and source are kept. */
export const forwarded = new WeakMap<object, BridgeEvent>();
