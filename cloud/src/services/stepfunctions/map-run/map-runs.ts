/**
 * Runs Map Runs: reads their items as there is room for them, has a child execution run for each input, counts what comes
 * of them, and tells the execution around. What was read is kept with the child made of it, as one, so that a crash
 * repeats nothing.
 *
 * Quirk: AWS starts up to 10,000 children at once; here no more than 32 that have something to do. Children that wait
 * (for time, for a callback) do not count.
 */
import type { Effect, RunEvent } from "../../../engines/asl/state.ts";
import { newRun } from "../../../engines/asl/state.ts";
import type { Json } from "../../../engines/asl/json.ts";
import { machineOfItems, selectorOf } from "../../../engines/asl/distributed.ts";
import { StatesError } from "../../../engines/asl/error.ts";
import type { Machine } from "../../../engines/asl/definition.ts";
import type { ServiceContext } from "../../../service.ts";
import { isBusy } from "../busy.ts";
import type { Roles } from "../role.ts";
import { newIdentity } from "../identity.ts";
import {
  statusOfChild,
  type ExecutionRecord,
  type MachineRecord,
  type MapChild,
  type MapRunRecord,
  type MapRunTask,
  type SfnState,
} from "../state.ts";
import { childInputs, type ChildInput } from "./batch.ts";
import { THRESHOLD } from "./failure.ts";
import { readItems } from "./reader.ts";
import { CONCURRENCY_MAX, counted, isBeyondTolerance, NONE } from "./record.ts";
import { resultOf, type MapRunEnd } from "./result.ts";
import { Source } from "./source.ts";

/** What runs executions. */
export interface Executions {
  post(executionArn: string, event: ChildEvent): void;
  /** Runs an Express execution; it ends with its record. */
  express(record: ExecutionRecord): Promise<ExecutionRecord>;
  stopExpress(executionArn: string): void;
  machineOf(machine: MachineRecord): Machine;
}

type Unstamped<E> = E extends unknown ? Omit<E, "atMs" | "seed"> : never;
type ChildEvent = Unstamped<
  Extract<RunEvent, { kind: "start" | "stop" | "redrive" | "mapRunSucceeded" | "mapRunFailed" }>
>;
type Begin = Extract<Effect, { kind: "startMapRun" }>;

const BUSY_MAX = 32;

export class MapRuns {
  readonly #inputs = new Map<string, AsyncGenerator<ChildInput>>();
  readonly #busy = new Map<string, Set<string>>();
  readonly #pumping = new Set<string>();
  readonly #again = new Set<string>();

  constructor(
    private readonly cx: ServiceContext<SfnState>,
    private readonly executions: Executions,
    private readonly roles: Roles,
  ) {}

  /** Goes on with what a crash cut short. */
  start(): void {
    const { state } = this.cx;
    for (const run of Array.from(state.mapRuns.values()).filter(({ status }) => status === "RUNNING")) {
      for (const [[, index], child] of Array.from(state.mapChildren.entries({ prefix: [run.arn] }))) {
        if (child.status !== "running") continue;
        const record = state.executions.get([child.arn]);
        if (record) this.tellBusy(record);
        // AWS: Express executions run at least once.
        else this.#runExpress(this.#childRecord(run.arn, index as number, child.arn, child.inputText!));
      }
      this.kick(run.arn);
    }
  }

