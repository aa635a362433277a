import { AwsError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";
import type { Operation, ServiceApi } from "./model.ts";

/** A REST operation's way in: what the path, query and headers must have. */
export interface RestBinding {
  readonly name: string;
  readonly queries: readonly (readonly [name: string, value: string | undefined])[];
  readonly requiredQueries: readonly string[];
  readonly requiredHeaders: readonly string[];
}

interface Node {
  literals: Map<string, Node>;
  label?: { name: string; node: Node };
  greedy?: { name: string; bindings: Map<string, RestBinding[]> };
  /** By HTTP method. */
  bindings: Map<string, RestBinding[]>;
}

export interface RestMatch {
  readonly operation: Operation;
  readonly labels: Record<string, string>;
}

/** Finds the operation of a REST service by path segments, then by the query and headers that it requires. */
export class RestRouter {
  readonly #root: Node = newNode();
  readonly #api: ServiceApi;

  constructor(api: ServiceApi) {
    this.#api = api;
    for (const binding of api.bindings()) {
      const [path = "/", query = ""] = binding.uri.split("?");
      this.#add(binding.method, path.split("/").filter(Boolean), toBinding(binding, query));
    }
  }

  #add(method: string, segments: string[], binding: RestBinding): void {
    let node = this.#root;
    for (const segment of segments) {
      if (segment.endsWith("+}")) {
        node.greedy ??= { name: segment.slice(1, -2), bindings: new Map() };
        addSorted(node.greedy.bindings, method, binding);
        return;
      }
      if (segment.startsWith("{")) {
        node.label ??= { name: segment.slice(1, -1), node: newNode() };
        node = node.label.node;
      } else {
        let next = node.literals.get(segment);
        if (!next) node.literals.set(segment, (next = newNode()));
        node = next;
      }
    }
    addSorted(node.bindings, method, binding);
  }

  /** @throws AwsError for a path that is not percent-encoded rightly */
  find(head: HttpHead): RestMatch | undefined {
    const segments = head.path.split("/").filter((segment) => segment !== "");
    const values: string[] = [];
    const bindings = findBindings(this.#root, segments, 0, head.method, values);
    const binding = bindings && chooseBinding(bindings, head);
    if (!binding) return undefined;
    const operation = this.#api.operation(binding.name);
    return { operation, labels: labelsOf(operation.uri, values) };
  }
}

function newNode(): Node {
  return { literals: new Map(), bindings: new Map() };
}

/** Literal segments before labels, labels before greedy ones. */
function findBindings(
  node: Node,
  segments: string[],
  at: number,
  method: string,
  values: string[],
): RestBinding[] | undefined {
  if (at === segments.length) return node.bindings.get(method);
  const segment = segments[at]!;
  const literal = node.literals.get(segment);
  const found = literal && findBindings(literal, segments, at + 1, method, values);
  if (found) return found;
  if (node.label) {
    values.push(segment);
    const labelled = findBindings(node.label.node, segments, at + 1, method, values);
    if (labelled) return labelled;
    values.pop();
  }
  if (node.greedy?.bindings.has(method)) {
    values.push(segments.slice(at).join("/"));
    return node.greedy.bindings.get(method);
  }
  return undefined;
}

/** Operations may name the label of one place differently, so the names come from the operation's own template. */
function labelsOf(uri: string, values: string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 0;
  for (const [, name] of uri.matchAll(/\{([^}+]+)\+?\}/g)) {
    const value = values[at++];
    if (name !== undefined && value !== undefined) labels[name] = decodeLabel(value);
  }
  return labels;
}

/** @throws AwsError for broken percent-encoding */
export function decodeLabel(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError("SerializationException", `The path has a part that is not percent-encoded rightly: ${text}`, {
      status: 400,
    });
  }
}

/** @param query of the URI template, e.g. `tagging` or `list-type=2`; the SDK's own `x-id` says nothing to a server */
export function toBinding(
  binding: { name: string; requiredQueries: string[]; requiredHeaders: string[] },
  query: string,
): RestBinding {
  const queries = query
    .split("&")
    .filter((part) => part !== "" && !part.startsWith("x-id="))
    .map((part): readonly [string, string | undefined] => {
      const [name = "", value] = part.split("=");
      return [name, value];
    });
  return {
    name: binding.name,
    queries,
    requiredQueries: binding.requiredQueries,
    requiredHeaders: binding.requiredHeaders.map((header) => header.toLowerCase()),
  };
}

/** Keeps the most demanding binding first. */
export function addSorted(bindings: Map<string, RestBinding[]>, method: string, binding: RestBinding): void {
  const list = bindings.get(method) ?? [];
  list.push(binding);
  const weight = (b: RestBinding) => b.queries.length * 100 + b.requiredHeaders.length + b.requiredQueries.length;
  list.sort((a, b) => weight(b) - weight(a));
  bindings.set(method, list);
}

/**
 * Of operations at one path and method: the one with most literal query pairs that the request has; among such, the one
 * whose required query members and headers are all there; else the least demanding.
 */
export function chooseBinding(bindings: readonly RestBinding[], head: HttpHead): RestBinding | undefined {
  if (bindings.length === 1 && bindings[0]!.queries.length === 0) return bindings[0];
  const query = queryNames(head.query);
  let depth = -1;
  let last: RestBinding | undefined;
  for (const binding of bindings) {
    if (depth >= 0 && binding.queries.length < depth) break;
    if (
      !binding.queries.every(([name, value]) => query.has(name) && (value === undefined || query.get(name) === value))
    )
      continue;
    depth = binding.queries.length;
    last = binding;
    if (
      binding.requiredQueries.every((name) => query.has(name)) &&
      binding.requiredHeaders.every((name) => head.headers[name] !== undefined)
    )
      return binding;
  }
  return last;
}

const NO_QUERY: ReadonlyMap<string, string> = new Map();

function queryNames(query: string): ReadonlyMap<string, string> {
  if (query === "") return NO_QUERY;
  const names = new Map<string, string>();
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    names.set(name.includes("%") ? decodeLabel(name) : name, equals < 0 ? "" : part.slice(equals + 1));
  }
  return names;
}
