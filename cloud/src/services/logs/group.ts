import { arn, findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import { groupNotFound, invalidOperation, invalidParameter, streamNotFound, validation } from "./errors.ts";
import { scopeKey, type GroupRecord, type LogsState, type StreamRecord } from "./state.ts";

/** The ARN of a log group as tags and Live Tail take it: without `:*`. */
export function groupArn(scope: Scope, name: string): string {
  return arn("logs", scope, `log-group:${name}`);
}

/** AWS: the resource that IAM is asked about, with an empty stream name for what concerns the group. */
export function iamArn(scope: Scope, group: string, stream = ""): string {
  return arn("logs", scope, `log-group:${group}:log-stream:${stream}`);
}

/** @throws AwsError ResourceNotFoundException */
export function getGroup(state: LogsState, scope: Scope, name: string): GroupRecord {
  const group = state.groups.get([...scopeKey(scope), name]);
  if (!group) throw groupNotFound();
  return group;
}

export function putGroup(state: LogsState, scope: Scope, group: GroupRecord): void {
  state.groups.put([...scopeKey(scope), group.name], group);
}

/** @throws AwsError ResourceNotFoundException */
export function getStream(state: LogsState, scope: Scope, group: string, name: string): StreamRecord {
  const stream = state.streams.get([...scopeKey(scope), group, name]);
  if (!stream) throw streamNotFound();
  return stream;
}

/** What may name a log group in an input. */
export interface GroupReference {
  logGroupName?: string | undefined;
  logGroupIdentifier?: string | undefined;
}

/** The name of the group that an input means, or an empty one where it means none: for IAM, which is asked before. */
export function nameOfReference(reference: GroupReference): string {
  return reference.logGroupName ?? nameOfIdentifier(reference.logGroupIdentifier ?? "");
}

/** @throws AwsError ValidationException for both, InvalidParameterException for neither */
export function resolveReference(scope: Scope, reference: GroupReference): string {
  const { logGroupName, logGroupIdentifier } = reference;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined)
    throw validation("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  if (logGroupName !== undefined) return logGroupName;
  if (logGroupIdentifier === undefined)
    throw invalidParameter("Either logGroupName or logGroupIdentifier must be specified.");
  return resolveIdentifier(scope, logGroupIdentifier);
}

/** The name in an ARN or a name as it is. @throws NotEmulatedError for another account's or Region's group */
export function resolveIdentifier(scope: Scope, identifier: string): string {
  const parts = findArn(identifier);
  if (parts && (parts.account !== scope.account || parts.region !== scope.region))
    throw new NotEmulatedError("log groups of other accounts or Regions (cross-account observability)");
  return nameOfIdentifier(identifier);
}

export function nameOfIdentifier(identifier: string): string {
  const parts = findArn(identifier);
  return parts ? parts.resource.replace(/^log-group:/, "").replace(/:\*$/, "") : identifier;
}

/**
 * The time before which a group's events are gone.
 * AWS: "retentionInDays: the number of days to retain the log events"; without, they are kept.
 */
export function retentionFloorMs(group: GroupRecord, nowMs: number): number {
  return group.retentionDays === undefined ? 0 : nowMs - group.retentionDays * 86_400_000;
}

/**
 * AWS: "Log classes": Infrequent Access has no metric filters, subscription filters and Live Tail.
 * @throws AwsError InvalidOperationException
 */
export function requireStandard(group: GroupRecord): void {
  if (group.class !== "STANDARD") throw invalidOperation();
}