  /** In the transaction of the step that asks for it. */
  begin(parent: ExecutionRecord, { id, arn, plan }: Begin): void {
    const { kernel, state } = this.cx;
    const { machine } = parent;
    const definition = machineOfItems(this.executions.machineOf(machine), parent.run, id.split(".")[0]!);
    const startedMs = kernel.clock.now();
    state.mapTasks.put([arn], {
      executionArn: parent.arn,
      id,
      plan,
      machine: {
        ...machine,
        arn: `${machine.arn}/${plan.label}`,
        name: `${machine.name}/${plan.label}`,
        type: plan.executionType,
        definition: JSON.stringify(definition),
        revisionId: arn,
        mapRunArn: arn,
        tags: {},
      },
    });
    state.mapRunsOf.put([parent.arn, startedMs, arn], true);
    state.mapRuns.put([arn], {
      arn,
      executionArn: parent.arn,
      status: "RUNNING",
      startedMs,
      redriveCount: 0,
      maxConcurrency: plan.maxConcurrency,
      toleratedFailureCount: plan.toleratedFailureCount ?? 0,
      toleratedFailurePercentage: plan.toleratedFailurePercentage ?? 0,
      itemsRead: 0,
      childCount: 0,
      exhausted: false,
      itemsPending: 0,
      executions: NONE,
      items: NONE,
      resultsWritten: false,
    });
    this.kick(arn);
  }

  /** Starts again what did not succeed, and goes on reading. */
  redrive(arn: string, redriveCount: number): void {
    const { kernel, state } = this.cx;
    const { failure: _, stoppedMs: __, ...kept } = state.mapRuns.get([arn])!;
    let run: MapRunRecord = {
      ...kept,
      status: "RUNNING",
      redriveCount,
      redrivenMs: kernel.clock.now(),
      itemsPending: 0,
      resultsWritten: false,
    };
    for (const [[, index], child] of Array.from(state.mapChildren.entries({ prefix: [arn] }))) {
      if (child.status === "succeeded" || child.status === "running") continue;
      run = counted(run, child, child.status, "pendingRedrive");
      state.mapChildren.put([arn, index!], { ...child, status: "pendingRedrive" });
      state.mapRedrives.put([arn, index!], true);
    }
    state.mapRuns.put([arn], run);
    this.kick(arn);
  }

