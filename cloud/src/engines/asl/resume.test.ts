/**
 * Property: a machine gives the same result and the same history whether it runs straight or is killed and resumed between
 * any two events: what a run is, is all in its state, and what it waits for, all in its effects.
 */
import { describe, expect, it } from "vitest";
import type { Machine, StateDefinition } from "./definition.ts";
import { isObject, type Json } from "./json.ts";
import { newRun, type HistoryRecord, type RunEvent, type RunState } from "./state.ts";
import { step } from "./step.ts";
import { validateDefinition } from "./validation.ts";

const MACHINES = 150;
const EVENTS_MAX = 5000;

/** Small numbers that repeat themselves. Source: mulberry32. */
class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Makes machines: lines of states that end, with branches, items, waits, tasks that fail, retries and catches. */
class Maker {
  #count = 0;

  constructor(
    private readonly dice: Dice,
    private readonly jsonata: boolean,
  ) {}

  machine(depth = 0): Machine {
    const names = Array.from({ length: 1 + this.dice.below(4) }, () => `S${this.#count++}`);
    const States: Record<string, StateDefinition> = {};
    const ends = `S${this.#count++}`;
    names.forEach((name, index) => (States[name] = this.state(names[index + 1] ?? ends, ends, depth)));
    States[ends] = this.dice.below(8) === 0 ? { Type: "Fail", Error: "Given", Cause: "up" } : { Type: "Succeed" };
    return { StartAt: names[0]!, States, ...(this.jsonata && depth === 0 ? { QueryLanguage: "JSONata" } : {}) };
  }

  private state(Next: string, ends: string, depth: number): StateDefinition {
    const { dice } = this;
    const kind = dice.below(depth < 2 ? 7 : 5);
    if (kind === 0) return { Type: "Pass", ...this.output(), Next };
    if (kind === 1) return { Type: "Wait", Seconds: dice.below(5), Next };
    if (kind === 2) return this.choice(Next, ends);
    if (kind === 3 || kind === 4) return { ...this.task(), ...this.recovery(ends), Next } as StateDefinition;
    if (kind === 5) {
      const Branches = Array.from({ length: 1 + dice.below(3) }, () => this.machine(depth + 1));
      return { Type: "Parallel", Branches, ...this.recovery(ends), Next } as StateDefinition;
    }
    const items = Array.from({ length: dice.below(4) }, (_, index) => ({ index, n: dice.below(10) }));
    const MaxConcurrency = dice.below(3);
    const given = this.jsonata ? { Items: items } : { ItemsPath: "$$.Execution.Input.items" };
    const ItemProcessor = this.machine(depth + 1);
    return { Type: "Map", ...given, MaxConcurrency, ItemProcessor, ...this.recovery(ends), Next } as StateDefinition;
  }

  private output(): object {
    const name = `v${this.dice.below(3)}`;
    if (this.jsonata)
      return {
        Assign: { [name]: "{% $millis() % 1000 %}" },
        Output: { seen: "{% $states.input %}", id: "{% $uuid() %}" },
      };
    return {
      Parameters: { "seen.$": "$", "id.$": "States.UUID()", "hash.$": "States.Hash('x', 'MD5')" },
      Assign: { [name]: this.dice.below(100) },
    };
  }

  private choice(Next: string, ends: string): StateDefinition {
    const limit = this.dice.below(10);
    const rule = this.jsonata
      ? { Condition: `{% $millis() % 10 < ${limit} %}`, Next }
      : { Variable: "$$.State.EnteredTime", StringMatches: `*${limit}Z`, Next };
    return { Type: "Choice", Choices: [rule], Default: this.dice.below(4) === 0 ? ends : Next } as StateDefinition;
  }

  private task(): object {
    const Resource = this.dice.of([
      "arn:aws:states:::sqs:sendMessage",
      "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "arn:aws:lambda:us-east-1:000000000000:function:f",
      "arn:aws:states:us-east-1:000000000000:activity:a",
    ]);
    const parameters = {
      mood: this.dice.of(["good", "good", "good", "bad", "slow", "flaky"]),
      n: this.dice.below(1000),
    };
    const timeout = this.dice.below(2) === 0 ? { TimeoutSeconds: 20, HeartbeatSeconds: 8 } : { TimeoutSeconds: 30 };
    return {
      Type: "Task",
      Resource,
      ...timeout,
      ...(this.jsonata ? { Arguments: parameters } : { Parameters: parameters }),
    };
  }

  private recovery(ends: string): object {
    const Retry = [
      { ErrorEquals: ["Busy", "States.Timeout"], IntervalSeconds: 1, MaxAttempts: 2, JitterStrategy: "FULL" },
    ];
    const Catch = [{ ErrorEquals: ["States.ALL"], Next: ends }];
    return { ...(this.dice.below(2) === 0 ? { Retry } : {}), ...(this.dice.below(2) === 0 ? { Catch } : {}) };
  }
}

/** What is kept of a run: all that a new process has after the old one was killed. */
interface Kept {
  state: RunState;
  history: HistoryRecord[];
  nowMs: number;
  events: number;
  /** What comes in next, by its time and number. */
  coming: { atMs: number; order: number; name: string; event: Record<string, unknown> }[];
}

