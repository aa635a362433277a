/**
 * The engine of Amazon States Language: (definition, state, event) → next state, history and effects. It does nothing
 * outside, and knows no time and no chance but those of the event, so that a run can be replayed and stepped.
 * Source: states-language.net, and the Step Functions developer guide.
 */
import type { Machine, StateDefinition } from "./definition.ts";
import { StatesError } from "./error.ts";
import { textOf } from "./json.ts";
import { beginState, childEnded, type Ended } from "./begin.ts";
import { mapRunFailed, mapRunSucceeded, redriveMapRun } from "./distributed.ts";
import { fail } from "./failure.ts";
import { exit } from "./exit.ts";
import { HistoryFull, Run } from "./run.ts";
import { draftOf, type Frame, type RunEvent, type RunState, type StepResult } from "./state.ts";
import { checkSize } from "./fields.ts";
import { noteTask, readResource } from "./task.ts";

export interface StepOptions {
  /** After so many states in one step the rest waits for a `continue` event, so that nothing runs for long unkept. */
  readonly statesMax?: number;
}

const STATES_MAX = 50;

/** Takes a run one event further. The state given is left as it is. Events for what is no longer awaited do nothing. */
export async function step(
  machine: Machine,
  state: RunState,
  event: RunEvent,
  { statesMax = STATES_MAX }: StepOptions = {},
): Promise<StepResult> {
  const run = new Run(machine, draftOf(state), event.atMs, event.seed);
  try {
    await take(run, event);
    await goOn(run, statesMax);
  } catch (error) {
    if (!(error instanceof HistoryFull)) throw error;
    end(run, "FAILED", "ExecutionFailed", {
      error: "States.Runtime",
      cause: `The execution reached the maximum number of history events (${run.state.identity.eventsMax}).`,
    });
  }
  return { state: run.state, history: run.history, effects: run.effects };
}

async function take(run: Run, event: RunEvent): Promise<void> {
  const { state } = run;
  if (event.kind === "redrive") return redrive(run);
  if (state.status !== "RUNNING") return;
  switch (event.kind) {
    case "start":
      return start(run);
    case "continue":
      return;
    case "stop":
      return end(run, "ABORTED", "ExecutionAborted", event);
    case "timer":
      return timerFired(run, event.name);
    case "mapRunSucceeded":
    case "mapRunFailed":
      return mapRunEvent(run, event);
    default:
      return taskEvent(run, event);
  }
}

function start(run: Run): void {
  const { machine, state } = run;
  const { identity } = state;
  run.record("ExecutionStarted", 0, "executionStartedEventDetails", {
    input: textOf(identity.input),
    inputDetails: { truncated: false },
    roleArn: identity.roleArn,
  });
  run.addFrame({ place: [], state: machine.StartAt, input: identity.input, lastId: 0 });
  setExecutionTimer(run);
}

function setExecutionTimer(run: Run): void {
  const seconds = run.state.identity.timeoutSeconds;
  if (seconds !== undefined)
    run.effects.push({ kind: "setTimer", name: "execution", atMs: run.nowMs + seconds * 1000 });
}

/** Runs what can run, until all lines wait, the run ended, or enough was done for one step. */
async function goOn(run: Run, statesMax: number): Promise<void> {
  for (let states = 0; run.state.status === "RUNNING"; states++) {
    const frame = Object.values(run.state.frames).find(({ phase }) => phase === "enter" || phase === "begin");
    if (!frame) return;
    if (states >= statesMax) {
      run.effects.push({ kind: "continue" });
      return;
    }
    await attempt(run, frame, (definition) => beginState(run, frame, definition));
  }
}

/** Does something in a line's state; what fails in it is the state's failure. */
async function attempt(
  run: Run,
  frame: Frame,
  work: (definition: StateDefinition) => Promise<Ended | void>,
): Promise<void> {
  let ended: Ended | void;
  try {
    ended = await work(run.definitionOf(frame));
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    await failed(run, frame, error);
    return;
  }
  if (ended) await lineEnded(run, frame, ended);
}

/** A line of states came to its end. */
async function lineEnded(run: Run, frame: Frame, { output }: Ended): Promise<void> {
  const parent = run.parentOf(frame);
  if (parent) return attempt(run, parent, () => childEnded(run, parent, frame, output));
  delete run.state.frames[frame.id];
  run.record("ExecutionSucceeded", frame.lastId, "executionSucceededEventDetails", {
    output: textOf(output),
    outputDetails: { truncated: false },
  });
  run.state.output = output;
  close(run, "SUCCEEDED");
}

async function failed(run: Run, frame: Frame, error: StatesError): Promise<void> {
  const last = await fail(run, frame, error);
  if (!last) return;
  // Nobody caught it.
  run.state.status = "FAILED";
  endAfter(run, "FAILED", "ExecutionFailed", last.lastId, { error: last.error.error, cause: last.error.causeText });
}

