import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import { retentionFloorMs } from "./group.ts";
import { scopeKey, type GroupRecord, type LogsState } from "./state.ts";

const SWEEP = "logs.retention";
const PURGE = "logs.purge";
const DAY_MS = 86_400_000;
/** Chunks removed in one go, so that other requests are not kept waiting. */
const CHUNKS_MAX = 2000;

interface Sweep {
  scope: Scope;
  name: string;
}

interface Purge {
  groupId: number;
  streamId?: number;
}

/** Old events are out of sight at once; their room is given back once a day. */
export function scheduleRetention(kernel: Kernel, scope: Scope, group: GroupRecord): void {
  const payload: Sweep = { scope, name: group.name };
  kernel.timers.set(SWEEP, timerName(scope, group.name), kernel.clock.now() + DAY_MS, payload);
}

export function cancelRetention(kernel: Kernel, scope: Scope, group: GroupRecord): void {
  kernel.timers.cancel(SWEEP, timerName(scope, group.name));
}

/** Gives the room of a deleted group back. */
export function purgeGroup(kernel: Kernel, groupId: number): void {
  const payload: Purge = { groupId };
  kernel.timers.set(PURGE, String(groupId), kernel.clock.now(), payload);
}

export function purgeStream(kernel: Kernel, groupId: number, streamId: number): void {
  const payload: Purge = { groupId, streamId };
  kernel.timers.set(PURGE, `${groupId}/${streamId}`, kernel.clock.now(), payload);
}

export function handleRetention({ kernel, state }: ServiceContext<LogsState>): void {
  kernel.timers.handle<Sweep>(SWEEP, ({ scope, name }, timer) => {
    const group = state.groups.get([...scopeKey(scope), name]);
    if (group?.retentionDays === undefined) return;
    const now = kernel.clock.now();
    const more = state.events.remove(group.id, { beforeMs: retentionFloorMs(group, now) }, CHUNKS_MAX);
    state.forgetBytes(group.id);
    kernel.timers.set(SWEEP, timer, more ? now : now + DAY_MS, { scope, name });
  });
  kernel.timers.handle<Purge>(PURGE, (purge, timer) => {
    const { groupId, streamId } = purge;
    const more = state.events.remove(
      groupId,
      { beforeMs: Infinity, ...(streamId === undefined ? {} : { streamId }) },
      CHUNKS_MAX,
    );
    state.forgetBytes(groupId);
    if (more) kernel.timers.set(PURGE, timer, kernel.clock.now(), purge);
  });
}

function timerName(scope: Scope, group: string): string {
  return [...scopeKey(scope), group].join("/");
}
