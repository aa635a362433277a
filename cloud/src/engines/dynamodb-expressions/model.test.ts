/**
 * Random conditions against a model that is written another way: the model evaluates the random tree as closures over
 * JavaScript values, the engine parses the tree's text. Whole numbers and ASCII texts, so that JavaScript's own order
 * is the right one.
 */
import { describe, expect, it } from "vitest";
import { importItem, type ApiItem, type ApiValue } from "./attribute-input.ts";
import { matches } from "./condition.ts";
import { readCondition, readUpdate } from "./expressions.ts";
import { Substitutions } from "./substitutions.ts";
import { applyUpdate } from "./update.ts";

type Plain = number | string | boolean | undefined;
type Model = (item: Record<string, Plain>) => boolean;

const NAMES = ["alpha", "beta", "gamma", "delta"];
const COMPARATORS: Record<string, (a: number | string, b: number | string) => boolean> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

class Generator {
  #state: number;
  readonly values: Record<string, ApiValue> = {};
  readonly #names = new Map<string, string>();

  constructor(seed: number) {
    this.#state = seed;
  }

  get names(): Record<string, string> | undefined {
    return this.#names.size > 0 ? Object.fromEntries(this.#names) : undefined;
  }

  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * end);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  plain(): Exclude<Plain, undefined> {
    const kind = this.below(5);
    if (kind < 2) return this.below(7) - 3;
    if (kind < 4) return this.pick(["", "a", "ab", "abc", "b", "ba"]);
    return this.below(2) === 0;
  }

  item(): Record<string, Plain> {
    const item: Record<string, Plain> = {};
    for (const name of NAMES) if (this.below(4) > 0) item[name] = this.plain();
    return item;
  }

  /** A condition as text and as a function. */
  condition(depth: number): [text: string, model: Model] {
    const kind = depth === 0 ? 3 : this.below(5);
    if (kind === 0) {
      const [text, model] = this.condition(depth - 1);
      return [`${this.pick(["NOT", "not"])} (${text})`, (item) => !model(item)];
    }
    if (kind > 2) return this.simple();
    const [a, left] = this.condition(depth - 1);
    const [b, right] = this.condition(depth - 1);
    return kind === 1
      ? [`(${a}) AND (${b})`, (item) => left(item) && right(item)]
      : [`(${a}) or (${b})`, (item) => left(item) || right(item)];
  }

  simple(): [string, Model] {
    switch (this.below(8)) {
      case 0: {
        const [[a, first], [b, second]] = this.pair();
        return [`${a} = ${b}`, (item) => first(item) !== undefined && first(item) === second(item)];
      }
      case 1: {
        const [[a, first], [b, second]] = this.pair();
        return [`${a} <> ${b}`, (item) => first(item) === undefined || first(item) !== second(item)];
      }
      case 2: {
        const name = this.pick(NAMES);
        return this.below(2) === 0
          ? [`attribute_exists(${this.path(name)})`, (item) => item[name] !== undefined]
          : [`attribute_not_exists(${this.path(name)})`, (item) => item[name] === undefined];
      }
      case 3: {
        const [[a, first], [b, second]] = this.pair();
        const [c, third] = this.operand();
        return [
          `${a} IN (${b}, ${c})`,
          (item) => first(item) !== undefined && (first(item) === second(item) || first(item) === third(item)),
        ];
      }
      case 4: {
        const name = this.pick(NAMES);
        const part = this.pick(["", "a", "b", "ab"]);
        const [fn, holds] = this.pick([
          ["begins_with", (text: string) => text.startsWith(part)],
          ["contains", (text: string) => text.includes(part)],
        ] as const);
        return [
          `${fn}(${this.path(name)}, ${this.reference(part)})`,
          (item) => typeof item[name] === "string" && holds(item[name]),
        ];
      }
      case 5: {
        const name = this.pick(NAMES);
        const bound = this.below(4);
        return [
          `size(${this.path(name)}) >= ${this.reference(bound)}`,
          (item) => typeof item[name] === "string" && item[name].length >= bound,
        ];
      }
      default: {
        const operator = this.pick(Object.keys(COMPARATORS));
        const name = this.pick(NAMES);
        const bound = this.pick<number | string>([this.below(5) - 2, "ab"]);
        return [
          `${this.path(name)} ${operator} ${this.reference(bound)}`,
          (item) => {
            const value = item[name];
            return typeof value === typeof bound && COMPARATORS[operator]!(value as number, bound as number);
          },
        ];
      }
    }
  }

  pair() {
    const first = this.operand();
    return [first, this.operand(first[0])] as const;
  }

  operand(other?: string): [string, (item: Record<string, Plain>) => Plain] {
    if (this.below(2) === 0) {
      const value = this.plain();
      return [this.reference(value), () => value];
    }
    // The two operands of a comparison may not be the same path.
    const name = this.pick(NAMES.filter((each) => other !== each && this.#names.get(other ?? "") !== each));
    return [this.path(name), (item) => item[name]];
  }

  path(name: string): string {
    if (this.below(2) === 0) return name;
    this.#names.set(`#${name}`, name);
    return `#${name}`;
  }

  reference(value: Exclude<Plain, undefined>): string {
    const ref = `:v${Object.keys(this.values).length}`;
    this.values[ref] = valueOf(value);
    return ref;
  }
}

function valueOf(value: Exclude<Plain, undefined>): ApiValue {
  if (typeof value === "number") return { N: String(value) };
  return typeof value === "string" ? { S: value } : { BOOL: value };
}

function apiItem(item: Record<string, Plain>): ApiItem {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueOf(value!)]));
}

describe("random expressions against a model", () => {
  it("evaluates 1,500 conditions on 10 items each", () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const generator = new Generator(seed);
      const [text, model] = generator.condition(3);
      const { names, values } = generator;
      const substitutions = new Substitutions(names, Object.keys(values).length > 0 ? values : undefined);
      const condition = readCondition("FilterExpression", text, substitutions);
      substitutions.checkUsed();
      for (let i = 0; i < 10; i++) {
        const item = generator.item();
        expect(matches(condition, importItem(apiItem(item))), `${text} on ${JSON.stringify(item)}`).toBe(model(item));
      }
    }
  });

  it("applies 1,000 updates", () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const generator = new Generator(seed);
      const item = generator.item();
      const changed = { ...item };
      const sections: string[] = [];
      const [set, gone, counted] = [...NAMES].sort(() => generator.below(3) - 1) as [string, string, string];
      const value = generator.plain();
      sections.push(
        `SET ${generator.path(set)} = if_not_exists(${generator.path(set)}, ${generator.reference(value)})`,
      );
      changed[set] ??= value;
      sections.push(`REMOVE ${generator.path(gone)}`);
      delete changed[gone];
      if (item[counted] === undefined || typeof item[counted] === "number") {
        const step = generator.below(9) - 4;
        sections.push(`ADD ${generator.path(counted)} ${generator.reference(step)}`);
        changed[counted] = ((item[counted] as number | undefined) ?? 0) + step;
      }
      const text = sections.sort(() => generator.below(3) - 1).join(" ");
      const actions = readUpdate(text, new Substitutions(generator.names, generator.values));
      expect(applyUpdate(actions, importItem(apiItem(item))), text).toEqual(apiItem(changed));
    }
  });
});
