import type { Input, Output } from "../../../aws/api-types.ts";
import { compilePattern, PatternError } from "../../../aws/event-pattern.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { busKey, DEFAULT_BUS, getBus, ruleArn } from "../bus.ts";
import { invalidParameter, invalidPattern, validation } from "../errors.ts";
import { pageOf } from "../page.ts";
import { getRule, keyOf, putRule as keepRule, ruleKey } from "../rule.ts";
import { isRuleSchedule, reschedule } from "../schedule.ts";
import { type Cx, type RuleKey, type RuleRecord, scopeKey } from "../state.ts";
import { mapOf } from "../tags.ts";

/** @throws AwsError InvalidEventPatternException */
export function checkPattern(pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw invalidPattern(error.message);
    throw error;
  }
  if (Object.keys(JSON.parse(pattern) as object).length === 0) throw invalidPattern("Empty objects are not allowed");
}

export function putRule(cx: Cx, input: Input<"events", "PutRule">): Output<"events", "PutRule"> {
  const { EventPattern: pattern, ScheduleExpression: schedule, Description: description, RoleArn: role } = input;
  const key = ruleKey(cx.state, cx.scope, input.Name!, input.EventBusName);
  if (!pattern && !schedule) throw validation("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (schedule) {
    if (key.bus !== DEFAULT_BUS) throw validation("ScheduleExpression is supported only on the default event bus.");
    if (!isRuleSchedule(schedule)) throw invalidParameter("ScheduleExpression");
  }
  if (pattern) checkPattern(pattern);
  if (role !== undefined) cx.authorize(passRole(role, "events.amazonaws.com"));
  const before = cx.state.rules.get(keyOf(key));
  const rule: RuleRecord = {
    name: key.rule,
    bus: key.bus,
    ...(pattern ? { pattern } : {}),
    ...(schedule ? { schedule, scheduledMs: startOf(cx, before, schedule) } : {}),
    state: input.State ?? "ENABLED",
    ...(description === undefined ? {} : { description }),
    ...(role === undefined ? {} : { role }),
    createdBy: cx.scope.account,
  };
  keepRule(cx.state, key, rule);
  reschedule(cx, key, rule);
  // AWS: tags are taken for a new rule only.
  if (!before && input.Tags?.length) cx.state.tags.put([ruleArn(key)], mapOf(input.Tags));
  return { RuleArn: ruleArn(key) };
}

/** AWS: a rate counts from when it was put. */
function startOf(cx: Cx, before: RuleRecord | undefined, schedule: string): number {
  return before?.schedule === schedule ? before.scheduledMs! : cx.kernel.clock.now();
}

function described(key: RuleKey, rule: RuleRecord) {
  return {
    Name: rule.name,
    Arn: ruleArn(key),
    EventBusName: rule.bus,
    State: rule.state,
    ...(rule.pattern === undefined ? {} : { EventPattern: rule.pattern }),
    ...(rule.schedule === undefined ? {} : { ScheduleExpression: rule.schedule }),
    ...(rule.description === undefined ? {} : { Description: rule.description }),
    ...(rule.role === undefined ? {} : { RoleArn: rule.role }),
  };
}

export function describeRule(cx: Cx, input: Input<"events", "DescribeRule">): Output<"events", "DescribeRule"> {
  const key = ruleKey(cx.state, cx.scope, input.Name!, input.EventBusName);
  const rule = getRule(cx.state, key);
  return { ...described(key, rule), CreatedBy: rule.createdBy };
}

export function listRules(cx: Cx, input: Input<"events", "ListRules">): Output<"events", "ListRules"> {
  const bus = busKey(cx.scope, input.EventBusName);
  getBus(cx.state, bus);
  const rules = [...cx.state.rules.values({ prefix: [...scopeKey(bus), bus.bus] })].filter(({ name }) =>
    name.startsWith(input.NamePrefix ?? ""),
  );
  const { page, NextToken } = pageOf(rules, input);
  return {
    Rules: page.map((rule) => described({ ...bus, rule: rule.name }, rule)),
    ...(NextToken ? { NextToken } : {}),
  };
}

const setState =
  (state: "ENABLED" | "DISABLED") =>
  (cx: Cx, input: Input<"events", "EnableRule">): object => {
    const key = ruleKey(cx.state, cx.scope, input.Name!, input.EventBusName);
    const rule: RuleRecord = { ...getRule(cx.state, key), state };
    keepRule(cx.state, key, rule);
    reschedule(cx, key, rule);
    return {};
  };

export const enableRule = setState("ENABLED");
export const disableRule = setState("DISABLED");

export function deleteRule(cx: Cx, input: Input<"events", "DeleteRule">): object {
  const key = ruleKey(cx.state, cx.scope, input.Name!, input.EventBusName);
  if (cx.state.targets.first({ prefix: keyOf(key) })) throw validation("Rule can't be deleted since it has targets.");
  cx.state.rules.remove(keyOf(key));
  cx.state.tags.remove([ruleArn(key)]);
  cx.state.indexes.ruleChanged(key);
  reschedule(cx, key, undefined);
  return {};
}

export function testEventPattern(
  _cx: Cx,
  input: Input<"events", "TestEventPattern">,
): Output<"events", "TestEventPattern"> {
  const { EventPattern = "", Event = "" } = input;
  checkPattern(EventPattern);
  return { Result: compilePattern(EventPattern)(eventToTest(Event)) };
}

/** AWS: "TestEventPattern": the fields that an event must have. */
const MANDATORY = ["id", "account", "source", "time", "region", "resources", "detail-type"];

function eventToTest(text: string): Record<string, unknown> {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw invalidParameter("Event", "The event is not valid JSON.");
  }
  if (typeof event !== "object" || event === null || Array.isArray(event))
    throw invalidParameter("Event", "The event is not a JSON object.");
  const missing = MANDATORY.find((name) => !Object.hasOwn(event, name));
  if (missing !== undefined) throw invalidParameter("Event", `The event is missing the mandatory field ${missing}.`);
  return event as Record<string, unknown>;
}
