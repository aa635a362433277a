import type { PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { busKey, findBus } from "../bus.ts";
import { validation } from "../errors.ts";
import { eventOf, publish } from "../event.ts";
import { forwarded } from "../forwarding.ts";
import type { Cx } from "../state.ts";

/** AWS: "Calculating PutEvents event entry size" and PutEvents: all entries together. */
const BYTES_MAX = 1024 * 1024;
const TIME_BYTES = 14;

interface Sized {
  readonly Time?: unknown;
  readonly Source?: string | undefined;
  readonly DetailType?: string | undefined;
  readonly Detail?: string | undefined;
  readonly Resources?: readonly string[] | undefined;
}

/** @throws AwsError ValidationException where the entries are too large together */
export function checkSize(entries: readonly Sized[]): void {
  let bytes = 0;
  for (const { Time, Source, DetailType, Detail, Resources = [] } of entries) {
    if (Time !== undefined) bytes += TIME_BYTES;
    for (const text of [Source, DetailType, Detail, ...Resources]) bytes += Buffer.byteLength(text ?? "");
  }
  if (bytes > BYTES_MAX) throw validation("Total size of the entries in the request is over the limit.");
}

interface Refused {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

const REQUIRED = ["Source", "DetailType", "Detail"] as const;

/** What is wrong with an entry; undefined where nothing is. */
export function entryFault(entry: Sized): Refused | undefined {
  for (const name of REQUIRED)
    if (!entry[name])
      return {
        ErrorCode: "InvalidArgument",
        ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      };
  return readDetail(entry.Detail!) ? undefined : { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
}

/** Undefined where the text is no JSON object. */
export function readDetail(text: string): object | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === "object" && detail !== null && !Array.isArray(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
}

export function putEvents(cx: Cx, input: Input<"events", "PutEvents">): Output<"events", "PutEvents"> {
  if (input.EndpointId !== undefined) throw new NotEmulatedError("global endpoints of EventBridge (EndpointId)");
  const entries = input.Entries ?? [];
  checkSize(entries.filter((entry) => !forwarded.has(entry)));
  const Entries = entries.map((entry) => putEvent(cx, entry));
  return { FailedEntryCount: Entries.filter((one) => "ErrorCode" in one).length, Entries };
}

function putEvent(cx: Cx, entry: PutEventsRequestEntry): { EventId: string } | Refused {
  const bus = busKey(cx.scope, entry.EventBusName);
  const passedOn = forwarded.get(entry);
  if (passedOn) {
    if (findBus(cx.state, bus)) publish(cx, bus, passedOn, { hop: true, parent: cx.span });
    return { EventId: passedOn.id };
  }
  const fault = entryFault(entry);
  if (fault) return fault;
  if (entry.Source!.startsWith("aws.") && cx.principal.kind !== "service")
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  const id = cx.kernel.random.uuid();
  const event = eventOf(cx.scope, {
    id,
    source: entry.Source!,
    detailType: entry.DetailType!,
    timeMs: entry.Time?.getTime() ?? cx.kernel.clock.now(),
    resources: entry.Resources ?? [],
    detail: readDetail(entry.Detail!)!,
  });
  // AWS: events for a bus that does not exist are taken and lost.
  if (findBus(cx.state, bus)) publish(cx, bus, event, { parent: cx.span });
  return { EventId: id };
}
