import { describe, expect, it } from "vitest";
import type { Machine, StateDefinition } from "./definition.ts";
import type { Json } from "./json.ts";
import { type Effect, type HistoryRecord, newRun, type RunEvent, type RunState } from "./state.ts";
import { step } from "./step.ts";

type TaskAnswer = { output: Json } | { error: string; cause?: string };
interface Ran {
  state: RunState;
  history: HistoryRecord[];
}
interface RunOptions {
  input?: Json;
  tasks?: (resource: string, parameters: Json) => TaskAnswer;
  /** Writes the state down and reads it again between any two events, and steps state by state. */
  resumed?: boolean;
}

const IDENTITY = {
  executionArn: "arn:aws:states:us-east-1:000000000000:execution:m:e",
  executionName: "e",
  roleArn: "arn:aws:iam::000000000000:role/r",
  machineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:m",
  machineName: "m",
  region: "us-east-1",
  eventsMax: 25_000,
};

/** Runs a machine to its end, playing the world outside in a fixed order. */
async function play(machine: Machine, { input = {}, tasks, resumed = false }: RunOptions = {}): Promise<Ran> {
  let state = newRun({ ...IDENTITY, input, timeoutSeconds: machine.TimeoutSeconds }, 0);
  const history: HistoryRecord[] = [];
  const timers = new Map<string, number>();
  let queue: RunEvent[] = [{ kind: "start", atMs: 0, seed: "0" }];
  let nowMs = 0;
  for (let count = 1; state.status === "RUNNING"; count++) {
    if (queue.length === 0) {
      const [name, atMs] = [...timers].sort(([, a], [, b]) => a - b)[0] ?? [];
      if (name === undefined) throw new Error("nothing to wait for");
      nowMs = atMs!;
      timers.delete(name);
      queue.push({ kind: "timer", name, atMs: nowMs, seed: "t" });
    }
    const before = resumed ? (JSON.parse(JSON.stringify(state)) as RunState) : state;
    const made = await step(machine, before, queue.shift()!, { statesMax: resumed ? 1 : 1000 });
    state = made.state;
    history.push(...made.history);
    for (const effect of made.effects) queue = [...act(effect), ...queue];
  }
  return { state, history };

  function act(effect: Effect): RunEvent[] {
    if (effect.kind === "setTimer") timers.set(effect.name, effect.atMs);
    if (effect.kind === "cancelTimer") timers.delete(effect.name);
    if (effect.kind === "continue") return [{ kind: "continue", atMs: nowMs, seed: "c" }];
    if (effect.kind !== "startTask" || !tasks) return [];
    const answer = tasks(effect.resource, effect.parameters);
    const base = { id: effect.id, atMs: nowMs, seed: "a" };
    return [
      "output" in answer ? { ...base, ...answer, kind: "taskSucceeded" } : { ...base, ...answer, kind: "taskFailed" },
    ];
  }
}

function one(state: Omit<StateDefinition, "End">, more: Partial<Machine> = {}): Machine {
  return { StartAt: "X", States: { X: { ...state, End: true } }, ...more };
}

const outputOf = async (machine: Machine, options?: RunOptions): Promise<unknown> => {
  const { state } = await play(machine, options);
  return state.status === "SUCCEEDED" ? state.output : { [state.status]: state.error, cause: state.cause };
};

