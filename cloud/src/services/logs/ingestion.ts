import type { Scope } from "../../aws/scope.ts";
import type { CallContext } from "../../service.ts";
import { embeddedMetrics } from "./emf.ts";
import { eventId, type NewEvent, type Position } from "./event-log.ts";
import type { MetricDatum, SubscribedEvent } from "./events.ts";
import { scopeKey, type GroupRecord, type LogsState, type MetricFilterRecord } from "./state.ts";

type Cx = CallContext<LogsState>;

const MINUTE_MS = 60_000;
/** AWS: PutMetricData takes no more different values of one metric. */
const VALUES_MAX = 150;

/** Hands events that were just written to whoever waits for them: filters, subscribers, live tails. */
export function passOn(
  cx: Cx,
  group: GroupRecord,
  stream: string,
  events: readonly NewEvent[],
  positions: readonly Position[],
): void {
  const { state, scope } = cx;
  if (group.class === "STANDARD") {
    if (group.metricFilters > 0) applyMetricFilters(cx, group, events);
    for (const { message } of events)
      for (const { namespace, data } of embeddedMetrics(message))
        state.acceptMetrics({ scope, namespace, data }, { parent: cx.span });
    if (group.subscriptionFilters > 0) applySubscriptions(cx, group, stream, events, positions);
  }
  for (const tail of state.tails) tail.offer(scope, group.name, stream, events);
}

function applyMetricFilters({ state, scope, span }: Cx, group: GroupRecord, events: readonly NewEvent[]): void {
  for (const filter of state.metricFilters.values({ prefix: [...scopeKey(scope), group.name] })) {
    const data = filterMetrics(state, filter, events);
    if (data.length > 0)
      state.acceptMetrics({ scope, namespace: filter.transformation.metricNamespace, data }, { parent: span });
  }
}

/** The metric of a filter over events: its value for each that matches, the default value for each that does not. */
function filterMetrics(state: LogsState, filter: MetricFilterRecord, events: readonly NewEvent[]): MetricDatum[] {
  const pattern = state.pattern(filter.pattern);
  const { transformation } = filter;
  const series = new Map<string, { datum: MetricDatum; counts: Map<number, number> }>();
  const add = (timestampMs: number, value: number, dimensions: MetricDatum["dimensions"]): void => {
    const minuteMs = timestampMs - (timestampMs % MINUTE_MS);
    let key = JSON.stringify([minuteMs, dimensions]);
    // A further datum of the same series where one cannot hold more values.
    while (series.get(key) && series.get(key)!.counts.size >= VALUES_MAX && !series.get(key)!.counts.has(value))
      key += "+";
    const entry = series.get(key) ?? {
      datum: { name: transformation.metricName, timestampMs: minuteMs, dimensions, values: [], counts: [] },
      counts: new Map<number, number>(),
    };
    series.set(key, entry);
    entry.counts.set(value, (entry.counts.get(value) ?? 0) + 1);
  };
  for (const { message, timestamp } of events) {
    const match = pattern.match(message);
    if (!match) {
      if (transformation.defaultValue !== undefined) add(timestamp, transformation.defaultValue, []);
      continue;
    }
    const text = transformation.metricValue.startsWith("$")
      ? match.value(transformation.metricValue)
      : transformation.metricValue;
    const value = text === undefined || text.trim() === "" ? NaN : Number(text);
    if (Number.isFinite(value)) add(timestamp, value, dimensionsOf(transformation.dimensions, match.value));
  }
  return [...series.values()].map(({ datum, counts }) => ({
    ...datum,
    values: [...counts.keys()],
    counts: [...counts.values()],
    ...(transformation.unit === undefined ? {} : { unit: transformation.unit }),
  }));
}

/** AWS: a dimension that the event has no value for is left out. */
function dimensionsOf(
  references: Record<string, string> | undefined,
  valueOf: (reference: string) => string | undefined,
): MetricDatum["dimensions"] {
  return Object.entries(references ?? {}).flatMap(([Name, reference]) => {
    const Value = valueOf(reference);
    return Value === undefined || Value === "" ? [] : [{ Name, Value }];
  });
}

function applySubscriptions(
  { state, scope, span }: Cx,
  group: GroupRecord,
  stream: string,
  events: readonly NewEvent[],
  positions: readonly Position[],
): void {
  for (const filter of state.subscriptionFilters.values({ prefix: [...scopeKey(scope), group.name] })) {
    const pattern = state.pattern(filter.pattern);
    const matching: SubscribedEvent[] = [];
    for (const [i, { timestamp, message }] of events.entries()) {
      const match = pattern.match(message);
      if (!match) continue;
      const event: SubscribedEvent = { id: eventId(positions[i]!), timestamp, message };
      if (pattern.kind === "fields") event.extractedFields = withoutDollar(match.extracted());
      matching.push(event);
    }
    if (matching.length > 0) accept(state, scope, group.name, stream, filter, matching, span);
  }
}

function accept(
  state: LogsState,
  scope: Scope,
  logGroup: string,
  logStream: string,
  filter: { name: string; destinationArn: string },
  events: SubscribedEvent[],
  parent: Cx["span"],
): void {
  const batch = { scope, logGroup, logStream, filterName: filter.name, destinationArn: filter.destinationArn, events };
  state.acceptSubscription(batch, { parent });
}

function withoutDollar(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/^\$/, ""), value]));
}
