import { findSchedule, nextTimeMs } from "../../aws/schedule.ts";
import { ruleArn } from "./bus.ts";
import { publishTo } from "./event.ts";
import { keyOf } from "./rule.ts";
import type { RuleKey, RuleRecord, Running } from "./state.ts";

const KIND = "events.schedule";

/** Whether an expression is one that rules take: rates and cron, no single times. */
export function isRuleSchedule(expression: string): boolean {
  const schedule = findSchedule(expression);
  return schedule?.kind === "cron" || (schedule?.kind === "rate" && schedule.agrees);
}

/** Sets, moves or takes away a rule's next time, after the rule changed. Times are UTC. */
export function reschedule({ kernel }: Running, key: RuleKey, rule: RuleRecord | undefined): void {
  const name = keyOf(key).join("/");
  const schedule = rule?.schedule === undefined || rule.state === "DISABLED" ? undefined : findSchedule(rule.schedule);
  const nextMs = schedule && nextTimeMs(schedule, kernel.clock.now(), { anchorMs: rule!.scheduledMs ?? 0 });
  if (nextMs === undefined) kernel.timers.cancel(KIND, name);
  else kernel.timers.set(KIND, name, nextMs, { key, atMs: nextMs });
}

/** When a rule runs next by its schedule, ms since 1970; undefined where it has none or is disabled. */
export function nextScheduledMs({ timers }: Running["kernel"], key: RuleKey): number | undefined {
  return timers.find(KIND, keyOf(key).join("/"));
}

/** Has rules run at their times. AWS: "Scheduled Event": the event that targets get. */
export function handleSchedules({ state, kernel }: Running): void {
  kernel.timers.handle<{ key: RuleKey; atMs: number }>(KIND, ({ key, atMs }) => {
    const rule = state.rules.get(keyOf(key));
    if (!rule) return;
    reschedule({ state, kernel }, key, rule);
    publishTo({ state, kernel }, key, {
      id: kernel.random.uuid(),
      source: "aws.events",
      detailType: "Scheduled Event",
      timeMs: atMs,
      resources: [ruleArn(key)],
      detail: {},
    });
  });
}