  /** The execution around was stopped, or the state no longer waits for it. */
  cancel(arn: string): void {
    const { kernel, state } = this.cx;
    const run = state.mapRuns.get([arn]);
    if (run?.status !== "RUNNING") return;
    state.mapRuns.put([arn], { ...run, status: "ABORTED", stoppedMs: kernel.clock.now() });
    queueMicrotask(() => {
      this.#close(arn);
      kernel.store.transaction(() => this.#stopChildren(arn));
    });
  }

  /** In the transaction of a child's last step. */
  childEnded(child: ExecutionRecord): void {
    const { state } = this.cx;
    const arn = child.machine.mapRunArn!;
    const key = [arn, child.mapRunIndex!];
    const known = state.mapChildren.get(key);
    const run = state.mapRuns.get([arn]);
    if (!known || !run) return;
    const status = statusOfChild(child.run.status);
    const { output, error, cause, startedMs, stoppedMs, redriveCount } = child.run;
    const kept = { status: child.run.status, output, error, cause, startedMs, stoppedMs, redriveCount };
    state.mapChildren.put(key, { ...known, status, ...(child.machine.type === "EXPRESS" ? { run: kept } : {}) });
    state.mapRuns.put([arn], counted(run, known, known.status, status));
    this.#busy.get(arn)?.delete(child.arn);
    this.kick(arn);
  }

  /** After each step of a child. */
  tellBusy(child: ExecutionRecord): void {
    const arn = child.machine.mapRunArn!;
    let busy = this.#busy.get(arn);
    if (!busy) this.#busy.set(arn, (busy = new Set()));
    if (isBusy(child.run)) busy.add(child.arn);
    else if (busy.delete(child.arn)) this.kick(arn);
  }

  /** Looks what is to be done for a Map Run, once the running code is over. */
  kick(arn: string): void {
    const end = this.cx.kernel.activity.begin("stepfunctions.mapRun");
    queueMicrotask(
      () =>
        void this.#pump(arn)
          .catch((error: unknown) => console.error(error))
          .finally(end),
    );
  }

  async #pump(arn: string): Promise<void> {
    this.#again.add(arn);
    if (this.#pumping.has(arn)) return;
    this.#pumping.add(arn);
    try {
      while (this.#again.delete(arn)) await this.#advance(arn);
    } finally {
      this.#pumping.delete(arn);
    }
  }

  async #advance(arn: string): Promise<void> {
    const { state } = this.cx;
    const task = state.mapTasks.get([arn])!;
    for (;;) {
      const run = state.mapRuns.get([arn]);
      if (run?.status !== "RUNNING") return this.#close(arn);
      if (!run.failure && isBeyondTolerance(run)) this.#fail(arn, THRESHOLD);
      else if (run.failure) return run.executions.running === 0 ? this.#finish(run, task) : undefined;
      else if (!this.#hasRoom(run)) return;
      else if (!this.#redriveNext(run, task)) {
        if (run.exhausted) return run.executions.running === 0 ? this.#finish(run, task) : undefined;
        await this.#startNext(arn, task);
      }
    }
  }

  #hasRoom({ arn, maxConcurrency, executions }: MapRunRecord): boolean {
    if ((this.#busy.get(arn)?.size ?? 0) >= BUSY_MAX) return false;
    return executions.running < Math.min(maxConcurrency || CONCURRENCY_MAX, CONCURRENCY_MAX);
  }

  async #startNext(arn: string, task: MapRunTask): Promise<void> {
    const { kernel, state } = this.cx;
    let next: IteratorResult<ChildInput>;
    try {
      next = await (await this.#inputsOf(arn, task)).next();
    } catch (error) {
      this.#fail(arn, failureOf(error));
      return;
    }
    const run = state.mapRuns.get([arn]);
    // It may have ended while this was read; a redrive reads it again.
    if (run?.status !== "RUNNING" || run.failure) return this.#close(arn);
    if (next.done) {
      state.mapRuns.put([arn], { ...run, exhausted: true });
      return this.#close(arn);
    }
    const { text, items } = next.value;
    const record = this.#childRecord(arn, run.childCount, undefined, text);
    kernel.store.transaction(() => {
      const child: MapChild = { arn: record.arn, status: "running", items };
      const more = { childCount: run.childCount + 1, itemsRead: run.itemsRead + items };
      state.mapRuns.put([arn], { ...counted(run, child, undefined, "running"), ...more });
      this.#startChild(record, child);
    });
  }

  #startChild(record: ExecutionRecord, child: MapChild): void {
    const { state } = this.cx;
    const arn = record.machine.mapRunArn!;
    const express = record.machine.type === "EXPRESS";
    const key = [arn, record.mapRunIndex!];
    state.mapChildren.put(key, { ...child, ...(express ? { inputText: record.inputText } : {}) });
    this.tellBusy(record);
    if (express) return this.#runExpress(record);
    state.executions.put([record.arn], record);
    this.executions.post(record.arn, { kind: "start" });
  }

  #runExpress(record: ExecutionRecord): void {
    const { kernel } = this.cx;
    this.tellBusy(record);
    void this.executions
      .express(record)
      .then((ended) => kernel.store.transaction(() => this.childEnded(ended)))
      .catch((error: unknown) => console.error(error));
  }

  #redriveNext(run: MapRunRecord, task: MapRunTask): boolean {
    const { kernel, state } = this.cx;
    const next = state.mapRedrives.first({ prefix: [run.arn] });
    if (!next) return false;
    const [key] = next;
    kernel.store.transaction(() => {
      state.mapRedrives.remove(key);
      const child = state.mapChildren.get(key)!;
      const { run: _, ...started } = { ...child, status: "running" as const };
      state.mapRuns.put([run.arn], counted(run, child, child.status, "running"));
      if (task.plan.executionType === "EXPRESS") {
        const record = this.#childRecord(run.arn, key[1] as number, child.arn, child.inputText!);
        this.#startChild({ ...record, run: { ...record.run, redriveCount: run.redriveCount } }, started);
        return;
      }
      state.mapChildren.put(key, started);
      const record = state.executions.get([child.arn])!;
      state.executions.put([child.arn], { ...record, run: { ...record.run, status: "RUNNING" } });
      this.executions.post(child.arn, { kind: "redrive" });
    });
    return true;
  }

