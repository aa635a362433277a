/**
 * The six fields of an AWS cron expression, checked by AWS's rules and rewritten as a pattern of croner's. Lists, ranges
 * and steps become the values that they stand for, so that only what depends on the month (L, W, #) is left to croner.
 *
 * Source: "Cron expressions reference" of EventBridge.
 */
interface Field {
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
}

const MINUTE: Field = { min: 0, max: 59 };
const HOUR: Field = { min: 0, max: 23 };
const DAY: Field = { min: 1, max: 31 };
const MONTH: Field = {
  min: 1,
  max: 12,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const WEEKDAY: Field = { min: 1, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
const YEAR: Field = { min: 1970, max: 2199 };

/** Croner's pattern (seven fields, the first for seconds), or undefined where AWS calls the expression invalid. */
export function readCron(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6) return undefined;
  const [minute, hour, day, month, weekday, year] = fields as [string, string, string, string, string, string];
  // AWS: one of day-of-month and day-of-week is `?`, the other says something.
  if ((day === "?") === (weekday === "?")) return undefined;
  const read = [
    valuesOf(minute, MINUTE),
    valuesOf(hour, HOUR),
    day === "?" ? "*" : daysOf(day),
    valuesOf(month, MONTH),
    weekday === "?" ? "*" : weekdaysOf(weekday),
    valuesOf(year, YEAR),
  ];
  return read.includes(undefined) ? undefined : ["0", ...read].join(" ");
}

/** `L` the last day, `LW` the last weekday, `15W` the weekday nearest to the 15th. */
function daysOf(text: string): string | undefined {
  if (text === "L" || text === "LW") return text;
  const nearest = /^(\d{1,2})W$/.exec(text);
  if (nearest) return valueOf(nearest[1]!, DAY) === undefined ? undefined : `${Number(nearest[1])}W`;
  return valuesOf(text, DAY);
}

/** `L` the last day of the week (Saturday), `6L` the last Friday of the month, `3#2` the second Tuesday. One alone. */
function weekdaysOf(text: string): string | undefined {
  if (text === "L") return "7";
  const match = /^(\w+?)(?:(L)|#([1-5]))$/.exec(text);
  const weekday = match && valueOf(match[1]!, WEEKDAY);
  if (match && weekday !== undefined) return `${weekday}#${match[2] ?? match[3]}`;
  return valuesOf(text, WEEKDAY);
}

/** `*`, or the values that a list of values, ranges and steps stands for. */
function valuesOf(text: string, field: Field): string | undefined {
  if (text === "*") return "*";
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const read = itemOf(item, field);
    if (!read) return undefined;
    for (const value of read) values.add(value);
  }
  return [...values].sort((a, b) => a - b).join(",");
}

function itemOf(item: string, field: Field): number[] | undefined {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (!match) return undefined;
  const [, every, fromText, toText, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = every ? field.min : valueOf(fromText!, field);
  const to = toText === undefined ? endOf(from, field, every ?? stepText) : valueOf(toText, field);
  if (step < 1 || from === undefined || to === undefined) return undefined;
  return range(from, to, step, field);
}

/** `7` is 7 alone; `7/2` and `*` run to the end of the field. */
function endOf(from: number | undefined, field: Field, open: string | undefined): number | undefined {
  return open === undefined ? from : field.max;
}

/** A range whose end lies before its start goes round: `FRI-MON`, `22-2`. Years do not come again. */
function range(from: number, to: number, step: number, field: Field): number[] | undefined {
  if (to < from && field === YEAR) return undefined;
  const size = field.max - field.min + 1;
  const last = to < from ? to + size : to;
  const values: number[] = [];
  for (let value = from; value <= last; value += step) values.push(value > field.max ? value - size : value);
  return values;
}

function valueOf(text: string, field: Field): number | undefined {
  const name = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (name >= 0) return field.min + name;
  if (!/^\d{1,4}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : undefined;
}
