/** What a run of a machine is, between two events: plain data that can be kept. */
import type { Json, JsonObject } from "./json.ts";

export type RunStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

/** The members of the context object that stay the same. */
export interface RunIdentity {
  readonly executionArn: string;
  readonly executionName: string;
  readonly roleArn: string;
  readonly machineArn: string;
  readonly machineName: string;
  readonly region: string;
  readonly input: Json;
  /** Counted from `startedMs`; undefined: none. */
  readonly timeoutSeconds?: number;
  /** Express executions count no events. */
  readonly eventsMax?: number;
  /** Members that stand in place of those of the context object: a state that is tested by itself. */
  readonly context?: JsonObject;
}

export interface TaskInProgress {
  readonly id: string;
  readonly resource: string;
  readonly token?: string;
  readonly timeoutTimer?: string;
  heartbeatTimer?: string;
  readonly heartbeatSeconds?: number;
  /** It was handed on, and its end comes from elsewhere. */
  submitted?: true;
}

/** The Map Run of a distributed Map state. */
export interface MapRunInProgress {
  readonly id: string;
  readonly arn: string;
  redriveCount: number;
}

/** What a Map Run is to do, its fields read. */
export interface MapRunPlan {
  readonly label: string;
  readonly executionType: "STANDARD" | "EXPRESS";
  /** 0: as many as there may be. */
  readonly maxConcurrency: number;
  readonly toleratedFailureCount?: number;
  readonly toleratedFailurePercentage?: number;
  /** Where the items are; undefined: in `items`. */
  readonly reader?: ReaderPlan;
  readonly items?: readonly Json[];
  /** The names of the members that the items are, where they are those of an object. */
  readonly keys?: readonly string[];
  readonly batcher?: { readonly maxItems: number; readonly maxBytes: number; readonly batchInput?: Json };
  readonly writer?: WriterPlan;
}

export interface ReaderPlan {
  readonly action: "getObject" | "listObjectsV2";
  readonly parameters: JsonObject;
  readonly inputType?: "CSV" | "JSON" | "JSONL" | "PARQUET" | "MANIFEST";
  readonly csvHeaders?: readonly string[];
  readonly csvDelimiter: string;
  readonly itemsPointer?: string;
  readonly manifestType?: "ATHENA_DATA" | "S3_INVENTORY";
  /** The contents of the objects listed are the items, not the objects. */
  readonly flattens: boolean;
  readonly itemsMax?: number;
}

export interface WriterPlan {
  /** Undefined: the results are the state's own. */
  readonly bucket?: string;
  readonly prefix?: string;
  readonly transformation: "NONE" | "COMPACT" | "FLATTEN";
  readonly outputType: "JSON" | "JSONL";
}

/** One line of states that follow each other: the machine's own, a branch, an iteration. */
export interface Frame {
  readonly id: number;
  readonly parent?: number;
  /** Number of the branch or iteration. */
  readonly index?: number;
  /** Where its states stand in the definition: see `machineAt`. */
  readonly place: readonly (string | number)[];
  state: string;
  /**
   * `enter`: about to enter the state; `begin`: entered, to be run (again); `task`, `wait`, `retry`: waits for an event;
   * `children`: branches or iterations run; `mapRun`: a distributed Map's children run; `failed`, `aborted`: ended so, kept for a redrive.
   */
  phase: "enter" | "begin" | "task" | "wait" | "retry" | "children" | "mapRun" | "failed" | "aborted";
  input: Json;
  variables: Record<string, Json>;
  enteredMs: number;
  enteredId: number;
  /** The event that the next one of this line follows. */
  lastId: number;
  /** How often each Retry entry was used. */
  retried: Record<string, number>;
  retryCount: number;
  timer?: string;
  task?: TaskInProgress;
  mapRun?: MapRunInProgress;
  item?: { readonly index: number; readonly value: Json };
  children?: Children;
}

