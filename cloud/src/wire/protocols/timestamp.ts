import type { TimestampFormat } from "../model.ts";

const ISO = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/;
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Writes a time; `epoch` as decimal seconds with milliseconds where there are any. */
export function writeTimestamp(date: Date, format: TimestampFormat): string {
  switch (format) {
    case "epoch":
      return String(date.getTime() / 1000);
    case "date-time":
      return isoWithoutZeroFraction(date);
    case "http":
      return httpDate(date);
  }
}

/** `2026-01-02T03:04:05Z`, with a fraction only where there are milliseconds. */
export function isoWithoutZeroFraction(date: Date): string {
  const text = date.toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, -5)}Z` : text;
}

/** IMF-fixdate of RFC 9110: `Fri, 02 Jan 2026 03:04:05 GMT`. */
export function httpDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} GMT`;
}

/**
 * Reads a time written in any of AWS's three ways; clients do not all keep to the modelled one.
 * @returns undefined where the text is no time
 */
export function readTimestamp(text: string): Date | undefined {
  if (NUMBER.test(text)) return valid(new Date(Math.round(Number(text) * 1000)));
  if (ISO.test(text) || text.endsWith("GMT")) return valid(new Date(text));
  return undefined;
}

function valid(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}
