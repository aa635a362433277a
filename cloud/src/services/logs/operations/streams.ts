import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, streamExists } from "../errors.ts";
import { getGroup, getStream, groupArn, resolveReference } from "../group.ts";
import { decodeToken, encodeToken, pageByName } from "../page.ts";
import { purgeStream } from "../retention.ts";
import { scopeKey, type LogsState, type StreamRecord } from "../state.ts";

type Cx = CallContext<LogsState>;

const DESCRIBE_LIMIT = 50;

export function createLogStream(cx: Cx, input: Input<"logs", "CreateLogStream">): object {
  const { state, scope } = cx;
  const group = getGroup(state, scope, input.logGroupName!);
  const key = [...scopeKey(scope), group.name, input.logStreamName!];
  if (state.streams.has(key)) throw streamExists();
  state.streams.put(key, {
    id: state.newId(),
    name: input.logStreamName!,
    createdMs: cx.kernel.clock.now(),
    nextChunk: 1,
  });
  return {};
}

export function deleteLogStream(cx: Cx, input: Input<"logs", "DeleteLogStream">): object {
  const { state, scope } = cx;
  const group = getGroup(state, scope, input.logGroupName!);
  const stream = getStream(state, scope, group.name, input.logStreamName!);
  state.streams.remove([...scopeKey(scope), group.name, stream.name]);
  purgeStream(cx.kernel, group.id, stream.id);
  return {};
}

export function describeLogStreams(
  cx: Cx,
  input: Input<"logs", "DescribeLogStreams">,
): Output<"logs", "DescribeLogStreams"> {
  const { logStreamNamePrefix: prefix, orderBy = "LogStreamName", descending = false, nextToken } = input;
  const name = resolveReference(cx.scope, input);
  if (orderBy === "LastEventTime" && prefix !== undefined)
    throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const group = getGroup(cx.state, cx.scope, name);
  const key = [...scopeKey(cx.scope), group.name];
  const limit = input.limit ?? DESCRIBE_LIMIT;
  const byName = orderBy === "LogStreamName" && !descending;
  const streams = cx.state.streams.values({ prefix: key, ...(byName ? { from: [...key, prefix ?? ""] } : {}) });
  const describe = (stream: StreamRecord) => describeStream(cx, group.name, stream);
  if (byName) {
    const matching = takeWhile(streams, (stream) => stream.name.startsWith(prefix ?? ""));
    const result = pageByName(matching, (stream) => stream.name, { nextToken, limit });
    return { logStreams: result.page.map(describe), nextToken: result.nextToken };
  }
  const sorted = [...streams].filter((stream) => stream.name.startsWith(prefix ?? ""));
  if (orderBy === "LastEventTime")
    sorted.sort((a, b) => (a.lastMs ?? 0) - (b.lastMs ?? 0) || (a.name < b.name ? -1 : 1));
  if (descending) sorted.reverse();
  const start = nextToken === undefined ? 0 : decodeToken(nextToken, isOffset);
  const page = sorted.slice(start, start + limit);
  return {
    logStreams: page.map(describe),
    nextToken: start + limit < sorted.length ? encodeToken(start + limit) : undefined,
  };
}

const isOffset = (content: unknown): content is number => Number.isInteger(content) && (content as number) > 0;

function* takeWhile<T>(items: Iterable<T>, matches: (item: T) => boolean): Iterable<T> {
  for (const item of items) {
    if (!matches(item)) return;
    yield item;
  }
}

function describeStream(cx: Cx, group: string, stream: StreamRecord) {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdMs,
    firstEventTimestamp: stream.firstMs,
    lastEventTimestamp: stream.lastMs,
    lastIngestionTime: stream.ingestedMs,
    uploadSequenceToken: stream.lastMs === undefined ? undefined : sequenceToken(stream),
    arn: `${groupArn(cx.scope, group)}:log-stream:${stream.name}`,
    // AWS: "As of June 17, 2019, this parameter is no longer supported for log streams, and is always reported as zero."
    storedBytes: 0,
  };
}

/** AWS: the token is still handed out and no longer looked at. */
export function sequenceToken(stream: StreamRecord): string {
  return `49${String(stream.id).padStart(27, "0")}${String(stream.nextChunk).padStart(27, "0")}`;
}
