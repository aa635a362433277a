import type { Scope } from "../../aws/scope.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import { type BusKey, ruleArn } from "./bus.ts";
import { archiveEvent } from "./archive.ts";
import { targetsOf } from "./rule.ts";
import type { RuleKey, Running } from "./state.ts";

/** An event as rules and targets see it. AWS: "EventBridge event structure". */
export interface BridgeEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, in whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
  readonly "replay-name"?: string;
}

export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** What an event says, before it is on a bus. */
export interface Said {
  readonly id: string;
  readonly source: string;
  readonly detailType: string;
  readonly timeMs: number;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export function eventOf({ account, region }: Scope, said: Said): BridgeEvent {
  return {
    version: "0",
    id: said.id,
    "detail-type": said.detailType,
    source: said.source,
    account,
    time: timeText(said.timeMs),
    region,
    resources: said.resources,
    detail: said.detail,
  };
}

/** Hands an event to the targets of one rule, whatever the rule's pattern. */
export function publishTo({ state, kernel }: Running, key: RuleKey, said: Said): void {
  const text = JSON.stringify(eventOf(key, said));
  for (const target of targetsOf(state, key))
    state.dispatch({ key, target, event: text, ingestedMs: kernel.clock.now(), hop: false, attempts: 0 });
}

export interface PublishOptions {
  /** It came from another bus. AWS: such an event goes to no third one. */
  readonly hop?: boolean;
  /** A replay may be for some rules only, by ARN. */
  readonly only?: readonly string[] | undefined;
  readonly parent?: SpanContext | undefined;
}

/** Hands an event on a bus to all rules and archives that want it: what it sets off is accepted in this transaction. */
export function publish(
  { state, kernel }: Running,
  bus: BusKey,
  event: BridgeEvent,
  options: PublishOptions = {},
): void {
  const { rules, archives } = state.indexes.match(bus, bus.bus, event);
  if (rules.length === 0 && archives.length === 0) return;
  const text = JSON.stringify(event);
  for (const archive of archives) archiveEvent({ state, kernel }, bus, archive, event, text);
  const { parent } = options;
  for (const rule of rules) {
    const key = { account: bus.account, region: bus.region, bus: bus.bus, rule };
    if (options.only && !options.only.includes(ruleArn(key))) continue;
    for (const target of targetsOf(state, key))
      state.dispatch(
        { key, target, event: text, ingestedMs: kernel.clock.now(), hop: options.hop ?? false, attempts: 0 },
        parent ? { parent } : {},
      );
  }
}
