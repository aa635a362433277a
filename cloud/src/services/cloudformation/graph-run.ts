import type { Graph } from "../../deploy/graph.ts";

/**
 * Runs a step for every node of a graph, as many at a time as the graph allows: a node's turn comes when all that it
 * needs have succeeded. After a failure nothing more is begun; what runs is waited for.
 * @param step answers whether it succeeded; never rejects
 * @returns the nodes that failed, in the order in which they did
 */
export function runGraph(
  graph: Graph,
  step: (id: string) => Promise<boolean>,
  options: { goOn?: boolean } = {},
): Promise<string[]> {
  const open = new Map([...graph].map(([id, needs]) => [id, new Set([...needs].filter((need) => graph.has(need)))]));
  const waitedBy = new Map<string, string[]>();
  for (const [id, needs] of open) for (const need of needs) waitedBy.set(need, [...(waitedBy.get(need) ?? []), id]);
  const failed: string[] = [];
  let running = 0;
  return new Promise((resolve) => {
    const begin = (id: string): void => {
      open.delete(id);
      running++;
      void step(id).then((succeeded) => {
        running--;
        if (succeeded) release(id);
        else failed.push(id);
        if (running === 0) resolve(failed);
      });
    };
    const release = (id: string): void => {
      if (failed.length > 0 && !options.goOn) return;
      for (const waiting of waitedBy.get(id) ?? []) {
        const needs = open.get(waiting);
        needs?.delete(id);
        if (needs?.size === 0) begin(waiting);
      }
    };
    for (const [id, needs] of Array.from(open)) if (needs.size === 0) begin(id);
    if (running === 0) resolve(failed);
  });
}
