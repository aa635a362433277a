import type { Target } from "@aws-sdk/client-eventbridge";
import type { Input, Output } from "../../../aws/api-types.ts";
import { busKey, getBus } from "../bus.ts";
import { limitExceeded, validation } from "../errors.ts";
import { inputFault } from "../input.ts";
import { pageOf } from "../page.ts";
import { getRule, keyOf, ruleKey, targetsOf } from "../rule.ts";
import { type Cx, scopeKey } from "../state.ts";
import { destinationFault, probeServices } from "../targets.ts";

/** AWS: "Amazon EventBridge quotas": targets of a rule. */
const TARGETS_MAX = 5;

export async function putTargets(
  cx: Cx,
  input: Input<"events", "PutTargets">,
): Promise<Output<"events", "PutTargets">> {
  const targets: Target[] = input.Targets ?? [];
  const key = ruleKey(cx.state, cx.scope, input.Rule!, input.EventBusName);
  getRule(cx.state, key);
  for (const target of targets) {
    const fault = destinationFault(target, key.account) ?? inputFault(target);
    if (fault !== undefined) throw validation(fault);
  }
  await probeServices(cx, targets, key.account, key.region);
  return cx.kernel.store.transaction(() => {
    getRule(cx.state, key);
    const ids = new Set([...targetsOf(cx.state, key), ...targets].map(({ Id }) => Id));
    if (ids.size > TARGETS_MAX) throw limitExceeded("The requested resource exceeds the maximum number allowed.");
    for (const target of targets) cx.state.targets.put([...keyOf(key), target.Id!], target);
    return { FailedEntryCount: 0, FailedEntries: [] };
  });
}

export function removeTargets(cx: Cx, input: Input<"events", "RemoveTargets">): Output<"events", "RemoveTargets"> {
  const key = ruleKey(cx.state, cx.scope, input.Rule!, input.EventBusName);
  getRule(cx.state, key);
  const FailedEntries = [];
  for (const id of input.Ids ?? [])
    if (!cx.state.targets.remove([...keyOf(key), id]))
      FailedEntries.push({
        TargetId: id,
        ErrorCode: "ResourceNotFoundException",
        ErrorMessage: `Rule ${key.rule} does not have a target with the Id ${id}.`,
      });
  return { FailedEntryCount: FailedEntries.length, FailedEntries };
}

export function listTargetsByRule(
  cx: Cx,
  input: Input<"events", "ListTargetsByRule">,
): Output<"events", "ListTargetsByRule"> {
  const key = ruleKey(cx.state, cx.scope, input.Rule!, input.EventBusName);
  getRule(cx.state, key);
  const { page, NextToken } = pageOf(targetsOf(cx.state, key), input);
  return { Targets: page, ...(NextToken ? { NextToken } : {}) };
}

export function listRuleNamesByTarget(
  cx: Cx,
  input: Input<"events", "ListRuleNamesByTarget">,
): Output<"events", "ListRuleNamesByTarget"> {
  const bus = busKey(cx.scope, input.EventBusName);
  getBus(cx.state, bus);
  const names = new Set<string>();
  for (const [key, target] of cx.state.targets.entries({ prefix: [...scopeKey(bus), bus.bus] }))
    if (target.Arn === input.TargetArn) names.add(key[3] as string);
  const { page, NextToken } = pageOf([...names], input);
  return { RuleNames: page, ...(NextToken ? { NextToken } : {}) };
}
