/** Reading and writing by paths. */
import { StatesError } from "./error.ts";
import { isObject, isSame, type Json, type JsonObject } from "./json.ts";
import { parsePath, type Operand, type Path, type Segment, type Test } from "./path-syntax.ts";

/** What paths may name. */
export interface PathData {
  readonly input: Json;
  readonly context: Json;
  /** The variables in reach, by name. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** What a path names: one value where it is definite (undefined: nothing there), a list of all it matches otherwise. */
export function findByPath(text: string, data: PathData): Json | undefined {
  const path = parsePath(text);
  const root = rootOf(path, data);
  if (root === undefined) return undefined;
  const found = select(path.segments, root, root);
  return path.definite ? found[0] : found;
}

function rootOf(path: Path, data: PathData): Json | undefined {
  if (path.root === "$") return data.input;
  if (path.root === "$$") return data.context;
  return Object.hasOwn(data.variables, path.root) ? data.variables[path.root] : undefined;
}

function select(segments: readonly Segment[], start: Json, root: Json): Json[] {
  let nodes: Json[] = [start];
  for (const segment of segments) nodes = nodes.flatMap((node) => step(segment, node, root));
  return nodes;
}

function step(segment: Segment, node: Json, root: Json): Json[] {
  switch (segment.kind) {
    case "names":
      return namesOf(segment.names, node);
    case "indexes":
      return Array.isArray(node) ? segment.indexes.flatMap((index) => present(node.at(index))) : [];
    case "slice":
      return Array.isArray(node) ? slice(node, segment) : [];
    case "all":
      return Array.isArray(node) ? node : isObject(node) ? Object.values(node) : [];
    case "descend":
      return descend(node);
    case "filter":
      return (Array.isArray(node) ? node : isObject(node) ? [node] : []).filter((item) =>
        holds(segment.test, item, root),
      );
    case "function":
      return present(apply(segment.name, node));
  }
}

function namesOf(names: readonly string[], node: Json): Json[] {
  if (!isObject(node)) return [];
  if (names.length === 1) return Object.hasOwn(node, names[0]!) ? [node[names[0]!]!] : [];
  // Jayway: a union of names makes one object of those that are there.
  return [Object.fromEntries(names.filter((name) => Object.hasOwn(node, name)).map((name) => [name, node[name]!]))];
}

function present(value: Json | undefined): Json[] {
  return value === undefined ? [] : [value];
}

function slice(list: readonly Json[], { from, to, step: by }: { from?: number; to?: number; step: number }): Json[] {
  const cut = list.slice(from ?? 0, to);
  return by > 1 ? cut.filter((_, index) => index % by === 0) : cut;
}

function descend(node: Json): Json[] {
  const below = Array.isArray(node) ? node : isObject(node) ? Object.values(node) : [];
  return [node, ...below.flatMap(descend)];
}

function holds(test: Test, item: Json, root: Json): boolean {
  switch (test.kind) {
    case "or":
      return holds(test.left, item, root) || holds(test.right, item, root);
    case "and":
      return holds(test.left, item, root) && holds(test.right, item, root);
    case "not":
      return !holds(test.test, item, root);
    case "exists":
      return valueOf(test.operand, item, root) !== undefined;
    case "compare":
      return compare(test.operator, valueOf(test.left, item, root), test.right, item, root);
  }
}

function valueOf(operand: Operand, item: Json, root: Json): Json | undefined {
  if (operand.kind === "value") return operand.value;
  if (operand.kind === "regex") return undefined;
  const start = operand.kind === "current" ? item : root;
  return select(operand.segments, start, root)[0];
}

function compare(operator: string, left: Json | undefined, operand: Operand, item: Json, root: Json): boolean {
  if (operand.kind === "regex") return operator === "=~" && typeof left === "string" && operand.regex.test(left);
  const right = valueOf(operand, item, root);
  if (operator === "==") return isSame(left, right);
  if (operator === "!=") return !isSame(left, right);
  if (operator === "in") return Array.isArray(right) && right.some((value) => isSame(value, left));
  if (operator === "nin") return Array.isArray(right) && !right.some((value) => isSame(value, left));
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false;
  const [a, b] = [left, right as typeof left];
  return operator === "<" ? a < b : operator === "<=" ? a <= b : operator === ">" ? a > b : a >= b;
}

function apply(name: string, node: Json): Json | undefined {
  if (name === "length" || name === "size")
    return Array.isArray(node) || typeof node === "string"
      ? node.length
      : isObject(node)
        ? Object.keys(node).length
        : undefined;
  if (name === "keys") return isObject(node) ? Object.keys(node) : undefined;
  if (!Array.isArray(node)) return undefined;
  if (name === "first") return node[0];
  if (name === "last") return node.at(-1);
  const numbers = node.filter((item) => typeof item === "number");
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, number) => total + number, 0);
  const average = sum / numbers.length;
  if (name === "min") return Math.min(...numbers);
  if (name === "max") return Math.max(...numbers);
  if (name === "sum") return sum;
  if (name === "avg") return average;
  return Math.sqrt(numbers.reduce((total, number) => total + (number - average) ** 2, 0) / numbers.length);
}

/**
 * The target with a value put where a reference path points; what is missing on the way is made.
 * @throws StatesError `States.ResultPathMatchFailure` where something else stands in the way
 */
export function putByPath(text: string, target: Json, value: Json): Json {
  const { segments } = parsePath(text);
  return put(segments, target, value, () => {
    throw new StatesError(
      "States.ResultPathMatchFailure",
      `Unable to apply step "${text.slice(2)}" to input ${JSON.stringify(target)}`,
    );
  });
}

function put(segments: readonly Segment[], target: Json | undefined, value: Json, fail: () => never): Json {
  const [segment, ...rest] = segments;
  if (segment === undefined) return value;
  if (segment.kind === "names") {
    const name = segment.names[0]!;
    if (target !== undefined && !isObject(target)) return fail();
    const copy: JsonObject = { ...target };
    copy[name] = put(rest, Object.hasOwn(copy, name) ? copy[name] : undefined, value, fail);
    return copy;
  }
  const index = segment.kind === "indexes" ? segment.indexes[0]! : fail();
  if (!Array.isArray(target) || index < 0 || index >= target.length) return fail();
  return target.map((item, position) => (position === index ? put(rest, item, value, fail) : item));
}
