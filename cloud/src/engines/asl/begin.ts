/** What each kind of state does when it is entered, and Parallel and Map when a line of theirs ends. */
import { matches, isTimestamp } from "./choice.ts";
import { isDistributed, processorOf, type ChoiceRule, type StateDefinition } from "./definition.ts";
import { beginMapRun } from "./distributed.ts";
import { runtimeError, StatesError } from "./error.ts";
import { exit } from "./exit.ts";
import { checkSize, typeOf, type Fields } from "./fields.ts";
import { findExpression } from "./jsonata.ts";
import { textOf, type Json } from "./json.ts";
import { findByPath } from "./path.ts";
import type { Run } from "./run.ts";
import type { Frame } from "./state.ts";
import { beginTask } from "./task.ts";

/** A line of states ended with this output. */
export interface Ended {
  readonly output: Json;
}

/** AWS: "up to 40 concurrent iterations" in inline mode. */
const INLINE_CONCURRENCY = 40;

/** Enters the line's state (unless it is run again) and runs it as far as it goes. @throws StatesError */
export async function beginState(run: Run, frame: Frame, definition: StateDefinition): Promise<Ended | void> {
  if (frame.phase === "enter") enter(run, frame, definition);
  const fields = run.fields(frame);
  switch (definition.Type) {
    case "Pass":
      return exit(run, frame, await passed(fields, definition), definition);
    case "Succeed":
      return exit(run, frame, await fields.passed(), definition);
    case "Choice":
      return choose(run, frame, definition, fields);
    case "Wait":
      return wait(run, frame, definition, fields);
    case "Fail":
      throw await failureOf(definition, fields);
    case "Task":
      return beginTask(run, frame, definition);
    case "Parallel":
      return beginParallel(run, frame, definition, fields);
    case "Map":
      if (isDistributed(definition)) return beginMapRun(run, frame, definition, fields);
      return beginMap(run, frame, definition, fields);
  }
}

function enter(run: Run, frame: Frame, { Type }: StateDefinition): void {
  frame.enteredMs = run.nowMs;
  run.note(frame, `${Type}StateEntered`, "stateEnteredEventDetails", {
    name: frame.state,
    input: textOf(frame.input),
    inputDetails: { truncated: false },
  });
  frame.enteredId = frame.lastId;
  frame.phase = "begin";
}

async function passed(fields: Fields, definition: StateDefinition) {
  if (fields.isJsonata) return fields.passed();
  const made = definition.Result ?? (await fields.parameters());
  return fields.outcome(made);
}

