import { get, type Decision, type Span } from "../api.ts";
import { Badge, Empty, Facts, Head, Json, Section, Show } from "../components/parts.tsx";
import { formatTime } from "../format.ts";
import { useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";

interface Denial {
  readonly span: Span;
  readonly decision: Decision;
  readonly count: number;
}

export function Denials() {
  const words = useWords();
  const loaded = useLoaded(() => get<{ spans: Span[] }>("/api/trace?errors&limit=2000"), "denials", 3000);
  return (
    <>
      <Head title={words.denials.title} />
      <Show loaded={loaded}>
        {({ spans }) => {
          const denials = denialsOf(spans);
          if (denials.length === 0) return <Empty title={words.denials.empty}>{words.denials.emptyHow}</Empty>;
          return denials.map(({ span, decision, count }) => (
            <Section
              key={span.spanId}
              title={decision.action}
              aside={<Badge tone="bad">{words.denials.times(count)}</Badge>}
            >
              <Facts
                of={[
                  [words.denials.who, span.principal],
                  [words.trace.resource, decision.resource],
                  [words.trace.error, decision.message || decision.reason],
                  [words.time.when, <a href={`#/trace/${span.traceId}`}>{formatTime(span.startMs)}</a>],
                ]}
              />
              <h3>{words.denials.least}</h3>
              <Json value={leastPolicy(decision)} label={words.denials.least} />
            </Section>
          ));
        }}
      </Show>
    </>
  );
}

/** Each refusal once, the newest first. */
function denialsOf(spans: readonly Span[]): Denial[] {
  const byKey = new Map<string, Denial>();
  for (const span of spans) {
    const { decision } = span;
    if (!decision || decision.allowed) continue;
    const key = `${span.principal} ${decision.action} ${decision.resource}`;
    byKey.set(key, { span, decision, count: (byKey.get(key)?.count ?? 0) + 1 });
  }
  return [...byKey.values()].toSorted((a, b) => b.span.startMs - a.span.startMs);
}

function leastPolicy({ action, resource }: Decision) {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: resource }] };
}
