import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { notFound } from "./errors.ts";
import type { BridgeEvent } from "./event.ts";
import { type ArchiveRecord, type EventsState, type Running, scopeKey } from "./state.ts";

const DAY_MS = 86_400_000;
const RETENTION = "events.archive-retention";

export function archiveArn(scope: Scope, name: string): string {
  return arn("events", scope, `archive/${name}`);
}

/** @throws AwsError ResourceNotFoundException */
export function getArchive(state: EventsState, scope: Scope, name: string): ArchiveRecord {
  const record = state.archives.get([...scopeKey(scope), name]);
  if (!record) throw notFound(`Archive ${name}`);
  return record;
}

export function putArchive(state: EventsState, scope: Scope, record: ArchiveRecord): void {
  state.archives.put([...scopeKey(scope), record.name], record);
}

/** Keeps an event. Gap: AWS has it in the archive some minutes later, here it is at once. */
export function archiveEvent(
  { state, kernel }: Running,
  scope: Scope,
  name: string,
  event: BridgeEvent,
  text: string,
): void {
  const archive = getArchive(state, scope, name);
  const key = [archive.uuid, Date.parse(event.time), kernel.clock.now(), `${archive.events}-${event.id}`];
  state.archived.put(key, text);
  putArchive(state, scope, { ...archive, events: archive.events + 1, bytes: archive.bytes + Buffer.byteLength(text) });
  if (archive.retentionDays > 0 && kernel.timers.find(RETENTION, archive.uuid) === undefined)
    kernel.timers.set(RETENTION, archive.uuid, kernel.clock.now() + archive.retentionDays * DAY_MS + 1, {
      account: scope.account,
      region: scope.region,
      name,
    });
}

/** The events of an archive from one time up to another, oldest first. */
export function archivedEvents(
  state: EventsState,
  uuid: string,
  range: { fromMs: number; toMs: number; after?: (string | number)[]; limit: number },
): { key: (string | number)[]; event: BridgeEvent }[] {
  const from = range.after ? { after: range.after } : { from: [uuid, range.fromMs] };
  const entries = state.archived.entries({ ...from, to: [uuid, range.toMs], limit: range.limit });
  return [...entries].map(([key, text]) => ({
    key: key as (string | number)[],
    event: JSON.parse(text) as BridgeEvent,
  }));
}

/** Has events dropped from archives when their days are over. */
export function handleRetention({ state, kernel }: Running): void {
  kernel.timers.handle<Scope & { name: string }>(RETENTION, (payload, uuid) => {
    const archive = state.archives.get([...scopeKey(payload), payload.name]);
    if (archive?.uuid !== uuid || archive.retentionDays === 0) return;
    dropOld({ state, kernel }, payload, archive);
  });
}

/** Drops what is too old, and looks again when the next one is. */
function dropOld({ state, kernel }: Running, scope: Scope, archive: ArchiveRecord): void {
  const keptMs = archive.retentionDays * DAY_MS;
  const nowMs = kernel.clock.now();
  const old: (string | number)[][] = [];
  let { bytes, events } = archive;
  let nextMs: number | undefined;
  for (const [key, text] of state.archived.entries({ prefix: [archive.uuid] })) {
    const dropMs = (key[2] as number) + keptMs;
    if (dropMs >= nowMs) {
      nextMs = Math.min(nextMs ?? Infinity, dropMs);
      continue;
    }
    old.push(key as (string | number)[]);
    bytes -= Buffer.byteLength(text);
    events -= 1;
  }
  for (const key of old) state.archived.remove(key);
  putArchive(state, scope, { ...archive, bytes, events });
  if (nextMs !== undefined)
    kernel.timers.set(RETENTION, archive.uuid, nextMs + 1, {
      account: scope.account,
      region: scope.region,
      name: archive.name,
    });
}
