import type { TestStateInput, TestStateOutput } from "@aws-sdk/client-sfn";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Machine, StateDefinition } from "../../../engines/asl/definition.ts";
import { StatesError } from "../../../engines/asl/error.ts";
import { isObject, textOf, type Json, type JsonObject } from "../../../engines/asl/json.ts";
import { newRun, type Effect, type RunEvent, type StepResult } from "../../../engines/asl/state.ts";
import { step } from "../../../engines/asl/step.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { engineOf, type Cx } from "../engine.ts";
import { invalidDefinition, invalidInput, validation } from "../errors.ts";
import type { HttpExchange } from "../http-task.ts";
import { errorDetails, inspect, inspectExchange, type Inspected } from "../inspection.ts";
import { checkDefinition, machineArn } from "../machine.ts";
import { checkMockedResult } from "../mocked-result.ts";

const NAME = "TestState";

/** A machine of the state alone: where it leads to stands a state that does nothing. */
function machineOf(text: string, stateName: string | undefined, isMocked: boolean): Machine {
  let given: Json;
  try {
    given = JSON.parse(text) as Json;
  } catch (error) {
    throw invalidDefinition(`INVALID_JSON_DESCRIPTION: ${(error as Error).message}`);
  }
  if (!isObject(given)) throw invalidDefinition("SCHEMA_VALIDATION_FAILED: Expected value of type Object at /");
  const found = "States" in given ? findState(given, stateName, "JSONPath") : { state: given, language: "JSONPath" };
  if (!found) throw validation(`State '${stateName ?? ""}' is not in the state machine definition`);
  const language = String(found.state["QueryLanguage"] ?? found.language);
  let { state } = found;
  const { Type } = state;
  if (Type === "Parallel" || Type === "Map") {
    // AWS: such a state can be tested only with a mock, which stands in for all that is inside it.
    if (!isMocked) throw validation(`A mock is required to test a state of type ${Type}`);
    const inside = ["Branches", "ItemProcessor", "Iterator", "ItemSelector", "ItemsPath", "Items", "MaxConcurrency"];
    const rest = Object.fromEntries(Object.entries(state).filter(([field]) => !inside.includes(field)));
    state = { ...rest, Type: "Task", Resource: "arn:aws:states:::lambda:invoke" };
  }
  const rules = [state, ...((state["Choices"] ?? []) as JsonObject[]), ...((state["Catch"] ?? []) as JsonObject[])];
  const targets = [...rules.map((rule) => rule["Next"]), state["Default"]].filter((name) => typeof name === "string");
  const States: Record<string, StateDefinition> = {};
  for (const target of targets) States[target] = { Type: "Succeed" };
  const name = stateName ?? NAME;
  States[name] = state as unknown as StateDefinition;
  return { StartAt: name, States, ...(language === "JSONata" ? { QueryLanguage: "JSONata" as const } : {}) };
}

