import type { Graph, GraphEdge, GraphNode } from "../api.ts";
import { Icon } from "../components/icon.tsx";
import { Badge, Facts, Json, Section } from "../components/parts.tsx";
import { formatClock, formatDuration } from "../format.ts";
import { useWords } from "../preferences.ts";
import type { Passage } from "../traffic.ts";
import type { Counts, Figures } from "./counts.ts";

interface SideProps {
  graph: Graph;
  selected: string;
  counts: Counts;
  figures: ReadonlyMap<string, Figures>;
  onSelect: (id: string | undefined) => void;
}

/** Beside the picture: what the chosen node or edge is, and what passed it last. */
export function Side({ graph, selected, counts, figures, onSelect }: SideProps) {
  const words = useWords();
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const node = nodes.get(selected);
  const edges = graph.edges.filter(({ from, to }) => `${from} ${to}` === selected);
  const title =
    node?.label ?? edges.map(({ from, to }) => `${nodes.get(from)?.label} → ${nodes.get(to)?.label}`)[0] ?? "";
  return (
    <aside className="side" aria-label={title}>
      <div className="side-head">
        {node && <Icon name={node.kind} />}
        <h2>{title}</h2>
        <button className="quiet" aria-label={words.close} onClick={() => onSelect(undefined)}>
          <Icon name="close" />
        </button>
      </div>
      {node ? (
        <NodeFacts node={node} figures={figures.get(selected)} />
      ) : (
        <EdgeFacts edges={edges} figures={figures.get(selected)} />
      )}
      {node && <Joins node={node} graph={graph} nodes={nodes} onSelect={onSelect} />}
      <Section title={words.live.lastEvents}>
        <Events passages={counts.events(selected)} />
      </Section>
    </aside>
  );
}

function NodeFacts({ node, figures }: { node: GraphNode; figures: Figures | undefined }) {
  const words = useWords();
  if (node.kind === "caller") return null;
  return (
    <>
      <Facts
        of={[
          [words.resources.what, words.kinds[node.kind] ?? node.kind],
          [words.resources.name, <span className="break">{node.physicalId}</span>],
          [words.resources.stack, node.stack],
          [`${words.live.calls} (${words.live.minute})`, <FigureLine figures={figures} />],
        ]}
      />
      <p>
        <a className="button" href={`#/resources/${encodeURIComponent(node.id)}`}>
          {words.live.pane}
        </a>
      </p>
    </>
  );
}

function EdgeFacts({ edges, figures }: { edges: readonly GraphEdge[]; figures: Figures | undefined }) {
  const words = useWords();
  const kinds = edges.map(
    ({ kind, label }) => [words.live.edgeKinds[kind] ?? kind, <span className="break">{label ?? "–"}</span>] as const,
  );
  return <Facts of={[...kinds, [`${words.live.calls} (${words.live.minute})`, <FigureLine figures={figures} />]]} />;
}

function FigureLine({ figures }: { figures: Figures | undefined }) {
  const words = useWords();
  return (
    <>
      {figures?.calls ?? 0}
      {figures && figures.errors > 0 && (
        <>
          {" "}
          <Badge tone="bad">{words.live.errors(figures.errors)}</Badge>
        </>
      )}
    </>
  );
}

function Joins({
  node,
  graph,
  nodes,
  onSelect,
}: {
  node: GraphNode;
  graph: Graph;
  nodes: Map<string, GraphNode>;
  onSelect: (id: string) => void;
}) {
  const words = useWords();
  const joins = graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
  if (joins.length === 0) return null;
  return (
    <Section title={words.live.joins}>
      <ul className="plain">
        {joins.map(({ from, to, kind, label }) => (
          <li key={`${from} ${to} ${kind}`}>
            <button className="link" onClick={() => onSelect(`${from} ${to}`)}>
              {from === node.id ? `→ ${nodes.get(to)?.label}` : `← ${nodes.get(from)?.label}`}
            </button>{" "}
            <span className="muted small">
              {[words.live.edgeKinds[kind] ?? kind, label].filter(Boolean).join("  ")}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Events({ passages }: { passages: readonly Passage[] }) {
  const words = useWords();
  if (passages.length === 0) return <p className="muted">{words.live.noEvents}</p>;
  return (
    <ul className="events">
      {passages.map(({ span }) => (
        <li key={span.spanId}>
          <details>
            <summary>
              <span className="mono">{formatClock(span.startMs)}</span>
              <b className="break">{span.name}</b>
              <span className="muted">{formatDuration(span.durationMs)}</span>
              {span.error && <Badge tone="bad">{span.error.code}</Badge>}
            </summary>
            {span.error && <p>{span.error.message}</p>}
            <Json value={span.input} label={words.trace.input} />
            {span.output !== undefined && <Json value={span.output} label={words.trace.output} />}
            <a href={`#/trace/${span.traceId}`}>{words.trace.request} →</a>
          </details>
        </li>
      ))}
    </ul>
  );
}
