/** Task states: what they ask for, and how their events are called. */
import type { StateDefinition } from "./definition.ts";
import { runtimeError } from "./error.ts";
import { checkSize } from "./fields.ts";
import { isObject, textOf, type Json, type JsonObject } from "./json.ts";
import type { Run } from "./run.ts";
import type { Frame } from "./state.ts";

export type TaskKind = "lambda" | "activity" | "service";

export interface TaskResource {
  readonly kind: TaskKind;
  /** `lambda`, `aws-sdk:dynamodb` */
  readonly type: string;
  /** `invoke`, `startExecution.sync:2` */
  readonly action: string;
  readonly pattern: "call" | "sync" | "token";
}

/** AWS: 99,999,999 seconds where nothing is stated. */
const TIMEOUT_SECONDS = 99_999_999;
const EVENTS = { lambda: "LambdaFunction", activity: "Activity", service: "Task" } as const;

/** What a Resource names. */
export function readResource(resource: string): TaskResource {
  if (/^arn:aws[\w-]*:lambda:/.test(resource))
    return { kind: "lambda", type: "lambda", action: "invoke", pattern: "call" };
  if (/^arn:aws[\w-]*:states:[\w-]+:\d+:activity:/.test(resource))
    return { kind: "activity", type: "activity", action: "", pattern: "token" };
  const parts = resource.split(":");
  // arn:aws:states:::sns:publish, arn:aws:states:::states:startExecution.sync:2, arn:aws:states:::aws-sdk:sqs:sendMessage
  const sdk = parts[5] === "aws-sdk";
  const type = sdk ? `aws-sdk:${parts[6]}` : parts[5]!;
  const action = parts.slice(sdk ? 7 : 6).join(":");
  const pattern = action.endsWith(".waitForTaskToken") ? "token" : /\.sync(:2)?$/.test(action) ? "sync" : "call";
  return { kind: "service", type, action, pattern };
}

function member(kind: TaskKind, event: string): string {
  return `${kind === "lambda" ? "lambdaFunction" : kind === "activity" ? "activity" : "task"}${event}EventDetails`;
}

/** Records a task's event with what tells the task. */
export function noteTask(run: Run, frame: Frame, event: string, details: JsonObject): void {
  const resource = readResource(frame.task?.resource ?? run.definitionOf(frame).Resource!);
  const named: JsonObject =
    resource.kind === "service" ? { resourceType: resource.type, resource: resource.action } : {};
  run.note(frame, `${EVENTS[resource.kind]}${event}`, member(resource.kind, event), { ...named, ...details });
}

/** Asks for the task to be started. @throws StatesError where a field cannot be read */
export async function beginTask(run: Run, frame: Frame, definition: StateDefinition): Promise<void> {
  const resource = readResource(definition.Resource!);
  const id = `${frame.id}.${run.state.nextNumber++}`;
  const token =
    resource.pattern === "token" ? `AQDE${run.random.bytes(192).toString("base64").replace(/[+/]/g, "A")}` : undefined;
  const fields = run.fields(frame, token !== undefined && resource.kind === "service" ? { token } : {});
  const parameters = await fields.parameters();
  checkSize(parameters, frame.state);
  const timeout = await fields.seconds("TimeoutSeconds", definition.TimeoutSeconds, definition.TimeoutSecondsPath);
  const heartbeat = await fields.seconds(
    "HeartbeatSeconds",
    definition.HeartbeatSeconds,
    definition.HeartbeatSecondsPath,
  );
  const credentials = await credentialsOf(definition, fields);
  if (timeout !== undefined && heartbeat !== undefined && heartbeat >= timeout)
    throw runtimeError("HeartbeatSeconds must be smaller than TimeoutSeconds");
  schedule(run, frame, resource, { parameters, timeout, heartbeat });
  frame.phase = "task";
  frame.task = {
    id,
    resource: definition.Resource!,
    ...(token === undefined ? {} : { token }),
    ...(timeout === undefined ? {} : { timeoutTimer: run.setTimer(frame, "timeout", run.nowMs + timeout * 1000) }),
    ...(heartbeat === undefined
      ? {}
      : {
          heartbeatSeconds: heartbeat,
          heartbeatTimer: run.setTimer(frame, "heartbeat", run.nowMs + heartbeat * 1000),
        }),
  };
  if (resource.kind === "lambda") run.note(frame, "LambdaFunctionStarted");
  if (resource.kind === "service") noteTask(run, frame, "Started", {});
  run.effects.push({
    kind: "startTask",
    id,
    resource: definition.Resource!,
    parameters,
    ...(token === undefined ? {} : { token }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(heartbeat === undefined ? {} : { heartbeatSeconds: heartbeat }),
  });
}

async function credentialsOf(
  definition: StateDefinition,
  fields: ReturnType<Run["fields"]>,
): Promise<Json | undefined> {
  const { Credentials } = definition;
  if (Credentials === undefined) return undefined;
  if (fields.isJsonata) return fields.expression(Credentials, "Credentials");
  return isObject(Credentials) ? fields.template(Credentials, fields.effectiveInput()) : Credentials;
}

interface Scheduling {
  readonly parameters: Json;
  readonly timeout: number | undefined;
  readonly heartbeat: number | undefined;
}

function schedule(
  run: Run,
  frame: Frame,
  resource: TaskResource,
  { parameters, timeout, heartbeat }: Scheduling,
): void {
  const times = {
    ...(timeout === undefined ? {} : { timeoutInSeconds: timeout }),
    ...(heartbeat === undefined ? {} : { heartbeatInSeconds: heartbeat }),
  };
  if (resource.kind === "service") {
    const details = { region: run.state.identity.region, parameters: textOf(parameters), ...times };
    noteTask(run, frame, "Scheduled", details);
    return;
  }
  const all = resource.kind === "activity" ? { timeoutInSeconds: TIMEOUT_SECONDS, ...times } : times;
  noteTask(run, frame, "Scheduled", {
    resource: run.definitionOf(frame).Resource!,
    input: textOf(parameters),
    inputDetails: { truncated: false },
    ...all,
  });
}
