import { findArn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { archiveArn, getArchive } from "../archive.ts";
import { busArn, busKey, getBus } from "../bus.ts";
import { alreadyExists, illegalStatus, invalidParameter } from "../errors.ts";
import { pageOf } from "../page.ts";
import { busOfArn, getReplay, putReplay, replayArn } from "../replay.ts";
import { type Cx, type ReplayRecord, scopeKey } from "../state.ts";

export function startReplay(cx: Cx, input: Input<"events", "StartReplay">): Output<"events", "StartReplay"> {
  const { ReplayName: name = "", EventSourceArn: source = "", Description: description, Destination } = input;
  const bus = busOfArn(Destination!.Arn!);
  if (bus === undefined) throw invalidParameter("Destination.Arn", "Must contain an event bus ARN.");
  getBus(cx.state, busKey(cx.scope, Destination!.Arn));
  const archiveName = /^archive\/(.+)$/.exec(findArn(source)?.resource ?? "")?.[1];
  if (archiveName === undefined) throw invalidParameter("EventSourceArn", "Must contain an archive ARN.");
  const archive = getArchive(cx.state, cx.scope, archiveName);
  if (archive.bus !== bus) throw invalidParameter("Destination.Arn", "Cross event bus replay is not permitted.");
  const [startMs, endMs] = [input.EventStartTime!.getTime(), input.EventEndTime!.getTime()];
  if (startMs >= endMs) throw invalidParameter("EventEndTime", "EventStartTime must be before EventEndTime.");
  if (cx.state.replays.has([...scopeKey(cx.scope), name])) throw alreadyExists(`Replay ${name}`);
  const startedMs = cx.kernel.clock.now();
  putReplay(cx.state, cx.scope, {
    name,
    archive: archiveName,
    archiveUuid: archive.uuid,
    bus,
    ...(description === undefined ? {} : { description }),
    ...(Destination!.FilterArns?.length ? { rules: Destination!.FilterArns } : {}),
    startMs,
    endMs,
    state: "STARTING",
    startedMs,
  });
  cx.state.replayOn({ ...cx.scope, name, startedMs }, { parent: cx.span });
  return { ReplayArn: replayArn(cx.scope, name), State: "STARTING", ReplayStartTime: new Date(startedMs) };
}

export function cancelReplay(
  cx: Cx,
  { ReplayName = "" }: Input<"events", "CancelReplay">,
): Output<"events", "CancelReplay"> {
  const replay = getReplay(cx.state, cx.scope, ReplayName);
  if (replay.state !== "STARTING" && replay.state !== "RUNNING")
    throw illegalStatus(`Replay ${ReplayName} is not in a valid state for this operation.`);
  putReplay(cx.state, cx.scope, { ...replay, state: "CANCELLING" });
  return { ReplayArn: replayArn(cx.scope, ReplayName), State: "CANCELLING" };
}

function listed(cx: Cx, replay: ReplayRecord) {
  const { lastReplayedMs, endedMs, reason } = replay;
  return {
    ReplayName: replay.name,
    EventSourceArn: archiveArn(cx.scope, replay.archive),
    State: replay.state,
    ...(reason === undefined ? {} : { StateReason: reason }),
    EventStartTime: new Date(replay.startMs),
    EventEndTime: new Date(replay.endMs),
    ...(lastReplayedMs === undefined ? {} : { EventLastReplayedTime: new Date(lastReplayedMs) }),
    ReplayStartTime: new Date(replay.startedMs),
    ...(endedMs === undefined ? {} : { ReplayEndTime: new Date(endedMs) }),
  };
}

export function describeReplay(
  cx: Cx,
  { ReplayName = "" }: Input<"events", "DescribeReplay">,
): Output<"events", "DescribeReplay"> {
  const replay = getReplay(cx.state, cx.scope, ReplayName);
  return {
    ...listed(cx, replay),
    ReplayArn: replayArn(cx.scope, ReplayName),
    ...(replay.description === undefined ? {} : { Description: replay.description }),
    Destination: {
      Arn: busArn({ ...cx.scope, bus: replay.bus }),
      ...(replay.rules ? { FilterArns: [...replay.rules] } : {}),
    },
  };
}

export function listReplays(cx: Cx, input: Input<"events", "ListReplays">): Output<"events", "ListReplays"> {
  const { NamePrefix: prefix = "", EventSourceArn: source, State: state } = input;
  const replays = [...cx.state.replays.values({ prefix: scopeKey(cx.scope) })].filter(
    (replay) =>
      replay.name.startsWith(prefix) &&
      (source === undefined || archiveArn(cx.scope, replay.archive) === source) &&
      (state === undefined || replay.state === state),
  );
  const { page, NextToken } = pageOf(replays, input);
  return { Replays: page.map((replay) => listed(cx, replay)), ...(NextToken ? { NextToken } : {}) };
}
