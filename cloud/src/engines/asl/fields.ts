/** The fields of a state, read in its query language. */
import type { Machine, QueryLanguage, StateDefinition } from "./definition.ts";
import { runtimeError, StatesError } from "./error.ts";
import { findExpression, fillJsonata } from "./jsonata.ts";
import { isObject, textOf, type Json, type JsonObject } from "./json.ts";
import { findByPath, putByPath } from "./path.ts";
import type { SeededRandom } from "./random.ts";
import { fillTemplate } from "./template.ts";

export interface FieldData {
  readonly context: JsonObject;
  readonly variables: Readonly<Record<string, Json>>;
  readonly random: SeededRandom;
  readonly nowMs: number;
}

/** AWS: "Service quotas", 256 KiB of UTF-8 text for input and output of a state, task or execution. */
export const PAYLOAD_BYTES_MAX = 262_144;

export function languageOf(machine: Machine, state: StateDefinition): QueryLanguage {
  return state.QueryLanguage ?? machine.QueryLanguage ?? "JSONPath";
}

/** What a state made of its input or result: what goes on, and the variables that it sets. */
export interface Outcome {
  readonly output: Json;
  readonly assigned: Record<string, Json>;
}

/** Reads the fields of one state for one run of it. */
export class Fields {
  readonly #jsonata: boolean;

  constructor(
    private readonly definition: StateDefinition,
    language: QueryLanguage,
    private readonly input: Json,
    private readonly data: FieldData,
  ) {
    this.#jsonata = language === "JSONata";
  }

  get isJsonata(): boolean {
    return this.#jsonata;
  }

  /** JSONPath: the input after InputPath. JSONata: the input. */
  effectiveInput(): Json {
    return this.#jsonata ? this.input : this.#byPath(this.definition.InputPath, this.input);
  }

