import { read, type GraphNode } from "../../api.ts";
import { Empty, Section, Show } from "../../components/parts.tsx";
import { useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { Archives } from "./archives.tsx";
import { PutEvent } from "./put-event.tsx";
import { RuleFacts, State, type Rule } from "./rule.tsx";

export function BusPane({ node }: { node: GraphNode }) {
  const words = useWords();
  const bus = node.physicalId;
  const loaded = useLoaded(() => read<{ Rules: Rule[] }>("events", "ListRules", { EventBusName: bus }), bus, 5000);
  return (
    <>
      <PutEvent
        bus={bus}
        pattern={loaded.value?.Rules.find(({ EventPattern }) => EventPattern)?.EventPattern}
        key={loaded.value ? "sample" : ""}
      />
      <Section title={words.bus.rules}>
        <Show loaded={loaded}>
          {({ Rules }) =>
            Rules.length === 0 ? (
              <Empty title={words.bus.none} />
            ) : (
              <ul className="events">
                {Rules.map((rule) => (
                  <li key={rule.Arn}>
                    <details>
                      <summary>
                        <b className="break">{rule.Name}</b>
                        <State isEnabled={rule.State.startsWith("ENABLED")} />
                      </summary>
                      <RuleFacts rule={rule} bus={bus} onChanged={loaded.reload} />
                    </details>
                  </li>
                ))}
              </ul>
            )
          }
        </Show>
      </Section>
      <Archives busArn={node.id} />
    </>
  );
}
