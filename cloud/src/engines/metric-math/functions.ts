import {
  join,
  type LabelledSeries,
  many,
  map,
  MetricMathError,
  number,
  type Series,
  series,
  type Value,
} from "./value.ts";

/** What a query is about: its times and period. */
export interface Frame {
  readonly startMs: number;
  readonly endMs: number;
  readonly periodMs: number;
}

type Function = (args: readonly Value[], frame: Frame) => Value;

/** Source: "Using math expressions with CloudWatch metrics", functions supported for metric math. */
export const FUNCTIONS: Readonly<Record<string, Function>> = {
  ABS: each(Math.abs),
  CEIL: each(Math.ceil),
  FLOOR: each(Math.floor),
  LOG: each(Math.log),
  LOG10: each(Math.log10),
  AVG: aggregate((values) => sum(values) / values.length),
  MAX: aggregate((values) => Math.max(...values)),
  MIN: aggregate((values) => Math.min(...values)),
  SUM: aggregate(sum),
  STDDEV: aggregate(deviation),
  DATAPOINT_COUNT: ([value]) =>
    value?.kind === "many" ? perTime(value.items, (values) => values.length) : number(seriesOf(value).series.size),
  METRIC_COUNT: ([value]) => number(itemsOf(value).length),
  FIRST: ([value]) => single(itemsOf(value)[0]),
  LAST: ([value]) => single(itemsOf(value).at(-1)),
  PERIOD: (_args, { periodMs }) => number(periodMs / 1000),
  DIFF: ([value]) => onEach(value, (given) => pairs(given, (now, before) => now[1] - before[1])),
  DIFF_TIME: ([value]) => onEach(value, (given) => pairs(given, (now, before) => (now[0] - before[0]) / 1000)),
  RATE: ([value]) =>
    onEach(value, (given) => pairs(given, (now, before) => (now[1] - before[1]) / ((now[0] - before[0]) / 1000))),
  RUNNING_SUM: ([value]) => onEach(value, runningSum),
  FILL: ([value, filling], frame) => onEach(value, (given) => fill(given, filling, frame)),
  IF: ([condition, yes, no]) => choose(condition, yes, no),
  REMOVE_EMPTY: ([value]) => many(itemsOf(value).filter((item) => item.series.size > 0)),
  SLICE: ([value, from, to]) => many(itemsOf(value).slice(numberOf(from), to === undefined ? undefined : numberOf(to))),
  SORT: ([value, by, order, count]) => sort(itemsOf(value), by, order, count),
  TIME_SERIES: ([value], frame) => {
    const constant = numberOf(value);
    return series(periods(frame).map((timeMs) => [timeMs, constant] as const));
  },
  EPOCH: calendar((timeMs) => timeMs / 1000),
  MINUTE: calendar((timeMs) => new Date(timeMs).getUTCMinutes()),
  HOUR: calendar((timeMs) => new Date(timeMs).getUTCHours()),
  DAY: calendar((timeMs) => new Date(timeMs).getUTCDay() || 7),
  DATE: calendar((timeMs) => new Date(timeMs).getUTCDate()),
  MONTH: calendar((timeMs) => new Date(timeMs).getUTCMonth() + 1),
  YEAR: calendar((timeMs) => new Date(timeMs).getUTCFullYear()),
};

function each(change: (value: number) => number): Function {
  return ([value]) => map(required(value), change);
}

function calendar(read: (timeMs: number) => number): Function {
  return ([value]) => onEach(value, (given) => [...given].map(([timeMs]) => [timeMs, read(timeMs)] as const));
}

/** One number of a series; of several series one value for each time. */
function aggregate(reduce: (values: readonly number[]) => number): Function {
  return (args) => {
    const [value] = args.length === 1 ? args : [many(args.flatMap(itemsOf))];
    if (value?.kind === "many") return perTime(value.items, reduce);
    if (value?.kind === "number") return value;
    const values = [...seriesOf(value).series.values()];
    return number(values.length === 0 ? NaN : reduce(values));
  };
}

function perTime(items: readonly LabelledSeries[], reduce: (values: readonly number[]) => number): Value {
  const byTime = new Map<number, number[]>();
  for (const { series: given } of items)
    for (const [timeMs, value] of given) {
      const values = byTime.get(timeMs);
      if (values) values.push(value);
      else byTime.set(timeMs, [value]);
    }
  return series([...byTime].map(([timeMs, values]) => [timeMs, reduce(values)] as const));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function deviation(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
}

type Entry = readonly [timeMs: number, value: number];

function onEach(value: Value | undefined, change: (given: Series) => readonly Entry[]): Value {
  const given = required(value);
  if (given.kind === "many")
    return many(given.items.map((item) => ({ label: item.label, series: new Map(change(item.series)) })));
  const { label, series: one } = seriesOf(given);
  return series(change(one), label);
}

/** What each value has to do with the one before it; the first has none. */
function pairs(given: Series, compare: (now: Entry, before: Entry) => number): Entry[] {
  const entries = [...given];
  return entries.slice(1).map((now, i) => [now[0], compare(now, entries[i]!)] as const);
}

function runningSum(given: Series): Entry[] {
  let total = 0;
  return [...given].map(([timeMs, value]) => [timeMs, (total += value)] as const);
}

function periods({ startMs, endMs, periodMs }: Frame): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((endMs - startMs) / periodMs)) }, (_, i) => startMs + i * periodMs);
}

