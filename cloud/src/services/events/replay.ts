import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { archivedEvents } from "./archive.ts";
import { findBus } from "./bus.ts";
import { notFound } from "./errors.ts";
import { publish } from "./event.ts";
import { type Context, type EventsState, type ReplayRecord, scopeKey } from "./state.ts";

/** One part of a replay: the events behind a key. */
export interface ReplayStep extends Scope {
  readonly name: string;
  readonly startedMs: number;
  readonly after?: (string | number)[];
}

const EVENTS_PER_STEP = 100;

export function replayArn(scope: Scope, name: string): string {
  return arn("events", scope, `replay/${name}`);
}

/** @throws AwsError ResourceNotFoundException */
export function getReplay(state: EventsState, scope: Scope, name: string): ReplayRecord {
  const record = state.replays.get([...scopeKey(scope), name]);
  if (!record) throw notFound(`Replay ${name}`);
  return record;
}

export function putReplay(state: EventsState, scope: Scope, record: ReplayRecord): void {
  state.replays.put([...scopeKey(scope), record.name], record);
}

/**
 * Has replays run, a part at a time. A part's events and the next part are accepted in one transaction, so that each
 * event goes to each rule once, whenever the process ends.
 */
export function startReplays(cx: Context): void {
  const { state, kernel } = cx;
  state.replayOn = kernel.deliveries.register<ReplayStep>({
    name: "events.replay",
    attempt: async ({ payload }) => kernel.store.transaction(() => replaySome(cx, payload)),
    retryAfterMs: () => undefined,
    exhausted: async ({ payload }, error) => {
      const replay = state.replays.get([...scopeKey(payload), payload.name]);
      if (replay)
        putReplay(state, payload, {
          ...replay,
          state: "FAILED",
          reason: error instanceof Error ? error.message : String(error),
          endedMs: kernel.clock.now(),
        });
    },
  });
}

function replaySome({ state, kernel }: Context, step: ReplayStep): void {
  const replay = state.replays.get([...scopeKey(step), step.name]);
  if (!replay || replay.startedMs !== step.startedMs) return;
  const end = (last: "COMPLETED" | "CANCELLED") =>
    putReplay(state, step, { ...replay, state: last, endedMs: kernel.clock.now() });
  if (replay.state === "CANCELLING") return end("CANCELLED");
  const bus = { account: step.account, region: step.region, bus: replay.bus };
  const events = archivedEvents(state, replay.archiveUuid, {
    fromMs: replay.startMs,
    toMs: replay.endMs,
    ...(step.after ? { after: step.after } : {}),
    limit: EVENTS_PER_STEP,
  });
  const last = events.at(-1);
  if (!last) return end("COMPLETED");
  if (findBus(state, bus))
    for (const { event } of events)
      publish({ state, kernel }, bus, { ...event, "replay-name": replay.name }, { only: replay.rules });
  putReplay(state, step, { ...replay, state: "RUNNING", lastReplayedMs: Date.parse(last.event.time) });
  state.replayOn({ ...step, after: last.key });
}

/** The name of the bus, where an ARN is one's. */
export function busOfArn(text: string): string | undefined {
  const found = findArn(text);
  return found?.service === "events" && found.resource.startsWith("event-bus/")
    ? found.resource.slice("event-bus/".length)
    : undefined;
}
