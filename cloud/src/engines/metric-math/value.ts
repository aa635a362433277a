/** Values by the time at which their period begins, in ms since 1970. */
export type Series = ReadonlyMap<number, number>;

export interface LabelledSeries {
  readonly label: string;
  readonly series: Series;
}

/** What an expression gives: a number, a text (an argument), one series, or several. */
export type Value =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly text: string }
  | ({ readonly kind: "series" } & LabelledSeries)
  | { readonly kind: "many"; readonly items: readonly LabelledSeries[] };

/** An expression that CloudWatch would refuse. */
export class MetricMathError extends Error {
  override name = "MetricMathError";
}

/** A function that CloudWatch has and this engine has not. */
export class UnknownFunctionError extends MetricMathError {
  constructor(readonly functionName: string) {
    super(`The function ${functionName} is not emulated`);
  }
}

export function number(value: number): Value {
  return { kind: "number", value };
}

export function series(entries: Iterable<readonly [number, number]>, label = ""): Value {
  const sorted = [...entries].filter(([, value]) => Number.isFinite(value)).sort((a, b) => a[0] - b[0]);
  return { kind: "series", label, series: new Map(sorted) };
}

export function many(items: readonly LabelledSeries[]): Value {
  return { kind: "many", items };
}

/** Applies a function to each value of a number, a series or several. */
export function map(value: Value, change: (value: number) => number): Value {
  switch (value.kind) {
    case "number":
      return number(change(value.value));
    case "series":
      return mapSeries(value, change);
    case "many":
      return many(value.items.map((item) => mapSeries(item, change)));
    case "text":
      throw new MetricMathError("A text is no operand");
  }
}

function mapSeries({ label, series: given }: LabelledSeries, change: (value: number) => number) {
  const changed = series(
    [...given].map(([timeMs, value]) => [timeMs, change(value)] as const),
    label,
  );
  return changed as LabelledSeries & { readonly kind: "series" };
}

/**
 * Joins two values by an operator. AWS: two series are joined where both have a value; a number or a series is joined
 * with each of several.
 */
export function join(a: Value, b: Value, operate: (a: number, b: number) => number): Value {
  if (b.kind === "number") return map(a, (value) => operate(value, b.value));
  if (a.kind === "number") return map(b, (value) => operate(a.value, value));
  if (a.kind === "text" || b.kind === "text") throw new MetricMathError("A text is no operand");
  if (a.kind === "series" && b.kind === "series") return joinSeries(a, b, operate);
  if (a.kind === "many" && b.kind === "many") {
    if (a.items.length !== b.items.length) throw new MetricMathError("The arrays have different lengths");
    return many(a.items.map((item, i) => joinSeries(item, b.items[i]!, operate)));
  }
  if (a.kind === "many") return many(a.items.map((item) => joinSeries(item, b as LabelledSeries, operate)));
  return many(
    (b as { items: readonly LabelledSeries[] }).items.map((item) => joinSeries(a as LabelledSeries, item, operate)),
  );
}

function joinSeries(a: LabelledSeries, b: LabelledSeries, operate: (a: number, b: number) => number) {
  const entries: [number, number][] = [];
  for (const [timeMs, value] of a.series) {
    const other = b.series.get(timeMs);
    if (other !== undefined) entries.push([timeMs, operate(value, other)]);
  }
  return series(entries, a.label) as LabelledSeries & { readonly kind: "series" };
}