describe("JSONPath machines", () => {
  it.each<[string, Omit<StateDefinition, "End">, Json, Json]>([
    ["InputPath", { Type: "Pass", InputPath: "$.a" }, { a: 1 }, 1],
    ["null InputPath", { Type: "Pass", InputPath: null }, { a: 1 }, {}],
    ["ResultPath", { Type: "Pass", Result: 2, ResultPath: "$.b.c" }, { a: 1 }, { a: 1, b: { c: 2 } }],
    ["null ResultPath", { Type: "Pass", Result: 2, ResultPath: null }, { a: 1 }, { a: 1 }],
    ["OutputPath", { Type: "Pass", OutputPath: "$.a[1:]" }, { a: [1, 2, 3] }, [2, 3]],
    [
      "Parameters",
      { Type: "Pass", Parameters: { "x.$": "$..b", n: [{ "y.$": "$$.State.Name" }] } },
      { a: { b: 1 } },
      { x: [1], n: [{ y: "X" }] },
    ],
    [
      "a filter",
      { Type: "Pass", InputPath: "$.a[?(@.n > 1 && @.s == 'x')].n" },
      {
        a: [
          { n: 1, s: "x" },
          { n: 2, s: "x" },
          { n: 3, s: "y" },
        ],
      },
      [2],
    ],
    ["Succeed", { Type: "Succeed", OutputPath: "$.a" }, { a: 1 }, 1],
  ])("read %s", async (_, state, input, expected) => {
    expect(await outputOf(one(state), { input })).toEqual(expected);
  });

  it.each<[string, Json]>([
    ["States.Format('{} is {}, \\{\\}', $.s, $.n)", "a,b is 7, {}"],
    ["States.StringToJson('{\"a\":1}')", { a: 1 }],
    ["States.JsonToString($.o)", '{"k":1}'],
    ["States.Array(1, 'a', null, $.n)", [1, "a", null, 7]],
    ["States.ArrayPartition($.l, 2)", [[1, 2], [2]]],
    ["States.ArrayContains($.l, 2)", true],
    ["States.ArrayRange(1, 9, 4)", [1, 5, 9]],
    ["States.ArrayGetItem($.l, 1)", 2],
    ["States.ArrayLength($.l)", 3],
    ["States.ArrayUnique($.l)", [1, 2]],
    ["States.Base64Encode($.s)", "YSxi"],
    ["States.Base64Decode('YSxi')", "a,b"],
    ["States.Hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"],
    ["States.JsonMerge($.o, States.StringToJson('{\"k\":2}'), false)", { k: 2 }],
    ["States.MathAdd($.n, -2)", 5],
    ["States.StringSplit('1,2;3', ',;')", ["1", "2", "3"]],
  ])("compute %s", async (text, expected) => {
    const input = { s: "a,b", n: 7, o: { k: 1 }, l: [1, 2, 2] };
    expect(await outputOf(one({ Type: "Pass", Parameters: { "v.$": text } }), { input })).toEqual({ v: expected });
  });

  it.each<[object, Json, boolean]>([
    [{ Variable: "$.v", StringEquals: "a" }, "a", true],
    [{ Variable: "$.v", StringMatches: "a*\\*" }, "abc*", true],
    [{ Variable: "$.v", StringMatches: "a.c" }, "abc", false],
    [{ Variable: "$.v", NumericGreaterThanEquals: 3 }, 3, true],
    [{ Variable: "$.v", NumericLessThanPath: "$.w" }, 3, true],
    [{ Variable: "$.v", NumericEquals: 3 }, "3", false],
    [{ Variable: "$.v", BooleanEquals: false }, false, true],
    [{ Variable: "$.v", TimestampLessThan: "2026-01-01T00:00:00Z" }, "2025-12-31T23:59:59+00:00", true],
    [{ Variable: "$.v", IsTimestamp: true }, "2025-12-31", false],
    [{ Variable: "$.x", IsPresent: false }, 1, true],
    [{ Variable: "$.v", IsNull: true }, null, true],
    [
      {
        Not: {
          And: [
            { Variable: "$.v", IsString: true },
            { Variable: "$.v", StringLessThan: "b" },
          ],
        },
      },
      "c",
      true,
    ],
    [
      {
        Or: [
          { Variable: "$.v", IsNumeric: true },
          { Variable: "$.v", IsBoolean: true },
        ],
      },
      "c",
      false,
    ],
  ])("choose by %j", async (rule, v, expected) => {
    const machine = {
      StartAt: "C",
      States: {
        C: { Type: "Choice", Choices: [{ ...rule, Next: "Yes" }], Default: "No" },
        Yes: { Type: "Pass", Result: true, End: true },
        No: { Type: "Pass", Result: false, End: true },
      },
    } as Machine;
    expect(await outputOf(machine, { input: { v, w: 4 } })).toBe(expected);
  });

  it.each<[string, Omit<StateDefinition, "End">, string, RegExp]>([
    [
      "a missing InputPath",
      { Type: "Pass", InputPath: "$.x" },
      "States.Runtime",
      /entered at the event id #2\)\. Invalid path '\$\.x'/,
    ],
    [
      "a missing parameter",
      { Type: "Pass", Parameters: { "a.$": "$.x" } },
      "States.ParameterPathFailure",
      /The JSONPath '\$\.x' specified for the field 'a\.\$' could not be found in the input '\{\}'/,
    ],
    [
      "a bad ResultPath",
      { Type: "Pass", Result: 1, ResultPath: "$.a[0]" },
      "States.ResultPathMatchFailure",
      /Unable to apply/,
    ],
    [
      "a bad argument",
      { Type: "Pass", Parameters: { "a.$": "States.MathAdd('1', 2)" } },
      "States.IntrinsicFailure",
      /MathAdd/,
    ],
    [
      "no match",
      { Type: "Choice", Choices: [{ Variable: "$", IsNull: true, Next: "X" }] },
      "States.NoChoiceMatched",
      /Failed to transition/,
    ],
    [
      "Fail by paths",
      { Type: "Fail", ErrorPath: "$$.State.Name", CausePath: "States.Format('no {}', 1)" },
      "X",
      /^no 1$/,
    ],
  ])("fail for %s", async (_, state, error, cause) => {
    const { state: ended } = await play(one(state));
    expect([ended.status, ended.error]).toEqual(["FAILED", error]);
    expect(ended.cause).toMatch(cause);
  });

  it("keep variables, each in its scope", async () => {
    const machine: Machine = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Assign: { "x.$": "$.n", y: [1] }, Next: "P" },
        P: {
          Type: "Parallel",
          Branches: [one({ Type: "Pass", Assign: { z: 1 }, Parameters: { "sum.$": "States.MathAdd($x, 1)" } })],
          Next: "B",
        },
        B: { Type: "Pass", Parameters: { "x.$": "$x", "y.$": "$y[0]", "in.$": "$[0].sum" }, End: true },
      },
    };
    const { state, history } = await play(machine, { input: { n: 5 } });
    expect(state.output).toEqual({ x: 5, y: 1, in: 6 });
    expect(history.find(({ type }) => type === "PassStateExited")?.details?.["assignedVariables"]).toEqual({
      x: "5",
      y: "[1]",
    });
  });
});

