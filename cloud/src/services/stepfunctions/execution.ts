/** What an execution looks like from outside. */
import type { DescribeExecutionOutput, HistoryEvent } from "@aws-sdk/client-sfn";
import { textOf, type JsonObject } from "../../engines/asl/json.ts";
import type { HistoryRecord } from "../../engines/asl/state.ts";
import type { ExecutionRecord } from "./state.ts";

export function describe(record: ExecutionRecord): DescribeExecutionOutput {
  const { run, machine } = record;
  return {
    executionArn: record.arn,
    stateMachineArn: machine.arn,
    name: record.name,
    status: run.status,
    startDate: new Date(run.startedMs),
    ...(run.stoppedMs === undefined ? {} : { stopDate: new Date(run.stoppedMs) }),
    input: record.inputText,
    inputDetails: { included: true },
    ...(run.output === undefined ? {} : { output: textOf(run.output), outputDetails: { included: true } }),
    ...(run.error === undefined ? {} : { error: run.error }),
    ...(run.cause === undefined ? {} : { cause: run.cause }),
    ...(record.traceHeader === undefined ? {} : { traceHeader: record.traceHeader }),
    ...(record.versionArn === undefined ? {} : { stateMachineVersionArn: record.versionArn }),
    ...(record.aliasArn === undefined ? {} : { stateMachineAliasArn: record.aliasArn }),
    redriveCount: run.redriveCount,
    ...(run.redrivenMs === undefined ? {} : { redriveDate: new Date(run.redrivenMs) }),
    ...(record.mapRunIndex === undefined ? {} : { mapRunArn: machine.mapRunArn! }),
    ...redriveOf(record),
  };
}

interface Redrive {
  readonly redriveStatus: "REDRIVABLE" | "NOT_REDRIVABLE" | "REDRIVABLE_BY_MAP_RUN";
  readonly redriveStatusReason?: string;
}

/** Whether an execution can be redriven. AWS: children of a Map Run with it only. */
export function redriveOf({
  machine,
  mapRunIndex,
  run: { status },
}: Pick<ExecutionRecord, "machine" | "mapRunIndex"> & { readonly run: { readonly status: string } }): Redrive {
  if (["FAILED", "ABORTED", "TIMED_OUT"].includes(status)) {
    if (mapRunIndex !== undefined) return { redriveStatus: "REDRIVABLE_BY_MAP_RUN" };
    if (machine.type === "STANDARD") return { redriveStatus: "REDRIVABLE" };
  }
  const redriveStatusReason = `Execution is ${status} and cannot be redriven`;
  return { redriveStatus: "NOT_REDRIVABLE", redriveStatusReason };
}

export function historyEvent(record: HistoryRecord, withData = true): HistoryEvent {
  const { id, previousEventId, type, atMs, member, details = {} } = record;
  return {
    timestamp: new Date(atMs),
    type: type as HistoryEvent["type"],
    id,
    previousEventId,
    ...(member === undefined ? {} : { [member]: withData ? details : withoutData(details) }),
  } as HistoryEvent;
}

function withoutData(details: JsonObject): JsonObject {
  const { input: _, output: __, parameters: ___, cause: ____, ...rest } = details;
  return rest;
}

/** Of the "Step Functions Execution Status Change" event. Source: the developer guide's page of that name. */
export function statusDetail(record: ExecutionRecord): JsonObject {
  const { run, machine } = record;
  return {
    executionArn: record.arn,
    stateMachineArn: machine.arn,
    name: record.name,
    status: run.status,
    startDate: run.startedMs,
    stopDate: run.stoppedMs ?? null,
    input: record.inputText,
    output: run.output === undefined ? null : textOf(run.output),
    inputDetails: { included: true },
    outputDetails: run.output === undefined ? null : { included: true },
    stateMachineVersionArn: record.versionArn ?? null,
    stateMachineAliasArn: record.aliasArn ?? null,
    redriveCount: run.redriveCount,
    redriveDate: run.redrivenMs ?? null,
    redriveStatus: run.status === "RUNNING" || run.status === "SUCCEEDED" ? "NOT_REDRIVABLE" : "REDRIVABLE",
    redriveStatusReason: null,
    error: run.error ?? null,
    cause: run.cause ?? null,
  };
}
