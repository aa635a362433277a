import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput,
  ListExecutionsInput,
  ListExecutionsOutput,
  RedriveExecutionInput,
  RedriveExecutionOutput,
  StartExecutionInput,
  StartExecutionOutput,
  StartSyncExecutionInput,
  StartSyncExecutionOutput,
  StopExecutionInput,
  StopExecutionOutput,
} from "@aws-sdk/client-sfn";
import { PAYLOAD_BYTES_MAX } from "../../../engines/asl/fields.ts";
import { textOf, type Json } from "../../../engines/asl/json.ts";
import { newRun } from "../../../engines/asl/state.ts";
import type { Cx } from "../engine.ts";
import { engineOf } from "../engine.ts";
import {
  executionAlreadyExists,
  executionDoesNotExist,
  invalidArn,
  invalidInput,
  notRedrivable,
  resourceNotFound,
  typeNotSupported,
  validation,
} from "../errors.ts";
import { describe, historyEvent } from "../execution.ts";
import { EVENTS_MAX, newIdentity } from "../identity.ts";
import { checkName, executionsOf, getNamed, route } from "../machine.ts";
import { Mocks } from "../mocks.ts";
import { page } from "../page.ts";
import type { ExecutionRecord, MachineRecord } from "../state.ts";

const REDRIVE_DAYS = 14;

interface Start {
  readonly stateMachineArn?: string | undefined;
  readonly name?: string | undefined;
  readonly input?: string | undefined;
  readonly traceHeader?: string | undefined;
}

function parseInput(text: string): Json {
  if (Buffer.byteLength(text) > PAYLOAD_BYTES_MAX) throw invalidInput("Input is too large");
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw invalidInput((error as Error).message);
  }
}

/** @throws AwsError where machine or test case are not there, or the input is none */
function newExecution(cx: Cx, { stateMachineArn = "", name, input = "{}", traceHeader }: Start): ExecutionRecord {
  const [machineText = "", testCase] = stateMachineArn.split("#");
  const named = getNamed(cx.state, machineText);
  if (testCase !== undefined) Mocks.of(cx.kernel).check(named.machine.name, testCase);
  const version = named.alias ? route(cx.state, named.alias, cx.kernel.random.fraction()) : named.version;
  const machine: MachineRecord = version?.machine ?? named.machine;
  const executionName = name ?? cx.kernel.random.uuid();
  checkName(executionName);
  const definition = engineOf(cx.state).runner.machineOf(machine);
  const identity = newIdentity(cx.kernel, machine, definition, { name: executionName, input: parseInput(input) });
  return {
    arn: identity.executionArn,
    name: executionName,
    machine,
    inputText: input,
    run: newRun(identity, cx.kernel.clock.now()),
    ...(version ? { versionArn: version.arn } : {}),
    ...(named.alias ? { aliasArn: named.alias.arn } : {}),
    ...(traceHeader === undefined ? {} : { traceHeader }),
    ...(testCase === undefined ? {} : { testCase }),
  };
}

export function startExecution(cx: Cx, input: StartExecutionInput): StartExecutionOutput {
  const record = newExecution(cx, input);
  const engine = engineOf(cx.state);
  const answer = (each: ExecutionRecord) => ({ executionArn: each.arn, startDate: new Date(each.run.startedMs) });
  if (record.machine.type === "EXPRESS") {
    // Begun before the answer, so that what waits for all to settle waits for it, too.
    engine.runner.startExpress(record);
    return answer(record);
  }
  const known = cx.state.executions.get([record.arn]);
  // AWS: the same name and input while it runs answers the running one.
  if (
    known?.run.status === "RUNNING" &&
    known.inputText === record.inputText &&
    known.machine.arn === record.machine.arn
  )
    return answer(known);
  if (known) throw executionAlreadyExists(record.arn);
  cx.state.executions.put([record.arn], record);
  cx.state.started.put([record.machine.arn, record.run.startedMs, record.arn], true);
  engine.runner.post(record.arn, { kind: "start" });
  return answer(record);
}

export async function startSyncExecution(cx: Cx, input: StartSyncExecutionInput): Promise<StartSyncExecutionOutput> {
  const record = newExecution(cx, input);
  if (record.machine.type !== "EXPRESS") throw typeNotSupported();
  const { run } = await engineOf(cx.state).runner.express(record);
  const durationMs = run.stoppedMs! - run.startedMs;
  return {
    executionArn: record.arn,
    stateMachineArn: record.machine.arn,
    name: record.name,
    startDate: new Date(run.startedMs),
    stopDate: new Date(run.stoppedMs!),
    status: run.status as StartSyncExecutionOutput["status"],
    input: record.inputText,
    inputDetails: { included: true },
    ...(run.output === undefined ? {} : { output: textOf(run.output), outputDetails: { included: true } }),
    ...(run.error === undefined ? {} : { error: run.error }),
    ...(run.cause === undefined ? {} : { cause: run.cause }),
    // AWS: duration is billed by 100 ms, memory by 64 MB.
    billingDetails: {
      billedDurationInMilliseconds: Math.max(100, Math.ceil(durationMs / 100) * 100),
      billedMemoryUsedInMB: 64,
    },
  };
}

/** @throws AwsError ExecutionDoesNotExist */
function getExecution(cx: Cx, arnText: string): ExecutionRecord {
  if (arnText.split(":")[5] === "express") throw typeNotSupported();
  if (arnText.split(":")[5] !== "execution") throw invalidArn(arnText);
  const found = cx.state.executions.get([arnText]);
  if (!found) throw executionDoesNotExist(arnText);
  return found;
}

export function describeExecution(
  cx: Cx,
  { executionArn: arnText = "" }: DescribeExecutionInput,
): DescribeExecutionOutput {
  return describe(getExecution(cx, arnText));
}