describe("tasks", () => {
  const task: Omit<StateDefinition, "End"> = { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage" };

  it("retry with backoff, then catch", async () => {
    const machine: Machine = {
      StartAt: "T",
      States: {
        T: {
          ...task,
          Retry: [{ ErrorEquals: ["A"], MaxAttempts: 2, IntervalSeconds: 3, MaxDelaySeconds: 5 }],
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "After" }],
          End: true,
        },
        After: { Type: "Pass", End: true },
      },
    };
    const { state, history } = await play(machine, { input: { a: 1 }, tasks: () => ({ error: "A", cause: "c" }) });
    expect(state.output).toEqual({ a: 1, error: { Error: "A", Cause: "c" } });
    expect(history.filter(({ type }) => type === "TaskScheduled").map(({ atMs }) => atMs)).toEqual([0, 3000, 8000]);
  });

  it.each([
    ["States.Timeout", { TimeoutSeconds: 5 }],
    ["States.HeartbeatTimeout", { TimeoutSeconds: 50, HeartbeatSeconds: 5 }],
  ])("end with %s", async (error, times) => {
    const { state, history } = await play(one({ ...task, ...times }));
    expect([state.error, state.stoppedMs, history.at(-2)?.type]).toEqual([error, 5000, "TaskTimedOut"]);
  });

  it("record what AWS records", async () => {
    const { history } = await play(one(task), { tasks: () => ({ output: { MessageId: "m" } }) });
    expect(history.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, "ExecutionStarted"],
      [2, 0, "TaskStateEntered"],
      [3, 2, "TaskScheduled"],
      [4, 3, "TaskStarted"],
      [5, 4, "TaskSucceeded"],
      [6, 5, "TaskStateExited"],
      [7, 6, "ExecutionSucceeded"],
    ]);
    expect(history[2]!.details).toMatchObject({ resourceType: "sqs", resource: "sendMessage", region: "us-east-1" });
  });

  it("may not return more than 256 KiB", async () => {
    expect(await outputOf(one(task), { tasks: () => ({ output: "x".repeat(262_144) }) })).toMatchObject({
      FAILED: "States.DataLimitExceeded",
    });
  });

  it("are tried again by a redrive, and nothing else is", async () => {
    const machine = one({ Type: "Parallel", Branches: [one(task), one({ Type: "Pass", Result: "done" })] });
    const ran = await play(machine, { tasks: () => ({ error: "A" }) });
    const again = await step(machine, ran.state, { kind: "redrive", atMs: 1, seed: "r" });
    expect(again.history.map(({ type }) => type)).toEqual(["ExecutionRedriven", "TaskScheduled", "TaskStarted"]);
    const started = again.effects.find((effect) => effect.kind === "startTask")!;
    const end = await step(machine, again.state, {
      kind: "taskSucceeded",
      id: started.id,
      output: 1,
      atMs: 2,
      seed: "",
    });
    expect(end.state.output).toEqual([1, "done"]);
  });
});