/** A state of a machine, however deep, with the query language around it. */
function findState(
  machine: JsonObject,
  name: string | undefined,
  outer: string,
): { state: JsonObject; language: string } | undefined {
  const language = String(machine["QueryLanguage"] ?? outer);
  const states = isObject(machine["States"]) ? machine["States"] : {};
  for (const [key, state] of Object.entries(states)) {
    if (!isObject(state)) continue;
    if (key === name) return { state, language };
    const inner = [...((state["Branches"] ?? []) as JsonObject[]), state["ItemProcessor"], state["Iterator"]];
    for (const each of inner) {
      const found = isObject(each) ? findState(each, name, String(state["QueryLanguage"] ?? language)) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

function refuse({ stateConfiguration = {} }: TestStateInput): void {
  const { retrierRetryCount: _, ...others } = stateConfiguration;
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) throw new NotEmulatedError(`${name} of TestState`);
}

/** JSON of an input member. @throws AwsError */
function read(text: string, refusal: (reason: string) => Error): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

function readObject(name: string, text: string | undefined): JsonObject {
  const value = read(text ?? "{}", (reason) => validation(`Invalid ${name}: ${reason}`));
  if (isObject(value)) return value;
  throw validation(`Invalid ${name}: it must be a JSON object`);
}

/** Runs one state, without waiting and without trying again. */
export async function testState(cx: Cx, input: TestStateInput): Promise<TestStateOutput> {
  refuse(input);
  const { definition = "", roleArn = "", input: text = "{}", mock, inspectionLevel = "INFO" } = input;
  const machine = machineOf(definition, input.stateName, mock !== undefined);
  checkDefinition(JSON.stringify(machine), "STANDARD");
  if (roleArn !== "") cx.authorize(passRole(roleArn, "states.amazonaws.com"));
  if (input.revealSecrets) cx.authorize({ action: "states:RevealSecrets", resource: "*" });
  const arn = machineArn(cx.scope, NAME);
  const identity = {
    executionArn: `${arn}:${cx.requestId}`,
    executionName: cx.requestId,
    roleArn,
    machineArn: arn,
    machineName: NAME,
    region: cx.scope.region,
    input: read(text, invalidInput),
    ...(input.context === undefined ? {} : { context: readObject("context", input.context) }),
  };
  const stamp = () => ({ atMs: cx.kernel.clock.now(), seed: cx.kernel.random.hex(32) });
  const nowMs = stamp().atMs;
  const entered = await step(machine, newRun(identity, nowMs), { kind: "start", ...stamp() }, { statesMax: 0 });
  const before = entered.state;
  const frame = Object.values(before.frames)[0]!;
  frame.variables = readObject("variables", input.variables);
  const { Retry = [], Resource = "" } = machine.States[machine.StartAt]!;
  const retried = input.stateConfiguration?.retrierRetryCount;
  if (retried !== undefined) {
    frame.retryCount = retried;
    Retry.forEach((_, index) => (frame.retried[index] = retried));
  }
  let made = await step(machine, before, { kind: "continue", ...stamp() }, { statesMax: 1 });
  const task = made.effects.find((effect) => effect.kind === "startTask");
  const timer = made.effects.find((effect) => effect.kind === "setTimer" && effect.name.startsWith("wait:"));
  let event: RunEvent | undefined;
  let exchange: HttpExchange | undefined;
  if (task && mock) event = { ...mocked(task, Resource, mock), ...stamp() };
  else if (task)
    event = {
      ...(await outcome(cx, task, { arn, roleArn, executionArn: identity.executionArn }, (each) => (exchange = each))),
      ...stamp(),
    };
  else if (timer?.kind === "setTimer") event = { kind: "timer", name: timer.name, ...stamp() };
  if (event) made = await step(machine, made.state, event, { statesMax: 0 });
  const answered = answer(made, event);
  if (inspectionLevel === "INFO") return answered;
  const result = event?.kind === "taskSucceeded" ? event.output : task ? undefined : resultOf(machine);
  const inspected: Inspected = { machine, before, nowMs, result };
  const details = errorDetails(inspected, answered.error, made.effects);
  const variables = Object.values(made.state.frames)[0]?.variables ?? frame.variables;
  return {
    ...answered,
    inspectionData: {
      ...(await inspect(inspected)),
      variables: textOf(variables),
      ...(details ? { errorDetails: details } : {}),
      ...(inspectionLevel === "TRACE" && exchange ? inspectExchange(exchange, input.revealSecrets ?? false) : {}),
    },
  };
}

/** What a Pass state puts out by itself. */
function resultOf({ States, StartAt }: Machine): Json | undefined {
  return States[StartAt]!.Result;
}

function mocked(
  { id }: Extract<Effect, { kind: "startTask" }>,
  resource: string,
  { result, errorOutput, fieldValidationMode = "STRICT" }: NonNullable<TestStateInput["mock"]>,
): TaskEvent {
  if ((result === undefined) === (errorOutput === undefined))
    throw validation("A mock must have either a result or an errorOutput");
  if (errorOutput) {
    const { error, cause } = errorOutput;
    return {
      kind: "taskFailed",
      id,
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    };
  }
  const output = read(result!, (reason) => validation(`Invalid mock result: ${reason}`));
  checkMockedResult(resource, output, fieldValidationMode);
  return { kind: "taskSucceeded", id, output };
}

type TaskEvent =
  | { kind: "taskSucceeded"; id: string; output: Json }
  | { kind: "taskFailed"; id: string; error?: string; cause?: string };

async function outcome(
  cx: Cx,
  task: Extract<Effect, { kind: "startTask" }>,
  machine: { arn: string; roleArn: string; executionArn: string },
  told: (exchange: HttpExchange) => void,
): Promise<TaskEvent> {
  const { id } = task;
  try {
    const { executionArn, ...rest } = machine;
    const { tasks } = engineOf(cx.state).runner;
    const end = await tasks.perform({ ...task, executionArn }, { ...rest, scope: cx.scope }, undefined, told);
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
