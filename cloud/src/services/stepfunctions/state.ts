import type { LoggingConfiguration, TracingConfiguration } from "@aws-sdk/client-sfn";
import type { Json } from "../../engines/asl/json.ts";
import type { HistoryRecord, MapRunPlan, RunEvent, RunState, RunStatus } from "../../engines/asl/state.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";

export interface MachineRecord {
  readonly arn: string;
  readonly name: string;
  readonly scope: Scope;
  readonly type: "STANDARD" | "EXPRESS";
  readonly definition: string;
  readonly roleArn: string;
  readonly logging: LoggingConfiguration;
  readonly tracing: TracingConfiguration;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly revisionId: string;
  readonly tags: Record<string, string>;
  /** The number that the next version gets. */
  readonly nextVersion: number;
  /** It is the part of a machine that a Map Run's children run; its definition lies with the Map Run. */
  readonly mapRunArn?: string;
}

export interface VersionRecord {
  readonly arn: string;
  readonly number: number;
  readonly description?: string;
  readonly createdMs: number;
  readonly machine: MachineRecord;
}

export interface AliasRecord {
  readonly arn: string;
  readonly name: string;
  readonly description?: string;
  readonly routes: readonly { readonly versionArn: string; readonly weight: number }[];
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface ExecutionRecord {
  readonly arn: string;
  readonly name: string;
  /** The machine as it was when the execution started. */
  readonly machine: MachineRecord;
  readonly versionArn?: string;
  readonly aliasArn?: string;
  readonly inputText: string;
  readonly traceHeader?: string;
  /** Of the file of mocked integrations. */
  readonly testCase?: string;
  /** Of a Map Run's child: its number, from 0. */
  readonly mapRunIndex?: number;
  readonly run: RunState;
}

/** What a Map Run is to do; never changes. */
export interface MapRunTask {
  readonly executionArn: string;
  /** The task's id in the execution. */
  readonly id: string;
  readonly plan: MapRunPlan;
  readonly machine: MachineRecord;
}

export const CHILD_STATUSES = ["running", "succeeded", "failed", "timedOut", "aborted", "pendingRedrive"] as const;
export type ChildStatus = (typeof CHILD_STATUSES)[number];

export interface MapRunRecord {
  readonly arn: string;
  readonly executionArn: string;
  readonly status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
  readonly startedMs: number;
  readonly stoppedMs?: number;
  readonly redriveCount: number;
  readonly redrivenMs?: number;
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
  /** How many items were made inputs of children. */
  readonly itemsRead: number;
  readonly childCount: number;
  /** There are no more items. */
  readonly exhausted: boolean;
  /** Items that no child was made for when the run ended. */
  readonly itemsPending: number;
  readonly executions: Readonly<Record<ChildStatus, number>>;
  readonly items: Readonly<Record<ChildStatus, number>>;
  readonly resultsWritten: boolean;
  /** What it ends with once no child runs any more. */
  readonly failure?: { readonly error: string; readonly cause: string };
}

/** A child execution of a Map Run. */
export interface MapChild {
  readonly arn: string;
  readonly status: ChildStatus;
  readonly items: number;
  /** Of Express children, which are kept nowhere else. */
  readonly inputText?: string;
  readonly run?: Pick<RunState, "status" | "output" | "error" | "cause" | "startedMs" | "stoppedMs" | "redriveCount">;
}

export function statusOfChild(status: RunStatus): ChildStatus {
  return status === "TIMED_OUT" ? "timedOut" : (status.toLowerCase() as ChildStatus);
}

export interface TaskRecord {
  readonly executionArn: string;
  readonly id: string;
  readonly resource: string;
  readonly parameters: Json;
  readonly token?: string;
  readonly credentials?: Json;
  /** The execution that it waits for. */
  readonly child?: string;
}

export interface ActivityRecord {
  readonly arn: string;
  readonly name: string;
  readonly createdMs: number;
  readonly tags: Record<string, string>;
}

/** What the service keeps. Machines, versions, aliases and activities by account, Region and name. */
export class SfnState {
  readonly machines: Collection<MachineRecord>;
  readonly versions: Collection<VersionRecord>;
  readonly aliases: Collection<AliasRecord>;
  readonly activities: Collection<ActivityRecord>;
  /** By ARN. */
  readonly executions: Collection<ExecutionRecord>;
  /** ARN of the machine, start in ms, ARN of the execution */
  readonly started: Collection<true>;
  /** Execution ARN, event id */
  readonly history: Collection<HistoryRecord>;
  /** What came in for an execution and is not yet taken: its ARN, number */
  readonly inbox: Collection<RunEvent>;
  /** Tasks that run: execution ARN, task id */
  readonly tasks: Collection<TaskRecord>;
  /** By task token */
  readonly tokens: Collection<{ readonly executionArn: string; readonly id: string }>;
  /** What waits for a worker: activity ARN, number */
  readonly waiting: Collection<{ readonly token: string; readonly input: string }>;
  /** Tasks that wait for the end of an execution: its ARN, ARN of the waiting one, task id */
  readonly watchers: Collection<{ readonly json: boolean }>;
  /** By ARN */
  readonly mapRuns: Collection<MapRunRecord>;
  readonly mapTasks: Collection<MapRunTask>;
  /** Execution ARN, start in ms, ARN of the Map Run */
  readonly mapRunsOf: Collection<true>;
  /** ARN of the Map Run, number of the child */
  readonly mapChildren: Collection<MapChild>;
  /** Children that a redrive starts again: ARN of the Map Run, number */
  readonly mapRedrives: Collection<true>;
  /** Express executions that were started and not waited for, until they end: their ARN */
  readonly express: Collection<ExecutionRecord>;
  readonly #numbers: Collection<number>;

  constructor(kernel: Kernel) {
    const { store } = kernel;
    this.machines = store.collection("sfn.machines");
    this.versions = store.collection("sfn.versions");
    this.aliases = store.collection("sfn.aliases");
    this.activities = store.collection("sfn.activities");
    this.executions = store.collection("sfn.executions");
    this.started = store.collection("sfn.started");
    this.history = store.collection("sfn.history");
    this.inbox = store.collection("sfn.inbox");
    this.tasks = store.collection("sfn.tasks");
    this.tokens = store.collection("sfn.tokens");
    this.waiting = store.collection("sfn.waiting");
    this.watchers = store.collection("sfn.watchers");
    this.mapRuns = store.collection("sfn.mapRuns");
    this.mapTasks = store.collection("sfn.mapTasks");
    this.mapRunsOf = store.collection("sfn.mapRunsOf");
    this.mapChildren = store.collection("sfn.mapChildren");
    this.mapRedrives = store.collection("sfn.mapRedrives");
    this.express = store.collection("sfn.express");
    this.#numbers = store.collection("sfn.numbers");
  }

  /** A number greater than all before. */
  number(): number {
    const next = this.#numbers.get(["next"]) ?? 1;
    this.#numbers.put(["next"], next + 1);
    return next;
  }
}
