/**
 * What is wrong with a schedule expression, before it is deployed.
 * Source: "Schedule types in EventBridge Scheduler" (cron, rate, at), "Cron-based schedules" (fields, values, wildcards).
 */
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** What stands for `min`, `min + 1`, … */
  readonly names?: readonly string[];
  /** Forms beside values, ranges, lists, steps and `*`. */
  readonly also?: RegExp;
}

const FIELDS: readonly Field[] = [
  { name: "minutes", min: 0, max: 59 },
  { name: "hours", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31, also: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/ },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of week", min: 1, max: 7, names: DAYS, also: /^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/ },
  { name: "year", min: 1970, max: 2199 },
];

const FORMS = "cron(minutes hours day-of-month month day-of-week year), rate(value unit) or at(yyyy-mm-ddThh:mm:ss)";

/** @returns what is wrong, what was given, what is allowed; undefined where nothing is */
export function findExpressionProblem(expression: string): string | undefined {
  const [, kind, inner = ""] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === "cron") return cronProblem(expression, inner);
  if (kind === "rate") return rateProblem(expression, inner);
  if (kind === "at") return atProblem(expression, inner);
  return `the schedule is "${expression}"; allowed: ${FORMS}`;
}

function cronProblem(expression: string, inner: string): string | undefined {
  const fields = inner.split(" ");
  if (fields.length !== FIELDS.length)
    return `${expression} has ${fields.length} fields; allowed: ${FIELDS.length}: ${FIELDS.map(({ name }) => name).join(", ")}`;
  for (const [at, field] of FIELDS.entries())
    if (!isAllowed(fields[at]!, field))
      return `${field.name} of ${expression} is "${fields[at]}"; allowed: ${allowedIn(field)}`;
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if ((dayOfMonth === "?") === (dayOfWeek === "?"))
    return `day of month and day of week of ${expression} are "${dayOfMonth}" and "${dayOfWeek}"; allowed: one of them, and ? for the other`;
  return undefined;
}

function isAllowed(text: string, field: Field): boolean {
  return text.split(",").every((part) => {
    if (field.also?.test(part)) return true;
    const [, range = "", step] = /^([^/]+)(?:\/(.+))?$/.exec(part) ?? [];
    if (step !== undefined && !(/^\d+$/.test(step) && Number(step) >= 1)) return false;
    if (range === "*") return true;
    const [from, to = from, ...more] = range.split("-").map((one) => valueOf(one, field));
    return more.length === 0 && from !== undefined && to !== undefined;
  });
}

function valueOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? min + named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function allowedIn({ min, max, names }: Field): string {
  const values = names ? `${min} to ${max} or ${names[0]} to ${names.at(-1)}` : `${min} to ${max}`;
  return `${values}, with , - * and /`;
}

function rateProblem(expression: string, inner: string): string | undefined {
  const [, value, unit] = /^(\d+) (minutes?|hours?|days?)$/.exec(inner) ?? [];
  if (unit !== undefined && Number(value) >= 1) return undefined;
  return `${expression} is no rate; allowed: a whole number of 1 or more and minutes, hours or days, e.g. rate(5 minutes)`;
}

function atProblem(expression: string, inner: string): string | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner) && !Number.isNaN(Date.parse(`${inner}Z`));
  return isTime ? undefined : `${expression} is no point in time; allowed: at(yyyy-mm-ddThh:mm:ss)`;
}

/** @param name IANA name of a time zone */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