async function choose(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<Ended | void> {
  for (const rule of definition.Choices!)
    if (await applies(run, frame, rule, fields)) {
      return exit(run, frame, await fields.chosen(rule), definition, rule.Next);
    }
  if (definition.Default === undefined)
    throw new StatesError(
      "States.NoChoiceMatched",
      "Failed to transition out of the state. The state does not point to a next state.",
    );
  return exit(run, frame, await fields.passed(), definition, definition.Default);
}

async function applies(run: Run, frame: Frame, rule: ChoiceRule, fields: Fields): Promise<boolean> {
  if (!fields.isJsonata) {
    const data = { input: fields.effectiveInput(), context: run.contextOf(frame), variables: run.variablesOf(frame) };
    return matches(rule, data);
  }
  const value = await fields.expression(rule.Condition as Json, "Condition");
  if (typeof value === "boolean") return value;
  throw unexpectedType(rule.Condition, "Condition", "boolean", value);
}

export function unexpectedType(expression: unknown, field: string, expected: string, value: Json): StatesError {
  return new StatesError(
    "States.QueryEvaluationError",
    `The JSONata expression '${findExpression(expression) ?? String(expression)}' specified for the field '${field}' returned an unexpected result type. Expected '${expected}', but was '${typeOf(value)}' for value: ${textOf(value)}`,
    field,
  );
}

async function wait(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<void> {
  const { Seconds, SecondsPath, Timestamp, TimestampPath } = definition;
  const seconds = await fields.seconds("Seconds", Seconds, SecondsPath);
  let atMs = run.nowMs + (seconds ?? 0) * 1000;
  if (seconds === undefined) {
    const value = await fields.value("Timestamp", Timestamp, TimestampPath);
    if (!isTimestamp(value))
      throw fields.isJsonata
        ? unexpectedType(Timestamp, "Timestamp", "timestamp", value ?? null)
        : runtimeError(
            `The ${TimestampPath === undefined ? "Timestamp" : "TimestampPath"} parameter does not reference a valid ISO-8601 extended offset date-time format string: ${TimestampPath ?? "Timestamp"} == ${String(value)}`,
          );
    atMs = Math.max(run.nowMs, Date.parse(value));
  }
  frame.phase = "wait";
  frame.timer = run.setTimer(frame, "wait", atMs);
}

async function failureOf(definition: StateDefinition, fields: Fields): Promise<StatesError> {
  const error = await fields.value("Error", definition.Error, definition.ErrorPath);
  const cause = await fields.value("Cause", definition.Cause, definition.CausePath);
  for (const [name, value] of [
    ["Error", error],
    ["Cause", cause],
  ] as const)
    if (value !== undefined && typeof value !== "string")
      throw runtimeError(`The ${name} field of a Fail state must be a string, but was ${textOf(value)}`);
  return new StatesError(error as string | undefined, cause as string | undefined);
}

async function beginParallel(run: Run, frame: Frame, { Branches }: StateDefinition, fields: Fields): Promise<void> {
  const input = await fields.parameters();
  checkSize(input, frame.state);
  run.note(frame, "ParallelStateStarted");
  frame.phase = "children";
  const branches = Branches!;
  frame.children = {
    startedId: frame.lastId,
    inputs: [],
    concurrency: branches.length,
    results: {},
    next: branches.length,
  };
  for (const [index, branch] of branches.entries())
    run.addFrame({
      parent: frame.id,
      index,
      place: [...frame.place, frame.state, index],
      state: branch.StartAt,
      input,
      lastId: frame.lastId,
    });
}

async function beginMap(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<Ended | void> {
  const items = await itemsOf(run, frame, definition, fields);
  const inputs = await inputsOf(run, frame, definition, items, fields);
  const limit = await fields.seconds("MaxConcurrency", definition.MaxConcurrency, definition.MaxConcurrencyPath);
  run.note(frame, "MapStateStarted", "mapStateStartedEventDetails", { length: items.length });
  frame.phase = "children";
  frame.children = {
    startedId: frame.lastId,
    inputs,
    items,
    concurrency: Math.min(limit || INLINE_CONCURRENCY, INLINE_CONCURRENCY),
    results: {},
    next: 0,
  };
  if (items.length === 0) return allEnded(run, frame, definition);
  startIterations(run, frame, definition);
}

async function itemsOf(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<Json[]> {
  if (fields.isJsonata) {
    const items = definition.Items === undefined ? frame.input : await fields.expression(definition.Items, "Items");
    if (!Array.isArray(items)) throw unexpectedType(definition.Items ?? "$states.input", "Items", "array", items);
    return items;
  }
  const path = definition.ItemsPath ?? "$";
  const input = fields.effectiveInput();
  const items = findByPath(path, { input, context: run.contextOf(frame), variables: run.variablesOf(frame) });
  if (items === undefined)
    throw runtimeError(`Invalid path '${path}': Reference path "${path}" must point to an array.`);
  if (!Array.isArray(items)) throw runtimeError(`Reference path "${path}" must point to array.`);
  return items;
}

async function inputsOf(
  run: Run,
  frame: Frame,
  definition: StateDefinition,
  items: readonly Json[],
  fields: Fields,
): Promise<Json[]> {
  const selector = definition.ItemSelector ?? (fields.isJsonata ? undefined : definition.Parameters);
  if (selector === undefined) return [...items];
  const inputs: Json[] = [];
  for (const [index, item] of items.entries()) {
    const ofItem = run.fieldsOfItem(frame, index, item);
    inputs.push(
      fields.isJsonata
        ? await ofItem.expression(selector, "ItemSelector")
        : ofItem.template(selector, ofItem.effectiveInput()),
    );
  }
  return inputs;
}

function startIterations(run: Run, frame: Frame, definition: StateDefinition): void {
  const children = frame.children!;
  const processor = processorOf(definition);
  let running = run.childrenOf(frame).length;
  while (running < children.concurrency && children.next < children.inputs.length) {
    const index = children.next++;
    const lastId = run.record("MapIterationStarted", children.startedId, "mapIterationStartedEventDetails", {
      name: frame.state,
      index,
    });
    const made = run.addFrame({
      parent: frame.id,
      index,
      place: [...frame.place, frame.state],
      state: processor.StartAt,
      input: children.inputs[index]!,
      lastId,
    });
    made.item = { index, value: children.items![index]! };
    running++;
  }
}

/** A branch or iteration ended: starts the next one, or goes on where it was the last. */
export async function childEnded(run: Run, frame: Frame, child: Frame, output: Json): Promise<Ended | void> {
  const definition = run.definitionOf(frame);
  const children = frame.children!;
  const isMap = definition.Type === "Map";
  if (isMap)
    run.note(child, "MapIterationSucceeded", "mapIterationSucceededEventDetails", {
      name: frame.state,
      index: child.index!,
    });
  children.results[child.index!] = output;
  delete run.state.frames[child.id];
  if (isMap) startIterations(run, frame, definition);
  const count = isMap ? children.inputs.length : definition.Branches!.length;
  if (Object.keys(children.results).length < count) return;
  frame.lastId = child.lastId;
  return allEnded(run, frame, definition);
}

async function allEnded(run: Run, frame: Frame, definition: StateDefinition): Promise<Ended | undefined> {
  const { results } = frame.children!;
  const result = Object.keys(results)
    .map(Number)
    .sort((a, b) => a - b)
    .map((index) => results[index]!);
  checkSize(result, frame.state);
  run.note(frame, `${definition.Type}StateSucceeded`);
  delete frame.children;
  frame.phase = "begin";
  return exit(run, frame, await run.fields(frame).outcome(result), definition);
}
