/**
 * Runs Standard executions durably: what comes in is kept in an execution's inbox; a step takes one event, and its new
 * state, its history and what is to be done outside are written as one. A task runs as a delivery, so that it goes on after
 * a crash; what was recorded is never done again.
 */
import { StatesError } from "../../engines/asl/error.ts";
import type { Machine } from "../../engines/asl/definition.ts";
import { textOf, type Json } from "../../engines/asl/json.ts";
import type { Effect, RunEvent, RunState } from "../../engines/asl/state.ts";
import { step } from "../../engines/asl/step.ts";
import { readResource } from "../../engines/asl/task.ts";
import type { Delivery } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { describe } from "./execution.ts";
import type { Reports } from "./report.ts";
import type { ExecutionRecord, MachineRecord, SfnState, TaskRecord } from "./state.ts";
import { runExpress } from "./express.ts";
import { Mocks } from "./mocks.ts";
import { MapRuns } from "./map-run/map-runs.ts";
import { Tasks, type TaskEnd, type TaskMachine } from "./task.ts";

type Unstamped<E> = E extends unknown ? Omit<E, "atMs" | "seed"> : never;
/** An event before its time and chance are given to it. */
export type Incoming = Unstamped<RunEvent>;

interface TaskDelivery {
  readonly executionArn: string;
  readonly id: string;
}

/** What came of a task; with a `.sync` the execution that it waits for. */
type Outcome = Incoming &
  (
    | { readonly kind: "taskSucceeded" | "taskFailed" }
    | { readonly kind: "taskSubmitted"; readonly child?: string; readonly json?: boolean }
  );

interface StopDelivery {
  readonly child: string;
  readonly machine: TaskMachine;
}

const TIMER = "stepfunctions";
const TASKS_MAX = 1000;
const MACHINES_MAX = 500;

export class Runner {
  readonly tasks: Tasks;
  readonly mapRuns: MapRuns;
  readonly #express = new Map<string, (event: Incoming) => void>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #machines = new Map<string, Machine>();
  readonly #deliverTask: (payload: TaskDelivery) => void;
  readonly #deliverStop: (payload: StopDelivery) => void;
  readonly #resume: (executionArn: string) => void;

