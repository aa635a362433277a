import { findSchedule, nextTimeMs, type Schedule } from "../../aws/schedule.ts";
import type { Rotation } from "./state.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** AWS: "Schedule expressions" of Secrets Manager: rates of hours or days, cron; at least four hours apart. */
export function scheduleOf(expression: string): Schedule | undefined {
  const schedule = findSchedule(expression);
  if (!schedule || schedule.kind === "at") return undefined;
  if (schedule.kind === "rate" && (schedule.unit === "minute" || schedule.periodMs < 4 * HOUR_MS)) return undefined;
  return schedule;
}

/** When a secret is to be rotated next; undefined where only by hand. */
export function nextRotationMs({ rules, sinceMs, enabled }: Rotation, nowMs: number): number | undefined {
  if (!enabled) return undefined;
  if (rules.AutomaticallyAfterDays !== undefined) return sinceMs + rules.AutomaticallyAfterDays * DAY_MS;
  const schedule = rules.ScheduleExpression === undefined ? undefined : scheduleOf(rules.ScheduleExpression);
  return schedule && nextTimeMs(schedule, nowMs, { anchorMs: sinceMs });
}
