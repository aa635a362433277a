/** The counts of a Map Run, and when it has failed. */
import type { ChildStatus, MapChild, MapRunRecord } from "../state.ts";
import { CHILD_STATUSES } from "../state.ts";

export const NONE = Object.fromEntries(CHILD_STATUSES.map((status) => [status, 0])) as Record<ChildStatus, number>;

/** AWS: "Service quotas": 10,000 child executions of a Map Run at a time. */
export const CONCURRENCY_MAX = 10_000;

/** The run after a child of its went from one status (undefined: there was none) to another. */
export function counted(
  run: MapRunRecord,
  { items }: Pick<MapChild, "items">,
  from: ChildStatus | undefined,
  to: ChildStatus,
): MapRunRecord {
  const move = (counts: MapRunRecord["items"], by: number) => {
    const made = { ...counts };
    if (from !== undefined) made[from] -= by;
    made[to] += by;
    return made;
  };
  return { ...run, executions: move(run.executions, 1), items: move(run.items, items) };
}

/** Items that failed or timed out. AWS: those of aborted children do not count. */
export function failedItems({ items }: MapRunRecord): number {
  return items.failed + items.timedOut;
}

/**
 * Whether more failed than is tolerated.
 * AWS: "ToleratedFailurePercentage": of all items, so that it can be told only once all are known; here a share that can no
 * longer be made good fails as soon as all items are read. Where both limits are given, either fails the run.
 */
export function isBeyondTolerance(run: MapRunRecord): boolean {
  const failed = failedItems(run);
  if (failed === 0) return false;
  const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = run;
  if (count === 0 && percentage === 0) return true;
  if (count > 0 && failed > count) return true;
  return percentage > 0 && run.exhausted && (failed * 100) / run.itemsRead > percentage;
}