/** AWS: fills with a number, with the last value (REPEAT), or with a line from the value before to the one after (LINEAR). */
function fill(given: Series, filling: Value | undefined, frame: Frame): Entry[] {
  const filler = required(filling);
  if (filler.kind === "number" || filler.kind === "series")
    return periods(frame).flatMap((timeMs) => {
      const value = given.get(timeMs) ?? (filler.kind === "number" ? filler.value : filler.series.get(timeMs));
      return value === undefined ? [] : [[timeMs, value] as const];
    });
  const how = filler.kind === "text" ? filler.text : "";
  if (how !== "REPEAT" && how !== "LINEAR")
    throw new MetricMathError("FILL takes a number, a metric, REPEAT or LINEAR");
  const known = [...given];
  return periods(frame).flatMap((timeMs) => {
    const exact = given.get(timeMs);
    if (exact !== undefined) return [[timeMs, exact] as const];
    const before = known.findLast(([at]) => at < timeMs);
    const after = known.find(([at]) => at > timeMs);
    if (how === "REPEAT") return before ? [[timeMs, before[1]] as const] : [];
    if (!before || !after) return [];
    const share = (timeMs - before[0]) / (after[0] - before[0]);
    return [[timeMs, before[1] + share * (after[1] - before[1])] as const];
  });
}

/** AWS: without a third argument there is no value where the condition does not hold. */
function choose(condition: Value | undefined, yes: Value | undefined, no: Value | undefined): Value {
  const test = required(condition);
  const chosen = required(yes);
  if (test.kind === "number") {
    const taken = test.value !== 0 ? chosen : no;
    return taken ?? series([]);
  }
  if (chosen.kind === "many")
    return many(chosen.items.map((item) => seriesOf(choose(test, { kind: "series", ...item }, no))));
  const at = (value: Value, timeMs: number): number | undefined =>
    value.kind === "number" ? value.value : seriesOf(value).series.get(timeMs);
  const entries: Entry[] = [];
  for (const [timeMs, holds] of seriesOf(test).series) {
    const value = holds !== 0 ? at(chosen, timeMs) : no && at(no, timeMs);
    if (value !== undefined) entries.push([timeMs, value]);
  }
  return series(entries, chosen.kind === "series" ? chosen.label : "");
}

const SORT_BY: Record<string, (values: readonly number[]) => number> = {
  AVG: (values) => sum(values) / values.length,
  MAX: (values) => Math.max(...values),
  MIN: (values) => Math.min(...values),
  SUM: sum,
  STDDEV: deviation,
};

function sort(items: readonly LabelledSeries[], by?: Value, order?: Value, count?: Value): Value {
  const measure = by?.kind === "text" ? SORT_BY[by.text.toUpperCase()] : undefined;
  const direction = order?.kind === "text" ? order.text.toUpperCase() : "";
  if (!measure || (direction !== "ASC" && direction !== "DESC"))
    throw new MetricMathError("SORT takes metrics, one of AVG, MIN, MAX, SUM, and ASC or DESC");
  const sorted = items
    .map((item) => ({ item, weight: measure([...item.series.values()]) }))
    .sort((a, b) => (direction === "ASC" ? a.weight - b.weight : b.weight - a.weight))
    .map(({ item }) => item);
  return many(count === undefined ? sorted : sorted.slice(0, numberOf(count)));
}

function single(item: LabelledSeries | undefined): Value {
  return item ? { kind: "series", ...item } : series([]);
}

function required(value: Value | undefined): Value {
  if (!value) throw new MetricMathError("An argument is missing");
  return value;
}

export function numberOf(value: Value | undefined): number {
  if (value?.kind !== "number") throw new MetricMathError("Expected a number");
  return value.value;
}

function seriesOf(value: Value | undefined): LabelledSeries {
  if (value?.kind !== "series") throw new MetricMathError("Expected one time series");
  return value;
}

export function itemsOf(value: Value | undefined): readonly LabelledSeries[] {
  if (value?.kind === "many") return value.items;
  return [seriesOf(value)];
}

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b,
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "<": (a, b) => Number(a < b),
  ">": (a, b) => Number(a > b),
  "<=": (a, b) => Number(a <= b),
  ">=": (a, b) => Number(a >= b),
  "&&": (a, b) => Number(a !== 0 && b !== 0),
  "||": (a, b) => Number(a !== 0 || b !== 0),
};

export function operate(operator: string, a: Value, b: Value): Value {
  return join(a, b, OPERATORS[operator === "AND" ? "&&" : operator === "OR" ? "||" : operator]!);
}
