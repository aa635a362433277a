import type { GraphNode } from "../api.ts";
import { Facts, Section } from "../components/parts.tsx";
import { useWords } from "../preferences.ts";

/** For what has no pane of its own. */
export function FactsPane({ node }: { node: GraphNode }) {
  const words = useWords();
  return (
    <Section title={words.panes.facts}>
      <p className="muted">{words.panes.noPane}</p>
      <Facts
        of={[
          [words.resources.what, node.type],
          [words.resources.name, node.physicalId],
          ["ARN", node.id],
          [words.resources.stack, `${node.stack} / ${node.logicalId}`],
        ]}
      />
    </Section>
  );
}
