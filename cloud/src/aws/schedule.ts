/**
 * AWS schedule expressions, `rate(…)`, `cron(…)` and `at(…)`: what they say and when they next fall due. Read by
 * EventBridge rules and EventBridge Scheduler; the date search within a cron expression is croner's.
 *
 * Sources: "Schedule types in EventBridge Scheduler" (with its sections on time zones and daylight saving time) and
 * "Cron expressions reference" of EventBridge.
 */
import { Cron } from "croner";
import { readCron } from "./cron-fields.ts";
import { instantOf, isTimeZone, wallOf } from "./wall-time.ts";

export { isTimeZone };

export type Schedule = RateSchedule | CronSchedule | AtSchedule;

export interface RateSchedule {
  readonly kind: "rate";
  readonly value: number;
  readonly unit: "minute" | "hour" | "day";
  /** Whether the unit was written as EventBridge rules want it: singular for 1, plural above. */
  readonly agrees: boolean;
  readonly periodMs: number;
}

export interface CronSchedule {
  readonly kind: "cron";
  readonly cron: Cron;
}

export interface AtSchedule {
  readonly kind: "at";
  /** The time of the wall clock, as milliseconds as if it were UTC. */
  readonly wallMs: number;
}

/** Where and from when on a schedule counts. */
export interface ScheduleFrame {
  /** IANA name (default UTC). Rates take no notice of it: a day is 24 hours. */
  readonly timeZone?: string | undefined;
  /** When a rate begins: it falls due then and at whole periods after it (default 0, the epoch). */
  readonly anchorMs?: number;
}

const MINUTE_MS = 60_000;
const UNIT_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 24 * 60 * MINUTE_MS } as const;
const RATE = /^rate\(\s*([1-9]\d{0,8})\s+(minute|hour|day)(s?)\s*\)$/;
const CRON = /^cron\((.+)\)$/;
const AT = /^at\((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\)$/;

/**
 * Reads an expression. Undefined where AWS calls it invalid; each service has its own words for that, and EventBridge
 * rules refuse further what they do not know: `at(…)`, and a rate whose unit does not agree with its number.
 */
export function findSchedule(expression: string): Schedule | undefined {
  return findRate(expression) ?? findAt(expression) ?? findCron(expression);
}

/**
 * The first time after `afterMs` at which the schedule falls due, in milliseconds; undefined where there is none.
 *
 * AWS: times that the spring change skips do not run; times that the autumn change repeats run once, the first time.
 */
export function nextTimeMs(schedule: Schedule, afterMs: number, frame: ScheduleFrame = {}): number | undefined {
  const { timeZone = "UTC", anchorMs = 0 } = frame;
  if (schedule.kind === "rate") {
    if (afterMs < anchorMs) return anchorMs;
    const periods = Math.floor((afterMs - anchorMs) / schedule.periodMs);
    return anchorMs + (periods + 1) * schedule.periodMs;
  }
  if (schedule.kind === "at") {
    const atMs = instantOf(schedule.wallMs, timeZone, "later");
    return atMs !== undefined && atMs > afterMs ? atMs : undefined;
  }
  return nextCronMs(schedule.cron, afterMs, timeZone);
}

/** The cron runs on the wall clock, written as if it were UTC, and its times are then placed in the zone. */
function nextCronMs(cron: Cron, afterMs: number, timeZone: string): number | undefined {
  let wallMs = wallOf(afterMs, timeZone);
  for (;;) {
    const next = cron.nextRun(new Date(wallMs));
    if (!next) return undefined;
    wallMs = next.getTime();
    const atMs = instantOf(wallMs, timeZone, "none");
    if (atMs !== undefined && atMs > afterMs) return atMs;
  }
}

function findRate(expression: string): RateSchedule | undefined {
  const match = RATE.exec(expression);
  if (!match) return undefined;
  const value = Number(match[1]);
  const unit = match[2] as RateSchedule["unit"];
  const agrees = (value === 1) === (match[3] === "");
  return { kind: "rate", value, unit, agrees, periodMs: value * UNIT_MS[unit] };
}

function findAt(expression: string): AtSchedule | undefined {
  const match = AT.exec(expression);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // A date that does not exist (30 February) comes out as another.
  const written = expression.slice(3, -1);
  return new Date(wallMs).toISOString().startsWith(written) ? { kind: "at", wallMs } : undefined;
}

function findCron(expression: string): CronSchedule | undefined {
  const match = CRON.exec(expression);
  const pattern = match && readCron(match[1]!);
  if (!pattern) return undefined;
  const options = { alternativeWeekdays: true, sloppyRanges: true, utcOffset: 0, paused: true } as const;
  return { kind: "cron", cron: new Cron(pattern, options) };
}
