import { NotEmulatedError } from "../../../aws/error.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { deletionProtected, groupExists, invalidParameter } from "../errors.ts";
import { getGroup, groupArn, nameOfIdentifier, putGroup, resolveIdentifier } from "../group.ts";
import { pageByName } from "../page.ts";
import { cancelRetention, purgeGroup, scheduleRetention } from "../retention.ts";
import { scopeKey, type GroupRecord, type LogGroupClass, type LogsState } from "../state.ts";

type Cx = CallContext<LogsState>;

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const DESCRIBE_LIMIT = 50;

export function createLogGroup(cx: Cx, input: Input<"logs", "CreateLogGroup">): object {
  const name = input.logGroupName!;
  const { state, scope } = cx;
  if (/^aws\//i.test(name)) throw invalidParameter("Log groups starting with AWS/ are reserved for AWS.");
  if (input.kmsKeyId !== undefined) throw new NotEmulatedError("the parameter kmsKeyId of logs:CreateLogGroup");
  const groupClass = input.logGroupClass ?? "STANDARD";
  if (groupClass !== "STANDARD" && groupClass !== "INFREQUENT_ACCESS")
    throw new NotEmulatedError(`the log group class ${groupClass}`);
  if (state.groups.has([...scopeKey(scope), name])) throw groupExists();
  putGroup(state, scope, {
    id: state.newId(),
    name,
    createdMs: cx.kernel.clock.now(),
    class: groupClass satisfies LogGroupClass,
    deletionProtected: input.deletionProtectionEnabled ?? false,
    tags: { ...input.tags },
    metricFilters: 0,
    subscriptionFilters: 0,
  });
  return {};
}

export function deleteLogGroup(cx: Cx, input: Input<"logs", "DeleteLogGroup">): object {
  const { state, scope, kernel } = cx;
  const group = getGroup(state, scope, input.logGroupName!);
  if (group.deletionProtected) throw deletionProtected(group.name);
  const key = [...scopeKey(scope), group.name];
  for (const collection of [state.streams, state.metricFilters, state.subscriptionFilters])
    for (const child of Array.from(collection.keys({ prefix: key }))) collection.remove(child);
  state.groups.remove(key);
  cancelRetention(kernel, scope, group);
  purgeGroup(kernel, group.id);
  return {};
}

export function describeLogGroups(
  cx: Cx,
  input: Input<"logs", "DescribeLogGroups">,
): Output<"logs", "DescribeLogGroups"> {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern } = input;
  if (prefix !== undefined && pattern !== undefined)
    throw invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  if (input.includeLinkedAccounts)
    throw new NotEmulatedError("the parameter includeLinkedAccounts of logs:DescribeLogGroups");
  const wanted = input.logGroupIdentifiers?.map((identifier) => resolveIdentifier(cx.scope, identifier));
  const matches = (group: GroupRecord): boolean =>
    group.name.startsWith(prefix ?? "") &&
    group.name.includes(pattern ?? "") &&
    (input.logGroupClass === undefined || group.class === input.logGroupClass) &&
    (wanted === undefined || wanted.includes(group.name));
  const groups = cx.state.groups.values({ prefix: scopeKey(cx.scope), from: [...scopeKey(cx.scope), prefix ?? ""] });
  const { page, nextToken } = pageByName(filter(groups, matches), (group) => group.name, {
    nextToken: input.nextToken,
    limit: input.limit ?? DESCRIBE_LIMIT,
  });
  return { logGroups: page.map((group) => describe(cx, group)), nextToken };
}

function* filter<T>(items: Iterable<T>, matches: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (matches(item)) yield item;
}

function describe(cx: Cx, group: GroupRecord) {
  const logGroupArn = groupArn(cx.scope, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.createdMs,
    retentionInDays: group.retentionDays,
    metricFilterCount: group.metricFilters,
    arn: `${logGroupArn}:*`,
    storedBytes: cx.state.bytesOf(group.id),
    logGroupClass: group.class,
    logGroupArn,
    deletionProtectionEnabled: group.deletionProtected,
  };
}

export function putRetentionPolicy(cx: Cx, input: Input<"logs", "PutRetentionPolicy">): object {
  const days = input.retentionInDays!;
  if (!RETENTION_DAYS.includes(days))
    throw invalidParameter(
      `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${RETENTION_DAYS.join(", ")}]`,
    );
  const group = getGroup(cx.state, cx.scope, input.logGroupName!);
  putGroup(cx.state, cx.scope, { ...group, retentionDays: days });
  scheduleRetention(cx.kernel, cx.scope, group);
  return {};
}

export function deleteRetentionPolicy(cx: Cx, input: Input<"logs", "DeleteRetentionPolicy">): object {
  const { retentionDays: _, ...group } = getGroup(cx.state, cx.scope, input.logGroupName!);
  putGroup(cx.state, cx.scope, group);
  cancelRetention(cx.kernel, cx.scope, group);
  return {};
}

export function putLogGroupDeletionProtection(cx: Cx, input: Input<"logs", "PutLogGroupDeletionProtection">): object {
  const group = getGroup(cx.state, cx.scope, nameOfIdentifier(input.logGroupIdentifier!));
  putGroup(cx.state, cx.scope, { ...group, deletionProtected: input.deletionProtectionEnabled! });
  return {};
}
