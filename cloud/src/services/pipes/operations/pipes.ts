import type { Input, Output } from "../../../aws/api-types.ts";
import { pipeBusy, pipeExists } from "../errors.ts";
import { getPipe, pipeArn, pipeKey } from "../pipe.ts";
import { readCreate, readUpdate } from "../settings.ts";
import type { Cx, PipeRecord } from "../state.ts";
import { USER_INITIATED } from "../transition.ts";

type Changed = Output<"pipes", "CreatePipe">;

const LIMIT_DEFAULT = 100;
const BETWEEN = new Set<string>(["CREATING", "UPDATING", "STARTING", "STOPPING", "DELETING"]);

export function createPipe(cx: Cx, input: Input<"pipes", "CreatePipe">): Changed {
  const { state, scope, kernel } = cx;
  const name = input.Name!;
  const settings = readCreate(input);
  if (state.pipes.has(pipeKey(scope, name))) throw pipeExists(name);
  const nowMs = kernel.clock.now();
  return change(cx, {
    ...scope,
    name,
    id: kernel.random.uuid(),
    desired: input.DesiredState ?? "RUNNING",
    state: "CREATING",
    reason: USER_INITIATED,
    settings,
    tags: { ...input.Tags },
    createdMs: nowMs,
    modifiedMs: nowMs,
  });
}

export function updatePipe(cx: Cx, input: Input<"pipes", "UpdatePipe">): Changed {
  const record = getIdle(cx, input.Name!);
  const settings = readUpdate(record.settings, input);
  return change(cx, { ...record, settings, desired: input.DesiredState ?? record.desired, state: "UPDATING" });
}

export function startPipe(cx: Cx, input: Input<"pipes", "StartPipe">): Changed {
  const record = getIdle(cx, input.Name!);
  return record.state === "RUNNING"
    ? changed(record)
    : change(cx, { ...record, desired: "RUNNING", state: "STARTING" });
}

export function stopPipe(cx: Cx, input: Input<"pipes", "StopPipe">): Changed {
  const record = getIdle(cx, input.Name!);
  return record.state === "STOPPED"
    ? changed(record)
    : change(cx, { ...record, desired: "STOPPED", state: "STOPPING" });
}

export function deletePipe(cx: Cx, input: Input<"pipes", "DeletePipe">): Output<"pipes", "DeletePipe"> {
  const record = getIdle(cx, input.Name!);
  return change(cx, { ...record, desired: "DELETED", state: "DELETING" });
}

export function describePipe(
  { state, scope }: Cx,
  input: Input<"pipes", "DescribePipe">,
): Output<"pipes", "DescribePipe"> {
  const record = getPipe(state, scope, input.Name!);
  const { settings, tags, reason } = record;
  return {
    ...changed(record),
    ...settings,
    StateReason: reason,
    EnrichmentParameters: settings.EnrichmentParameters ?? {},
    TargetParameters: settings.TargetParameters ?? {},
    Tags: tags,
  };
}

export function listPipes({ state, scope }: Cx, input: Input<"pipes", "ListPipes">): Output<"pipes", "ListPipes"> {
  const { NamePrefix = "", DesiredState, CurrentState, SourcePrefix = "", TargetPrefix = "" } = input;
  const after = input.NextToken === undefined ? "" : Buffer.from(input.NextToken, "base64").toString("utf8");
  const wanted = [...state.pipes.values({ prefix: [scope.account, scope.region] })].filter(
    (record) =>
      record.name > after &&
      record.name.startsWith(NamePrefix) &&
      (DesiredState === undefined || record.desired === DesiredState) &&
      (CurrentState === undefined || record.state === CurrentState) &&
      record.settings.Source.startsWith(SourcePrefix) &&
      record.settings.Target.startsWith(TargetPrefix),
  );
  const page = wanted.slice(0, input.Limit ?? LIMIT_DEFAULT);
  return {
    Pipes: page.map((record) => ({
      ...changed(record),
      StateReason: record.reason,
      Source: record.settings.Source,
      Target: record.settings.Target,
      ...(record.settings.Enrichment === undefined ? {} : { Enrichment: record.settings.Enrichment }),
    })),
    ...(wanted.length > page.length ? { NextToken: Buffer.from(page.at(-1)!.name).toString("base64") } : {}),
  };
}

/** @throws AwsError NotFoundException; ConflictException while another change is under way */
function getIdle({ state, scope }: Cx, name: string): PipeRecord {
  const record = getPipe(state, scope, name);
  if (BETWEEN.has(record.state)) throw pipeBusy(name, record.state);
  return record;
}

/** Keeps what the pipe is to be, and has it become so. */
function change(cx: Cx, record: PipeRecord): Changed {
  const { name, id, account, region } = record;
  const kept = { ...record, modifiedMs: cx.kernel.clock.now() };
  cx.state.pipes.put(pipeKey(cx.scope, name), kept);
  cx.state.change({ account, region, name, id }, { group: id, parent: cx.span });
  return changed(kept);
}

function changed(record: PipeRecord) {
  return {
    Arn: pipeArn(record, record.name),
    Name: record.name,
    DesiredState: record.desired as "RUNNING",
    CurrentState: record.state,
    CreationTime: new Date(record.createdMs),
    LastModifiedTime: new Date(record.modifiedMs),
  };
}
