import { arn, findArn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { Scope } from "../../../aws/scope.ts";
import type { CallContext } from "../../../service.ts";
import { findEnds } from "../../../sources/shard.ts";
import { findStreamKind } from "../../../sources/stream-kinds.ts";
import { beginAt, divideAnew } from "../../../sources/stream-poller.ts";
import { conflict, noSuchResource } from "../errors.ts";
import { readerOf } from "../event-source-reader.ts";
import { checkQueue, checkSource, checkStream, readSettings, refuseOthers } from "../event-source-rules.ts";
import { getVersion } from "../function-lookup.ts";
import { functionArn, type FunctionReference, readFunctionName, requireOwn } from "../function-name.ts";
import { page } from "../page.ts";
import { scopeKey, type EventSourceRecord, type LambdaState, type StreamSettings } from "../state.ts";

type Cx = CallContext<LambdaState>;
type Described = Output<"lambda", "GetEventSourceMapping">;

const LIST_MAX = 100;

export function mappingArn(scope: Scope, uuid: string): string {
  return arn("lambda", scope, `event-source-mapping:${uuid}`);
}

/** @throws AwsError InvalidParameterValueException, ResourceNotFoundException, ResourceConflictException */
export async function createMapping(cx: Cx, input: Input<"lambda", "CreateEventSourceMapping">): Promise<Described> {
  const { state, scope, kernel } = cx;
  const source = checkSource(input);
  refuseOthers(source, input);
  const reference = ownFunction(cx, input.FunctionName!);
  const settings = readSettings(source, input);
  const ends = await checkAccess(cx, input.EventSourceArn!, reference, settings.stream?.startingPosition === "LATEST");
  const record = kernel.store.transaction(() => {
    const { name, qualifier } = reference;
    const sourceArn = input.EventSourceArn!;
    const same = [...state.eventSources.values({ prefix: scopeKey(scope) })].find(
      (other) => other.sourceArn === sourceArn && other.name === name && other.qualifier === qualifier,
    );
    if (same) throw conflict(sameMapping(source.service, sourceArn, name, same.uuid));
    const made: EventSourceRecord = {
      uuid: kernel.random.uuid(),
      sourceArn,
      name,
      ...(qualifier === undefined ? {} : { qualifier }),
      ...settings,
      tags: { ...input.Tags },
      lastModifiedMs: kernel.clock.now(),
    };
    state.eventSources.put(mappingKey(scope, made.uuid), made);
    if (ends && made.stream) beginAt(state.checkpoints, made.uuid, ends, made.stream.parallel);
    return made;
  });
  state.running.eventSources.apply(scope, record);
  return describe(cx, record, "Creating");
}

/** AWS words it by the kind of source. */
function sameMapping(service: string, sourceArn: string, name: string, uuid: string): string {
  const what =
    service === "sqs"
      ? `An event source mapping with SQS arn (" ${sourceArn} ") and function (" ${name} ") already exists.`
      : `The event source arn (" ${sourceArn} ") and function (" ${name} ") provided mapping already exists.`;
  return `${what} Please update or delete the existing mapping with UUID ${uuid}`;
}

/** @returns where a stream ends, if that is wanted. @throws AwsError InvalidParameterValueException */
async function checkAccess(cx: Cx, sourceArn: string, reference: FunctionReference, wantsEnds: boolean) {
  const reader = readerOf({ state: cx.state, call: cx.call as never }, reference, sourceArn);
  const kind = findStreamKind(reader.source.service);
  if (!kind) {
    await checkQueue(cx, reader, reference);
    return undefined;
  }
  await checkStream(kind, reader);
  return wantsEnds ? findEnds(kind, reader) : undefined;
}

/** @throws AwsError InvalidParameterValueException, ResourceNotFoundException */
export async function updateMapping(cx: Cx, input: Input<"lambda", "UpdateEventSourceMapping">): Promise<Described> {
  const { state, scope, kernel } = cx;
  const before = get(cx, input.UUID);
  const source = findArn(before.sourceArn)!;
  refuseOthers(source, input);
  const reference = ownFunction(cx, input.FunctionName ?? functionArn(scope, before.name, before.qualifier));
  const settings = readSettings(source, input, before);
  await checkAccess(cx, before.sourceArn, reference, false);
  const record = kernel.store.transaction(() => {
    const { qualifier: _, ...rest } = get(cx, input.UUID);
    const changed: EventSourceRecord = {
      ...rest,
      ...settings,
      name: reference.name,
      ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
      lastModifiedMs: kernel.clock.now(),
    };
    state.eventSources.put(mappingKey(scope, changed.uuid), changed);
    if (changed.stream && changed.stream.parallel !== rest.stream?.parallel)
      divideAnew(state.checkpoints, changed.uuid, changed.stream.parallel);
    return changed;
  });
  state.running.eventSources.apply(scope, record);
  const transition = record.enabled === before.enabled ? "Updating" : record.enabled ? "Enabling" : "Disabling";
  return describe(cx, record, transition);
}

export function getMapping(cx: Cx, input: Input<"lambda", "GetEventSourceMapping">): Described {
  return describe(cx, get(cx, input.UUID));
}

export function deleteMapping(cx: Cx, input: Input<"lambda", "DeleteEventSourceMapping">): Described {
  const record = get(cx, input.UUID);
  cx.state.eventSources.remove(mappingKey(cx.scope, record.uuid));
  cx.state.running.eventSources.remove(record.uuid);
  return describe(cx, record, "Deleting");
}

export function listMappings(
  cx: Cx,
  input: Input<"lambda", "ListEventSourceMappings">,
): Output<"lambda", "ListEventSourceMappings"> {
  const { state, scope } = cx;
  const wanted = input.FunctionName === undefined ? undefined : readFunctionName(scope, input.FunctionName);
  const all = [...state.eventSources.values({ prefix: scopeKey(scope) })].filter(
    (record) =>
      (input.EventSourceArn === undefined || record.sourceArn === input.EventSourceArn) &&
      (!wanted || (record.name === wanted.name && record.qualifier === wanted.qualifier)),
  );
  const { items, next } = page(all, ({ uuid }) => uuid, input.Marker, Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX));
  return {
    EventSourceMappings: items.map((record) => describe(cx, record)),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function ownFunction({ state, scope }: Cx, text: string) {
  const reference = readFunctionName(scope, text);
  requireOwn(scope, reference);
  getVersion(state, reference);
  return reference;
}

function get({ state, scope }: Cx, uuid: string | undefined): EventSourceRecord {
  const record = state.eventSources.get(mappingKey(scope, uuid ?? ""));
  if (!record) throw noSuchResource();
  return record;
}

/** Quirk: a change is done at once; only its own answer shows the state in between. */
function describe({ scope, state }: Cx, record: EventSourceRecord, transition?: string): Described {
  const { filters, maximumConcurrency, stream } = record;
  return {
    UUID: record.uuid,
    BatchSize: record.batchSize,
    MaximumBatchingWindowInSeconds: record.windowSeconds,
    EventSourceArn: record.sourceArn,
    EventSourceMappingArn: mappingArn(scope, record.uuid),
    FunctionArn: functionArn(scope, record.name, record.qualifier),
    LastModified: new Date(record.lastModifiedMs),
    State: transition ?? (record.enabled ? "Enabled" : "Disabled"),
    StateTransitionReason: stream ? "User action" : "USER_INITIATED",
    FunctionResponseTypes: record.reportsItemFailures ? ["ReportBatchItemFailures"] : [],
    ...(filters.length === 0 ? {} : { FilterCriteria: { Filters: filters.map((Pattern) => ({ Pattern })) } }),
    ...(maximumConcurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: maximumConcurrency } }),
    ...(stream
      ? { ...describeStream(stream), LastProcessingResult: state.running.eventSources.resultOf(record.uuid) }
      : {}),
  };
}

function describeStream(stream: StreamSettings): Partial<Described> {
  return {
    StartingPosition: stream.startingPosition,
    ParallelizationFactor: stream.parallel,
    BisectBatchOnFunctionError: stream.bisects,
    MaximumRetryAttempts: stream.retriesMax,
    MaximumRecordAgeInSeconds: stream.ageSecondsMax,
    TumblingWindowInSeconds: stream.tumblingSeconds,
    DestinationConfig: { OnFailure: stream.onFailure === undefined ? {} : { Destination: stream.onFailure } },
  };
}

function mappingKey(scope: Scope, uuid: string): string[] {
  return [...scopeKey(scope), uuid];
}
