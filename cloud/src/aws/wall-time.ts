/** Wall clocks of time zones. A wall time is written as the milliseconds that UTC would have at that reading. */

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the name is one of the IANA database (`Europe/Berlin`, `UTC`). */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the wall clock of the zone reads at an instant. @throws RangeError where there is no such zone */
export function wallOf(atMs: number, timeZone: string): number {
  if (timeZone === "UTC") return atMs;
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(atMs)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  const subsecondMs = ((atMs % 1000) + 1000) % 1000;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) + subsecondMs;
}

/**
 * The instant at which the wall clock of the zone reads so: the first one, where the clock is put back and reads it twice.
 * @param skipped where the clock is put forward and never reads it: `none` answers undefined, `later` the time as long
 * after the change as it is written after it
 */
export function instantOf(wallMs: number, timeZone: string, skipped: "none" | "later"): number | undefined {
  if (timeZone === "UTC") return wallMs;
  const before = offsetMs(wallMs - DAY_MS, timeZone);
  const after = offsetMs(wallMs + DAY_MS, timeZone);
  const earlier = wallMs - Math.max(before, after);
  const later = wallMs - Math.min(before, after);
  if (wallOf(earlier, timeZone) === wallMs) return earlier;
  if (wallOf(later, timeZone) === wallMs) return later;
  return skipped === "later" ? later : undefined;
}

function offsetMs(atMs: number, timeZone: string): number {
  return wallOf(atMs, timeZone) - atMs;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}