describe("Map", () => {
  const map: Machine = one({
    Type: "Map",
    ItemsPath: "$.l",
    ItemSelector: { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "k.$": "$.k" },
    MaxConcurrency: 2,
    ItemProcessor: one({ Type: "Pass" }),
    ResultSelector: { "all.$": "$[*].v" },
  });

  it("keeps the order of its items", async () => {
    expect(await outputOf(map, { input: { l: [3, 1, 2], k: "k" } })).toEqual({ all: [3, 1, 2] });
  });

  it("records its iterations", async () => {
    const { history } = await play(map, { input: { l: [1], k: 1 } });
    expect(history.map(({ previousEventId, type }) => [previousEventId, type])).toEqual([
      [0, "ExecutionStarted"],
      [0, "MapStateEntered"],
      [2, "MapStateStarted"],
      [3, "MapIterationStarted"],
      [4, "PassStateEntered"],
      [5, "PassStateExited"],
      [6, "MapIterationSucceeded"],
      [7, "MapStateSucceeded"],
      [8, "MapStateExited"],
      [9, "ExecutionSucceeded"],
    ]);
  });
});

describe("JSONata machines", () => {
  const ata = (state: Omit<StateDefinition, "End">): Machine => one(state, { QueryLanguage: "JSONata" });

  it.each<[string, Json]>([
    ["$states.input.n + 1", 8],
    ["$partition([1,2,3], 2)", [[1, 2], [3]]],
    ["$range(0, 6, 3)", [0, 3, 6]],
    ["$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"],
    ["$parse('{\"a\":1}').a", 1],
    ["$states.context.State.Name", "X"],
    ["$now()", "1970-01-01T00:00:00.000Z"],
    ["$random(7) = $random(7)", true],
    ["$length($uuid())", 36],
  ])("compute %s", async (expression, expected) => {
    expect(await outputOf(ata({ Type: "Pass", Output: `{% ${expression} %}` }), { input: { n: 7 } })).toEqual(expected);
  });

  it("give tasks arguments, and their results on", async () => {
    const machine: Machine = {
      QueryLanguage: "JSONata",
      StartAt: "T",
      States: {
        T: {
          Type: "Task",
          Resource: "arn:aws:states:::sqs:sendMessage",
          Arguments: { n: "{% $states.input.n %}" },
          Assign: { seen: "{% $states.result.n %}" },
          Output: { r: "{% $states.result %}" },
          Next: "C",
        },
        C: { Type: "Choice", Choices: [{ Condition: "{% $seen = 3 %}", Next: "M" }] },
        M: {
          Type: "Map",
          Items: "{% [1, 2] %}",
          ItemProcessor: one({ Type: "Pass", Output: "{% $states.input * $seen %}" }),
          End: true,
        },
      },
    };
    expect(await outputOf(machine, { input: { n: 3 }, tasks: (_, parameters) => ({ output: parameters }) })).toEqual([
      3, 6,
    ]);
  });

  it.each<[string, RegExp]>([
    ["$states.input.none", /returned nothing \(undefined\)/],
    ["1 + 'a'", /T2002/],
    ["($f := function($x) { 1 + $f($x) }; $f(1))", /D1011|Stack/i],
    ["$eval('1')", /T1006/],
  ])("fail for %s", async (expression, cause) => {
    const { state, history } = await play(ata({ Type: "Pass", Output: `{% ${expression} %}` }));
    expect(state.error).toBe("States.QueryEvaluationError");
    expect(state.cause).toMatch(cause);
    expect(history.at(-2)).toMatchObject({ type: "EvaluationFailed", details: { location: "Output", state: "X" } });
  });
});

