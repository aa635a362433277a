import type { Cx } from "./gateway.ts";
import type { UsagePlanRecord } from "./state.ts";

/** The day of a time, in UTC: `2026-11-24`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

const DAY_MS = 86_400_000;

/**
 * The first day of the quota's period that a time is in. AWS: a week begins on Sunday, a month on the first; `offset`
 * days later where it says so.
 */
export function periodStart(timeMs: number, period: string, offset = 0): string {
  const shifted = timeMs - offset * DAY_MS;
  if (period === "DAY") return dayOf(timeMs);
  if (period === "WEEK") return dayOf(shifted - new Date(shifted).getUTCDay() * DAY_MS + offset * DAY_MS);
  const date = new Date(shifted);
  return dayOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) + offset * DAY_MS);
}

/** Requests of a key in a plan from a day on. */
export function usedSince(cx: Cx, planId: string, keyId: string, day: string): number {
  let used = 0;
  for (const count of cx.state.apis.usage.values({ prefix: [planId, keyId], from: [planId, keyId, day] }))
    used += count;
  return used;
}

/** Counts a request of a key, and tells whether the plan's quota is used up. */
export function quotaFault(cx: Cx, plan: UsagePlanRecord, keyId: string): boolean {
  const { usage, extensions } = cx.state.apis;
  return cx.kernel.store.transaction(() => {
    const now = cx.kernel.clock.now();
    const today = dayOf(now);
    const { quota } = plan;
    if (quota?.limit !== undefined && quota.period !== undefined) {
      const start = periodStart(now, quota.period, quota.offset);
      const limit = quota.limit + (extensions.get([plan.id, keyId, start]) ?? 0);
      if (usedSince(cx, plan.id, keyId, start) >= limit) return true;
    }
    usage.put([plan.id, keyId, today], (usage.get([plan.id, keyId, today]) ?? 0) + 1);
    return false;
  });
}
