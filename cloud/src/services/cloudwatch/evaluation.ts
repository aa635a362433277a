import type { StateValue } from "./alarm.ts";

/** One period of an alarm's metric. */
export interface Datapoint {
  readonly timeMs: number;
  /** Undefined where data is missing. */
  readonly value: number | undefined;
  readonly sampleCount?: number | undefined;
}

export interface Rule {
  readonly comparisonOperator: string;
  readonly threshold: number;
  /** N */
  readonly evaluationPeriods: number;
  /** M */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: "missing" | "ignore" | "breaching" | "notBreaching";
}

/** What an evaluation found. */
export interface Verdict {
  /** Undefined: the alarm stays in the state that it is in. */
  readonly state: StateValue | undefined;
  /** The datapoints that decided it, newest first; those without a value were filled as the rule says. */
  readonly evaluated: readonly Datapoint[];
}

const COMPARE: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export const COMPARISONS = Object.keys(COMPARE);

/** AWS looks at some periods more than it needs, so that late data does not make an alarm of nothing. */
export const EXTRA_PERIODS = 2;

/**
 * Decides by "M out of N".
 * Source: CloudWatch User Guide, "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data", with
 * the tables of the latter.
 * @param range the evaluation range, oldest first: N periods and `EXTRA_PERIODS` before them
 */
export function evaluate(rule: Rule, range: readonly Datapoint[]): Verdict {
  const { evaluationPeriods: n, datapointsToAlarm: m, treatMissingData } = rule;
  const newestFirst = range.toReversed();
  const known = newestFirst.filter(({ value }) => value !== undefined);
  const breaches = ({ value }: Datapoint): boolean => COMPARE[rule.comparisonOperator]!(value!, rule.threshold);
  // Enough real data in the range: it alone decides, however many periods lie between.
  if (known.length >= n) {
    const evaluated = known.slice(0, n);
    return { state: evaluated.filter(breaches).length >= m ? "ALARM" : "OK", evaluated };
  }
  const gaps = newestFirst.filter(({ value }) => value === undefined).slice(0, n - known.length);
  const evaluated = [...known, ...gaps].sort((a, b) => b.timeMs - a.timeMs);
  const breaching = known.filter(breaches).length;
  const filled = breaching + (treatMissingData === "breaching" ? gaps.length : 0);
  if (filled >= m) return { state: "ALARM", evaluated };
  if (treatMissingData === "breaching" || treatMissingData === "notBreaching") return { state: "OK", evaluated };
  if (known.length === 0) return { state: treatMissingData === "ignore" ? undefined : "INSUFFICIENT_DATA", evaluated };
  if (breaching < known.length) return { state: "OK", evaluated };
  // Only breaching data, and too little of it. AWS ("Avoiding premature transitions to alarm state"): ALARM where the
  // oldest is at least as old as Datapoints to Alarm.
  if (treatMissingData === "ignore") return { state: undefined, evaluated };
  const oldest = newestFirst.findLastIndex(({ value }) => value !== undefined);
  return { state: oldest + 1 >= m ? "ALARM" : undefined, evaluated };
}
