/** What a query asks of the key, as a range of the store. */
import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { KeyCondition, KeyConditions } from "../../engines/dynamodb-expressions/key-condition.ts";
import type { Key } from "../../kernel/key.ts";
import type { Range } from "../../kernel/store.ts";
import { invalid, invalidParameter } from "./errors.ts";
import { checkKeyValues } from "./item-check.ts";
import { keyPart, partAfter, partAfterPrefix, partitionKey } from "./key.ts";
import type { Index, KeyAttribute, Table } from "./table.ts";

const INDEXABLE: ReadonlySet<string> = new Set(["EQ", "LT", "LE", "GT", "GE", "BETWEEN", "BEGINS_WITH"]);

/** @throws ValidationException where the conditions are not such that a partition can be read by them */
export function checkKeyConditions(schema: Table | Index, conditions: KeyConditions): void {
  const { partition, sort } = schema;
  if (partition.length === 1 && sort.length <= 1) checkCount(conditions.size, 2);
  if (conditions.size > partition.length + sort.length) throw notSupported();
  for (const attribute of partition) {
    const condition = conditions.get(attribute.name);
    if (!condition) throw missing(attribute);
    checkCondition(attribute, condition);
    if (condition.operator !== "EQ") throw notSupported();
  }
  let left = conditions.size - partition.length;
  for (const attribute of sort) {
    if (left === 0) break;
    const condition = conditions.get(attribute.name);
    if (!condition) throw missing(attribute);
    checkCondition(attribute, condition);
    left--;
    // With several sort attributes all but the last condition are equalities.
    if (left > 0 && condition.operator !== "EQ") throw notSupported();
  }
  for (const { name } of [...partition, ...sort])
    for (const value of conditions.get(name)?.values ?? []) checkValue(schema, name, value);
}

/** @throws ValidationException unless there are as many conditions as a key has attributes */
export function checkCount(count: number, max: number): void {
  if (count < 1 || count > max) throw invalid("Conditions can be of length 1 or 2 only");
}

/** The keys that meet the conditions, which were checked. */
export function rangeOf(schema: Table | Index, conditions: KeyConditions): Range {
  const partition: Item = {};
  for (const { name } of schema.partition) partition[name] = conditions.get(name)!.values[0]!;
  let prefix = partitionKey(schema.number, schema.partition, partition);
  for (const { name } of schema.sort) {
    const condition = conditions.get(name);
    if (!condition) break;
    if (condition.operator !== "EQ") return { prefix, ...boundsOf(prefix, condition) };
    prefix = [...prefix, keyPart(condition.values[0]!)];
  }
  return { prefix };
}

function boundsOf(prefix: Key, { operator, values }: KeyCondition): Range {
  const [first, second] = values.map(keyPart);
  switch (operator) {
    case "LT":
      return { to: [...prefix, first!] };
    case "LE":
      return { to: [...prefix, partAfter(first!)] };
    case "GT":
      return { from: [...prefix, partAfter(first!)] };
    case "GE":
      return { from: [...prefix, first!] };
    case "BETWEEN":
      return { from: [...prefix, first!], to: [...prefix, partAfter(second!)] };
    default: {
      const end = partAfterPrefix(first!);
      return { from: [...prefix, first!], ...(end === undefined ? {} : { to: [...prefix, end] }) };
    }
  }
}

function checkCondition(attribute: KeyAttribute, { operator, values }: KeyCondition): void {
  if (!INDEXABLE.has(operator)) throw invalid("Attempted conditional constraint is not an indexable operation");
  if (values.some((value) => value[attribute.type] === undefined))
    throw invalidParameter("Condition parameter type does not match schema type");
}

function checkValue(schema: Table | Index, name: string, value: Item[string]): void {
  const only = (attributes: readonly KeyAttribute[]) => attributes.filter((attribute) => attribute.name === name);
  checkKeyValues({ partition: only(schema.partition), sort: only(schema.sort) }, { [name]: value });
}

function missing({ name }: KeyAttribute) {
  return invalid(`Query condition missed key schema element: ${name}`);
}

function notSupported() {
  return invalid("Query key condition not supported");
}