  /** @param known the ARN where it has one */
  #childRecord(arn: string, index: number, known: string | undefined, inputText: string): ExecutionRecord {
    const { kernel, state } = this.cx;
    const { machine } = state.mapTasks.get([arn])!;
    const name = known === undefined ? kernel.random.uuid() : known.split(":")[7]!;
    const input = JSON.parse(inputText) as Json;
    const identity = newIdentity(kernel, machine, this.executions.machineOf(machine), { name, input, arn: known });
    return {
      arn: identity.executionArn,
      name,
      machine: { ...machine, definition: "" },
      inputText,
      mapRunIndex: index,
      run: newRun(identity, kernel.clock.now()),
    };
  }

  async #inputsOf(arn: string, task: MapRunTask): Promise<AsyncGenerator<ChildInput>> {
    let inputs = this.#inputs.get(arn);
    if (!inputs) {
      inputs = await this.#read(arn, task);
      this.#inputs.set(arn, inputs);
    }
    return inputs;
  }

  /** The inputs that no child was made of yet. */
  async #read(arn: string, { executionArn, id, plan, machine }: MapRunTask): Promise<AsyncGenerator<ChildInput>> {
    const { kernel, state } = this.cx;
    const parent = state.executions.get([executionArn])!;
    const as = await this.roles.assume(machine.roleArn, parent.machine.arn);
    const items = readItems(plan, new Source(this.cx, as, machine.scope));
    const around = this.executions.machineOf(parent.machine);
    const select = selectorOf(around, parent.run, id.split(".")[0]!, kernel.clock.now(), kernel.random.hex(32));
    return childInputs(items, plan, select, state.mapRuns.get([arn])!.itemsRead);
  }

  #close(arn: string): void {
    const inputs = this.#inputs.get(arn);
    this.#inputs.delete(arn);
    void inputs?.return(undefined).catch(() => undefined);
  }

  #fail(arn: string, failure: { error: string; cause: string }): void {
    const { kernel, state } = this.cx;
    this.#close(arn);
    kernel.store.transaction(() => {
      const run = state.mapRuns.get([arn])!;
      state.mapRuns.put([arn], { ...run, failure });
      this.#stopChildren(arn);
    });
  }

  #stopChildren(arn: string): void {
    const { state } = this.cx;
    const express = state.mapTasks.get([arn])!.plan.executionType === "EXPRESS";
    for (const child of Array.from(state.mapChildren.values({ prefix: [arn] }))) {
      if (child.status !== "running") continue;
      if (express) this.executions.stopExpress(child.arn);
      else this.executions.post(child.arn, { kind: "stop" });
    }
  }

  async #finish(run: MapRunRecord, task: MapRunTask): Promise<void> {
    const { kernel, state } = this.cx;
    const end: MapRunEnd = await resultOf(this.cx, this.roles, run, task, () => this.#read(run.arn, task)).catch(
      (error: unknown) => {
        return { output: null, written: false, pending: 0, failure: failureOf(error) };
      },
    );
    const failure = end.failure ?? run.failure;
    kernel.store.transaction(() => {
      const now = state.mapRuns.get([run.arn])!;
      if (now.status !== "RUNNING") return;
      this.#busy.delete(run.arn);
      state.mapRuns.put([run.arn], {
        ...now,
        status: failure ? "FAILED" : "SUCCEEDED",
        stoppedMs: kernel.clock.now(),
        itemsPending: end.pending,
        resultsWritten: end.written,
      });
      const { executionArn, id } = task;
      if (failure) this.executions.post(executionArn, { kind: "mapRunFailed", id, ...failure });
      else this.executions.post(executionArn, { kind: "mapRunSucceeded", id, output: end.output });
    });
  }
}

/** What went wrong, as the state's failure. A bug of ours is told, too: the run must end. */
function failureOf(error: unknown): { error: string; cause: string } {
  if (error instanceof StatesError) return { error: error.error ?? "States.Runtime", cause: error.causeText ?? "" };
  console.error(error);
  return { error: "States.Runtime", cause: (error as Error).message };
}
