/** What a WHERE clause says of the key, and what is left of it. */
import type { AttributeValue, Item } from "../attribute-value.ts";
import type { BoundCondition } from "../condition.ts";
import { InvalidInput } from "../invalid-input.ts";
import { keyConditionsOf, type KeyCondition } from "../key-condition.ts";

/** Names of the attributes of a key. */
export interface KeyNames {
  readonly partition: readonly string[];
  readonly sort: readonly string[];
}

export interface WhereClause {
  /** Conditions by key attribute for each partition that is asked for; empty: no partition is, all has to be read. */
  readonly partitions: readonly ReadonlyMap<string, KeyCondition>[];
  readonly filter: BoundCondition | undefined;
}

/** Splits a WHERE clause into what the key answers and a filter for the rest. */
export function splitWhere(where: BoundCondition | undefined, key: KeyNames): WhereClause {
  const rest = where ? conjuncts(where) : [];
  const fixed = new Map<string, KeyCondition>();
  for (const name of key.partition) takeKey(rest, fixed, name, ["EQ"]);
  const choices = fixed.size === key.partition.length ? [fixed] : takeChoices(rest, fixed, key);
  if (choices.length === 0) return { partitions: [], filter: where };
  for (const name of key.sort) {
    const sorted = new Map<string, KeyCondition>();
    if (!takeKey(rest, sorted, name, ["EQ", "LT", "LE", "GT", "GE", "BETWEEN", "BEGINS_WITH"])) break;
    for (const choice of choices) choice.set(name, sorted.get(name)!);
    if (sorted.get(name)!.operator !== "EQ") break;
  }
  return { partitions: choices, filter: joined(rest) };
}

/** The whole key that a WHERE clause names, and what is left as a condition. Undefined where the key is not whole. */
export function wholeKeyOf(
  where: BoundCondition | undefined,
  names: readonly string[],
): { key: Item; condition: BoundCondition | undefined } | undefined {
  const rest = where ? conjuncts(where) : [];
  const fixed = new Map<string, KeyCondition>();
  if (!names.every((name) => takeKey(rest, fixed, name, ["EQ"]))) return undefined;
  const key: Item = {};
  for (const [name, { values }] of fixed) key[name] = values[0]!;
  return { key, condition: joined(rest) };
}

function conjuncts(condition: BoundCondition): BoundCondition[] {
  return condition.kind === "and" ? [...conjuncts(condition.left), ...conjuncts(condition.right)] : [condition];
}

function joined(conditions: readonly BoundCondition[]): BoundCondition | undefined {
  const [first, ...rest] = conditions;
  return first && rest.reduce<BoundCondition>((left, right) => ({ kind: "and", left, right }), first);
}

/** Moves the first condition on a key attribute over from what is left. */
function takeKey(
  rest: BoundCondition[],
  taken: Map<string, KeyCondition>,
  name: string,
  operators: readonly string[],
): boolean {
  const at = rest.findIndex((condition) => {
    const found = keyConditionOn(condition, name);
    if (!found || !operators.includes(found.operator)) return false;
    taken.set(name, found);
    return true;
  });
  if (at >= 0) rest.splice(at, 1);
  return at >= 0;
}

function keyConditionOn(condition: BoundCondition, name: string): KeyCondition | undefined {
  try {
    const found = keyConditionsOf(condition).get(name);
    return found && found.values.length > 0 ? found : undefined;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

/** `pk IN [a, b]` asks for several partitions. */
function takeChoices(
  rest: BoundCondition[],
  fixed: ReadonlyMap<string, KeyCondition>,
  { partition }: KeyNames,
): Map<string, KeyCondition>[] {
  const open = partition.filter((name) => !fixed.has(name));
  const at = rest.findIndex((condition) => open.length === 1 && valuesIn(condition, open[0]!) !== undefined);
  if (at < 0) return [];
  const values = valuesIn(rest[at]!, open[0]!)!;
  rest.splice(at, 1);
  const distinct = new Map(values.map((value) => [JSON.stringify(value), value]));
  return Array.from(distinct.values(), (value) => new Map([...fixed, [open[0]!, { operator: "EQ", values: [value] }]]));
}

function valuesIn(condition: BoundCondition, name: string): AttributeValue[] | undefined {
  if (condition.kind !== "in") return undefined;
  const [subject, ...choices] = condition.args;
  if (subject?.kind !== "path" || subject.path.length > 1 || subject.path[0] !== name) return undefined;
  const values = choices.flatMap((choice) => (choice.kind === "value" ? [choice.value] : []));
  return values.length === choices.length && values.length > 0 ? values : undefined;
}
