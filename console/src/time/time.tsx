import { useState } from "react";
import { get, post, type Status } from "../api.ts";
import { Empty, Failure, Field, Head, Section, Show } from "../components/parts.tsx";
import { formatDuration, formatTime } from "../format.ts";
import { useAction, useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";

interface Due {
  atMs: number;
  kind: string;
  name: string;
}

const STEPS = ["1m", "1h", "1d", "7d", "30d"];

export function Time() {
  const words = useWords();
  const status = useLoaded(() => get<Status>("/api/status"), "status", 1000);
  const due = useLoaded(() => get<{ due: Due[] }>("/api/due"), "due", 2000);
  const advance = useAction(async (by: string | number) => {
    await post("/api/time", { advance: by });
    status.reload();
    due.reload();
  });
  const settle = useAction(() => post("/api/settle", {}));
  const [by, setBy] = useState("3h");
  return (
    <>
      <Head title={words.time.title} />
      <div className="columns">
        <Section title={words.time.now}>
          <Show loaded={status}>
            {({ clock }) => (
              <>
                <p className="big">{formatTime(Date.parse(clock.now))}</p>
                <p className="muted">
                  {clock.mode === "frozen"
                    ? words.time.frozen
                    : clock.offsetMs > 0
                      ? `${words.time.ahead}：${formatDuration(clock.offsetMs)}`
                      : words.time.level}
                </p>
              </>
            )}
          </Show>
        </Section>
        <Section title={words.time.advance}>
          <form
            className="row end"
            onSubmit={(event) => {
              event.preventDefault();
              void advance.run(by);
            }}
          >
            <Field label={words.time.by}>
              <input value={by} onChange={(event) => setBy(event.target.value)} title={words.time.byHow} />
            </Field>
            <button className="primary" disabled={advance.isRunning}>
              {words.time.advance}
            </button>
          </form>
          <p className="row" style={{ margin: "12px 0" }}>
            {STEPS.map((step) => (
              <button key={step} disabled={advance.isRunning} onClick={() => void advance.run(step)}>
                +{step}
              </button>
            ))}
            <button disabled={settle.isRunning} onClick={() => void settle.run()}>
              {words.time.settle}
            </button>
          </p>
          {advance.error && <Failure error={advance.error} />}
          {settle.result !== undefined && <p role="status">{words.time.settled}</p>}
          <p className="muted small">{words.time.explain}</p>
        </Section>
      </div>
      <Section title={words.time.due}>
        <Show loaded={due}>
          {({ due: waiting }) =>
            waiting.length === 0 ? (
              <Empty title={words.time.dueEmpty}>{words.time.dueEmptyHow}</Empty>
            ) : (
              <div className="scroll">
                <table>
                  <thead>
                    <tr>
                      <th>{words.time.when}</th>
                      <th>{words.time.what}</th>
                      <th>{words.time.name}</th>
                      <td />
                    </tr>
                  </thead>
                  <tbody>
                    {waiting.map(({ atMs, kind, name }) => (
                      <tr key={`${kind} ${name}`}>
                        <td className="fit mono">{formatTime(atMs)}</td>
                        <td className="fit">{kind}</td>
                        <td>{name}</td>
                        <td className="fit">
                          <button
                            disabled={advance.isRunning || !status.value}
                            onClick={() => void advance.run(Math.max(1, atMs - Date.parse(status.value!.clock.now)))}
                          >
                            {words.time.until}
                          </button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Show>
      </Section>
    </>
  );
}
