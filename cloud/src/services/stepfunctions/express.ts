/**
 * Runs Express executions: the same engine, kept in memory. Quirk: `.sync` and callbacks are refused when the machine is
 * made, as at AWS.
 */
import { StatesError } from "../../engines/asl/error.ts";
import type { Effect, RunEvent, RunState } from "../../engines/asl/state.ts";
import { newRun } from "../../engines/asl/state.ts";
import { step } from "../../engines/asl/step.ts";
import type { ServiceContext } from "../../service.ts";
import type { Reports } from "./report.ts";
import type { Incoming, Runner } from "./runner.ts";
import type { ExecutionRecord, SfnState } from "./state.ts";

/**
 * Runs an Express execution to its end.
 * @param began told how to post events to it from outside
 */
export async function runExpress(
  cx: ServiceContext<SfnState>,
  { runner, reports }: { runner: Runner; reports: Reports },
  record: ExecutionRecord,
  began?: (post: (event: Incoming) => void) => void,
): Promise<ExecutionRecord> {
  const { clock, random, activity } = cx.kernel;
  const machine = runner.machineOf(record.machine);
  const timers = new Map<string, () => void>();
  const inbox: RunEvent[] = [];
  let wake = (): void => undefined;
  let end: (() => void) | undefined = activity.begin("stepfunctions.express");
  // A pipe whose machine retries later waits with it.
  const caller = activity.enclosing();
  const post = (event: Incoming): void => {
    inbox.push({ ...event, atMs: clock.now(), seed: random.hex(32) } as RunEvent);
    end ??= activity.begin("stepfunctions.express");
    caller?.resume();
    wake();
  };
  let run: RunState = newRun(record.run.identity, record.run.startedMs);
  began?.(post);
  post({ kind: "start" });
  let open = 0;
  while (run.status === "RUNNING") {
    const event = inbox.shift();
    if (!event) {
      // What only waits for time is not in flight.
      if (open === 0) {
        end?.();
        end = undefined;
        caller?.pause();
      }
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    const made = await step(machine, run, event);
    run = made.state;
    reports.history({ ...record, run }, made.history);
    for (const effect of made.effects) act(effect);
  }
  for (const cancel of timers.values()) cancel();
  end?.();
  return { ...record, run };

  function act(effect: Effect): void {
    if (effect.kind === "setTimer")
      timers.set(
        effect.name,
        clock.at(effect.atMs, () => post({ kind: "timer", name: effect.name })),
      );
    else if (effect.kind === "cancelTimer") timers.get(effect.name)?.();
    else if (effect.kind === "continue") post({ kind: "continue" });
    else if (effect.kind === "startTask") void perform(effect);
  }

  async function perform(task: Extract<Effect, { kind: "startTask" }>): Promise<void> {
    const { id } = task;
    open++;
    const event = await runner
      .perform({ ...task, executionArn: record.arn }, record, run)
      .then((done): Incoming => ({ kind: "taskSucceeded", id, output: done.output }))
      .catch((error: unknown): Incoming => {
        const known =
          error instanceof StatesError ? error : new StatesError("States.Runtime", (error as Error).message);
        return { kind: "taskFailed", id, ...(known.error ? { error: known.error } : {}), cause: known.causeText ?? "" };
      });
    open--;
    post(event);
  }
}
