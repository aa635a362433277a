/** One step of a run while it is made: the draft of its state, what it recorded, what is to be done outside. */
import { machineAt, type Machine, type StateDefinition } from "./definition.ts";
import { Fields, languageOf } from "./fields.ts";
import type { Json, JsonObject } from "./json.ts";
import { SeededRandom } from "./random.ts";
import type { Effect, Frame, HistoryRecord, RunState } from "./state.ts";

/** A run that went beyond what AWS records of one. */
export class HistoryFull extends Error {
  override name = "HistoryFull";
}

export class Run {
  readonly history: HistoryRecord[] = [];
  readonly effects: Effect[] = [];
  readonly random: SeededRandom;

  constructor(
    readonly machine: Machine,
    readonly state: RunState,
    readonly nowMs: number,
    seed: string,
  ) {
    this.random = new SeededRandom(seed);
  }

  definitionOf(frame: Frame): StateDefinition {
    return machineAt(this.machine, frame.place).States[frame.state]!;
  }

  /** Records an event that follows `previousEventId`, and returns its id. */
  record(type: string, previousEventId: number, member?: string, details?: JsonObject): number {
    const { eventsMax = Infinity } = this.state.identity;
    // The last one is kept for the execution's end.
    if (this.state.lastEventId >= eventsMax - 1 && !type.startsWith("Execution")) throw new HistoryFull();
    const id = ++this.state.lastEventId;
    this.history.push({
      id,
      previousEventId,
      type,
      atMs: this.nowMs,
      ...(member === undefined ? {} : { member, details: details ?? {} }),
    });
    return id;
  }

  /** Records an event of a line of states, after its last one. */
  note(frame: Frame, type: string, member?: string, details?: JsonObject): void {
    frame.lastId = this.record(type, frame.lastId, member, details);
  }

  addFrame(
    frame: Omit<Frame, "id" | "phase" | "variables" | "enteredMs" | "enteredId" | "retried" | "retryCount">,
  ): Frame {
    const made: Frame = {
      ...frame,
      id: this.state.nextFrame++,
      phase: "enter",
      variables: {},
      enteredMs: 0,
      enteredId: 0,
      retried: {},
      retryCount: 0,
    };
    this.state.frames[made.id] = made;
    return made;
  }

  childrenOf(frame: Frame): Frame[] {
    return Object.values(this.state.frames).filter((other) => other.parent === frame.id);
  }

  parentOf(frame: Frame): Frame | undefined {
    return frame.parent === undefined ? undefined : this.state.frames[frame.parent];
  }

  setTimer(frame: Frame, kind: string, atMs: number): string {
    const name = `${kind}:${frame.id}:${this.state.nextNumber++}`;
    this.effects.push({ kind: "setTimer", name, atMs });
    return name;
  }

  cancelTimer(name: string | undefined): void {
    if (name !== undefined) this.effects.push({ kind: "cancelTimer", name });
  }

  /** Calls off what the line waits for. */
  release(frame: Frame, cancelsTask: boolean): void {
    this.cancelTimer(frame.timer);
    delete frame.timer;
    const { task, mapRun } = frame;
    // What was done of it is kept, so that a redrive goes on with it.
    if (mapRun && frame.phase === "mapRun" && cancelsTask) this.effects.push({ kind: "cancelMapRun", arn: mapRun.arn });
    if (!task) return;
    this.cancelTimer(task.timeoutTimer);
    this.cancelTimer(task.heartbeatTimer);
    const token = task.token === undefined ? {} : { token: task.token };
    if (cancelsTask) this.effects.push({ kind: "cancelTask", id: task.id, ...token });
    delete frame.task;
  }

  /** Removes the lines below one, with what they wait for. */
  removeChildren(frame: Frame): void {
    for (const child of this.childrenOf(frame)) {
      this.removeChildren(child);
      this.release(child, true);
      delete this.state.frames[child.id];
    }
    delete frame.children;
  }

  fields(frame: Frame, extra: { token?: string } = {}): Fields {
    const definition = this.definitionOf(frame);
    return this.fieldsWith(frame, definition, this.contextOf(frame, extra.token));
  }

  /** As `fields`, for an item of a Map. */
  fieldsOfItem(frame: Frame, index: number, value: Json, more: JsonObject = {}): Fields {
    const context = { ...this.contextOf(frame), Map: { Item: { Index: index, Value: value, ...more } } };
    return this.fieldsWith(frame, this.definitionOf(frame), context);
  }

  /** Whether a Map state's selector speaks JSONata. */
  languageAt(frame: Frame): string {
    return languageOf(this.languageScope(frame), this.definitionOf(frame));
  }

  /** The variables in reach of a line: its own and those around it. */
  variablesOf(frame: Frame): Record<string, Json> {
    const parent = this.parentOf(frame);
    return parent ? { ...this.variablesOf(parent), ...frame.variables } : frame.variables;
  }

  private fieldsWith(frame: Frame, definition: StateDefinition, context: JsonObject): Fields {
    return new Fields(definition, languageOf(this.languageScope(frame), definition), frame.input, {
      context,
      variables: this.variablesOf(frame),
      random: this.random,
      nowMs: this.nowMs,
    });
  }

  /** AWS: a machine's query language holds for the branches and iterations in it, too. */
  private languageScope(frame: Frame): Machine {
    const inner = machineAt(this.machine, frame.place);
    if (inner.QueryLanguage !== undefined) return inner;
    const parent = this.parentOf(frame);
    if (!parent) return this.machine;
    return { ...inner, QueryLanguage: languageOf(this.languageScope(parent), this.definitionOf(parent)) };
  }

  /** The context object. Source: "Accessing execution data from the Context object in Step Functions". */
  contextOf(frame: Frame, token?: string): JsonObject {
    const { identity, startedMs, redriveCount, redrivenMs } = this.state;
    const item = this.itemOf(frame);
    return {
      Execution: {
        Id: identity.executionArn,
        Input: identity.input,
        Name: identity.executionName,
        RoleArn: identity.roleArn,
        StartTime: new Date(startedMs).toISOString(),
        ...(identity.eventsMax === undefined ? {} : { RedriveCount: redriveCount }),
        ...(redrivenMs === undefined ? {} : { RedriveTime: new Date(redrivenMs).toISOString() }),
      },
      StateMachine: { Id: identity.machineArn, Name: identity.machineName },
      State: { Name: frame.state, EnteredTime: new Date(frame.enteredMs).toISOString(), RetryCount: frame.retryCount },
      ...(item ? { Map: { Item: { Index: item.index, Value: item.value } } } : {}),
      ...(token === undefined ? {} : { Task: { Token: token } }),
      ...identity.context,
    };
  }

  private itemOf(frame: Frame): Frame["item"] {
    if (frame.item) return frame.item;
    const parent = this.parentOf(frame);
    return parent && this.itemOf(parent);
  }
}
