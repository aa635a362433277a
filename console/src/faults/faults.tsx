import { useState } from "react";
import { get, post, type Fault } from "../api.ts";
import { Badge, Empty, Failure, Field, Head, Section, Show } from "../components/parts.tsx";
import { formatDuration } from "../format.ts";
import { useAction, useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";

export function Faults() {
  const words = useWords();
  const loaded = useLoaded(() => get<{ faults: Fault[] }>("/api/faults"), "faults", 3000);
  const lift = useAction(async (id?: string) => {
    await (id === undefined ? post("/api/faults/clear", {}) : post("/api/faults/lift", { id }));
    loaded.reload();
  });
  return (
    <>
      <Head title={words.faults.title} />
      <div className="columns">
        <Inject onInjected={loaded.reload} />
        <Section
          title={words.faults.active}
          aside={
            (loaded.value?.faults.length ?? 0) > 1 && (
              <button onClick={() => void lift.run()}>{words.faults.clear}</button>
            )
          }
        >
          {lift.error && <Failure error={lift.error} />}
          <Show loaded={loaded}>
            {({ faults }) =>
              faults.length === 0 ? (
                <Empty title={words.faults.none}>{words.faults.noneHow}</Empty>
              ) : (
                <ul className="plain">
                  {faults.map((fault) => (
                    <li key={fault.id} className="row">
                      <code>{fault.match}</code>
                      {fault.error && <Badge tone="bad">{fault.error}</Badge>}
                      {fault.delayMs !== undefined && <Badge tone="busy">+{formatDuration(fault.delayMs)}</Badge>}
                      <span className="muted">{Math.round((fault.rate ?? 1) * 100)} %</span>
                      <span className="grow" />
                      <button onClick={() => void lift.run(fault.id)}>{words.faults.lift}</button>
                    </li>
                  ))}
                </ul>
              )
            }
          </Show>
        </Section>
      </div>
    </>
  );
}

function Inject({ onInjected }: { onInjected: () => void }) {
  const words = useWords();
  const [match, setMatch] = useState("dynamodb:PutItem");
  const [error, setError] = useState("ThrottlingException");
  const [rate, setRate] = useState("100");
  const [delay, setDelay] = useState("");
  const inject = useAction(async () => {
    await post("/api/faults", { match, rate: Number(rate) / 100, ...(error && { error }), ...(delay && { delay }) });
    onInjected();
  });
  return (
    <Section title={words.faults.inject}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void inject.run();
        }}
      >
        <Field label={words.faults.match} hint={words.faults.matchHow}>
          <input value={match} onChange={(event) => setMatch(event.target.value)} required />
        </Field>
        <Field label={words.faults.error} hint={words.faults.errorHow}>
          <input value={error} onChange={(event) => setError(event.target.value)} />
        </Field>
        <div className="row">
          <Field label={words.faults.rate}>
            <input type="number" min="0" max="100" value={rate} onChange={(event) => setRate(event.target.value)} />
          </Field>
          <Field label={words.faults.delay}>
            <input
              value={delay}
              placeholder={words.faults.delayHow}
              onChange={(event) => setDelay(event.target.value)}
            />
          </Field>
        </div>
        {inject.error && <Failure error={inject.error} />}
        <p style={{ marginTop: 14 }}>
          <button className="primary" disabled={inject.isRunning}>
            {words.faults.inject}
          </button>
        </p>
      </form>
    </Section>
  );
}
