import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { CallContext } from "../../service.ts";
import { groupNotFound } from "./errors.ts";
import { DEFAULT_GROUP } from "./schedule.ts";
import { scopeKey, type GroupRecord, type SchedulerState } from "./state.ts";

export function groupArn(scope: Scope, name: string): string {
  return arn("scheduler", scope, `schedule-group/${name}`);
}

/** The group `default` is there from the beginning; it is written when first looked for. */
export function ensureDefaultGroup({ state, scope, kernel }: CallContext<SchedulerState>): void {
  const key = [...scopeKey(scope), DEFAULT_GROUP];
  if (state.groups.has(key)) return;
  const nowMs = kernel.clock.now();
  state.groups.put(key, { name: DEFAULT_GROUP, createdMs: nowMs, modifiedMs: nowMs, tags: {} });
}

/** @throws AwsError where there is none */
export function getGroup(cx: CallContext<SchedulerState>, name: string): GroupRecord {
  if (name === DEFAULT_GROUP) ensureDefaultGroup(cx);
  const record = cx.state.groups.get([...scopeKey(cx.scope), name]);
  if (!record) throw groupNotFound(name);
  return record;
}
