/**
 * What the console shows of an execution of a state machine. Everything comes through the gate, as the account's root.
 *
 * `GET /api/executions?machine=<ARN>&limit=50` → `{ executions: ExecutionSummary[] }`, newest first
 * `GET /api/execution?arn=<ARN>` → `ExecutionView`
 * `GET /api/machine?arn=<ARN>` → `MachineView`
 */
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { Cloud } from "../cloud.ts";
import type { Machine } from "../engines/asl/definition.ts";
import { graphOf, type Graph } from "../engines/asl/graph.ts";
import type { JsonObject } from "../engines/asl/json.ts";
import { visitsOf, type TimelineEvent, type Visit } from "../engines/asl/timeline.ts";
import { read } from "./quiet.ts";

export interface ExecutionSummary {
  readonly arn: string;
  readonly name: string;
  /** RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED */
  readonly status: string;
  /** ms since 1970 */
  readonly startMs: number;
  readonly stopMs?: number;
}

export interface ExecutionView extends ExecutionSummary {
  readonly machineArn: string;
  /** JSON texts */
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly redriveCount: number;
  /** States and the ways between them, layout-ready; `visits` name nodes by `state`. */
  readonly graph: Graph;
  /** Each time a state was entered, in this order, with input, output, variables, timings and attempts. */
  readonly visits: readonly Visit[];
  /** The history as it stands. */
  readonly history: readonly TimelineEvent[];
  readonly mapRuns: readonly MapRunView[];
}

/** A state machine that need not have run yet. */
export interface MachineView {
  readonly name: string;
  /** STANDARD or EXPRESS: of the latter no history is kept. */
  readonly type: string;
  readonly roleArn: string;
  readonly graph: Graph;
}

export interface MapRunView {
  readonly arn: string;
  readonly status: string;
  readonly startMs: number;
  readonly stopMs?: number;
  /** By status: pending, running, succeeded, failed, timedOut, aborted, total … */
  readonly items: Readonly<Record<string, number>>;
  readonly executions: Readonly<Record<string, number>>;
}

const PAGE = 1000;

export async function viewMachine(cloud: Cloud, stateMachineArn: string): Promise<MachineView> {
  const told = await read(cloud, "stepfunctions", "DescribeStateMachine", { stateMachineArn });
  const graph = graphOf(JSON.parse(told.definition!) as Machine);
  return { name: told.name!, type: told.type!, roleArn: told.roleArn!, graph };
}

export async function listExecutions(cloud: Cloud, machineArn: string, limit: number): Promise<ExecutionSummary[]> {
  const input = { stateMachineArn: machineArn, maxResults: Math.min(limit, PAGE) };
  const { executions = [] } = await read(cloud, "stepfunctions", "ListExecutions", input);
  return executions.map((each) => summaryOf(each));
}

export async function viewExecution(cloud: Cloud, executionArn: string): Promise<ExecutionView> {
  const told = await read(cloud, "stepfunctions", "DescribeExecution", { executionArn });
  const machine = await read(cloud, "stepfunctions", "DescribeStateMachineForExecution", { executionArn });
  const history = await historyOf(cloud, executionArn);
  const { input, output, error, cause, redriveCount = 0 } = told;
  return {
    ...summaryOf(told),
    machineArn: told.stateMachineArn!,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    redriveCount,
    graph: graphOf(JSON.parse(machine.definition!) as Machine),
    visits: visitsOf(history),
    history,
    mapRuns: await mapRunsOf(cloud, executionArn),
  };
}

function summaryOf(told: {
  executionArn?: string | undefined;
  name?: string | undefined;
  status?: string | undefined;
  startDate?: Date | undefined;
  stopDate?: Date | undefined;
}): ExecutionSummary {
  return {
    arn: told.executionArn!,
    name: told.name!,
    status: told.status!,
    startMs: told.startDate!.getTime(),
    ...(told.stopDate ? { stopMs: told.stopDate.getTime() } : {}),
  };
}

async function historyOf(cloud: Cloud, executionArn: string): Promise<TimelineEvent[]> {
  const events: TimelineEvent[] = [];
  let nextToken: string | undefined;
  do {
    const input = { executionArn, maxResults: PAGE, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = await read(cloud, "stepfunctions", "GetExecutionHistory", input);
    events.push(...(page.events ?? []).map(eventOf));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

function eventOf({ id, previousEventId, type, timestamp, ...members }: HistoryEvent): TimelineEvent {
  const details = Object.values(members).find((member) => member !== undefined);
  return {
    id: id!,
    previousEventId: previousEventId ?? 0,
    type: type!,
    atMs: timestamp!.getTime(),
    details: (details ?? {}) as unknown as JsonObject,
  };
}

async function mapRunsOf(cloud: Cloud, executionArn: string): Promise<MapRunView[]> {
  const { mapRuns = [] } = await read(cloud, "stepfunctions", "ListMapRuns", { executionArn });
  const views: MapRunView[] = [];
  for (const { mapRunArn } of mapRuns) {
    const run = await read(cloud, "stepfunctions", "DescribeMapRun", { mapRunArn });
    views.push({
      arn: run.mapRunArn!,
      status: run.status!,
      startMs: run.startDate!.getTime(),
      ...(run.stopDate ? { stopMs: run.stopDate.getTime() } : {}),
      items: { ...run.itemCounts } as unknown as Record<string, number>,
      executions: { ...run.executionCounts } as unknown as Record<string, number>,
    });
  }
  return views;
}
