import { expressionsOf, walk } from "./references.ts";
import { validationError } from "./template-error.ts";
import type { Template } from "./template.ts";

/** For each resource that will exist, the resources that have to be there before it. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Orders the resources whose condition holds by what they refer to and depend on.
 * @param holds whether a condition of the template is true
 * @throws AwsError ValidationError "Circular dependency between resources: [A, B]", or "Unresolved resource dependencies"
 *   for a reference to a resource whose condition is false
 */
export function dependencyGraph(template: Template, holds: (condition: string) => boolean): Graph {
  const exists = (logicalId: string): boolean => {
    const condition = template.resources[logicalId]!.Condition;
    return condition === undefined || holds(condition);
  };
  const graph = new Map<string, Set<string>>();
  const missing = new Set<string>();
  for (const [logicalId, resource] of Object.entries(template.resources)) {
    if (!exists(logicalId)) continue;
    const needs = new Set(resource.DependsOn.filter(exists));
    const reference = ({ name }: { name: string }) => {
      if (!Object.hasOwn(template.resources, name)) return;
      if (exists(name)) needs.add(name);
      else missing.add(name);
    };
    for (const expression of expressionsOf(resource)) walk(expression, { reference }, holds);
    graph.set(logicalId, needs);
  }
  if (missing.size > 0)
    throw validationError(
      `Template format error: Unresolved resource dependencies [${[...missing].join(", ")}] in the Resources block of the template`,
    );
  refuseCircles(graph);
  return graph;
}

/** The graph turned round: for each resource, those that have to go before it may. */
export function reversed(graph: Graph): Graph {
  const result = new Map<string, Set<string>>([...graph.keys()].map((id) => [id, new Set()]));
  for (const [id, needs] of graph) for (const need of needs) result.get(need)?.add(id);
  return result;
}

function refuseCircles(graph: Graph): void {
  const open = new Map([...graph].map(([id, needs]) => [id, new Set(needs)]));
  for (let progressed = true; progressed;) {
    progressed = false;
    for (const [id, needs] of open) {
      for (const need of needs) if (!open.has(need)) needs.delete(need);
      if (needs.size === 0) {
        open.delete(id);
        progressed = true;
      }
    }
  }
  if (open.size === 0) return;
  const inCircle = [...open.keys()].filter((id) => reaches(open, id, id));
  throw validationError(`Circular dependency between resources: [${inCircle.join(", ")}]`);
}

function reaches(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const next = [...(graph.get(from) ?? [])];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    next.push(...(graph.get(at) ?? []));
  }
  return false;
}