interface Reason {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

function end(run: Run, status: RunState["status"], type: string, reason: Reason): void {
  endAfter(run, status, type, run.state.lastEventId, reason);
}

function endAfter(run: Run, status: RunState["status"], type: string, lastId: number, { error, cause }: Reason): void {
  const reason = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  run.record(type, lastId, `${type[0]!.toLowerCase()}${type.slice(1)}EventDetails`, reason);
  Object.assign(run.state, reason);
  for (const frame of Object.values(run.state.frames)) {
    run.release(frame, true);
    if (frame.phase !== "children" && frame.phase !== "failed") frame.phase = "aborted";
  }
  close(run, status);
}

function close(run: Run, status: RunState["status"]): void {
  run.state.status = status;
  run.state.stoppedMs = run.nowMs;
  if (run.state.identity.timeoutSeconds !== undefined) run.effects.push({ kind: "cancelTimer", name: "execution" });
}

async function timerFired(run: Run, name: string): Promise<void> {
  if (name === "execution") return end(run, "TIMED_OUT", "ExecutionTimedOut", { error: "States.Timeout" });
  const [kind, id] = name.split(":") as [string, string];
  const frame = run.state.frames[id];
  if (!frame) return;
  if (frame.timer === name) {
    delete frame.timer;
    if (kind === "retry") {
      frame.phase = "begin";
      return;
    }
    return attempt(run, frame, async () => exit(run, frame, await run.fields(frame).passed()));
  }
  const { task } = frame;
  if (task?.timeoutTimer !== name && task?.heartbeatTimer !== name) return;
  const error = kind === "timeout" ? "States.Timeout" : "States.HeartbeatTimeout";
  noteTask(run, frame, "TimedOut", { error });
  run.release(frame, true);
  await failed(run, frame, new StatesError(error, undefined));
}

async function mapRunEvent(
  run: Run,
  event: Extract<RunEvent, { kind: "mapRunSucceeded" | "mapRunFailed" }>,
): Promise<void> {
  const frame = run.state.frames[event.id.split(".")[0]!];
  if (!frame || frame.phase !== "mapRun" || frame.mapRun?.id !== event.id) return;
  if (event.kind === "mapRunSucceeded")
    return attempt(run, frame, async () => mapRunSucceeded(run, frame, event.output));
  return failed(run, frame, mapRunFailed(run, frame, event));
}

async function taskEvent(
  run: Run,
  event: Extract<RunEvent, { kind: "taskStarted" | "taskSubmitted" | "taskSucceeded" | "taskFailed" | "heartbeat" }>,
): Promise<void> {
  const frame = run.state.frames[event.id.split(".")[0]!];
  const task = frame?.task;
  if (!frame || task?.id !== event.id) return;
  switch (event.kind) {
    case "heartbeat":
      if (task.heartbeatSeconds === undefined) return;
      run.cancelTimer(task.heartbeatTimer);
      task.heartbeatTimer = run.setTimer(frame, "heartbeat", run.nowMs + task.heartbeatSeconds * 1000);
      return;
    case "taskStarted":
      noteTask(run, frame, "Started", event.workerName === undefined ? {} : { workerName: event.workerName });
      return;
    case "taskSubmitted":
      task.submitted = true;
      noteTask(run, frame, "Submitted", { output: textOf(event.output), outputDetails: { truncated: false } });
      return;
    case "taskSucceeded":
      return attempt(run, frame, async (definition) => {
        checkSize(event.output, frame.state);
        noteTask(run, frame, "Succeeded", { output: textOf(event.output), outputDetails: { truncated: false } });
        run.release(frame, false);
        return exit(run, frame, await run.fields(frame).outcome(event.output), definition);
      });
    case "taskFailed": {
      const { error, cause } = event;
      const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      const name = event.unstarted && readResource(task.resource).kind === "lambda" ? "StartFailed" : "Failed";
      noteTask(run, frame, name, details);
      run.release(frame, false);
      return failed(run, frame, new StatesError(error, cause));
    }
  }
}

/**
 * Goes on from where a run that failed, was stopped or timed out stood.
 * Source: "Restarting state machine executions with redrive in Step Functions".
 */
function redrive(run: Run): void {
  const { state } = run;
  state.redriveCount++;
  state.redrivenMs = run.nowMs;
  state.status = "RUNNING";
  for (const member of ["error", "cause", "output", "stoppedMs"] as const) delete state[member];
  const id = run.record("ExecutionRedriven", state.lastEventId, "executionRedrivenEventDetails", {
    redriveCount: state.redriveCount,
  });
  for (const frame of Object.values(state.frames)) {
    frame.retried = {};
    frame.retryCount = 0;
    if (frame.phase === "children") continue;
    if (frame.mapRun) {
      redriveMapRun(run, frame, id);
      continue;
    }
    frame.phase = frame.enteredId === 0 ? "enter" : "begin";
    frame.lastId = id;
  }
  setExecutionTimer(run);
}
