/**
 * JSONata in states: `{% … %}` strings, `$states`, variables, and what AWS adds to the functions.
 * Source: Step Functions developer guide, "Transforming data with JSONata in Step Functions".
 *
 * Gap: AWS does not tell where it stops an expression; here after a second, 500 calls deep, or a million items long.
 */
import jsonata from "jsonata";
import { StatesError } from "./error.ts";
import { hash, partition, range } from "./intrinsic.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { seededFraction, type SeededRandom } from "./random.ts";

export interface JsonataData {
  /** `$states`: input, context, and where there is one result or errorOutput. */
  readonly states: JsonObject;
  readonly variables: Readonly<Record<string, Json>>;
  readonly random: SeededRandom;
  readonly nowMs: number;
}

const GUARDS = { timeout: 1000, stack: 500, sequence: 1_000_000 };
const CACHE_MAX = 5000;
const compiled = new Map<string, jsonata.Expression>();

/** The expression in a `{% … %}` string; undefined where the text is none. */
export function findExpression(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("{%") || !value.endsWith("%}") || value.length < 4)
    return undefined;
  return value.slice(2, -2).trim();
}

/** Says what is wrong with an expression; undefined: nothing. */
export function findSyntaxError(expression: string): string | undefined {
  try {
    jsonata(expression);
    return undefined;
  } catch (error) {
    return (error as { message?: string }).message ?? String(error);
  }
}

/**
 * A field's value with each expression in it evaluated.
 * @param field its name, as failures tell it
 * @throws StatesError `States.QueryEvaluationError`
 */
export async function fillJsonata(value: Json, field: string, data: JsonataData): Promise<Json> {
  if (typeof value === "string") {
    const expression = findExpression(value);
    return expression === undefined ? value : evaluate(expression, field, data);
  }
  if (Array.isArray(value)) {
    const filled: Json[] = [];
    for (const [index, item] of value.entries()) filled.push(await fillJsonata(item, `${field}[${index}]`, data));
    return filled;
  }
  if (!isObject(value)) return value;
  const filled: JsonObject = {};
  for (const [name, item] of Object.entries(value)) filled[name] = await fillJsonata(item, `${field}/${name}`, data);
  return filled;
}

async function evaluate(expression: string, field: string, data: JsonataData): Promise<Json> {
  const fail = (reason: string): never => {
    throw new StatesError(
      "States.QueryEvaluationError",
      `The JSONata expression '${expression}' specified for the field '${field}' ${reason}`,
      field,
    );
  };
  let result: unknown;
  try {
    result = await compile(expression).evaluate(undefined, {
      ...data.variables,
      states: data.states,
      ...functions(data),
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return fail(
      `threw an error during evaluation. ${code === undefined ? "" : `${code}: `}${message ?? String(error)}`,
    );
  }
  if (result === undefined) return fail("returned nothing (undefined).");
  if (typeof result === "function" || (isObject(result) && "_jsonata_lambda" in result))
    return fail("returned an unsupported result type.");
  try {
    return JSON.parse(JSON.stringify(result)) as Json;
  } catch {
    return fail("returned an unsupported result type.");
  }
}

function compile(expression: string): jsonata.Expression {
  let found = compiled.get(expression);
  if (!found) {
    if (compiled.size >= CACHE_MAX) compiled.clear();
    found = jsonata(expression, GUARDS);
    compiled.set(expression, found);
  }
  return found;
}

const refuse = (reason: string): never => {
  throw new Error(reason);
};

interface NativeFunction {
  implementation(...args: unknown[]): unknown;
}

/** AWS: `$eval` is not there; `$parse` takes its place for JSON. Time and chance are the event's. */
function functions({ random, nowMs }: JsonataData): Record<string, unknown> {
  return {
    partition: (list: Json[], size: number) => partition(list, size, refuse),
    range: (first: number, last: number, step: number) => range(first, last, step, refuse),
    hash: (value: Json, algorithm: Json) => hash(value, algorithm, refuse),
    random: (seed?: number) => (seed === undefined ? random.fraction() : seededFraction(seed)),
    uuid: () => random.uuid(),
    parse: (value: string) => JSON.parse(value) as Json,
    shuffle: (list: Json[]) => shuffled(list, random),
    millis: () => nowMs,
    now(this: jsonata.Focus, picture?: string, timezone?: string) {
      if (picture === undefined) return new Date(nowMs).toISOString();
      const native = this.environment.lookup("fromMillis") as NativeFunction;
      return native.implementation.call(this, nowMs, picture, timezone);
    },
    eval: undefined,
  };
}

function shuffled(list: readonly Json[], random: SeededRandom): Json[] {
  const mixed = [...list];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}
