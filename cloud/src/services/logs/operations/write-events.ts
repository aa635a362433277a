import { NotEmulatedError } from "../../../aws/error.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter } from "../errors.ts";
import { EVENT_OVERHEAD_BYTES, type NewEvent } from "../event-log.ts";
import { getGroup, getStream, retentionFloorMs } from "../group.ts";
import { passOn } from "../ingestion.ts";
import { scopeKey, type LogsState } from "../state.ts";
import { sequenceToken } from "./streams.ts";

type Events = NonNullable<Input<"logs", "PutLogEvents">["logEvents"]>;
type Rejected = Output<"logs", "PutLogEvents">["rejectedLogEventsInfo"];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BATCH_BYTES_MAX = 1_048_576;
const AGE_MAX_MS = 14 * DAY_MS;
const FUTURE_MAX_MS = 2 * HOUR_MS;

/** Source of all rules: PutLogEvents in the CloudWatch Logs API reference. */
export function putLogEvents(
  cx: CallContext<LogsState>,
  input: Input<"logs", "PutLogEvents">,
): Output<"logs", "PutLogEvents"> {
  if (input.entity !== undefined) throw new NotEmulatedError("the parameter entity of logs:PutLogEvents");
  const { state, scope } = cx;
  const given = input.logEvents!;
  checkBatch(given);
  const group = getGroup(state, scope, input.logGroupName!);
  const stream = getStream(state, scope, group.name, input.logStreamName!);
  const now = cx.kernel.clock.now();
  const { accepted, rejected } = sift(given, now, retentionFloorMs(group, now));
  if (accepted.length === 0) return { nextSequenceToken: sequenceToken(stream), rejectedLogEventsInfo: rejected };

  const { positions, chunks, bytes } = state.events.append(group.id, stream.id, stream.nextChunk, accepted, now);
  const written = {
    ...stream,
    firstMs: Math.min(stream.firstMs ?? Infinity, accepted[0]!.timestamp),
    lastMs: Math.max(stream.lastMs ?? 0, accepted.at(-1)!.timestamp),
    ingestedMs: now,
    nextChunk: stream.nextChunk + chunks,
  };
  state.streams.put([...scopeKey(scope), group.name, stream.name], written);
  state.addBytes(group.id, bytes);
  passOn(cx, group, stream.name, accepted, positions);
  return { nextSequenceToken: sequenceToken(written), rejectedLogEventsInfo: rejected };
}

/** @throws AwsError InvalidParameterException for a batch that is refused as a whole */
function checkBatch(events: Events): void {
  let bytes = 0;
  let previous = 0;
  let ordered = true;
  for (const event of events) {
    bytes += Buffer.byteLength(event.message!) + EVENT_OVERHEAD_BYTES;
    if (event.timestamp! < previous) ordered = false;
    previous = event.timestamp!;
  }
  if (bytes > BATCH_BYTES_MAX)
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${BATCH_BYTES_MAX}`);
  if (!ordered) throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
  if (previous - events[0]!.timestamp! > DAY_MS)
    throw invalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
}

/** Takes out what is too old, gone by the group's retention, or too far ahead. */
function sift(events: Events, nowMs: number, floorMs: number): { accepted: NewEvent[]; rejected: Rejected } {
  const tooOld = count(events, (timestamp) => timestamp < nowMs - AGE_MAX_MS);
  const expired = count(events, (timestamp) => timestamp < floorMs);
  const inTime = count(events, (timestamp) => timestamp <= nowMs + FUTURE_MAX_MS);
  const rejected: NonNullable<Rejected> = {};
  if (inTime < events.length) rejected.tooNewLogEventStartIndex = inTime;
  if (tooOld > 0) rejected.tooOldLogEventEndIndex = tooOld;
  if (expired > 0) rejected.expiredLogEventEndIndex = expired;
  const accepted = events.slice(Math.max(tooOld, expired), inTime);
  return {
    accepted: accepted.map(({ timestamp, message }) => ({ timestamp: timestamp!, message: message! })),
    rejected: Object.keys(rejected).length > 0 ? rejected : undefined,
  };
}

/** How many of the events, which rise in time, stand at the front. */
function count(events: Events, matches: (timestamp: number) => boolean): number {
  const end = events.findIndex((event) => !matches(event.timestamp!));
  return end < 0 ? events.length : end;
}
