import { callMethod, own, setOwn } from "./methods.ts";
import { parseTemplate } from "./parser.ts";
import { VtlError, type Expression, type Node, type Operator, type Reference, type Step } from "./syntax.ts";
import { isEqual, isHost, isMap, isTrue, MadeList, textOf } from "./value.ts";

export { VtlError } from "./syntax.ts";
export type { HostObject } from "./value.ts";

/** AWS: "Quotas for creating, deploying and managing an API": iterations in a #foreach loop of a mapping template. */
const ITERATIONS_MAX = 1_000;
const DEPTH_MAX = 20;
/** Steps of one rendering, so that loops in loops end. */
const STEPS_MAX = 1_000_000;
const OUTPUT_MAX = 12 * 1024 * 1024;
const CACHED_MAX = 1_000;

const parsed = new Map<string, readonly Node[]>();

/**
 * Renders a template of the Velocity Template Language with these variables (plain data, or host objects). Undefined
 * references are printed as nothing, as API Gateway prints them.
 *
 * Gap: numbers are JavaScript's, so that 1.0 is printed as 1 and divides as a whole number.
 * @throws VtlError
 */
export function renderTemplate(template: string, variables: Readonly<Record<string, unknown>>): string {
  let nodes = parsed.get(template);
  if (!nodes) {
    nodes = parseTemplate(template);
    if (parsed.size >= CACHED_MAX) parsed.delete(parsed.keys().next().value!);
    parsed.set(template, nodes);
  }
  const run = new Run({ ...variables });
  try {
    run.block(nodes);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return run.output;
}

class Stop extends Error {}
class Break extends Error {}

interface Macro {
  readonly parameters: readonly string[];
  readonly body: readonly Node[];
}

/** A block that `#define` keeps: it is rendered where it is referred to. */
class Defined {
  constructor(readonly body: readonly Node[]) {}
}

class Run {
  output = "";
  readonly #macros = new Map<string, Macro>();
  #depth = 0;
  #steps = 0;

  constructor(private readonly variables: Record<string, unknown>) {}

  block(nodes: readonly Node[]): void {
    for (const node of nodes) this.#node(node);
  }

  #write(text: string): void {
    this.output += text;
    if (this.output.length > OUTPUT_MAX) throw new VtlError("The template's output is too large");
  }

  #node(node: Node): void {
    if (++this.#steps > STEPS_MAX) throw new VtlError("The template takes too many steps");
    switch (node.kind) {
      case "text":
        return this.#write(node.text);
      case "reference":
        return this.#write(textOf(this.#read(node.reference)));
      case "set":
        return this.#set(node.target, this.#value(node.value));
      case "if":
        return this.#if(node);
      case "foreach":
        return this.#foreach(node);
      case "macro":
        this.#macros.set(node.name, node);
        return undefined;
      case "call":
        return this.#call(node);
      case "define":
        this.variables[node.name] = new Defined(node.body);
        return undefined;
      case "evaluate":
        return this.#nested(() => this.block(parseTemplate(textOf(this.#value(node.value)))));
      case "break":
        throw new Break();
      case "stop":
        throw new Stop();
    }
  }

  #if({ branches, otherwise }: Node & { kind: "if" }): void {
    const branch = branches.find(({ condition }) => isTrue(this.#value(condition)));
    this.block(branch?.body ?? otherwise);
  }

  #foreach({ name, items, body }: Node & { kind: "foreach" }): void {
    const value = this.#value(items);
    const list: unknown[] = Array.isArray(value) ? [...value] : isMap(value) ? Object.values(value) : [];
    if (list.length > ITERATIONS_MAX)
      throw new VtlError(`A #foreach loop may have at most ${ITERATIONS_MAX} iterations`);
    const before = { item: this.variables[name], foreach: this.variables["foreach"] };
    try {
      list.forEach((item, index) => {
        this.variables[name] = item;
        this.variables["foreach"] = {
          index,
          count: index + 1,
          first: index === 0,
          last: index === list.length - 1,
          hasNext: index < list.length - 1,
          parent: before.foreach,
        };
        this.variables["velocityCount"] = index + 1;
        this.block(body);
      });
    } catch (error) {
      if (!(error instanceof Break)) throw error;
    } finally {
      this.variables[name] = before.item;
      this.variables["foreach"] = before.foreach;
    }
  }

  #call({ name, given, source }: Node & { kind: "call" }): void {
    const macro = this.#macros.get(name);
    if (!macro) return this.#write(source);
    const values = given.map((one) => this.#value(one));
    const before = macro.parameters.map((parameter) => this.variables[parameter]);
    macro.parameters.forEach((parameter, at) => (this.variables[parameter] = values[at]));
    try {
      this.#nested(() => this.block(macro.body));
    } finally {
      macro.parameters.forEach((parameter, at) => (this.variables[parameter] = before[at]));
    }
  }

  #nested(work: () => void): void {
    if (++this.#depth > DEPTH_MAX) throw new VtlError(`Macros may be nested at most ${DEPTH_MAX} deep`);
    try {
      work();
    } finally {
      this.#depth--;
    }
  }

  // ---- references ----

  #read({ name, steps }: Reference): unknown {
    let value: unknown = Object.hasOwn(this.variables, name) ? this.variables[name] : undefined;
    if (value instanceof Defined) value = this.#rendered(value.body);
    for (const step of steps) {
      if (value === undefined || value === null) return undefined;
      value = this.#step(value, step);
    }
    return value;
  }

  #rendered(nodes: readonly Node[]): string {
    const before = this.output;
    this.output = "";
    try {
      this.#nested(() => this.block(nodes));
      return this.output;
    } finally {
      this.output = before;
    }
  }

  #step(value: unknown, step: Step): unknown {
    if (step.kind === "index") return this.#index(value, this.#value(step.index));
    if (step.kind === "method") {
      const given = step.given.map((one) => this.#value(one));
      return isHost(value) ? value.call(step.name, given) : callMethod(value, step.name, given);
    }
    if (isHost(value)) return value.get(step.name);
    if (isMap(value) && Object.hasOwn(value, step.name)) return value[step.name];
    // A property is a method of no arguments too: `$list.empty`, `$map.size`.
    return step.name === "empty" ? callMethod(value, "isEmpty", []) : undefined;
  }

  #index(value: unknown, index: unknown): unknown {
    if (isHost(value)) return value.get(textOf(index));
    if (Array.isArray(value)) return value.at(Number(index));
    return isMap(value) ? own(value, textOf(index)) : undefined;
  }

  /** Velocity: a null value leaves a variable as it was; API Gateway's templates set it, so that loops do not carry it on. */
  #set({ name, steps }: Reference, value: unknown): void {
    const last = steps.at(-1);
    if (!last) {
      this.variables[name] = value;
      return;
    }
    const holder = this.#read({ name, steps: steps.slice(0, -1) });
    if (last.kind === "method") throw new VtlError(`A method cannot be set: ${last.name}`);
    const key = last.kind === "property" ? last.name : this.#value(last.index);
    if (Array.isArray(holder)) holder[Number(key)] = value;
    else if (isMap(holder)) setOwn(holder, textOf(key), value);
  }

  // ---- expressions ----

  #value(expression: Expression): unknown {
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "interpolated":
        return this.#rendered(expression.nodes);
      case "list":
        return MadeList.from(expression.items.map((item) => this.#value(item)));
      case "range":
        return rangeOf(Number(this.#value(expression.from)), Number(this.#value(expression.to)));
      case "map":
        return this.#map(expression);
      case "reference":
        return this.#read(expression.reference);
      case "not":
        return !isTrue(this.#value(expression.operand));
      case "negative":
        return -Number(this.#value(expression.operand));
      case "binary":
        return this.#binary(expression);
    }
  }

  #map({ entries }: Expression & { kind: "map" }): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const [key, value] of entries) setOwn(map, textOf(this.#value(key)), this.#value(value));
    return map;
  }

  #binary({ operator, left, right }: Expression & { kind: "binary" }): unknown {
    const first = this.#value(left);
    if (operator === "&&") return isTrue(first) && isTrue(this.#value(right));
    if (operator === "||") return isTrue(first) || isTrue(this.#value(right));
    const second = this.#value(right);
    if (operator === "==") return isEqual(first, second);
    if (operator === "!=") return !isEqual(first, second);
    if (operator === "+" && (typeof first === "string" || typeof second === "string"))
      return textOf(first) + textOf(second);
    return arithmetic(operator, first, second);
  }
}

function rangeOf(from: number, to: number): unknown[] {
  const count = Math.min(Math.abs(to - from), ITERATIONS_MAX) + 1;
  return MadeList.from({ length: count }, (_, at) => (to >= from ? from + at : from - at));
}

/** What is no number makes null, as Velocity has it. */
function arithmetic(operator: Operator, left: unknown, right: unknown): unknown {
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/": {
      if (right === 0) return undefined;
      return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right;
    }
    case "%":
      return right === 0 ? undefined : left % right;
    default:
      return undefined;
  }
}