/** Quirk: what was stopped shows as ABORTED as soon as the running step is done, which is before the next request. */
export async function stopExecution(cx: Cx, input: StopExecutionInput): Promise<StopExecutionOutput> {
  const record = getExecution(cx, input.executionArn ?? "");
  const { error, cause } = input;
  if (record.run.status === "RUNNING") {
    const { runner } = engineOf(cx.state);
    await runner.postAndWait(record.arn, {
      kind: "stop",
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
  const stoppedMs = cx.state.executions.get([record.arn])?.run.stoppedMs;
  return { stopDate: new Date(stoppedMs ?? cx.kernel.clock.now()) };
}

export function redriveExecution(
  cx: Cx,
  { executionArn: arnText = "" }: RedriveExecutionInput,
): RedriveExecutionOutput {
  const record = getExecution(cx, arnText);
  const { run, machine } = record;
  if (record.mapRunIndex !== undefined)
    throw notRedrivable("Execution is a child workflow execution of a Map Run and can only be redriven by it");
  if (run.status === "RUNNING" || run.status === "SUCCEEDED")
    throw notRedrivable(`Execution is ${run.status} and cannot be redriven`);
  const nowMs = cx.kernel.clock.now();
  if (nowMs - run.stoppedMs! > REDRIVE_DAYS * 86_400_000)
    throw notRedrivable("Execution is not redrivable since its redrivable period has expired");
  if (run.lastEventId >= EVENTS_MAX - 1)
    throw notRedrivable("Execution history event limit exceeded and cannot be redriven");
  // The record says RUNNING at once, so that a second redrive is refused; the step counts it.
  cx.state.executions.put([record.arn], { ...record, machine, run: { ...run, status: "RUNNING" } });
  engineOf(cx.state).runner.post(arnText, { kind: "redrive" });
  return { redriveDate: new Date(nowMs) };
}

export function getExecutionHistory(cx: Cx, input: GetExecutionHistoryInput): GetExecutionHistoryOutput {
  const { arn: arnText } = getExecution(cx, input.executionArn ?? "");
  const { reverseOrder = false, includeExecutionData = true } = input;
  const all = [...cx.state.history.values({ prefix: [arnText], ...(reverseOrder ? { reverse: true } : {}) })];
  const { shown, nextToken } = page(all, input);
  return {
    events: shown.map((event) => historyEvent(event, includeExecutionData)),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

interface Listed extends Pick<ExecutionRecord, "arn" | "name" | "machine" | "versionArn" | "aliasArn"> {
  readonly run: Pick<ExecutionRecord["run"], "status" | "startedMs" | "stoppedMs" | "redriveCount" | "redrivenMs">;
  readonly items?: number;
}

function* ofMachine(cx: Cx, arnText: string): Iterable<Listed> {
  const { machine, version, alias } = getNamed(cx.state, arnText);
  if (machine.type === "EXPRESS") throw typeNotSupported();
  for (const record of executionsOf(cx.state, machine.arn))
    if ((!version || record.versionArn === version.arn) && (!alias || record.aliasArn === alias.arn)) yield record;
}

function* ofMapRun(cx: Cx, arnText: string): Iterable<Listed> {
  const task = cx.state.mapTasks.get([arnText]);
  if (!task) throw resourceNotFound(arnText);
  const { machine } = task;
  for (const child of cx.state.mapChildren.values({ prefix: [arnText], reverse: true })) {
    const { arn, items } = child;
    const run = cx.state.executions.get([arn])?.run ?? child.run ?? running(cx, arnText);
    const pending = child.status === "pendingRedrive" ? { pending: true } : {};
    yield { arn, name: arn.split(":")[7]!, machine, items, run: { ...run, ...pending } };
  }
}

/** Of an Express child while it runs: it is kept only in memory. */
function running(cx: Cx, mapRunArn: string): Listed["run"] {
  return { status: "RUNNING", startedMs: cx.state.mapRuns.get([mapRunArn])!.startedMs, redriveCount: 0 };
}

export function listExecutions(cx: Cx, input: ListExecutionsInput): ListExecutionsOutput {
  const { mapRunArn, stateMachineArn, redriveFilter, statusFilter } = input;
  if ((mapRunArn === undefined) === (stateMachineArn === undefined))
    throw validation("Must provide either a StateMachineArn or a MapRunArn");
  const all = [...(mapRunArn === undefined ? ofMachine(cx, stateMachineArn!) : ofMapRun(cx, mapRunArn))].filter(
    ({ run }) =>
      (statusFilter === undefined ||
        run.status === statusFilter ||
        (statusFilter === "PENDING_REDRIVE" && "pending" in run)) &&
      (redriveFilter === undefined || run.redriveCount > 0 === (redriveFilter === "REDRIVEN")),
  );
  const { shown, nextToken } = page(all, input);
  return {
    executions: shown.map((record) => {
      const { run } = record;
      return {
        executionArn: record.arn,
        stateMachineArn: record.machine.arn,
        name: record.name,
        status: run.status,
        startDate: new Date(run.startedMs),
        ...(run.stoppedMs === undefined ? {} : { stopDate: new Date(run.stoppedMs) }),
        ...(mapRunArn === undefined ? {} : { mapRunArn, itemCount: record.items }),
        ...(record.versionArn === undefined ? {} : { stateMachineVersionArn: record.versionArn }),
        ...(record.aliasArn === undefined ? {} : { stateMachineAliasArn: record.aliasArn }),
        redriveCount: run.redriveCount,
        ...(run.redrivenMs === undefined ? {} : { redriveDate: new Date(run.redrivenMs) }),
      };
    }),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}
