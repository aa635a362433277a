/**
 * Map states in distributed mode: what their Map Run is to do, and what comes of it. Reading the items, running the child
 * executions and writing the results is the service's.
 * Source: "Using Map state in Distributed mode for large-scale parallel workloads in Step Functions".
 */
import { createHash } from "node:crypto";
import type { Ended } from "./begin.ts";
import { processorOf, type Machine, type StateDefinition } from "./definition.ts";
import { runtimeError, StatesError } from "./error.ts";
import { exit } from "./exit.ts";
import { checkSize, PAYLOAD_BYTES_MAX, typeOf, type Fields } from "./fields.ts";
import { isObject, textOf, type Json, type JsonObject } from "./json.ts";
import { findByPath } from "./path.ts";
import { Run } from "./run.ts";
import type { Frame, MapRunPlan, ReaderPlan, RunState, WriterPlan } from "./state.ts";

/** AWS: "ReaderConfig", "CSVDelimiter". */
const DELIMITERS: Readonly<Record<string, string>> = { COMMA: ",", PIPE: "|", SEMICOLON: ";", SPACE: " ", TAB: "\t" };

/** @throws StatesError where a field cannot be read */
export async function beginMapRun(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<void> {
  const plan = await planOf(run, frame, definition, fields);
  run.note(frame, "MapStateStarted", "mapStateStartedEventDetails", { length: plan.items?.length ?? 0 });
  const id = `${frame.id}.${run.state.nextNumber++}`;
  const machineArn = run.state.identity.machineArn.replace(":stateMachine:", ":mapRun:");
  const arn = `${machineArn}/${plan.label}:${run.random.uuid()}`;
  run.note(frame, "MapRunStarted", "mapRunStartedEventDetails", { mapRunArn: arn });
  frame.phase = "mapRun";
  frame.mapRun = { id, arn, redriveCount: 0 };
  run.effects.push({ kind: "startMapRun", id, arn, plan });
}

/** @throws StatesError */
export async function mapRunSucceeded(run: Run, frame: Frame, output: Json): Promise<Ended | undefined> {
  run.note(frame, "MapRunSucceeded");
  frame.phase = "begin";
  checkSize(output, frame.state);
  run.note(frame, "MapStateSucceeded");
  return exit(run, frame, await run.fields(frame).outcome(output));
}

/** Records the failure of a Map Run. Answers with what fails the state. */
export function mapRunFailed(
  run: Run,
  frame: Frame,
  { error, cause }: { readonly error?: string; readonly cause?: string },
): StatesError {
  frame.phase = "begin";
  const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  run.note(frame, "MapRunFailed", "mapRunFailedEventDetails", details);
  run.note(frame, "MapStateFailed");
  return new StatesError(error, cause);
}

/** Goes on with a Map Run that did not end well. Source: "Redriving Map Runs in Step Functions executions". */
export function redriveMapRun(run: Run, frame: Frame, redrivenId: number): void {
  const mapRun = frame.mapRun!;
  mapRun.redriveCount++;
  frame.phase = "mapRun";
  frame.lastId = run.record("MapRunRedriven", redrivenId, "mapRunRedrivenEventDetails", {
    mapRunArn: mapRun.arn,
    redriveCount: mapRun.redriveCount,
  });
  run.effects.push({ kind: "redriveMapRun", arn: mapRun.arn, redriveCount: mapRun.redriveCount });
}

/** The machine that a Map Run's children run. AWS: it sees no variables of the machine around it. */
export function machineOfItems(machine: Machine, state: RunState, frameId: string): Machine {
  const frame = state.frames[frameId]!;
  const run = new Run(machine, state, 0, "");
  const { ProcessorConfig: _, ...processor } = processorOf(run.definitionOf(frame));
  const language = processor.QueryLanguage ?? run.languageAt(frame);
  return { ...processor, ...(language === "JSONata" ? { QueryLanguage: "JSONata" } : {}) };
}

/**
 * How items become inputs: by the state's ItemSelector.
 * @returns undefined where an item goes on as it is
 */
export function selectorOf(
  machine: Machine,
  state: RunState,
  frameId: string,
  nowMs: number,
  seed: string,
): ((index: number, item: Json, more: JsonObject) => Promise<Json>) | undefined {
  const frame = state.frames[frameId]!;
  const run = new Run(machine, state, nowMs, seed);
  const definition = run.definitionOf(frame);
  const jsonata = run.languageAt(frame) === "JSONata";
  const selector = definition.ItemSelector ?? (jsonata ? undefined : definition.Parameters);
  if (selector === undefined) return undefined;
  return async (index, item, more) => {
    const fields = run.fieldsOfItem(frame, index, item, more);
    return jsonata ? fields.expression(selector, "ItemSelector") : fields.template(selector, fields.effectiveInput());
  };
}

async function planOf(run: Run, frame: Frame, definition: StateDefinition, fields: Fields): Promise<MapRunPlan> {
  const items = definition.ItemReader ? {} : await itemsOf(run, frame, definition, fields);
  const reader = definition.ItemReader && (await readerOf(definition.ItemReader, fields));
  const batcher = await batcherOf(definition.ItemBatcher, fields);
  const writer = await writerOf(definition.ResultWriter, fields);
  const percentage = await percentageOf(definition, fields);
  const limit = await fields.seconds("MaxConcurrency", definition.MaxConcurrency, definition.MaxConcurrencyPath);
  const count = await fields.seconds(
    "ToleratedFailureCount",
    definition.ToleratedFailureCount,
    definition.ToleratedFailureCountPath,
  );
  return {
    label: definition.Label ?? labelOf(run, frame),
    executionType: processorOf(definition).ProcessorConfig?.ExecutionType === "EXPRESS" ? "EXPRESS" : "STANDARD",
    maxConcurrency: limit ?? 0,
    ...(count === undefined ? {} : { toleratedFailureCount: count }),
    ...(percentage === undefined ? {} : { toleratedFailurePercentage: percentage }),
    ...items,
    ...(reader ? { reader } : {}),
    ...(batcher ? { batcher } : {}),
    ...(writer ? { writer } : {}),
  };
}

/** AWS: "if you do not specify a Label, Step Functions generates one"; here it stays the same for the same state. */
function labelOf(run: Run, frame: Frame): string {
  const place = JSON.stringify([run.state.identity.machineArn, frame.place, frame.state]);
  const hex = createHash("sha256").update(place).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** AWS: the members of an object are items, too, each with its Key and Value. */
export function itemsOfValue(value: Json): { items: Json[]; keys?: string[] } | undefined {
  if (Array.isArray(value)) return { items: value };
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  return { items: keys.map((Key) => ({ Key, Value: value[Key]! })), keys };
}

async function itemsOf(run: Run, frame: Frame, { Items, ItemsPath }: StateDefinition, fields: Fields) {
  const path = ItemsPath ?? "$";
  const value = fields.isJsonata
    ? Items === undefined
      ? frame.input
      : await fields.expression(Items, "Items")
    : findByPath(path, {
        input: fields.effectiveInput(),
        context: run.contextOf(frame),
        variables: run.variablesOf(frame),
      });
  const items = value === undefined ? undefined : itemsOfValue(value);
  if (items) return items;
  if (fields.isJsonata)
    throw new StatesError(
      "States.QueryEvaluationError",
      `The JSONata expression specified for the field 'Items' returned an unexpected result type. Expected 'array' or 'object', but was '${typeOf(value ?? null)}' for value: ${textOf(value ?? null)}`,
      "Items",
    );
  throw runtimeError(`Reference path "${path}" must point to an array or object.`);
}

async function argumentsOf(
  field: string,
  holder: { readonly Parameters?: Json; readonly Arguments?: Json },
  fields: Fields,
): Promise<JsonObject> {
  const value = fields.isJsonata
    ? await fields.expression(holder.Arguments ?? {}, `${field}/Arguments`)
    : fields.template(holder.Parameters ?? {}, fields.effectiveInput());
  if (isObject(value)) return value;
  throw runtimeError(`The ${field} must have an object of parameters, but has ${textOf(value)}`);
}

async function readerOf(reader: NonNullable<StateDefinition["ItemReader"]>, fields: Fields): Promise<ReaderPlan> {
  const { ReaderConfig: config = {}, Resource } = reader;
  const parameters = await argumentsOf("ItemReader", reader, fields);
  const itemsMax = await fields.seconds("MaxItems", config.MaxItems, config.MaxItemsPath);
  const lists = Resource.endsWith(":listObjectsV2");
  return {
    action: lists ? "listObjectsV2" : "getObject",
    parameters,
    csvDelimiter: DELIMITERS[config.CSVDelimiter ?? "COMMA"]!,
    flattens: config.Transformation === "LOAD_AND_FLATTEN",
    ...(config.InputType === undefined ? {} : { inputType: config.InputType as ReaderPlan["inputType"] }),
    ...(config.CSVHeaderLocation === "GIVEN" ? { csvHeaders: config.CSVHeaders ?? [] } : {}),
    ...(config.ItemsPointer === undefined ? {} : { itemsPointer: config.ItemsPointer }),
    ...(config.ManifestType === undefined ? {} : { manifestType: config.ManifestType as ReaderPlan["manifestType"] }),
    // AWS: 0 is the same as none.
    ...(itemsMax ? { itemsMax } : {}),
  };
}

async function batcherOf(batcher: StateDefinition["ItemBatcher"], fields: Fields): Promise<MapRunPlan["batcher"]> {
  if (!batcher) return undefined;
  const items = await fields.seconds("MaxItemsPerBatch", batcher.MaxItemsPerBatch, batcher.MaxItemsPerBatchPath);
  const bytes = await fields.seconds(
    "MaxInputBytesPerBatch",
    batcher.MaxInputBytesPerBatch,
    batcher.MaxInputBytesPerBatchPath,
  );
  const { BatchInput } = batcher;
  const batchInput =
    BatchInput === undefined
      ? undefined
      : fields.isJsonata
        ? await fields.expression(BatchInput, "ItemBatcher/BatchInput")
        : fields.template(BatchInput, fields.effectiveInput());
  return {
    maxItems: items || Infinity,
    maxBytes: Math.min(bytes || PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX),
    ...(batchInput === undefined ? {} : { batchInput }),
  };
}

async function writerOf(writer: StateDefinition["ResultWriter"], fields: Fields): Promise<WriterPlan | undefined> {
  if (!writer) return undefined;
  const { WriterConfig: config, Resource } = writer;
  const parameters = Resource === undefined ? {} : await argumentsOf("ResultWriter", writer, fields);
  return {
    ...(Resource === undefined ? {} : { bucket: String(parameters["Bucket"] ?? "") }),
    ...(parameters["Prefix"] === undefined ? {} : { prefix: String(parameters["Prefix"]) }),
    transformation: (config?.Transformation ?? (Resource === undefined ? "COMPACT" : "NONE")) as "NONE",
    outputType: (config?.OutputType ?? "JSON") as "JSON",
  };
}

async function percentageOf(definition: StateDefinition, fields: Fields): Promise<number | undefined> {
  const { ToleratedFailurePercentage: literal, ToleratedFailurePercentagePath: path } = definition;
  const value = await fields.value("ToleratedFailurePercentage", literal, path);
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= 100) return value;
  throw runtimeError(
    `The ToleratedFailurePercentage field must be a number between 0 and 100, but was ${textOf(value)}`,
  );
}