  constructor(
    private readonly cx: ServiceContext<SfnState>,
    private readonly reports: Reports,
  ) {
    const { deliveries, timers } = cx.kernel;
    this.tasks = new Tasks(cx);
    this.mapRuns = new MapRuns(cx, this, this.tasks.roles);
    this.#deliverTask = deliveries.register<TaskDelivery>({
      name: "stepfunctions.tasks",
      attempt: (delivery, span) => this.#perform(delivery, span),
      retryAfterMs: () => undefined,
      exhausted: async ({ payload }, error) =>
        this.post(payload.executionArn, {
          kind: "taskFailed",
          id: payload.id,
          error: "States.Runtime",
          cause: (error as Error).message,
        }),
      concurrency: TASKS_MAX,
    });
    this.#deliverStop = deliveries.register<StopDelivery>({
      name: "stepfunctions.stop",
      attempt: ({ payload: { child, machine } }) => this.tasks.stopChild(child, machine),
      retryAfterMs: () => undefined,
      // AWS: without states:StopExecution the child goes on.
      exhausted: async () => undefined,
    });
    this.#resume = deliveries.register<string>({
      name: "stepfunctions.resume",
      attempt: ({ payload }) => this.#drain(payload),
      retryAfterMs: () => undefined,
      exhausted: async () => undefined,
    });
    timers.handle<{ executionArn: string; name: string }>(TIMER, ({ executionArn, name }) =>
      this.post(executionArn, { kind: "timer", name }),
    );
  }

  /** Goes on with what a crash cut short. */
  start(): void {
    const open = new Set<string>();
    for (const [executionArn] of this.cx.state.inbox.keys()) open.add(String(executionArn));
    for (const executionArn of open) this.#resume(executionArn);
    // AWS: asynchronous Express executions run at least once.
    for (const record of Array.from(this.cx.state.express.values())) this.startExpress(record);
    this.mapRuns.start();
  }

  /** Starts an Express execution that nobody waits for. In the caller's transaction. */
  startExpress(record: ExecutionRecord): void {
    const { state } = this.cx;
    state.express.put([record.arn], record);
    void this.express(record)
      .then(() => state.express.remove([record.arn]))
      .catch((error: unknown) => console.error(error));
  }

  /** Runs an Express execution to its end. */
  async express(record: ExecutionRecord): Promise<ExecutionRecord> {
    try {
      return await runExpress(this.cx, { runner: this, reports: this.reports }, record, (post) =>
        this.#express.set(record.arn, post),
      );
    } finally {
      this.#express.delete(record.arn);
    }
  }

  stopExpress(executionArn: string): void {
    this.#express.get(executionArn)?.({ kind: "stop" });
  }

  /** Runs a task, or takes what stands for it in the execution's test case. @throws StatesError where it fails */
  async perform(
    task: TaskRecord,
    { machine, testCase }: ExecutionRecord,
    run: RunState,
    span?: Span,
  ): Promise<TaskEnd> {
    if (testCase !== undefined) {
      const { state } = run.frames[task.id.split(".")[0]!]!;
      const mocked = Mocks.of(this.cx.kernel).answer(machine.name, testCase, task.executionArn, state);
      if (mocked) return { kind: "done", output: mocked.output };
    }
    return this.tasks.perform(task, machine, span);
  }

  /** Keeps an event for an execution, in the running transaction where there is one, and has it taken soon. */
  post(executionArn: string, event: Incoming): void {
    const { kernel, state } = this.cx;
    const stamped = { ...event, atMs: kernel.clock.now(), seed: kernel.random.hex(32) } as RunEvent;
    kernel.store.transaction(() => state.inbox.put([executionArn, state.number()], stamped));
    const end = kernel.activity.begin("stepfunctions");
    // A bug of ours must not end the process; the event stays in the inbox.
    queueMicrotask(
      () =>
        void this.#drain(executionArn)
          .catch((error: unknown) => console.error(error))
          .finally(end),
    );
  }

  machineOf({ revisionId, definition, mapRunArn }: MachineRecord): Machine {
    let machine = this.#machines.get(revisionId);
    if (!machine) {
      const text = mapRunArn === undefined ? definition : this.cx.state.mapTasks.get([mapRunArn])!.machine.definition;
      machine = JSON.parse(text) as Machine;
      if (this.#machines.size >= MACHINES_MAX) this.#machines.clear();
      this.#machines.set(revisionId, machine);
    }
    return machine;
  }

  /** As `post`, and waits until it was taken. Not from within a transaction. */
  async postAndWait(executionArn: string, event: Incoming): Promise<void> {
    this.post(executionArn, event);
    await this.#drain(executionArn);
  }

  /** A pump that was about to end when the event came in would not see it: looks again. */
  async #drain(executionArn: string): Promise<void> {
    do await this.#pump(executionArn);
    while (this.cx.state.inbox.first({ prefix: [executionArn] }));
  }

  #pump(executionArn: string): Promise<void> {
    const running = this.#running.get(executionArn);
    if (running) return running;
    const started = this.#empty(executionArn).finally(() => this.#running.delete(executionArn));
    this.#running.set(executionArn, started);
    return started;
  }

  async #empty(executionArn: string): Promise<void> {
    // Not before the caller's transaction is over.
    await Promise.resolve();
    for (;;) {
      const next = this.cx.state.inbox.first({ prefix: [executionArn] });
      if (!next) return;
      await this.#take(executionArn, next[0] as [string, number], next[1]);
    }
  }

  async #take(executionArn: string, key: [string, number], event: RunEvent): Promise<void> {
    const { kernel, state } = this.cx;
    const record = state.executions.get([executionArn]);
    if (!record) {
      state.inbox.remove(key);
      return;
    }
    const made = await step(this.machineOf(record.machine), record.run, event);
    const after: ExecutionRecord = { ...record, run: made.state };
    kernel.store.transaction(() => {
      state.inbox.remove(key);
      state.executions.put([executionArn], after);
      for (const event of made.history) state.history.put([executionArn, event.id], event);
      for (const effect of made.effects) this.#do(after, effect);
      this.reports.history(after, made.history);
      const isNew = event.kind === "start" || event.kind === "redrive";
      if (isNew || made.state.status !== record.run.status) this.reports.status(after);
      if (made.state.status !== "RUNNING") {
        this.#tellWatchers(after);
        if (after.mapRunIndex !== undefined && record.run.status === "RUNNING") this.mapRuns.childEnded(after);
      }
    });
    if (after.mapRunIndex !== undefined) this.mapRuns.tellBusy(after);
  }

  #do(record: ExecutionRecord, effect: Effect): void {
    const { arn } = record;
    const { kernel, state } = this.cx;
    switch (effect.kind) {
      case "setTimer":
        return kernel.timers.set(TIMER, `${arn} ${effect.name}`, effect.atMs, { executionArn: arn, name: effect.name });
      case "cancelTimer":
        return kernel.timers.cancel(TIMER, `${arn} ${effect.name}`);
      case "continue":
        return this.post(arn, { kind: "continue" });
      case "startMapRun":
        return this.mapRuns.begin(record, effect);
      case "redriveMapRun":
        return this.mapRuns.redrive(effect.arn, effect.redriveCount);
      case "cancelMapRun":
        return this.mapRuns.cancel(effect.arn);
      case "cancelTask":
        this.#stopChild(record, effect.id);
        state.tasks.remove([arn, effect.id]);
        if (effect.token !== undefined) state.tokens.remove([effect.token]);
        return;
      case "startTask": {
        const { kind: _, heartbeatSeconds: __, ...task } = effect;
        state.tasks.put([arn, effect.id], { executionArn: arn, ...task });
        if (effect.token !== undefined) state.tokens.put([effect.token], { executionArn: arn, id: effect.id });
        if (readResource(effect.resource).kind !== "activity") this.#deliverTask({ executionArn: arn, id: effect.id });
        else {
          state.waiting.put([effect.resource, state.number()], {
            token: effect.token!,
            input: textOf(effect.parameters),
          });
          kernel.news.tell(effect.resource);
        }
      }
    }
  }

  /** AWS: an execution that a `.sync` task waits for is stopped with the task. */
  #stopChild({ arn, machine }: ExecutionRecord, id: string): void {
    const child = this.cx.state.tasks.get([arn, id])?.child;
    if (child === undefined) return;
    this.cx.state.watchers.remove([child, arn, id]);
    this.#deliverStop({ child, machine: { arn: machine.arn, roleArn: machine.roleArn, scope: machine.scope } });
  }

  async #perform({ payload: { executionArn, id } }: Delivery<TaskDelivery>, span: Span): Promise<void> {
    const { kernel, state } = this.cx;
    const task = state.tasks.get([executionArn, id]);
    const record = state.executions.get([executionArn]);
    if (!task || !record) return;
    const event = await this.#outcome(task, record, span);
    kernel.store.transaction(() => {
      if (!state.tasks.has([executionArn, id])) return;
      if (event.kind !== "taskSubmitted") state.tasks.remove([executionArn, id]);
      else if (event.child !== undefined) this.#watch(task, event.child, event.json);
      const { child: _, json: __, ...told } = event as Incoming & { child?: string; json?: boolean };
      this.post(executionArn, told as Incoming);
    });
  }

  async #outcome(task: TaskRecord, record: ExecutionRecord, span: Span): Promise<Outcome> {
    const { id } = task;
    try {
      const end = await this.perform(task, record, record.run, span);
      if (end.kind === "done") return { kind: "taskSucceeded", id, output: end.output };
      const child = end.kind === "child" ? { child: end.executionArn, json: end.json } : {};
      return { kind: "taskSubmitted", id, output: end.output, ...child };
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      return {
        kind: "taskFailed",
        id,
        ...(error.error === undefined ? {} : { error: error.error }),
        ...(error.causeText === undefined ? {} : { cause: error.causeText }),
      };
    }
  }

  /** Has the end of an execution told to a task that waits for it. */
  #watch(task: TaskRecord, child: string, json = false): void {
    const { kernel, state } = this.cx;
    const { executionArn, id } = task;
    state.watchers.put([child, executionArn, id], { json });
    state.tasks.put([executionArn, id], { ...task, child });
    queueMicrotask(() => {
      const record = state.executions.get([child]);
      if (record && record.run.status !== "RUNNING") kernel.store.transaction(() => this.#tellWatchers(record));
    });
  }

  #tellWatchers(record: ExecutionRecord): void {
    const { state } = this.cx;
    const watching = Array.from(state.watchers.entries({ prefix: [record.arn] }));
    for (const [key, { json }] of watching) {
      const [, executionArn, id] = key as [string, string, string];
      state.watchers.remove(key);
      const output = childOutput(record, json);
      if (record.run.status === "SUCCEEDED") this.post(executionArn, { kind: "taskSucceeded", id, output });
      else this.post(executionArn, { kind: "taskFailed", id, error: "States.TaskFailed", cause: textOf(output) });
    }
  }
}

/** What `.sync` gives: the execution's description, its output as text or (`.sync:2`) as JSON. */
function childOutput(record: ExecutionRecord, json: boolean): Json {
  const { startDate, stopDate, ...rest } = describe(record);
  const made: Record<string, Json> = {};
  for (const [name, value] of Object.entries(rest)) made[`${name[0]!.toUpperCase()}${name.slice(1)}`] = value as Json;
  if (json && record.run.output !== undefined) made["Output"] = record.run.output;
  if (json) made["Input"] = record.run.identity.input;
  return { ...made, StartDate: startDate!.getTime(), StopDate: stopDate?.getTime() ?? null };
}
