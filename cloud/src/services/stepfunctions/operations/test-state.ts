import type { TestStateInput, TestStateOutput } from "@aws-sdk/client-sfn";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Machine, StateDefinition } from "../../../engines/asl/definition.ts";
import { StatesError } from "../../../engines/asl/error.ts";
import { isObject, textOf, type Json, type JsonObject } from "../../../engines/asl/json.ts";
import { newRun, type Effect, type RunEvent, type StepResult } from "../../../engines/asl/state.ts";
import { step } from "../../../engines/asl/step.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { engineOf, type Cx } from "../engine.ts";
import { invalidDefinition, invalidInput } from "../errors.ts";
import { checkDefinition, machineArn } from "../machine.ts";

const NAME = "TestState";

/** A machine of the state alone: where it leads to stands a state that does nothing. */
function machineOf(text: string): Machine {
  let state: Json;
  try {
    state = JSON.parse(text) as Json;
  } catch (error) {
    throw invalidDefinition(`INVALID_JSON_DESCRIPTION: ${(error as Error).message}`);
  }
  if (!isObject(state)) throw invalidDefinition("SCHEMA_VALIDATION_FAILED: Expected value of type Object at /");
  const { Type } = state;
  if (Type === "Parallel" || Type === "Map" || "States" in state)
    throw new NotEmulatedError(
      `TestState for ${"States" in state ? "a whole state machine" : `a ${String(Type)} state`}`,
    );
  const rules = [state, ...((state["Choices"] ?? []) as JsonObject[]), ...((state["Catch"] ?? []) as JsonObject[])];
  const targets = [...rules.map((rule) => rule["Next"]), state["Default"]].filter((name) => typeof name === "string");
  const States: Record<string, StateDefinition> = {};
  for (const target of targets) States[target] = { Type: "Succeed" };
  States[NAME] = state as unknown as StateDefinition;
  const language = state["QueryLanguage"] === "JSONata" ? { QueryLanguage: "JSONata" as const } : {};
  return { StartAt: NAME, States, ...language };
}

function refuse(input: TestStateInput): void {
  const { inspectionLevel = "INFO", mock, context, stateName, stateConfiguration, variables } = input;
  if (inspectionLevel !== "INFO") throw new NotEmulatedError(`inspectionLevel ${inspectionLevel} of TestState`);
  for (const [name, value] of Object.entries({ mock, context, stateName, stateConfiguration, variables }))
    if (value !== undefined) throw new NotEmulatedError(`${name} of TestState`);
}

/** Runs one state, without waiting and without trying again. */
export async function testState(cx: Cx, input: TestStateInput): Promise<TestStateOutput> {
  refuse(input);
  const { definition = "", roleArn = "", input: text = "{}" } = input;
  const machine = machineOf(definition);
  checkDefinition(JSON.stringify(machine), "STANDARD");
  if (roleArn !== "") cx.authorize(passRole(roleArn, "states.amazonaws.com"));
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw invalidInput((error as Error).message);
  }
  const arn = machineArn(cx.scope, NAME);
  const identity = {
    executionArn: `${arn}:${cx.requestId}`,
    executionName: cx.requestId,
    roleArn,
    machineArn: arn,
    machineName: NAME,
    region: cx.scope.region,
    input: value,
  };
  const stamp = () => ({ atMs: cx.kernel.clock.now(), seed: cx.kernel.random.hex(32) });
  let made = await step(machine, newRun(identity, stamp().atMs), { kind: "start", ...stamp() }, { statesMax: 1 });
  const task = made.effects.find((effect) => effect.kind === "startTask");
  const timer = made.effects.find((effect) => effect.kind === "setTimer");
  let event: RunEvent | undefined;
  if (task) event = { ...(await outcome(cx, task, { arn, roleArn, executionArn: identity.executionArn })), ...stamp() };
  else if (timer) event = { kind: "timer", name: timer.name, ...stamp() };
  if (event) made = await step(machine, made.state, event, { statesMax: 0 });
  return answer(made, event);
}

type TaskEvent =
  | { kind: "taskSucceeded"; id: string; output: Json }
  | { kind: "taskFailed"; id: string; error?: string; cause?: string };

async function outcome(
  cx: Cx,
  task: Extract<Effect, { kind: "startTask" }>,
  machine: { arn: string; roleArn: string; executionArn: string },
): Promise<TaskEvent> {
  const { id } = task;
  try {
    const { executionArn, ...rest } = machine;
    const end = await engineOf(cx.state).runner.tasks.perform({ ...task, executionArn }, { ...rest, scope: cx.scope });
    return { kind: "taskSucceeded", id, output: end.output };
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    const { error: name, causeText } = error;
    return {
      kind: "taskFailed",
      id,
      ...(name === undefined ? {} : { error: name }),
      ...(causeText === undefined ? {} : { cause: causeText }),
    };
  }
}

function answer({ state }: StepResult, event: RunEvent | undefined): TestStateOutput {
  const [frame] = Object.values(state.frames);
  const failure = event?.kind === "taskFailed" ? event : state;
  const reason = {
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
  };
  if (state.status === "SUCCEEDED") return { status: "SUCCEEDED", output: textOf(state.output!) };
  if (state.status !== "RUNNING") return { status: "FAILED", ...reason };
  if (frame!.phase === "retry") return { status: "RETRIABLE", ...reason };
  const caught = event?.kind === "taskFailed";
  return {
    status: caught ? "CAUGHT_ERROR" : "SUCCEEDED",
    output: textOf(frame!.input),
    nextState: frame!.state,
    ...reason,
  };
}