describe("a run", () => {
  it("ends at 25,000 events", async () => {
    const machine: Machine = { StartAt: "X", States: { X: { Type: "Pass", Next: "X" } } };
    const { state, history } = await play(machine);
    expect([state.status, history.length]).toEqual(["FAILED", 25_000]);
  });

  it("ends at the machine's timeout", async () => {
    const { state } = await play(one({ Type: "Wait", Seconds: 100 }, { TimeoutSeconds: 7 }));
    expect([state.status, state.stoppedMs]).toEqual(["TIMED_OUT", 7000]);
  });

  it("gives the same history when it is written down between any two states", async () => {
    const counts = { failed: 0, succeeded: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      const machine = randomMachine(numbers(seed), 2);
      const input = { l: [1, 2], v: seed % 3 };
      // What a task answers depends on its input alone: the order in which lines run is the engine's own.
      const tasks = (_: string, parameters: Json): TaskAnswer =>
        JSON.stringify(parameters).length % 3 === 0 ? { error: "A", cause: "c" } : { output: parameters };
      const straight = await play(machine, { input, tasks });
      const resumed = await play(machine, { input, tasks, resumed: true });
      expect(resumed.state.output).toEqual(straight.state.output);
      expect([resumed.state.status, resumed.state.error]).toEqual([straight.state.status, straight.state.error]);
      const shape = ({ history }: Ran) =>
        history.map(({ id, previousEventId, type, atMs, details }) => ({ id, previousEventId, type, atMs, details }));
      expect(shape(resumed)).toEqual(shape(straight));
      counts[straight.state.status === "SUCCEEDED" ? "succeeded" : "failed"]++;
    }
    expect(Math.min(counts.failed, counts.succeeded)).toBeGreaterThan(5);
  });
});

function numbers(seed: number): (below: number) => number {
  let at = seed * 2654435761;
  return (below) => {
    at = (Math.imul(at ^ (at >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (at >>> 8) % below;
  };
}

/** A machine of a few states in a row, with branches and iterations down to a depth. */
function randomMachine(pick: (below: number) => number, depth: number): Machine {
  const count = 1 + pick(4);
  const states: Record<string, StateDefinition> = {};
  for (let index = 0; index < count; index++) {
    const last = index === count - 1;
    states[`S${index}`] = { ...randomState(pick, depth), ...(last ? { End: true } : { Next: `S${index + 1}` }) };
  }
  return { StartAt: "S0", States: states };
}

function randomState(pick: (below: number) => number, depth: number): StateDefinition {
  const recover =
    pick(2) === 0 ? { Retry: [{ ErrorEquals: ["A"], MaxAttempts: pick(3), IntervalSeconds: 1 + pick(3) }] } : {};
  const kind = pick(depth > 0 ? 6 : 4);
  if (kind === 0) return { Type: "Pass", Result: pick(9), ResultPath: "$.v" };
  if (kind === 1) return { Type: "Wait", Seconds: pick(5) };
  if (kind === 4)
    return {
      Type: "Parallel",
      Branches: Array.from({ length: 1 + pick(3) }, () => randomMachine(pick, depth - 1)),
      ResultPath: "$.p",
      ...recover,
    };
  if (kind === 5)
    return {
      Type: "Map",
      ItemsPath: "$.l",
      ItemSelector: { "l.$": "$.l", "i.$": "$$.Map.Item.Value" },
      MaxConcurrency: pick(3),
      ItemProcessor: randomMachine(pick, depth - 1),
      ResultPath: "$.m",
      ...recover,
    };
  return { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", ResultPath: "$.t", ...recover };
}
