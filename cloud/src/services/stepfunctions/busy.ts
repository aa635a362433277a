import type { RunState } from "../../engines/asl/state.ts";
import { readResource } from "../../engines/asl/task.ts";

/** Whether a run has something to do now: a step to take, or a task that runs. What waits for time or an answer has not. */
export function isBusy(run: RunState): boolean {
  if (run.status !== "RUNNING") return false;
  const frames = Object.values(run.frames);
  return (
    frames.length === 0 ||
    frames.some(
      ({ phase, task }) =>
        phase === "enter" ||
        phase === "begin" ||
        (phase === "task" && task?.submitted !== true && readResource(task!.resource).kind !== "activity"),
    )
  );
}
