import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { archiveArn, getArchive, putArchive } from "../archive.ts";
import { busArn, busKey, getBus } from "../bus.ts";
import { alreadyExists, invalidParameter } from "../errors.ts";
import { pageOf } from "../page.ts";
import { busOfArn } from "../replay.ts";
import { type ArchiveRecord, type Cx, scopeKey } from "../state.ts";
import { checkPattern } from "./rules.ts";

function refuseKey(key: string | undefined): void {
  if (key) throw new NotEmulatedError("KMS keys on archives (KmsKeyIdentifier)");
}

export function createArchive(cx: Cx, input: Input<"events", "CreateArchive">): Output<"events", "CreateArchive"> {
  const { ArchiveName: name = "", EventPattern: pattern, Description: description, RetentionDays = 0 } = input;
  refuseKey(input.KmsKeyIdentifier);
  const bus = busOfArn(input.EventSourceArn!);
  if (bus === undefined) throw invalidParameter("EventSourceArn", "Must contain an event bus ARN.");
  if (cx.state.archives.has([...scopeKey(cx.scope), name])) throw alreadyExists(`Archive ${name}`);
  getBus(cx.state, busKey(cx.scope, input.EventSourceArn));
  if (pattern) checkPattern(pattern);
  const record: ArchiveRecord = {
    name,
    bus,
    ...(description === undefined ? {} : { description }),
    ...(pattern ? { pattern } : {}),
    retentionDays: RetentionDays,
    createdMs: cx.kernel.clock.now(),
    uuid: cx.kernel.random.uuid(),
    bytes: 0,
    events: 0,
  };
  putArchive(cx.state, cx.scope, record);
  cx.state.indexes.archiveChanged(cx.scope, bus, name);
  return made(cx, record);
}

function made(cx: Cx, { name, createdMs }: ArchiveRecord) {
  return { ArchiveArn: archiveArn(cx.scope, name), State: "ENABLED" as const, CreationTime: new Date(createdMs) };
}

export function updateArchive(cx: Cx, input: Input<"events", "UpdateArchive">): Output<"events", "UpdateArchive"> {
  refuseKey(input.KmsKeyIdentifier);
  const { pattern: before, ...archive } = getArchive(cx.state, cx.scope, input.ArchiveName!);
  const { EventPattern: pattern = before, Description: description, RetentionDays: retentionDays } = input;
  if (pattern) checkPattern(pattern);
  const record = {
    ...archive,
    ...(pattern ? { pattern } : {}),
    ...(description === undefined ? {} : { description }),
    ...(retentionDays === undefined ? {} : { retentionDays }),
  };
  putArchive(cx.state, cx.scope, record);
  cx.state.indexes.archiveChanged(cx.scope, record.bus, record.name);
  return made(cx, record);
}

export function deleteArchive(cx: Cx, { ArchiveName = "" }: Input<"events", "DeleteArchive">): object {
  const archive = getArchive(cx.state, cx.scope, ArchiveName);
  cx.state.archives.remove([...scopeKey(cx.scope), ArchiveName]);
  cx.state.archived.clear({ prefix: [archive.uuid] });
  cx.state.indexes.archiveChanged(cx.scope, archive.bus, ArchiveName);
  return {};
}

function listed(cx: Cx, archive: ArchiveRecord) {
  return {
    ArchiveName: archive.name,
    EventSourceArn: busArn({ ...cx.scope, bus: archive.bus }),
    State: "ENABLED" as const,
    RetentionDays: archive.retentionDays,
    SizeBytes: archive.bytes,
    EventCount: archive.events,
    CreationTime: new Date(archive.createdMs),
  };
}

export function describeArchive(
  cx: Cx,
  { ArchiveName = "" }: Input<"events", "DescribeArchive">,
): Output<"events", "DescribeArchive"> {
  const archive = getArchive(cx.state, cx.scope, ArchiveName);
  return {
    ...listed(cx, archive),
    ArchiveArn: archiveArn(cx.scope, ArchiveName),
    ...(archive.description === undefined ? {} : { Description: archive.description }),
    ...(archive.pattern === undefined ? {} : { EventPattern: archive.pattern }),
  };
}

export function listArchives(cx: Cx, input: Input<"events", "ListArchives">): Output<"events", "ListArchives"> {
  const { NamePrefix: prefix = "", EventSourceArn: source, State: state } = input;
  if ([input.NamePrefix, source, state].filter((one) => one !== undefined).length > 1)
    throw invalidParameter(
      "NamePrefix",
      "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.",
    );
  const archives = [...cx.state.archives.values({ prefix: scopeKey(cx.scope) })].filter(
    (archive) =>
      archive.name.startsWith(prefix) &&
      (source === undefined || archive.bus === busOfArn(source)) &&
      (state === undefined || state === "ENABLED"),
  );
  const { page, NextToken } = pageOf(archives, input);
  return { Archives: page.map((archive) => listed(cx, archive)), ...(NextToken ? { NextToken } : {}) };
}
