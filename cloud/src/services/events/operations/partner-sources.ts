import type { Input, Output } from "../../../aws/api-types.ts";
import { busKey, findBus } from "../bus.ts";
import { alreadyExists, invalidState, notFound } from "../errors.ts";
import { eventOf, publish } from "../event.ts";
import { pageOf } from "../page.ts";
import { expiresMs, findSource, getSource, putSource, sourceArn } from "../partner-source.ts";
import type { Cx, PartnerSourceRecord } from "../state.ts";
import { checkSize, entryFault, readDetail } from "./put-events.ts";

export function createPartnerEventSource(
  cx: Cx,
  { Name = "", Account = "" }: Input<"events", "CreatePartnerEventSource">,
): Output<"events", "CreatePartnerEventSource"> {
  const { region, account: owner } = cx.scope;
  if (findSource(cx.state, { account: Account, region }, Name)) throw alreadyExists(`Event source ${Name}`);
  putSource(cx.state, {
    name: Name,
    owner,
    account: Account,
    region,
    state: "PENDING",
    createdMs: cx.kernel.clock.now(),
  });
  return { EventSourceArn: sourceArn(region, Name) };
}

/** A partner's sources of a name, one for each account. */
function ownedBy(cx: Cx, prefix: string): PartnerSourceRecord[] {
  const { region, account } = cx.scope;
  return [...cx.state.partnerSources.values({ prefix: [region] })].filter(
    ({ owner, name }) => owner === account && name.startsWith(prefix),
  );
}

export function deletePartnerEventSource(
  cx: Cx,
  { Name = "", Account = "" }: Input<"events", "DeletePartnerEventSource">,
): object {
  const source = findSource(cx.state, { account: Account, region: cx.scope.region }, Name);
  if (source?.owner !== cx.scope.account) return {};
  // AWS: a source that a bus was made for stays there as deleted.
  if (source.state === "ACTIVE") putSource(cx.state, { ...source, state: "DELETED" });
  else cx.state.partnerSources.remove([source.region, Name, Account]);
  return {};
}

export function describePartnerEventSource(
  cx: Cx,
  { Name = "" }: Input<"events", "DescribePartnerEventSource">,
): Output<"events", "DescribePartnerEventSource"> {
  if (!ownedBy(cx, Name).some(({ name }) => name === Name)) throw notFound(`Event source ${Name}`);
  return { Name, Arn: sourceArn(cx.scope.region, Name) };
}

export function listPartnerEventSources(
  cx: Cx,
  input: Input<"events", "ListPartnerEventSources">,
): Output<"events", "ListPartnerEventSources"> {
  const names = [...new Set(ownedBy(cx, input.NamePrefix!).map(({ name }) => name))];
  const { page, NextToken } = pageOf(names, input);
  return {
    PartnerEventSources: page.map((Name) => ({ Name, Arn: sourceArn(cx.scope.region, Name) })),
    ...(NextToken ? { NextToken } : {}),
  };
}

const timesOf = (source: PartnerSourceRecord) => {
  const expires = expiresMs(source);
  return {
    CreationTime: new Date(source.createdMs),
    ...(expires === undefined ? {} : { ExpirationTime: new Date(expires) }),
    State: source.state,
  };
};

export function listPartnerEventSourceAccounts(
  cx: Cx,
  input: Input<"events", "ListPartnerEventSourceAccounts">,
): Output<"events", "ListPartnerEventSourceAccounts"> {
  const name = input.EventSourceName!;
  const sources = ownedBy(cx, name).filter((source) => source.name === name);
  if (sources.length === 0) throw notFound(`Event source ${name}`);
  const { page, NextToken } = pageOf(sources, input);
  return {
    PartnerEventSourceAccounts: page.map((source) => ({ Account: source.account, ...timesOf(source) })),
    ...(NextToken ? { NextToken } : {}),
  };
}

function described(source: PartnerSourceRecord) {
  return {
    Name: source.name,
    Arn: sourceArn(source.region, source.name),
    CreatedBy: source.owner,
    ...timesOf(source),
  };
}

/** A pending source is gone after two weeks. @throws AwsError ResourceNotFoundException */
function current(cx: Cx, name: string): PartnerSourceRecord {
  const source = getSource(cx.state, cx.scope, name);
  if (isOver(cx, source)) throw notFound(`Event source ${name}`);
  return source;
}

function isOver(cx: Cx, source: PartnerSourceRecord): boolean {
  return (expiresMs(source) ?? Infinity) <= cx.kernel.clock.now();
}

export function describeEventSource(
  cx: Cx,
  { Name = "" }: Input<"events", "DescribeEventSource">,
): Output<"events", "DescribeEventSource"> {
  return described(current(cx, Name));
}

export function listEventSources(
  cx: Cx,
  input: Input<"events", "ListEventSources">,
): Output<"events", "ListEventSources"> {
  const { account, region } = cx.scope;
  const sources = [...cx.state.partnerSources.values({ prefix: [region] })].filter(
    (source) => source.account === account && source.name.startsWith(input.NamePrefix ?? "") && !isOver(cx, source),
  );
  const { page, NextToken } = pageOf(sources, input);
  return { EventSources: page.map(described), ...(NextToken ? { NextToken } : {}) };
}

const setState =
  (from: "PENDING" | "ACTIVE", to: "PENDING" | "ACTIVE") =>
  (cx: Cx, { Name = "" }: Input<"events", "ActivateEventSource">): object => {
    const source = current(cx, Name);
    if (source.state !== from) throw invalidState(`Event source ${Name} is not in a valid state for this operation.`);
    putSource(cx.state, { ...source, state: to, createdMs: cx.kernel.clock.now() });
    return {};
  };

export const activateEventSource = setState("PENDING", "ACTIVE");
export const deactivateEventSource = setState("ACTIVE", "PENDING");

/** AWS: "PutPartnerEvents": of the partner's events, those for accounts with a bus go there. */
export function putPartnerEvents(
  cx: Cx,
  { Entries: entries = [] }: Input<"events", "PutPartnerEvents">,
): Output<"events", "PutPartnerEvents"> {
  checkSize(entries);
  const Entries = entries.map((entry) => {
    const fault = entryFault(entry);
    if (fault) return fault;
    const name = entry.Source!;
    const id = cx.kernel.random.uuid();
    const sources = ownedBy(cx, name).filter((source) => source.name === name);
    if (sources.length === 0)
      return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
    for (const source of sources) {
      const bus = busKey({ account: source.account, region: source.region }, name);
      if (source.state !== "ACTIVE" || !findBus(cx.state, bus)) continue;
      const event = eventOf(source, {
        id,
        source: name,
        detailType: entry.DetailType!,
        timeMs: entry.Time?.getTime() ?? cx.kernel.clock.now(),
        resources: entry.Resources ?? [],
        detail: readDetail(entry.Detail!)!,
      });
      publish(cx, bus, event, { parent: cx.span });
    }
    return { EventId: id };
  });
  return { FailedEntryCount: Entries.filter((one) => "ErrorCode" in one).length, Entries };
}
