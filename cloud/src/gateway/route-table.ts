import { DEFAULT_ROUTE, findRouteKey, type RouteKey } from "./route-key.ts";

export interface RouteMatch<T> {
  readonly value: T;
  /** Values of the path variables, or undefined where the route has none. */
  readonly parameters: Record<string, string> | undefined;
}

interface Leaf<T> {
  readonly value: T;
  /** Names of the path variables, from the left. */
  readonly names: readonly string[];
}

class Node<T> {
  readonly literals = new Map<string, Node<T>>();
  variable: Node<T> | undefined;
  /** Routes that end here, by method. */
  readonly routes = new Map<string, Leaf<T>>();
  /** Routes whose greedy variable begins here, by method. */
  readonly greedy = new Map<string, Leaf<T>>();
}

/**
 * The routes of a stage, compiled for matching.
 *
 * AWS: "Create routes for HTTP APIs": a full match of path and method comes first, then a match with a greedy variable,
 * then `$default`. Among full matches a literal segment beats a variable one, from the left; at one path the method's own
 * route beats `ANY`.
 */
export class RouteTable<T> {
  readonly #root = new Node<T>();
  /** Routes without variables, by path: the most specific there are. */
  readonly #literal = new Map<string, Map<string, Leaf<T>>>();
  #fallback: T | undefined;

  /** @param routes route keys (valid ones) with what they lead to */
  constructor(routes: Iterable<readonly [routeKey: string, value: T]>) {
    for (const [text, value] of routes) {
      if (text === DEFAULT_ROUTE) this.#fallback = value;
      else {
        const key = findRouteKey(text);
        if (!key) throw new Error(`Not a route key: ${text}`);
        this.#add(key, value);
      }
    }
  }

  /** @param path decoded, beginning with `/`, without the stage */
  match(method: string, path: string): RouteMatch<T> | undefined {
    const literal = this.#literal.get(path);
    const leaf = literal && ofMethod(literal, method);
    if (leaf) return { value: leaf.value, parameters: undefined };
    const parts = path.slice(1).split("/");
    const values: string[] = [];
    const found = matchFull(this.#root, method, parts, 0, values) ?? matchGreedy(this.#root, method, parts, 0, values);
    if (found) return { value: found.value, parameters: named(found.names, values) };
    return this.#fallback === undefined ? undefined : { value: this.#fallback, parameters: undefined };
  }

  #add({ method, path, segments }: RouteKey, value: T): void {
    const names = segments.flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name]));
    const leaf = { value, names };
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "greedy") {
        node.greedy.set(method, leaf);
        return;
      }
      node = segment.kind === "variable" ? (node.variable ??= new Node()) : literalChild(node, segment.text);
    }
    node.routes.set(method, leaf);
    if (names.length > 0) return;
    const routes = this.#literal.get(path) ?? new Map<string, Leaf<T>>();
    this.#literal.set(path, routes.set(method, leaf));
  }
}

function literalChild<T>(node: Node<T>, text: string): Node<T> {
  let child = node.literals.get(text);
  if (!child) node.literals.set(text, (child = new Node()));
  return child;
}

function ofMethod<T>(routes: ReadonlyMap<string, Leaf<T>>, method: string): Leaf<T> | undefined {
  return routes.get(method) ?? routes.get("ANY");
}

function matchFull<T>(
  node: Node<T>,
  method: string,
  parts: readonly string[],
  at: number,
  values: string[],
): Leaf<T> | undefined {
  if (at === parts.length) return ofMethod(node.routes, method);
  const part = parts[at]!;
  const literal = node.literals.get(part);
  const found = literal && matchFull(literal, method, parts, at + 1, values);
  if (found) return found;
  return node.variable && part !== "" ? byVariable(matchFull, node.variable, method, parts, at, values) : undefined;
}

/** The greedy route with the longest path before its variable; the variable takes at least one character. */
function matchGreedy<T>(
  node: Node<T>,
  method: string,
  parts: readonly string[],
  at: number,
  values: string[],
): Leaf<T> | undefined {
  const part = parts[at];
  if (part === undefined) return undefined;
  const literal = node.literals.get(part);
  const found = literal && matchGreedy(literal, method, parts, at + 1, values);
  if (found) return found;
  const deeper =
    node.variable && part !== "" ? byVariable(matchGreedy, node.variable, method, parts, at, values) : undefined;
  if (deeper) return deeper;
  const leaf = ofMethod(node.greedy, method);
  const rest = leaf && parts.slice(at).join("/");
  if (!leaf || rest === "") return undefined;
  values.push(rest!);
  return leaf;
}

function byVariable<T>(
  descend: typeof matchFull<T>,
  node: Node<T>,
  method: string,
  parts: readonly string[],
  at: number,
  values: string[],
): Leaf<T> | undefined {
  values.push(parts[at]!);
  const found = descend(node, method, parts, at + 1, values);
  if (!found) values.pop();
  return found;
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return undefined;
  const parameters: Record<string, string> = {};
  names.forEach((name, index) => (parameters[name] = values[index]!));
  return parameters;
}
