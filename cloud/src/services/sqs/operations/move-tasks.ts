import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, invalidValue, resourceNotFound, taskNotFound } from "../errors.ts";
import { cancelTask, findTask, newestTasks, readHandle, scheduleTask, taskHandle } from "../move-task.ts";
import { expire, findQueueByArn } from "../queue.ts";
import { deadLetterSources } from "../redrive.ts";
import { scopeKey, type MoveTaskRecord, type SqsState } from "../state.ts";

type Cx = CallContext<SqsState>;

const RATE_MAX = 500;
const RESULTS_MAX = 10;

export function startMessageMoveTask(
  cx: Cx,
  input: Input<"sqs", "StartMessageMoveTask">,
): Output<"sqs", "StartMessageMoveTask"> {
  const { state, kernel } = cx;
  const { SourceArn: sourceArn, DestinationArn: destinationArn, MaxNumberOfMessagesPerSecond: rate } = input;
  const source = findQueueByArn(state, sourceArn!);
  if (!source) throw resourceNotFound("SourceArn");
  if (deadLetterSources(state, source)[Symbol.iterator]().next().done)
    throw invalidParameter("Source queue must be configured as a Dead Letter Queue.");
  if (destinationArn !== undefined && !findQueueByArn(state, destinationArn)) throw resourceNotFound("DestinationArn");
  if (rate !== undefined && (rate < 1 || rate > RATE_MAX))
    throw invalidValue(rate, "MaxNumberOfMessagesPerSecond", `Must be between 1 and ${RATE_MAX}, if provided.`);
  if (newestTasks(state, source).some(isActive))
    throw invalidParameter(
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
  const nowMs = kernel.clock.now();
  expire(state.messages, source, nowMs);
  const task: MoveTaskRecord = {
    id: kernel.random.uuid(),
    sourceArn: sourceArn!,
    ...(destinationArn === undefined ? {} : { destinationArn }),
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    startedMs: nowMs,
    toMove: state.messages.counts(source, nowMs).visible,
    moved: 0,
    status: "RUNNING",
  };
  state.moveTasks.put([...scopeKey(source), source.name, nowMs, task.id], task);
  scheduleTask(kernel, source, task);
  return { TaskHandle: taskHandle(task) };
}

function isActive({ status }: MoveTaskRecord): boolean {
  return status === "RUNNING" || status === "CANCELLING";
}

export function listMessageMoveTasks(
  cx: Cx,
  input: Input<"sqs", "ListMessageMoveTasks">,
): Output<"sqs", "ListMessageMoveTasks"> {
  const source = findQueueByArn(cx.state, input.SourceArn!);
  if (!source) throw resourceNotFound("SourceArn");
  const max = input.MaxResults ?? 1;
  if (max < 1 || max > RESULTS_MAX)
    throw invalidValue(max, "MaxResults", `Must be between 1 and ${RESULTS_MAX}, if provided.`);
  const Results = newestTasks(cx.state, source)
    .slice(0, max)
    .map((task) => ({
      ...(task.status === "RUNNING" ? { TaskHandle: taskHandle(task) } : {}),
      Status: task.status,
      SourceArn: task.sourceArn,
      DestinationArn: task.destinationArn,
      MaxNumberOfMessagesPerSecond: task.ratePerSecond,
      ApproximateNumberOfMessagesMoved: task.moved,
      ApproximateNumberOfMessagesToMove: task.toMove,
      FailureReason: task.failureReason,
      StartedTimestamp: task.startedMs,
    }));
  return { Results };
}

export function cancelMessageMoveTask(
  cx: Cx,
  input: Input<"sqs", "CancelMessageMoveTask">,
): Output<"sqs", "CancelMessageMoveTask"> {
  const handle = readHandle(input.TaskHandle!);
  if (!handle) throw invalidParameter("Value for parameter TaskHandle is invalid.");
  const source = findQueueByArn(cx.state, handle.sourceArn);
  if (!source) throw resourceNotFound("SourceArn");
  const task = findTask(cx.state, source, handle.taskId);
  if (!task) throw taskNotFound();
  if (task.status !== "RUNNING")
    throw invalidParameter(`Only active tasks can be cancelled. The status of the task is ${task.status}.`);
  cancelTask(cx.kernel, cx.state, source, task);
  return { ApproximateNumberOfMessagesMoved: task.moved };
}
