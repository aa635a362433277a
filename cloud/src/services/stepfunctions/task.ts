/** Does what a Task state asks for: through the gate, as the machine's role. */
import { findArn } from "../../aws/arn.ts";
import type { ApiName } from "../../aws/api-types.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import { StatesError } from "../../engines/asl/error.ts";
import { isObject, textOf, type Json, type JsonObject } from "../../engines/asl/json.ts";
import { readResource } from "../../engines/asl/task.ts";
import type { Principal } from "../../iam/principal.ts";
import type { Span } from "../../kernel/trace.ts";
import type { CallOptions, ServiceContext } from "../../service.ts";
import { findSdkOperation, SdkInputError, sdkInput } from "../../wire/sdk-integration.ts";
import type { Shape } from "../../wire/model.ts";
import { invokeHttp, type HttpExchange } from "./http-task.ts";
import { Roles } from "./role.ts";
import { statesError } from "./sdk-name.ts";
import type { SfnState, TaskRecord } from "./state.ts";

type Options = CallOptions & { as: Principal; scope: Scope };
type UntypedCall = (service: ApiName, operation: string, input: unknown, options: Options) => Promise<unknown>;

export interface TaskMachine {
  readonly arn: string;
  readonly roleArn: string;
  readonly scope: Scope;
}

/** What came of a task: its output, or that it goes on elsewhere (a token, another execution). */
export type TaskEnd =
  | { readonly kind: "done"; readonly output: Json }
  | { readonly kind: "submitted"; readonly output: Json }
  | { readonly kind: "child"; readonly output: Json; readonly executionArn: string; readonly json: boolean };

/** The optimised integrations, by service and action. */
const OPTIMISED: Readonly<Record<string, readonly [ApiName, string]>> = {
  "dynamodb:getItem": ["dynamodb", "GetItem"],
  "dynamodb:putItem": ["dynamodb", "PutItem"],
  "dynamodb:updateItem": ["dynamodb", "UpdateItem"],
  "dynamodb:deleteItem": ["dynamodb", "DeleteItem"],
  "events:putEvents": ["events", "PutEvents"],
  "lambda:invoke": ["lambda", "Invoke"],
  "sns:publish": ["sns", "Publish"],
  "sqs:sendMessage": ["sqs", "SendMessage"],
  "states:startExecution": ["stepfunctions", "StartExecution"],
};
const SDK_IDS: Readonly<Record<string, string>> = { events: "eventbridge", states: "sfn" };
/** Which optimised integrations can wait, and how. Source: "Integrating services with Step Functions". */
const WAITS: Readonly<Record<string, readonly string[]>> = {
  "lambda:invoke": [".waitForTaskToken"],
  "sqs:sendMessage": [".waitForTaskToken"],
  "sns:publish": [".waitForTaskToken"],
  "events:putEvents": [".waitForTaskToken"],
  "states:startExecution": [".waitForTaskToken", ".sync", ".sync:2"],
};

/** Says why a Resource cannot be run here; undefined: it can. */
export function refusalOf(resource: string): string | undefined {
  const read = readResource(resource);
  if (read.kind !== "service") return undefined;
  const [action, suffix] = split(read.action);
  if (read.type.startsWith("aws-sdk:")) {
    const found = findSdkOperation(read.type.slice(8), action);
    if (suffix !== "" && suffix !== ".waitForTaskToken") return `the integration pattern of ${resource}`;
    return found.kind === "here" ? undefined : `the task ${resource}`;
  }
  const key = `${read.type}:${action}`;
  if (key === "http:invoke" && suffix === "") return undefined;
  const known = OPTIMISED[key] && (suffix === "" || WAITS[key]?.includes(suffix));
  return known ? undefined : `the task ${resource}`;
}

/** The SDK's service and action behind an optimised integration, e.g. `dynamodb:getItem`. */
export function findOptimised(key: string): [service: string, action: string] {
  const [service, action] = key.split(":") as [string, string];
  return [SDK_IDS[service] ?? service, action];
}

function split(action: string): [action: string, suffix: string] {
  const dot = action.indexOf(".");
  return dot < 0 ? [action, ""] : [action.slice(0, dot), action.slice(dot)];
}

export class Tasks {
  readonly roles: Roles;

  constructor(private readonly cx: ServiceContext<SfnState>) {
    this.roles = new Roles(cx);
  }

  /**
   * @param told what an HTTP Task sends and is answered
   * @throws StatesError where it fails
   */
  async perform(
    task: TaskRecord,
    machine: TaskMachine,
    span?: Span,
    told?: (exchange: HttpExchange) => void,
  ): Promise<TaskEnd> {
    const read = readResource(task.resource);
    const sdk = read.type.startsWith("aws-sdk:");
    const service = sdk ? read.type.slice(8) : read.type;
    try {
      const as = await this.roles.assume(this.#roleOf(task, machine), machine.arn);
      const options: Options = { as, scope: machine.scope, ...(span ? { parent: span } : {}) };
      if (read.kind === "lambda") return { kind: "done", output: await this.#function(task, options) };
      const [action, suffix] = split(read.action);
      if (sdk) {
        const output = await this.#sdk(service, action, task, options);
        return { kind: suffix === "" ? "done" : "submitted", output };
      }
      if (task.resource.endsWith(":::http:invoke"))
        return { kind: "done", output: await invokeHttp(this.cx, task, options, told) };
      return await this.#optimised(`${service}:${action}`, suffix, task, options);
    } catch (error) {
      throw statesError(error, service, !sdk);
    }
  }

  #roleOf({ credentials }: TaskRecord, machine: TaskMachine): string {
    const role = isObject(credentials) ? credentials["RoleArn"] : undefined;
    return typeof role === "string" ? role : machine.roleArn;
  }

  /** A function named by its own ARN: its answer alone is the result. */
  async #function({ resource, parameters }: TaskRecord, options: Options): Promise<Json> {
    const answer = await this.#invoke({ FunctionName: resource, Payload: textOf(parameters) }, options);
    return answer["Payload"] ?? null;
  }

