import { read, type GraphNode } from "../../api.ts";
import { Section, Show } from "../../components/parts.tsx";
import { useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { PutEvent } from "../bus/put-event.tsx";
import { RuleFacts, type Rule } from "../bus/rule.tsx";

/** A rule by itself: most stand on the default bus, which no template declares. */
export function RulePane({ node }: { node: GraphNode }) {
  const words = useWords();
  const [name = "", bus = "default"] = node.id.split(":rule/")[1]!.split("/").toReversed();
  const loaded = useLoaded(
    () => read<Rule>("events", "DescribeRule", { Name: name, EventBusName: bus }),
    node.id,
    5000,
  );
  return (
    <Show loaded={loaded}>
      {(rule) => (
        <>
          <Section title={words.kinds["rule"]!}>
            <RuleFacts rule={rule} bus={bus} onChanged={loaded.reload} />
          </Section>
          {rule.EventPattern !== undefined && <PutEvent bus={bus} pattern={rule.EventPattern} />}
        </>
      )}
    </Show>
  );
}
