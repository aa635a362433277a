/** What becomes of a state's failure: Retry, Catch, or the failure of what is around it. */
import { StatesError } from "./error.ts";
import type { JsonObject } from "./json.ts";
import { exit } from "./exit.ts";
import { meets, retryAfterMs } from "./retry.ts";
import type { Run } from "./run.ts";
import type { Frame } from "./state.ts";

/** A failure that nobody caught. */
export interface Uncaught {
  readonly error: StatesError;
  readonly lastId: number;
}

/** Names where an error of the engine's own happened, as AWS words it. */
function located(error: StatesError, frame: Frame): StatesError {
  if (error.causeText === undefined || !OWN.has(error.error ?? "") || error.causeText.startsWith(PREFIX)) return error;
  const where = `${PREFIX} '${frame.state}' (entered at the event id #${frame.enteredId}).`;
  return new StatesError(error.error, `${where} ${error.causeText}`, error.field);
}

const PREFIX = "An error occurred while executing the state";
const OWN = new Set([
  "States.Runtime",
  "States.ParameterPathFailure",
  "States.ResultPathMatchFailure",
  "States.IntrinsicFailure",
  "States.QueryEvaluationError",
  "States.NoChoiceMatched",
]);

/** Lets the line's state fail. Answers where the whole run fails with it. */
export async function fail(run: Run, frame: Frame, thrown: StatesError): Promise<Uncaught | undefined> {
  const error = located(thrown, frame);
  run.release(frame, true);
  if (error.field !== undefined)
    run.note(frame, "EvaluationFailed", "evaluationFailedEventDetails", {
      error: error.error!,
      cause: error.causeText!,
      location: error.field,
      state: frame.state,
    });
  if (retries(run, frame, error)) return undefined;
  const caught = await catches(run, frame, error);
  if (caught !== "no") return caught === "yes" ? undefined : fail(run, frame, caught);
  if (frame.phase !== "children") frame.phase = "failed";
  const parent = run.parentOf(frame);
  if (!parent) return { error, lastId: frame.lastId };
  parentFails(run, parent, frame);
  return fail(run, parent, error);
}

function retries(run: Run, frame: Frame, error: StatesError): boolean {
  const { Retry = [] } = run.definitionOf(frame);
  const index = Retry.findIndex((retrier) => meets(retrier.ErrorEquals, error.error));
  if (index < 0) return false;
  const retried = frame.retried[index] ?? 0;
  const delayMs = retryAfterMs(Retry[index]!, retried, run.random);
  if (delayMs === undefined) return false;
  run.removeChildren(frame);
  delete frame.mapRun;
  frame.retried[index] = retried + 1;
  frame.retryCount++;
  frame.phase = "retry";
  frame.timer = run.setTimer(frame, "retry", run.nowMs + delayMs);
  return true;
}

async function catches(run: Run, frame: Frame, error: StatesError): Promise<"yes" | "no" | StatesError> {
  const definition = run.definitionOf(frame);
  const catcher = definition.Catch?.find(({ ErrorEquals }) => meets(ErrorEquals, error.error));
  if (!catcher) return "no";
  const errorOutput: JsonObject = {
    ...(error.error === undefined ? {} : { Error: error.error }),
    Cause: error.causeText ?? "",
  };
  try {
    const outcome = await run.fields(frame).caught(catcher, errorOutput);
    run.removeChildren(frame);
    exit(run, frame, outcome, definition, catcher.Next);
    return "yes";
  } catch (failure) {
    if (!(failure instanceof StatesError)) throw failure;
    // AWS: an error within a catcher is not caught by the same state.
    return new StatesError("States.Runtime", failure.causeText, failure.field);
  }
}

/** Records that a branch or iteration failed, and what that ends. */
function parentFails(run: Run, parent: Frame, failed: Frame): void {
  const definition = run.definitionOf(parent);
  if (definition.Type === "Map")
    run.note(failed, "MapIterationFailed", "mapIterationFailedEventDetails", {
      name: parent.state,
      index: failed.index!,
    });
  for (const sibling of run.childrenOf(parent)) if (sibling.id !== failed.id) abort(run, sibling, parent);
  parent.lastId = run.record(`${definition.Type}StateFailed`, failed.lastId);
}

function abort(run: Run, frame: Frame, parent: Frame): void {
  if (frame.phase === "failed" || frame.phase === "aborted") return;
  for (const child of run.childrenOf(frame)) abort(run, child, frame);
  run.release(frame, true);
  if (frame.phase === "mapRun") run.note(frame, "MapRunAborted");
  const { Type } = run.definitionOf(frame);
  if (frame.enteredId !== 0 && ["Task", "Wait", "Parallel", "Map"].includes(Type))
    run.note(frame, `${Type}StateAborted`);
  if (run.definitionOf(parent).Type === "Map")
    run.note(frame, "MapIterationAborted", "mapIterationAbortedEventDetails", {
      name: parent.state,
      index: frame.index!,
    });
  if (frame.phase !== "children") frame.phase = "aborted";
}
