import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { get, read, type Graph } from "../api.ts";
import { Empty, Head, Show } from "../components/parts.tsx";
import { useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";
import { keptSpans, onSpan, Places, type Passage } from "../traffic.ts";
import { Canvas } from "./canvas.tsx";
import { Counts, type Figures } from "./counts.ts";
import { layOut } from "./layout.ts";
import { Side } from "./side.tsx";

const GRAPH_EVERY_MS = 5000;
const FIGURES_EVERY_MS = 500;
const BACKLOG_EVERY_MS = 2000;

export function Live() {
  const words = useWords();
  const loaded = useLoaded(() => get<Graph>("/api/graph"), "graph", GRAPH_EVERY_MS);
  const [stack, setStack] = useState("");
  return (
    <>
      <Head title={words.live.title}>
        {loaded.value && loaded.value.stacks.length > 1 && (
          <select value={stack} onChange={(event) => setStack(event.target.value)} aria-label={words.resources.stack}>
            <option value="">{words.live.all}</option>
            {loaded.value.stacks.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <p className="muted small hint">{words.live.hint}</p>
      </Head>
      <Show loaded={loaded}>
        {(graph) => (graph.nodes.length === 0 ? <NothingDeployed /> : <Stage graph={graph} stack={stack} />)}
      </Show>
    </>
  );
}

function NothingDeployed() {
  const words = useWords();
  return (
    <Empty title={words.live.empty}>
      <p>{words.live.emptyHow}</p>
      <pre className="inline">npx katachi deploy</pre>
    </Empty>
  );
}

const CALLER = { id: "caller", kind: "caller", stack: "", logicalId: "", physicalId: "", type: "" };

function Stage({ graph, stack }: { graph: Graph; stack: string }) {
  const words = useWords();
  const shape = JSON.stringify([graph.nodes, graph.edges, stack, words.kinds["caller"]]);
  const drawn = useMemo(() => withCallers(graph, stack, words.kinds["caller"]!), [shape]);
  const picture = useMemo(() => layOut(drawn), [drawn]);
  const [selected, setSelected] = useState<string>();
  const { counts, figures, subscribe } = useTraffic(drawn);
  const backlog = useBacklog(drawn);
  return (
    <div className={`stage ${selected === undefined ? "" : "with-side"}`}>
      <Canvas
        picture={picture}
        selected={selected}
        onSelect={setSelected}
        figures={figures}
        backlog={backlog}
        subscribe={subscribe}
      />
      {selected !== undefined && (
        <Side graph={drawn} selected={selected} counts={counts} figures={figures} onSelect={setSelected} />
      )}
    </div>
  );
}

/** Adds where requests come from, in front of the APIs. */
function withCallers(graph: Graph, stack: string, label: string): Graph {
  const nodes = graph.nodes.filter((node) => stack === "" || node.stack === stack);
  const ids = new Set(nodes.map(({ id }) => id));
  const edges = graph.edges.filter(({ from, to }) => ids.has(from) && ids.has(to));
  const apis = nodes.filter(({ kind }) => kind === "http-api" || kind === "rest-api");
  if (apis.length === 0) return { ...graph, nodes, edges };
  return {
    ...graph,
    nodes: [{ ...CALLER, label }, ...nodes],
    edges: [...apis.map(({ id }) => ({ from: CALLER.id, to: id, kind: "seen" })), ...edges],
  };
}

/** Follows the traffic through a picture. Figures change twice a second, however much passes. */
function useTraffic(graph: Graph) {
  const [figures, setFigures] = useState<ReadonlyMap<string, Figures>>(new Map());
  const listeners = useRef(new Set<(passage: Passage) => void>());
  const counts = useMemo(() => new Counts(), [graph]);
  useEffect(() => {
    const places = new Places(graph);
    const apis = new Set(graph.edges.filter(({ from }) => from === CALLER.id).map(({ to }) => to));
    const ids = [...graph.nodes.map(({ id }) => id), ...graph.edges.map(({ from, to }) => `${from} ${to}`)];
    const passed = (passage: Passage, isNew: boolean) => {
      const from = passage.from ?? (apis.has(passage.to) ? CALLER.id : undefined);
      counts.add({ ...passage, from }, performance.now());
      if (isNew) for (const listener of listeners.current) listener({ ...passage, from });
    };
    for (const span of keptSpans()) for (const passage of places.take(span, 0)) passed(passage, false);
    const stop = onSpan((span) => {
      for (const passage of places.take(span, performance.now())) passed(passage, true);
    });
    const tick = () => {
      for (const passage of places.sweep(performance.now())) passed(passage, true);
      const now = performance.now();
      const next = new Map<string, Figures>();
      for (const id of ids) {
        const found = counts.find(id, now);
        if (found) next.set(id, found);
      }
      setFigures((former) => (same(former, next) ? former : next));
    };
    tick();
    const timer = setInterval(tick, FIGURES_EVERY_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [graph, counts]);
  const subscribe = useCallback((listener: (passage: Passage) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  return { counts, figures, subscribe };
}

function same(a: ReadonlyMap<string, Figures>, b: ReadonlyMap<string, Figures>): boolean {
  if (a.size !== b.size) return false;
  for (const [id, { rate, calls, errors }] of b) {
    const former = a.get(id);
    if (former?.rate !== rate || former.calls !== calls || former.errors !== errors) return false;
  }
  return true;
}

const QUEUES_WATCHED = 30;

function useBacklog(graph: Graph): ReadonlyMap<string, number> {
  const queues = graph.nodes.filter(({ kind }) => kind === "queue").slice(0, QUEUES_WATCHED);
  const load = async () => {
    const found = await Promise.all(
      queues.map(async ({ id, physicalId }) => {
        const input = { QueueUrl: physicalId, AttributeNames: ["ApproximateNumberOfMessages"] };
        const { Attributes } = await read<{ Attributes: Record<string, string> }>("sqs", "GetQueueAttributes", input);
        return [id, Number(Attributes["ApproximateNumberOfMessages"])] as const;
      }),
    );
    return new Map(found);
  };
  const { value } = useLoaded(load, queues.map(({ id }) => id).join(), BACKLOG_EVERY_MS);
  return value ?? NO_BACKLOG;
}

const NO_BACKLOG: ReadonlyMap<string, number> = new Map();
