import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { busNotFound } from "./errors.ts";
import { type BusRecord, type EventsState, type RuleKey, scopeKey } from "./state.ts";

export const DEFAULT_BUS = "default";

/** Where a bus is. */
export interface BusKey extends Scope {
  readonly bus: string;
}

export function busArn({ account, region, bus }: BusKey): string {
  return arn("events", { account, region }, `event-bus/${bus}`);
}

export function ruleArn({ account, region, bus, rule }: RuleKey): string {
  return arn("events", { account, region }, bus === DEFAULT_BUS ? `rule/${rule}` : `rule/${bus}/${rule}`);
}

/** What a name or ARN of a bus means to a caller in a scope; none means the default bus. */
export function busKey(scope: Scope, nameOrArn: string = DEFAULT_BUS): BusKey {
  const found = findArn(nameOrArn);
  if (!found) return { account: scope.account, region: scope.region, bus: nameOrArn };
  return { account: found.account, region: found.region, bus: found.resource.replace(/^event-bus\//, "") };
}

/** The default bus is always there, in every account and Region. */
export function findBus(state: EventsState, { account, region, bus }: BusKey): BusRecord | undefined {
  const record = state.buses.get([account, region, bus]);
  if (record || bus !== DEFAULT_BUS) return record;
  return { name: DEFAULT_BUS, account, region, statements: [], createdMs: 0, modifiedMs: 0 };
}

/** @throws AwsError ResourceNotFoundException */
export function getBus(state: EventsState, key: BusKey): BusRecord {
  const record = findBus(state, key);
  if (!record) throw busNotFound(key.bus);
  return record;
}

export function putBus(state: EventsState, record: BusRecord): void {
  state.buses.put([...scopeKey(record), record.name], record);
}

/** The policy as JSON text; undefined where nothing is allowed to others. */
export function policyOf({ statements, policyVersion }: BusRecord): string | undefined {
  if (statements.length === 0) return undefined;
  return JSON.stringify({ Version: policyVersion ?? "2012-10-17", Statement: statements });
}
