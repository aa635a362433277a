import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import type { Stored } from "./messages.ts";
import { expire, findQueueByArn } from "./queue.ts";
import { scopeKey, type MoveTaskRecord, type QueueRecord, type SqsState } from "./state.ts";

const KIND = "sqs.move";
const TASKS_KEPT = 10;
/** How many are moved in one go where no rate is given. */
const STEP_MESSAGES = 500;

interface Step {
  readonly sourceArn: string;
  readonly taskId: string;
}

/** AWS: the handle is JSON in base64. */
export function taskHandle({ id, sourceArn }: MoveTaskRecord): string {
  return Buffer.from(JSON.stringify({ taskId: id, sourceArn })).toString("base64");
}

export function readHandle(handle: string): Step | undefined {
  try {
    const { taskId, sourceArn } = JSON.parse(Buffer.from(handle, "base64").toString("utf8")) as Partial<Step>;
    return typeof taskId === "string" && typeof sourceArn === "string" ? { taskId, sourceArn } : undefined;
  } catch {
    return undefined;
  }
}

/** The tasks of a source queue, newest first. */
export function newestTasks(state: SqsState, source: QueueRecord): MoveTaskRecord[] {
  const range = { prefix: [...scopeKey(source), source.name], reverse: true, limit: TASKS_KEPT };
  return [...state.moveTasks.values(range)];
}

export function findTask(state: SqsState, source: QueueRecord, id: string): MoveTaskRecord | undefined {
  return newestTasks(state, source).find((task) => task.id === id);
}

export function scheduleTask(
  kernel: Kernel,
  source: QueueRecord,
  task: MoveTaskRecord,
  atMs = kernel.clock.now(),
): void {
  const step: Step = { sourceArn: task.sourceArn, taskId: task.id };
  kernel.timers.set(KIND, `${source.id}/${task.id}`, atMs, step);
}

export function cancelTask(kernel: Kernel, state: SqsState, source: QueueRecord, task: MoveTaskRecord): void {
  kernel.timers.cancel(KIND, `${source.id}/${task.id}`);
  save(state, source, { ...task, status: "CANCELLED" });
}

function save(state: SqsState, source: QueueRecord, task: MoveTaskRecord): void {
  state.moveTasks.put([...scopeKey(source), source.name, task.startedMs, task.id], task);
}

/** Moves a second's worth of messages, or as many as go in one step, until there are no more. */
export function handleMoveTasks({ kernel, state }: ServiceContext<SqsState>): void {
  kernel.timers.handle<Step>(KIND, ({ sourceArn, taskId }) => {
    const source = findQueueByArn(state, sourceArn);
    const task = source && findTask(state, source, taskId);
    if (!source || task?.status !== "RUNNING") return;
    const nowMs = kernel.clock.now();
    const max = Math.min(task.ratePerSecond ?? STEP_MESSAGES, task.toMove - task.moved);
    const { moved, failure } = moveSome(kernel, state, source, task, max);
    const after: MoveTaskRecord = { ...task, moved: task.moved + moved };
    if (failure !== undefined) save(state, source, { ...after, status: "FAILED", failureReason: failure });
    else if (moved < max || after.moved >= after.toMove) save(state, source, { ...after, status: "COMPLETED" });
    else {
      save(state, source, after);
      scheduleTask(kernel, source, task, nowMs + (task.ratePerSecond === undefined ? 0 : 1000));
    }
  });
}

function moveSome(kernel: Kernel, state: SqsState, source: QueueRecord, task: MoveTaskRecord, max: number) {
  const nowMs = kernel.clock.now();
  let moved = 0;
  expire(state.messages, source, nowMs);
  while (moved < max) {
    const available = state.messages.available(source, nowMs, max - moved);
    if (available.length === 0) break;
    for (const stored of available) {
      const destinationArn = task.destinationArn ?? stored.message.sourceArn;
      if (destinationArn === undefined) return { moved, failure: "CouldNotDetermineMessageSource" };
      const destination = findQueueByArn(state, destinationArn);
      if (!destination) return { moved, failure: "AWS.SimpleQueueService.NonExistentQueue" };
      moveOne(kernel, state, source, destination, stored);
      moved++;
    }
  }
  return { moved, failure: undefined };
}

/** AWS: "All redriven messages are considered new messages with a new messageID and enqueueTime". */
function moveOne(kernel: Kernel, state: SqsState, source: QueueRecord, destination: QueueRecord, stored: Stored): void {
  const nowMs = kernel.clock.now();
  const { sourceArn: _, earlierReceives: __, earlierFirstReceivedMs: ___, ...message } = stored.message;
  state.messages.remove(source, stored, nowMs);
  state.messages.add(destination, { ...message, id: kernel.random.uuid(), sentMs: nowMs, availableMs: nowMs }, nowMs);
  state.waiters.wake(destination);
}
