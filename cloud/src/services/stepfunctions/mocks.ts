/**
 * Mocked service integrations: what tasks answer in a test case, instead of being run. The file is that of Step Functions
 * Local; a test case is chosen by `#Name` behind the machine's ARN when an execution starts.
 * Source: "Using mocked service integrations for testing in Step Functions Local".
 */
import { readFileSync } from "node:fs";
import { StatesError } from "../../engines/asl/error.ts";
import { isObject, type Json } from "../../engines/asl/json.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { validation } from "./errors.ts";

interface Response {
  readonly from: number;
  readonly to: number;
  readonly answer: { readonly Return: Json } | { readonly Throw: { readonly Error: string; readonly Cause: string } };
}

/** A file that is not as it must be. */
export class MockFileError extends Error {
  override name = "MockFileError";
}

const all = new WeakMap<Kernel, Mocks>();

export class Mocks {
  /** Machine, test case, state → responses */
  readonly #cases = new Map<string, Map<string, Map<string, readonly Response[]>>>();
  /** How often a state of an execution was answered for. */
  readonly #counts = new Map<string, number>();

  /** One for each kernel. */
  static of(kernel: Kernel): Mocks {
    let found = all.get(kernel);
    if (!found) all.set(kernel, (found = new Mocks()));
    return found;
  }

  /** @throws MockFileError naming what is wrong */
  load(path: string): void {
    let file: Json;
    try {
      file = JSON.parse(readFileSync(path, "utf8")) as Json;
    } catch (error) {
      throw new MockFileError(`${path} cannot be read as JSON: ${(error as Error).message}`);
    }
    const responses = new Map<string, readonly Response[]>();
    for (const [name, response] of members(file, "MockedResponses", path))
      responses.set(
        name,
        Object.entries(object(response, name, path)).map(([key, value]) => responseOf(key, value, `${path}: ${name}`)),
      );
    for (const [machine, given] of members(file, "StateMachines", path)) {
      const cases = new Map<string, Map<string, readonly Response[]>>();
      for (const [name, states] of members(given, "TestCases", `${path}: ${machine}`)) {
        const chosen = new Map<string, readonly Response[]>();
        for (const [state, response] of Object.entries(object(states, name, path))) {
          const found = responses.get(String(response));
          if (!found)
            throw new MockFileError(
              `${path}: ${machine}, ${name}, ${state}: there is no response ${String(response)}.`,
            );
          chosen.set(state, found);
        }
        cases.set(name, chosen);
      }
      this.#cases.set(machine, cases);
    }
  }

  /** @throws AwsError where there is no such test case */
  check(machine: string, testCase: string): void {
    if (!this.#cases.get(machine)?.has(testCase))
      throw validation(
        `There is no test case '${testCase}' of the state machine '${machine}' in the mock configuration`,
      );
  }

  /**
   * What a task answers; undefined: it is not mocked.
   * @throws StatesError what the mock throws
   */
  answer(
    machine: string,
    testCase: string,
    executionArn: string,
    state: string,
  ): { readonly output: Json } | undefined {
    const responses = this.#cases.get(machine)?.get(testCase)?.get(state);
    if (!responses) return undefined;
    const key = `${executionArn} ${state}`;
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    const found = responses.find(({ from, to }) => count >= from && count <= to)?.answer;
    if (!found)
      throw new StatesError("States.Runtime", `There is no mocked response number ${count} for the state '${state}'`);
    if ("Return" in found) return { output: found.Return };
    throw new StatesError(found.Throw.Error, found.Throw.Cause);
  }
}

function object(value: Json | undefined, name: string, where: string) {
  if (isObject(value)) return value;
  throw new MockFileError(`${where}: ${name} must be an object.`);
}

function members(holder: Json, name: string, where: string): [string, Json][] {
  return Object.entries(object(object(holder, "the top", where)[name], name, where));
}

function responseOf(key: string, value: Json, where: string): Response {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(key) ?? [];
  if (from === undefined) throw new MockFileError(`${where}: "${key}" is no number and no range such as "1-2".`);
  const given = object(value, key, where);
  const numbers = { from: Number(from), to: Number(to) };
  if ("Return" in given) return { ...numbers, answer: { Return: given["Return"]! } };
  const { Error: name, Cause = "" } = object(given["Throw"], `${key}: Return or Throw`, where);
  return { ...numbers, answer: { Throw: { Error: String(name), Cause: String(Cause) } } };
}
