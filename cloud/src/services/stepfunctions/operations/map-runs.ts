import type {
  DescribeMapRunInput,
  DescribeMapRunOutput,
  ListMapRunsInput,
  ListMapRunsOutput,
  UpdateMapRunInput,
} from "@aws-sdk/client-sfn";
import { engineOf, type Cx } from "../engine.ts";
import { executionDoesNotExist, resourceNotFound } from "../errors.ts";
import { page } from "../page.ts";
import type { MapRunRecord } from "../state.ts";

/** @throws AwsError ResourceNotFound */
function getMapRun(cx: Cx, arn: string): MapRunRecord {
  const found = cx.state.mapRuns.get([arn]);
  if (!found) throw resourceNotFound(arn);
  return found;
}

/** AWS: counts of items and of executions have the same members. */
function countsOf(run: MapRunRecord, of: "items" | "executions") {
  const { running, succeeded, failed, timedOut, aborted, pendingRedrive } = run[of];
  const pending = of === "items" ? run.itemsPending : 0;
  const total = running + succeeded + failed + timedOut + aborted + pendingRedrive + pending;
  return {
    pending,
    running,
    succeeded,
    failed,
    timedOut,
    aborted,
    total,
    resultsWritten: run.resultsWritten ? succeeded + failed + timedOut + aborted : 0,
    failuresNotRedrivable: 0,
    pendingRedrive,
  };
}

export function describeMapRun(cx: Cx, { mapRunArn = "" }: DescribeMapRunInput): DescribeMapRunOutput {
  const run = getMapRun(cx, mapRunArn);
  return {
    mapRunArn,
    executionArn: run.executionArn,
    status: run.status,
    startDate: new Date(run.startedMs),
    ...(run.stoppedMs === undefined ? {} : { stopDate: new Date(run.stoppedMs) }),
    maxConcurrency: run.maxConcurrency,
    toleratedFailurePercentage: run.toleratedFailurePercentage,
    toleratedFailureCount: run.toleratedFailureCount,
    itemCounts: countsOf(run, "items"),
    executionCounts: countsOf(run, "executions"),
    redriveCount: run.redriveCount,
    ...(run.redrivenMs === undefined ? {} : { redriveDate: new Date(run.redrivenMs) }),
  };
}

export function listMapRuns(cx: Cx, input: ListMapRunsInput): ListMapRunsOutput {
  const { executionArn = "" } = input;
  const execution = cx.state.executions.get([executionArn]);
  if (!execution) throw executionDoesNotExist(executionArn);
  const all = Array.from(cx.state.mapRunsOf.keys({ prefix: [executionArn], reverse: true }), ([, , arn]) =>
    getMapRun(cx, arn as string),
  );
  const { shown, nextToken } = page(all, input);
  return {
    mapRuns: shown.map((run) => ({
      executionArn,
      mapRunArn: run.arn,
      stateMachineArn: cx.state.mapTasks.get([run.arn])!.machine.arn,
      startDate: new Date(run.startedMs),
      ...(run.stoppedMs === undefined ? {} : { stopDate: new Date(run.stoppedMs) }),
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** Changes how a running Map Run goes on. @throws AwsError ResourceNotFound */
export function updateMapRun(cx: Cx, input: UpdateMapRunInput): object {
  const { mapRunArn = "", maxConcurrency, toleratedFailureCount, toleratedFailurePercentage } = input;
  const run = getMapRun(cx, mapRunArn);
  cx.state.mapRuns.put([mapRunArn], {
    ...run,
    maxConcurrency: maxConcurrency ?? run.maxConcurrency,
    toleratedFailureCount: toleratedFailureCount ?? run.toleratedFailureCount,
    toleratedFailurePercentage: toleratedFailurePercentage ?? run.toleratedFailurePercentage,
  });
  engineOf(cx.state).runner.mapRuns.kick(mapRunArn);
  return {};
}
