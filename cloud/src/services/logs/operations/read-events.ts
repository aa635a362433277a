import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, invalidPattern, streamNotFound } from "../errors.ts";
import { eventId, findPosition, type LogEvent, type Position } from "../event-log.ts";
import { getGroup, getStream, resolveReference, retentionFloorMs } from "../group.ts";
import { decodeToken, encodeToken } from "../page.ts";
import { scopeKey, type GroupRecord, type LogsState, type StreamRecord } from "../state.ts";

type Cx = CallContext<LogsState>;

const EVENTS_MAX = 10_000;
const RESPONSE_BYTES_MAX = 1_048_576;
/** Events looked at for one answer. AWS too answers a long search in pages, some of them empty. */
const SEARCHED_MAX = 100_000;
const TAIL_FROM_MS = Date.UTC(2024, 0, 1);

/** Source of the rules on tokens: GetLogEvents in the CloudWatch Logs API reference. */
export function getLogEvents(cx: Cx, input: Input<"logs", "GetLogEvents">): Output<"logs", "GetLogEvents"> {
  const group = readableGroup(cx, input, "GetLogEvents");
  const stream = getStream(cx.state, cx.scope, group.name, input.logStreamName!);
  const token = input.nextToken === undefined ? undefined : readStreamToken(input.nextToken);
  const forward = token ? token.forward : (input.startFromHead ?? false);
  const limit = input.limit ?? EVENTS_MAX;
  const found: LogEvent[] = [];
  let bytes = 0;
  const range = rangeOf(cx, group, input.startTime, input.endTime);
  for (const event of cx.state.events.read(
    { streamId: stream.id },
    { ...range, ...after(token?.position), reverse: !forward },
  )) {
    bytes += Buffer.byteLength(event.message);
    if (found.length === limit || (bytes > RESPONSE_BYTES_MAX && found.length > 0)) break;
    found.push(event);
  }
  if (!forward) found.reverse();
  return {
    events: found.map((event) => ({
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestedMs,
    })),
    ...streamTokens(found, token?.id),
  };
}

/**
 * AWS: "If you have reached the end of the stream, it returns the same token you passed in."
 * @param given the place that the request's token named
 */
function streamTokens(found: LogEvent[], given: string | undefined) {
  const first = found[0] ? eventId(found[0]) : (given ?? NOWHERE);
  const last = found[0] ? eventId(found.at(-1)!) : (given ?? NOWHERE);
  return { nextForwardToken: `f/${last}/s`, nextBackwardToken: `b/${first}/s` };
}

const NOWHERE = "0".repeat(56);

function readStreamToken(token: string): { forward: boolean; id: string; position: Position | undefined } {
  const match = /^([fb])\/(\d{56})\/s$/.exec(token);
  const position = match && findPosition(match[2]!);
  if (!match || !position) throw invalidParameter("The specified nextToken is invalid.");
  return { forward: match[1] === "f", id: match[2]!, position: match[2] === NOWHERE ? undefined : position };
}

interface SearchToken {
  after: string;
  reverse: boolean;
}

const isSearchToken = (content: unknown): content is SearchToken =>
  typeof content === "object" &&
  content !== null &&
  findPosition(String((content as SearchToken).after)) !== undefined &&
  typeof (content as SearchToken).reverse === "boolean";

export function filterLogEvents(cx: Cx, input: Input<"logs", "FilterLogEvents">): Output<"logs", "FilterLogEvents"> {
  if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined)
    throw invalidParameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
  if (input.startFromHead === false && input.startTime !== undefined && input.startTime < TAIL_FROM_MS)
    throw invalidParameter("startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.");
  const pattern = patternOf(cx, input.filterPattern);
  const token = input.nextToken === undefined ? undefined : decodeToken(input.nextToken, isSearchToken);
  const group = readableGroup(cx, input, "FilterLogEvents");
  const streams = new Map(streamsOf(cx, group, input).map((stream) => [stream.id, stream.name]));
  const reverse = token?.reverse ?? input.startFromHead === false;
  const limit = input.limit ?? EVENTS_MAX;
  // AWS: here the end is included ("Events with a timestamp later than this time are not returned").
  const range = rangeOf(cx, group, input.startTime, input.endTime === undefined ? undefined : input.endTime + 1);
  const [only] = streams.size === 1 ? streams.keys() : [];
  const source = only === undefined ? { groupId: group.id } : { streamId: only };
  const found: LogEvent[] = [];
  let bytes = 0;
  let searched = 0;
  let last: LogEvent | undefined;
  let nextToken: string | undefined;
  const options = { ...range, ...after(token && findPosition(token.after)), reverse, streams: new Set(streams.keys()) };
  for (const event of cx.state.events.read(source, options)) {
    const matches = pattern === undefined || pattern.match(event.message) !== undefined;
    if (matches) bytes += Buffer.byteLength(event.message);
    if (last && (searched++ === SEARCHED_MAX || (matches && (found.length === limit || bytes > RESPONSE_BYTES_MAX)))) {
      nextToken = encodeToken({ after: eventId(last), reverse } satisfies SearchToken);
      break;
    }
    if (matches) found.push(event);
    last = event;
  }
  return {
    events: found.map((event) => ({
      logStreamName: streams.get(event.streamId)!,
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestedMs,
      eventId: eventId(event),
    })),
    // AWS: "As of May 15, 2020, this parameter is no longer supported": always an empty list.
    searchedLogStreams: [],
    nextToken,
  };
}

function patternOf(cx: Cx, text: string | undefined) {
  if (text === undefined || text === "") return undefined;
  try {
    return cx.state.pattern(text);
  } catch (error) {
    throw invalidPattern(error, "Invalid filter pattern");
  }
}

function streamsOf(cx: Cx, group: GroupRecord, input: Input<"logs", "FilterLogEvents">): StreamRecord[] {
  const key = [...scopeKey(cx.scope), group.name];
  if (input.logStreamNames)
    return input.logStreamNames.map((name) => {
      const stream = cx.state.streams.get([...key, name]);
      if (!stream) throw streamNotFound();
      return stream;
    });
  const prefix = input.logStreamNamePrefix ?? "";
  const streams: StreamRecord[] = [];
  for (const stream of cx.state.streams.values({ prefix: key, from: [...key, prefix] })) {
    if (!stream.name.startsWith(prefix)) break;
    streams.push(stream);
  }
  return streams;
}

/** AWS: "Log classes": events of the Infrequent Access class are read with Logs Insights only. */
function readableGroup(cx: Cx, input: Parameters<typeof resolveReference>[1], operation: string): GroupRecord {
  const group = getGroup(cx.state, cx.scope, resolveReference(cx.scope, input));
  if (group.class !== "STANDARD")
    throw new NotEmulatedError(
      `reading log groups of class ${group.class} (${operation} does not on AWS, Logs Insights does)`,
    );
  return group;
}

function rangeOf(cx: Cx, group: GroupRecord, startMs: number | undefined, endMs: number | undefined) {
  const floorMs = retentionFloorMs(group, cx.kernel.clock.now());
  return { fromMs: Math.max(startMs ?? 0, floorMs), toMs: endMs ?? Infinity };
}

function after(position: Position | undefined): { after?: Position } {
  return position ? { after: position } : {};
}