/** What a Parallel or Map state has going on. */
export interface Children {
  /** Of the event `…StateStarted`. */
  readonly startedId: number;
  /** Inputs of the branches or iterations. */
  readonly inputs: readonly Json[];
  /** For a Map: the items before ItemSelector. */
  readonly items?: readonly Json[];
  readonly concurrency: number;
  results: Record<string, Json>;
  next: number;
}

export interface RunState {
  readonly identity: RunIdentity;
  readonly startedMs: number;
  status: RunStatus;
  frames: Record<string, Frame>;
  nextFrame: number;
  /** Counts tasks and timers. */
  nextNumber: number;
  lastEventId: number;
  output?: Json;
  error?: string;
  cause?: string;
  stoppedMs?: number;
  redriveCount: number;
  redrivenMs?: number;
}

export interface HistoryRecord {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly atMs: number;
  /** The member of the API's HistoryEvent that holds the details, e.g. `stateEnteredEventDetails`. */
  readonly member?: string;
  readonly details?: JsonObject;
}

/** What happened outside. `atMs` and `seed` are all the time and chance that a step knows. */
export type RunEvent = { readonly atMs: number; readonly seed: string } & (
  | { readonly kind: "start" }
  | { readonly kind: "continue" }
  | { readonly kind: "timer"; readonly name: string }
  | { readonly kind: "taskSubmitted"; readonly id: string; readonly output: Json }
  | { readonly kind: "taskSucceeded"; readonly id: string; readonly output: Json }
  | {
      readonly kind: "taskFailed";
      readonly id: string;
      readonly error?: string;
      readonly cause?: string;
      /** The task could not even be started. */
      readonly unstarted?: boolean;
    }
  | { readonly kind: "heartbeat"; readonly id: string }
  /** A worker took an activity's task. */
  | { readonly kind: "taskStarted"; readonly id: string; readonly workerName?: string }
  | { readonly kind: "mapRunSucceeded"; readonly id: string; readonly output: Json }
  | { readonly kind: "mapRunFailed"; readonly id: string; readonly error?: string; readonly cause?: string }
  | { readonly kind: "stop"; readonly error?: string; readonly cause?: string }
  | { readonly kind: "redrive" }
);

/** What is to be done outside. */
export type Effect =
  | { readonly kind: "setTimer"; readonly name: string; readonly atMs: number }
  | { readonly kind: "cancelTimer"; readonly name: string }
  | {
      readonly kind: "startTask";
      readonly id: string;
      readonly resource: string;
      readonly parameters: Json;
      readonly token?: string;
      readonly credentials?: Json;
      readonly heartbeatSeconds?: number;
    }
  | { readonly kind: "cancelTask"; readonly id: string; readonly token?: string }
  | { readonly kind: "startMapRun"; readonly id: string; readonly arn: string; readonly plan: MapRunPlan }
  | { readonly kind: "redriveMapRun"; readonly arn: string; readonly redriveCount: number }
  | { readonly kind: "cancelMapRun"; readonly arn: string }
  /** More can be done at once: send `continue`. */
  | { readonly kind: "continue" };

export interface StepResult {
  readonly state: RunState;
  readonly history: readonly HistoryRecord[];
  readonly effects: readonly Effect[];
}

/** The state of a run before its `start` event. */
export function newRun(identity: RunIdentity, startedMs: number): RunState {
  return {
    identity,
    startedMs,
    status: "RUNNING",
    frames: {},
    nextFrame: 1,
    nextNumber: 1,
    lastEventId: 0,
    redriveCount: 0,
  };
}

/** A copy that a step may change. The JSON values in it, which no step changes, stay the same ones. */
export function draftOf(state: RunState): RunState {
  const frames: Record<string, Frame> = {};
  for (const [id, frame] of Object.entries(state.frames)) {
    const { task, mapRun, children } = frame;
    frames[id] = {
      ...frame,
      variables: { ...frame.variables },
      retried: { ...frame.retried },
      ...(task ? { task: { ...task } } : {}),
      ...(mapRun ? { mapRun: { ...mapRun } } : {}),
      ...(children ? { children: { ...children, results: { ...children.results } } } : {}),
    };
  }
  return { ...state, frames };
}
