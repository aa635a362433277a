/** When schedules fall due, and what then happens. */
import { findSchedule, nextTimeMs, type Schedule } from "../../aws/schedule.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import { scheduleArn } from "./schedule.ts";
import { scopeKey, type ScheduleRecord, type SchedulerState } from "./state.ts";

const TIMER = "scheduler.due";
const MINUTE_MS = 60_000;
const PARSED_MAX = 1000;

interface Due {
  readonly scope: Scope;
  readonly group: string;
  readonly name: string;
  readonly scheduledMs: number;
}

const parsed = new Map<string, Schedule>();

/** Sets the timer for the schedule's next occurrence after a time; takes it away where there is none. */
export function arm(kernel: Kernel, scope: Scope, record: ScheduleRecord, afterMs: number): void {
  const name = timerName(scope, record);
  const scheduledMs = record.state === "ENABLED" ? nextOccurrenceMs(record, afterMs) : undefined;
  if (scheduledMs === undefined) kernel.timers.cancel(TIMER, name);
  else
    kernel.timers.set(TIMER, name, scheduledMs, {
      scope: { account: scope.account, region: scope.region },
      group: record.group,
      name: record.name,
      scheduledMs,
    } satisfies Due);
}

/** Sets the timer of a schedule that was made or changed now. A rate, and a time that is this very one, run at once. */
export function armAnew(kernel: Kernel, scope: Scope, record: ScheduleRecord): void {
  const nowMs = kernel.clock.now();
  arm(kernel, scope, record, parse(record.expression).kind === "cron" ? nowMs : nowMs - 1);
}

export function disarm(kernel: Kernel, scope: Scope, record: ScheduleRecord): void {
  kernel.timers.cancel(TIMER, timerName(scope, record));
}

/** Says what happens at each occurrence: the target is handed to delivery, the next occurrence is waited for. */
export function handleOccurrences({ kernel, state }: ServiceContext<SchedulerState>): void {
  kernel.timers.handle<Due>(TIMER, ({ scope, group, name, scheduledMs }) => {
    const record = state.schedules.get([...scopeKey(scope), group, name]);
    if (!record) return;
    // Quirk: of what was missed while the cloud was down, one runs now; the next one is in the future.
    arm(kernel, scope, record, Math.max(scheduledMs, kernel.clock.now()));
    const isLast = kernel.timers.find(TIMER, timerName(scope, record)) === undefined;
    const delayMs = windowDelayMs(kernel, record);
    state.invoke(
      {
        scope,
        group,
        name,
        scheduleId: record.id,
        scheduleArn: scheduleArn(scope, group, name),
        executionId: kernel.random.uuid(),
        scheduledMs,
        dueMs: kernel.clock.now() + delayMs,
        target: record.target,
        isLast,
      },
      { delayMs },
    );
  });
}

/**
 * The first occurrence after a time. AWS: a one-time schedule takes no notice of StartDate and EndDate; a rate with a
 * StartDate runs then for the first time.
 */
function nextOccurrenceMs(record: ScheduleRecord, afterMs: number): number | undefined {
  const { startMs, endMs, timeZone, anchorMs } = record;
  const schedule = parse(record.expression);
  if (schedule.kind === "at") return nextTimeMs(schedule, afterMs, { timeZone });
  const fromMs = startMs === undefined ? afterMs : Math.max(afterMs, startMs - 1);
  const next = nextTimeMs(schedule, fromMs, { timeZone, anchorMs: startMs ?? anchorMs });
  return next === undefined || (endMs !== undefined && next > endMs) ? undefined : next;
}

/** AWS: "Configuring flexible time windows": at some time within the window. */
function windowDelayMs({ random }: Kernel, { window }: ScheduleRecord): number {
  return window.Mode === "FLEXIBLE" ? random.integer(window.MaximumWindowInMinutes! * MINUTE_MS) : 0;
}

/** When a schedule runs next, ms since 1970; undefined where it is disabled, over or not there. */
export function nextOccurrenceOf(
  kernel: Kernel,
  scope: Scope,
  schedule: Pick<ScheduleRecord, "group" | "name">,
): number | undefined {
  return kernel.timers.find(TIMER, timerName(scope, schedule));
}

function timerName({ account, region }: Scope, { group, name }: Pick<ScheduleRecord, "group" | "name">): string {
  return `${account} ${region} ${group} ${name}`;
}

function parse(expression: string): Schedule {
  let schedule = parsed.get(expression);
  if (!schedule) {
    schedule = findSchedule(expression)!;
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(expression, schedule);
  }
  return schedule;
}
