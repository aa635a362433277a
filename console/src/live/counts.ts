import type { Passage } from "../traffic.ts";
import { keyOf } from "./layout.ts";

const WINDOW_MS = 60_000;
const RATE_MS = 10_000;
const EVENTS_KEPT = 20;

interface Count {
  times: number[];
  errors: number[];
  events: Passage[];
}

export interface Figures {
  /** Calls a second, over the last ten. */
  readonly rate: number;
  /** In the last minute. */
  readonly calls: number;
  readonly errors: number;
}

/** What has passed each node and edge lately. */
export class Counts {
  readonly #byId = new Map<string, Count>();

  add(passage: Passage, nowMs: number): void {
    this.#add(passage.to, passage, nowMs);
    if (passage.from !== undefined) this.#add(keyOf({ from: passage.from, to: passage.to }), passage, nowMs);
  }

  #add(id: string, passage: Passage, nowMs: number): void {
    let count = this.#byId.get(id);
    if (!count) this.#byId.set(id, (count = { times: [], errors: [], events: [] }));
    count.times.push(nowMs);
    if (passage.span.error) count.errors.push(nowMs);
    count.events.unshift(passage);
    if (count.events.length > EVENTS_KEPT) count.events.pop();
  }

  /** Figures of a node or edge, or undefined where nothing has passed yet. */
  find(id: string, nowMs: number): Figures | undefined {
    const count = this.#byId.get(id);
    if (!count) return undefined;
    count.times = since(count.times, nowMs - WINDOW_MS);
    count.errors = since(count.errors, nowMs - WINDOW_MS);
    const recent = since(count.times, nowMs - RATE_MS).length;
    return { rate: recent / (RATE_MS / 1000), calls: count.times.length, errors: count.errors.length };
  }

  events(id: string): readonly Passage[] {
    return this.#byId.get(id)?.events ?? [];
  }
}

/** The times are in order: what is too old stands in front. */
function since(times: number[], ms: number): number[] {
  if (times.length === 0 || times[0]! >= ms) return times;
  const first = times.findIndex((time) => time >= ms);
  return first === -1 ? [] : times.slice(first);
}