/** How a task goes: by its parameters, so that it goes the same way whoever asks. */
function worldOf(parameters: Json, id: string, attempt: number) {
  const { mood, n } = isObject(parameters) ? (parameters as { mood: string; n: number }) : { mood: "good", n: 0 };
  const afterMs = 1 + (n % 7) * 500;
  if (mood === "bad") return { afterMs, event: { kind: "taskFailed", id, error: "Broken", cause: `n=${n}` } };
  if (mood === "flaky" && attempt % 2 === 1) return { afterMs, event: { kind: "taskFailed", id, error: "Busy" } };
  if (mood === "slow") return { afterMs: 60_000, event: { kind: "taskSucceeded", id, output: n } };
  return { afterMs, event: { kind: "taskSucceeded", id, output: { n } } };
}

async function play(machine: Machine, input: Json, kills: boolean): Promise<Kept> {
  const identity = {
    executionArn: "arn:aws:states:us-east-1:000000000000:execution:m:e",
    executionName: "e",
    roleArn: "arn:aws:iam::000000000000:role/r",
    machineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:m",
    machineName: "m",
    region: "us-east-1",
    eventsMax: 25_000,
    timeoutSeconds: 600,
    input,
  };
  const start = { atMs: 0, order: 0, name: "", event: { kind: "start" } };
  let kept: Kept = { state: newRun(identity, 0), history: [], nowMs: 0, events: 0, coming: [start] };
  let order = 1;
  while (kept.state.status === "RUNNING" && kept.coming.length > 0 && kept.events < EVENTS_MAX) {
    // Killed here: what is not written down is lost.
    if (kills) kept = JSON.parse(JSON.stringify(kept)) as Kept;
    kept.coming.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    const next = kept.coming.shift()!;
    kept.nowMs = Math.max(kept.nowMs, next.atMs);
    const event = { ...next.event, atMs: kept.nowMs, seed: `seed-${next.order}` } as unknown as RunEvent;
    const before = JSON.stringify(kept.state);
    const made = await step(machine, kept.state, event);
    expect(JSON.stringify(kept.state)).toBe(before);
    kept.state = made.state;
    kept.history.push(...made.history);
    kept.events++;
    for (const effect of made.effects) {
      const add = (atMs: number, name: string, then: object) =>
        kept.coming.push({ atMs, order: order++, name, event: then as Record<string, unknown> });
      if (effect.kind === "setTimer") add(effect.atMs, effect.name, { kind: "timer", name: effect.name });
      else if (effect.kind === "cancelTimer") kept.coming = kept.coming.filter(({ name }) => name !== effect.name);
      else if (effect.kind === "cancelTask") kept.coming = kept.coming.filter(({ event: { id } }) => id !== effect.id);
      else if (effect.kind === "continue") add(kept.nowMs, "", { kind: "continue" });
      else if (effect.kind === "startTask") {
        const frame = kept.state.frames[effect.id.split(".")[0]!];
        const { afterMs, event: then } = worldOf(effect.parameters, effect.id, (frame?.retryCount ?? 0) + 1);
        add(kept.nowMs + afterMs, "", then);
      }
    }
  }
  return kept;
}

describe("random machines", () => {
  for (const jsonata of [false, true])
    it(`of ${jsonata ? "JSONata" : "JSONPath"} run the same straight, or killed between any two events`, async () => {
      const ends = new Set<string>();
      for (let number = 0; number < MACHINES; number++) {
        const dice = new Dice(number * 2 + (jsonata ? 1 : 0));
        const machine = new Maker(dice, jsonata).machine();
        const problems = validateDefinition(JSON.stringify(machine)).filter(({ code }) => code !== "UNREACHABLE_STATE");
        expect(problems).toEqual([]);
        const input = { items: Array.from({ length: dice.below(5) }, (_, n) => ({ n })) };
        const straight = await play(machine, input, false);
        const killed = await play(machine, input, true);
        expect(straight.state.status, `machine ${number}`).not.toBe("RUNNING");
        expect(JSON.parse(JSON.stringify(killed.state))).toEqual(JSON.parse(JSON.stringify(straight.state)));
        expect(JSON.parse(JSON.stringify(killed.history))).toEqual(JSON.parse(JSON.stringify(straight.history)));
        // Ids count without a gap, and each event follows one that is there.
        straight.history.forEach(({ id, previousEventId }, index) => {
          expect(id).toBe(index + 1);
          expect(previousEventId).toBeLessThan(id);
        });
        ends.add(straight.state.status);
      }
      expect([...ends].sort()).toEqual(["FAILED", "SUCCEEDED"]);
    });
});

describe("expressions that loop or explode", () => {
  const run = async (Output: string) => {
    const machine: Machine = {
      QueryLanguage: "JSONata",
      StartAt: "A",
      States: { A: { Type: "Pass", Output, End: true } },
    };
    return (await play(machine, {}, false)).state;
  };

  it.each([
    ["never end", "{% ($f := function($n) { $f($n + 1) }; $f(0)) %}"],
    ["call themselves without end", "{% ($f := function($n) { 1 + $f($n + 1) }; $f(0)) %}"],
    ["make lists without end", "{% [1..100000000] %}"],
    ["make texts without end", "{% ($f := function($t) { $length($t) > 300000 ? $t : $f($t & $t) }; $f('xx')) %}"],
  ])("those that %s end with the right error", async (what, expression) => {
    const state = await run(expression);
    expect(state.status).toBe("FAILED");
    expect(state.error).toBe(
      what === "make texts without end" ? "States.DataLimitExceeded" : "States.QueryEvaluationError",
    );
  });
});
