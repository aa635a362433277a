import type { Target } from "@aws-sdk/client-eventbridge";
import type { Scope } from "../../aws/scope.ts";
import { busKey, getBus } from "./bus.ts";
import { ruleNotFound } from "./errors.ts";
import type { EventsState, RuleKey, RuleRecord } from "./state.ts";

/** Where a rule is that a request names. @throws AwsError ResourceNotFoundException where its bus is not */
export function ruleKey(state: EventsState, scope: Scope, rule: string, bus: string | undefined): RuleKey {
  const key = busKey(scope, bus);
  getBus(state, key);
  return { ...key, rule };
}

export function keyOf({ account, region, bus, rule }: RuleKey): [string, string, string, string] {
  return [account, region, bus, rule];
}

/** @throws AwsError ResourceNotFoundException */
export function getRule(state: EventsState, key: RuleKey): RuleRecord {
  const record = state.rules.get(keyOf(key));
  if (!record) throw ruleNotFound(key.rule, key.bus);
  return record;
}

export function putRule(state: EventsState, key: RuleKey, record: RuleRecord): void {
  state.rules.put(keyOf(key), record);
  state.indexes.ruleChanged(key);
}

export function targetsOf(state: EventsState, key: RuleKey): Target[] {
  return [...state.targets.values({ prefix: keyOf(key) })];
}
