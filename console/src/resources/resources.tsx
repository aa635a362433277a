import { useEffect, useRef, useState } from "react";
import { get, type Graph, type GraphNode } from "../api.ts";
import { Icon } from "../components/icon.tsx";
import { Empty, Head, Show } from "../components/parts.tsx";
import { useLoaded } from "../hooks.ts";
import { PANES } from "../panes/registry.ts";
import { useWords } from "../preferences.ts";
import { FactsPane } from "../panes/facts.tsx";

export function Resources({ id }: { id: string }) {
  const words = useWords();
  const loaded = useLoaded(() => get<Graph>("/api/graph"), "graph", 5000);
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  return (
    <>
      <Head title={words.resources.title}>
        <input
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={words.resources.filter}
          aria-label={words.resources.filter}
        />
      </Head>
      <Show loaded={loaded}>
        {({ nodes }) =>
          nodes.length === 0 ? (
            <Empty title={words.resources.empty} />
          ) : (
            <div className="two">
              <List
                nodes={nodes.filter(
                  (node) =>
                    wanted === "" || `${node.label} ${node.physicalId} ${node.kind}`.toLowerCase().includes(wanted),
                )}
                id={id}
              />
              <Pane node={nodes.find((node) => node.id === id)} />
            </div>
          )
        }
      </Show>
    </>
  );
}

function List({ nodes, id }: { nodes: readonly GraphNode[]; id: string }) {
  const words = useWords();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    void list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [id]);
  const sorted = nodes.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.label.localeCompare(b.label));
  if (sorted.length === 0) return <Empty title={words.trace.noMatch} />;
  return (
    <ul className="choose card" ref={list}>
      {sorted.map((node) => (
        <li key={node.id}>
          <a href={`#/resources/${encodeURIComponent(node.id)}`} aria-current={node.id === id ? "true" : undefined}>
            <Icon name={node.kind} />
            <span>
              {node.label}
              <small>
                {words.kinds[node.kind] ?? node.kind} · {node.stack}
              </small>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Pane({ node }: { node: GraphNode | undefined }) {
  const words = useWords();
  if (!node) return <Empty title={words.resources.choose} />;
  const View = PANES[node.kind] ?? FactsPane;
  return (
    <div>
      <Head
        title={
          <>
            {node.label} <small className="muted small">{words.kinds[node.kind] ?? node.kind}</small>
          </>
        }
      />
      <View key={node.id} node={node} />
    </div>
  );
}