  async #invoke(parameters: JsonObject, options: Options): Promise<JsonObject> {
    const { Payload, ...rest } = parameters;
    const text = Payload === undefined ? "{}" : typeof Payload === "string" ? Payload : textOf(Payload);
    const answer = await this.cx.call(
      "lambda",
      "Invoke",
      { ...(rest as { FunctionName: string }), Payload: Buffer.from(text) },
      options,
    );
    const payload = Buffer.from(answer.Payload ?? []).toString();
    const value = parseOr(payload, payload === "" ? null : payload);
    if (answer.FunctionError !== undefined) {
      const type = isObject(value) ? value["errorType"] : undefined;
      throw new StatesError(typeof type === "string" ? type : "Lambda.Unknown", payload);
    }
    return {
      ...(answer.ExecutedVersion === undefined ? {} : { ExecutedVersion: answer.ExecutedVersion }),
      Payload: value,
      SdkHttpMetadata: { HttpStatusCode: answer.StatusCode ?? 200 },
      StatusCode: answer.StatusCode ?? 200,
    };
  }

  async #sdk(service: string, action: string, { parameters }: TaskRecord, options: Options): Promise<Json> {
    const found = findSdkOperation(service, action);
    if (found.kind !== "here") throw new NotEmulatedError(`the task aws-sdk:${service}:${action}`);
    const { operation } = found;
    let input: unknown;
    try {
      input = sdkInput(operation, parameters);
    } catch (error) {
      if (error instanceof SdkInputError) throw new StatesError("States.Runtime", error.message);
      throw error;
    }
    const call = this.cx.call as unknown as UntypedCall;
    return (await plain(
      await call(operation.api.name as ApiName, operation.name, input, options),
      operation.output,
    )) as Json;
  }

  async #optimised(key: string, suffix: string, task: TaskRecord, options: Options): Promise<TaskEnd> {
    const known = OPTIMISED[key];
    if (!known) throw new NotEmulatedError(`the task ${task.resource}`);
    const parameters = isObject(task.parameters) ? task.parameters : {};
    if (key === "lambda:invoke") {
      const output = await this.#invoke(parameters, options);
      return { kind: suffix === "" ? "done" : "submitted", output };
    }
    const [service, action] = key.split(":") as [string, string];
    const input = key === "states:startExecution" ? startInput(parameters, task) : withTexts(key, parameters);
    const answer = await this.#sdk(SDK_IDS[service] ?? service, action, { ...task, parameters: input }, options);
    const output: Json = { ...(answer as JsonObject), SdkHttpMetadata: { HttpStatusCode: 200 } };
    if (key === "events:putEvents" && Number((answer as JsonObject)["FailedEntryCount"] ?? 0) > 0)
      throw new StatesError("EventBridge.FailedEntry", textOf(output));
    if (suffix === ".sync" || suffix === ".sync:2")
      return {
        kind: "child",
        output,
        executionArn: String((answer as JsonObject)["ExecutionArn"]),
        json: suffix === ".sync:2",
      };
    return { kind: suffix === "" ? "done" : "submitted", output };
  }

  /** Stops an execution that a `.sync` task started. */
  async stopChild(executionArn: string, machine: TaskMachine): Promise<void> {
    const as = await this.roles.assume(machine.roleArn, machine.arn);
    await this.cx.call("stepfunctions", "StopExecution", { executionArn }, { as, scope: machine.scope });
  }
}

/** What may be given as JSON and goes out as text. */
function withTexts(key: string, parameters: JsonObject): JsonObject {
  const asText = (value: Json | undefined): Json | undefined =>
    value === undefined || typeof value === "string" ? value : textOf(value);
  const set = (name: string): JsonObject =>
    parameters[name] === undefined ? parameters : { ...parameters, [name]: asText(parameters[name])! };
  if (key === "sqs:sendMessage") return set("MessageBody");
  if (key === "sns:publish") return set("Message");
  if (key !== "events:putEvents" || !Array.isArray(parameters["Entries"])) return parameters;
  const Entries = parameters["Entries"].map((entry) =>
    isObject(entry) && entry["Detail"] !== undefined ? { ...entry, Detail: asText(entry["Detail"])! } : entry,
  );
  return { ...parameters, Entries };
}

/** The name comes from the task, so that starting it twice after a crash starts one execution. */
function startInput(parameters: JsonObject, task: TaskRecord): JsonObject {
  const { Input } = parameters;
  const arn = findArn(task.executionArn)!;
  const unique = Buffer.from(`${arn.resource}${task.id}`).toString("hex").slice(-40);
  return {
    Name: `${task.id.replace(".", "-")}-${unique}`,
    ...parameters,
    ...(Input === undefined || typeof Input === "string" ? {} : { Input: textOf(Input) }),
  };
}

function parseOr(text: string, otherwise: Json): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return otherwise;
  }
}

/** An operation's answer as plain JSON: members capitalised, keys of maps as they are, bytes as text, times in ISO form. */
async function plain(value: unknown, shape: Shape | undefined): Promise<unknown> {
  if (value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => plain(item, shape?.element?.shape)));
  if (Symbol.asyncIterator in value) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of value as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
  const isMap = shape?.kind === "map";
  const made: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined || name === "$metadata") continue;
    const inner = isMap ? shape.value?.shape : shape?.byName.get(name)?.shape;
    made[isMap ? name : capitalized(name)] = await plain(item, inner);
  }
  return made;
}

function capitalized(name: string): string {
  return `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
}
