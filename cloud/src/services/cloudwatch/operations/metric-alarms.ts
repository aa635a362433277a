import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import { alarmArn, type AlarmState, type MetricAlarmRecord, type SingleMetric, type Watched } from "../alarm.ts";
import { invalidCombination, missingParameter, validationError } from "../errors.ts";
import { COMPARISONS } from "../evaluation.ts";
import { checkQueries, dimensionsFrom } from "../metric-query.ts";
import { isPlainStatistic, isStatistic } from "../statistic.ts";
import { noteConfiguration } from "../transition.ts";
import { keepTags } from "./tags.ts";

type Context = CallContext<AlarmState>;
type PutInput = Input<"cloudwatch", "PutMetricAlarm">;

const DAY_SECONDS = 86_400;
const TREATMENTS = ["breaching", "notBreaching", "ignore", "missing"];
const REFUSED = [
  "ThresholdMetricId",
  "EvaluationWindow",
  "WarmUpConfiguration",
  "EvaluationCriteria",
  "EvaluationInterval",
  "ActionConfiguration",
] as const;

/** AWS: API reference, PutMetricAlarm. */
export function putMetricAlarm(cx: Context, input: PutInput): Output<"cloudwatch", "PutMetricAlarm"> {
  for (const name of REFUSED)
    if (input[name] !== undefined) throw new NotEmulatedError(`the parameter ${name} of cloudwatch:PutMetricAlarm`);
  const watched = watchedOf(input);
  checkRule(input, watched);
  const { state, scope, kernel } = cx;
  const nowMs = kernel.clock.now();
  const key = [scope.account, scope.region, input.AlarmName!];
  const before = state.alarms.get(key);
  if (before?.kind === "composite")
    throw validationError(`The alarm ${input.AlarmName} exists as a composite alarm and cannot become a metric alarm.`);
  const alarm: MetricAlarmRecord = {
    kind: "metric",
    AlarmName: input.AlarmName!,
    ...defined({
      AlarmDescription: input.AlarmDescription,
      DatapointsToAlarm: input.DatapointsToAlarm,
      TreatMissingData: input.TreatMissingData,
      EvaluateLowSampleCountPercentile: input.EvaluateLowSampleCountPercentile,
    }),
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    watched,
    EvaluationPeriods: input.EvaluationPeriods!,
    Threshold: input.Threshold!,
    ComparisonOperator: input.ComparisonOperator!,
    StateValue: before?.StateValue ?? "INSUFFICIENT_DATA",
    StateReason: before?.StateReason ?? "Unchecked: Initial alarm creation",
    ...defined({ StateReasonData: before?.StateReasonData }),
    stateUpdatedMs: before?.stateUpdatedMs ?? nowMs,
    stateTransitionedMs: before?.stateTransitionedMs ?? nowMs,
    configuredMs: nowMs,
  };
  state.alarms.put(key, alarm);
  state.alarmsChanged();
  // AWS: "If you are using this operation to update an existing alarm, any tags you specify are ignored."
  if (!before) keepTags(state, alarmArn(scope, alarm.AlarmName), input.Tags);
  noteConfiguration(state, scope, alarm, before ? "Update" : "Create", nowMs);
  state.evaluateSoon(scope, alarm.AlarmName);
  return {};
}

function defined<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** One metric, or `Metrics` with queries and expressions. */
function watchedOf(input: PutInput): Watched {
  const single = ["MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"] as const;
  if (!input.Metrics) return { kind: "metric", metric: metricOf(input) };
  const both = single.find((name) => input[name] !== undefined);
  if (both !== undefined)
    throw invalidCombination(`The parameters ${both} and Metrics are mutually exclusive and you have specified both.`);
  checkAlarmQueries(input.Metrics);
  return { kind: "queries", queries: input.Metrics };
}

function metricOf(input: PutInput): SingleMetric {
  const { Statistic, ExtendedStatistic } = input;
  if (Statistic !== undefined && ExtendedStatistic !== undefined)
    throw invalidCombination(
      "The parameters Statistic and ExtendedStatistic are mutually exclusive and you have specified both.",
    );
  for (const name of ["MetricName", "Namespace", "Period"] as const)
    if (input[name] === undefined) throw missingParameter(`The parameter ${name} is required.`);
  const statistic = Statistic ?? ExtendedStatistic;
  if (statistic === undefined)
    throw missingParameter("At least one of the parameters Statistic, ExtendedStatistic must be specified.");
  if (ExtendedStatistic !== undefined && (isPlainStatistic(statistic) || !isStatistic(statistic)))
    throw validationError(`The value ${statistic} for parameter ExtendedStatistic is not supported.`);
  return {
    Namespace: input.Namespace!,
    MetricName: input.MetricName!,
    Dimensions: dimensionsFrom(input.Dimensions),
    statistic,
    Period: input.Period!,
    ...defined({ Unit: input.Unit }),
  };
}

function checkAlarmQueries(queries: readonly MetricDataQuery[]): void {
  if (queries.length === 0) throw validationError("Metrics must not be empty.");
  checkQueries(queries);
  if (queries.filter(({ ReturnData }) => ReturnData !== false).length !== 1)
    throw validationError("Exactly one element of the metrics list should return data.");
  const periods = new Set(queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  if (periods.size > 1) throw validationError("Period must be consistent across all metrics.");
}

function checkRule(input: PutInput, watched: Watched): void {
  if (input.Threshold === undefined) throw missingParameter("The parameter Threshold is required.");
  for (const name of ["EvaluationPeriods", "ComparisonOperator"] as const)
    if (input[name] === undefined) throw missingParameter(`The parameter ${name} is required.`);
  if (!COMPARISONS.includes(input.ComparisonOperator!))
    throw new NotEmulatedError(`the comparison operator ${input.ComparisonOperator} (anomaly detection)`);
  const periods =
    watched.kind === "metric"
      ? [watched.metric.Period]
      : watched.queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []);
  for (const period of periods) checkPeriod(period, input.EvaluationPeriods!);
  if (input.DatapointsToAlarm !== undefined && input.DatapointsToAlarm > input.EvaluationPeriods!)
    throw validationError(
      `DatapointsToAlarm must be less than or equal to EvaluationPeriods (${input.EvaluationPeriods}).`,
    );
  if (input.TreatMissingData !== undefined && !TREATMENTS.includes(input.TreatMissingData))
    throw validationError(
      `The value '${input.TreatMissingData}' for parameter TreatMissingData is not supported; allowed: ${TREATMENTS.join(", ")}.`,
    );
  const low = input.EvaluateLowSampleCountPercentile;
  if (low !== undefined && low !== "evaluate" && low !== "ignore")
    throw validationError(
      `Option ${low} is not supported. Supported options for EvaluateLowSampleCountPercentile: evaluate, ignore.`,
    );
}

/** AWS: up to seven days in all, with periods below an hour up to one day. */
function checkPeriod(period: number, evaluationPeriods: number): void {
  if (![10, 20, 30].includes(period) && period % 60 !== 0)
    throw validationError("Period must be 10, 20, 30 or a multiple of 60");
  const maxSeconds = period < 3600 ? DAY_SECONDS : 7 * DAY_SECONDS;
  if (period * evaluationPeriods > maxSeconds)
    throw validationError(
      `Metrics cannot be checked across more than ${maxSeconds === DAY_SECONDS ? "a day" : "seven days"} (EvaluationPeriods * Period must be <= ${maxSeconds}).`,
    );
}
