import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { busArn, busKey, DEFAULT_BUS, findBus, getBus, policyOf, putBus } from "../bus.ts";
import { alreadyExists, invalidState, validation } from "../errors.ts";
import { pageOf } from "../page.ts";
import { findSource, getSource, putSource } from "../partner-source.ts";
import { type BusRecord, type Cx, scopeKey } from "../state.ts";
import { mapOf } from "../tags.ts";

const DEFAULT_KEY = "KMS keys on event buses (KmsKeyIdentifier)";

export function createEventBus(cx: Cx, input: Input<"events", "CreateEventBus">): Output<"events", "CreateEventBus"> {
  const { Name: name = "", EventSourceName: source, Description: description, DeadLetterConfig, Tags } = input;
  refuse(input);
  if (source === undefined && name.includes("/")) throw validation("Event bus name must not contain '/'.");
  if (source !== undefined && name !== source)
    throw validation("Event bus name must be the name of the partner event source.");
  const key = busKey(cx.scope, name);
  if (findBus(cx.state, key)) throw alreadyExists(`Event bus ${name}`);
  const nowMs = cx.kernel.clock.now();
  if (source !== undefined) {
    const found = getSource(cx.state, cx.scope, source);
    if (found.state === "DELETED")
      throw invalidState(`Event source ${source} is not in a valid state for this operation.`);
    putSource(cx.state, { ...found, state: "ACTIVE" });
  }
  putBus(cx.state, {
    name,
    account: cx.scope.account,
    region: cx.scope.region,
    ...(description === undefined ? {} : { description }),
    ...(DeadLetterConfig?.Arn === undefined ? {} : { deadLetterArn: DeadLetterConfig.Arn }),
    ...(source === undefined ? {} : { eventSourceName: source }),
    statements: [],
    createdMs: nowMs,
    modifiedMs: nowMs,
  });
  if (Tags?.length) cx.state.tags.put([busArn(key)], mapOf(Tags));
  return {
    EventBusArn: busArn(key),
    ...(description === undefined ? {} : { Description: description }),
    ...(DeadLetterConfig ? { DeadLetterConfig } : {}),
  };
}

function refuse({
  KmsKeyIdentifier,
  LogConfig,
}: {
  KmsKeyIdentifier?: string | undefined;
  LogConfig?: { Level?: string | undefined } | undefined;
}): void {
  if (KmsKeyIdentifier) throw new NotEmulatedError(DEFAULT_KEY);
  if (LogConfig?.Level !== undefined && LogConfig.Level !== "OFF")
    throw new NotEmulatedError("LogConfig of event buses");
}

export function updateEventBus(cx: Cx, input: Input<"events", "UpdateEventBus">): Output<"events", "UpdateEventBus"> {
  refuse(input);
  const key = busKey(cx.scope, input.Name);
  const { description: _, deadLetterArn: __, ...rest } = getBus(cx.state, key);
  const { Description: description, DeadLetterConfig: config } = input;
  putBus(cx.state, {
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...(config?.Arn === undefined ? {} : { deadLetterArn: config.Arn }),
    modifiedMs: cx.kernel.clock.now(),
  });
  return {
    Arn: busArn(key),
    Name: key.bus,
    ...(description === undefined ? {} : { Description: description }),
    ...(config ? { DeadLetterConfig: config } : {}),
  };
}

export function deleteEventBus(cx: Cx, { Name = "" }: Input<"events", "DeleteEventBus">): object {
  const key = busKey(cx.scope, Name);
  if (key.bus === DEFAULT_BUS) throw validation(`Cannot delete event bus ${DEFAULT_BUS}.`);
  const prefix = [...scopeKey(key), key.bus];
  if (cx.state.rules.first({ prefix })) throw validation("Event bus can't be deleted since it has rules.");
  const record = cx.state.buses.get(prefix);
  if (!record) return {};
  cx.state.buses.remove(prefix);
  cx.state.tags.remove([busArn(key)]);
  const source =
    record.eventSourceName === undefined ? undefined : findSource(cx.state, cx.scope, record.eventSourceName);
  if (source?.state === "ACTIVE") putSource(cx.state, { ...source, state: "PENDING" });
  return {};
}

function described(record: BusRecord) {
  const { name, account, region, description, createdMs, modifiedMs } = record;
  const Policy = policyOf(record);
  return {
    Name: name,
    Arn: busArn({ account, region, bus: name }),
    ...(description === undefined ? {} : { Description: description }),
    ...(Policy === undefined ? {} : { Policy }),
    ...(createdMs === 0 ? {} : { CreationTime: new Date(createdMs), LastModifiedTime: new Date(modifiedMs) }),
  };
}

export function describeEventBus(
  cx: Cx,
  input: Input<"events", "DescribeEventBus">,
): Output<"events", "DescribeEventBus"> {
  const record = getBus(cx.state, busKey(cx.scope, input.Name));
  return {
    ...described(record),
    ...(record.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: record.deadLetterArn } }),
  };
}

export function listEventBuses(cx: Cx, input: Input<"events", "ListEventBuses">): Output<"events", "ListEventBuses"> {
  const own = [...cx.state.buses.values({ prefix: scopeKey(cx.scope) })];
  if (!own.some(({ name }) => name === DEFAULT_BUS)) own.push(getBus(cx.state, busKey(cx.scope)));
  const wanted = own
    .filter(({ name }) => name.startsWith(input.NamePrefix ?? ""))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { page, NextToken } = pageOf(wanted, input);
  return { EventBuses: page.map(described), ...(NextToken ? { NextToken } : {}) };
}
