import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { isReference, type FilterPattern } from "../../../engines/log-filter/pattern.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, invalidPattern, limitExceeded, metricFilterNotFound } from "../errors.ts";
import { getGroup, putGroup, requireStandard } from "../group.ts";
import { pageByName } from "../page.ts";
import { scopeKey, type LogsState, type MetricFilterRecord } from "../state.ts";

type Cx = CallContext<LogsState>;
type Transformation = NonNullable<Input<"logs", "PutMetricFilter">["metricTransformations"]>[number];

const FILTERS_MAX = 100;
const REGEX_FILTERS_MAX = 5;
const DIMENSIONS_MAX = 3;
const DESCRIBE_LIMIT = 50;
const INVALID_PATTERN = "Invalid metric filter pattern";

export function putMetricFilter(cx: Cx, input: Input<"logs", "PutMetricFilter">): object {
  const { state, scope } = cx;
  refuse(input);
  const pattern = compile(cx, input.filterPattern!);
  const transformation = input.metricTransformations![0]!;
  checkTransformation(transformation, pattern);
  const group = getGroup(state, scope, input.logGroupName!);
  requireStandard(group);
  const key = [...scopeKey(scope), group.name, input.filterName!];
  const known = state.metricFilters.get(key);
  if (!known && group.metricFilters >= FILTERS_MAX) throw limitExceeded();
  if (pattern.regexes > 0) checkRegexFilters(cx, group.name, input.filterName!);
  state.metricFilters.put(key, {
    name: input.filterName!,
    pattern: input.filterPattern!,
    createdMs: known?.createdMs ?? cx.kernel.clock.now(),
    transformation: keep(transformation),
  });
  if (!known) putGroup(state, scope, { ...group, metricFilters: group.metricFilters + 1 });
  return {};
}

function refuse(input: Input<"logs", "PutMetricFilter">): void {
  for (const name of ["applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions"] as const)
    if (input[name]) throw new NotEmulatedError(`the parameter ${name} of logs:PutMetricFilter`);
}

function compile(cx: Cx, pattern: string): FilterPattern {
  try {
    return cx.state.pattern(pattern);
  } catch (error) {
    throw invalidPattern(error, INVALID_PATTERN);
  }
}

/** AWS: "a maximum of 5 filter patterns containing regex for each log group", metric and subscription filters together. */
export function checkRegexFilters({ state, scope }: Cx, group: string, except: string): void {
  const prefix = [...scopeKey(scope), group];
  const filters = [...state.metricFilters.values({ prefix }), ...state.subscriptionFilters.values({ prefix })];
  const others = filters.filter(({ name, pattern }) => name !== except && state.pattern(pattern).regexes > 0);
  if (others.length >= REGEX_FILTERS_MAX) throw limitExceeded();
}

function checkTransformation(transformation: Transformation, pattern: FilterPattern): void {
  const { metricValue, dimensions = {}, defaultValue } = transformation;
  if (metricValue!.startsWith("$") ? !isReference(pattern, metricValue!) : !isNumber(metricValue!))
    throw invalidParameter(
      `Invalid metric transformation: metricValue ${metricValue} does not fit the filter pattern.`,
    );
  const references = Object.values(dimensions);
  if (references.length === 0) return;
  if (defaultValue !== undefined)
    throw invalidParameter(
      "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
    );
  if (references.length > DIMENSIONS_MAX)
    throw invalidParameter("Invalid metric transformation: the number of dimensions cannot exceed 3.");
  if (pattern.kind !== "json" && pattern.kind !== "fields")
    throw invalidParameter("The specified filter pattern does not support dimensions");
  const stranger = references.find((reference) => !isReference(pattern, reference));
  if (stranger !== undefined)
    throw invalidParameter(
      `Invalid metric transformation: dimension value ${stranger} does not fit the filter pattern.`,
    );
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function keep(transformation: Transformation): MetricFilterRecord["transformation"] {
  const { metricName, metricNamespace, metricValue, defaultValue, dimensions, unit } = transformation;
  return {
    metricName: metricName!,
    metricNamespace: metricNamespace!,
    metricValue: metricValue!,
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(unit === undefined ? {} : { unit }),
  };
}

export function describeMetricFilters(
  cx: Cx,
  input: Input<"logs", "DescribeMetricFilters">,
): Output<"logs", "DescribeMetricFilters"> {
  const { logGroupName, filterNamePrefix = "", metricName, metricNamespace } = input;
  if ((metricName === undefined) !== (metricNamespace === undefined))
    throw invalidParameter("metricName and metricNamespace must be specified together.");
  if (logGroupName !== undefined) getGroup(cx.state, cx.scope, logGroupName);
  const prefix = [...scopeKey(cx.scope), ...(logGroupName === undefined ? [] : [logGroupName])];
  const filters = [...cx.state.metricFilters.entries({ prefix })]
    .map(([key, filter]) => ({ group: key[2] as string, filter }))
    .filter(
      ({ filter: { name, transformation } }) =>
        name.startsWith(filterNamePrefix) &&
        (metricName === undefined || transformation.metricName === metricName) &&
        (metricNamespace === undefined || transformation.metricNamespace === metricNamespace),
    );
  const { page, nextToken } = pageByName(filters, ({ group, filter }) => `${group}\0${filter.name}`, {
    nextToken: input.nextToken,
    limit: input.limit ?? DESCRIBE_LIMIT,
  });
  return { metricFilters: page.map(({ group, filter }) => describe(group, filter)), nextToken };
}

function describe(logGroupName: string, filter: MetricFilterRecord) {
  return {
    filterName: filter.name,
    filterPattern: filter.pattern,
    metricTransformations: [filter.transformation],
    creationTime: filter.createdMs,
    logGroupName,
    applyOnTransformedLogs: false,
  };
}

export function deleteMetricFilter(cx: Cx, input: Input<"logs", "DeleteMetricFilter">): object {
  const group = getGroup(cx.state, cx.scope, input.logGroupName!);
  const key = [...scopeKey(cx.scope), group.name, input.filterName!];
  if (!cx.state.metricFilters.remove(key)) throw metricFilterNotFound();
  putGroup(cx.state, cx.scope, { ...group, metricFilters: group.metricFilters - 1 });
  return {};
}

export function testMetricFilter(cx: Cx, input: Input<"logs", "TestMetricFilter">): Output<"logs", "TestMetricFilter"> {
  const pattern = compile(cx, input.filterPattern!);
  const matches = input.logEventMessages!.flatMap((eventMessage, i) => {
    const match = pattern.match(eventMessage);
    return match ? [{ eventNumber: i + 1, eventMessage, extractedValues: match.extracted() }] : [];
  });
  return { matches };
}