  /** What Arguments or Parameters make of the effective input. */
  async parameters(): Promise<Json> {
    const { Arguments, Parameters } = this.definition;
    if (this.#jsonata) return Arguments === undefined ? this.input : this.#expression(Arguments, "Arguments");
    const input = this.effectiveInput();
    return Parameters === undefined ? input : this.template(Parameters, input);
  }

  template(template: Json, input: Json): Json {
    return fillTemplate(template, { ...this.data, input });
  }

  expression(value: Json, field: string): Promise<Json> {
    return this.#expression(value, field);
  }

  /** What goes on from a result: ResultSelector, ResultPath, OutputPath, or Output; and Assign. */
  async outcome(result: Json, extra: JsonObject = { result }): Promise<Outcome> {
    const { Assign, Output, OutputPath } = this.definition;
    if (this.#jsonata) {
      const assigned = await this.assigned(Assign, result, extra);
      return { output: Output === undefined ? result : await this.#expression(Output, "Output", extra), assigned };
    }
    const assigned = await this.assigned(Assign, result, {});
    return { output: this.#byPath(OutputPath, this.stagesOf(result).merged), assigned };
  }

  /** What a JSONPath state makes of a result on the way to its output. */
  stagesOf(result: Json): { readonly selected: Json; readonly merged: Json } {
    const { ResultSelector, ResultPath } = this.definition;
    const selected = ResultSelector === undefined ? result : this.template(ResultSelector, result);
    return { selected, merged: this.#merge(ResultPath, selected) };
  }

  /** For the states that pass their input on: Wait, Succeed, Choice. */
  async passed(): Promise<Outcome> {
    const { Assign, Output, OutputPath } = this.definition;
    if (this.#jsonata) {
      const assigned = await this.assigned(Assign, this.input, {});
      return { output: Output === undefined ? this.input : await this.#expression(Output, "Output"), assigned };
    }
    const input = this.effectiveInput();
    return { output: this.#byPath(OutputPath, input), assigned: await this.assigned(Assign, input, {}) };
  }

  /** What a Choice rule or its state's default leaves behind. */
  async chosen(rule: { readonly Assign?: JsonObject; readonly Output?: Json }): Promise<Outcome> {
    if (this.#jsonata) {
      const assigned = await this.assigned(rule.Assign, this.input, {});
      const output = rule.Output === undefined ? this.input : await this.#expression(rule.Output, "Output");
      return { output, assigned };
    }
    const input = this.effectiveInput();
    return {
      output: this.#byPath(this.definition.OutputPath, input),
      assigned: await this.assigned(rule.Assign, input, {}),
    };
  }

  /** What a Catch entry makes of an error. */
  async caught(
    catcher: { readonly Assign?: JsonObject; readonly Output?: Json; readonly ResultPath?: string | null },
    errorOutput: JsonObject,
  ): Promise<Outcome> {
    if (this.#jsonata) {
      const extra = { errorOutput };
      const assigned = await this.assigned(catcher.Assign, errorOutput, extra);
      const output =
        catcher.Output === undefined ? errorOutput : await this.#expression(catcher.Output, "Output", extra);
      return { output, assigned };
    }
    const assigned = await this.assigned(catcher.Assign, errorOutput, {});
    return { output: this.#merge(catcher.ResultPath, errorOutput), assigned };
  }

  /** A whole number out of a literal, an expression or a path; undefined where none is stated. */
  async seconds(field: string, literal: number | string | undefined, path?: string): Promise<number | undefined> {
    const value = await this.value(field, literal, path);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    if (this.#jsonata)
      throw new StatesError(
        "States.QueryEvaluationError",
        `The JSONata expression '${findExpression(literal) ?? String(literal)}' specified for the field '${field}' returned an unexpected result type. Expected 'non-negative integer', but was '${typeOf(value)}' for value: ${textOf(value)}`,
        field,
      );
    throw runtimeError(`The ${field}Path parameter cannot be parsed as a long value: ${path} == ${textOf(value)}`);
  }

  /** A value out of a literal, an expression or a path. */
  async value(field: string, literal: Json | undefined, path?: string): Promise<Json | undefined> {
    if (path !== undefined) {
      if (!path.startsWith("$"))
        return (this.template({ "value.$": path }, this.effectiveInput()) as JsonObject)["value"];
      const found = findByPath(path, { ...this.data, input: this.effectiveInput() });
      if (found === undefined)
        throw runtimeError(`The ${field}Path parameter does not reference a value: ${path} == null`);
      return found;
    }
    if (literal === undefined || !this.#jsonata) return literal;
    return this.#expression(literal, field);
  }

  async assigned(assign: JsonObject | undefined, subject: Json, extra: JsonObject): Promise<Record<string, Json>> {
    if (!assign) return {};
    const values = this.#jsonata ? await this.#expression(assign, "Assign", extra) : this.template(assign, subject);
    return values as JsonObject;
  }

  #expression(value: Json, field: string, extra: JsonObject = {}): Promise<Json> {
    return fillJsonata(value, field, {
      ...this.data,
      states: { input: this.input, context: this.data.context, ...extra },
    });
  }

  #merge(resultPath: string | null | undefined, result: Json): Json {
    if (resultPath === null) return this.input;
    return resultPath === undefined || resultPath === "$" ? result : putByPath(resultPath, this.input, result);
  }

  #byPath(path: string | null | undefined, from: Json): Json {
    if (path === null) return {};
    if (path === undefined || path === "$") return from;
    const found = findByPath(path, { ...this.data, input: from });
    if (found !== undefined) return found;
    throw runtimeError(`Invalid path '${path}' : No results for path: ${canonical(path)}`);
  }
}

/** A path as AWS's evaluator writes it back: `$['a']['b']`. */
function canonical(path: string): string {
  return path.replace(/\.([^.[\]()]+)/g, "['$1']");
}

export function typeOf(value: Json): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : isObject(value) ? "object" : typeof value;
}

/** @throws StatesError `States.DataLimitExceeded` */
export function checkSize(value: Json, state: string): void {
  const text = textOf(value);
  // The cheap bound first: no character takes more than three bytes for each of its UTF-16 units.
  if (text.length * 3 <= PAYLOAD_BYTES_MAX || Buffer.byteLength(text) <= PAYLOAD_BYTES_MAX) return;
  throw new StatesError(
    "States.DataLimitExceeded",
    `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}
