/**
 * Metric math. Source: "Using math expressions with CloudWatch metrics".
 *
 * Gap: ANOMALY_DETECTION_BAND, INSIGHT_RULE_METRIC, DB_PERF_INSIGHTS, LAMBDA, SEARCH, SERVICE_QUOTA and SQL queries
 * (SELECT …) are refused by name.
 */
import { FUNCTIONS, type Frame, itemsOf, operate } from "./functions.ts";
import { type Expression, idsOf, parseExpression } from "./parser.ts";
import { many, map, MetricMathError, number, UnknownFunctionError, type Value } from "./value.ts";

export { idsOf, parseExpression, type Expression } from "./parser.ts";
export { MetricMathError, UnknownFunctionError, type LabelledSeries, type Series, type Value } from "./value.ts";
export { itemsOf, type Frame } from "./functions.ts";

/** What an expression may name: the query's metrics and other expressions. */
export interface Names {
  /** @throws MetricMathError where there is none of this id */
  get(id: string): Value;
  /** The metrics (not expressions) of the query, for METRICS(). */
  metrics(): readonly { readonly id: string; readonly value: Value }[];
}

const REFUSED = [
  "ANOMALY_DETECTION_BAND",
  "DB_PERF_INSIGHTS",
  "INSIGHT_RULE_METRIC",
  "LAMBDA",
  "SEARCH",
  "SERVICE_QUOTA",
];
/** Words that stand for themselves as arguments. */
const KEYWORDS = ["REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM", "STDDEV"];

/**
 * Computes an expression.
 * @throws MetricMathError, UnknownFunctionError
 */
export function evaluateExpression(expression: Expression, names: Names, frame: Frame): Value {
  switch (expression.kind) {
    case "number":
      return number(expression.value);
    case "text":
      return { kind: "text", text: expression.text };
    case "id":
      return KEYWORDS.includes(expression.id) ? { kind: "text", text: expression.id } : names.get(expression.id);
    case "array":
      return many(expression.items.flatMap((item) => itemsOf(evaluateExpression(item, names, frame))));
    case "negate":
      return map(evaluateExpression(expression.operand, names, frame), (value) => -value);
    case "binary":
      return operate(
        expression.operator,
        evaluateExpression(expression.left, names, frame),
        evaluateExpression(expression.right, names, frame),
      );
    case "call":
      return call(expression.name, expression.args, names, frame);
  }
}

function call(name: string, args: readonly Expression[], names: Names, frame: Frame): Value {
  if (REFUSED.includes(name)) throw new UnknownFunctionError(name);
  const values = args.map((arg) => evaluateExpression(arg, names, frame));
  if (name === "METRICS") {
    const [part] = values;
    if (part && part.kind !== "text") throw new MetricMathError("METRICS takes a text or nothing");
    const chosen = names.metrics().filter(({ id }) => id.includes(part?.text ?? ""));
    return many(chosen.flatMap(({ value }) => itemsOf(value)));
  }
  const run = FUNCTIONS[name];
  if (!run) throw new MetricMathError(`Unknown function ${name}`);
  return run(values, frame);
}

/** Whether an expression is a query in SQL, which is another language. */
export function isSql(text: string): boolean {
  return /^\s*SELECT\s/i.test(text);
}

/** The ids on which an expression rests, METRICS() left out. @throws MetricMathError */
export function namesIn(text: string): string[] {
  return idsOf(parseExpression(text)).filter((id) => !KEYWORDS.includes(id));
}
