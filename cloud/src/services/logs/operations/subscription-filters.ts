import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import {
  crossAccountFunction,
  invalidParameter,
  invalidPattern,
  limitExceeded,
  subscriptionFilterNotFound,
} from "../errors.ts";
import { logsPrincipal } from "../events.ts";
import { getGroup, putGroup, requireStandard } from "../group.ts";
import { pageByName } from "../page.ts";
import { scopeKey, type LogsState, type SubscriptionFilterRecord } from "../state.ts";
import { checkRegexFilters } from "./metric-filters.ts";

type Cx = CallContext<LogsState>;
type PutInput = Input<"logs", "PutSubscriptionFilter">;

/** AWS: "Each log group can have up to two subscription filters associated with it." */
const FILTERS_MAX = 2;
const DESCRIBE_LIMIT = 50;

/** Suspends: AWS asks the function's policy whether it may call it, before it keeps the filter. */
export async function putSubscriptionFilter(cx: Cx, input: PutInput): Promise<Output<"logs", "PutSubscriptionFilter">> {
  const { state, scope, kernel } = cx;
  for (const name of ["applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"] as const)
    if (input[name]) throw new NotEmulatedError(`the parameter ${name} of logs:PutSubscriptionFilter`);
  const pattern = compile(cx, input.filterPattern!);
  requireStandard(getGroup(state, scope, input.logGroupName!));
  requireRoom(cx, input);
  await checkDestination(cx, input);
  kernel.store.transaction(() => {
    const group = getGroup(state, scope, input.logGroupName!);
    const known = requireRoom(cx, input);
    if (pattern.regexes > 0) checkRegexFilters(cx, group.name, input.filterName!);
    state.subscriptionFilters.put([...scopeKey(scope), group.name, input.filterName!], {
      name: input.filterName!,
      pattern: input.filterPattern!,
      destinationArn: input.destinationArn!,
      ...(input.roleArn === undefined ? {} : { roleArn: input.roleArn }),
      distribution: input.distribution ?? "ByLogStream",
      createdMs: known?.createdMs ?? kernel.clock.now(),
    });
    if (!known) putGroup(state, scope, { ...group, subscriptionFilters: group.subscriptionFilters + 1 });
  });
  return {};
}

function compile(cx: Cx, pattern: string) {
  try {
    return cx.state.pattern(pattern);
  } catch (error) {
    throw invalidPattern(error, "Invalid filter pattern");
  }
}

/** The filter of that name, where there is one. @throws AwsError LimitExceededException where there is none and no room */
function requireRoom({ state, scope }: Cx, input: PutInput): SubscriptionFilterRecord | undefined {
  const group = getGroup(state, scope, input.logGroupName!);
  const known = state.subscriptionFilters.get([...scopeKey(scope), group.name, input.filterName!]);
  if (!known && group.subscriptionFilters >= FILTERS_MAX) throw limitExceeded();
  return known;
}

async function checkDestination(cx: Cx, input: PutInput): Promise<void> {
  const destination = findArn(input.destinationArn!);
  if (!destination) throw invalidParameter("Invalid destinationArn");
  if (destination.service !== "lambda" && destination.service !== "logs" && input.roleArn === undefined)
    throw invalidParameter(`destinationArn for vendor ${destination.service} cannot be used without roleArn`);
  if (destination.service !== "lambda")
    throw new NotEmulatedError(
      `subscription filters to ${destination.service} (destinationArn of logs:PutSubscriptionFilter)`,
    );
  if (input.roleArn !== undefined)
    throw invalidParameter("destinationArn for vendor lambda cannot be used with roleArn");
  if (destination.account !== cx.scope.account) throw crossAccountFunction();
  try {
    await cx.call(
      "lambda",
      "Invoke",
      { FunctionName: input.destinationArn!, InvocationType: "DryRun" },
      { as: logsPrincipal(cx.scope, input.logGroupName!) },
    );
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    throw invalidParameter(
      "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.",
    );
  }
}

export function describeSubscriptionFilters(
  cx: Cx,
  input: Input<"logs", "DescribeSubscriptionFilters">,
): Output<"logs", "DescribeSubscriptionFilters"> {
  const group = getGroup(cx.state, cx.scope, input.logGroupName!);
  const prefix = input.filterNamePrefix ?? "";
  const filters = [...cx.state.subscriptionFilters.values({ prefix: [...scopeKey(cx.scope), group.name] })];
  const { page, nextToken } = pageByName(
    filters.filter((filter) => filter.name.startsWith(prefix)),
    (filter) => filter.name,
    { nextToken: input.nextToken, limit: input.limit ?? DESCRIBE_LIMIT },
  );
  return {
    subscriptionFilters: page.map((filter) => ({
      filterName: filter.name,
      logGroupName: group.name,
      filterPattern: filter.pattern,
      destinationArn: filter.destinationArn,
      roleArn: filter.roleArn,
      distribution: filter.distribution,
      applyOnTransformedLogs: false,
      creationTime: filter.createdMs,
    })),
    nextToken,
  };
}

export function deleteSubscriptionFilter(cx: Cx, input: Input<"logs", "DeleteSubscriptionFilter">): object {
  const group = getGroup(cx.state, cx.scope, input.logGroupName!);
  const key = [...scopeKey(cx.scope), group.name, input.filterName!];
  if (!cx.state.subscriptionFilters.remove(key)) throw subscriptionFilterNotFound();
  putGroup(cx.state, cx.scope, { ...group, subscriptionFilters: group.subscriptionFilters - 1 });
  return {};
}
